package stage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func TestReadConfig(t *testing.T) {
	r := newRig(t)
	got := perform[pipeline.ConfigRead](r, r.job(pipeline.ReadConfig{}, 0))
	equal(t, "path", got.Path, ".github/gatehouse.yml")
	equal(t, "pipelines", len(got.Spec.Pipelines), 1)

	bad := strings.Replace(config, "get: /, status: 200", "get: /, expect: json..ok", 1)
	bad = strings.Replace(bad, "expires: 72h}", "expires: 72h}\n    freeze: [{every: FRI 15:00, until: MON 08:00, timezone: Mars/Base}]", 1)
	r.push("main", map[string]string{".github/gatehouse.yml": bad})
	got = perform[pipeline.ConfigRead](r, r.job(pipeline.ReadConfig{}, 0))
	var all []string
	for _, p := range got.Problems {
		all = append(all, p.Code)
	}
	equal(t, "problems", strings.Join(all, " "), "timezone expression")
}

// Without a file of its own a repository uses the organization's.
func TestReadConfigOfTheOrganization(t *testing.T) {
	r := newRig(t)
	r.push("main", map[string]string{".github/gatehouse.yml": sandbox.Deleted})
	equal(t, "missing", perform[pipeline.ConfigRead](r, r.job(pipeline.ReadConfig{}, 0)).Missing, true)
	r.AddRepo("acme", ".github", sandbox.RepoOptions{})
	_, err := r.Push("acme/.github", sandbox.Push{Branch: "main", By: "alice", Message: "x", Files: map[string]string{".github/gatehouse.yml": config}})
	must(t, err)
	equal(t, "path", perform[pipeline.ConfigRead](r, r.job(pipeline.ReadConfig{}, 0)).Path, "acme/.github/.github/gatehouse.yml")
	_, err = r.Push("acme/.github", sandbox.Push{Branch: "main", By: "alice", Message: "x", Files: map[string]string{"gatehouse.yml": config}})
	must(t, err)
	equal(t, "path", perform[pipeline.ConfigRead](r, r.job(pipeline.ReadConfig{}, 0)).Path, "acme/.github/gatehouse.yml")
}

// With a second account and no bindings, nobody may choose a project.
func TestReadConfigWithoutBindings(t *testing.T) {
	r := newRig(t)
	perform[pipeline.ConfigRead](r, r.job(pipeline.ReadConfig{}, 0))
	r.AddOrg("other", "alice")
	r.Install("other")
	if got := perform[pipeline.ConfigRead](r, r.job(pipeline.ReadConfig{}, 0)); got.Refused != nil {
		t.Error("the count was not remembered")
	}
	r.clock.Advance(time.Minute)
	got := perform[pipeline.ConfigRead](r, r.job(pipeline.ReadConfig{}, 0))
	if got.Refused == nil || got.Refused.Code != "bindings-missing" {
		t.Errorf("got %+v", got.Refused)
	}
}

func TestBindings(t *testing.T) {
	for name, c := range map[string]struct{ file, code string }{
		"by name":      {"- {repository: ACME/shop, environment: production, firebase: avalo-c8c46}", ""},
		"elsewhere":    {"- {repository: acme/shop, environment: production, firebase: avalo-staging}", "bound-elsewhere"},
		"not bound":    {"- {repository: acme/other, environment: production, firebase: avalo-c8c46}", "not-bound"},
		"at the floor": {"- {repository: acme/shop, environment: production, firebase: avalo-c8c46, floor: {need: [{team: approvers}]}}", ""},
		"below it":     {"- {repository: acme/shop, environment: production, firebase: avalo-c8c46, floor: {need: [{team: approvers, count: 2}], reason_required: true}}", "below-the-floor"},
		"id wins":      {"- {repository: acme/shop, environment: production, firebase: avalo-staging}\n- {repository: 7, environment: production, firebase: avalo-c8c46}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := stage.ParseBindings([]byte(c.file))
			must(t, err)
			spec, _ := pipeline.Parse([]byte(config), pipeline.Options{})
			code := ""
			if no := b.Judge(pipeline.Repo{ID: 7, Owner: "acme", Name: "shop"}, spec); no != nil {
				code = no.Code
				golden(t, "binding-"+no.Code, no.Reason+"\n"+no.Fix+"\n"+no.Lines+"\n")
			}
			equal(t, "code", code, c.code)
		})
	}
	for name, file := range map[string]string{
		"unknown field": "- {repository: a/b, environment: p, firebase: avalo-c8c46, slack: \"#x\"}",
		"no project":    "- {repository: a/b, environment: p}",
		"no repository": "- {environment: p, firebase: avalo-c8c46}",
		"twice":         "- {repository: a/b, environment: p, firebase: avalo-c8c46}\n- {repository: A/b, environment: p, firebase: avalo-x1}",
		"wrong floor":   "- {repository: a/b, environment: p, firebase: avalo-c8c46, floor: {need: []}}",
		"empty":         "",
		"no list":       "a: b",
	} {
		if _, err := stage.ParseBindings([]byte(file)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
