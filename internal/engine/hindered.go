package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// hindered tells the run what keeps an effect or a surface until a person lifts
// it, or that nothing does any more; retry is nil after a success. Intakes have
// nowhere to say it.
func (t *tx) hindered(key string, retry *Retry) error {
	if t.rec.Run == nil {
		return nil
	}
	switch old := t.rec.Run.Hindrance(key); {
	case retry != nil && retry.Class == RetryHindered && retry.Hindered != nil:
		if old != nil && old.Why.Same(*retry.Hindered) {
			return nil // as before: a try in vain is no news, and needs no lane
		}
		return t.apply(key, pipeline.Hindered{Key: key, Why: retry.Hindered})
	case old != nil:
		return t.apply(key, pipeline.Hindered{Key: key})
	}
	return nil
}

// shown tells the run that a surface can be brought up to date again, and with it,
// where it is GitHub's, that the installation is not suspended, whatever a webhook
// that came late has said.
func (t *tx) shown(s pipeline.Slot) error {
	err := t.hindered(pipeline.ShowKey(s), nil)
	if s.OnGitHub() {
		err = errors.Join(err, t.hindered(pipeline.WholeInstallation, nil))
	}
	return err
}

// Hinder tells all active runs of an installation what keeps them until a person
// lifts it.
func (e *Engine) Hinder(ctx context.Context, inst int64, why pipeline.Refusal) error {
	return e.eachActive(ctx, KindRun, inst, func(t *tx) error {
		return t.apply(pipeline.WholeInstallation, pipeline.Hindered{Key: pipeline.WholeInstallation, Why: &why})
	})
}

// Lifted has everything of an installation tried again that waited for a person:
// the installation is back, or a permission was given.
func (e *Engine) Lifted(ctx context.Context, inst int64) error {
	err := e.eachActive(ctx, KindRun, inst, func(t *tx) error {
		if !t.rec.lift() && t.rec.Run.Hindrance(pipeline.WholeInstallation) == nil {
			return errNothing
		}
		return t.hindered(pipeline.WholeInstallation, nil)
	})
	return errors.Join(err, e.eachActive(ctx, KindIntake, inst, func(t *tx) error {
		if !t.rec.lift() {
			return errNothing
		}
		return nil
	}))
}

// eachActive changes all active runs, or open intakes, of an installation, and has
// them looked at. One that cannot be changed keeps it from no other.
func (e *Engine) eachActive(ctx context.Context, kind Kind, inst int64, change func(*tx) error) error {
	q := Query{Kind: kind, Prefix: tenant(inst), State: StateOpen}
	if kind == KindRun {
		q.State = string(pipeline.RunActive)
	}
	var refs []Ref
	if err := e.each(ctx, q, func(item Item) error {
		refs = append(refs, item.Ref)
		return nil
	}); err != nil {
		return fmt.Errorf("list what is active of installation %d: %w", inst, err)
	}
	var errs []error
	for _, ref := range refs {
		t, err := e.update(ctx, ref, change)
		if err == nil {
			e.wake(ctx, *t.item)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// lift makes due what waits for a person, and reports whether anything does.
func (r *record) lift() bool {
	found := false
	for _, o := range r.Owed {
		if !o.HinderedAt.IsZero() {
			found, o.NotBefore = true, o.HinderedAt
		}
	}
	for _, s := range r.Slots {
		if !s.HinderedAt.IsZero() {
			found, s.NotBefore = true, s.HinderedAt
		}
	}
	return found
}
