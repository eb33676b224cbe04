package live

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func (j *judge) environments() {
	for _, env := range environments(j.facts.Config.Spec) {
		got, known := j.facts.Environments[env.Name]
		switch {
		case !known:
			continue
		case got == nil:
			if j.referenced(env) {
				j.add(j.missingEnvironment(env.Name))
			}
			continue
		}
		j.protections(env, *got)
		for _, p := range j.facts.Config.Spec.Pipelines {
			if p.Environment == env.Name && j.referencedBy(p, env) {
				j.keptOut(p, *got)
			}
		}
	}
}

// referenced reports whether a workflow of any pipeline has a job at the environment.
func (j *judge) referenced(env *pipeline.Environment) bool {
	return slices.ContainsFunc(j.facts.Config.Spec.Pipelines, func(p *pipeline.Pipeline) bool {
		return p.Environment == env.Name && j.referencedBy(p, env)
	})
}

func (j *judge) referencedBy(p *pipeline.Pipeline, env *pipeline.Environment) bool {
	for _, u := range uses(j.facts.Config.Spec) {
		if u.pipeline != p {
			continue
		}
		for _, branch := range branches(p, j.facts.Repo.DefaultBranch) {
			parsed, err := stage.ParseWorkflow(j.facts.Workflows[At{u.file, branch}].Source)
			if err == nil && targetOf(parsed.Gate(), env.Name) == here {
				return true
			}
		}
	}
	return false
}

// protections judges the settings of an environment that are not the gate itself.
func (j *judge) protections(env *pipeline.Environment, got github.Environment) {
	add := func(severity Severity, code, what, why, fix string) {
		j.add(Finding{Severity: severity, Code: code, Topic: TopicEnvironments, Where: j.environmentPage(env.Name), What: what, Why: why, Fix: fix})
	}
	if env.Approval == nil && len(got.Reviewers) > 0 && j.referenced(env) {
		g := stage.Inspected(got, j.facts.App.ID, j.facts.Repo.Owner)
		add(Warning, "reviewers-ungated", fmt.Sprintf("%s has required reviewers (%s), and the configuration has no approval for it.", env.Name, strings.Join(g.Reviewers, ", ")),
			"Every deploy waits for one of them, Gatehouse tells nobody, and the stage fails at its time-out.",
			"Remove the reviewers, or give "+env.Name+" an approval policy and its pipeline an approval stage.")
	}
	if got.WaitTimer > 0 && j.referenced(env) {
		add(Warning, "wait-timer", fmt.Sprintf("%s has a wait timer of %d minutes.", env.Name, got.WaitTimer),
			"The deploy starts that much later than Gatehouse opens the door, and its time-out runs meanwhile.", "Remove the wait timer, or give the deploy stage a longer timeout.")
	}
	if env.Approval == nil {
		return
	}
	if got.PreventSelfReview {
		add(Note, "self-review", env.Name+" prevents self-review, which does not keep authors out.",
			"Gatehouse starts the deploy, so GitHub compares the reviewer with a bot. The policy of the configuration keeps authors out.", "")
	}
	g := stage.Inspected(got, j.facts.App.ID, j.facts.Repo.Owner)
	if got.AdminsBypass && (g.Rule || len(g.Reviewers) > 0) {
		add(Warning, "admins-bypass", "Administrators may bypass the protection of "+env.Name+".",
			"One click of an administrator deploys without an approval; Gatehouse notices only afterwards.",
			"Untick \"Allow administrators to bypass configured protection rules\" on that page.")
	}
}

// keptOut compares what a pipeline's trigger lets in with what the environment's branch policy does.
func (j *judge) keptOut(p *pipeline.Pipeline, env github.Environment) {
	for _, pattern := range p.On.Push {
		admitted, samples := 0, samplesOf(pattern)
		for _, branch := range samples {
			if j.admits(env, branch) {
				admitted++
			}
		}
		if admitted == len(samples) {
			continue
		}
		f := Finding{
			Severity: Error, Code: "branch-kept-out", Topic: TopicEnvironments, Where: j.environmentPage(env.Name),
			What: fmt.Sprintf("The branch policy of %s keeps %s out: it admits %s.", env.Name, pattern, policyOf(env)),
			Why:  fmt.Sprintf("The pipeline %s starts on %s, and GitHub fails its deploy.", p.Name, pattern),
			Fix:  fmt.Sprintf("Add the pattern %s there under Deployment branches and tags (* is one level).", pattern),
		}
		switch {
		case env.ProtectedBranches && pattern != j.facts.Repo.DefaultBranch:
			f.Severity, f.Code = Warning, "branch-unsure"
			f.What = fmt.Sprintf("The branch policy of %s admits %s; whether %s is protected is not known.", env.Name, policyOf(env), pattern)
			f.Why = fmt.Sprintf("If it is not, GitHub fails the deploy of the pipeline %s.", p.Name)
			f.Fix = "Protect " + pattern + " under Settings → Branches, or choose selected branches on that page and add it."
		case admitted > 0:
			f.Severity, f.Code = Warning, "branch-partly-kept-out"
			f.What = fmt.Sprintf("The branch policy of %s admits only some of %s: it admits %s.", env.Name, pattern, policyOf(env))
			f.Why = fmt.Sprintf("The pipeline %s starts on all of %s, and GitHub fails the deploy of the others.", p.Name, pattern)
		}
		j.add(f)
	}
}

func policyOf(env github.Environment) string {
	if env.ProtectedBranches {
		return "protected branches only"
	}
	if len(env.BranchPatterns) == 0 {
		return "no branch"
	}
	return strings.Join(env.BranchPatterns, ", ")
}

func (j *judge) admits(env github.Environment, branch string) bool {
	switch {
	case env.ProtectedBranches:
		return branch == j.facts.Branch.Name && j.facts.Branch.Protected
	case !env.Restricted:
		return true
	}
	return slices.ContainsFunc(env.BranchPatterns, func(p string) bool { return pipeline.MatchBranch(p, branch) })
}

// samplesOf makes up branches that a pattern matches: numbers, versions and words, and more levels where ** allows them.
func samplesOf(pattern string) []string {
	if !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}
	}
	var all []string
	for _, word := range []string{"1.2.0", "v1.2.0", "next", "next/1.2.0"} {
		levels := strings.ReplaceAll(pattern, "**", word)
		branch := strings.ReplaceAll(strings.ReplaceAll(levels, "*", strings.ReplaceAll(word, "/", "-")), "?", word[:1])
		if pipeline.MatchBranch(pattern, branch) && !slices.Contains(all, branch) {
			all = append(all, branch)
		}
	}
	if len(all) == 0 { // a set of characters: nothing of it can be made up here
		return nil
	}
	return all
}
