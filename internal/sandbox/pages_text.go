package sandbox

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The rules of inline text. Every rule works on text that is already HTML-escaped.
var (
	mdLink     = regexp.MustCompile(`\[([^\]\n]+)\]\(((?:https?:/)?/[^)\s]+)\)`)
	mdBold     = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	mdItalic   = regexp.MustCompile(`(^|[\s(])_([^_\n]+)_($|[\s.,:;)])`)
	mdItem     = regexp.MustCompile(`^\s*(?:[-*]|\d+\.)\s+(.*)$`)
	mdRule     = regexp.MustCompile(`^\s*\|?[\s:|-]+\|[\s:|-]*$`)
	slackLink  = regexp.MustCompile(`&lt;(https?://[^|&\s]+(?:&amp;[^|&\s]+)*)(?:\|(.*?))?&gt;`)
	slackBold  = regexp.MustCompile(`(^|[^\w*])\*([^*\n]+)\*($|[^\w*])`)
	slackItal  = regexp.MustCompile(`(^|[^\w_])_([^_\n]+)_($|[^\w_])`)
	slackGone  = regexp.MustCompile(`(^|[^\w~])~([^~\n]+)~($|[^\w~])`)
	slackWho   = regexp.MustCompile(`&lt;([@!#])([^|&]+)(?:\|([^&]*))?&gt;`)
	slackEmoji = regexp.MustCompile(`:([a-z0-9_+-]+):`)
)

// markdown renders the part of Markdown that check runs and comments use: headings, lists, tables, fences, inline text.
func markdown(s string) template.HTML {
	var out strings.Builder
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); {
		i += mdBlock(&out, lines[i:])
	}
	return template.HTML(out.String()) //nolint:gosec // Every piece was escaped before a tag was put around it.
}

// mdBlock writes the block that starts at the first line and returns how many lines it took.
func mdBlock(out *strings.Builder, lines []string) int {
	line := strings.TrimSpace(lines[0])
	switch {
	case line == "":
		return 1
	case strings.HasPrefix(line, "<!--") && strings.HasSuffix(line, "-->"):
		return 1
	case strings.HasPrefix(line, "```"):
		return mdFence(out, lines)
	case strings.HasPrefix(line, "#"):
		level := min(len(line)-len(strings.TrimLeft(line, "#")), 6)
		fmt.Fprintf(out, "<h%d>%s</h%d>", min(level+2, 6), mdInline(strings.TrimLeft(line, "# ")), min(level+2, 6))
		return 1
	case mdItem.MatchString(lines[0]):
		n := takeWhile(lines, mdItem.MatchString)
		out.WriteString("<ul>")
		for _, item := range lines[:n] {
			fmt.Fprintf(out, "<li>%s</li>", mdInline(mdItem.FindStringSubmatch(item)[1]))
		}
		out.WriteString("</ul>")
		return n
	case len(lines) > 1 && strings.Contains(line, "|") && mdRule.MatchString(lines[1]):
		return mdTable(out, lines)
	case strings.HasPrefix(line, ">"):
		n := takeWhile(lines, func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), ">") })
		out.WriteString("<blockquote>")
		for _, l := range lines[:n] {
			out.WriteString(mdInline(strings.TrimPrefix(strings.TrimSpace(l), ">")) + "<br>")
		}
		out.WriteString("</blockquote>")
		return n
	}
	n := max(1, takeWhile(lines, mdPlain))
	fmt.Fprintf(out, "<p>%s</p>", strings.ReplaceAll(mdInline(strings.Join(lines[:n], "\n")), "\n", "<br>"))
	return n
}

// mdPlain tells that a line goes on with a paragraph.
func mdPlain(line string) bool {
	t := strings.TrimSpace(line)
	return t != "" && !strings.HasPrefix(t, "```") && !strings.HasPrefix(t, "#") && !strings.HasPrefix(t, ">") && !mdItem.MatchString(line)
}

func mdFence(out *strings.Builder, lines []string) int {
	n := 1 + takeWhile(lines[1:], func(l string) bool { return !strings.HasPrefix(strings.TrimSpace(l), "```") })
	fmt.Fprintf(out, "<pre>%s</pre>", html.EscapeString(strings.Join(lines[1:n], "\n")))
	return min(n+1, len(lines))
}

func mdTable(out *strings.Builder, lines []string) int {
	n := takeWhile(lines, func(l string) bool { return strings.Contains(l, "|") })
	out.WriteString("<table>")
	for i, line := range lines[:n] {
		if i == 1 {
			continue
		}
		tag := "td"
		if i == 0 {
			tag = "th"
		}
		out.WriteString("<tr>")
		for _, cell := range strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			fmt.Fprintf(out, "<%s>%s</%s>", tag, mdInline(strings.TrimSpace(cell)), tag)
		}
		out.WriteString("</tr>")
	}
	out.WriteString("</table>")
	return n
}

func takeWhile(lines []string, ok func(string) bool) int {
	for i, l := range lines {
		if !ok(l) {
			return i
		}
	}
	return len(lines)
}

// mdInline escapes a text and renders code, bold, italic and links outside of code.
func mdInline(s string) string {
	return outsideCode(html.EscapeString(s), func(s string) string {
		s = mdLink.ReplaceAllString(s, `<a href="$2">$1</a>`)
		s = mdBold.ReplaceAllString(s, "<strong>$1</strong>")
		return mdItalic.ReplaceAllString(s, "$1<em>$2</em>$3")
	})
}

// outsideCode applies f to what stands outside of backticks and puts the rest into code.
func outsideCode(s string, f func(string) string) string {
	parts := strings.Split(s, "`")
	var out strings.Builder
	for i, part := range parts {
		switch {
		case i%2 == 1 && i < len(parts)-1:
			out.WriteString("<code>" + part + "</code>")
		case i%2 == 1:
			out.WriteString("`" + f(part))
		default:
			out.WriteString(f(part))
		}
	}
	return out.String()
}

// mrkdwn renders Slack's own markup. Slack's three entities are decoded first, so that they are not escaped twice.
func mrkdwn(s string) template.HTML {
	s = html.EscapeString(s)
	s = strings.NewReplacer("&amp;amp;", "&amp;", "&amp;lt;", "\x00lt;", "&amp;gt;", "\x00gt;").Replace(s)
	s = outsideCode(strings.ReplaceAll(s, "```", "`"), func(s string) string {
		s = slackLink.ReplaceAllStringFunc(s, slackAnchor)
		s = slackWho.ReplaceAllString(s, `<b class="who">$1$2</b>`)
		s = slackBold.ReplaceAllString(s, "$1<strong>$2</strong>$3")
		s = slackItal.ReplaceAllString(s, "$1<em>$2</em>$3")
		s = slackGone.ReplaceAllString(s, "$1<s>$2</s>$3")
		return slackEmoji.ReplaceAllStringFunc(s, emoji)
	})
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\n", "<br>"), "\x00", "&")
	return template.HTML(s) //nolint:gosec // Every piece was escaped before a tag was put around it.
}

func slackAnchor(s string) string {
	m := slackLink.FindStringSubmatch(s)
	text := m[2]
	if text == "" {
		text = m[1]
	}
	// The address must not meet the rules for bold and italic, so their signs are encoded.
	href := strings.NewReplacer("_", "&#95;", "*", "&#42;", "~", "&#126;", ":", "&#58;").Replace(m[1])
	return `<a href="` + href + `">` + text + `</a>`
}

// emoji shows the few that release messages use, and leaves the rest as text.
func emoji(s string) string {
	known := map[string]string{
		":white_check_mark:": "✅", ":x:": "❌", ":warning:": "⚠️", ":rocket:": "🚀", ":hourglass:": "⌛", ":hourglass_flowing_sand:": "⏳",
		":lock:": "🔒", ":unlock:": "🔓", ":no_entry:": "⛔", ":arrows_counterclockwise:": "🔄", ":large_blue_circle:": "🔵", ":white_circle:": "⚪",
		":hand:": "✋", ":raised_hand:": "✋", ":bell:": "🔔", ":rewind:": "⏪", ":eyes:": "👀", ":tada:": "🎉", ":fast_forward:": "⏩", ":heavy_minus_sign:": "➖",
	}
	if sign, ok := known[s]; ok {
		return sign
	}
	return s
}

// html renders a text object of a block.
func (t *slackText) html() template.HTML {
	if t.Type == "mrkdwn" {
		return mrkdwn(t.Text)
	}
	text := slackEmoji.ReplaceAllStringFunc(html.EscapeString(t.Text), emoji)
	return template.HTML(strings.ReplaceAll(text, "\n", "<br>")) //nolint:gosec // It was escaped on the line before.
}

func slackTime(ts string) string {
	seconds, _, _ := strings.Cut(ts, ".")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return ""
	}
	return pageTime(time.Unix(n, 0))
}
