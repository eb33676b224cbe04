package stage_test

import (
	"fmt"
	"strings"
	"testing"
)

// noSecrets asserts that nothing that people may read holds a token.
func noSecrets(t *testing.T, v any) {
	t.Helper()
	s := fmt.Sprintf("%+v", v)
	for _, secret := range []string{botToken, hookToken, "ghs_", "PRIVATE KEY", "Bearer "} {
		if strings.Contains(s, secret) {
			t.Errorf("%s is shown in %s", secret, s)
		}
	}
}
