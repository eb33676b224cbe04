package stage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// workflowBytes is the largest workflow file that is parsed; GitHub's own limit
// is 512 KB.
const workflowBytes = 512 << 10

// WorkflowFile is what Gatehouse looks at in a workflow.
type WorkflowFile struct {
	On          any               `yaml:"on"`
	Concurrency any               `yaml:"concurrency"`
	Jobs        map[string]jobDef `yaml:"jobs"`
}

type jobDef struct {
	Needs       any `yaml:"needs"`
	Environment any `yaml:"environment"`
	Concurrency any `yaml:"concurrency"`
	Uses        any `yaml:"uses"`
}

// ParseWorkflow reads a workflow file. The error is a clause that begins with "it".
func ParseWorkflow(src []byte) (WorkflowFile, error) {
	var w WorkflowFile
	if len(src) > workflowBytes {
		return w, fmt.Errorf("it has %d bytes and GitHub reads at most %d", len(src), workflowBytes)
	}
	if err := yaml.Unmarshal(src, &w); err != nil {
		return w, fmt.Errorf("it is no valid workflow: %s", firstLine(yaml.FormatError(err, false, false)))
	}
	return w, nil
}

// inputs are the declared inputs of workflow_dispatch; ok is false without the
// trigger.
func (w WorkflowFile) inputs() (declared map[string]any, ok bool) {
	switch on := w.On.(type) {
	case string:
		return nil, on == "workflow_dispatch"
	case []any:
		return nil, slices.Contains(on, any("workflow_dispatch"))
	case map[string]any:
		dispatch, ok := on["workflow_dispatch"]
		body, _ := dispatch.(map[string]any)
		declared, _ := body["inputs"].(map[string]any)
		return declared, ok
	}
	return nil, false
}

// demanded lists inputs without which GitHub does not start the workflow, and
// which nobody gives. A boolean or a choice may have a value all the same.
func demanded(declared map[string]any, given []string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		in, _ := declared[name].(map[string]any)
		kind, _ := in["type"].(string)
		if in["required"] == true && in["default"] == nil && kind != "boolean" && kind != "choice" && !slices.Contains(given, name) {
			names = append(names, name)
		}
	}
	return names
}

// judgeTrigger says why Gatehouse cannot start the workflow with these inputs of
// a stage, or nil.
func (w WorkflowFile) judgeTrigger(file string, inputs map[string]string) error {
	declared, ok := w.inputs()
	if !ok {
		return noTrigger(file, inputs)
	}
	given := append(inputsOf(), slices.Sorted(maps.Keys(inputs))...)
	var missing []string
	for _, name := range given {
		if _, known := declared[name]; !known && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return noInputs(file, missing, inputs)
	}
	if names := demanded(declared, given); len(names) > 0 {
		return inputsUngiven(file, names)
	}
	return nil
}

// Startable says why Gatehouse cannot start the workflow with these inputs of a
// stage, or nil.
func (w WorkflowFile) Startable(file string, inputs map[string]string) *pipeline.Refusal {
	return refusalOf(w.judgeTrigger(file, inputs))
}

// judgeRecord refuses a job whose environment makes no Deployment: whether
// GitHub asks at such a door is not documented.
func (w WorkflowFile) judgeRecord(file string) error {
	ids := w.undeployed()
	if len(ids) == 0 {
		return nil
	}
	return refuse("no-deployment-record", fmt.Sprintf("The workflow %s says deployment: false in %s, so GitHub keeps no record that the gate could hold.", file, strings.Join(ids, ", ")),
		"Write environment: ${{ inputs.environment }} instead.")
}

// Recorded says why GitHub would keep no Deployment of the workflow, or nil.
func (w WorkflowFile) Recorded(file string) *pipeline.Refusal { return refusalOf(w.judgeRecord(file)) }

// Calls are the reusable workflows that jobs run, by job.
func (w WorkflowFile) Calls() map[string]string {
	calls := map[string]string{}
	for id, job := range w.Jobs {
		if uses, ok := job.Uses.(string); ok {
			calls[id] = uses
		}
	}
	return calls
}

// Gate says which jobs reference an environment and which would not wait for
// the first of them.
func (w WorkflowFile) Gate() pipeline.Jobs {
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
func (w WorkflowFile) follows(id, other string, seen map[string]bool) bool {
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

// undeployed lists jobs whose environment makes no Deployment.
func (w WorkflowFile) undeployed() []string {
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
	w, err := ParseWorkflow(src)
	if err == nil {
		return w.Startable(file, nil)
	}
	return &pipeline.Refusal{Code: "workflow-unreadable", Reason: "The workflow " + file + " cannot be read: " + err.Error() + "."}
}
