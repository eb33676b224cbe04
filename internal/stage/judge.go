package stage

import (
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
)

// judgeRequest says what a request for a rollback lacks, with the comment to copy.
func judgeRequest(e pipeline.JudgeRequest) pipeline.Outcome {
	why := rollback.Request{Environment: e.Environment, To: e.To, Phrase: e.Phrase, Reason: e.Reason}.Check()
	if why != nil {
		return pipeline.Failed{Refusal: *why}
	}
	return pipeline.Done{}
}

// judgeTrouble has package rollback decide about a release that went wrong.
func judgeTrouble(e pipeline.JudgeTrouble) pipeline.Outcome {
	d := rollback.Automatic(rollback.Case{
		Trouble: rollback.Trouble(e.Kind), Environment: e.Environment, OnFailure: e.OnFailure, History: e.History, Live: e.Live, Tried: e.Tried,
	})
	judged := pipeline.TroubleJudged{Action: pipeline.TroubleAction(d.Action)}
	if d.Why.Code != "" {
		judged.Why = &d.Why
	}
	return judged
}
