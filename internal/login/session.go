package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// keyPrefix is how a key of the command line begins, so that scanners for
// secrets can know one.
const keyPrefix = "gatehouse_"

// keysAtMost is how many keys one person may have.
const keysAtMost = 20

// Key is a key for the command line, as its owner sees it. The secret is shown
// once, when the key is made.
type Key struct {
	ID    string
	Name  string
	Hint  string // its last letters
	At    time.Time
	Until time.Time
}

func sessionRef(value string) engine.Ref {
	sum := sha256.Sum256([]byte(value))
	return engine.Ref{Kind: KindSession, ID: tenant + hex.EncodeToString(sum[:])}
}

// let stores a session and gives its secret.
func (l *Login) let(ctx context.Context, s session) (value string, err error) {
	value = secret()
	if s.Key != "" {
		value = keyPrefix + value
		s.Hint = value[len(value)-4:]
	}
	s.V, s.At = itemVersion, l.now()
	item := engine.Item{
		Ref: sessionRef(value), Scope: strconv.FormatInt(s.User, 10), State: engine.StateOpen, Expires: s.Until,
	}
	if err := write(&item, s); err != nil {
		return "", err
	}
	return value, unavailable(l.Store.Swap(ctx, &item))
}

// Who tells whose session a browser's cookie is, or ErrSignedOut.
func (l *Login) Who(ctx context.Context, value string) (Viewer, error) {
	return l.who(ctx, value, false)
}

// WhoByKey tells whose key of the command line it is, or ErrSignedOut.
func (l *Login) WhoByKey(ctx context.Context, value string) (Viewer, error) {
	return l.who(ctx, value, true)
}

func (l *Login) who(ctx context.Context, value string, key bool) (Viewer, error) {
	if value == "" || len(value) > 200 || strings.HasPrefix(value, keyPrefix) != key {
		return Viewer{}, ErrSignedOut
	}
	item, err := l.Store.Get(ctx, sessionRef(value))
	if errors.Is(err, engine.ErrNotFound) {
		return Viewer{}, ErrSignedOut
	}
	if err != nil {
		return Viewer{}, unavailable(err)
	}
	s, err := read[session](item)
	if err != nil {
		return Viewer{}, err
	}
	if item.State != engine.StateOpen || !l.now().Before(s.Until) || (s.Key != "") != key {
		return Viewer{}, ErrSignedOut
	}
	return Viewer{Person: pipeline.Person{ID: s.User, Login: s.Login, Name: s.Name}, Key: key, Until: s.Until, session: item.ID}, nil
}

// SignOut ends the viewer's session.
func (l *Login) SignOut(ctx context.Context, v Viewer) error {
	return l.end(ctx, engine.Ref{Kind: KindSession, ID: v.session}, v.Person.ID)
}

// end closes one session, if it is that person's.
func (l *Login) end(ctx context.Context, ref engine.Ref, user int64) error {
	for range swapTries {
		item, err := l.Store.Get(ctx, ref)
		if errors.Is(err, engine.ErrNotFound) || err == nil && (item.State != engine.StateOpen || item.Scope != strconv.FormatInt(user, 10)) {
			return nil
		}
		if err != nil {
			return unavailable(err)
		}
		item.State, item.Expires = engine.StateDone, l.now()
		if err = l.Store.Swap(ctx, &item); !errors.Is(err, engine.ErrConflict) {
			return unavailable(err)
		}
	}
	return fmt.Errorf("%w: the session is contended", ErrUnavailable)
}

// Drop forgets a person: his tokens, all his sessions, his keys, and what he
// could see. GitHub's word that he took his authorization back leads here.
func (l *Login) Drop(ctx context.Context, user int64) error {
	err := l.change(ctx, user, func(p *person, item *engine.Item) (bool, error) {
		p.Sealed, p.Lease = "", time.Time{}
		item.State, item.Expires = engine.StateDone, l.now()
		return item.Rev != "", nil
	})
	l.forget(user)
	items, listed := l.sessions(ctx, user)
	err = errors.Join(err, listed)
	for _, item := range items {
		err = errors.Join(err, l.end(ctx, item.Ref, user))
	}
	if err == nil {
		l.Logger.InfoContext(ctx, "a person's tokens and sessions are dropped", "user", user)
	}
	return err
}

// sessions lists what is open of a person.
func (l *Login) sessions(ctx context.Context, user int64) ([]engine.Item, error) {
	var all []engine.Item
	q := engine.Query{Kind: KindSession, Prefix: tenant, Scope: strconv.FormatInt(user, 10), State: engine.StateOpen, Limit: 500}
	for {
		items, err := l.Store.List(ctx, q)
		if err != nil {
			return all, unavailable(err)
		}
		all = append(all, items...)
		if len(items) < q.Limit {
			return all, nil
		}
		q.After = items[len(items)-1].ID
	}
}

// Keys lists a person's keys, newest first.
func (l *Login) Keys(ctx context.Context, v Viewer) ([]Key, error) {
	items, err := l.sessions(ctx, v.Person.ID)
	if err != nil {
		return nil, err
	}
	var keys []Key
	for _, item := range items {
		s, err := read[session](item)
		if err == nil && s.Key != "" && l.now().Before(s.Until) {
			keys = append(keys, Key{ID: strings.TrimPrefix(item.ID, tenant), Name: s.Key, Hint: s.Hint, At: s.At, Until: s.Until})
		}
	}
	slices.SortFunc(keys, func(a, b Key) int { return b.At.Compare(a.At) })
	return keys, nil
}

// ErrKeys means that a person has as many keys as one may have.
var ErrKeys = fmt.Errorf("a person may have %d keys", keysAtMost)

// MakeKey makes a key for the command line and gives its secret, which is not
// kept. Only a browser's session may: a key makes no keys.
func (l *Login) MakeKey(ctx context.Context, v Viewer, name string) (string, error) {
	if v.Key || v.session == "" {
		return "", ErrSignedOut
	}
	keys, err := l.Keys(ctx, v)
	if err != nil {
		return "", err
	}
	if len(keys) >= keysAtMost {
		return "", ErrKeys
	}
	if name = strings.TrimSpace(name); name == "" {
		name = "command line"
	}
	if r := []rune(name); len(r) > 60 {
		name = string(r[:60])
	}
	return l.let(ctx, session{User: v.Person.ID, Login: v.Person.Login, Name: v.Person.Name, Key: name, Until: l.now().Add(KeyLives)})
}

// DropKey ends a key of the viewer's own.
func (l *Login) DropKey(ctx context.Context, v Viewer, id string) error {
	return l.end(ctx, engine.Ref{Kind: KindSession, ID: tenant + id}, v.Person.ID)
}
