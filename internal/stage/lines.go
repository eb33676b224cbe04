package stage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// workflowDir is where GitHub looks for workflows.
const workflowDir = ".github/workflows/"

// inputsOf lists the inputs that Gatehouse passes to every workflow.
func inputsOf() []string { return []string{"gatehouse_run", "sha", "environment", "gatehouse_needs"} }

// triggerLines are what makes a workflow startable by Gatehouse: the trigger, the
// inputs, and a title by which its runs are found again.
func triggerLines(file string, inputs map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "run-name: \"%s ${{ inputs.environment }} [gh:${{ inputs.gatehouse_run }}]\"\n", strings.TrimSuffix(strings.TrimSuffix(file, ".yml"), ".yaml"))
	b.WriteString("on:\n  workflow_dispatch:\n    inputs:\n")
	b.WriteString("      gatehouse_run: {required: true}\n      sha: {required: true}\n")
	b.WriteString("      environment: {required: true}\n      gatehouse_needs: {default: \"{}\"}\n")
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		if !slices.Contains(inputsOf(), name) {
			fmt.Fprintf(&b, "      %s: {required: true}\n", name)
		}
	}
	return b.String()
}

// fileLines are a whole workflow to begin with.
func fileLines(file, job string, deploys bool, inputs map[string]string) string {
	var b strings.Builder
	b.WriteString(triggerLines(file, inputs))
	fmt.Fprintf(&b, "jobs:\n  %s:\n    runs-on: ubuntu-latest\n", job)
	if deploys {
		b.WriteString("    environment: ${{ inputs.environment }}\n")
	}
	b.WriteString("    steps:\n      - uses: actions/checkout@v5\n        with: {ref: \"${{ inputs.sha }}\"}\n")
	fmt.Fprintf(&b, "      - run: ./%s.sh\n", job)
	return b.String()
}

// missingFile is the refusal of a workflow that is not there.
func missingFile(file, where string, deploys bool, inputs map[string]string) error {
	job := "build"
	if deploys {
		job = "deploy"
	}
	return refuseWith("workflow-missing", fmt.Sprintf("The workflow %s does not exist %s.", file, where),
		fmt.Sprintf("Add %s%s on the default branch and on the release's branch, for example:", workflowDir, file),
		fileLines(file, job, deploys, inputs))
}

// noTrigger is the refusal of a workflow that cannot be started by hand.
func noTrigger(file string, inputs map[string]string) error {
	return refuseWith("workflow-not-startable", fmt.Sprintf("The workflow %s has no workflow_dispatch trigger, so nobody can start it.", file),
		fmt.Sprintf("Add these lines to %s%s on the default branch and on the release's branch:", workflowDir, file), triggerLines(file, inputs))
}

// noInputs is the refusal of a workflow that does not declare what it is given.
func noInputs(file string, missing []string, inputs map[string]string) error {
	what := "the inputs that Gatehouse passes"
	if len(missing) > 0 {
		what = "the inputs " + strings.Join(missing, ", ")
	}
	return refuseWith("workflow-inputs", fmt.Sprintf("The workflow %s does not declare %s, and GitHub refuses undeclared ones.", file, what),
		fmt.Sprintf("Let %s%s on the release's branch begin with these lines:", workflowDir, file), triggerLines(file, inputs))
}

// inputsUngiven is the refusal of a workflow that demands more than it is given.
func inputsUngiven(file string, names []string) error {
	var lines strings.Builder
	for _, name := range names {
		fmt.Fprintf(&lines, "%s: …\n", name)
	}
	return refuseWith("workflow-input-ungiven", fmt.Sprintf("The workflow %s requires the inputs %s, and no stage gives them, so GitHub does not start it.", file, strings.Join(names, ", ")),
		"Give them to the stage, as in workflow: {file: "+file+", inputs: {…}}, or give them a default in the workflow:", lines.String())
}

// MissingWorkflow is what to tell of a workflow that is not there; where begins
// with a preposition.
func MissingWorkflow(file, where string, deploys bool, inputs map[string]string) *pipeline.Refusal {
	return refusalOf(missingFile(file, where, deploys, inputs))
}
