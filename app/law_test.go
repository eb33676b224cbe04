package app

import (
	"encoding/pem"
	"strings"
	"testing"
)

// TestLaw07_FailClosed starts without a webhook secret: that is refused, with
// the variable's name. `make mutants` has it accepted.
func TestLaw07_FailClosed(t *testing.T) {
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("not a real one")})
	env := map[string]string{"GITHUB_APP_INTEGRATION_ID": "3", "GITHUB_APP_PRIVATE_KEY": string(key), "GITHUB_APP_WEBHOOK_SECRET": "s"}
	get := func(name string) string { return env[name] }
	if _, err := LoadConfig(get); err != nil {
		t.Fatalf("with a secret: %v", err)
	}
	for _, none := range []string{"", " ", ",", " , "} {
		env["GITHUB_APP_WEBHOOK_SECRET"] = none
		if _, err := LoadConfig(get); err == nil || !strings.Contains(err.Error(), "GITHUB_APP_WEBHOOK_SECRET") {
			t.Errorf("the secret %q is accepted: %v", none, err)
		}
	}
}
