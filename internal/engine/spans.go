package engine

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/gatehouse-app/gatehouse/internal/tracing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The attributes that OpenTelemetry has no name for.
const (
	attrKind   = attribute.Key("gatehouse.kind")
	attrItems  = attribute.Key("gatehouse.items")
	attrFact   = attribute.Key("gatehouse.fact")
	attrEffect = attribute.Key("gatehouse.effect")
	attrKey    = attribute.Key("gatehouse.key")
	attrTry    = attribute.Key("gatehouse.try")
	attrSlot   = attribute.Key("gatehouse.slot")
	attrResult = attribute.Key("gatehouse.result")
	attrLane   = attribute.Key("gatehouse.lane")
	attrStatus = attribute.Key("gatehouse.status")
)

// The names by which spans find those above them.
func deliverySpan(id string) string { return "delivery " + id }

func (r *record) span() string {
	if r.Run != nil {
		return "run " + string(r.Run.ID)
	}
	return "intake " + r.Intake.ID
}

func stageSpan(run pipeline.RunID, stage string, attempt int) string {
	return "stage " + string(run) + "/" + stage + "/" + strconv.Itoa(attempt)
}

// trace is the trace of a record.
func (r *record) trace() string {
	if r.Run != nil {
		return r.Run.TraceID()
	}
	return r.Intake.TraceID()
}

// parent is the span above a record's own: that of the delivery which began it.
func (r *record) parent() string {
	cause := ""
	if r.Run != nil {
		cause = r.Run.Cause
	} else {
		cause = r.Intake.Cause
	}
	if strings.Count(cause, "/") != 2 || strings.Contains(cause, " ") {
		return "" // a lane's errand, or the trouble of another run
	}
	return deliverySpan(cause)
}

// above is the span under which something of a stage belongs.
func (r *record) above(stage string) string {
	if r.Run == nil {
		return r.span()
	}
	if sr := r.Run.Stages[stage]; sr != nil && sr.Attempt > 0 {
		return stageSpan(r.Run.ID, stage, sr.Attempt)
	}
	return r.span()
}

func (r *record) attrs() []attribute.KeyValue {
	repo := r.repo()
	attrs := []attribute.KeyValue{semconv.VCSOwnerName(repo.Owner), semconv.VCSRepositoryName(repo.Name)}
	run := r.Run
	if run == nil {
		return attrs
	}
	return append(attrs, semconv.CICDPipelineName(run.Pipeline), semconv.CICDPipelineRunID(string(run.ID)),
		semconv.DeploymentEnvironmentNameKey.String(run.Environment), semconv.VCSRefHeadRevision(run.Release.SHA), attrLane.String(string(run.Lane)))
}

// spanReceive begins the span of a delivery that is being stored.
func (e *Engine) spanReceive(ctx context.Context, item Item, d Delivery) (context.Context, func(Result, error)) {
	if !e.tracer.On() {
		return ctx, func(Result, error) {}
	}
	begun := e.clock.Now()
	s := tracing.Span{
		Name: "receive " + d.Event, Kind: trace.SpanKindConsumer, Trace: pipeline.TraceID(item.ID), As: deliverySpan(item.ID),
		Attrs: append(spanDelivery(item.ID), semconv.MessagingOperationTypeReceive, semconv.VCSOwnerName(d.Repo.Owner), semconv.VCSRepositoryName(d.Repo.Name)),
	}
	inside, span := e.tracer.Start(ctx, s)
	return inside, func(result Result, err error) {
		if result == Stored {
			span.End(nil)
			return
		}
		// Its name is for the one that is stored: this one stands beside it.
		s.As, s.At, s.Attrs = "", begun, append(s.Attrs, attrResult.String(string(result)))
		_, again := e.tracer.Start(ctx, s)
		again.End(err)
	}
}

func spanDelivery(id string) []attribute.KeyValue {
	return []attribute.KeyValue{semconv.MessagingSystemKey.String("github"), semconv.MessagingMessageID(id[strings.LastIndex(id, "/")+1:])}
}

// spanProcess begins the span of a delivery that is being applied.
func (e *Engine) spanProcess(ctx context.Context, ref Ref, event string) (context.Context, *tracing.Started) {
	if !e.tracer.On() {
		return ctx, nil
	}
	return e.tracer.Start(ctx, tracing.Span{
		Name: "process " + event, Kind: trace.SpanKindConsumer, Trace: pipeline.TraceID(ref.ID), Parent: deliverySpan(ref.ID),
		Attrs: append(spanDelivery(ref.ID), semconv.MessagingOperationTypeProcess),
	})
}

// spanHear begins the span of a step of the machine and of its swap. What came of
// an effect stays under the effect.
func (t *tx) spanHear(fact pipeline.Fact) {
	if !t.e.tracer.On() {
		return
	}
	t.hearing.End(nil) // a former step in the same swap
	s := tracing.Span{Name: "hear " + pipeline.FactKind(fact), Trace: t.rec.trace(), Attrs: append(t.rec.attrs(), attrFact.String(pipeline.FactKind(fact)))}
	if !tracing.Within(t.ctx, s.Trace) {
		s.Parent = t.rec.span()
	}
	t.ctx, t.hearing = t.e.tracer.Start(t.ctx, s)
}

// spanHeard ends it.
func (t *tx) spanHeard(err error) {
	if t.hearing == nil {
		return
	}
	if t.refused != nil {
		t.hearing.Set(attrResult.String("refused: " + t.refused.Code))
	}
	switch {
	case errors.Is(err, errNothing):
		err = nil
	case errors.Is(err, ErrConflict):
		t.hearing.Set(attrResult.String("conflict"))
		err = nil
	}
	t.hearing.End(err)
}

// spanTask begins the span of an effect or of a surface that is brought up to date.
func (e *Engine) spanTask(ctx context.Context, t task) (context.Context, *tracing.Started) {
	if !e.tracer.On() {
		return ctx, nil
	}
	if t.effect != nil {
		rec := &record{Run: t.effect.Run, Intake: t.effect.Intake}
		kind := pipeline.EffectKind(t.effect.Effect)
		stage, _, _ := strings.Cut(t.effect.Key, "/")
		return e.tracer.Start(ctx, tracing.Span{
			Name: "effect " + kind, Trace: rec.trace(), Parent: rec.above(stage),
			Attrs: append(rec.attrs(), attrEffect.String(kind), attrKey.String(t.effect.Key), attrTry.Int(t.tries)),
		})
	}
	rec := &record{Run: t.show.State.Run}
	surface, rest, _ := strings.Cut(string(t.show.Slot), "/")
	stage, _, _ := strings.Cut(rest, "/")
	return e.tracer.Start(ctx, tracing.Span{
		Name: "show " + surface, Trace: rec.trace(), Parent: rec.above(stage),
		Attrs: append(rec.attrs(), attrSlot.String(string(t.show.Slot)), attrTry.Int(t.tries)),
	})
}

// spanSwap begins the span of a swap, if something is being traced.
func (s storage) spanSwap(ctx context.Context, items []*Item) (context.Context, *tracing.Started) {
	if !s.tracer.On() || !tracing.Any(ctx) {
		return ctx, nil
	}
	var kinds []string
	for _, item := range items {
		kinds = append(kinds, string(item.Kind))
	}
	slices.Sort(kinds)
	return s.tracer.Start(ctx, tracing.Span{
		Name: "swap " + string(items[0].Kind), Kind: trace.SpanKindClient,
		Attrs: []attribute.KeyValue{attrItems.Int(len(items)), attrKind.StringSlice(slices.Compact(kinds))},
	})
}

// spanWake begins the span of a wake, likewise.
func (e *Engine) spanWake(ctx context.Context, item Item) (context.Context, *tracing.Started) {
	if !e.tracer.On() || !tracing.Any(ctx) {
		return ctx, nil
	}
	return e.tracer.Start(ctx, tracing.Span{
		Name: "wake " + string(item.Kind), Kind: trace.SpanKindProducer,
		Attrs: []attribute.KeyValue{attrKind.String(string(item.Kind)), attribute.String("gatehouse.wake_at", item.WakeAt.Format(time.RFC3339Nano))},
	})
}
