package github_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// TestLaw10_SecretsNeverLeave has GitHub repeat the token of the call in its refusal. The token has a form that nobody
// knows, so that only the comparison with what was sent can hide it. `make mutants` takes that comparison away.
func TestLaw10_SecretsNeverLeave(t *testing.T) {
	const opaque = "zz9.a-form-of-tomorrow"
	f := newFake(t, "")
	f.on("POST /app/installations/5/access_tokens", reply(201, `{"token":"`+opaque+`","expires_at":"2095-01-01T00:00:00Z"}`))
	f.on("*", reply(422, `{"message":"the token `+opaque+` is not welcome"}`))
	_, err := f.repo().Info(background())
	e := failed(t, err, github.Invalid)
	if all := fmt.Sprintf("%v %+v %#v", err, *e, *e); strings.Contains(all, opaque) {
		t.Errorf("the error holds the token: %s", all)
	}
	equal(t, "the rest of the message", e.Message, "the token [redacted] is not welcome")
}
