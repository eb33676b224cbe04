package pipeline

import "strings"

// ParseComment finds the command in a comment: its first line that is neither
// blank nor quoted nor code must be one. Nothing else in a comment counts.
//
// A rollback is the exception: the lines below it hold its phrase and reason.
func ParseComment(body string) (c Command, found bool) {
	first := firstPlainLine(body)
	c, found = ParseCommand(first)
	if found && c.Verb == VerbRollback {
		_, below, _ := strings.Cut(body, first)
		c.readBelow(below)
	}
	return c, found
}

// readBelow finds the phrase, and the reason up to the end of its paragraph.
func (c *Command) readBelow(below string) {
	reason := false
	for line := range strings.Lines(below) {
		text := strings.TrimSpace(line)
		label, rest, _ := strings.Cut(text, ":")
		switch {
		case text == "":
			reason = false
		case strings.EqualFold(label, "reason"):
			c.Reason, reason = strings.TrimSpace(rest), true
		case reason:
			c.Reason = strings.TrimSpace(c.Reason + " " + text)
		case strings.HasPrefix(text, "ROLLBACK ") && c.Phrase == "":
			c.Phrase = text
		}
	}
	c.clip()
}

// firstPlainLine follows Markdown where it matters: a quote goes on until a
// blank line even without its mark, a fence until it is closed, and a line
// that is indented by four is code.
func firstPlainLine(body string) string {
	var fence string
	quoted := false
	for line := range strings.Lines(strings.ReplaceAll(body, "\r\n", "\n")) {
		line = strings.TrimRight(line, "\n")
		text := strings.TrimSpace(line)
		switch {
		case fence != "":
			if closes(line, fence) {
				fence = ""
			}
		case text == "":
			quoted = false
		case quoted || indent(line) >= 4:
		case text[0] == '>':
			quoted = true
		default:
			if fence = opens(text); fence == "" {
				return text
			}
		}
	}
	return ""
}

// opens is the fence that begins here, if any. A backtick behind the fence
// makes it code within the line.
func opens(text string) string {
	for _, mark := range []string{"`", "~"} {
		rest := strings.TrimLeft(text, mark)
		length := len(text) - len(rest)
		if length >= 3 && (mark == "~" || !strings.Contains(rest, "`")) {
			return text[:length]
		}
	}
	return ""
}

func closes(line, fence string) bool {
	text := strings.TrimSpace(line)
	return indent(line) < 4 && len(text) >= len(fence) && strings.Trim(text, fence[:1]) == ""
}

// indent counts the spaces before a line; a tab goes on to the next four.
func indent(line string) int {
	n := 0
	for _, c := range line {
		switch c {
		case ' ':
			n++
		case '\t':
			n += 4 - n%4
		default:
			return n
		}
	}
	return n
}
