package templates

import (
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Gate is the approval of a run, as people need to know it.
type Gate struct {
	Stage       string // title of the approval
	Open        bool   // it waits for people now
	ByGitHub    bool   // GitHub holds the door, by its environment
	Places      []Place
	Reviewers   []string // whom GitHub itself requires
	NeedsReview bool     // GitHub still waits for one of them
	OneClick    bool     // all approvals are there, only GitHub's click is missing
	Review      string   // page with "Review deployments", or ""
	Checks      string   // page of the commit's checks
	Advisory    bool
	Escalations []pipeline.Escalation // who else is told, and when
	Approvals   []Approval            // those that count
	Disregarded []Approval            // those that do not, each with why
	ExpiresAt   time.Time
	ExpiresIn   string // from now; "" when it does not wait
	Door        pipeline.DoorState
	DoorAt      time.Time
	Behind      []string // titles of the stages that its opening lets go
	NeedsReason bool
	MayWithdraw bool // an approval counts and the door has not opened
}

// Place is one need of the policy.
type Place struct {
	Count   int
	Of      []string // logins, @org/team
	Filled  []string
	Missing int
}

// Approval is one person's yes.
type Approval struct {
	ID      int64 // GitHub's
	By      string
	At      time.Time
	Surface string
	Comment string
	Why     *pipeline.Refusal // nil: it counts
}

func (m *maker) gate() *Gate {
	of := m.run.Gate
	if of == nil {
		return nil
	}
	g := &Gate{
		ByGitHub: of.Kind == pipeline.GateByEnvironment, Reviewers: of.Reviewers,
		NeedsReview: len(of.Reviewers) > 0 && !of.Reviewed, Advisory: of.Advisory,
		Checks:    m.links.Checks(m.run.Repo, m.run.Release.SHA),
		ExpiresAt: of.ExpiresAt, Door: of.Door, DoorAt: of.DoorAt, Behind: m.behind(of.Deploy),
	}
	if st := m.run.Plan().Stage(of.Stage); st != nil {
		g.Stage = st.Title
	}
	sr := m.run.Stages[of.Stage]
	g.Open = sr != nil && sr.Status == pipeline.StageWaiting && m.run.Status == pipeline.RunActive
	m.places(g, of)
	m.approvals(g, of)
	if deploy := m.run.Stages[of.Deploy]; g.ByGitHub && deploy != nil && deploy.Workflow != nil && deploy.Workflow.ID != 0 {
		g.Review = m.links.Workflow(m.run.Repo, deploy.Workflow.ID)
	}
	shut := of.Door == pipeline.DoorShut || of.Door == pipeline.DoorVerifying
	g.MayWithdraw = len(g.Approvals) > 0 && shut && m.run.Status == pipeline.RunActive
	if g.Open && !of.ExpiresAt.IsZero() {
		g.ExpiresIn = span(max(0, of.ExpiresAt.Sub(m.now)))
	}
	return g
}

func (m *maker) places(g *Gate, of *pipeline.Gate) {
	if of.Policy == nil {
		return
	}
	verdict := pipeline.Judge(of.Rules(), of.Approvals)
	for _, p := range verdict.Places {
		g.Places = append(g.Places, Place{Count: p.Need.Count, Of: p.Need.Who(), Filled: names(p.Filled), Missing: p.Missing})
	}
	g.OneClick = g.Open && verdict.Met && g.NeedsReview
	g.NeedsReason, g.Escalations = of.Policy.ReasonRequired, of.Escalations()
}

func (m *maker) approvals(g *Gate, of *pipeline.Gate) {
	for _, a := range of.Approvals {
		shown := Approval{ID: a.By.ID, By: name(a.By), At: a.At, Surface: string(a.Surface), Comment: a.Comment}
		switch {
		case a.Counts():
			g.Approvals = append(g.Approvals, shown)
			continue
		case a.Void != nil:
			shown.Why = a.Void
		case a.Refused != nil:
			shown.Why = a.Refused
		default:
			shown.Why = &pipeline.Refusal{Code: "not-verified", Reason: "GitHub is being asked who this is."}
		}
		g.Disregarded = append(g.Disregarded, shown)
	}
}

// behind lists the deploy and what comes after it in the file's order.
func (m *maker) behind(deploy string) []string {
	var titles []string
	for _, st := range m.run.Plan().Stages {
		if st.ID == deploy || len(titles) > 0 {
			titles = append(titles, st.Title)
		}
	}
	return titles
}

// Missing is the number of places that are open.
func (g *Gate) Missing() int {
	n := 0
	for _, p := range g.Places {
		n += p.Missing
	}
	return n
}

// Approvers are those whose approval counts.
func (g *Gate) Approvers() []string {
	var by []string
	for _, a := range g.Approvals {
		by = append(by, a.By)
	}
	return by
}

// way is one way to open a gate.
type way struct {
	text    string
	address string // where; "" for a command
	command string // what to type; "" for a button
}

// ways says how to approve, the one that does most first. A review in GitHub
// fills a place of ours too; where GitHub asks nobody, its dialog opens nothing.
// A button brings no reason, so it is not offered where one is asked for.
func (g *Gate) ways() []way {
	var ways []way
	if g.NeedsReview && g.Review != "" {
		ways = append(ways, way{text: "press Review deployments in GitHub", address: g.Review})
	}
	if g.OneClick {
		return ways
	}
	command := "/approve"
	if g.NeedsReason {
		command += " REASON"
	} else {
		ways = append(ways, way{text: "press Approve on the check", address: g.Checks})
	}
	return append(ways, way{text: "comment on the commit:", command: command})
}

// remains says in one sentence what is still missing.
func (g *Gate) remains() string {
	switch {
	case !g.Open:
		return ""
	case g.OneClick:
		return "One click remains: Review deployments, by " + either(g.Reviewers) + "."
	}
	var parts []string
	for _, p := range g.Places {
		if p.Missing > 0 {
			parts = append(parts, count(p.Missing, "approval")+" of "+either(p.Of))
		}
	}
	if len(parts) == 0 {
		return "All approvals are there."
	}
	text := "Waits for " + list(parts) + "."
	if g.NeedsReview && g.sameGroup() {
		return "Waits for " + list(parts) + ": Review deployments in GitHub."
	}
	if g.NeedsReview {
		text += " GitHub also asks for Review deployments by " + either(g.Reviewers) + "."
	}
	return text
}

// either joins alternatives: a, b or c.
func either(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
	return strings.Join(names, "")
}

// sameGroup reports whether GitHub asks the very group whose last place is open,
// so that one click does both.
func (g *Gate) sameGroup() bool {
	var open []Place
	for _, p := range g.Places {
		if p.Missing > 0 {
			open = append(open, p)
		}
	}
	return len(open) == 1 && open[0].Missing == 1 && slices.EqualFunc(open[0].Of, g.Reviewers, func(a, b string) bool {
		return strings.EqualFold(slug(a), slug(b))
	})
}

// slug is a team's or person's name without @ and organization.
func slug(s string) string {
	return strings.TrimPrefix(s[strings.LastIndexByte(s, '/')+1:], "@")
}
