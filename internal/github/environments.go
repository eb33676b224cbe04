package github

import (
	"context"
	"time"
)

// Environment is a GitHub environment with everything that protects it.
type Environment struct {
	ID                int64
	Name              string
	HTMLURL           string
	Reviewers         []Reviewer // Reviewers are empty if nobody is required.
	PreventSelfReview bool
	AdminsBypass      bool
	WaitTimer         int  // WaitTimer is in minutes.
	ProtectedBranches bool // ProtectedBranches says that only protected branches may deploy.
	Restricted        bool // Restricted says that only branches of BranchPatterns, and certain tags, may deploy.
	BranchPatterns    []string
	Rules             []CustomRule
}

// Reviewer is a person or a team that may review deployments.
type Reviewer struct {
	Type string // Type is User or Team.
	ID   int64
	Name string // Name is a person's login or a team's slug.
}

// CustomRule is an App that guards an environment.
type CustomRule struct {
	ID      int64
	AppID   int64
	AppSlug string
	Enabled bool
}

// Secret is the name of a secret, and when it was last set. GitHub never tells its value.
type Secret struct {
	Name      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// reviewerJSON reads leniently: go-github's type panics on a reviewer without a type.
type reviewerJSON struct {
	Type     string `json:"type"`
	Reviewer struct {
		ID    int64  `json:"id"`
		Login string `json:"login"`
		Slug  string `json:"slug"`
	} `json:"reviewer"`
}

func reviewersOf(in []reviewerJSON) []Reviewer {
	var all []Reviewer
	for _, v := range in {
		out := Reviewer{Type: v.Type, ID: v.Reviewer.ID, Name: v.Reviewer.Login}
		if out.Name == "" {
			out.Name = v.Reviewer.Slug
		}
		all = append(all, out)
	}
	return all
}

type protectionJSON struct {
	environmentJSON
	AdminsBypass bool `json:"can_admins_bypass"`
	Rules        []struct {
		Type              string         `json:"type"`
		WaitTimer         int            `json:"wait_timer"`
		PreventSelfReview bool           `json:"prevent_self_review"`
		Reviewers         []reviewerJSON `json:"reviewers"`
	} `json:"protection_rules"`
	Policy *struct {
		ProtectedBranches bool `json:"protected_branches"`
		CustomPolicies    bool `json:"custom_branch_policies"`
	} `json:"deployment_branch_policy"`
}

// Environment reads an environment, its branch policy, and the Apps that guard it, in two or three requests.
func (r *Repo) Environment(ctx context.Context, name string) (Environment, error) {
	const op = "read an environment"
	path, err := r.environmentPath(op, name)
	if err != nil {
		return Environment{}, err
	}
	o := operation{name: op, needs: "actions: read"}
	var in protectionJSON
	if err := r.get(ctx, o, path, &in); err != nil {
		return Environment{}, err
	}
	env := Environment{ID: in.ID, Name: in.Name, HTMLURL: in.HTMLURL, AdminsBypass: in.AdminsBypass}
	for _, rule := range in.Rules {
		switch rule.Type {
		case "wait_timer":
			env.WaitTimer = rule.WaitTimer
		case "required_reviewers":
			env.PreventSelfReview, env.Reviewers = rule.PreventSelfReview, reviewersOf(rule.Reviewers)
		}
	}
	if in.Policy != nil {
		env.ProtectedBranches = in.Policy.ProtectedBranches
		if env.Restricted = in.Policy.CustomPolicies; env.Restricted {
			if env.BranchPatterns, err = r.branchPatterns(ctx, path); err != nil {
				return Environment{}, err
			}
		}
	}
	env.Rules, err = r.customRules(ctx, path)
	return env, err
}

func (r *Repo) branchPatterns(ctx context.Context, path string) ([]string, error) {
	var all []string
	o := operation{name: "list an environment's branches", needs: "actions: read"}
	err := r.pages(ctx, o, path+"/deployment-branch-policies", nil, func(decode func(any) error) error {
		var page struct {
			Policies []struct {
				Name string `json:"name"`
				Type string `json:"type"` // branch or tag; old servers know only branches
			} `json:"branch_policies"`
		}
		err := decode(&page)
		for _, p := range page.Policies {
			if p.Type != "tag" {
				all = append(all, p.Name)
			}
		}
		return err
	})
	return all, err
}

// customRules lists the Apps that guard an environment. A server that does not know the question has none.
func (r *Repo) customRules(ctx context.Context, path string) ([]CustomRule, error) {
	var in struct {
		Rules []struct {
			ID      int64 `json:"id"`
			Enabled bool  `json:"enabled"`
			App     struct {
				ID   int64  `json:"id"`
				Slug string `json:"slug"`
			} `json:"app"`
		} `json:"custom_deployment_protection_rules"`
	}
	o := operation{name: "list an environment's protection rules", needs: "actions: read"}
	err := r.get(ctx, o, path+"/deployment_protection_rules", &in)
	if isClass(err, NotFound) {
		return nil, nil
	}
	var all []CustomRule
	for _, rule := range in.Rules {
		all = append(all, CustomRule{ID: rule.ID, AppID: rule.App.ID, AppSlug: rule.App.Slug, Enabled: rule.Enabled})
	}
	return all, err
}

// EnvironmentSecrets lists the names of an environment's secrets.
func (r *Repo) EnvironmentSecrets(ctx context.Context, environment string) ([]Secret, error) {
	const op = "list an environment's secrets"
	path, err := r.environmentPath(op, environment)
	if err != nil {
		return nil, err
	}
	var all []Secret
	o := operation{name: op, needs: "environments: read"}
	err = r.pages(ctx, o, path+"/secrets", nil, func(decode func(any) error) error {
		var page struct {
			Secrets []struct {
				Name      string    `json:"name"`
				CreatedAt time.Time `json:"created_at"`
				UpdatedAt time.Time `json:"updated_at"`
			} `json:"secrets"`
		}
		err := decode(&page)
		for _, s := range page.Secrets {
			all = append(all, Secret(s))
		}
		return err
	})
	return all, err
}

// Environments lists the names of the repository's environments.
func (r *Repo) Environments(ctx context.Context) ([]string, error) {
	var all []string
	o := operation{name: "list environments", needs: "actions: read"}
	err := r.pages(ctx, o, r.path("environments"), nil, func(decode func(any) error) error {
		var page struct {
			Environments []environmentJSON `json:"environments"`
		}
		err := decode(&page)
		for _, e := range page.Environments {
			all = append(all, e.Name)
		}
		return err
	})
	return all, err
}

func (r *Repo) environmentPath(op, name string) (string, error) {
	escaped, err := segment(op, "environment", name)
	return r.path("environments", escaped), err
}
