package main_test

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/internal/witness"
	"github.com/gatehouse-app/gatehouse/templates"
)

const shopConfig = `version: 1
environments:
  production:
    firebase: PROJECT
    url: TOWN/sites/production
    approval: {need: [{team: release-approvers, count: 1}], expires: 72h, gate: auto}
notify: {slack: "#releases", discord: true}
pipelines:
  production:
    on: {push: release/*}
    environment: production
    stages:
      - parallel:
          - workflow: lint.yml
          - workflow: test.yml
      - approval
      - workflow: migrate.yml
      - deploy: {workflow: deploy.yml}
      - smoke:
          - {get: /, status: 200}
      - notify
`

// district is a town with several shops: a repository and a lane each.
type district struct {
	town     *demo.Town
	apart    bool // each shop is an organization with an installation of its own, and so with GitHub's limits of its own
	repos    []string
	releases map[string][]*release // by repository, the last one under way
}

// release is one push to a release branch, which ada approves.
type release struct {
	repo, version, sha string
	approved           bool
}

func newDistrict(town *demo.Town) *district {
	return &district{town: town, releases: map[string][]*release{}}
}

// open has so many shops at least.
func (d *district) open(n int) error {
	for i := len(d.repos); i < n; i++ {
		if err := d.openOne(fmt.Sprintf("shop%d", i)); err != nil {
			return err
		}
	}
	return nil
}

func (d *district) openOne(name string) error {
	w, org, project := d.town.World, demo.Org, "avalo-"+name
	if d.apart {
		org = demo.Org + "-" + name
		w.AddOrg(org, demo.Ivan)
		w.AddTeam(org, "release-approvers", demo.Ada)
		w.Install(org)
	}
	repo := org + "/" + name
	w.AddRepo(org, name, sandbox.RepoOptions{Private: true, DefaultBranch: "main"})
	for login, role := range map[string]string{demo.Dana: "write", demo.Ada: "write", demo.Ivan: "admin"} {
		if err := w.SetRole(repo, login, role); err != nil {
			return err
		}
	}
	if err := w.SetEnvironment(repo, sandbox.Environment{Name: "production"}); err != nil {
		return err
	}
	d.town.Google.AddProject(google.ProjectSpec{ID: project, Functions: []google.FunctionSpec{{Name: "api", Region: "europe-west1"}}})
	if _, err := d.town.Google.Deploy(project, google.Deployment{Commit: "by-hand"}); err != nil {
		return err
	}
	files := map[string]string{configFile: strings.NewReplacer("PROJECT", project, "TOWN", d.town.URL).Replace(shopConfig)}
	for _, workflow := range []string{"lint.yml", "test.yml", "migrate.yml", "deploy.yml"} {
		b, err := fs.ReadFile(templates.Starter, "starter/.github/workflows/"+workflow)
		if err != nil {
			return err
		}
		files[".github/workflows/"+workflow] = strings.ReplaceAll(string(b), demo.ProductionProject, project)
	}
	_, err := w.Push(repo, sandbox.Push{Branch: "main", By: demo.Ivan, Message: "Take up Gatehouse", Files: files})
	d.repos = append(d.repos, repo)
	return err
}

// bindings are the operator's, for so many shops: with several installations they
// are demanded.
func (d *district) bindings(n int) string {
	var b strings.Builder
	for i := range n {
		name := fmt.Sprintf("shop%d", i)
		fmt.Fprintf(&b, "- {repository: %s-%s/%s, environment: production, firebase: avalo-%s}\n", demo.Org, name, name, name)
	}
	return b.String()
}

// turn does what people do now: begin a release where the last one is over, so
// often and for as long as more are wanted, and approve the one that asks. It says
// whether all releases of all shops are over.
func (d *district) turn(rounds int, more bool) (over bool, err error) {
	over = !more
	for _, repo := range d.repos {
		all := d.releases[repo]
		snap, err := d.town.World.Snapshot(repo)
		if err != nil {
			return false, err
		}
		settled := len(all) == 0 || all[len(all)-1].settled(snap)
		switch {
		case settled && (len(all) < rounds || more):
			over, err = false, d.push(repo)
		case !settled:
			over, err = false, d.approve(all[len(all)-1], snap)
		}
		if err != nil {
			return false, err
		}
	}
	return over, nil
}

func (d *district) push(repo string) error {
	r := &release{repo: repo, version: fmt.Sprintf("v%d.0.0", 10+len(d.releases[repo]))}
	d.releases[repo] = append(d.releases[repo], r)
	var err error
	r.sha, err = d.town.World.Push(repo, sandbox.Push{
		Branch: "release/" + r.version, From: "main", By: demo.Dana, Message: "Release " + r.version, Files: map[string]string{"VERSION": r.version + "\n"},
	})
	return err
}

func (d *district) approve(r *release, snap sandbox.Snapshot) error {
	asks := slices.ContainsFunc(snap.CheckRunsOf(r.sha), func(c sandbox.CheckRun) bool {
		return c.Name == "production / Approval" && c.Conclusion == "action_required"
	})
	if r.approved || !asks {
		return nil
	}
	r.approved = true
	_, err := d.town.World.CommitComment(demo.Ada, r.repo, r.sha, "/approve")
	return err
}

// settled reports whether GitHub shows the release as a success leaves it.
func (r *release) settled(snap sandbox.Snapshot) bool {
	found := map[string]bool{}
	for _, c := range snap.CheckRunsOf(r.sha) {
		if c.App != "gatehouse" {
			continue
		}
		if c.Status != "completed" {
			return false
		}
		found[c.Name+" "+c.Conclusion] = true
		found[c.Name] = true
	}
	live := slices.ContainsFunc(snap.Deployments, func(d sandbox.Deployment) bool {
		n := len(d.Statuses)
		return d.SHA == r.sha && n > 0 && d.Statuses[n-1].State == "success" && d.Statuses[n-1].Via == "gatehouse"
	})
	return live && found["production / Notify success"] && found["gatehouse / reply"]
}

// count is how many releases were begun.
func (d *district) count() (n int) {
	for _, all := range d.releases {
		n += len(all)
	}
	return n
}

// done is how many of them are over.
func (d *district) done() (n int) {
	for _, repo := range d.repos {
		snap, err := d.town.World.Snapshot(repo)
		if err != nil {
			continue
		}
		for _, r := range d.releases[repo] {
			if r.settled(snap) {
				n++
			}
		}
	}
	return n
}

// facts are what the outside holds of all shops, without what tells one shop or
// release from another.
func (d *district) facts() []string {
	var names []string
	out := facts(witness.World{Messages: d.town.Slack.Messages(demo.Channel), Discord: d.town.Discord.Messages()}, demo.Told{})
	for _, repo := range d.repos {
		for _, r := range d.releases[repo] {
			names = append(names, r.sha, "RELEASE", r.sha[:min(7, len(r.sha))], "RELEASE", r.version, "VERSION")
		}
		snap, err := d.town.World.Snapshot(repo)
		if err != nil {
			return []string{err.Error()}
		}
		out = append(out, facts(witness.World{Repo: snap}, demo.Told{})...)
	}
	for _, repo := range d.repos {
		names = append(names, repo, demo.Org+"/SHOP", path.Base(repo), "SHOP")
	}
	name := strings.NewReplacer(names...)
	for i := range out {
		out[i] = name.Replace(out[i])
	}
	slices.Sort(out)
	return out
}
