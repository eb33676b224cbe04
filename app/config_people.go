package app

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// operatorToken is the shortest token that nobody guesses.
const operatorToken = 32

// people reads what lets people sign in, and the operator's token.
func (l *loader) people(c *Config) {
	const id, secret = "GITHUB_OAUTH_CLIENT_ID", "GITHUB_OAUTH_CLIENT_SECRET"
	c.OAuthID, c.OAuthSecret = strings.TrimSpace(l.get(id)), Secret(strings.TrimSpace(l.get(secret)))
	switch {
	case c.OAuthID == "" && c.OAuthSecret != "":
		l.fail(id, "expected the App's client id, because %s is set; both are on the App's settings page", secret)
	case c.OAuthID != "" && c.OAuthSecret == "":
		l.fail(secret, "expected the App's client secret, because %s is set; its settings page makes one", id)
	case c.OAuthID != "":
		l.signInNeeds(*c)
	}
	c.SealKeys = l.sealKeys()
	c.Operator = Secret(l.get("GATEHOUSE_OPERATOR_TOKEN"))
	if n := len(c.Operator); n > 0 && n < operatorToken {
		l.fail("GATEHOUSE_OPERATOR_TOKEN", "expected at least %d characters that nobody guesses, such as the output of openssl rand -hex 32; it has %d", operatorToken, n)
	}
}

// signInNeeds demands https: a session travels in a cookie.
func (l *loader) signInNeeds(c Config) {
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Host == "" {
		return // said already
	}
	if u.Scheme != "https" && !loopback(u.Hostname()) {
		l.fail("GATEHOUSE_PUBLIC_URL", "expected https, because people sign in; plain http is accepted for this machine only, got %q", c.PublicURL)
	}
	if u.Path != "" {
		l.fail("GATEHOUSE_PUBLIC_URL", "expected no path behind the host, because people sign in, got %q", c.PublicURL)
	}
}

// sealKeys reads one key, or two with a comma while it is being changed.
func (l *loader) sealKeys() []Secret {
	const name = "GATEHOUSE_SEAL_KEY"
	var keys []Secret
	for _, v := range l.list(name) {
		key, err := base64.StdEncoding.DecodeString(v)
		if err != nil || len(key) != 32 {
			l.fail(name, "expected 32 bytes in base64, as openssl rand -base64 32 makes them; or two such keys, the new one first, while it is being changed")
			return nil
		}
		keys = append(keys, Secret(key))
	}
	if len(keys) > 2 {
		l.fail(name, "expected one key, or two with a comma between them while it is being changed, got %d", len(keys))
	}
	return keys
}
