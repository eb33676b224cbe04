package stage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Binding says that a repository's environment is one Firebase project.
type Binding struct {
	Repository  string `yaml:"repository"` // owner/name, or GitHub's id of the repository
	Environment string `yaml:"environment"`
	Firebase    string `yaml:"firebase"`
	Account     string `yaml:"account"` // service account that Gatehouse acts as there; empty: its own

	// Floor is an approval policy that the repository's own must not fall below.
	Floor map[string]any `yaml:"floor"`

	floor *pipeline.Policy // Floor, parsed
}

// Bindings are what the operator allows: no repository chooses by itself whose
// production it deploys to.
type Bindings struct{ list []Binding }

var (
	repositoryForm = regexp.MustCompile(`^([0-9]+|[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)$`)
	projectForm    = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
)

// ParseBindings reads the operator's file, a YAML list. An unknown field is an
// error, because what an operator wrote must never be passed over in silence.
func ParseBindings(src []byte) (*Bindings, error) {
	var list []Binding
	if err := yaml.NewDecoder(bytes.NewReader(src), yaml.Strict()).Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("bindings: expected a list of {repository, environment, firebase}: %s", yaml.FormatError(err, false, false))
	}
	if len(list) == 0 {
		return nil, errors.New("bindings: the file binds nothing; expected a list of {repository, environment, firebase}")
	}
	seen := map[string]bool{}
	for i, b := range list {
		key := strings.ToLower(b.Repository + "\x00" + b.Environment)
		switch {
		case !repositoryForm.MatchString(b.Repository):
			return nil, fmt.Errorf("bindings: entry %d: repository is %q; expected owner/name or GitHub's id", i+1, b.Repository)
		case b.Environment == "":
			return nil, fmt.Errorf("bindings: entry %d: the environment is missing", i+1)
		case !projectForm.MatchString(b.Firebase):
			return nil, fmt.Errorf("bindings: entry %d: firebase is %q; expected the id of a project", i+1, b.Firebase)
		case seen[key]:
			return nil, fmt.Errorf("bindings: entry %d: %s is bound twice in %s", i+1, b.Environment, b.Repository)
		}
		seen[key] = true
		floor, err := parseFloor(b.Floor)
		if err != nil {
			return nil, fmt.Errorf("bindings: entry %d: %w", i+1, err)
		}
		list[i].floor = floor
	}
	return &Bindings{list: list}, nil
}

// parseFloor reads the policy by the rules of the configuration file.
func parseFloor(floor map[string]any) (*pipeline.Policy, error) {
	if floor == nil {
		return nil, nil //nolint:nilnil // no floor is what most bindings have
	}
	src, err := yaml.Marshal(floor)
	if err != nil {
		return nil, fmt.Errorf("floor: %w", err)
	}
	policy, problems := pipeline.ParsePolicy(src, pipeline.Options{File: "floor"})
	if len(problems) > 0 {
		return nil, fmt.Errorf("floor: %s %s", problems[0].Message, problems[0].Fix)
	}
	return policy, nil
}

// Judge says why a configuration may not be used in a repository, or nil.
func (b *Bindings) Judge(repo pipeline.Repo, spec *pipeline.Spec) *pipeline.Refusal {
	for _, pl := range spec.Pipelines {
		env := spec.Environments[pl.Environment]
		bound, ok := b.find(repo, env.Name)
		switch {
		case !ok:
			return &pipeline.Refusal{
				Code:   "not-bound",
				Reason: fmt.Sprintf("The operator has not bound %s of %s to a Firebase project; the file names %s.", env.Name, repo.FullName(), env.Firebase),
				Fix:    "The operator adds to the file that GATEHOUSE_BINDINGS names:",
				Lines:  fmt.Sprintf("- {repository: %s, environment: %s, firebase: %s}", repo.FullName(), env.Name, env.Firebase),
			}
		case bound.Firebase != env.Firebase:
			return &pipeline.Refusal{
				Code:   "bound-elsewhere",
				Reason: fmt.Sprintf("The file names the Firebase project %s for %s, but the operator binds it to %s.", env.Firebase, env.Name, bound.Firebase),
				Fix:    fmt.Sprintf("Write firebase: %s there, or ask the operator to change the binding.", bound.Firebase),
			}
		case bound.floor != nil:
			if why := env.Approval.Loosens(*bound.floor, env.Name); why != nil {
				return why
			}
		}
	}
	return nil
}

// find prefers GitHub's id, which a renamed repository keeps.
func (b *Bindings) find(repo pipeline.Repo, environment string) (bound Binding, ok bool) {
	id := strconv.FormatInt(repo.ID, 10)
	for _, name := range []string{id, repo.FullName()} {
		for _, e := range b.list {
			if strings.EqualFold(e.Repository, name) && strings.EqualFold(e.Environment, environment) {
				return e, true
			}
		}
	}
	return Binding{}, false
}
