package github

import (
	"context"
	"net/url"

	gh "github.com/google/go-github/v60/github"
)

// Branch is a branch as GitHub knows it.
type Branch struct {
	Name      string
	SHA       string
	Protected bool // Protected says that a branch protection rule covers it; rulesets are BranchRules.
}

// Branch reads a branch. NotFound means that there is none of that name.
func (r *Repo) Branch(ctx context.Context, name string) (Branch, error) {
	const op = "read a branch"
	escaped, err := segments(op, "branch", name)
	if err != nil {
		return Branch{}, err
	}
	var in struct {
		Name      string `json:"name"`
		Protected bool   `json:"protected"`
		Commit    struct {
			SHA string `json:"sha"`
		} `json:"commit"`
	}
	err = r.get(ctx, contents(op), r.path("branches", escaped), &in)
	return Branch{Name: in.Name, SHA: in.Commit.SHA, Protected: in.Protected}, err
}

// BranchRules lists the types of the rules that active rulesets put on a branch, such as "pull_request".
// A server that knows no rulesets has none.
func (r *Repo) BranchRules(ctx context.Context, name string) ([]string, error) {
	const op = "list a branch's rules"
	escaped, err := segments(op, "branch", name)
	if err != nil {
		return nil, err
	}
	type rule struct {
		Type string `json:"type"`
	}
	in, err := list[rule](ctx, r, operation{name: op, needs: "metadata: read"}, r.path("rules/branches", escaped), nil)
	if isClass(err, NotFound) {
		return nil, nil
	}
	var types []string
	for _, e := range in {
		types = append(types, e.Type)
	}
	return types, err
}

// ActionsEnabled says whether GitHub Actions may run in the repository. It needs a permission that Gatehouse does not ask for.
func (r *Repo) ActionsEnabled(ctx context.Context) (bool, error) {
	var in gh.ActionsPermissionsRepository
	err := r.get(ctx, operation{name: "read the settings of Actions", needs: "administration: read"}, r.path("actions/permissions"), &in)
	return in.GetEnabled(), err
}

// Workflows lists the workflows that the default branch has or had.
func (r *Repo) Workflows(ctx context.Context) ([]Workflow, error) {
	var all []Workflow
	o := operation{name: "list workflows", needs: "actions: read"}
	err := r.pages(ctx, o, r.path("actions/workflows"), url.Values{}, func(decode func(any) error) error {
		var page gh.Workflows
		err := decode(&page)
		for _, w := range page.Workflows {
			all = append(all, Workflow{ID: w.GetID(), Name: w.GetName(), Path: w.GetPath(), State: w.GetState()})
		}
		return err
	})
	return all, err
}

// TeamMembers lists the people of a team and of the teams below it. NotFound means that there is no such team, or that the
// App may not see it.
func (r *Repo) TeamMembers(ctx context.Context, org, slug string) ([]Person, error) {
	const op = "list a team's members"
	team, err := teamPath(op, org, slug)
	if err != nil {
		return nil, err
	}
	in, err := list[personJSON](ctx, r, operation{name: op, needs: "members: read"}, team+"/members", nil)
	var all []Person
	for _, p := range in {
		all = append(all, p.person())
	}
	return all, err
}
