package answer_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// TestLaw10_SecretsNeverLeave makes every kind of call fail in every way and reads errors and log lines. `make mutants` has the
// sender repeat the words of its transport, which hold the URL.
func TestLaw10_SecretsNeverLeave(t *testing.T) {
	var seen strings.Builder
	for _, status := range []int{204, 301, 307, 400, 401, 403, 404, 410, 429, 500, 503} {
		p := newPlace(t, status, `{"message": "`+secret+`", "code": "`+secret+`"}`, "Location: https://elsewhere.example/"+secret, "Retry-After: "+secret)
		for _, url := range []string{p.url, "http://127.0.0.1:1/" + secret, "://" + secret, "http://[" + secret, "ftp://" + secret} {
			for _, shows := range []bool{true, false} {
				s := p.sender()
				_, err := s.Send(t.Context(), answer.Request{Op: "post", Method: http.MethodPost, URL: url, Shows: shows, Part: !shows})
				fmt.Fprintf(&seen, "%v %+v %#v\n", err, err, err)
			}
		}
		seen.WriteString(p.logged.String())
	}
	if strings.Contains(strings.ToLower(seen.String()), strings.ToLower(secret)) {
		t.Errorf("the URL is shown:\n%s", seen.String())
	}
	if !strings.Contains(seen.String(), "webhook call failed") {
		t.Error("nothing was looked at")
	}
}
