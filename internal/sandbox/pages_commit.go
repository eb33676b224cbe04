package sandbox

import (
	"net/http"
	"slices"
	"strconv"
)

type commitData struct {
	Repo     string
	Commit   Commit
	State    string
	Checks   []CheckRun
	Statuses []CommitStatus
	Comments []Comment
}

type issueData struct {
	Repo     string
	Issue    Issue
	Comments []Comment
}

type deploymentsData struct {
	Repo         string
	Environment  string
	Environments []string
	Deployments  []Deployment
}

type recordData struct {
	Kinds  []kindCount
	Routes []kindCount
	Calls  []Call
	Total  int
}

type kindCount struct {
	Name string
	N    int
}

// commit shows a commit with its checks, newest of each name first, and its comments.
func (p *pages) commit(req *http.Request, _ string) (pageResult, error) {
	name, s, err := p.snapshot(req)
	if err != nil {
		return pageResult{}, err
	}
	i := slices.IndexFunc(s.Commits, func(c Commit) bool { return c.SHA == req.PathValue("sha") })
	if i < 0 {
		return pageResult{}, errNoPage
	}
	d := commitData{Repo: name, Commit: s.Commits[i], Checks: s.CheckRunsOf(s.Commits[i].SHA)}
	d.State = rollup(d.Checks)
	for _, st := range s.Statuses {
		if st.SHA == d.Commit.SHA {
			d.Statuses = append(d.Statuses, st)
		}
	}
	for _, c := range s.Comments {
		if c.SHA == d.Commit.SHA {
			d.Comments = append(d.Comments, c)
		}
	}
	return pageResult{title: d.Commit.Title(), data: d, form: true}, nil
}

func (p *pages) issue(req *http.Request, _ string) (pageResult, error) {
	name, s, err := p.snapshot(req)
	if err != nil {
		return pageResult{}, err
	}
	number, err := strconv.Atoi(req.PathValue("number"))
	if err != nil {
		return pageResult{}, errNoPage
	}
	i := slices.IndexFunc(s.Issues, func(i Issue) bool { return i.Number == number })
	if i < 0 {
		return pageResult{}, errNoPage
	}
	d := issueData{Repo: name, Issue: s.Issues[i]}
	for _, c := range s.Comments {
		if c.Issue == number {
			d.Comments = append(d.Comments, c)
		}
	}
	return pageResult{title: d.Issue.Title, data: d, form: true}, nil
}

func (p *pages) deployments(req *http.Request, _ string) (pageResult, error) {
	name, s, err := p.snapshot(req)
	if err != nil {
		return pageResult{}, err
	}
	d := deploymentsData{Repo: name, Environment: req.PathValue("env")}
	for _, e := range s.Environments {
		d.Environments = append(d.Environments, e.Name)
	}
	for _, dep := range slices.Backward(s.Deployments) {
		if d.Environment == "" || dep.Environment == d.Environment {
			slices.Reverse(dep.Statuses)
			d.Deployments = append(d.Deployments, dep)
		}
	}
	return pageResult{title: "Deployments", data: d}, nil
}

// recordShown is how many calls the page lists.
const recordShown = 300

// record lists the newest calls and counts all of them by kind and by route; it shows no bodies.
func (p *pages) record(*http.Request, string) (pageResult, error) {
	calls := p.w.Record()
	kinds, routes := map[string]int{}, map[string]int{}
	for _, c := range calls {
		kinds[string(c.Kind)]++
		switch {
		case c.Kind == KindWebhook:
			routes["→ "+c.Event]++
		case c.Route != "":
			routes[c.Method+" "+c.Route]++
		}
	}
	d := recordData{Kinds: counts(kinds), Routes: counts(routes), Total: len(calls)}
	for _, c := range slices.Backward(calls[max(0, len(calls)-recordShown):]) {
		d.Calls = append(d.Calls, c)
	}
	return pageResult{title: "Record", data: d}, nil
}

// counts lists the most frequent first.
func counts(m map[string]int) []kindCount {
	var out []kindCount
	for _, name := range sortedNames(m) {
		out = append(out, kindCount{name, m[name]})
	}
	slices.SortStableFunc(out, func(a, b kindCount) int { return b.N - a.N })
	return out
}
