package starter_test

import (
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/internal/starter"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func full() starter.Answers {
	return starter.Answers{
		Staging:    starter.Place{Project: "shop-staging", URL: "https://staging.shop.example"},
		Production: starter.Place{Project: "shop-live", URL: "https://shop.example:8443/x"},
		Approvers:  "acme/leads", Commanders: "yes", Slack: "#releases", Discord: true, Mobile: true, Migrations: true,
		WebDir: "apps/web", MobileDir: "apps/mobile", Functions: "server",
	}
}

// teams are answers that leave out one thing each, and one that has nothing.
func teams() map[string]starter.Answers {
	all := map[string]starter.Answers{"full": full()}
	for name, change := range map[string]func(*starter.Answers){
		"no mobile":     func(a *starter.Answers) { a.Mobile = false },
		"no migrations": func(a *starter.Answers) { a.Migrations = false },
		"no channel":    func(a *starter.Answers) { a.Slack, a.Discord = "", false },
		"only slack":    func(a *starter.Answers) { a.Discord = false },
		"only discord":  func(a *starter.Answers) { a.Slack = "" },
		"all at root":   func(a *starter.Answers) { a.WebDir, a.MobileDir, a.Functions = ".", ".", "." },
		"nothing": func(a *starter.Answers) {
			a.Mobile, a.Migrations, a.Slack, a.Discord, a.Commanders = false, false, "", false, ""
		},
	} {
		a := full()
		change(&a)
		all[name] = a
	}
	return all
}

func plan(t *testing.T, a starter.Answers) []starter.File {
	t.Helper()
	files, err := starter.Plan(a)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func workflows(t *testing.T, a starter.Answers) []starter.File {
	t.Helper()
	files := plan(t, a)
	if len(files) < 8 || files[0].Path != starter.Config {
		t.Fatalf("%d files, the first is %s", len(files), files[0].Path)
	}
	return files[1:]
}

// What init writes passes check, asks for nothing that this version lacks, and
// each of its workflows is there and can be started; none is there for nothing.
func TestPlanRunsToday(t *testing.T) {
	expr, err := stage.NewExpr()
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range teams() {
		files := plan(t, a)
		spec, problems := pipeline.Parse([]byte(files[0].Content), pipeline.Options{Expr: expr.Check})
		for _, p := range problems {
			t.Errorf("%s: %v", name, p)
		}
		if spec == nil {
			continue
		}
		there, used := map[string]bool{}, map[string]bool{}
		for _, f := range files[1:] {
			there[path.Base(f.Path)] = true
			if why := stage.Startable(path.Base(f.Path), []byte(f.Content)); why != nil && !announces(f) {
				t.Errorf("%s: %s: %v", name, f.Path, why)
			}
			used[path.Base(f.Path)] = announces(f)
		}
		for _, pl := range spec.Pipelines {
			for _, no := range spec.Unavailable(pl) {
				t.Errorf("%s: %v", name, &no)
			}
			for _, st := range pl.Stages {
				if st.Workflow != nil {
					used[st.Workflow.File] = true
				}
				if st.Deploy != nil {
					used[st.Deploy.File] = true
				}
			}
		}
		for file := range used {
			if !there[file] || !used[file] {
				t.Errorf("%s: %s: written %v, used %v", name, file, there[file], used[file])
			}
		}
	}
}

// The names of the example are nobody else's, and no file lacks its sentence.
func TestPlanLeavesNothingOfTheExample(t *testing.T) {
	for _, f := range plan(t, full()) {
		for _, of := range []string{"avalo", "app-web", "app-mobile", "release-approvers", "incident-commanders", "c8c46"} {
			if strings.Contains(f.Content, of) {
				t.Errorf("%s still has %s", f.Path, of)
			}
		}
		if len(f.What) < 10 || !strings.HasSuffix(f.What, ".") {
			t.Errorf("%s is explained by %q", f.Path, f.What)
		}
	}
}

func TestPlanSpec(t *testing.T) {
	spec, _ := pipeline.Parse([]byte(plan(t, full())[0].Content), pipeline.Options{})
	p := spec.Environments["production"]
	if p.Firebase != "shop-live" || p.URL != "https://shop.example:8443/x" || spec.Notify.Slack != "#releases" || !spec.Notify.Discord {
		t.Errorf("production %+v, notify %+v", p, spec.Notify)
	}
	if team := p.Approval.Need[0].Team; team != "acme/leads" {
		t.Errorf("approvers %q", team)
	}
	if team := p.Commanders[0].Team; team != "yes" {
		t.Errorf("commanders %q", team)
	}
}

// Every wrong answer is named by its flag; nothing gets out of its quotes.
func TestPlanRefuses(t *testing.T) {
	for flag, change := range map[string]func(*starter.Answers, string){
		"--staging-project":    func(a *starter.Answers, s string) { a.Staging.Project = s },
		"--production-project": func(a *starter.Answers, s string) { a.Production.Project = s },
		"--staging-url":        func(a *starter.Answers, s string) { a.Staging.URL = s },
		"--production-url":     func(a *starter.Answers, s string) { a.Production.URL = s },
		"--approvers":          func(a *starter.Answers, s string) { a.Approvers = s },
		"--commanders":         func(a *starter.Answers, s string) { a.Commanders = s },
		"--slack":              func(a *starter.Answers, s string) { a.Slack = s },
		"--web-dir":            func(a *starter.Answers, s string) { a.WebDir = s },
		"--mobile-dir":         func(a *starter.Answers, s string) { a.MobileDir = s },
		"--functions-dir":      func(a *starter.Answers, s string) { a.Functions = s },
	} {
		for _, s := range []string{"!!", "a: b\nmode: observe", "x}], foreign: ask", "\"", "${{ secrets.X }}", "../..", "-x y", "\x00", "ü\u2028", strings.Repeat("x", 5000) + " "} {
			a := full()
			change(&a, s)
			if _, err := starter.Plan(a); err == nil || !strings.Contains(err.Error(), flag+":") {
				t.Errorf("%s %.30q: %v", flag, s, err)
			}
		}
	}
	a := full()
	a.Production.Project = a.Staging.Project
	if _, err := starter.Plan(a); err == nil {
		t.Error("two environments share a project")
	}
}

func TestGuess(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	a := starter.Guess(fstest.MapFS{
		".firebaserc":              file(`{"projects": {"default": "shop-dev", "stage": "shop-staging", "prod": "shop-live", "odd": "NO SUCH"}}`),
		"firebase.json":            file(`{"functions": [{"source": "server", "codebase": "a"}]}`),
		"package.json":             file(`{}`),
		"apps/mobile/app.json":     file(`{}`),
		"apps/web/package.json":    file(`{"dependencies": {"next": "15"}}`),
		"node_modules/x/app.json":  file(`{}`),
		"node_modules/eas.json":    file(`{}`),
		"migrations/001_first.js":  file(``),
		"packages/ui/package.json": file(`{"dependencies": {"next": 15`),
	})
	want := starter.Answers{
		Staging:    starter.Place{Project: "shop-staging", URL: "https://shop-staging.web.app"},
		Production: starter.Place{Project: "shop-live", URL: "https://shop-live.web.app"},
		Approvers:  "release-approvers", Commanders: "incident-commanders", Mobile: true, Migrations: true,
		WebDir: "apps/web", MobileDir: "apps/mobile", Functions: "server",
	}
	if a != want {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
	if a := starter.Guess(fstest.MapFS{"package.json": file(`{}`)}); a.Mobile || a.Migrations || a.Staging.Project != "" {
		t.Errorf("a web site: %+v", a)
	}
	if a := starter.Guess(fstest.MapFS{}); !a.Mobile || !a.Migrations {
		t.Errorf("an empty folder begins with everything: %+v", a)
	}
	if a := starter.Guess(fstest.MapFS{".firebaserc": file(`[1`), "firebase.json": file(`{"functions": {"source": "../out"}}`)}); a.Functions != "functions" {
		t.Errorf("broken files: %+v", a)
	}
}
