package sandbox

import (
	"fmt"
	"slices"
	"strings"
)

// SetEnvironment creates or replaces an environment with its protection.
func (w *World) SetEnvironment(repo string, e Environment) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.repo(repo)
	if err != nil {
		return fmt.Errorf("set environment: %w", err)
	}
	if len(e.Reviewers) > 6 {
		return fmt.Errorf("set environment: %s has %d reviewers, GitHub allows 6", e.Name, len(e.Reviewers))
	}
	env := w.environment(r, e.Name)
	e.ID, e.RuleID, e.CreatedAt, e.UpdatedAt = env.ID, env.RuleID, env.CreatedAt, w.now()
	for i := range e.Secrets {
		if e.Secrets[i].CreatedAt.IsZero() {
			e.Secrets[i].CreatedAt = w.now()
		}
		if e.Secrets[i].UpdatedAt.IsZero() {
			e.Secrets[i].UpdatedAt = e.Secrets[i].CreatedAt
		}
	}
	*env = e
	return nil
}

// environment finds an environment or, as GitHub does, makes it silently and without protection.
func (w *World) environment(r *Repo, name string) *Environment {
	if e := r.env(name); e != nil {
		return e
	}
	e := &Environment{ID: w.nextID(), Name: name, RuleID: w.nextID(), CreatedAt: w.now(), UpdatedAt: w.now()}
	r.envs = append(r.envs, e)
	return e
}

func (r *Repo) env(name string) *Environment {
	for _, e := range r.envs {
		if strings.EqualFold(e.Name, name) {
			return e
		}
	}
	return nil
}

func environmentRoutes() []route {
	const one = "GET /repos/{owner}/{repo}/environments/{environment_name}"
	return []route{
		{"GET /repos/{owner}/{repo}/environments", "actions:read", listEnvironments},
		{one, "actions:read", onEnvironment(getEnvironment)},
		{one + "/deployment_protection_rules", "actions:read", onEnvironment(listRules)},
		{one + "/deployment-branch-policies", "actions:read", onEnvironment(listBranchPolicies)},
		{one + "/secrets", "environments:read", onEnvironment(listSecrets)},
	}
}

func onEnvironment(handle func(*request, *Environment) reply) func(*request) reply {
	return func(r *request) reply {
		if e := r.repo.env(r.path("environment_name")); e != nil {
			return handle(r, e)
		}
		return notFound()
	}
}

// reviewersJSON lists reviewers with their type, as environments and pending deployments carry them.
func (w *World) reviewersJSON(names []string) []obj {
	out := []obj{}
	for _, name := range names {
		org, slug, isTeam := strings.Cut(name, "/")
		if t := w.team(org, slug); isTeam && t != nil {
			out = append(out, obj{"type": "Team", "reviewer": w.teamJSON(t)})
		} else if !isTeam {
			out = append(out, obj{"type": "User", "reviewer": w.userJSON(name)})
		}
	}
	return out
}

// environmentRef is the short form of an environment.
func (w *World) environmentRef(r *Repo, e *Environment) obj {
	return obj{
		"id": e.ID, "node_id": nodeID("Environment", e.ID), "name": e.Name,
		"url":      w.api("/repos/%s/environments/%s", r.FullName(), escape(e.Name)),
		"html_url": w.web("/%s/deployments/activity_log?environments_filter=%s", r.FullName(), escape(e.Name)),
	}
}

func (w *World) environmentJSON(r *Repo, e *Environment) obj {
	rules := []obj{}
	if e.WaitTimer > 0 {
		rules = append(rules, obj{
			"id": e.ID*10 + 1, "node_id": nodeID("Gate", e.ID*10+1), "type": "wait_timer", "wait_timer": e.WaitTimer,
		})
	}
	if len(e.Reviewers) > 0 {
		rules = append(rules, obj{
			"id": e.ID*10 + 2, "node_id": nodeID("Gate", e.ID*10+2), "type": "required_reviewers",
			"prevent_self_review": e.PreventSelfReview, "reviewers": w.reviewersJSON(e.Reviewers),
		})
	}
	out := w.environmentRef(r, e)
	out["created_at"], out["updated_at"], out["deployment_branch_policy"] = stamp(e.CreatedAt), stamp(e.UpdatedAt), nil
	if len(e.BranchPatterns) > 0 {
		rules = append(rules, obj{"id": e.ID*10 + 3, "node_id": nodeID("Gate", e.ID*10+3), "type": "branch_policy"})
		out["deployment_branch_policy"] = obj{"protected_branches": false, "custom_branch_policies": true}
	}
	if e.ProtectedBranches {
		rules = append(rules, obj{"id": e.ID*10 + 3, "node_id": nodeID("Gate", e.ID*10+3), "type": "branch_policy"})
		out["deployment_branch_policy"] = obj{"protected_branches": true, "custom_branch_policies": false}
	}
	out["protection_rules"], out["can_admins_bypass"] = rules, !e.AdminsBlocked
	return out
}

func listEnvironments(r *request) reply {
	return ok(obj{
		"total_count":  len(r.repo.envs),
		"environments": list(page(r, r.repo.envs), func(e *Environment) obj { return r.w.environmentJSON(r.repo, e) }),
	})
}

func getEnvironment(r *request, e *Environment) reply { return ok(r.w.environmentJSON(r.repo, e)) }

func listRules(r *request, e *Environment) reply {
	rules := []obj{}
	if e.CustomRule || e.RuleOff {
		rules = append(rules, obj{
			"id": e.RuleID, "node_id": nodeID("DeploymentProtectionRule", e.RuleID), "enabled": !e.RuleOff,
			"app": obj{
				"id": r.w.opt.AppID, "slug": r.w.opt.AppSlug, "node_id": nodeID("Integration", r.w.opt.AppID),
				"integration_url": r.w.api("/apps/%s", r.w.opt.AppSlug),
			},
		})
	}
	return ok(obj{"total_count": len(rules), "custom_deployment_protection_rules": rules})
}

func listBranchPolicies(r *request, e *Environment) reply {
	policies := []obj{}
	for i, pattern := range e.BranchPatterns {
		id := e.ID*100 + int64(i)
		policies = append(policies, obj{"id": id, "node_id": nodeID("BranchPolicy", id), "name": pattern, "type": "branch"})
	}
	return ok(obj{"total_count": len(policies), "branch_policies": page(r, policies)})
}

func listSecrets(r *request, e *Environment) reply {
	return ok(obj{
		"total_count": len(e.Secrets),
		"secrets": list(page(r, slices.Clone(e.Secrets)), func(s Secret) obj {
			return obj{"name": s.Name, "created_at": stamp(s.CreatedAt), "updated_at": stamp(s.UpdatedAt)}
		}),
	})
}
