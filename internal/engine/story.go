package engine

import (
	"log/slog"
	"maps"
	"slices"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// tell logs what a step that was stored came to, so that one grep for a run's id
// tells its story: what was entered into the audit trail, stages that
// changed, and the run's end.
func (t *tx) tell() {
	for _, entry := range t.entered {
		t.say(string(entry.Run), "entered into the audit trail", slog.String("what", entry.What), slog.String("who", entry.Who),
			slog.String("on", entry.On), slog.String("why", entry.Why))
	}
	run := t.rec.Run
	if run == nil {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(run.Stages)) {
		t.tellStage(run, id)
	}
	if before := t.before(); before.Status != run.Status {
		t.say(string(run.ID), "a run changed", slog.String("status", string(run.Status)), slog.String(logReason, reasonOf(run.Reason)))
	}
}

func (t *tx) tellStage(run *pipeline.Run, id string) {
	now := run.Stages[id]
	if now == nil {
		return
	}
	was := t.before().Stages[id]
	if was != nil && was.Status == now.Status && was.Attempt == now.Attempt {
		return
	}
	if was == nil && now.Status == pipeline.StagePending {
		return
	}
	attrs := []slog.Attr{slog.String("stage", id), slog.String("status", string(now.Status)), slog.Int("attempt", now.Attempt), slog.String(logReason, reasonOf(now.Reason))}
	if w := now.Workflow; w != nil {
		attrs = append(attrs, slog.Int64("workflow_run", w.ID))
	}
	t.say(string(run.ID), "a stage changed", attrs...)
}

// before is the run as it was loaded; a new one was nothing.
func (t *tx) before() *pipeline.Run {
	if t.was == nil {
		return &pipeline.Run{}
	}
	return t.was
}

// say logs what there is to say.
func (t *tx) say(run, what string, attrs ...slog.Attr) {
	said := []slog.Attr{slog.String(logRun, run)}
	for _, a := range attrs {
		if a.Value.String() != "" {
			said = append(said, a)
		}
	}
	t.e.log.LogAttrs(t.ctx, slog.LevelInfo, what, said...) //nolint:sloglint // the three callers have literals
}

func reasonOf(r *pipeline.Refusal) string {
	if r == nil {
		return ""
	}
	return r.Reason
}
