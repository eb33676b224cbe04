package slack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/slack"
)

// TestLaw10_SecretsNeverLeave has Slack repeat the token in its refusal. The token has no known form, so that only the
// comparison with the configured one can hide it. `make mutants` takes that comparison away.
func TestLaw10_SecretsNeverLeave(t *testing.T) {
	const opaque = "zz9.a-form-of-tomorrow"
	at := answering(t, 200, "", fmt.Sprintf(`{"ok":false,"error":"%s","response_metadata":{"messages":["%s"]}}`, opaque, opaque))
	c := slack.New(slack.Config{Token: opaque, APIURL: at}, slack.Options{Clock: fixed})
	_, err := c.Post(t.Context(), message("r1"))
	e := classified(t, err)
	if all := fmt.Sprintf("%v %+v %#v", err, *e, *e); strings.Contains(all, opaque) {
		t.Errorf("the error holds the token: %s", all)
	}
}
