package login

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// How long things are good.
const (
	SessionLives = 12 * time.Hour       // of a browser; signing in again is a click
	KeyLives     = 90 * 24 * time.Hour  // of a key for the command line
	PersonLives  = 184 * 24 * time.Hour // of tokens for which GitHub names no end
	SightLives   = time.Minute          // of what was remembered of GitHub's word
	flowLives    = 10 * time.Minute     // of a sign-in that was begun
	earlier      = 5 * time.Minute      // a token is refreshed before its end
	leaseLives   = time.Minute          // of a refresh that another process makes
	callTime     = 30 * time.Second     // of what several wait for at once
	people       = 4096                 // whose sight is remembered
)

// The errors that callers tell apart.
var (
	// ErrSignedOut means that nobody is signed in by this: it never was good, it
	// has ended, or GitHub does not take the person's token any more.
	ErrSignedOut = errors.New("nobody is signed in")
	// ErrFlow means that a sign-in cannot be finished: it was begun elsewhere or
	// too long ago, or its answer was forged or used before.
	ErrFlow = errors.New("the sign-in cannot be finished")
	// ErrUnavailable means that it cannot be told now: GitHub or the store does
	// not answer.
	ErrUnavailable = errors.New("it cannot be told now")
)

// OAuth is GitHub's web flow.
type OAuth interface {
	URL(state, verifier string) string
	Exchange(ctx context.Context, code, verifier string) (github.Tokens, error)
	Refresh(ctx context.Context, refresh string) (github.Tokens, error)
}

// GitHub is asked with a person's own token.
type GitHub interface {
	Self(ctx context.Context, token string) (github.Person, error)
	Repositories(ctx context.Context, id int64, token string) ([]github.RepoRef, error)
}

// Store is what of the store is used.
type Store interface {
	Get(ctx context.Context, ref engine.Ref) (engine.Item, error)
	Swap(ctx context.Context, items ...*engine.Item) error
	List(ctx context.Context, q engine.Query) ([]engine.Item, error)
}

var _ OAuth = (*github.SignIn)(nil)

// Config is what the process lends. All fields are required.
type Config struct {
	Store  Store
	OAuth  OAuth
	GitHub GitHub
	Vault  *Vault
	Clock  func() time.Time
	Logger *slog.Logger
}

// Login signs people in and out. It is safe for several goroutines.
type Login struct {
	Config
	flights singleflight.Group

	mu    sync.Mutex
	epoch int // counts how often what was remembered was forgotten
	sight *lru.Cache[int64, remembered]
}

// New checks that nothing is missing.
func New(c Config) (*Login, error) {
	if c.Store == nil || c.OAuth == nil || c.GitHub == nil || c.Vault == nil || c.Clock == nil || c.Logger == nil {
		return nil, errors.New("login: the store, GitHub, the vault, the clock and the logger are required")
	}
	sight, err := lru.New[int64, remembered](people)
	if err != nil {
		return nil, err
	}
	return &Login{Config: c, sight: sight}, nil
}

// Viewer is who asks.
type Viewer struct {
	Person  pipeline.Person
	Key     bool      // by a key of the command line, not in a browser
	Until   time.Time // when the session ends by itself
	session string    // id of its item
}

func (l *Login) now() time.Time { return l.Clock().UTC() }
