package firebase_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/firebase"
)

// TestEveryRefusalSaysWhenAndWhat has every call refused in every way and reads what the caller is told to do.
func TestEveryRefusalSaysWhenAndWhat(t *testing.T) {
	for status, want := range map[int]struct {
		class firebase.Class
		again firebase.Again
	}{
		401: {firebase.Unauthorized, firebase.AgainNever}, 403: {firebase.Forbidden, firebase.AgainNever},
		429: {firebase.RateLimited, firebase.AgainAt}, 500: {firebase.Unavailable, firebase.AgainLater}, 503: {firebase.Unavailable, firebase.AgainLater},
	} {
		for call, err := range everyCall(t, echo(t, status, http.Header{"Retry-After": {"7"}})) {
			var e *firebase.Error
			if !errors.As(err, &e) {
				t.Errorf("%d %s: %v", status, call, err)
				continue
			}
			class, again := want.class, want.again
			if call == "export" && status >= 500 {
				class, again = firebase.Ambiguous, firebase.AgainUnsure
			}
			if e.Class != class || e.Class.Again() != again || e.Project != "avalo-test" || e.Op == "" {
				t.Errorf("%d %s: %+v", status, call, e)
			}
			if again == firebase.AgainAt && !e.RetryAt.Equal(noon.Add(7*time.Second)) {
				t.Errorf("%d %s: again at %s", status, call, e.RetryAt)
			}
			if again == firebase.AgainNever && e.Fix == "" {
				t.Errorf("%d %s says no and not what to do: %v", status, call, e)
			}
		}
	}
}

// TestGooglesWordsAreUnderstood reads refusals as Google writes them.
func TestGooglesWordsAreUnderstood(t *testing.T) {
	const info = `"details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":%q,"domain":"googleapis.com","metadata":{%s}}]`
	for _, c := range []struct {
		name, body string
		status     int
		class      firebase.Class
		fix        string
	}{
		{
			"an API that is off", `"message":"off","status":"PERMISSION_DENIED",` + fmt.Sprintf(info, "SERVICE_DISABLED", `"service":"run.googleapis.com"`), 403,
			firebase.Disabled, "https://console.cloud.google.com/apis/library/run.googleapis.com?project=avalo-test",
		},
		{
			"an API that is off, in old words", `"message":"Cloud X API has not been used in project 1 before or it is disabled."`, 403,
			firebase.Disabled, "enable the API firebasehosting.googleapis.com in project avalo-test",
		},
		{
			"a missing permission", `"message":"no","status":"PERMISSION_DENIED",` + fmt.Sprintf(info, "IAM_PERMISSION_DENIED", `"permission":"firebasehosting.sites.get"`), 403,
			firebase.Forbidden, "roles/firebasehosting.admin, which holds the permission firebasehosting.sites.get",
		},
		{"a missing permission, in a sentence", `"message":"Permission 'a.b.get' denied on resource"`, 403, firebase.Forbidden, "the permission a.b.get"},
		{"no billing", `"message":"no","status":"PERMISSION_DENIED",` + fmt.Sprintf(info, "BILLING_DISABLED", ""), 403, firebase.Forbidden, "billing account"},
		{"a quota, as 403", `"message":"slow down","status":"PERMISSION_DENIED",` + fmt.Sprintf(info, "RATE_LIMIT_EXCEEDED", ""), 403, firebase.RateLimited, ""},
		{"a race", `"message":"changed","status":"ABORTED"`, 400, firebase.Conflict, ""},
	} {
		p := project(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.WriteHeader(c.status)
			_, _ = fmt.Fprintf(rw, `{"error":{"code":%d,%s}}`, c.status, c.body)
		}))
		_, err := p.Site(t.Context(), "shop")
		var e *firebase.Error
		if !errors.As(err, &e) || e.Class != c.class || !strings.Contains(e.Fix, c.fix) {
			t.Errorf("%s: %+v", c.name, err)
		}
	}
}

// TestAProxysPageTellsNothing: what is no JSON is judged by its status alone.
func TestAProxysPageTellsNothing(t *testing.T) {
	p := project(t, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(rw, "<html>Bad Gateway")
	}))
	_, err := p.Site(t.Context(), "shop")
	if firebase.ClassOf(err) != firebase.Unavailable {
		t.Errorf("got %v", err)
	}
}
