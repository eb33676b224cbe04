package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
)

// kinds are all kinds of items, in the order in which one that is forgotten
// must go: lanes are what an installation is found by.
func kinds() []Kind {
	return []Kind{KindDuty, KindTally, KindFault, KindAnswer, KindLink, KindLog, KindDelivery, KindIntake, KindRun, KindLane, KindInstalled}
}

// Everything reads all that is stored, of all installations and versions.
func (e *Engine) Everything(ctx context.Context, visit func(Item) error) error {
	for _, kind := range kinds() {
		if err := e.each(ctx, Query{Kind: kind}, visit); err != nil {
			return fmt.Errorf("read every %s: %w", kind, err)
		}
	}
	return nil
}

// identity is the body of the item that names the store.
type identity struct {
	V  int    `json:"v"`
	ID string `json:"id"`
}

// Identity is the name of this store, made up when it is first asked for: what
// lies beside the store can be told from what belongs to another.
func (e *Engine) Identity(ctx context.Context) (string, error) {
	for range swapTries {
		item, err := e.store.Get(ctx, DutyRef("identity"))
		if err == nil {
			body, err := decode[identity](item)
			if err != nil {
				return "", err
			}
			return body.ID, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return "", fmt.Errorf("read the name of the store: %w", err)
		}
		item = Item{Ref: DutyRef("identity")}
		if err := encode(&item, identity{V: bodyVersion, ID: rand.Text()}); err != nil {
			return "", err
		}
		if err := e.store.Swap(ctx, &item); err != nil && !errors.Is(err, ErrConflict) {
			return "", fmt.Errorf("give the store a name: %w", err)
		}
	}
	return "", errBusy
}
