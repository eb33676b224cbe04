package google_test

import (
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

const shop = "avalo-shop"

// stage is a repository whose workflow deploys with the Firebase CLI.
type stage struct {
	*testing.T
	clock  *sandbox.ManualClock
	world  *sandbox.World
	google *google.Google
	script string // script is the workflow's file.
}

func newStage(t *testing.T, script string) *stage {
	t.Helper()
	s := &stage{T: t, clock: sandbox.NewManualClock(time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC))}
	s.world = sandbox.New(sandbox.Options{Clock: s.clock})
	t.Cleanup(s.world.Close)
	s.google = google.New(s.world, google.Options{})
	s.google.AddProject(google.ProjectSpec{ID: shop, Functions: []google.FunctionSpec{{Name: "api"}}, Parameters: map[string]string{"a": "1"}})
	s.world.AddProgram("firebase", s.google.Program(10*time.Second))
	s.world.AddUser("ada", "Ada")
	s.world.AddRepo("ada", "shop", sandbox.RepoOptions{})
	s.script = "on: push\njobs:\n  deploy:\n    steps:\n      - run: |\n          " + script + "\n"
	return s
}

// push makes a commit and lets its workflow run for so long; it gives the commit and how the run stands.
func (s *stage) push(wait time.Duration) (commit, conclusion string) {
	s.Helper()
	commit, err := s.world.Push("ada/shop", sandbox.Push{
		Branch: "main", By: "ada", Message: "change", Files: map[string]string{".github/workflows/deploy.yml": s.script},
	})
	if err != nil {
		s.Fatal(err)
	}
	s.clock.Advance(wait)
	snapshot, err := s.world.Snapshot("ada/shop")
	if err != nil {
		s.Fatal(err)
	}
	for _, run := range snapshot.Runs {
		if run.HeadSHA == commit {
			return commit, run.Status + " " + run.Conclusion
		}
	}
	s.Fatal("the push started nothing")
	return "", ""
}

func (s *stage) live(what string) string { return s.google.Live(shop).Commits[what] }

func TestAWorkflowDeploysWithTheCLI(t *testing.T) {
	s := newStage(t, "npx firebase deploy --force --project "+shop)
	commit, end := s.push(time.Minute)
	for _, what := range []string{"hosting/" + shop, "rules/cloud.firestore", "function/us-central1/api"} {
		if s.live(what) != commit {
			t.Errorf("%s is of %q", what, s.live(what))
		}
	}
	if end != "completed success" || s.google.Live(shop).Config != "1" {
		t.Errorf("the run is %s, live %+v", end, s.google.Live(shop))
	}
}

func TestAHalfDoneDeploy(t *testing.T) {
	for _, silent := range []bool{false, true} {
		s := newStage(t, "firebase deploy --force --project="+shop)
		s.google.BreakDeploys(shop, google.Half{After: google.Rules, Silent: silent})
		commit, end := s.push(time.Minute)
		want := "completed failure"
		if silent {
			want = "completed success"
		}
		if end != want || s.live("rules/cloud.firestore") != commit || s.live("hosting/"+shop) != "" {
			t.Errorf("silent %v: the run is %s, live %+v", silent, end, s.google.Live(shop))
		}
	}
}

func TestADeployThatIsCancelledLeavesTheRest(t *testing.T) {
	s := newStage(t, "firebase deploy --force --project "+shop)
	commit, end := s.push(15 * time.Second)
	if end != "in_progress " {
		t.Fatalf("the run is %s", end)
	}
	snapshot, err := s.world.Snapshot("ada/shop")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.world.CancelRun("ada", "ada/shop", snapshot.Runs[0].ID); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(time.Hour)
	if s.live("rules/cloud.firestore") != commit || s.live("hosting/"+shop) != "" || s.live("function/us-central1/api") != "" {
		t.Errorf("live: %+v", s.google.Live(shop))
	}
}

func TestWithoutForceAndPolicyTheCLIFailsAfterTheFunctions(t *testing.T) {
	s := newStage(t, "firebase deploy --non-interactive --project "+shop)
	commit, end := s.push(time.Minute)
	if end != "completed failure" || s.live("function/us-central1/api") != commit || s.live("hosting/"+shop) != "" {
		t.Errorf("the run is %s, live %+v", end, s.google.Live(shop))
	}
}

func TestOnlyWhatIsNamed(t *testing.T) {
	s := newStage(t, "firebase deploy --force --only hosting,firestore:rules --project "+shop)
	commit, _ := s.push(time.Minute)
	if s.live("rules/cloud.firestore") != commit || s.live("hosting/"+shop) != commit || s.live("function/us-central1/api") != "" {
		t.Errorf("live: %+v", s.google.Live(shop))
	}
	for _, wrong := range []string{"firebase deploy --only nothing --project " + shop, "firebase deploy --project other-project", "firebase use " + shop} {
		if _, end := newStage(t, wrong).push(time.Minute); end != "completed failure" {
			t.Errorf("%s: %s", wrong, end)
		}
	}
}
