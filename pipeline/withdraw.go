package pipeline

import (
	"fmt"
	"maps"
	"slices"
)

// withdraw takes a person's approval back, until the door opens. Nobody has to
// be asked who that is: an approval is known by GitHub's id, and whoever gave one
// may take it back whatever became of his rights.
func (m *machine) withdraw(a Ask) {
	why := m.withdrawn(a.By, a.Text)
	if why != nil {
		m.refused = why
		m.record("refused", string(a.Verb), a.By, why.Reason)
	}
	m.reply(a, why, "")
}

func (m *machine) withdrawn(by Person, reason string) *Refusal {
	if why := m.noGate(); why != nil {
		return why
	}
	g := m.run.Gate
	asked := m.dropAsks(by)
	i := slices.IndexFunc(g.Approvals, func(a Approval) bool { return a.Counts() && a.By.ID == by.ID })
	if i < 0 && !asked {
		return &Refusal{
			Code: "nothing-to-withdraw", Reason: fmt.Sprintf("No approval of %s by %s counts, so there is none to take back.", m.run.Release.Version, by.Login),
			Fix: "See /status for the approvals that count.",
		}
	}
	m.note(by.Login, "took the approval back%s", because(reason))
	m.record("withdrawn", g.Environment, by, reason)
	m.changed(g.Stage)
	m.mark(SlotDetails)
	if i < 0 {
		return nil
	}
	g.Approvals[i].Void = &Refusal{Code: "withdrawn", Reason: by.Login + " took it back at " + clock(m.at) + ".", Fix: "Approve again to have it count."}
	if m.run.Stages[g.Stage].Status == StagePassed && !m.met() {
		m.reopen()
	}
	if g.Door == DoorVerifying {
		m.shut() // verified anew, without this one
	}
	return nil
}

// dropAsks takes back approvals of which GitHub has not yet said who gives them.
func (m *machine) dropAsks(by Person) bool {
	dropped := false
	for _, key := range slices.Sorted(maps.Keys(m.run.Asks)) {
		if a := m.run.Asks[key]; a.Verb == VerbApprove && a.By.ID == by.ID {
			delete(m.run.Asks, key)
			m.reply(a, &Refusal{Code: "withdrawn", Reason: by.Login + " took it back before GitHub had said who that is."}, "")
			dropped = true
		}
	}
	return dropped
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
