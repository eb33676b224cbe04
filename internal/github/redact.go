package github

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	redacted     = "[redacted]"
	messageRunes = 600 // A message is for a line of a log or a check run, not for a whole page.
)

// redact removes tokens from a text: the one that the call carried, whatever it looks like, and all of known form.
func redact(text, secret string) string {
	if len(secret) >= 8 { // A shorter one is no token, and would blacken words.
		text = strings.ReplaceAll(text, secret, redacted)
	}
	for _, form := range tokenForms() {
		text = form.ReplaceAllString(text, redacted)
	}
	return cutRunes(text, messageRunes)
}

// tokenForms matches tokens by prefix and not by length, because GitHub changes the length.
func tokenForms() []*regexp.Regexp {
	return []*regexp.Regexp{knownToken, bearerToken, jsonWebToken, privateKey}
}

var (
	knownToken   = regexp.MustCompile(`(?i)\b(gh[a-z]_|github_pat_|v1\.[0-9a-f]{16})[A-Za-z0-9_.\-=+/~]*`)
	bearerToken  = regexp.MustCompile(`(?i)\b(bearer +|token[ :=]+)[A-Za-z0-9_.\-=+/~]{16,}`)
	jsonWebToken = regexp.MustCompile(`\beyJ[A-Za-z0-9_\-]+\.[A-Za-z0-9_\-.]+`)
	privateKey   = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|$)`)
)

// cutRunes keeps at most limit runes.
func cutRunes(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// cutBytes keeps at most limit bytes, never half a character, and ends with the note when it cut.
func cutBytes(text string, limit int, note string) string {
	if len(text) <= limit {
		return text
	}
	end := max(limit-len(note), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + note
}
