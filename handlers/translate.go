package handlers

import (
	"encoding/json"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Us is who we are, so that the echo of what we did is known for what it is.
type Us struct {
	AppID    int64
	BotLogin string // slug[bot]; empty: not known
	APIURL   string // GitHub's REST API, without a slash at the end
}

// Translation is what a payload says. Either Ignored has the reason why it is
// of no interest, or there are signals and a repository with its installation.
type Translation struct {
	Action  string
	Repo    pipeline.Repo
	Signals []engine.Signal
	Ignored string
	Revoked int64 // the person who took back on GitHub what he had allowed the App
}

// news is a payload while it is being translated.
type news struct {
	us    Us
	now   time.Time
	event string
	body  []byte
	envelope
}

// family reads one kind of event: signals, or why it is ignored, or what is
// wrong with it.
type family func(*news) (signals []engine.Signal, ignored string, err error)

// Translate turns a payload into facts. It is pure. An error is a
// [*pipeline.Refusal]: the payload lacks what GitHub promises, or leads to
// somebody else's door.
func Translate(us Us, event string, payload []byte, now time.Time) (Translation, error) {
	n := &news{us: us, now: now, event: event, body: payload}
	read := heard(event)
	if read == nil {
		_ = json.Unmarshal(payload, &n.envelope) // whatever an event of no use to us looks like
		t := n.translation()
		t.Ignored = whyUnheard(event)
		if event == "github_app_authorization" && t.Action == "revoked" {
			t.Revoked = max(n.Sender.ID, 0)
		}
		return t, nil
	}
	if err := n.into(&n.envelope); err != nil {
		return Translation{}, err
	}
	t := n.translation()
	signals, ignored, err := read(n)
	switch {
	case err != nil:
		return Translation{}, err
	case ignored != "":
		t.Ignored = ignored
	case t.Repo.Installation <= 0:
		t.Ignored = "it names no installation of the App, so nobody could act on it"
	case t.Repo.ID <= 0 || t.Repo.Owner == "" || t.Repo.Name == "":
		return Translation{}, malformed("the repository is missing")
	default:
		t.Signals = signals
	}
	return t, nil
}

func (n *news) translation() Translation {
	repo := n.Repository.repo()
	repo.Installation = max(n.Installation.ID, 0)
	return Translation{Action: n.Action, Repo: repo}
}

// into decodes the payload; what our structs do not name is passed over.
func (n *news) into(v any) error {
	if err := json.Unmarshal(n.body, v); err != nil {
		return malformed("the payload of " + n.event + " does not have GitHub's form")
	}
	return nil
}

// heard finds the family of an event, or nil.
func heard(event string) family {
	switch event {
	case "push":
		return (*news).push
	case "check_run":
		return (*news).checkRun
	case "check_suite":
		return (*news).checkSuite
	case "status":
		return (*news).status
	case "workflow_run":
		return (*news).workflowRun
	case "workflow_dispatch":
		return (*news).workflowDispatch
	case "workflow_job":
		return (*news).workflowJob
	case "deployment":
		return (*news).deployment
	case "deployment_status":
		return (*news).deploymentStatus
	case "deployment_review":
		return (*news).review
	case "deployment_protection_rule":
		return (*news).door
	case "issue_comment":
		return (*news).issueComment
	case "commit_comment":
		return (*news).commitComment
	default:
		return nil
	}
}

// one is the answer of a family that has exactly one signal.
func one(s engine.Signal) ([]engine.Signal, string, error) { return []engine.Signal{s}, "", nil }

func ignore(reason string) ([]engine.Signal, string, error) { return nil, reason, nil }

func fail(err error) ([]engine.Signal, string, error) { return nil, "", err }
