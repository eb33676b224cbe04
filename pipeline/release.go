package pipeline

// readRelease has everything read that approvers must know. Until it is there,
// stages before the gate go on.
func (m *machine) readRelease() {
	r := m.run
	r.Release.Read = false
	e := ReadRelease{SHA: r.Release.SHA, Before: r.Release.Before}
	if r.Release.Replaces != nil {
		e.Base = r.Release.Replaces.SHA
	}
	for _, st := range r.Plan().Stages {
		if st.Kind == KindDeploy {
			e.Deploys = append(e.Deploys, st.Deploy.File)
		}
	}
	r.Reading = m.owe("release", "read", e)
}

func (m *machine) releaseRead(o Outcome) {
	if m.run.Status != RunActive {
		return
	}
	if f, ok := o.(Failed); ok {
		m.end(RunFailed, f.Refusal)
		return
	}
	read, ok := o.(ReleaseRead)
	if !ok {
		m.end(RunFailed, Refusal{Code: "release-unread", Reason: "What this release consists of could not be read."})
		return
	}
	m.releaseKnown(read)
	m.markChats()
	m.mark(SlotDetails)
}

func (m *machine) releaseKnown(read ReleaseRead) {
	rel := &m.run.Release
	rel.Read = true
	rel.Message, rel.Compare, rel.Commits = read.Message, read.Compare, read.Commits
	rel.Total, rel.Truncated, rel.Workflows = read.Total, read.Truncated, read.Workflows
	rel.Sensitive, rel.Deploys, rel.Policy = read.Sensitive, read.Deploys, read.Policy
}
