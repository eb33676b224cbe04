package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// lookEvery is how often it is asked how far a lane is behind its branch.
const lookEvery = day

// behindAfter is when it is said, unless the configuration says otherwise.
const behindAfter = 7 * day

// Look is what a lane has looked up once a day: how far what is live there is
// behind the default branch.
type Look struct {
	Repo        Repo      `json:"repo"`
	Environment string    `json:"environment"`
	Lane        LaneID    `json:"lane"`
	At          time.Time `json:"at"` // when it was looked up last, or went live
	SHA         string    `json:"sha,omitempty"`
	Channels    []Channel `json:"channels,omitempty"` // once the configuration was read
}

// Behind is how far a lane is behind the default branch, as it was at At.
type Behind struct {
	Environment string        `json:"environment"`
	Branch      string        `json:"branch"`
	SHA         string        `json:"sha"` // what was live
	Version     string        `json:"version,omitempty"`
	Commits     int           `json:"commits"`
	Since       time.Time     `json:"since"` // when the first of them came to the branch
	Compare     string        `json:"compare,omitempty"`
	Limit       time.Duration `json:"limit"` // after which it is said
	At          time.Time     `json:"at"`
	SaidAt      time.Time     `json:"said_at,omitzero"` // zero: it is within the limit
	Awaits      string        `json:"awaits,omitempty"` // what it waited for when it was said
	Cause       string        `json:"cause,omitempty"`
}

// Text says it as of a time: production is 12 commits and 6 days behind main.
func (b Behind) Text(at time.Time) string {
	commits := fmt.Sprintf("%d commit%s", b.Commits, plural(b.Commits))
	days := int(at.Sub(b.Since) / day)
	if days < 1 {
		return fmt.Sprintf("%s is %s behind %s", b.Environment, commits, b.Branch)
	}
	return fmt.Sprintf("%s is %s and %d day%s behind %s", b.Environment, commits, days, plural(days), b.Branch)
}

// watch has the lane looked at from now on. What is live has just changed: how far
// that is behind is asked anew.
func (m *machine) watch() {
	m.lane.Behind = nil
	m.lane.Look = &Look{Repo: m.run.Repo, Environment: m.run.Environment, Lane: m.lane.ID, At: m.at}
}

// lookAt is when the lane is looked at next.
func (l *Lane) lookAt() time.Time {
	if l.Look == nil || l.Live == nil || l.Live.SHA == "" {
		return time.Time{}
	}
	return l.Look.At.Add(lookEvery)
}

// look owes the day's question.
func (m *laneMachine) look() *Look {
	at := m.lane.lookAt()
	if at.IsZero() || m.at.Before(at) {
		return nil
	}
	next := *m.lane.Look
	next.At = m.at
	m.lane.Look = &next
	asked := next
	asked.SHA = m.lane.Live.SHA
	return &asked
}

// behind takes up the answer. It is said when the limit is passed, and not again
// until the lane has caught up in between.
func (m *laneMachine) behind(b Behind, cause string) {
	had := m.lane.Behind
	switch {
	case had != nil && had.Cause == cause: // the answer was stored before a crash
		if had.SaidAt.Equal(had.At) {
			m.said = had
		}
		return
	case m.lane.Live == nil || m.lane.Live.SHA != b.SHA:
		return // something else went live meanwhile
	case b.Commits == 0 || b.Limit <= 0:
		m.lane.Behind = nil
		return
	}
	b.At, b.Cause, b.Version = m.at, cause, m.lane.Live.Version
	late := m.at.Sub(b.Since) >= b.Limit
	if late && had != nil {
		b.SaidAt = had.SaidAt
	}
	m.lane.Behind = &b
	if late && b.SaidAt.IsZero() {
		b.SaidAt, b.Awaits = m.at, m.lane.Awaits(m.at)
		m.record("", "behind", b.Environment, Person{}, b.Text(m.at)+", waiting for "+b.Awaits)
		m.said = &b
	}
}

// Awaits says what keeps the lane where it is.
func (l *Lane) Awaits(at time.Time) string {
	if k := l.Locked(at); k != nil {
		return fmt.Sprintf("the end of %s's lock (%s)", k.Who(), k.Why)
	}
	if o := l.Runs[l.Holder]; o != nil {
		return o.Version + ", which is on its way"
	}
	inOrder := slices.SortedFunc(maps.Keys(l.Runs), l.inOrder)
	slices.Reverse(inOrder)
	for _, stands := range []struct {
		is   func(*LaneRun) bool
		what string
	}{
		{func(o *LaneRun) bool { return o.Frozen }, "the end of a freeze, for "},
		{func(o *LaneRun) bool { return o.AtGate }, "the approval of "},
		{func(*LaneRun) bool { return true }, "the gate of "},
	} {
		for _, id := range inOrder {
			if stands.is(l.Runs[id]) {
				return stands.what + l.Runs[id].Version
			}
		}
	}
	return "a release: none is on its way"
}

// lookConfig goes on with the day's question once the configuration is read.
func (m *intakeMachine) lookConfig(o ConfigRead) {
	look := *m.in.Errand.Look
	var env *Environment
	if o.Spec != nil && o.Refused == nil {
		env = o.Spec.Environments[look.Environment]
	}
	if env == nil || LaneID(env.Firebase) != look.Lane {
		m.in.Result = look.Environment + " is not in the configuration any more"
		return
	}
	look.Channels = o.Spec.Notify.channels()
	m.in.Errand = &Errand{Tell: m.in.Errand.Tell, Look: &look}
	if env.Behind == 0 {
		m.owe("lane", ChangeLane{Lane: look.Lane, Behind: &Behind{Environment: look.Environment, SHA: look.SHA}})
		return
	}
	m.owe("behind", ReadBehind{SHA: look.SHA, Branch: look.Repo.DefaultBranch, Environment: look.Environment, Limit: env.Behind})
}

func (n Notify) channels() []Channel {
	var all []Channel
	if n.Slack != "" {
		all = append(all, Channel{Slack: n.Slack})
	}
	if n.Discord {
		all = append(all, Channel{Discord: true})
	}
	return all
}

// sayBehind tells each channel once.
func (m *intakeMachine) sayBehind(b *Behind) {
	if b == nil {
		m.in.Result = "nothing is to be said"
		return
	}
	m.in.Result = b.Text(b.At)
	for _, to := range m.in.Errand.Look.Channels {
		key := "say/slack"
		if to.Discord {
			key = "say/discord"
		}
		m.owe(key, SayBehind{To: to, Behind: *b, Lane: m.in.Errand.Look.Lane})
	}
}
