package templates

import (
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Release is what a run ships.
type Release struct {
	Version   string
	Short     string // of the commit
	Commit    string // its page
	Message   string
	Branch    string
	Replaces  string // version of what is live; empty: nothing yet
	Compare   string // page of what changes, or ""
	Commits   []Commit
	Total     int      // commits in all, also those that are not listed
	Authors   []string // of the listed commits, each once
	Unmatched []string // authors without a GitHub account, where authors must not approve
	Truncated bool     // GitHub did not list all
	Sensitive []string // changed workflow files, migrations and rules
	Policy    *Commit  // who last changed the configuration
	Unread    bool     // commits are still being read
}

// Commit is one commit, newest first.
type Commit struct {
	Short   string
	Page    string
	Message string
	Authors []string
}

func (m *maker) release() Release {
	of := m.run.Release
	r := Release{
		Version: of.Version, Short: short(of.SHA), Commit: m.links.Commit(m.run.Repo, of.SHA), Message: of.Message,
		Branch: of.Branch(), Compare: safeURL(of.Compare), Total: max(of.Total, len(of.Commits)),
		Truncated: of.Truncated, Sensitive: of.Sensitive, Unread: !of.Read,
	}
	if of.Replaces != nil {
		r.Replaces = of.Replaces.Version
		if r.Compare == "" {
			r.Compare = m.links.Compare(m.run.Repo, of.Replaces.SHA, of.SHA)
		}
	}
	var people []pipeline.Person
	for _, c := range slices.Backward(of.Commits) {
		r.Commits = append(r.Commits, m.commit(c))
		people = append(people, c.Authors...)
	}
	r.Authors = names(people)
	if p := m.run.Env().Approval; p != nil && !p.AuthorMayApprove {
		r.Unmatched = names(slices.DeleteFunc(people, func(p pipeline.Person) bool { return p.ID != 0 || p.Login != "" }))
	}
	if of.Policy != nil {
		c := m.commit(*of.Policy)
		r.Policy = &c
	}
	return r
}

// unmatchedHead and unmatchedWhy say that an author's own approval would not be
// recognized: who approves is known by GitHub's id, and so are authors.
const (
	unmatchedHead = "Authors without a GitHub account"
	unmatchedWhy  = "Gatehouse cannot tell whether one of them approves their own work. Ask who they are first."
)

// unmatched warns of authors whom nothing keeps from approving, or is "".
func (r Release) unmatched(mark func(string) string) string {
	if len(r.Unmatched) == 0 {
		return ""
	}
	return "⚠️ " + unmatchedHead + ": " + mark(list(few(r.Unmatched, 5))) + ". " + unmatchedWhy
}

// Danger is the changed files of one kind that an approver looks at first.
type Danger struct {
	Kind  string // workflows, migrations, rules or also
	Files []string
}

// Dangers lists what an approver looks at first, by its kind.
func (r Release) Dangers() []Danger {
	files := map[string][]string{}
	for _, path := range r.Sensitive {
		files[sensitiveKind(path)] = append(files[sensitiveKind(path)], path)
	}
	var all []Danger
	for _, kind := range []string{"workflows", "migrations", "rules", "also"} {
		if of := files[kind]; len(of) > 0 {
			all = append(all, Danger{Kind: kind, Files: of})
		}
	}
	return all
}

// sensitive tells the dangers in one line, at most so many files of each.
func (r Release) sensitive(mark func(string) string, most int) string {
	var parts []string
	for _, d := range r.Dangers() {
		parts = append(parts, d.Kind+": "+list(each(few(d.Files, most), mark)))
	}
	return strings.Join(parts, "; ")
}

func sensitiveKind(path string) string {
	switch {
	case strings.HasPrefix(path, ".github/workflows/"):
		return "workflows"
	case strings.HasPrefix(path, "migrations/"), strings.Contains(path, "/migrations/"):
		return "migrations"
	case strings.HasSuffix(path, ".rules"), strings.HasSuffix(path, "firebase.json"):
		return "rules"
	}
	return "also" // what GitHub did not list, and what a later version calls sensitive
}

func (m *maker) commit(c pipeline.Commit) Commit {
	return Commit{Short: short(c.SHA), Page: m.links.Commit(m.run.Repo, c.SHA), Message: c.Message, Authors: names(c.Authors)}
}

// more is the number of commits that a list of at most shown leaves out.
func (r Release) more(shown int) int { return r.Total - min(shown, len(r.Commits)) }

// few shortens a list of names: a, b and 3 more.
func few(all []string, most int) []string {
	if len(all) <= most {
		return all
	}
	return append(slices.Clone(all[:most]), count(len(all)-most, "other"))
}
