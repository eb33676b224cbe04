package firebase

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	redacted     = "[redacted]"
	messageRunes = 600 // A message is for a line of a log or a check run, not for a page.
)

// secretForms are credentials by their form: access tokens, signed tokens, keys, and the query of a signed address.
var secretForms = []*regexp.Regexp{ //nolint:gochecknoglobals // compiled once, never changed
	regexp.MustCompile(`\bya29\.[A-Za-z0-9_.\-]+`),
	regexp.MustCompile(`(?i)\bbearer +[A-Za-z0-9_.\-=+/~]{8,}`),
	regexp.MustCompile(`\beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-.]+`),
	regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|$)`),
	regexp.MustCompile(`(?i)\b(X-Goog-(Signature|Credential)|GoogleAccessId|Signature|access_token|refresh_token|upload_id)=[^&\s"]+`),
}

// redact removes the token that a call carried, and everything of the form of a secret.
func redact(text, secret string) string {
	if len(secret) >= 8 { // A shorter one is no token, and would blacken words.
		text = strings.ReplaceAll(text, secret, redacted)
	}
	for _, form := range secretForms {
		text = form.ReplaceAllString(text, redacted)
	}
	text = strings.Join(strings.Fields(text), " ")
	if utf8.RuneCountInString(text) > messageRunes {
		text = string([]rune(text)[:messageRunes-1]) + "…"
	}
	return text
}
