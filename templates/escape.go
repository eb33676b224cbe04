package templates

import (
	"strings"
	"unicode"
)

// zeroWidth is a zero-width space: between an @ and a name it is not seen, and
// no mention comes of it. Markdown gets it as an entity, because GitHub looks
// for mentions after it has resolved backslashes.
const (
	zeroWidth   = "\u200b"
	zeroWidthMD = "&#8203;"
)

// longest is how much of one text by people is shown, in bytes.
const longest = 500

// plain makes one line of a text by people: no control or direction characters,
// nothing invisible, one space between words.
func plain(s string) string {
	s = whole(s, 8*longest) // no more of it could be shown
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case unicode.IsControl(c), unicode.Is(unicode.Cf, c), c == unicode.ReplacementChar:
			return -1
		}
		return c
	}, strings.ToValidUTF8(s, ""))
	return clip(strings.Join(strings.Fields(s), " "), longest)
}

// md makes a text by people harmless in GitHub's Markdown, anywhere in a line:
// no mention, link, image, HTML, heading, list, emphasis or reference to an issue.
func md(s string) string {
	s = plain(s)
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch c {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '@', '#':
			b.WriteByte(c)
			b.WriteString(zeroWidthMD)
		case '\\', '`', '*', '_', '[', ']', '~', '|', '$':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return lineStart(unlinked(b.String()))
}

// unlinked breaks what GitHub makes a link by itself: addresses and GH-1.
func unlinked(s string) string {
	s = strings.ReplaceAll(s, "://", ":"+zeroWidthMD+"//")
	s = breakAfter(s, "www", func(next byte) bool { return next == '.' })
	return breakAfter(s, "gh-", func(next byte) bool { return next >= '0' && next <= '9' })
}

// breakAfter puts nothing visible behind every word, in whatever case, that is
// followed by what makes a link of it.
func breakAfter(s, word string, links func(next byte) bool) string {
	var b strings.Builder
	from := 0
	for i := 0; i+len(word) < len(s); i++ {
		if end := i + len(word); strings.EqualFold(s[i:end], word) && links(s[end]) {
			b.WriteString(s[from:end] + zeroWidthMD)
			from = end
		}
	}
	return b.String() + s[from:]
}

// lineStart keeps a text that begins a line from being a list or a rule.
func lineStart(s string) string {
	if s == "" {
		return s
	}
	if strings.ContainsRune("+-=", rune(s[0])) || strings.HasPrefix(s, "#") {
		return `\` + s
	}
	digits := strings.TrimLeft(s, "0123456789")
	if n := len(s) - len(digits); n > 0 && digits != "" && (digits[0] == '.' || digits[0] == ')') {
		return s[:n] + `\` + digits
	}
	return s
}

// code is a code span: names, commands, commits. GitHub makes no mention of
// what stands in one.
func code(s string) string {
	s = plain(s)
	if s == "" {
		return ""
	}
	ticks := strings.Repeat("`", longestRun(s, '`')+1)
	if len(ticks) > 1 {
		return ticks + " " + s + " " + ticks
	}
	return ticks + s + ticks
}

// fence shows lines to paste exactly as they are.
func fence(lines string) string {
	lines = strings.Map(func(c rune) rune {
		if c != '\n' && c != '\t' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
			return -1
		}
		return c
	}, strings.ToValidUTF8(lines, ""))
	lines = clip(strings.Trim(lines, "\n"), 4000)
	mark := strings.Repeat("`", max(3, longestRun(lines, '`')+1))
	return mark + "\n" + lines + "\n" + mark
}

func longestRun(s string, c byte) int {
	most, n := 0, 0
	for i := range len(s) {
		if s[i] == c {
			n++
			most = max(most, n)
			continue
		}
		n = 0
	}
	return most
}

// mdLink links a text in Markdown, or leaves the text where the address is none.
func mdLink(text, address string) string {
	if safeURL(address) == "" {
		return md(text)
	}
	return "[" + md(text) + "](" + address + ")"
}

// mrkdwn makes a text by people harmless in Slack: no mention, link, broadcast
// or code. Slack knows no escape for * and _, which change only its looks.
func mrkdwn(s string) string {
	return strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@"+zeroWidth, "`", "'", "://", ":"+zeroWidth+"//",
	).Replace(plain(s))
}

// slackLink links a text in Slack, or leaves the text where the address is none.
func slackLink(text, address string) string {
	if safeURL(address) == "" {
		return mrkdwn(text)
	}
	return "<" + address + "|" + strings.ReplaceAll(mrkdwn(text), "|", "¦") + ">"
}

// dmd makes a text by people harmless in Discord's Markdown, anywhere in a line:
// no mention, broadcast, link, time, emoji, heading, list, quote or spoiler. In
// Discord a backslash takes the meaning of any sign after it.
func dmd(s string) string {
	var b strings.Builder
	for _, c := range plain(s) {
		if strings.ContainsRune("\\`*_~|<>[]()#", c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	text := strings.NewReplacer("@", "@"+zeroWidth, "://", ":"+zeroWidth+"//").Replace(b.String())
	if text != "" && strings.ContainsRune("+-", rune(text[0])) {
		return `\` + text
	}
	digits := strings.TrimLeft(text, "0123456789")
	if n := len(text) - len(digits); n > 0 && strings.HasPrefix(digits, ".") {
		return text[:n] + `\` + digits
	}
	return text
}

// discordLink links a text in Discord, or leaves the text where the address is none.
func discordLink(text, address string) string {
	if safeURL(address) == "" {
		return dmd(text)
	}
	return "[" + dmd(text) + "](" + address + ")"
}

// marker is a hidden comment by which Gatehouse finds its own text again.
func marker(name string) string {
	name = strings.Map(func(c rune) rune {
		if c < 0x80 && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("-_./:", c)) {
			return c
		}
		return -1
	}, name)
	for strings.Contains(name, "--") {
		name = strings.ReplaceAll(name, "--", "-")
	}
	return "<!-- gatehouse:" + clip(name, 200) + " -->"
}
