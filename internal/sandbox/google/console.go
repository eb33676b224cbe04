package google

import (
	"maps"
	"slices"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// console is what people see of the projects in a browser.
func (g *Google) console() []sandbox.ConsoleProject {
	var all []sandbox.ConsoleProject
	for _, id := range g.Projects() {
		live := g.Live(id)
		shown := sandbox.ConsoleProject{ID: id}
		add := func(kind string, pointers map[string]string, key string, note func(name string) string) {
			for _, name := range slices.Sorted(maps.Keys(pointers)) {
				if pointers[name] == "" {
					continue
				}
				shown.Parts = append(shown.Parts, sandbox.ConsolePart{
					Kind: kind, Name: name, Pointer: pointers[name], Commit: live.Commits[key+"/"+name], Note: note(name),
				})
			}
		}
		none := func(string) string { return "" }
		add("Hosting", live.Hosting, "hosting", none)
		add("Rules", g.rulesets(id), "rules", none)
		add("Function", live.Functions, "function", func(name string) string { return g.stateOf(id, name) })
		add("Remote Config", map[string]string{"version": live.Config}, "", none)
		add("Parameter", live.Values, "", none)
		all = append(all, shown)
	}
	return all
}

// rulesets maps releases to the ids of their rulesets.
func (g *Google) rulesets(projectID string) map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	found := map[string]string{}
	for id, r := range g.project(projectID).releases {
		found[id] = last(r.RulesetName)
	}
	return found
}

// stateOf is what goes on with a function.
func (g *Google) stateOf(projectID, id string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.project(projectID).functions[id]
	if f == nil || f.second == nil {
		return ""
	}
	s := f.service()
	switch {
	case f.second.State != "ACTIVE":
		return f.second.State
	case s != nil && s.shape.Reconciling:
		return "traffic is moving"
	case s != nil && s.share(last(s.shape.LatestReadyRevision)) == 0:
		return "pinned: the newest revision gets no requests"
	}
	return ""
}
