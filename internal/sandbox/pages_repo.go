package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// commitRow is one commit in a list, with what its checks come to.
type commitRow struct {
	Commit
	State  string
	Checks []CheckRun
}

type repoData struct {
	Repo     string
	Branch   string
	Branches []string
	Tags     []string
	Commits  []commitRow
	Runs     []WorkflowRun
	Files    []Workflow
	Issues   []Issue
}

func (p *pages) mountRepoPages(mux *http.ServeMux) {
	p.get(mux, "GET /{owner}/{repo}", "repo", p.repo)
	p.get(mux, "GET /{owner}/{repo}/commits", "repo", p.repo)
	p.get(mux, "GET /{owner}/{repo}/tree/{ref...}", "repo", p.repo)
	p.get(mux, "GET /{owner}/{repo}/compare/{range...}", "repo", p.compare)
	p.get(mux, "GET /{owner}/{repo}/actions", "actions", p.repo)
	p.get(mux, "GET /{owner}/{repo}/blob/{sha}/{path...}", "file", p.file)
	p.get(mux, "GET /{owner}/{repo}/raw/{sha}/{path...}", "file", p.file)
	p.get(mux, "GET /{owner}/{repo}/commit/{sha}", "commit", p.commit)
	p.get(mux, "GET /{owner}/{repo}/actions/runs/{id}", "run", p.run)
	p.get(mux, "GET /{owner}/{repo}/actions/runs/{id}/attempts/{attempt}", "run", p.run)
	p.get(mux, "GET /{owner}/{repo}/actions/runs/{id}/job/{job}", "run", p.run)
	p.get(mux, "GET /{owner}/{repo}/deployments", "deployments", p.deployments)
	p.get(mux, "GET /{owner}/{repo}/deployments/{env}", "deployments", p.deployments)
	p.get(mux, "GET /{owner}/{repo}/issues/{number}", "issue", p.issue)
	p.get(mux, "GET /{owner}/{repo}/pull/{number}", "issue", p.issue)
	mux.HandleFunc("GET /{owner}/{repo}/runs/{id}", p.checkRun)
	p.get(mux, "GET /{login}", "account", p.account)
	p.get(mux, "GET /apps/{slug}", "account", p.app)
	p.get(mux, "GET /orgs/{org}/teams/{slug}", "account", p.team)
}

func (p *pages) snapshot(req *http.Request) (string, Snapshot, error) {
	name := req.PathValue("owner") + "/" + req.PathValue("repo")
	s, err := p.w.Snapshot(name)
	return name, s, err
}

func (p *pages) home(*http.Request, string) (pageResult, error) {
	return pageResult{title: "Sandbox", data: p.w.Repos()}, nil
}

// accountData describes a person, an organization, a team or an app.
type accountData struct {
	Name, Kind string
	Items      []string
}

func (p *pages) account(req *http.Request, _ string) (pageResult, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	u, err := p.w.user(req.PathValue("login"))
	if err != nil {
		return pageResult{}, err
	}
	d := accountData{Name: u.Name, Kind: u.Type + " " + u.Login}
	for name, r := range p.w.repos {
		if r.Owner == u.Login {
			d.Items = append(d.Items, name)
		}
	}
	slices.Sort(d.Items)
	return pageResult{title: u.Login, data: d}, nil
}

func (p *pages) team(req *http.Request, _ string) (pageResult, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	t := p.w.team(req.PathValue("org"), req.PathValue("slug"))
	if t == nil {
		return pageResult{}, errNoPage
	}
	return pageResult{title: t.Name, data: accountData{Name: t.Name, Kind: "Team of " + t.Org, Items: slices.Clone(t.Members)}}, nil
}

func (p *pages) app(req *http.Request, _ string) (pageResult, error) {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	a, ok := p.w.apps[req.PathValue("slug")]
	if !ok {
		return pageResult{}, errNoPage
	}
	return pageResult{title: a.Name, data: accountData{Name: a.Name, Kind: "GitHub App"}}, nil
}

// repo serves the list of commits, and the list of runs from the same data.
func (p *pages) repo(req *http.Request, _ string) (pageResult, error) {
	name, s, err := p.snapshot(req)
	if err != nil {
		return pageResult{}, err
	}
	ref := req.PathValue("ref")
	if ref == "" {
		ref = s.DefaultBranch
	}
	d := repoData{Repo: name, Branch: ref, Branches: sortedNames(s.Branches), Tags: sortedNames(s.Tags), Runs: s.Runs, Files: s.Workflows, Issues: s.Issues}
	slices.Reverse(d.Runs)
	d.Commits = rows(s, p.history(name, ref))
	return pageResult{title: name, data: d, form: strings.HasSuffix(req.URL.Path, "/actions")}, nil
}

func (p *pages) compare(req *http.Request, _ string) (pageResult, error) {
	name, s, err := p.snapshot(req)
	if err != nil {
		return pageResult{}, err
	}
	base, head, ok := strings.Cut(req.PathValue("range"), "...")
	if !ok {
		return pageResult{}, errNoPage
	}
	known := map[string]bool{}
	for _, c := range p.history(name, base) {
		known[c.SHA] = true
	}
	news := slices.DeleteFunc(p.history(name, head), func(c Commit) bool { return known[c.SHA] })
	return pageResult{title: "Comparing " + base + " with " + head, data: repoData{Repo: name, Branch: head, Commits: rows(s, news)}}, nil
}

// history copies the commits of a ref, newest first.
func (p *pages) history(repo, ref string) []Commit {
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	r := p.w.repos[repo]
	sha, _ := r.resolve(ref)
	return values(r.history(sha))
}

func rows(s Snapshot, commits []Commit) []commitRow {
	var out []commitRow
	for _, c := range commits {
		checks := s.CheckRunsOf(c.SHA)
		out = append(out, commitRow{Commit: c, Checks: checks, State: rollup(checks)})
	}
	return out
}

// rollup is what the checks of a commit come to: the worst of them.
func rollup(checks []CheckRun) string {
	if len(checks) == 0 {
		return ""
	}
	rank := map[string]int{"success": 1, "neutral": 1, "skipped": 1, "queued": 3, "in_progress": 3, "waiting": 3, "pending": 3, "action_required": 4}
	worst, state := 0, "success"
	for _, c := range checks {
		word := stateOf(c.Status, c.Conclusion)
		n, known := rank[word]
		if !known {
			n = 5
		}
		if n > worst && n > 1 {
			worst, state = n, word
		}
	}
	return state
}

func (p *pages) file(req *http.Request, _ string) (pageResult, error) {
	name, _, err := p.snapshot(req)
	if err != nil {
		return pageResult{}, err
	}
	p.w.mu.Lock()
	defer p.w.mu.Unlock()
	r := p.w.repos[name]
	sha, _ := r.resolve(req.PathValue("sha"))
	content, ok := r.treeOf(sha)[req.PathValue("path")]
	if !ok {
		return pageResult{}, errNoPage
	}
	return pageResult{title: req.PathValue("path"), data: map[string]string{"Repo": name, "SHA": sha, "Path": req.PathValue("path"), "Content": content}}, nil
}

// checkRun leads from a check run's own address to its place on the commit's page.
func (p *pages) checkRun(rw http.ResponseWriter, req *http.Request) {
	name, s, err := p.snapshot(req)
	if err == nil {
		for _, c := range s.CheckRuns {
			if strconv.FormatInt(c.ID, 10) == req.PathValue("id") {
				http.Redirect(rw, req, fmt.Sprintf("/%s/commit/%s#check-%d", name, c.HeadSHA, c.ID), http.StatusFound)
				return
			}
		}
		err = errNoPage
	}
	p.fail(rw, req, http.StatusNotFound, err)
}

func sortedNames[T any](m map[string]T) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
