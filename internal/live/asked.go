package live

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// use is one place in which a configuration uses a workflow.
type use struct {
	pipeline *pipeline.Pipeline
	stage    *pipeline.Stage
	env      *pipeline.Environment
	file     string
	inputs   map[string]string
	deploys  bool
	gated    bool // an approval stands before this deploy
}

// uses lists every use of a workflow, in the file's order.
func uses(spec *pipeline.Spec) []use {
	var all []use
	for _, p := range spec.Pipelines {
		for _, st := range p.Stages {
			u := use{pipeline: p, stage: st, env: spec.Environments[p.Environment]}
			switch {
			case st.Workflow != nil:
				u.file, u.inputs = st.Workflow.File, st.Workflow.Inputs
			case st.Deploy != nil:
				u.file, u.inputs, u.deploys = st.Deploy.File, st.Deploy.Inputs, true
				u.gated = slices.ContainsFunc(p.Stages, func(a *pipeline.Stage) bool { return a.Approval != nil && a.Approval.Deploy == st.ID })
			default:
				continue
			}
			all = append(all, u)
		}
	}
	return all
}

// branches lists where the workflows of a pipeline are read: the branches that its trigger names in full, and for
// patterns the default branch, because what they match is cut from there.
func branches(p *pipeline.Pipeline, main string) []string {
	var all []string
	for _, pattern := range p.On.Push {
		name := pattern
		if strings.ContainsAny(pattern, "*?[") {
			name = main
		}
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	if len(all) == 0 {
		all = append(all, main)
	}
	return all
}

// environments lists the environments that pipelines use, by name.
func environments(spec *pipeline.Spec) []*pipeline.Environment {
	var all []*pipeline.Environment
	for _, p := range spec.Pipelines {
		if env := spec.Environments[p.Environment]; env != nil && !slices.Contains(all, env) {
			all = append(all, env)
		}
	}
	return all
}

// policies lists the environments whose policy a pipeline asks.
func policies(spec *pipeline.Spec) []*pipeline.Environment {
	return slices.DeleteFunc(environments(spec), func(e *pipeline.Environment) bool { return e.Approval == nil })
}

// channels lists the Slack channels that messages go to.
func channels(spec *pipeline.Spec) []string {
	var all []string
	add := func(name string) {
		if name != "" && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	add(spec.Notify.Slack)
	for _, p := range spec.Pipelines {
		for _, st := range p.Stages {
			if st.Notify != nil {
				add(st.Notify.Slack)
			}
		}
	}
	return all
}

// at names a file with the first line that holds one of the words, tried in their order.
func at(name string, source []byte, words ...string) string {
	for _, word := range words {
		before, _, found := bytes.Cut(source, []byte(word))
		if found {
			line := bytes.Count(before, []byte("\n")) + 1
			if word[0] == '\n' { // a word at the beginning of a line
				line++
			}
			return fmt.Sprintf("%s:%d", name, line)
		}
	}
	return name
}
