package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The kinds of stored items.
const (
	KindDelivery Kind = "delivery" // <inst>/<app>/<guid>
	KindIntake   Kind = "intake"   // <inst>/<16 hex>, sorting by time
	KindRun      Kind = "run"      // <inst>/<run id>
	KindLane     Kind = "lane"     // <inst>/<lane id>
	KindLog      Kind = "log"      // <inst>/<lane id>/<seq, 12 digits>
	KindLink     Kind = "link"     // <inst>/<repo id>/workflow/<id> or /commit/<sha>
	KindAnswer   Kind = "answer"   // <inst>/<id of a command given by the API>
	KindFault    Kind = "fault"    // <inst>/<kind>/<rest of the id> of an item that fails
	KindTally    Kind = "tally"    // <inst>/<repo id>/<person's id>: that one's commands in comments, written over every hour
	KindDuty     Kind = "duty"     // 0/<name>; belongs to no installation
	// KindInstalled is when an installation was seen at GitHub: <inst>/seen.
	KindInstalled Kind = "installed"
)

// Item states that the engine itself sets. A run's state is its status.
const (
	StateOpen   = "open"   // there is something left to do
	StateDone   = "done"   // nothing is left to do
	StateParked = "parked" // failed too often: a person must look
)

// RunRef names a run.
func RunRef(inst int64, id pipeline.RunID) Ref {
	return Ref{Kind: KindRun, ID: tenant(inst) + string(id)}
}

// LaneRef names a lane.
func LaneRef(inst int64, id pipeline.LaneID) Ref {
	return Ref{Kind: KindLane, ID: tenant(inst) + string(id)}
}

// DeliveryRef names a delivery.
func DeliveryRef(inst, app int64, guid string) Ref {
	return Ref{Kind: KindDelivery, ID: tenant(inst) + strconv.FormatInt(app, 10) + "/" + guid}
}

// IntakeRef names an intake.
func IntakeRef(inst int64, id string) Ref { return Ref{Kind: KindIntake, ID: tenant(inst) + id} }

// AnswerRef names the answer to a command that was given by the API.
func AnswerRef(inst int64, command string) Ref {
	return Ref{Kind: KindAnswer, ID: tenant(inst) + command}
}

// tallyRef names what counts a person's commands in a repository.
func tallyRef(repo pipeline.Repo, person int64) Ref {
	return Ref{Kind: KindTally, ID: tenant(repo.Installation) + scopeOf(repo) + "/" + strconv.FormatInt(person, 10)}
}

// DutyRef names how far a duty of the whole service has come.
func DutyRef(name string) Ref { return Ref{Kind: KindDuty, ID: tenant(0) + name} }

func installedRef(inst int64) Ref { return Ref{Kind: KindInstalled, ID: tenant(inst) + "seen"} }

func logRef(inst int64, lane pipeline.LaneID, seq int64) Ref {
	return Ref{Kind: KindLog, ID: logPrefix(inst, lane) + fmt.Sprintf("%012d", seq)}
}

func logPrefix(inst int64, lane pipeline.LaneID) string { return tenant(inst) + string(lane) + "/" }

func workflowLink(repo pipeline.Repo, workflow int64) Ref {
	return Ref{Kind: KindLink, ID: tenant(repo.Installation) + scopeOf(repo) + "/workflow/" + strconv.FormatInt(workflow, 10)}
}

func commitLink(repo pipeline.Repo, sha string) Ref {
	return Ref{Kind: KindLink, ID: tenant(repo.Installation) + scopeOf(repo) + "/commit/" + sha}
}

func faultRef(of Ref) Ref {
	inst, rest, _ := strings.Cut(of.ID, "/")
	return Ref{Kind: KindFault, ID: inst + "/" + string(of.Kind) + "/" + rest}
}

// tenant is what every id of an installation begins with. The slash sets 7
// apart from 70.
func tenant(inst int64) string { return strconv.FormatInt(inst, 10) + "/" }

func scopeOf(repo pipeline.Repo) string { return strconv.FormatInt(repo.ID, 10) }

// installation reads the tenant back from an id; 0 if there is none.
func installation(id string) int64 {
	head, _, _ := strings.Cut(id, "/")
	n, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// intakeID sorts by the time of the delivery and is the same for the same
// signal of the same delivery.
func intakeID(at time.Time, delivery string, signal int) string {
	sum := sha256.Sum256([]byte(delivery + "\x00" + strconv.Itoa(signal)))
	return fmt.Sprintf("%08x", at.Unix()) + hex.EncodeToString(sum[:4])
}
