package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bound is what an approval is given for: everything that decides what will run
// and what that replaces. A change of any of it makes the approvals void.
type Bound struct {
	Repo      int64             `json:"repo"`
	Ref       string            `json:"ref"`
	SHA       string            `json:"sha"`
	Version   string            `json:"version"`
	Config    string            `json:"config"` // digest of the configuration
	Replaces  string            `json:"replaces,omitempty"`
	Live      string            `json:"live,omitempty"` // version of what it replaces
	Commits   []string          `json:"commits,omitempty"`
	Workflows map[string]string `json:"workflows,omitempty"` // file name to its blob's id
	Sensitive []string          `json:"sensitive,omitempty"` // changed workflow files, migrations and rules
	Builds    map[string]string `json:"builds,omitempty"`    // stage before the gate to its workflow run, attempt and how that stands
}

// Bound is what an approval given now would be for.
func (r *Run) Bound() Bound {
	b := Bound{
		Repo: r.Repo.ID, Ref: r.Release.Ref, SHA: r.Release.SHA, Version: r.Release.Version, Config: r.Release.Config,
		Workflows: r.Release.Workflows, Sensitive: r.Release.Sensitive, Builds: r.builds(),
	}
	if live := r.Release.Replaces; live != nil {
		b.Replaces, b.Live = live.SHA, live.Version
	}
	for _, c := range r.Release.Commits {
		b.Commits = append(b.Commits, short(c.SHA))
	}
	return b
}

// Digest names it.
func (b Bound) Digest() string {
	text, err := json.Marshal(b)
	if err != nil {
		return "" // strings only
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// builds is what the stages that the gate descends from have made: a workflow
// that somebody runs again in GitHub makes other artifacts of the same commit.
func (r *Run) builds() map[string]string {
	gate := r.gate()
	if gate == nil {
		return nil
	}
	made := map[string]string{}
	var visit func(*Stage)
	visit = func(st *Stage) {
		for _, id := range st.Needs {
			if w := r.Stages[id].Workflow; w != nil {
				made[id] = fmt.Sprintf("%d, attempt %d: %s", w.ID, max(w.Attempt, 1), w.stands())
			}
			visit(r.Plan().Stage(id))
		}
	}
	visit(gate)
	return made
}

// stands is how a workflow run ended, or that it has not.
func (w WorkflowRun) stands() string {
	if w.Status == "completed" {
		return w.Conclusion
	}
	return "running"
}

// changed says in words what is another now. Titles are those of the run's stages.
func (b Bound) changed(now Bound, plan *Pipeline) []string {
	var all []string
	say := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if b.Ref != now.Ref || b.SHA != now.SHA || b.Version != now.Version || b.Repo != now.Repo {
		say("it is %s at %s instead of %s at %s", now.Version, short(now.SHA), b.Version, short(b.SHA))
	}
	if b.Config != now.Config {
		say("the configuration is another one")
	}
	if b.Replaces != now.Replaces {
		say("it replaces %s instead of %s", liveIs(now), liveIs(b))
	}
	gone, came := differ(b.Commits, now.Commits)
	sayList(say, came, "%d commit%s more: %s")
	sayList(say, gone, "%d commit%s less: %s")
	for _, file := range keysOf(b.Workflows, now.Workflows) {
		if b.Workflows[file] != now.Workflows[file] {
			say("the workflow %s is another one", file)
		}
	}
	gone, came = differ(b.Sensitive, now.Sensitive)
	for _, path := range came {
		say("it changes %s too", path)
	}
	for _, path := range gone {
		say("it does not change %s any more", path)
	}
	for _, id := range keysOf(b.Builds, now.Builds) {
		if b.Builds[id] != now.Builds[id] {
			say("%s was run again in GitHub (workflow run %s)", plan.Stage(id).Title, now.Builds[id])
		}
	}
	return all
}

func sayList(say func(string, ...any), list []string, format string) {
	if len(list) > 0 {
		say(format, len(list), plural(len(list)), strings.Join(list[:min(10, len(list))], ", "))
	}
}

func liveIs(b Bound) string {
	if b.Replaces == "" {
		return "nothing"
	}
	return fmt.Sprintf("%s (%s)", b.Live, short(b.Replaces))
}

// differ lists what is only in the first and what is only in the second.
func differ(a, b []string) (gone, came []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			gone = append(gone, x)
		}
	}
	for _, x := range b {
		if !slices.Contains(a, x) {
			came = append(came, x)
		}
	}
	return gone, came
}

func keysOf(a, b map[string]string) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// rebind takes the approvals back if what they were given for is another now,
// and says to whoever approved what the difference is.
func (m *machine) rebind() {
	g := m.run.Gate
	if g == nil || g.OpenAt.IsZero() || m.run.Status != RunActive || m.run.Restore != nil || !m.run.Release.Read ||
		g.Door != DoorShut && g.Door != DoorVerifying {
		return
	}
	now := m.run.Bound()
	if g.Asked == nil { // the gate opens, or was stored before approvals were bound so
		g.Asked = &now
		for i := range g.Approvals {
			g.Approvals[i].Release = now.Digest()
		}
		return
	}
	changes := g.Asked.changed(now, m.run.Plan())
	if len(changes) == 0 {
		return
	}
	why := Refusal{
		Code: "release-changed", Reason: "The release changed after this approval: " + strings.Join(changes, "; ") + ".",
		Fix: "Look at what changed and approve again.",
	}
	was := g.Asked.Digest()
	g.Asked = &now
	for i := range g.Approvals {
		if a := &g.Approvals[i]; a.Void != nil && a.Void.Code == replacesCode && a.Release == was {
			a.Void = &why // it was taken back before the difference was known
		}
	}
	switch {
	case len(m.run.Asks) == 0 && g.approvers() == "":
	case m.committed():
		why.Fix = "Push the release branch again: what went out already was approved as it was."
		m.endGate(RunFailed, why)
	default:
		m.voidApprovals(why)
	}
	m.changed(g.Stage)
	m.mark(SlotDetails)
}
