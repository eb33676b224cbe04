package engine

import (
	"errors"
	"fmt"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// tally counts the command of a comment with its giver's others, in the swap
// that begins its intake: a delivery that comes twice counts once, and of two at
// the same moment the slower one counts again on top of the other.
func (t *tx) tally() error {
	in := t.rec.Intake
	if in.Command == nil || in.Command.Where.Comment == nil {
		return nil
	}
	ref := tallyRef(in.Repo, in.Command.By.ID)
	var had pipeline.Tally
	item, err := t.e.store.Get(t.ctx, ref)
	switch {
	case errors.Is(err, ErrNotFound):
		item = Item{Ref: ref, Scope: scopeOf(in.Repo), State: StateDone}
	case err != nil:
		return fmt.Errorf("load %s %s: %w", ref.Kind, ref.ID, err)
	default:
		kept, err := decode[pipeline.Tally](item)
		if err != nil {
			return err
		}
		had = *kept
	}
	had, in.Limit = had.Take(t.now, in.Command.Command.Verb)
	item.Expires = had.Over()
	t.with = append(t.with, &item)
	return encode(&item, had)
}
