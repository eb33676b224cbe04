package templates

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMarkdownEscape(t *testing.T) {
	for in, want := range map[string]string{
		"release/v1.2.0":           "release/v1.2.0",
		"@alice, see #12":          "@&#8203;alice, see #&#8203;12",
		"- item":                   `\- item`,
		"1. first":                 `1\. first`,
		"# head":                   `\#&#8203; head`,
		"a_b*c*":                   `a\_b\*c\*`,
		"<!-- x -->":               "&lt;!-- x --&gt;",
		"http://x www.y.z gh-3":    "http:&#8203;//x www&#8203;.y.z gh-&#8203;3",
		"two\nlines\ttab\x00":      "two lines tab",
		"left\u202eright\u200bend": "leftrightend",
	} {
		if got := md(in); got != want {
			t.Errorf("md(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSlackEscape(t *testing.T) {
	if got, want := mrkdwn("<!channel> & `x`"), "&lt;!channel&gt; &amp; 'x'"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := slackLink("a|b", "javascript:alert(1)"); got != "a|b" {
		t.Errorf("an address that is none became a link: %q", got)
	}
}

func TestDiscordEscape(t *testing.T) {
	for in, want := range map[string]string{
		"release/v1.2.0":                      "release/v1.2.0",
		"@everyone <@12> <#3> <t:1:R> <:a:1>": "@" + zeroWidth + `everyone \<@` + zeroWidth + `12\> \<\#3\> \<t:1:R\> \<:a:1\>`,
		"||spoiler|| __a__ ~~b~~ `c`":         "\\|\\|spoiler\\|\\| \\_\\_a\\_\\_ \\~\\~b\\~\\~ \\`c\\`",
		"[x](https://evil.example)":           `\[x\]\(https:` + zeroWidth + `//evil.example\)`,
		"- item":                              `\- item`,
		"1. first":                            `1\. first`,
		"# head\nsecond":                      `\# head second`,
		`a\*b`:                                `a\\\*b`,
	} {
		if got := dmd(in); got != want {
			t.Errorf("dmd(%q) = %q, want %q", in, got, want)
		}
	}
	if got := discordLink("a]b", "javascript:alert(1)"); got != `a\]b` {
		t.Errorf("an address that is none became a link: %q", got)
	}
}

func TestSafeURL(t *testing.T) {
	for address, safe := range map[string]bool{
		"https://github.com/a/b/compare/x...y": true,
		"http://127.0.0.1:8080/runs/1":         true,
		"https://evil.example/)](x":            false,
		"javascript:alert(1)":                  false,
		"https://a b":                          false,
		"https://":                             false,
		"":                                     false,
	} {
		if got := safeURL(address) != ""; got != safe {
			t.Errorf("safeURL(%q) is %t, want %t", address, got, safe)
		}
	}
}

func corpus(f *testing.F) {
	for _, s := range []string{horror, "@a@b", "- x", "12) y", "``` `` `", "--> <!--", "\xff\xfe", strings.Repeat("@&<", 400), "a|b]c)", "GH-1 www.x"} {
		f.Add(s)
	}
}

// Escaped text yields no mention, link, HTML, code or second line, whatever was typed.
func FuzzMarkdown(f *testing.F) {
	corpus(f)
	bare := regexp.MustCompile("(^|[^\\\\])(\\\\\\\\)*[`*_\\[\\]~|$]")
	f.Fuzz(func(t *testing.T, in string) {
		got := md(in)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "<>\n\r") || strings.Contains(got, "://") {
			t.Fatalf("md(%q) = %q", in, got)
		}
		if rest := strings.ReplaceAll(strings.ReplaceAll(got, "@"+zeroWidthMD, ""), "#"+zeroWidthMD, ""); strings.Contains(strings.ReplaceAll(rest, zeroWidthMD, ""), "@") {
			t.Fatalf("md(%q) may mention: %q", in, got)
		}
		if bare.MatchString(got) {
			t.Fatalf("md(%q) leaves markup: %q", in, got)
		}
		if regexp.MustCompile(`(?i)www\.|gh-[0-9]`).MatchString(got) {
			t.Fatalf("md(%q) may link: %q", in, got)
		}
		if strings.ContainsAny(got[:min(1, len(got))], "#-+=") {
			t.Fatalf("md(%q) begins a block: %q", in, got)
		}
	})
}

// Text for Slack yields no mention, broadcast, link or code.
func FuzzSlack(f *testing.F) {
	corpus(f)
	f.Fuzz(func(t *testing.T, in string) {
		got := mrkdwn(in)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "<>`\n") || strings.Contains(got, "://") {
			t.Fatalf("mrkdwn(%q) = %q", in, got)
		}
		if strings.Contains(strings.ReplaceAll(got, "@"+zeroWidth, ""), "@") {
			t.Fatalf("mrkdwn(%q) may mention: %q", in, got)
		}
		if link := slackLink(in, "https://x.example"); in != "" && (strings.Count(link, "<") != 1 || strings.Count(link, ">") != 1 || strings.Count(link, "|") != 1) {
			t.Fatalf("slackLink(%q) = %q", in, link)
		}
	})
}

// Text for Discord yields no mention, link or markup: every sign of it has a backslash of its own before it.
func FuzzDiscord(f *testing.F) {
	corpus(f)
	f.Fuzz(func(t *testing.T, in string) {
		got := dmd(in)
		if !utf8.ValidString(got) || strings.Contains(got, "\n") || strings.Contains(got, "://") {
			t.Fatalf("dmd(%q) = %q", in, got)
		}
		if strings.Contains(strings.ReplaceAll(got, "@"+zeroWidth, ""), "@") {
			t.Fatalf("dmd(%q) may mention: %q", in, got)
		}
		bare := regexp.MustCompile(`\\.`).ReplaceAllString(got, "")
		if strings.ContainsAny(bare, "\\`*_~|<>[]()#") || strings.ContainsAny(got[:min(1, len(got))], "-+") {
			t.Fatalf("dmd(%q) leaves markup: %q", in, got)
		}
	})
}

// A marker is one whole comment, a code span and a fence end where they should.
func FuzzWrapping(f *testing.F) {
	corpus(f)
	f.Fuzz(func(t *testing.T, in string) {
		m := marker(in)
		inner := strings.TrimSuffix(strings.TrimPrefix(m, "<!--"), "-->")
		if len(inner) != len(m)-7 || strings.Contains(inner, "--") || strings.Contains(inner, ">") {
			t.Fatalf("marker(%q) = %q", in, m)
		}
		if span := code(in); span != "" {
			n := len(span) - len(strings.TrimLeft(span, "`"))
			if strings.Contains(strings.Trim(span, "`"), strings.Repeat("`", n)) || !strings.HasSuffix(span, strings.Repeat("`", n)) {
				t.Fatalf("code(%q) = %q", in, span)
			}
		}
		if open := openFence(fence(in)); open != "" {
			t.Fatalf("fence(%q) leaves %q open", in, open)
		}
	})
}

// Cutting keeps the limit, whole characters, whole entities and closed fences.
func FuzzCut(f *testing.F) {
	corpus(f)
	f.Add("a\n```\ncode\nmore code\nand more\n```\nend\n")
	f.Fuzz(func(t *testing.T, in string) {
		in = strings.ToValidUTF8(in, "")
		for n := range 60 {
			if got := clip(in, n); len(got) > n || !utf8.ValidString(got) {
				t.Fatalf("clip(%q, %d) = %q", in, n, got)
			}
			if got := clipEscaped(mrkdwn(in), n+3); len(got) > n+3 || !utf8.ValidString(got) {
				t.Fatalf("clipEscaped(%q, %d) = %q", in, n+3, got)
			}
			got := cutMarkdown(in, n, "cut")
			if len(got) > n || !utf8.ValidString(got) {
				t.Fatalf("cutMarkdown(%q, %d) = %q", in, n, got)
			}
			if len(in) > n && openFence(got) != "" {
				t.Fatalf("cutMarkdown(%q, %d) leaves a fence open: %q", in, n, got)
			}
		}
	})
}

func openFence(s string) string {
	open := ""
	for line := range strings.Lines(s) {
		open = fenceAfter(open, line)
	}
	return open
}
