package live

import (
	"fmt"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// configPath is where a repository keeps its configuration.
const configPath = ".github/gatehouse.yml"

func (j *judge) config() {
	f := j.facts
	c := f.Config
	if f.Branch == nil || j.isUnread("the configuration") {
		return
	}
	if c.Name == "" {
		j.add(Finding{
			Severity: Error, Code: "config-missing", Topic: TopicConfig, Where: configPath,
			What: fmt.Sprintf("The branch %s has no %s, and neither has %s/.github.", f.Branch.Name, configPath, f.Repo.Owner),
			Why:  "Without it no push starts anything, and nothing says so.",
			Fix:  "Let gatehouse init write one in a clone of the repository, and push it to " + f.Branch.Name + ".",
		})
		return
	}
	if c.Name != configPath {
		j.add(Finding{
			Severity: Note, Code: "config-shared", Topic: TopicConfig, Where: c.Name, What: "The configuration comes from " + c.Name + ".",
			Why: "This repository has none of its own; who may write there decides who has to approve here.",
		})
	}
	for _, p := range c.Problems {
		j.add(Finding{
			Severity: Error, Code: p.Code, Topic: TopicConfig, Where: fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column), What: p.Message,
			Why: "A push starts nothing but a failed check run that says this.", Fix: p.Fix,
		})
	}
	if c.Spec != nil {
		j.unavailable(c.Spec)
		j.missingBranches(c.Spec)
	}
}

func (j *judge) unavailable(spec *pipeline.Spec) {
	for _, p := range spec.Pipelines {
		for _, no := range spec.Unavailable(p) {
			no.Reason = "The pipeline " + p.Name + " cannot run: " + strings.ToLower(no.Reason[:1]) + no.Reason[1:]
			j.refuse(TopicConfig, at(j.facts.Config.Name, j.facts.Config.Source, "\n  "+p.Name+":"), no)
		}
	}
}

func (j *judge) missingBranches(spec *pipeline.Spec) {
	for _, p := range spec.Pipelines {
		for _, pattern := range p.On.Push {
			for _, gone := range j.facts.Missing {
				if pattern == gone {
					j.add(Finding{
						Severity: Warning, Code: "branch-missing", Topic: TopicConfig, Where: at(j.facts.Config.Name, j.facts.Config.Source, "push: "+gone, gone),
						What: fmt.Sprintf("The pipeline %s starts on pushes to %s, and there is no such branch.", p.Name, gone),
						Why:  "Its workflows could not be looked at there.", Fix: "Correct the name, or push the branch and check again.",
					})
				}
			}
		}
	}
}
