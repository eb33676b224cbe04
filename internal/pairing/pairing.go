// Package pairing keeps who a person in Slack is on GitHub.
//
// A pairing is one stored item: a Slack account, by workspace and user id, and
// the GitHub account that acts when it presses a button. It is made once, by
// signing in on the web: a click of a stranger in Slack is answered privately
// with an invitation, a one-time token that is bound to that Slack account; who
// brings it, signed in with GitHub, is that account from then on. No file in a
// repository can make one.
//
// What this package never does: decide who may do something, keep a token (only
// its hash is stored), or pair a second account of one workspace with the same
// person: whoever could talk somebody into following his own link would approve
// in that person's name.
package pairing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Account is a person in a Slack workspace. Name is for people only.
type Account struct {
	Team string `json:"team"`
	User string `json:"user"`
	Name string `json:"name,omitempty"`
}

// Pairing says who a Slack account is on GitHub.
type Pairing struct {
	V       int             `json:"v"`
	Account Account         `json:"account"`
	Person  pipeline.Person `json:"person"`
	At      time.Time       `json:"at"`
}

// The kinds of stored items. They belong to no installation: a Slack app serves
// the whole process, and what a person may do is asked of GitHub each time.
const (
	kindPairing engine.Kind = "pairing" // 0/<team>/<user>, scope: GitHub's id
	kindInvite  engine.Kind = "invite"  // 0/<hash of the token>
	process                 = "0/"
	version                 = 1
)

// The states of the items.
const (
	stateOpen    = "open"
	stateUsed    = "used"
	statePaired  = "paired"
	stateRemoved = "removed"
)

// Store is the part of engine.Store that is needed.
type Store interface {
	Get(ctx context.Context, ref engine.Ref) (engine.Item, error)
	Swap(ctx context.Context, items ...*engine.Item) error
	List(ctx context.Context, q engine.Query) ([]engine.Item, error)
}

// Book is all pairings. It is safe for concurrent use.
type Book struct {
	store Store
	clock func() time.Time
	rand  io.Reader
}

// New makes a Book; rand must be fit for secrets.
func New(store Store, clock func() time.Time, rand io.Reader) *Book {
	return &Book{store: store, clock: clock, rand: rand}
}

// Person is who the Slack account is on GitHub; false: nobody knows.
func (b *Book) Person(ctx context.Context, team, user string) (pipeline.Person, bool, error) {
	item, err := b.store.Get(ctx, pairingRef(team, user))
	if errors.Is(err, engine.ErrNotFound) || err == nil && item.State != statePaired {
		return pipeline.Person{}, false, nil
	}
	if err != nil {
		return pipeline.Person{}, false, fmt.Errorf("read who a Slack account is: %w", err)
	}
	p, err := read[Pairing](item)
	return p.Person, err == nil, err
}

// Empty reports whether nobody is paired.
func (b *Book) Empty(ctx context.Context) (bool, error) {
	items, err := b.store.List(ctx, engine.Query{Kind: kindPairing, Prefix: process, State: statePaired, Limit: 1})
	if err != nil {
		return false, fmt.Errorf("look whether anybody in Slack is known: %w", err)
	}
	return len(items) == 0, nil
}

// Of lists the Slack accounts of a GitHub account.
func (b *Book) Of(ctx context.Context, githubID int64) ([]Pairing, error) {
	items, err := b.store.List(ctx, engine.Query{Kind: kindPairing, Prefix: process, Scope: strconv.FormatInt(githubID, 10), State: statePaired})
	if err != nil {
		return nil, fmt.Errorf("list the Slack accounts of a person: %w", err)
	}
	var all []Pairing
	for _, item := range items {
		p, err := read[Pairing](item)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Remove ends all pairings of a GitHub account: from now on its Slack accounts
// are strangers again.
func (b *Book) Remove(ctx context.Context, githubID int64) error {
	all, err := b.Of(ctx, githubID)
	if err != nil {
		return err
	}
	for _, p := range all {
		if err := b.remove(ctx, p.Account); err != nil {
			return fmt.Errorf("remove the pairing of %s: %w", p.Account.Name, err)
		}
	}
	return nil
}

func (b *Book) remove(ctx context.Context, a Account) error {
	item, err := b.store.Get(ctx, pairingRef(a.Team, a.User))
	if err != nil {
		return err
	}
	item.State, item.Scope, item.Expires = stateRemoved, "", b.clock()
	return b.store.Swap(ctx, &item)
}

func pairingRef(team, user string) engine.Ref {
	return engine.Ref{Kind: kindPairing, ID: process + team + "/" + user}
}

func read[T any](item engine.Item) (T, error) {
	var body T
	var head struct {
		V int `json:"v"`
	}
	if err := json.Unmarshal(item.Body, &head); err != nil {
		return body, fmt.Errorf("%s %s: decode the stored body: %w", item.Kind, item.ID, err)
	}
	if head.V != version {
		return body, &pipeline.UnknownKindError{Set: string(item.Kind), Kind: item.ID, Version: head.V}
	}
	if err := json.Unmarshal(item.Body, &body); err != nil {
		return body, fmt.Errorf("%s %s: decode the stored body: %w", item.Kind, item.ID, err)
	}
	return body, nil
}
