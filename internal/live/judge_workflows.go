package live

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func (j *judge) workflows() {
	for _, u := range uses(j.facts.Config.Spec) {
		if !j.onDefault(u) {
			continue
		}
		for _, branch := range branches(u.pipeline, j.facts.Repo.DefaultBranch) {
			j.workflow(u, branch)
		}
	}
}

// onDefault judges what GitHub asks of the default branch, whichever branch the workflow is started on.
func (j *judge) onDefault(u use) bool {
	main := j.facts.Repo.DefaultBranch
	w, read := j.facts.Workflows[At{u.file, main}]
	if !read {
		return false // what could not be read is a finding already
	}
	if !w.Found {
		no := stage.MissingWorkflow(u.file, "on the default branch "+main, u.deploys, u.inputs)
		j.add(Finding{
			Severity: Error, Code: no.Code, Topic: TopicWorkflows, Where: at(j.facts.Config.Name, j.facts.Config.Source, u.file),
			What: no.Reason, Why: "GitHub starts only workflows that the default branch has.", Fix: no.Fix, Lines: no.Lines,
		})
		return false
	}
	if state := j.facts.States[u.file]; strings.HasPrefix(state, "disabled") {
		j.add(Finding{
			Severity: Error, Code: "workflow-disabled", Topic: TopicWorkflows, Where: j.page("/actions/workflows/" + u.file),
			What: fmt.Sprintf("The workflow %s is disabled (%s).", u.file, strings.ReplaceAll(state, "_", " ")),
			Why:  "GitHub refuses to start it.", Fix: "Press Enable workflow on that page.",
		})
	}
	return true
}

// workflow judges a file on one branch.
func (j *judge) workflow(u use, branch string) {
	w, read := j.facts.Workflows[At{u.file, branch}]
	if !read {
		return
	}
	if !w.Found {
		no := stage.MissingWorkflow(u.file, "on the branch "+branch, u.deploys, u.inputs)
		j.refuse(TopicWorkflows, at(j.facts.Config.Name, j.facts.Config.Source, u.file), *no)
		return
	}
	parsed, err := stage.ParseWorkflow(w.Source)
	if err != nil {
		j.add(Finding{
			Severity: Error, Code: "workflow-unreadable", Topic: TopicWorkflows, Where: j.inFile(u, branch),
			What: fmt.Sprintf("The workflow %s cannot be read: %s.", u.file, strings.TrimSuffix(err.Error(), ".")),
			Why:  "GitHub cannot start it.", Fix: "Correct the file.",
		})
		return
	}
	if no := parsed.Startable(u.file, u.inputs); no != nil {
		j.refuse(TopicWorkflows, j.inFile(u, branch, "workflow_dispatch", "\non:"), *no)
	}
	if !strings.Contains(string(w.Source), "[gh:${{ inputs.gatehouse_run }}]") {
		j.add(Finding{
			Severity: Note, Code: "workflow-unmarked", Topic: TopicWorkflows, Where: j.inFile(u, branch, "run-name:", "name:"),
			What: fmt.Sprintf("The title of runs of %s does not carry the mark of Gatehouse.", u.file),
			Why:  "After a crash in the wrong moment its run cannot be told from others, and a person has to decide.",
			Fix:  "Let its run-name end with the mark:", Lines: "run-name: \"… [gh:${{ inputs.gatehouse_run }}]\"\n",
		})
	}
	if u.deploys {
		j.deploy(u, branch, parsed)
	} else {
		j.inStage(u, branch, parsed.Gate())
	}
}

// inFile is the place of the first of some words in a workflow; another branch than the default one is named.
func (j *judge) inFile(u use, branch string, words ...string) string {
	where := at(workflowDir+u.file, j.facts.Workflows[At{u.file, branch}].Source, words...)
	if branch != j.facts.Repo.DefaultBranch {
		where += " (branch " + branch + ")"
	}
	return where
}

// target is where a job with this environment goes, in the eyes of a pipeline.
type target int

const (
	nowhere   target = iota // no job has an environment
	here                    // the pipeline's environment, by name or by our input
	elsewhere               // another one, by name
	unclear                 // an expression that Gatehouse cannot read
)

func targetOf(jobs pipeline.Jobs, env string) target {
	switch name := jobs.Environment; {
	case name == "":
		return nowhere
	case strings.EqualFold(name, env), strings.Contains(name, "inputs.environment"):
		return here
	case strings.Contains(name, "${{"):
		return unclear
	}
	return elsewhere
}

// deploy judges what only a deploy must be.
func (j *judge) deploy(u use, branch string, parsed stage.WorkflowFile) {
	if no := parsed.Recorded(u.file); no != nil {
		j.refuse(TopicWorkflows, j.inFile(u, branch, "deployment:"), *no)
	}
	jobs := parsed.Gate()
	where := j.inFile(u, branch, "environment: "+jobs.Environment, "environment: {", "\n    environment:")
	switch targetOf(jobs, u.env.Name) {
	case elsewhere:
		j.add(Finding{
			Severity: Error, Code: "environment-elsewhere", Topic: TopicWorkflows, Where: where,
			What: fmt.Sprintf("The pipeline %s deploys to %s by %s, whose job %s always goes to %s.", u.pipeline.Name, u.env.Name, u.file, strings.Join(jobs.Jobs, ", "), jobs.Environment),
			Why:  "It would go where nobody approved it, with the secrets of " + jobs.Environment + ".",
			Fix:  "Let the job take the environment that Gatehouse passes:", Lines: "environment: ${{ inputs.environment }}\n",
		})
	case unclear:
		j.add(Finding{
			Severity: Warning, Code: "environment-unclear", Topic: TopicWorkflows, Where: where,
			What: fmt.Sprintf("The environment of %s is the expression %s.", u.file, jobs.Environment),
			Why:  "Gatehouse cannot tell where it goes, and takes it for no environment of " + u.pipeline.Name + ".",
			Fix:  "Let the job take the environment that Gatehouse passes:", Lines: "environment: ${{ inputs.environment }}\n",
		})
	case nowhere, here:
	}
	j.calls(u, branch, parsed)
	if u.gated {
		j.gate(u, branch, jobs)
	}
}

// calls looks for environments in reusable workflows, where Gatehouse does not see them when a release comes.
func (j *judge) calls(u use, branch string, parsed stage.WorkflowFile) {
	calls := parsed.Calls()
	for _, job := range slices.Sorted(maps.Keys(calls)) {
		name, local := strings.CutPrefix(calls[job], "./")
		where := j.inFile(u, branch, "uses: "+calls[job], calls[job])
		if !local {
			j.add(Finding{
				Severity: Warning, Code: "reusable-unread", Topic: TopicWorkflows, Where: where,
				What: fmt.Sprintf("The job %s of %s calls %s, which Gatehouse does not read.", job, u.file, calls[job]),
				Why:  "If one of its jobs references an environment, the gate does not count it.",
				Fix:  "Make sure that none does; let a job of " + u.file + " itself reference the environment.",
			})
			continue
		}
		source := j.facts.Workflows[At{u.file, branch}].Called[name]
		if source == nil {
			j.add(Finding{
				Severity: Error, Code: "reusable-missing", Topic: TopicWorkflows, Where: where,
				What: fmt.Sprintf("The job %s of %s calls %s, and there is no such file.", job, u.file, name), Why: "GitHub does not start the workflow.", Fix: "Add the file or correct the path.",
			})
			continue
		}
		inner, err := stage.ParseWorkflow(source)
		if err != nil || len(inner.Gate().Jobs) == 0 {
			continue
		}
		severity := Warning
		if u.gated {
			severity = Error
		}
		j.add(Finding{
			Severity: severity, Code: "environment-in-reusable", Topic: TopicWorkflows, Where: where,
			What: fmt.Sprintf("The job %s of %s calls %s, whose job %s references an environment.", job, u.file, name, strings.Join(inner.Gate().Jobs, ", ")),
			Why:  "Gatehouse looks for the gated job in " + u.file + " itself and would not find it.",
			Fix:  "Move that job into " + u.file + ", with this line:", Lines: "environment: ${{ inputs.environment }}\n",
		})
	}
}

// inStage refuses a workflow before or after the deploy that would wait at a door which only the deploy passes.
func (j *judge) inStage(u use, branch string, jobs pipeline.Jobs) {
	g, known := j.inspected(u.env.Name)
	if targetOf(jobs, u.env.Name) != here || !known || !g.Rule && len(g.Reviewers) == 0 {
		return
	}
	j.add(Finding{
		Severity: Error, Code: "environment-in-stage", Topic: TopicWorkflows, Where: j.inFile(u, branch, "environment: "+jobs.Environment, "\n    environment:"),
		What: fmt.Sprintf("The job %s of %s references %s, and the stage %s is not its deploy.", strings.Join(jobs.Jobs, ", "), u.file, u.env.Name, u.stage.ID),
		Why:  "It would wait at the protection of " + u.env.Name + ", whose door Gatehouse opens for the deploy only.",
		Fix:  "Remove environment: from the job, or move what it does into the deploy workflow behind the gated job.",
	})
}
