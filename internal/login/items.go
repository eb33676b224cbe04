package login

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
)

// The kinds of items, all of tenant 0: GitHub numbers installations from 1.
const (
	KindPerson  engine.Kind = "person"  // 0/<GitHub id>
	KindSession engine.Kind = "session" // 0/<SHA-256 of the secret>; scope: the person
)

const (
	tenant      = "0/"
	itemVersion = 1
	swapTries   = 5
)

// person is somebody who signed in. Without Sealed he has signed out for good.
type person struct {
	V       int       `json:"v"`
	ID      int64     `json:"id"`
	Login   string    `json:"login"`
	Name    string    `json:"name,omitempty"`
	Sealed  string    `json:"sealed,omitempty"` // github.Tokens
	Expires time.Time `json:"expires,omitzero"` // of the access token
	Lease   time.Time `json:"lease,omitzero"`   // until then another is refreshing
	At      time.Time `json:"signed_in_at"`     // last
}

// session is what lets somebody in.
type session struct {
	V     int       `json:"v"`
	User  int64     `json:"user"`
	Login string    `json:"login"`
	Name  string    `json:"name,omitempty"`
	Key   string    `json:"key,omitempty"`  // what the person calls the key; empty: a browser's session
	Hint  string    `json:"hint,omitempty"` // the last letters of a key
	At    time.Time `json:"at"`
	Until time.Time `json:"until"`
}

func personRef(id int64) engine.Ref {
	return engine.Ref{Kind: KindPerson, ID: tenant + strconv.FormatInt(id, 10)}
}

// belongs is where the tokens of a person may be opened.
func belongs(id int64) string { return "tokens of " + strconv.FormatInt(id, 10) }

func read[T any](item engine.Item) (T, error) {
	var body T
	var head struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(item.Body, &head); err != nil {
		return body, fmt.Errorf("%s: decode the stored body: %w", item.Kind, err)
	}
	if head.V != itemVersion {
		return body, fmt.Errorf("%s: a newer Gatehouse stored it: %w", item.Kind, ErrSignedOut)
	}
	return body, json.Unmarshal(item.Body, &body)
}

func write(item *engine.Item, body any) error {
	b, err := json.Marshal(body)
	item.Body = b
	return err
}

// change reads a person, lets f change it, and stores it; again on conflict.
// f says whether there is anything to store.
func (l *Login) change(ctx context.Context, id int64, f func(*person, *engine.Item) (bool, error)) error {
	for range swapTries {
		item, p, err := l.person(ctx, id)
		if err != nil {
			return err
		}
		store, err := f(&p, &item)
		if err != nil || !store {
			return err
		}
		if err := write(&item, p); err != nil {
			return err
		}
		if err = l.Store.Swap(ctx, &item); !errors.Is(err, engine.ErrConflict) {
			return unavailable(err)
		}
	}
	return fmt.Errorf("%w: the person's item is contended", ErrUnavailable)
}

// person reads somebody, or a new one that is not stored yet.
func (l *Login) person(ctx context.Context, id int64) (engine.Item, person, error) {
	item, err := l.Store.Get(ctx, personRef(id))
	if errors.Is(err, engine.ErrNotFound) {
		return engine.Item{Ref: personRef(id)}, person{V: itemVersion, ID: id}, nil
	}
	if err != nil {
		return item, person{}, unavailable(err)
	}
	p, err := read[person](item)
	return item, p, err
}

func (l *Login) seal(p *person, item *engine.Item, t github.Tokens) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	p.Sealed, err = l.Vault.Seal(belongs(p.ID), b)
	p.Expires, p.Lease = t.Expires, time.Time{}
	item.State, item.Expires = engine.StateOpen, t.RefreshExpires
	if item.Expires.IsZero() {
		item.Expires = l.now().Add(PersonLives)
	}
	return err
}

func (l *Login) open(p person) (github.Tokens, error) {
	var t github.Tokens
	if p.Sealed == "" {
		return t, ErrSignedOut
	}
	b, err := l.Vault.Open(belongs(p.ID), p.Sealed)
	if err != nil {
		return t, fmt.Errorf("%w: %w; was the key changed? Signing in again helps", ErrSignedOut, err)
	}
	return t, json.Unmarshal(b, &t)
}

// unavailable marks an error of the store.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
