package main_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// In mode: observe a push is answered with one neutral check run that says what
// would have happened; nothing is started, nobody is asked, no door is held.
func TestObserve(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{Files: short(map[string]string{configFile: "mode: observe\n" + shortConfig})})
	sha := s.release()
	s.shows(sha, "production (observe)", "neutral", "What would have happened", "Would start the workflow", "Would ask 1 of", "Gatehouse would hold the door")
	checks := 0
	for _, c := range s.snapshot().CheckRuns {
		if c.App == "gatehouse" && c.HeadSHA == sha {
			checks++
		}
	}
	if checks != 1 {
		t.Errorf("%d check runs on the commit:\n%s", checks, s.board())
	}
	if n := s.calls("POST", "/dispatches"); n != 0 {
		t.Errorf("%d workflows were started", n)
	}
	inputs := map[string]string{"gatehouse_run": "mine", "sha": sha, "environment": "production"}
	id, err := s.world.RunWorkflow(demo.Dana, demo.Repo, "deploy.yml", branch, inputs)
	own := must(s, id, err)
	if err := s.world.Review(demo.Ada, demo.Repo, own, []string{"production"}, "approved", "Go"); err != nil {
		t.Fatal(err)
	}
	s.until("the team's own deploy goes through the door", func() bool {
		run, err := s.world.Run(demo.Repo, own)
		return err == nil && run.Conclusion == "success" && strings.Contains(run.Jobs[0].Gate.Comment, "mode: observe")
	})
}
