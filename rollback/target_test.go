package rollback_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
)

func released(run, version, sha string, verified bool) pipeline.Released {
	return pipeline.Released{
		Shipped:  pipeline.Shipped{Run: pipeline.RunID(run), Version: version, SHA: sha},
		Verified: verified, After: "blob-" + run, Ref: "refs/heads/release/" + version,
	}
}

func history() []pipeline.Released {
	bad := released("r4", "v1.3.0", "4444444444444444", true)
	bad.Bad = "payments failed"
	lost := released("r2", "v1.1.0", "2222222222222222", true)
	lost.After = ""
	return []pipeline.Released{
		released("r0", pipeline.Initial, "", false),
		released("r1", "v1.0.0", "1111111111111111", true),
		lost,
		released("r3", "v1.2.0", "3333333333333333", true),
		bad,
		released("r5", "v1.4.0", "5555555555555555", false),
		released("r6", "v1.4.0", "6666666666666666", false),
	}
}

func TestTarget(t *testing.T) {
	live := pipeline.Shipped{Run: "r6"}
	for _, c := range []struct{ name, to, run, code string }{
		{"the last verified before what is live, past a bad and an unverified one", "", "r3", ""},
		{"a version shipped twice means the last time that is not live", "v1.0.0", "r1", ""},
		{"a commit", "3333333", "r3", ""},
		{"a commit in capitals", "33333333AA", "", "never-deployed"},
		{"a run", "r1", "r1", ""},
		{"an unverified one, by name", "r5", "r5", ""},
		{"what was there before the first release, by name", "initial", "r0", ""},
		{"what is live", "v1.4.0", "", "already-live"},
		{"one that went badly", "v1.3.0", "", "release-bad"},
		{"one of which nothing is stored", "v1.1.0", "", "no-snapshot"},
		{"a commit that never came here", "abcdef1", "", "never-deployed"},
		{"nonsense", "v9", "", "unknown-version"},
		{"a commit too short to mean one", "3333", "", "unknown-version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, why := rollback.Target(history(), &live, "production", c.to)
			if why != nil {
				if why.Code != c.code {
					t.Fatalf("refused: %+v", why)
				}
				if !strings.Contains(why.Fix, "v1.2.0, v1.0.0, initial") || !strings.HasPrefix(why.Lines, "/rollback production to ") {
					t.Errorf("offers: %s\n%s", why.Fix, why.Lines)
				}
				return
			}
			if string(got.Run) != c.run || c.code != "" {
				t.Errorf("got %s, want %q or %q", got.Run, c.run, c.code)
			}
		})
	}
}

// A rollback to an older release does not make the newer ones targets of the next.
func TestTargetAfterARollback(t *testing.T) {
	live := pipeline.Shipped{Run: "r3"}
	got, why := rollback.Target(history(), &live, "production", "")
	if why != nil || got.Run != "r1" {
		t.Errorf("got %s, %v", got.Run, why)
	}
}

func TestFirstReleaseHasNothingBeforeIt(t *testing.T) {
	first := history()[:1]
	_, why := rollback.Target(nil, &pipeline.Shipped{Run: "r0"}, "production", "")
	if why == nil || why.Code != "no-verified-release" || why.Lines != "" || !strings.Contains(why.Fix, "no release to return to") {
		t.Errorf("without a history: %+v", why)
	}
	_, why = rollback.Target(first, nil, "production", "")
	if why == nil || !strings.Contains(why.Fix, "initial") {
		t.Errorf("unverified ones are reachable by name only: %+v", why)
	}
}

func TestRequestCheck(t *testing.T) {
	whole := rollback.Request{Environment: "production", To: "v1.1.9", Phrase: "ROLLBACK PRODUCTION", Reason: "checkout fails"}
	if why := whole.Check(); why != nil {
		t.Fatal(why)
	}
	for _, c := range []struct {
		name   string
		change func(*rollback.Request)
		says   string
	}{
		{"no phrase", func(r *rollback.Request) { r.Phrase = "" }, "the line ROLLBACK PRODUCTION."},
		{"another environment's phrase", func(r *rollback.Request) { r.Phrase = "ROLLBACK STAGING" }, "the line ROLLBACK PRODUCTION."},
		{"lower case", func(r *rollback.Request) { r.Phrase = "rollback production" }, "the line ROLLBACK PRODUCTION."},
		{"no reason", func(r *rollback.Request) { r.Reason = " " }, "takes a reason."},
		{"neither", func(r *rollback.Request) { r.Phrase, r.Reason = "", "" }, "ROLLBACK PRODUCTION and a reason."},
	} {
		r := whole
		c.change(&r)
		why := r.Check()
		if why == nil || !strings.Contains(why.Reason, c.says) {
			t.Errorf("%s: %+v", c.name, why)
			continue
		}
		if !strings.HasPrefix(why.Lines, "/rollback production to v1.1.9\nROLLBACK PRODUCTION\nreason: ") {
			t.Errorf("%s: to copy: %q", c.name, why.Lines)
		}
	}
}
