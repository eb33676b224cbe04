package sandbox

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// workflowSpec is a workflow file as far as the sandbox understands it.
type workflowSpec struct {
	name     string
	runName  string
	dispatch *dispatchSpec
	push     *pushSpec
	jobs     []*jobSpec
}

// dispatchSpec is the workflow_dispatch trigger.
type dispatchSpec struct {
	names  []string
	inputs map[string]inputSpec
}

type inputSpec struct {
	Required bool  `yaml:"required"`
	Default  any   `yaml:"default"`
	Options  []any `yaml:"options"`
}

// pushSpec is the push trigger with its filters.
type pushSpec struct {
	Branches       []string `yaml:"branches"`
	BranchesIgnore []string `yaml:"branches-ignore"`
	Tags           []string `yaml:"tags"`
	TagsIgnore     []string `yaml:"tags-ignore"`
}

// jobSpec is one job before its matrix is unfolded.
type jobSpec struct {
	key         string
	name        string
	needs       []string
	environment string
	// always runs the job even after its needs failed or the run was cancelled.
	always bool
	// dimension and values are the one-dimensional matrix.
	dimension string
	values    []string
	steps     []stepSpec
}

type stepSpec struct {
	Name            string            `yaml:"name"`
	Run             string            `yaml:"run"`
	Uses            string            `yaml:"uses"`
	ContinueOnError any               `yaml:"continue-on-error"`
	Env             map[string]string `yaml:"env"`
}

// workflowFile and jobFile are the YAML forms.
type workflowFile struct {
	Name    string             `yaml:"name"`
	RunName string             `yaml:"run-name"`
	On      any                `yaml:"on"`
	Jobs    map[string]jobFile `yaml:"jobs"`
}

type jobFile struct {
	Name        string `yaml:"name"`
	Needs       any    `yaml:"needs"`
	If          any    `yaml:"if"`
	Environment any    `yaml:"environment"`
	Strategy    struct {
		Matrix map[string]any `yaml:"matrix"`
	} `yaml:"strategy"`
	Steps []stepSpec `yaml:"steps"`
}

// parseWorkflow reads a workflow file; name is its path, for workflows without a name.
func parseWorkflow(name, text string) (*workflowSpec, error) {
	var file workflowFile
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		return nil, fmt.Errorf("failed to parse workflow: %w", err)
	}
	var order struct {
		Jobs yaml.MapSlice `yaml:"jobs"`
	}
	if err := yaml.Unmarshal([]byte(text), &order); err != nil {
		return nil, fmt.Errorf("failed to parse workflow: %w", err)
	}
	spec := &workflowSpec{name: file.Name, runName: file.RunName}
	if spec.name == "" {
		spec.name = name
	}
	if err := spec.triggers(file.On); err != nil {
		return nil, err
	}
	for _, item := range order.Jobs {
		key := fmt.Sprint(item.Key)
		spec.jobs = append(spec.jobs, file.Jobs[key].spec(key))
	}
	return spec, nil
}

// triggers reads `on` as a word, a list, or a map.
func (s *workflowSpec) triggers(on any) error {
	switch on := on.(type) {
	case map[string]any:
		for event, value := range on {
			if err := s.trigger(event, value); err != nil {
				return err
			}
		}
	default:
		for _, event := range words(on) {
			if err := s.trigger(event, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *workflowSpec) trigger(event string, value any) error {
	switch event {
	case "push":
		s.push = &pushSpec{}
		return again(value, s.push)
	case "workflow_dispatch":
		var d struct {
			Inputs map[string]inputSpec `yaml:"inputs"`
		}
		if err := again(value, &d); err != nil {
			return err
		}
		s.dispatch = &dispatchSpec{inputs: d.Inputs}
		for name := range d.Inputs {
			s.dispatch.names = append(s.dispatch.names, name)
		}
		slices.Sort(s.dispatch.names)
	}
	return nil
}

// again decodes a part of a file that was read as any.
func again(value, into any) error {
	if value == nil {
		return nil
	}
	text, err := yaml.Marshal(value)
	if err != nil {
		return fmt.Errorf("failed to parse workflow: %w", err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("failed to parse workflow: %w", err)
	}
	return nil
}

// words reads a word or a list of words.
func words(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, item := range v {
			out = append(out, fmt.Sprint(item))
		}
		return out
	}
	return []string{fmt.Sprint(v)}
}

func (f jobFile) spec(key string) *jobSpec {
	s := &jobSpec{key: key, name: f.Name, needs: words(f.Needs), steps: f.Steps}
	if s.name == "" {
		s.name = key
	}
	switch env := f.Environment.(type) {
	case string:
		s.environment = env
	case map[string]any:
		s.environment = fmt.Sprint(env["name"])
	}
	s.always = strings.Contains(fmt.Sprint(f.If), "always()")
	for dimension, list := range f.Strategy.Matrix {
		if values, isList := list.([]any); isList && dimension != "include" && dimension != "exclude" {
			s.dimension, s.values = dimension, words(values)
		}
	}
	return s
}

// wants tells whether a push to a branch or tag triggers the workflow.
func (p *pushSpec) wants(name string, branch bool) bool {
	if p == nil {
		return false
	}
	only, not := p.Tags, p.TagsIgnore
	others := len(p.Branches)+len(p.BranchesIgnore) > 0
	if branch {
		only, not = p.Branches, p.BranchesIgnore
		others = len(p.Tags)+len(p.TagsIgnore) > 0
	}
	if len(only) == 0 && len(not) == 0 {
		return !others
	}
	if len(only) == 0 {
		return !anyMatch(not, name)
	}
	return anyMatch(only, name)
}

// anyMatch applies patterns in order, where ! takes back and ** crosses slashes.
func anyMatch(patterns []string, name string) bool {
	matched := false
	for _, p := range patterns {
		if rest, negated := strings.CutPrefix(p, "!"); negated {
			matched = matched && !glob(rest, name)
		} else {
			matched = matched || glob(p, name)
		}
	}
	return matched
}

func glob(pattern, name string) bool {
	if before, after, found := strings.Cut(pattern, "**"); found {
		return strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
	}
	matched, err := path.Match(pattern, name)
	return err == nil && matched
}

// expand replaces each ${{ … }} by the first of its alternatives that has a value.
func expand(text string, vars map[string]string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		expression, after, _ := strings.Cut(rest, "}}")
		for _, alternative := range strings.Split(expression, "||") {
			alternative = strings.TrimSpace(alternative)
			if value := valueOf(alternative, vars); value != "" {
				b.WriteString(value)
				break
			}
		}
		text = after
	}
}

// valueOf is a variable, a text in quotes, or one of those behind `variable == 'text' &&`.
func valueOf(expression string, vars map[string]string) string {
	if condition, then, found := strings.Cut(expression, "&&"); found {
		left, right, _ := strings.Cut(condition, "==")
		if valueOf(strings.TrimSpace(left), vars) != valueOf(strings.TrimSpace(right), vars) {
			return ""
		}
		return valueOf(strings.TrimSpace(then), vars)
	}
	if strings.HasPrefix(expression, "'") {
		return strings.Trim(expression, "'")
	}
	return vars[expression]
}
