package stage_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// A repository that the installation does not include any more keeps its runs
// waiting, whatever GitHub's 404 seems to be about; back again, they go on.
func TestRepositoryOutOfReach(t *testing.T) {
	r := newRig(t)
	r.SelectRepos("acme", "other")
	golden(t, "reach-removed", hinders(r, r.job(start("test.yml"), 0)))
	r.SelectRepos("acme")
	perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 0))
}

// A repository that is back before it is asked whether it is in reach fails nothing.
func TestRepositoryBackInTime(t *testing.T) {
	r := newRig(t)
	r.SelectRepos("acme", "other")
	r.OnCall(func(c sandbox.Call) {
		if c.Phase == sandbox.Arrived && strings.HasSuffix(c.Path, "/installation") {
			r.SelectRepos("acme")
		}
	})
	perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 0))
}

// To another owner a run cannot follow, and says so.
func TestRepositoryTransferred(t *testing.T) {
	r := newRig(t)
	r.AddOrg("globex", "alice")
	if err := r.Transfer("acme/shop", "globex"); err != nil {
		t.Fatal(err)
	}
	golden(t, "reach-removed", hinders(r, r.job(start("test.yml"), 0)))
	r.Install("globex")
	golden(t, "reach-transferred", hinders(r, r.job(start("test.yml"), 0)))
}

// A renamed repository is where it was.
func TestRepositoryRenamed(t *testing.T) {
	r := newRig(t)
	if err := r.Rename("acme/shop", "store"); err != nil {
		t.Fatal(err)
	}
	perform[pipeline.WorkflowStarted](r, r.job(start("test.yml"), 0))
}
