// Package sandbox is a working stand-in for GitHub, in memory, with the product's web site (and Slack) beside it.
//
// A World has state and behaviour: a push makes commits, starts workflows and sends signed webhooks; a job that
// references a protected environment waits until a reviewer and the custom rule let it pass; workflows succeed, fail or
// hang as the files of the repository say. Everything is one http.Handler: REST under /api/v3/, sites under /sites/.
//
// The World holds one lock while it changes and never while it talks: webhooks are queued under the lock and sent by one
// goroutine, in order, never retried by themselves. Everything that came in or went out stands in an append-only record,
// which is all that the demo's checker reads. Faults are switched on by rules (faults.go).
//
// It knows nothing of Gatehouse and imports nothing of it, so that it can be a judge.
package sandbox

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options configure a World.
type Options struct {
	// BaseURL is where the world is reached, without a trailing slash; SetURLs can set it later.
	BaseURL string
	// HookURL is where webhooks are posted; empty sends none, they are only recorded.
	HookURL       string
	WebhookSecret string
	AppID         int64
	// AppSlug defaults to "gatehouse".
	AppSlug string
	// AppKey is the app's private key; its public half verifies the app's JWTs.
	AppKey *rsa.PrivateKey
	// ClientID and ClientSecret let people sign in with the app; empty: nobody can. Callbacks are the app's callback URLs.
	ClientID     string
	ClientSecret string
	Callbacks    []string
	Clock        Clock
	// Step is how long a job takes unless its steps sleep; default 300 ms.
	Step time.Duration
	// RateLimit is the requests an installation has per hour; default 5000.
	RateLimit int
	// SecondaryLimit is the writes an installation has per minute; 0 switches it off.
	SecondaryLimit int
	// Seed makes faults that come with a probability repeatable.
	Seed       uint64
	HTTPClient *http.Client
	Logger     *slog.Logger
}

// World is a GitHub, a Slack and a product's web site, in memory.
type World struct {
	opt   Options
	clock Clock
	log   *slog.Logger

	mu       sync.Mutex
	closed   bool
	lastID   int64
	users    map[string]*User
	teams    []*Team
	owners   map[string][]string
	apps     map[string]*App
	installs []*Installation
	repos    map[string]*Repo
	moved    map[string]*Repo // moved are repositories by a name that they had.
	tokens   map[string]*token
	limits   map[string]*limit
	sites    map[string]Site
	programs map[string]Program
	console  bool // console says that a page of cloud projects is mounted.
	timers   map[*timer]struct{}

	record record
	faults faultState
	oauth  oauthState
	hooks  sender
}

// New makes an empty world with our app and GitHub Actions in it.
func New(opt Options) *World {
	opt = opt.withDefaults()
	w := &World{
		opt: opt, clock: opt.Clock, log: opt.Logger, lastID: 1000,
		users: map[string]*User{}, owners: map[string][]string{}, apps: map[string]*App{}, repos: map[string]*Repo{}, moved: map[string]*Repo{},
		tokens: map[string]*token{}, limits: map[string]*limit{}, sites: map[string]Site{}, programs: map[string]Program{}, timers: map[*timer]struct{}{},
		oauth: oauthState{grants: map[string]grant{}, refreshes: map[string]refresh{}},
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.addUser("github", "GitHub", "Organization")
	w.apps[opt.AppSlug] = &App{ID: opt.AppID, Slug: opt.AppSlug, Name: "Gatehouse", Owner: "github", CreatedAt: w.now()}
	w.apps[actionsSlug] = &App{ID: 15368, Slug: actionsSlug, Name: "GitHub Actions", Owner: "github", CreatedAt: w.now()}
	w.addUser(opt.AppSlug+"[bot]", "", "Bot")
	w.addUser(actionsSlug+"[bot]", "", "Bot")
	w.faults.init(opt.Seed)
	w.startSender()
	return w
}

func (o Options) withDefaults() Options {
	if o.AppSlug == "" {
		o.AppSlug = "gatehouse"
	}
	if o.AppID == 0 {
		o.AppID = 1
	}
	if o.Clock == nil {
		o.Clock = realClock{}
	}
	if o.Step == 0 {
		o.Step = 300 * time.Millisecond
	}
	if o.RateLimit == 0 {
		o.RateLimit = 5000
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{Timeout: 10 * time.Second}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// SetURLs sets where the world is reached and where it posts webhooks, for servers that learn their address late.
func (w *World) SetURLs(base, hook string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opt.BaseURL, w.opt.HookURL = base, hook
}

// SetCallbacks sets where people may be sent back to after signing in, for servers that learn their address late.
func (w *World) SetCallbacks(urls ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opt.Callbacks = urls
}

// Close stops timers and the webhook sender and waits for both.
func (w *World) Close() {
	w.mu.Lock()
	w.closed = true
	for t := range w.timers {
		t.stop()
	}
	clear(w.timers)
	w.mu.Unlock()
	w.stopSender()
}

// now is GitHub's clock: whole seconds, in UTC.
func (w *World) now() time.Time { return w.clock.Now().UTC().Truncate(time.Second) }

func (w *World) nextID() int64 {
	w.lastID++
	return w.lastID
}

// timer is a pending call of the world to itself.
type timer struct{ stop func() bool }

// after calls f under the lock once d has passed, unless the world was closed or the result was called before.
func (w *World) after(d time.Duration, f func()) (stop func() bool) {
	t := &timer{}
	t.stop = w.clock.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, pending := w.timers[t]; !pending || w.closed {
			return
		}
		delete(w.timers, t)
		f()
	})
	w.timers[t] = struct{}{}
	return func() bool {
		delete(w.timers, t)
		return t.stop()
	}
}

var (
	errNoRepo = errors.New("the sandbox has no such repository: add it with AddRepo")
	errNoUser = errors.New("the sandbox has no such user: add it with AddUser")
)

func (w *World) repo(name string) (*Repo, error) {
	r, ok := w.repos[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, errNoRepo)
	}
	return r, nil
}

func (w *World) user(login string) (*User, error) {
	u, ok := w.users[login]
	if !ok {
		return nil, fmt.Errorf("%s: %w", login, errNoUser)
	}
	return u, nil
}

// Repos lists the repositories as owner/name, sorted.
func (w *World) Repos() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.repoNames()
}

func (w *World) repoNames() []string { return slices.Sorted(maps.Keys(w.repos)) }

// Users lists the people, sorted by login.
func (w *World) Users() []User {
	w.mu.Lock()
	defer w.mu.Unlock()
	var people []User
	for _, u := range w.users {
		if u.Type == "User" {
			people = append(people, *u)
		}
	}
	slices.SortFunc(people, func(a, b User) int { return int(a.ID - b.ID) })
	return people
}
