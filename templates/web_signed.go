package templates

import (
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Viewer is who looks at the pages. Without one they are the operator's own.
type Viewer struct {
	Login string
	Until time.Time // when the session ends by itself
}

// For gives the pages as a person sees them: with his name on them.
func (p *Pages) For(v Viewer) *Pages {
	c := *p
	c.viewer = &v
	return &c
}

// Acts is what the viewer of a run can do to it now, and what became of the last
// thing that he did.
type Acts struct {
	Action   string // where the form goes
	Release  string // digest of the release that he is shown
	Approve  bool
	Reject   bool
	Withdraw bool
	Retry    bool
	Cancel   bool
	Reason   string            // what he typed before
	NotHim   *pipeline.Refusal // why his approval would not count, if that is known
	Answer   *CommandAnswer
	Back     *BackLink // the way to take the lane back; nil: not from this run
}

// Any reports whether there is anything to do.
func (a Acts) Any() bool { return a.Approve || a.Reject || a.Withdraw || a.Retry || a.Cancel }

// CommandAnswer is what became of a command.
type CommandAnswer struct {
	Verb    pipeline.Verb
	At      time.Time
	Pending bool
	OK      bool
	Refused *pipeline.Refusal
	Text    string
}

// Taken says in a sentence what a good answer means.
func (a CommandAnswer) Taken() string {
	switch a.Verb {
	case pipeline.VerbApprove:
		return "Your approval counts."
	case pipeline.VerbReject:
		return "You rejected the release."
	case pipeline.VerbWithdraw:
		return "Your approval is withdrawn."
	case pipeline.VerbRetry:
		return "What failed is tried again."
	case pipeline.VerbCancel:
		return "The run is canceled."
	case pipeline.VerbStatus, pipeline.VerbDeploy, pipeline.VerbLock, pipeline.VerbUnlock, pipeline.VerbRollback, pipeline.VerbKill:
	}
	return "Done."
}

// SignIn renders the page on which people sign in. start leads to GitHub; why
// says what went wrong before, if anything.
func (p *Pages) SignIn(start string, why []string, now time.Time) ([]byte, error) {
	return p.render("signin", frame{Title: "Sign in", Now: now, Page: struct {
		Start string
		Why   []string
	}{start, why}})
}

// Again is a form that came after its session had ended: it is shown with all
// that was typed, so that nothing is lost.
type Again struct {
	Start  string // leads to GitHub
	Action string // where the form goes
	Fields []Field
	Verb   pipeline.Verb
	Reason string
}

// Field is a hidden field of a form.
type Field struct{ Name, Value string }

// SignInAgain renders it.
func (p *Pages) SignInAgain(a Again, now time.Time) ([]byte, error) {
	return p.render("again", frame{Title: "Sign in again", Now: now, Page: a})
}

// AccountPage is what a person has here.
type AccountPage struct {
	Keys  []AccountKey
	Fresh string // the secret of a key that was just made; shown this once
	Until time.Time
	Repos []string // what he may see, by name
	Pairs bool     // people are paired with Slack accounts here
	Slack []string // his accounts in Slack, by their names there
	Web   string   // GitHub's page of what he authorized
}

// AccountKey is a key for the command line.
type AccountKey struct {
	ID, Name, Hint string
	At, Until      time.Time
}

// Account renders it.
func (p *Pages) Account(a AccountPage, now time.Time) ([]byte, error) {
	return p.render("account", frame{Title: "You", Here: "account", Now: now, Page: a})
}

// ApprovalsPage is every gate that waits for people, those first that wait for
// the viewer.
type ApprovalsPage struct {
	Yours  []ApprovalLine
	Others []ApprovalLine
	Now    time.Time
}

// ApprovalLine is a run at its gate.
type ApprovalLine struct {
	RunLine
	NotHim *pipeline.Refusal // why it does not wait for the viewer
}

// Approvals renders it.
func (p *Pages) Approvals(a ApprovalsPage) ([]byte, error) {
	title := "Approvals"
	if n := len(a.Yours); n > 0 {
		title = "(" + strconv.Itoa(n) + ") " + title
	}
	return p.render("approvals", frame{Title: title, Here: "approvals", Follow: "all", Now: a.Now, Page: a})
}

// PairPage asks whether a Slack account is the viewer's own.
type PairPage struct {
	Token string
	Slack string // its name there
	User  string // Slack's ids
	Team  string
}

// Pair renders it.
func (p *Pages) Pair(a PairPage, now time.Time) ([]byte, error) {
	return p.render("pair", frame{Title: "Pair with Slack", Now: now, Page: a})
}
