package templates

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// here are the links of the pages themselves: relative, so that they lead to
// where the page was served.
var here = Links{Web: "https://github.com", Trace: "https://traces.example/trace/" + TraceMark}

func webPages(t *testing.T) *Pages {
	t.Helper()
	p, err := NewPages()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func webLine(s pipeline.State) RunLine { return NewRunLine(s, after(25*time.Minute), here) }

func trail() []pipeline.Entry {
	return []pipeline.Entry{
		{Lane: "avalo-c8c46", Seq: 1, At: noon, Run: "6924f1c0a1b2c3d4", Who: "carol", ID: 3, What: "run-started", On: "production", Why: "production for v1.2.0"},
		{Lane: "avalo-c8c46", Seq: 2, At: after(90 * time.Second), Run: "6924f1c0a1b2c3d4", What: "gate-reached", On: "production"},
	}
}

// lanes is a town of three lanes: one with everything in it, one in doubt, one
// that never had a deploy.
func lanes() LanesPage {
	now := after(25 * time.Minute)
	holding, waiting, queued, fresh := opened(), atGate(pipeline.GateByEnvironment, "@avalo/release-approvers"), waitingForLane(), build()
	live := smoked()
	ids := map[pipeline.RunID]*pipeline.Run{"6924f00000000001": holding.Run, "6924f00000000002": waiting.Run, "6924f00000000003": queued.Run, "6924f00000000004": fresh.Run, "6900000000000001": live.Run}
	lane := &pipeline.Lane{
		V: pipeline.RunVersion, ID: "avalo-c8c46", Installation: 5, Holder: "6924f00000000001", Queue: []pipeline.RunID{"6924f00000000003"},
		Runs: map[pipeline.RunID]*pipeline.LaneRun{
			"6924f00000000001": {Seq: 2}, "6924f00000000002": {Seq: 3, AtGate: true}, "6924f00000000003": {Seq: 4}, "6924f00000000004": {Seq: 5}, "6924f00000000009": {Seq: 9},
		},
		Live:     &pipeline.Shipped{Run: "6900000000000001", Version: "v1.1.9", SHA: "aaaabbbbcccc", At: after(-50 * time.Hour)},
		Verified: &pipeline.Shipped{Run: "6900000000000001", Version: "v1.1.9", SHA: "aaaabbbbcccc", At: after(-50 * time.Hour)},
	}
	var runs []*pipeline.Run
	for _, id := range Named(lane, 30) {
		if r := ids[id]; r != nil {
			r.ID = id
			runs = append(runs, r)
		}
	}
	failed := smokeFailed()
	failed.Run.Environment, failed.Run.Spec.Environments["staging"] = "staging", &pipeline.Environment{Name: "staging"}
	doubt := &pipeline.Lane{V: pipeline.RunVersion, ID: "avalo-staging", Installation: 5, Doubt: &pipeline.Doubt{Shipped: *shippedOf(failed.Run), Reason: "The deploy workflow was cancelled half way."}}
	return LanesPage{
		Now: now,
		Lanes: []LaneView{
			NewLaneView(doubt, []*pipeline.Run{failed.Run}, now, here), NewLaneView(lane, runs, now, here),
			NewLaneView(&pipeline.Lane{V: pipeline.RunVersion, ID: "avalo-new", Installation: 5}, nil, now, here),
		},
		Recent: []RunLine{webLine(smokeFailed()), webLine(rejected()), webLine(superseded())},
	}
}

func shippedOf(r *pipeline.Run) *pipeline.Shipped {
	return &pipeline.Shipped{Run: r.ID, Repo: r.Repo.ID, Version: r.Release.Version, SHA: r.Release.SHA, At: r.CreatedAt}
}

// TestWebGolden holds the pages to what was reviewed: few, so that a change of
// words is seen and a change of style is not.
func TestWebGolden(t *testing.T) {
	p := webPages(t)
	mine := p.For(Viewer{Login: "ada", Until: noon.Add(time.Hour)})
	render := map[string]func() ([]byte, error){
		"run-gate":         func() ([]byte, error) { return p.Run(webLine(oneOfTwo()), 5, trail(), Acts{}) },
		"run-smoke-failed": func() ([]byte, error) { return p.Run(webLine(smokeFailed()), 5, nil, Acts{}) },
		"lanes":            func() ([]byte, error) { return p.Lanes(lanes()) },
		"lanes-empty":      func() ([]byte, error) { return p.Lanes(LanesPage{Now: noon}) },
		"lanes-lacking":    func() ([]byte, error) { return p.Lanes(LanesPage{Now: noon, Lacking: []Lacking{without(2)}}) },
		"lane": func() ([]byte, error) {
			l := lanes()
			return p.Lane(LanePage{Lane: l.Lanes[1], Past: l.Recent, Older: "/lanes/5/avalo-c8c46?before=7", Now: l.Now})
		},
		"lane-locked": func() ([]byte, error) {
			s := locked()
			return p.Lane(LanePage{Lane: NewLaneView(s.Lane, []*pipeline.Run{s.Run}, after(25*time.Minute), here), First: true, Now: after(25 * time.Minute)})
		},
		"lane-behind": func() ([]byte, error) {
			s := behindItsBranch()
			s.Lane.Live = shippedOf(s.Run)
			s.Lane.Behind.Compare = "https://github.com/avalo/app/compare/a...main"
			s.Lane.Runs = map[pipeline.RunID]*pipeline.LaneRun{s.Run.ID: {Version: "v1.2.0", AtGate: true}}
			return p.Lane(LanePage{Lane: NewLaneView(s.Lane, []*pipeline.Run{s.Run}, after(25*time.Minute), here), First: true, Now: after(25 * time.Minute)})
		},
		"run-hindered":  func() ([]byte, error) { return p.Run(webLine(hinderedDispatch()), 5, nil, Acts{}) },
		"run-escalated": func() ([]byte, error) { return p.Run(webLine(escalated()), 5, nil, Acts{}) },
		"run-incident":  func() ([]byte, error) { return p.Run(webLine(held()), 5, nil, Acts{}) },
		"run-decide": func() ([]byte, error) {
			return mine.Run(webLine(oneOfTwo()), 5, nil, Acts{
				Action: "/runs/x", Release: "digest", Reject: true, Cancel: true, NotHim: &pipeline.Refusal{Reason: "ada wrote it.", Fix: "Ask another."}, Reason: "<typed>",
				Answer: &CommandAnswer{Verb: pipeline.VerbReject, Refused: &pipeline.Refusal{Reason: "A rejection needs a reason."}},
			})
		},
		"signin": func() ([]byte, error) { return p.SignIn("/login/github?to=%2F", []string{"Begin again."}, noon) },
		"again": func() ([]byte, error) {
			return p.SignInAgain(Again{Start: "/login/github", Action: "/runs/x", Verb: pipeline.VerbReject, Reason: "It <b>burns</b>", Fields: []Field{{"release", "digest"}}}, noon)
		},
		"account": func() ([]byte, error) {
			return mine.Account(AccountPage{
				Keys: []AccountKey{{ID: "ab", Name: "laptop", Hint: "x9_Q", At: noon.Add(-time.Hour), Until: noon.Add(89 * 24 * time.Hour)}}, Fresh: "gatehouse_secret",
				Slack: []string{"ada"}, Pairs: true, Until: noon.Add(time.Hour), Repos: []string{"avalo/app"}, Web: "https://github.com/settings/apps/authorizations",
			}, noon)
		},
		"approvals": func() ([]byte, error) {
			return mine.Approvals(ApprovalsPage{
				Now: noon, Yours: []ApprovalLine{{RunLine: webLine(oneOfTwo())}},
				Others: []ApprovalLine{{RunLine: webLine(oneOfTwo()), NotHim: &pipeline.Refusal{Reason: "You approved it already."}}},
			})
		},
		"pair": func() ([]byte, error) {
			return mine.Pair(PairPage{Token: "t", Slack: "ada", User: "U1", Team: "T1"}, noon)
		},
		"message": func() ([]byte, error) {
			return p.Message(Message{Title: "There is no such run", Lines: []string{"Why."}, Links: []Link{{"All lanes", "/"}}}, noon)
		},
	}
	for name, f := range render {
		body, err := f()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sound(t, string(body))
		webGolden(t, name, readable(p, body))
	}
}

// readable leaves out what no reviewer reads: blank lines, the drawings, the digest of the assets.
func readable(p *Pages, body []byte) string {
	text := regexp.MustCompile(`(?s)<svg class="defs".*?</svg>`).ReplaceAllString(string(body), "")
	text = regexp.MustCompile(`<svg class="i"[^>]*><use href="#i-([a-z]+)"/></svg>`).ReplaceAllString(text, "[$1]")
	text = strings.ReplaceAll(text, p.version, "DIGEST")
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(line)
		}
	}
	return b.String()
}

func webGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "web", name+".html")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; go test ./templates -update rewrites it. Now it is:\n%s", file, got)
	}
}

// TestWebStates renders every state that a surface must find words for, as a
// page, as a line of a list, and as JSON.
func TestWebStates(t *testing.T) {
	p := webPages(t)
	for name, state := range states() {
		t.Run(name, func(t *testing.T) {
			line := webLine(state())
			body, err := p.Run(line, 5, trail(), Acts{})
			if err != nil {
				t.Fatal(err)
			}
			list, err := p.Lane(LanePage{Lane: NewLaneView(state().Lane, []*pipeline.Run{state().Run}, noon, here), Past: []RunLine{line}, Now: noon})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := json.Marshal(APIRunOf(line, 5, trail())); err != nil {
				t.Fatal(err)
			}
			for _, page := range [][]byte{body, list} {
				sound(t, string(page))
			}
			if !strings.Contains(string(body), line.Status.Text) {
				t.Errorf("the page does not say %q", line.Status.Text)
			}
		})
	}
}

// sound holds a page to what a screen reader and a Content-Security-Policy need,
// and to showing nothing of what people wrote as markup.
func sound(t *testing.T, page string) {
	t.Helper()
	for what, want := range map[string]int{"<h1": 1, "<main": 1, `<html lang="en">`: 1, "<title>": 1, `class="skip"`: 1, "ZgotmplZ": 0, " style=": 0, " onclick": 0, "<img": 0, "javascript:": 0, "evil.example/)": 0} {
		if n := strings.Count(page, what); n != want {
			t.Errorf("%q is there %d times, want %d", what, n, want)
		}
	}
	if scripts := regexp.MustCompile(`<script(?: src="/static/live\.js\?v=[0-9a-f]+" defer)?>`).FindAllString(page, -1); len(scripts) > 1 {
		t.Errorf("scripts: %q", scripts)
	}
	for _, c := range page {
		if unicode.Is(unicode.Cf, c) {
			t.Fatalf("the page holds %U, which nobody sees and which can turn the text around", c)
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("the id %q is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(` aria-labelledby="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]] {
			t.Errorf("nothing has the id %q, which a section is named by", m[1])
		}
	}
}

func TestAgo(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Second: "just now", -time.Second: "just now", 90 * time.Second: "1 min ago", -71 * time.Hour: "in 71 h", 200 * time.Hour: "8 days ago",
	} {
		if got := ago(noon, noon.Add(-d)); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}
