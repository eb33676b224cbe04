package login

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
)

// Token gives a person's own token for GitHub, refreshed if it is about to end.
// ErrSignedOut: there is none, or GitHub takes it no more.
func (l *Login) Token(ctx context.Context, user int64) (string, error) {
	token, err, _ := l.flights.Do("token/"+strconv.FormatInt(user, 10), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime) // others wait for it too
		defer cancel()
		return l.token(ctx, user)
	})
	if err != nil {
		return "", err
	}
	return token.(string), nil
}

func (l *Login) token(ctx context.Context, user int64) (string, error) {
	var tokens github.Tokens
	refresh := false
	err := l.change(ctx, user, func(p *person, _ *engine.Item) (bool, error) {
		var err error
		if tokens, err = l.open(*p); err != nil {
			return false, err
		}
		now := l.now()
		if refresh = !p.Expires.IsZero() && !now.Before(p.Expires.Add(-earlier)); !refresh {
			return false, nil
		}
		if now.Before(p.Lease) {
			return false, fmt.Errorf("%w: another process refreshes the token of %s", ErrUnavailable, p.Login)
		}
		p.Lease = now.Add(leaseLives)
		return true, nil
	})
	if err != nil || !refresh {
		return tokens.Access, err
	}
	return l.refresh(ctx, user, tokens)
}

// refresh is called by who holds the lease.
func (l *Login) refresh(ctx context.Context, user int64, old github.Tokens) (string, error) {
	fresh, err := l.OAuth.Refresh(ctx, old.Refresh)
	switch {
	case err == nil:
		err = l.change(ctx, user, func(p *person, item *engine.Item) (bool, error) {
			if p.Sealed == "" {
				return false, ErrSignedOut // dropped meanwhile
			}
			return true, l.seal(p, item, fresh)
		})
		return fresh.Access, err
	case github.ClassOf(err) == github.Invalid:
		return "", errors.Join(ErrSignedOut, l.Drop(ctx, user))
	}
	// It may have worked on GitHub's side; the next try finds out.
	release := l.change(ctx, user, func(p *person, _ *engine.Item) (bool, error) {
		p.Lease = time.Time{}
		return true, nil
	})
	return "", errors.Join(fmt.Errorf("%w: %w", ErrUnavailable, err), release)
}
