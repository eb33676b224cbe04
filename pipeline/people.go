package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ask keeps what a person wants until GitHub has said who that is.
func (m *machine) ask(a Ask) {
	for _, other := range m.run.Asks {
		if other.Verb == a.Verb && other.By.ID == a.By.ID && other.Stage == a.Stage && !a.Where.Answerable() {
			return // the same click twice
		}
	}
	verify := VerifyPerson{Person: a.By, Role: a.Verb != VerbApprove} // a team speaks for who approves; the rest takes write access
	policy := m.run.Env().Approval
	if g := m.run.Gate; g != nil {
		rules := g.Rules()
		policy = &rules
	}
	if policy != nil {
		verify.Teams, verify.Role = policy.Teams(), verify.Role || policy.NamesUsers()
	}
	key := m.owe("person", string(a.Verb), verify)
	if m.run.Asks == nil {
		m.run.Asks = map[string]Ask{}
	}
	m.run.Asks[key] = a
}

// asked goes on once the person's standing is known.
func (m *machine) asked(a Ask, o Outcome) {
	v, ok := o.(PersonVerified)
	if !ok {
		why := Refusal{Code: "not-verified", Reason: "GitHub could not say who " + a.By.Login + " is here.", Fix: "Try again in a minute."}
		if f, failed := o.(Failed); failed {
			why = f.Refusal
		}
		m.note(a.By.Login, "asked to %s: %s", a.Verb, why.Reason)
		m.record("refused", string(a.Verb), a.By, why.Reason)
		m.reply(a, &why, "")
		return
	}
	var why *Refusal
	switch a.Verb {
	case VerbApprove:
		why = m.approve(a, v.Standing)
	case VerbReject:
		why = m.rejectAsked(a, v.Standing)
	case VerbRetry:
		why = m.retry(a, v.Standing)
	case VerbCancel:
		why = m.cancel(a, v.Standing)
	case VerbStatus, VerbWithdraw, VerbRollback:
		// Answered at once; nobody is verified for it.
	}
	if why != nil {
		m.refused = why
		m.record("refused", string(a.Verb), a.By, why.Reason)
	}
	m.reply(a, why, "")
}

func (m *machine) reply(a Ask, why *Refusal, text string) {
	if a.Where.Answerable() {
		m.owe("reply", string(a.Verb), Reply{Where: a.Where, OK: why == nil, Refused: why, Text: text})
	}
}

func (m *machine) noGate() *Refusal {
	g := m.run.Gate
	switch {
	case g == nil || g.OpenAt.IsZero():
		return &Refusal{
			Code: "no-gate-yet", Reason: m.run.Release.Version + " does not wait for an approval now.",
			Fix: "See /status. A release is approved when it has reached its gate.",
		}
	case g.Door == DoorOpen || g.Door == DoorOpening:
		return &Refusal{Code: "already-approved", Reason: fmt.Sprintf("%s was already approved by %s; the door opened at %s.",
			m.run.Release.Version, g.approvers(), m.doorTime())}
	case g.Door == DoorClosed || m.run.Status != RunActive:
		return &Refusal{Code: "run-over", Reason: "This run is over: " + string(m.run.Status) + ".", Fix: "Push the release branch again to start anew."}
	}
	return nil
}

func (m *machine) doorTime() string {
	at := m.run.Gate.DoorAt
	if at.IsZero() {
		at = m.at
	}
	return clock(at)
}

func (m *machine) approve(a Ask, s Standing) *Refusal {
	if why := m.noGate(); why != nil {
		return why
	}
	g := m.run.Gate
	for _, had := range g.Approvals {
		if had.Counts() && had.By.ID == s.Person.ID {
			return &Refusal{Code: "approved-before", Reason: fmt.Sprintf("%s already approved at %s.", s.Person.Login, clock(had.At))}
		}
	}
	rules := g.Rules()
	why := Admit(rules, m.run.Release, s)
	if x := m.run.Restore; x != nil && why == nil && s.Person.ID == x.By.ID {
		why = &Refusal{
			Code: "requester", Reason: s.Person.Login + " asked for this rollback; somebody else gives the final approval.",
			Fix: "One of these may: " + strings.Join(rules.Who(), ", ") + ".", Who: rules.Who(),
		}
	}
	if why == nil && g.Policy.ReasonRequired && strings.TrimSpace(a.Text) == "" {
		why = &Refusal{Code: "reason-required", Reason: "The policy of " + g.Environment + " asks for a reason.", Fix: "Write it behind the command or in the review's comment:", Lines: "/approve " + m.run.Release.Version + " REASON"}
	}
	g.Approvals = append(g.Approvals, Approval{
		By: s.Person, At: m.at, Surface: a.Where.Surface, Comment: a.Text, Release: m.run.Bound().Digest(), Standing: &s, Refused: why,
	})
	if why == nil {
		m.record("approval", g.Environment, s.Person, string(a.Where.Surface))
		m.lookForReviews()
		m.recordReview(a, s.Person)
	} else {
		m.note(s.Person.Login, "approval by %s does not count: %s", s.Person.Login, why.Reason)
	}
	m.changed(g.Stage)
	m.mark(SlotDetails)
	return why
}

// lookForReviews reads GitHub's reviews when only they are missing: the webhook
// of one may have been lost, and nobody can review twice.
func (m *machine) lookForReviews() {
	g := m.run.Gate
	w := m.run.Stages[g.Deploy].Workflow
	if Judge(g.Rules(), g.Approvals).Met && len(g.Reviewers) > 0 && !g.Reviewed && g.Doing == "" && w != nil {
		g.Doing = m.owe(g.Stage, "read-reviews", ReadReviews{Workflow: w.ID})
	}
}

// turnAway answers what people asked while the run came to its end.
func (m *machine) turnAway(why Refusal) {
	for _, key := range slices.Sorted(maps.Keys(m.run.Asks)) {
		a := m.run.Asks[key]
		m.reply(a, &Refusal{Code: "run-over", Reason: "This run is over. " + why.Reason, Fix: why.Fix}, "")
	}
	m.run.Asks = nil
}

// voidAsks turns away approvals of which GitHub has not yet said who gives them:
// they were meant for what the release was, or under the policy as it was.
func (m *machine) voidAsks(why Refusal) {
	for _, key := range slices.Sorted(maps.Keys(m.run.Asks)) {
		a := m.run.Asks[key]
		if a.Verb != VerbApprove {
			continue
		}
		delete(m.run.Asks, key)
		m.note(a.By.Login, "approval by %s does not count: %s", a.By.Login, why.Reason)
		m.record("refused", string(a.Verb), a.By, why.Reason)
		m.reply(a, &why, "")
		m.mark(SlotDetails)
	}
}

func (m *machine) rejectAsked(a Ask, s Standing) *Refusal {
	if why := m.noGate(); why != nil {
		return why
	}
	if why := MayReject(m.run.Gate.Rules(), m.run.Repo, s); why != nil {
		return why
	}
	m.reject(s.Person, a.Text, a.Where.Surface)
	return nil
}

// cancel ends a run, up to the opening of the door.
func (m *machine) cancel(_ Ask, s Standing) *Refusal {
	switch {
	case !s.CanWrite():
		return needsWrite(s, m.run.Repo, "cancel a run")
	case m.run.Restore != nil && !m.run.Env().commands(s):
		return m.run.Env().notCommander(s, "cancel a rollback")
	case m.run.Status != RunActive:
		return &Refusal{Code: "run-over", Reason: "This run is over: " + string(m.run.Status) + "."}
	case m.committed():
		return &Refusal{
			Code: "door-open", Reason: m.run.Release.Version + " is on its way to " + m.run.Environment + " already; canceling now would leave it half done.",
			Fix: "Let it end, then go back to the release before it.",
		}
	}
	m.end(RunCanceled, Refusal{Code: "canceled", Reason: "Canceled by " + s.Person.Login + ".", Fix: "Push again to start anew."})
	return nil
}

// retry takes a failed run up again at its failed stages, or at the one named.
func (m *machine) retry(a Ask, s Standing) *Refusal {
	if why := m.mayRetry(a, s); why != nil {
		return why
	}
	r := m.run
	alone := false // another failed stage stays as it is, and with it what was skipped
	for _, st := range r.Plan().Stages {
		alone = alone || a.Stage != "" && a.Stage != st.ID && !st.tolerated() && r.Stages[st.ID].Status == StageFailed
	}
	for _, st := range r.Plan().Stages {
		sr := r.Stages[st.ID]
		failed := sr.Status == StageFailed && (a.Stage == "" || a.Stage == st.ID)
		if failed || !alone && (sr.Status == StageSkipped || sr.Status == StageCanceled) {
			sr.Status, sr.Reason, sr.Tried, sr.EndedAt, sr.Retried = StagePending, nil, 0, time.Time{}, failed
		}
	}
	if m.lane.Runs[r.ID] == nil {
		m.register()
	}
	r.Status, r.Reason, r.EndedAt = RunActive, nil, time.Time{}
	if !r.Release.Read && r.Reading == "" {
		m.readRelease() // the run had ended before the answer came
	}
	m.note(s.Person.Login, "retried %s", orAll(a.Stage))
	m.record("retried", a.Stage, s.Person, "")
	m.shown()
	return nil
}

func orAll(stage string) string {
	if stage == "" {
		return "what failed"
	}
	return stage
}

func (m *machine) mayRetry(a Ask, s Standing) *Refusal {
	r := m.run
	switch {
	case !s.CanWrite():
		return needsWrite(s, m.run.Repo, "retry a stage")
	case r.Status != RunFailed && r.Status != RunActive:
		return &Refusal{Code: "nothing-failed", Reason: "Only failed stages are retried; this run is " + string(r.Status) + "."}
	case m.lane.Passed[r.pipelineKey()] > r.Seq:
		return &Refusal{Code: "outdated", Reason: "A newer run of " + r.Pipeline + " has gone to " + r.Environment + " since.", Fix: "Follow that one, or push again."}
	}
	if r.Restore != nil {
		if why := m.mayRetryRestore(s); why != nil {
			return why
		}
	}
	if g := r.Gate; g != nil && (g.Door == DoorClosed || g.Door == DoorOpening) {
		return &Refusal{
			Code: "door-closed", Reason: "The door of " + r.Environment + " has had its verdict in this run; it is not asked twice.",
			Fix: "Push the release branch again; an empty commit will do.",
		}
	}
	failed := 0
	for _, st := range r.Plan().Stages {
		sr := r.Stages[st.ID]
		if sr.Status != StageFailed || a.Stage != "" && a.Stage != st.ID {
			continue
		}
		failed++
		if st.Kind.Gated() {
			return &Refusal{
				Code: "not-retried", Reason: st.Title + " is not run again within a release: an approval is for one deploy.",
				Fix: "Push the release branch again; an empty commit will do.",
			}
		}
		if why := m.mayRetryAfterGate(s); why != nil {
			return why
		}
	}
	if failed == 0 {
		return &Refusal{Code: "nothing-failed", Reason: "No such stage of this run failed.", Fix: "See /status for the stages."}
	}
	return nil
}

// mayRetryAfterGate asks more of a person once the door was open: the policy
// must name him.
func (m *machine) mayRetryAfterGate(s Standing) *Refusal {
	g := m.run.Gate
	if g == nil || g.OpenAt.IsZero() {
		return nil
	}
	rules := g.Rules()
	if rules.names(s) {
		return nil
	}
	return &Refusal{
		Code: "not-entitled", Reason: "Behind the gate only people whom the policy names may retry.",
		Fix: "One of these may: " + strings.Join(rules.Who(), ", ") + ".", Who: rules.Who(),
	}
}

func (m *machine) pressed(f Pressed) {
	a := Ask{Stage: f.Stage, By: f.By, Where: Origin{Surface: SurfaceButton}}
	switch f.Button {
	case ButtonApprove:
		a.Verb = VerbApprove
	case ButtonReject:
		a.Verb, a.Text = VerbReject, "by button"
	case ButtonRetry:
		a.Verb = VerbRetry
	case ButtonWithdraw:
		a.Verb = VerbWithdraw
	default:
		m.refuse(Refusal{Code: "unknown-button", Reason: "There is no such button: " + string(f.Button) + "."})
		return
	}
	if sr := m.run.Stages[f.Stage]; sr == nil || sr.Attempt != f.Attempt {
		m.refuse(Refusal{Code: "old-button", Reason: "That check run shows an attempt that is over."})
		return
	}
	if a.Verb == VerbWithdraw {
		m.withdraw(a)
		return
	}
	m.ask(a)
}

func (m *machine) rerun(f RerunRequested) {
	if f.Stage != "" && m.run.Stages[f.Stage] == nil {
		m.refuse(Refusal{Code: "no-such-stage", Reason: "This run has no stage " + f.Stage + "."})
		return
	}
	m.ask(Ask{Verb: VerbRetry, Stage: f.Stage, By: f.By, Where: Origin{Surface: SurfaceButton}})
}

func (m *machine) commanded(f Commanded) {
	a := Ask{Verb: f.Command.Verb, By: f.By, Text: f.Command.Reason, Where: f.Where}
	if why := m.deaf(f); why != nil {
		m.refused = why
		m.record("refused", string(a.Verb), a.By, why.Reason)
		m.reply(a, why, "")
		return
	}
	switch f.Command.Verb {
	case VerbApprove, VerbReject, VerbCancel:
		m.ask(a)
	case VerbRetry:
		a.Stage = f.Command.Target
		if m.run.named(a.Stage) {
			a.Stage, _, _ = strings.Cut(f.Command.Reason, " ") // /retry v1.2.0 test
		}
		if a.Stage != "" && m.run.Stages[a.Stage] == nil {
			m.reply(a, &Refusal{
				Code: "no-such-stage", Reason: "This run has no stage " + a.Stage + ".",
				Fix: "Its stages are: " + strings.Join(slices.Sorted(maps.Keys(m.run.Stages)), ", ") + ".",
			}, "")
			return
		}
		m.ask(a)
	case VerbWithdraw:
		m.withdraw(a)
	case VerbStatus:
		m.reply(a, nil, "status")
	case VerbDeploy, VerbLock, VerbUnlock, VerbUnfreeze, VerbRollback, VerbKill:
		m.reply(a, &Refusal{Code: "not-for-a-run", Reason: "/" + string(a.Verb) + " is not said of a run.", Fix: "It is typed like this:", Lines: a.Verb.Usage()}, "")
	}
}
