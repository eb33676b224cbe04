package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// RepoOptions are the choices of a new repository.
type RepoOptions struct {
	Private bool
	// DefaultBranch defaults to "main".
	DefaultBranch string
	// Archived makes the repository read-only.
	Archived bool
}

// Repo is a repository; its unexported parts change under the world's lock.
type Repo struct {
	ID            int64
	Owner         string
	Name          string
	Private       bool
	DefaultBranch string
	Archived      bool
	CreatedAt     time.Time

	// protected are branches with a protection rule, rules those of a ruleset on the default branch.
	protected  []string
	rules      []string
	actionsOff bool

	pushedAt  time.Time
	roles     map[string]string
	branches  map[string]string
	tags      map[string]string
	commits   map[string]*Commit
	order     []string
	envs      []*Environment
	workflows []*Workflow
	runs      []*WorkflowRun
	numbers   map[int64]int
	checks    []*CheckRun
	suites    []*CheckSuite
	statuses  []CommitStatus
	deploys   []*Deployment
	issues    map[int]*Issue
	comments  []*Comment
}

// FullName is owner/name.
func (r *Repo) FullName() string { return r.Owner + "/" + r.Name }

// AddUser adds a person.
func (w *World) AddUser(login, name string) User {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *w.addUser(login, name, "User")
}

// AddOrg adds an organization with its owners.
func (w *World) AddOrg(login string, owners ...string) User {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owners[login] = append(w.owners[login], owners...)
	return *w.addUser(login, login, "Organization")
}

func (w *World) addUser(login, name, kind string) *User {
	if u, ok := w.users[login]; ok {
		return u
	}
	u := &User{ID: w.nextID(), Login: login, Name: name, Type: kind, Email: login + "@users.noreply.example.com"}
	if u.Name == "" {
		u.Name = login
	}
	w.users[login] = u
	return u
}

// AddTeam adds a team, or members to it.
func (w *World) AddTeam(org, slug string, members ...string) Team {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.team(org, slug)
	if t == nil {
		t = &Team{ID: w.nextID(), Org: org, Slug: slug, Name: slug}
		w.teams = append(w.teams, t)
	}
	for _, m := range members {
		if !slices.Contains(t.Members, m) {
			t.Members = append(t.Members, m)
			w.send(nil, org, hookEvent{event: "membership", action: "added", by: org, body: w.membershipEvent(t, m)})
		}
	}
	return *t
}

// RemoveFromTeam takes a member out of a team.
func (w *World) RemoveFromTeam(org, slug, member string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.team(org, slug); t != nil {
		t.Members = slices.DeleteFunc(t.Members, func(m string) bool { return m == member })
		w.send(nil, org, hookEvent{event: "membership", action: "removed", by: org, body: w.membershipEvent(t, member)})
	}
}

func (w *World) team(org, slug string) *Team {
	for _, t := range w.teams {
		if t.Org == org && t.Slug == slug {
			return t
		}
	}
	return nil
}

// AddRepo adds an empty repository. Its owner is added as a user if nobody has that login.
func (w *World) AddRepo(owner, name string, opt RepoOptions) *Repo {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addUser(owner, owner, "User")
	if opt.DefaultBranch == "" {
		opt.DefaultBranch = "main"
	}
	r := &Repo{
		ID: w.nextID(), Owner: owner, Name: name, Private: opt.Private, DefaultBranch: opt.DefaultBranch,
		Archived: opt.Archived, CreatedAt: w.now(), pushedAt: w.now(), roles: map[string]string{}, branches: map[string]string{},
		tags: map[string]string{}, commits: map[string]*Commit{}, numbers: map[int64]int{}, issues: map[int]*Issue{},
	}
	w.repos[r.FullName()] = r
	return r
}

// AddIssue opens an issue or a pull request.
func (w *World) AddIssue(repo, by, title string, pull bool) (number int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, by)
	if err != nil {
		return 0, fmt.Errorf("add issue: %w", err)
	}
	number = len(r.issues) + 1
	r.issues[number] = &Issue{ID: w.nextID(), Number: number, Title: title, By: u.Login, Pull: pull, CreatedAt: w.now()}
	return number, nil
}

// SetRole gives a person a role in a repository: admin, maintain, write, triage, read or none.
func (w *World) SetRole(repo, login, role string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, u, err := w.repoAndUser(repo, login)
	if err != nil {
		return fmt.Errorf("set role: %w", err)
	}
	r.roles[u.Login] = role
	return nil
}

// roleOf is the role a person has in a repository, with what ownership and publicity give.
func (w *World) roleOf(r *Repo, login string) string {
	if login == r.Owner || slices.Contains(w.owners[r.Owner], login) {
		return "admin"
	}
	if role, ok := r.roles[login]; ok {
		return role
	}
	if !r.Private {
		return "read"
	}
	return "none"
}

func (w *World) canWrite(r *Repo, login string) bool {
	return slices.Contains([]string{"admin", "maintain", "write"}, w.roleOf(r, login))
}

// isReviewer tells whether a person is among an environment's reviewers, himself or through a team.
func (w *World) isReviewer(reviewers []string, login string) bool {
	for _, name := range reviewers {
		org, slug, isTeam := strings.Cut(name, "/")
		if !isTeam && name == login {
			return true
		}
		if t := w.team(org, slug); isTeam && t != nil && slices.Contains(t.Members, login) {
			return true
		}
	}
	return false
}

// DefaultPermissions are what Gatehouse's manifest asks for.
func DefaultPermissions() map[string]string {
	return map[string]string{
		"metadata": "read", "contents": "read", "actions": "write", "checks": "write", "deployments": "write",
		"environments": "read", "issues": "write", "members": "read", "statuses": "read", "pull_requests": "write",
	}
}

// DefaultEvents are what Gatehouse's manifest subscribes to.
func DefaultEvents() []string {
	return []string{
		"push", "create", "check_run", "check_suite", "status", "deployment", "deployment_status",
		"deployment_protection_rule", "deployment_review", "workflow_run", "workflow_job", "workflow_dispatch",
		"issue_comment", "commit_comment", "membership", "team", "member", "organization", "repository",
	}
}

// Install installs our app on an account with the default permissions and events, and sends installation.created.
func (w *World) Install(owner string) Installation {
	w.mu.Lock()
	defer w.mu.Unlock()
	if in := w.installationOf(owner); in != nil {
		return in.copy()
	}
	in := &Installation{
		ID: w.nextID(), Account: owner, Permissions: DefaultPermissions(), Events: DefaultEvents(), CreatedAt: w.now(),
	}
	w.installs = append(w.installs, in)
	w.send(nil, owner, hookEvent{event: "installation", action: "created", by: owner, body: w.installationEvent(in)})
	return in.copy()
}

// SelectRepos restricts an installation to some repositories of its account, named without the owner, and sends
// installation_repositories for those that it loses or gains. Without names it covers all.
func (w *World) SelectRepos(owner string, names ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := w.installationOf(owner)
	if in == nil {
		return
	}
	was := *in
	in.Selected = names
	for _, name := range slices.Sorted(maps.Keys(w.repos)) {
		r := w.repos[name]
		if before, now := was.covers(r), in.covers(r); before != now {
			w.selected(in, r, now)
		}
	}
}

func (w *World) selected(in *Installation, r *Repo, added bool) {
	brief := []obj{{"id": r.ID, "node_id": nodeID("Repository", r.ID), "name": r.Name, "full_name": r.FullName(), "private": r.Private}}
	action, gained, lost := "added", brief, []obj{}
	if !added {
		action, gained, lost = "removed", []obj{}, brief
	}
	body := w.installationEvent(in)
	delete(body, "repositories")
	delete(body, "requester")
	body["repositories_added"], body["repositories_removed"], body["repository_selection"], body["requester"] = gained, lost, "selected", nil
	w.send(nil, in.Account, hookEvent{event: "installation_repositories", action: action, by: in.Account, body: body})
}

// Suspend suspends an installation and sends installation.suspend, the last that is heard of it.
func (w *World) Suspend(owner string) { w.suspend(owner, true, "suspend") }

// Unsuspend takes that back, and sends installation.unsuspend. What happened meanwhile is never sent.
func (w *World) Unsuspend(owner string) { w.suspend(owner, false, "unsuspend") }

func (w *World) suspend(owner string, suspended bool, action string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if in := w.installationOf(owner); in != nil {
		in.Suspended = suspended
		w.send(nil, owner, hookEvent{event: "installation", action: action, by: owner, body: w.installationEvent(in)})
	}
}

// SetPermission grants one permission to an installation: "read", "write", or "" to withdraw it.
// A grant sends installation.new_permissions_accepted.
func (w *World) SetPermission(owner, permission, level string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := w.installationOf(owner)
	if in == nil {
		return
	}
	if level == "" {
		delete(in.Permissions, permission)
		return
	}
	in.Permissions[permission] = level
	w.send(nil, owner, hookEvent{event: "installation", action: "new_permissions_accepted", by: owner, body: w.installationEvent(in)})
}

// SetEvents replaces the events that an installation hears.
func (w *World) SetEvents(owner string, events ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if in := w.installationOf(owner); in != nil {
		in.Events = events
	}
}

// Uninstall removes our app from an account and sends installation.deleted.
func (w *World) Uninstall(owner string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	in := w.installationOf(owner)
	if in == nil {
		return
	}
	w.send(nil, owner, hookEvent{event: "installation", action: "deleted", by: owner, body: w.installationEvent(in)})
	w.installs = slices.DeleteFunc(w.installs, func(i *Installation) bool { return i == in })
}

func (w *World) installationOf(owner string) *Installation {
	for _, in := range w.installs {
		if in.Account == owner {
			return in
		}
	}
	return nil
}

// covers tells whether an installation reaches a repository of its account.
func (in *Installation) covers(r *Repo) bool {
	return in.Account == r.Owner && (in.Selected == nil || slices.Contains(in.Selected, r.Name))
}

func (in *Installation) copy() Installation {
	out := *in
	out.Permissions = maps.Clone(in.Permissions)
	out.Events = slices.Clone(in.Events)
	return out
}
