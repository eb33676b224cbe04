package templates

import (
	"strings"
	"unicode/utf8"
)

// clip shortens a text to at most n bytes, between two characters, and shows
// that it did. Limits in characters are kept by counting bytes: never more.
func clip(s string, n int) string {
	const dots = "…"
	if len(s) <= n {
		return s
	}
	if n < len(dots) {
		return ""
	}
	return strings.TrimRight(whole(s, n-len(dots)), " ") + dots
}

// clipEscaped shortens an escaped text without leaving half an entity.
func clipEscaped(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = whole(s, n-len("…"))
	if i := strings.LastIndexByte(s, '&'); i >= 0 && !strings.Contains(s[i:], ";") {
		s = s[:i]
	}
	return s + "…"
}

// whole is the longest beginning of s of at most n bytes that ends with a character.
func whole(s string, n int) string {
	n = max(0, min(n, len(s)))
	for n > 0 && n < len(s) && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// cutMarkdown shortens Markdown to at most n bytes: whole lines, no fence left
// open, and the note at its end.
func cutMarkdown(s string, n int, note string) string {
	if len(s) <= n {
		return s
	}
	room := n - len(note) - 2
	if room <= 0 {
		return clip(note, n)
	}
	var b strings.Builder
	open := ""
	for line := range strings.Lines(s) {
		after := fenceAfter(open, line)
		if b.Len()+len(line)+len(after)+1 > room {
			break
		}
		b.WriteString(line)
		open = after
	}
	if open != "" {
		b.WriteString(open + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n\n" + note
}

// fenceAfter says which fence is open behind a line, given the one before it.
func fenceAfter(open, line string) string {
	text := strings.TrimRight(line, " \t\r\n")
	body := strings.TrimLeft(text, " ")
	if len(text)-len(body) > 3 || body == "" {
		return open
	}
	c := body[0]
	if c != '`' && c != '~' {
		return open
	}
	n := len(body) - len(strings.TrimLeft(body, string(c)))
	switch {
	case open == "" && n >= 3 && (c == '~' || !strings.Contains(body[n:], "`")):
		return body[:n]
	case open != "" && c == open[0] && n >= len(open) && n == len(body):
		return ""
	}
	return open
}

// pack joins lines into as few texts as possible, of at most n bytes each. A
// line that is longer alone is clipped.
func pack(lines []string, n int) []string {
	var packed []string
	var b strings.Builder
	for _, line := range lines {
		line = clipEscaped(line, n)
		if b.Len() > 0 && b.Len()+1+len(line) > n {
			packed = append(packed, b.String())
			b.Reset()
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	if b.Len() > 0 {
		packed = append(packed, b.String())
	}
	return packed
}
