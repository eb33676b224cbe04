package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/tracing/tracetest"
)

// A release is one trace, although the program is stopped and started again in
// its middle: every call to GitHub that it takes is inside, and no secret is.
func TestReleaseIsOneTrace(t *testing.T) {
	t.Parallel()
	c := tracetest.New(t)
	s := closed(t, demo.Options{})
	s.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = c.URL
	s.start()
	again := false
	s.onWatch = func() {
		if !again && slices.ContainsFunc(s.snapshot().Runs, func(r sandbox.WorkflowRun) bool { return r.Status == "waiting" }) {
			again = true
			s.restart()
		}
	}
	told := s.play()
	s.world.Drain()
	if code := s.stop(); code != 0 || !again {
		t.Fatalf("exit code %d, restarted %t", code, again)
	}
	id := s.runOf(told.Release)
	run := inTrace(c.Spans(), s.traceOf(id))
	if len(run) == 0 {
		t.Fatalf("run %s has no spans among %d", id, len(c.Spans()))
	}
	if diff := compare(s.asked(told.Since), client(run, "github")); diff != "" {
		t.Errorf("GitHub was asked otherwise than the trace says:\n%s", diff)
	}
	placed(t, run)
	instances := map[string]bool{}
	for _, span := range run {
		instances[span.Instance] = true
	}
	if len(instances) != 2 {
		t.Errorf("the trace spans %d processes, not 2", len(instances))
	}
	for _, who := range []string{"slack", "discord", "site", "google"} {
		if len(client(run, who)) == 0 {
			t.Errorf("the trace has no call to %s", who)
		}
	}
	s.keepsSecrets(c.Raw())
}

// A collector that takes connections and never answers costs a release nothing,
// nor the end of the process. The log tells of it whole.
func TestReleaseWithoutCollector(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-gone }))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(gone) })
	s := closed(t, demo.Options{})
	s.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = silent.URL
	s.start()
	told := s.play()
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s.tellsTheStory(s.runOf(told.Release))
}

// placed demands that every span but the first has its parent in the trace, that
// the run and each of its stages is there once, and that the webhooks which moved
// the run are linked.
func placed(t *testing.T, run []tracetest.Span) {
	t.Helper()
	known, names, links := map[string]bool{}, map[string]int{}, 0
	for _, span := range run {
		if known[span.ID] {
			t.Errorf("two spans have the id of %q", span.Name)
		}
		known[span.ID], links = true, links+len(span.Links)
		names[span.Name]++
	}
	top := 0
	for _, span := range run {
		if span.Parent == "" {
			top++
		} else if !known[span.Parent] {
			t.Errorf("nothing is above %q", span.Name)
		}
	}
	if top != 1 || names["receive push"] != 1 || names["run production"] != 1 || names["intake"] != 1 || names["stage approval"] != 1 || names["stage deploy"] != 1 {
		t.Errorf("%d spans at the top; the names: %v", top, names)
	}
	if links == 0 {
		t.Error("no webhook is linked")
	}
}

// asked is what GitHub was asked for the release, by its own record. What the App
// asks for all runs together is not of one.
func (s *scene) asked(since int) []string {
	var all []string
	for _, c := range s.world.Record() {
		if what := c.Method + " " + c.Path; c.Kind == sandbox.KindGitHub && c.Seq > since && !ofTheApp(what) {
			all = append(all, what)
		}
	}
	slices.Sort(all)
	return all
}

// ofTheApp tells what is asked at a start and for all runs together: who the App
// is, where it is installed, its webhooks, its tokens, and by what open runs are
// reconciled: a repository's workflow runs, and their reviews.
func ofTheApp(what string) bool {
	return strings.Contains(what, "/api/v3/app") || strings.Contains(what, "/users/gatehouse") ||
		strings.HasPrefix(what, "GET ") && (strings.HasSuffix(what, "/actions/runs") || strings.HasSuffix(what, "/approvals"))
}

// client lists the calls to a service that the spans tell of.
func client(spans []tracetest.Span, service string) []string {
	var all []string
	for _, s := range spans {
		if s.Kind != otlp.Span_SPAN_KIND_CLIENT || s.Attrs["service.peer.name"] != service {
			continue
		}
		_, path, _ := strings.Cut(strings.TrimPrefix(s.Attrs["url.full"], "http://"), "/")
		if what := s.Attrs["http.request.method"] + " /" + path; !ofTheApp(what) {
			all = append(all, what)
		}
	}
	slices.Sort(all)
	return all
}

func inTrace(spans []tracetest.Span, id string) (in []tracetest.Span) {
	for _, s := range spans {
		if s.Trace == id {
			in = append(in, s)
		}
	}
	return in
}

// runOf is the run of a commit, from the address that its checks lead to.
func (s *scene) runOf(sha string) string {
	s.Helper()
	for _, c := range s.snapshot().CheckRuns {
		if c.HeadSHA == sha && strings.HasPrefix(c.Name, "production / ") {
			return c.DetailsURL[strings.LastIndex(c.DetailsURL, "/")+1:]
		}
	}
	s.Fatalf("%.7s has no checks", sha)
	return ""
}

// traceOf is what explain calls the run's trace.
func (s *scene) traceOf(run string) string {
	s.Helper()
	out, _ := s.say(s.T, "explain", run, "--offline", "--json") // the server is stopped
	var told struct{ Trace string }
	if err := json.Unmarshal([]byte(out), &told); err != nil || len(told.Trace) != 32 {
		s.Fatalf("explain names no trace (%v):\n%s", err, out)
	}
	return told.Trace
}

// keepsSecrets demands that what left the program holds nothing that is secret.
func (s *scene) keepsSecrets(text string) {
	s.Helper()
	secrets := map[string]string{"an installation's token": "ghs_", "a JSON web token": "eyJ", "a header": "Authorization", "a key": "PRIVATE KEY"}
	for _, name := range []string{"GITHUB_APP_WEBHOOK_SECRET", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "GATEHOUSE_OPERATOR_TOKEN"} {
		secrets[name] = s.env[name]
	}
	secrets["DISCORD_WEBHOOK_URL"] = s.env["DISCORD_WEBHOOK_URL"][strings.LastIndex(s.env["DISCORD_WEBHOOK_URL"], "/")+1:]
	for _, what := range slices.Sorted(maps.Keys(secrets)) {
		if v := secrets[what]; v != "" && strings.Contains(text, v) {
			s.Errorf("it holds %s", fmt.Sprintf("%s (%.4s…)", what, v))
		}
	}
}
