package engine

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/gatehouse-app/gatehouse/internal/tracing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// spanOver records what has ended with a stored swap: stages, the run, the
// intake. They lived too long for a span that somebody holds open. A run that is
// taken up again is recorded again, when it ends once more.
func (t *tx) spanOver(ctx context.Context) {
	tracer := t.e.tracer
	switch run := t.rec.Run; {
	case !tracer.On():
	case run == nil:
		if t.over {
			tracer.Record(ctx, tracing.Span{
				Name: "intake", Trace: t.rec.trace(), Parent: t.rec.parent(), As: t.rec.span(), At: t.rec.Intake.At,
				Attrs: append(t.rec.attrs(), attrResult.String(t.rec.Intake.Result)),
			}, t.now, "")
		}
	default:
		for id, sr := range run.Stages {
			if ended(t.was, id, sr) {
				t.spanStage(ctx, id, sr)
			}
		}
		if run.Status != pipeline.RunActive && (t.was == nil || t.was.Status == pipeline.RunActive) {
			result, failed := resultOf(run.Status)
			tracer.Record(ctx, tracing.Span{
				Name: "run " + run.Pipeline, Trace: t.rec.trace(), Parent: t.rec.parent(), As: t.rec.span(), At: run.CreatedAt,
				Attrs: append(t.rec.attrs(), result, attrStatus.String(string(run.Status))),
			}, run.EndedAt, failed)
		}
	}
}

// ended reports whether an attempt of a stage is over that was not before.
func ended(was *pipeline.Run, id string, now *pipeline.StageRun) bool {
	if !now.Status.Over() || now.Attempt == 0 || now.StartedAt.IsZero() {
		return false
	}
	if was == nil || was.Stages[id] == nil {
		return true
	}
	before := was.Stages[id]
	return !before.Status.Over() || before.Attempt != now.Attempt
}

func (t *tx) spanStage(ctx context.Context, id string, sr *pipeline.StageRun) {
	result, failed := taskResult(sr.Status)
	t.e.tracer.Record(ctx, tracing.Span{
		Name: "stage " + id, Trace: t.rec.trace(), Parent: t.rec.span(), As: stageSpan(t.rec.Run.ID, id, sr.Attempt), At: sr.StartedAt,
		Attrs: append(t.rec.attrs(), semconv.CICDPipelineTaskName(id), semconv.CICDPipelineTaskRunID(id+"/"+strconv.Itoa(sr.Attempt)), result),
	}, sr.EndedAt, failed)
}

func taskResult(s pipeline.StageStatus) (result attribute.KeyValue, failed string) {
	switch s {
	case pipeline.StageFailed:
		return semconv.CICDPipelineTaskRunResultFailure, "the stage failed"
	case pipeline.StageSkipped:
		return semconv.CICDPipelineTaskRunResultSkip, ""
	case pipeline.StageCanceled:
		return semconv.CICDPipelineTaskRunResultCancellation, ""
	case pipeline.StagePassed, pipeline.StagePending, pipeline.StageRunning, pipeline.StageWaiting:
	}
	return semconv.CICDPipelineTaskRunResultSuccess, ""
}

func resultOf(s pipeline.RunStatus) (result attribute.KeyValue, failed string) {
	switch s {
	case pipeline.RunFailed:
		return semconv.CICDPipelineResultFailure, "the run failed"
	case pipeline.RunCanceled, pipeline.RunRejected:
		return semconv.CICDPipelineResultCancellation, ""
	case pipeline.RunExpired:
		return semconv.CICDPipelineResultTimeout, ""
	case pipeline.RunSuperseded, pipeline.RunObserved:
		return semconv.CICDPipelineResultSkip, ""
	case pipeline.RunActive, pipeline.RunSucceeded:
	}
	return semconv.CICDPipelineResultSuccess, ""
}
