package stage

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/goccy/go-yaml"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// workflowBytes is the largest workflow file that is parsed; GitHub's own limit
// is 512 KB.
const workflowBytes = 512 << 10

// workflowFile is what Gatehouse looks at in a workflow.
type workflowFile struct {
	On          any               `yaml:"on"`
	Concurrency any               `yaml:"concurrency"`
	Jobs        map[string]jobDef `yaml:"jobs"`
}

type jobDef struct {
	Needs       any `yaml:"needs"`
	Environment any `yaml:"environment"`
	Concurrency any `yaml:"concurrency"`
}

func parseWorkflow(src []byte) (workflowFile, error) {
	var w workflowFile
	if len(src) > workflowBytes {
		return w, fmt.Errorf("it has %d bytes and GitHub reads at most %d", len(src), workflowBytes)
	}
	if err := yaml.Unmarshal(src, &w); err != nil {
		return w, fmt.Errorf("it is no valid workflow: %s", firstLine(yaml.FormatError(err, false, false)))
	}
	return w, nil
}

// inputs lists the declared inputs of workflow_dispatch; ok is false without the
// trigger.
func (w workflowFile) inputs() (names []string, ok bool) {
	switch on := w.On.(type) {
	case string:
		return nil, on == "workflow_dispatch"
	case []any:
		return nil, slices.Contains(on, any("workflow_dispatch"))
	case map[string]any:
		dispatch, ok := on["workflow_dispatch"]
		body, _ := dispatch.(map[string]any)
		declared, _ := body["inputs"].(map[string]any)
		return slices.Sorted(maps.Keys(declared)), ok
	}
	return nil, false
}

// judgeTrigger says why Gatehouse cannot start the workflow with these inputs of
// a stage, or nil.
func (w workflowFile) judgeTrigger(file string, inputs map[string]string) error {
	declared, ok := w.inputs()
	if !ok {
		return noTrigger(file, inputs)
	}
	var missing []string
	for _, name := range append(inputsOf(), slices.Sorted(maps.Keys(inputs))...) {
		if !slices.Contains(declared, name) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return noInputs(file, missing, inputs)
	}
	return nil
}

// jobs says which jobs reference an environment and which would not wait for
// the first of them.
func (w workflowFile) jobs() pipeline.Jobs {
	var out pipeline.Jobs
	for _, id := range slices.Sorted(maps.Keys(w.Jobs)) {
		env := environmentName(w.Jobs[id].Environment)
		if env == "" {
			continue
		}
		if out.Environment == "" {
			out.Environment = env
		}
		out.Jobs = append(out.Jobs, id)
		out.Concurrency = out.Concurrency || w.Jobs[id].Concurrency != nil
	}
	if len(out.Jobs) == 0 {
		return out
	}
	out.Concurrency = out.Concurrency || w.Concurrency != nil
	for _, id := range slices.Sorted(maps.Keys(w.Jobs)) {
		if !slices.Contains(out.Jobs, id) && !w.follows(id, out.Jobs[0], map[string]bool{}) {
			out.Before = append(out.Before, id)
		}
	}
	return out
}

// follows reports whether a job needs another, directly or through others.
func (w workflowFile) follows(id, other string, seen map[string]bool) bool {
	for _, need := range texts(w.Jobs[id].Needs) {
		if need == other {
			return true
		}
		if !seen[need] {
			seen[need] = true
			if w.follows(need, other, seen) {
				return true
			}
		}
	}
	return false
}

// undeployed lists jobs whose environment makes no Deployment: whether GitHub
// asks at such a door is not documented.
func (w workflowFile) undeployed() []string {
	var ids []string
	for id, job := range w.Jobs {
		if env, ok := job.Environment.(map[string]any); ok && env["deployment"] == false {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func environmentName(v any) string {
	switch env := v.(type) {
	case string:
		return env
	case map[string]any:
		name, _ := env["name"].(string)
		return name
	}
	return ""
}

// texts reads a text or a list of them.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// Startable says why Gatehouse could not start a workflow that has this
// content, or nil.
func Startable(file string, src []byte) *pipeline.Refusal {
	w, err := parseWorkflow(src)
	if err == nil {
		err = w.judgeTrigger(file, nil)
	}
	var no *refused
	switch {
	case err == nil:
		return nil
	case errors.As(err, &no):
		return &no.Refusal
	}
	return &pipeline.Refusal{Code: "workflow-unreadable", Reason: "The workflow " + file + " cannot be read: " + err.Error() + "."}
}
