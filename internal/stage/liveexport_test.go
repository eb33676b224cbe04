package stage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// exports are the calls that began an export, and where each was to be written.
func (tn *theTown) exports() (to []string) {
	for _, c := range tn.world.Record() {
		if strings.HasSuffix(c.Path, ":exportDocuments") && c.Method == "POST" {
			to = append(to, string(c.Body))
		}
	}
	return to
}

// A backup's export is begun once, followed to its end however often it is looked
// at, and only then the snapshot is taken.
func TestAnExportIsFollowedToItsEnd(t *testing.T) {
	const takes = 47 * time.Minute
	tn := newTown(t, google.Options{Export: takes})
	tn.deploy(google.Deployment{Commit: "v1"})
	began := tn.clock.Now()
	out := outcome[pipeline.SnapshotTaken](tn, pipeline.TakeSnapshot{Project: product, Export: "gs://avalo-backups/", Sources: true})
	if waited := tn.clock.Now().Sub(began); waited < takes || waited > takes+time.Minute {
		t.Errorf("the snapshot came after %s, and the export took %s", waited, takes)
	}
	begun := tn.exports()
	if len(begun) != 1 || !strings.Contains(begun[0], "gs://avalo-backups/gatehouse/"+string(runID)+"/") {
		t.Errorf("exports begun: %q", begun)
	}
	if out.Ref.Blob == "" || len(out.Ref.Unread) > 0 {
		t.Errorf("snapshot: %+v", out.Ref)
	}
}

// An export that Google refuses is said with Google's words, and no snapshot
// pretends that there is one.
func TestAnExportThatIsRefused(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.google.SetFaults(google.Fault{Method: "firestore.projects.databases.exportDocuments", Kind: google.Disabled})
	why := outcome[pipeline.Failed](tn, pipeline.TakeSnapshot{Project: product, Export: "gs://avalo-backups"}).Refusal
	if why.Code != "google-disabled" || !strings.Contains(why.Fix, "firestore.googleapis.com") {
		t.Errorf("refused: %+v", why)
	}
}
