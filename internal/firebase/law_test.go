package firebase_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/gatehouse-app/gatehouse/internal/firebase"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

const secret = "zz9.a-token-of-tomorrow"

// echo is a Google that refuses everything and repeats, in its refusal, what it was sent.
func echo(t *testing.T, status int, header http.Header) *firebase.Project {
	t.Helper()
	return project(t, http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		for k, v := range header {
			rw.Header()[k] = v
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(status)
		words := fmt.Sprintf("token %s, body %s, see https://storage.googleapis.com/b/o?X-Goog-Signature=%s&GoogleAccessId=%s and ya29.%s",
			strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "), bytes.ReplaceAll(body, []byte(`"`), nil), "sig-"+secret, secret, secret)
		_, _ = fmt.Fprintf(rw, `{"error":{"code":%d,"status":"SOME_STATUS","message":%q}}`, status, words)
	}))
}

func project(t *testing.T, google http.Handler) *firebase.Project {
	t.Helper()
	server := httptest.NewServer(google)
	t.Cleanup(server.Close)
	client, err := firebase.New(firebase.Options{
		BaseURL: server.URL, Clock: func() time.Time { return noon },
		Tokens: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: secret}),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := client.Project(firebase.Target{Project: "avalo-test"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// everyCall makes each call of the package once and gives what went wrong.
func everyCall(t *testing.T, p *firebase.Project) map[string]error {
	t.Helper()
	errs := map[string]error{}
	ctx := t.Context()
	fn2 := &firebase.Function{Name: "projects/avalo-test/locations/us-central1/functions/api", Generation: 2, Service: "projects/avalo-test/locations/us-central1/services/api", Serving: []firebase.Share{{Revision: "api-00001-abc", Percent: 100}}}
	fn1 := &firebase.Function{Name: "projects/avalo-test/locations/us-central1/functions/old", Generation: 1, Version: 3}
	parts := []firebase.Part{
		{Kind: firebase.KindHosting, Name: "shop", Hosting: &firebase.Hosting{Site: "shop", Version: "sites/shop/versions/1"}},
		{Kind: firebase.KindRules, Name: "cloud.firestore", Rules: &firebase.Rules{ID: "cloud.firestore", Ruleset: "projects/avalo-test/rulesets/1"}},
		{Kind: firebase.KindFunction, Name: "us-central1/api", Function: fn2},
		{Kind: firebase.KindFunction, Name: "us-central1/old", Function: fn1},
		{Kind: firebase.KindService, Name: "us-central1/web", Service: &firebase.Service{Name: "projects/avalo-test/locations/us-central1/services/web"}},
		{Kind: firebase.KindConfig, Name: firebase.ConfigClient, Config: &firebase.Config{Namespace: firebase.ConfigClient, Version: "7", Body: []byte(`{}`)}},
	}
	for _, part := range parts {
		_, errs["read "+part.Name] = p.Read(ctx, part)
		_, errs["check "+part.Name] = p.Check(ctx, part, firebase.With{})
		_, errs["move "+part.Name] = p.Move(ctx, part, firebase.With{})
		_, errs["confirm "+part.Name] = p.Confirm(ctx, part, firebase.With{})
	}
	for _, api := range []firebase.API{firebase.APIRun, firebase.APIFunctions, firebase.APIFunctions1, firebase.APIFirestore} {
		name := map[firebase.API]string{
			firebase.APIFunctions1: "operations/x", firebase.APIFirestore: "projects/avalo-test/databases/(default)/operations/x",
		}[api]
		if name == "" {
			name = "projects/avalo-test/locations/us-central1/operations/x"
		}
		_, errs["look "+string(api)] = p.Look(ctx, firebase.Operation{API: api, Name: name, What: "do it"})
	}
	_, errs["preflight"] = p.Preflight(ctx)
	_, errs["export"] = p.Export(ctx, firebase.Export{To: "gs://backups/x"})
	_, errs["find export"] = p.FindExport(ctx, firebase.Export{To: "gs://backups/x"})
	_, _, errs["databases"] = p.Databases(ctx)
	_, _, errs["services"] = p.Services(ctx)
	_, _, errs["functions"] = p.Functions(ctx, nil)
	_, errs["keep"] = p.KeepImages(ctx, "us-central1", 5)
	_, errs["image"] = p.ImageExists(ctx, "us-central1-docker.pkg.dev/avalo-test/gcf-artifacts/api@sha256:00")
	_, errs["source"] = p.DownloadSource(ctx, fn2)
	_, errs["source 1"] = p.DownloadSource(ctx, fn1)
	_, errs["revisions"] = p.Revisions(ctx, fn2.Service, 10)
	_, errs["history"] = p.History(ctx, "shop", 10)
	_, errs["config history"] = p.ConfigHistory(ctx, firebase.ConfigServer, 10)
	_, errs["flags"] = p.SetFlags(ctx, firebase.ConfigClient, []firebase.Flag{{Name: "beta", Value: "off"}}, "kill")
	_, _, errs["latest"] = p.ToLatest(ctx, fn2.Service)
	return errs
}

// TestLaw10_SecretsNeverLeave has Google repeat the token of every call, and signed addresses, in its refusals. The token has a
// form that nobody knows, so that only the comparison with what was sent can hide it.
func TestLaw10_SecretsNeverLeave(t *testing.T) {
	for _, status := range []int{302, 400, 401, 403, 404, 409, 412, 429, 500, 503} {
		p := echo(t, status, http.Header{"Retry-After": {"7"}, "Location": {"https://elsewhere.example/" + secret}})
		looked := 0
		for call, err := range everyCall(t, p) {
			if err == nil {
				continue
			}
			looked++
			var e *firebase.Error
			if !errors.As(err, &e) {
				t.Errorf("%d %s: %T is no *firebase.Error", status, call, err)
				continue
			}
			if all := fmt.Sprintf("%v %+v %#v", err, *e, *e); strings.Contains(all, secret) {
				t.Errorf("%d %s: the error holds the secret: %s", status, call, all)
			}
		}
		if looked < 20 {
			t.Errorf("%d: only %d calls failed", status, looked)
		}
	}
}
