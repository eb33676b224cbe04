package slack

import (
	"regexp"
	"strings"
)

// tokenShape matches every kind of Slack token, also one that a proxy or a person put into a URL.
var tokenShape = regexp.MustCompile(`(?i)\b(xox[a-z]|xapp|xoxe\.xox[a-z])-[0-9a-z%._-]+`)

// redactor removes one token, and everything that looks like one, from what people may read.
type redactor struct{ token string }

func (r redactor) text(s string) string {
	if r.token != "" {
		s = strings.ReplaceAll(s, r.token, "[redacted]")
	}
	return tokenShape.ReplaceAllString(s, "[redacted]")
}
