package handlers

import (
	"path"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// workflowDispatch hears of people who press Run workflow on the two workflows
// that only announce it. What Gatehouse dispatches itself has its mark among the
// inputs; a rollback.yml that asks for no phrase is the team's own.
func (n *news) workflowDispatch() ([]engine.Signal, string, error) {
	var p struct {
		Ref      string         `json:"ref"`
		Workflow string         `json:"workflow"`
		Inputs   map[string]any `json:"inputs"`
	}
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	file, _, _ := strings.Cut(p.Workflow, "@") // GitHub may add the ref
	asked := pipeline.Asked{Ref: p.Ref, By: n.Sender.person()}
	switch file {
	case ".github/workflows/release.yml":
		asked.For = pipeline.AskRelease
	case ".github/workflows/rollback.yml":
		asked.For = pipeline.AskRollback
	default:
		return ignore("only release.yml and rollback.yml announce something; of what Gatehouse dispatched, workflow_run tells")
	}
	_, ours := p.Inputs["gatehouse_run"]
	_, phrase := p.Inputs["phrase"]
	switch {
	case ours:
		return ignore(path.Base(file) + " was dispatched as a stage of a pipeline")
	case n.Sender.ID == 0 || n.Sender.bot():
		return ignore("only people start something by hand")
	case asked.For == pipeline.AskRollback && !phrase:
		return ignore("this rollback.yml asks for no phrase, so it is not the one that Gatehouse listens to")
	case !isRef(p.Ref):
		return fail(malformed("the ref of the dispatch names neither a branch nor a tag"))
	}
	for _, input := range []string{"environment", "to", "phrase", "reason"} {
		if _, isText := p.Inputs[input].(string); p.Inputs[input] != nil && !isText {
			return fail(malformed("the " + input + " of the dispatch is no text"))
		}
	}
	text := func(input string) string {
		t, _ := p.Inputs[input].(string) // what is not there is empty
		return clip(strings.TrimSpace(t))
	}
	asked.Environment = text("environment")
	if asked.For == pipeline.AskRollback {
		asked.Reason, asked.Rollback = text("reason"), &pipeline.RollbackAsk{To: text("to"), Phrase: text("phrase")}
	}
	return one(engine.Signal{Fact: asked})
}

// isRef reports whether a ref is the full name of a branch or tag.
func isRef(ref string) bool {
	branch, isBranch := strings.CutPrefix(ref, "refs/heads/")
	tag, isTag := strings.CutPrefix(ref, "refs/tags/")
	return isBranch && branch != "" || isTag && tag != ""
}
