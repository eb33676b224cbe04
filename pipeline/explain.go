package pipeline

import (
	"fmt"
	"strings"
	"time"
)

// Explanation answers "why is it waiting, who can move it, what happens next".
type Explanation struct {
	Headline string `json:"headline"`        // one sentence
	Waits    []Wait `json:"waits,omitempty"` // what it waits for now, most important first; empty when nothing
	Next     string `json:"next,omitempty"`  // what happens when that is done, or what to do after the end
	Lines    string `json:"lines,omitempty"` // lines to paste, if any
}

// Wait is one thing that a run waits for.
type Wait struct {
	Stage string `json:"stage,omitempty"` // id
	Refusal
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"` // when it ends by itself; zero: never
}

// Explain says why a run waits, who can move it, and what happens then, from
// the same rules by which Next decides.
func Explain(s State) Explanation {
	r := s.Run
	if r.Status != RunActive {
		x := explainEnd(r)
		_, x.Waits = r.hindrances() // what is still to be shown somewhere
		return x
	}
	block, hide := r.hindrances()
	x := Explanation{Next: next(r), Waits: block}
	for _, st := range r.Plan().Stages {
		sr := r.Stages[st.ID]
		switch {
		case st.Kind == KindApproval && sr.Status == StageWaiting:
			x.Waits = append(x.Waits, explainGate(r)...)
			if why := r.notAtDoor(); why != nil {
				x.Waits = append(x.Waits, Wait{Stage: r.Gate.Deploy, Refusal: *why, Since: r.Gate.OpenAt})
			}
			if k := s.Lane.Lock; k != nil { // said beforehand: it will keep the door shut
				x.Waits = append(x.Waits, Wait{Stage: r.Gate.Deploy, Refusal: k.refusal(r.Environment), Since: k.At, Until: k.Until})
			}
			if f := r.Frozen; f != nil {
				x.Waits = append(x.Waits, Wait{Stage: r.Gate.Deploy, Refusal: f.refusal(r.Environment, r.Env().Commanders), Until: f.Until})
			}
		case sr.Status == StageWaiting && sr.Reason != nil:
			x.Waits = append(x.Waits, Wait{Stage: st.ID, Refusal: *sr.Reason, Since: sr.StartedAt, Until: s.opens(sr.Reason.Code)})
		case sr.Status == StageRunning && !r.Blocked(st.ID):
			x.Waits = append(x.Waits, Wait{Stage: st.ID, Refusal: r.explainRunning(st, sr), Since: sr.StartedAt, Until: sr.Deadline})
		}
	}
	x.Waits = append(x.Waits, hide...)
	if r.Reading != "" && len(x.Waits) == 0 {
		x.Waits = append(x.Waits, Wait{Refusal: Refusal{Code: "reading", Reason: "Commits and workflow files are being read."}, Since: r.CreatedAt})
	}
	x.Headline = r.Release.Version + " is on its way to " + r.Environment + "."
	if len(x.Waits) > 0 {
		x.Headline = x.Waits[0].Reason
	}
	return x
}

// opens is when what closed the lane ends by itself; zero: it does not.
func (s State) opens(code string) time.Time {
	switch {
	case code == "locked" && s.Lane.Lock != nil:
		return s.Lane.Lock.Until
	case code == "frozen" && s.Run.Frozen != nil:
		return s.Run.Frozen.Until
	}
	return time.Time{}
}

func explainEnd(r *Run) Explanation {
	if r.Status == RunSucceeded {
		if !r.deploys() {
			return Explanation{Headline: r.Pipeline + " passed for " + r.Release.Version + "."}
		}
		return Explanation{Headline: r.Release.Version + " went to " + r.Environment + " and is verified."}
	}
	if r.Status == RunObserved {
		return Explanation{
			Headline: "Observed: " + r.Pipeline + " would have begun for " + r.Release.Version + ". Nothing was started and nothing is held.",
			Next:     "To let Gatehouse act, remove mode: observe from the configuration.",
		}
	}
	x := Explanation{Headline: "The run ended: " + string(r.Status) + "."}
	if r.Reason != nil {
		x.Headline = r.Reason.Reason
		x.Next, x.Lines = r.Reason.Fix, r.Reason.Lines
	}
	return x
}

func (r *Run) deploys() bool {
	for _, st := range r.Plan().Stages {
		if st.Kind == KindDeploy {
			return true
		}
	}
	return false
}

func (r *Run) explainRunning(st *Stage, sr *StageRun) Refusal {
	why := Refusal{Code: "running", Reason: st.Title + " runs."}
	if late := r.notStarted(st, sr); late != nil {
		return *late
	}
	if sr.Workflow != nil {
		why.Source = sr.Workflow.URL
	}
	for _, c := range sr.Checks {
		if c.Status != "completed" {
			why.Reason = st.Title + " waits for the check " + c.Name + "."
			break
		}
	}
	return why
}

// notAtDoor is why GitHub asks nobody though the gate is open; nil: it does.
func (r *Run) notAtDoor() *Refusal {
	g := r.Gate
	if st := r.Plan().Stage(g.Deploy); st != nil {
		return r.notStarted(st, r.Stages[g.Deploy])
	}
	return nil
}

// explainGate names every place that is open and what GitHub still asks.
func explainGate(r *Run) []Wait {
	g := r.Gate
	var waits []Wait
	for _, p := range Judge(g.Rules(), g.Approvals).Places {
		if p.Missing == 0 {
			continue
		}
		who := strings.Join(p.Need.Who(), ", ")
		waits = append(waits, Wait{Stage: g.Stage, Since: g.OpenAt, Until: g.ExpiresAt, Refusal: Refusal{
			Code: "approval-missing", Reason: fmt.Sprintf("Waits for %d approval%s of %s.", p.Missing, plural(p.Missing), who),
			Fix: howToApprove(g), Who: p.Need.Who(),
		}})
	}
	if len(waits) > 0 {
		waits[0].Fix += g.nextCall()
	}
	if len(g.Reviewers) > 0 && !g.Reviewed {
		w := Wait{Stage: g.Stage, Since: g.OpenAt, Until: g.ExpiresAt, Refusal: Refusal{
			Code: "review-missing", Reason: "GitHub waits for one of its required reviewers: " + strings.Join(g.Reviewers, ", ") + ".",
			Fix: "Press Review deployments on the workflow run.", Who: g.Reviewers,
		}}
		if len(waits) == 0 {
			w.Reason = "One click remains: Review deployments in GitHub, by " + strings.Join(g.Reviewers, ", ") + "."
		}
		if sr := r.Stages[g.Deploy]; sr.Workflow != nil {
			w.Source = sr.Workflow.URL
		}
		waits = append(waits, w)
	}
	return waits
}

// nextCall says who is told next, if it goes on waiting.
func (g *Gate) nextCall() string {
	for _, e := range g.Escalations() {
		if !e.Told {
			return fmt.Sprintf(" If it still waits at %s, %s will be told.", clock(e.At), strings.Join(e.Who, ", "))
		}
	}
	return ""
}

func howToApprove(g *Gate) string {
	if len(g.Reviewers) > 0 && !g.Reviewed {
		return "Press Review deployments on the workflow run in GitHub, or comment /approve."
	}
	return "Press Approve on the check run, or comment /approve."
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// next names the stages that follow what runs or waits now.
func next(r *Run) string {
	var titles []string
	for _, st := range r.Plan().Stages {
		if r.Stages[st.ID].Status == StagePending {
			titles = append(titles, st.Title)
		}
	}
	if len(titles) == 0 {
		return ""
	}
	return "Then: " + strings.Join(titles, ", ") + "."
}
