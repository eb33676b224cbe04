package handlers

import (
	"regexp"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// version is what can stand before a reason without being its first word: a run
// id, or a version with a dot.
var version = regexp.MustCompile(`^(?:[0-9a-f]{16}|[vV]?[0-9]+\.[0-9A-Za-z.+-]*[0-9A-Za-z])$`)

// ParseCommand finds the command in a comment: its first line that is neither
// blank nor quoted nor code must begin with one. Verbs of commands that are yet
// to come are found too, so that they are refused only after their author's
// write access was checked.
func ParseCommand(body string) (command pipeline.Command, found bool) {
	line := firstPlainLine(body)
	word, rest := cutWord(line)
	name, isCommand := strings.CutPrefix(word, "/")
	verb := pipeline.Verb(strings.ToLower(name))
	if !isCommand {
		return pipeline.Command{}, false
	}
	command.Verb = verb
	switch verb {
	case pipeline.VerbApprove, pipeline.VerbRetry, pipeline.VerbCancel, pipeline.VerbStatus:
		command.Target, command.Reason = cutWord(rest)
	case pipeline.VerbReject:
		command.Reason = rest
		if target, reason := cutWord(rest); version.MatchString(target) {
			command.Target, command.Reason = target, reason
		}
	case "deploy", "rollback", "lock", "unlock", "kill":
		command.Reason = rest
	default:
		return pipeline.Command{}, false
	}
	command.Target, command.Reason = clip(command.Target), clip(command.Reason)
	return command, true
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

func cutWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}
