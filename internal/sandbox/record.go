package sandbox

import (
	"slices"
	"sync"
	"time"
)

// CallKind is what kind of traffic a Call was.
type CallKind string

// The kinds of traffic that are recorded.
const (
	KindGitHub  CallKind = "github"  // a request to the REST API.
	KindSlack   CallKind = "slack"   // a request to the Slack API or to an incoming webhook.
	KindDiscord CallKind = "discord" // a request to a Discord webhook.
	KindOAuth   CallKind = "oauth"   // a request for a person's tokens.
	KindGoogle  CallKind = "google"  // a request to a Google API.
	KindSite    CallKind = "site"    // a request to a product's web site.
	KindPage    CallKind = "page"    // a request to the sandbox's own pages.
	KindWebhook CallKind = "webhook" // a webhook that the world sent.
	// KindInteraction is what a click in Slack sent to the app.
	KindInteraction CallKind = "interaction"
	KindAct         CallKind = "act" // something a person did through the world's methods or pages.
)

// Phase is when OnCall hears of a call.
type Phase string

// The two phases of a call.
const (
	// Arrived is before anything was done about it.
	Arrived Phase = "arrived"
	// Done is after the state changed and before the answer leaves.
	Done Phase = "done"
)

// Call is one exchange with the world.
type Call struct {
	Seq   int
	At    time.Time
	Kind  CallKind
	Phase Phase

	// Method, Path, Route, Query and Body describe a request; Route is the pattern that matched.
	Method string
	Path   string
	Route  string
	Query  string
	Body   []byte
	// As is who asked: "app", "installation:ID", a login, or "".
	As string
	// Status and Answer are what was answered; Fault names the rule that interfered.
	Status int
	Answer []byte
	Fault  string
	// TrueStatus is what the world made of a request, even if a fault hid that; 0 if it never came to it.
	TrueStatus int

	// Event, Action, GUID and Repo describe a webhook; Action, By, Repo and Detail an act.
	Event  string
	Action string
	GUID   string
	Repo   string
	By     string
	Detail string
}

// record is the append-only log of calls.
type record struct {
	mu    sync.Mutex
	calls []Call
	hook  func(Call)
}

// Record returns every exchange that is over, in order of its end.
func (w *World) Record() []Call {
	w.record.mu.Lock()
	defer w.record.mu.Unlock()
	return slices.Clone(w.record.calls)
}

// OnCall sets a hook that is called synchronously when a call arrives and again when it is done but not yet answered.
// It runs without the world's lock and may end the process of the one who called.
func (w *World) OnCall(hook func(Call)) {
	w.record.mu.Lock()
	defer w.record.mu.Unlock()
	w.record.hook = hook
}

func (w *World) arrived(c Call) {
	c.Phase = Arrived
	w.record.mu.Lock()
	hook := w.record.hook
	w.record.mu.Unlock()
	if hook != nil {
		hook(c)
	}
}

func (w *World) done(c Call) {
	c.Phase = Done
	w.record.mu.Lock()
	c.Seq = len(w.record.calls) + 1
	w.record.calls = append(w.record.calls, c)
	hook := w.record.hook
	w.record.mu.Unlock()
	if hook != nil {
		hook(c)
	}
}

// act records what a person did; the world's lock may be held, so the hook is not called.
func (w *World) act(by, repo, action, detail string) {
	w.record.mu.Lock()
	defer w.record.mu.Unlock()
	w.record.calls = append(w.record.calls, Call{
		Seq: len(w.record.calls) + 1, At: w.clock.Now(), Kind: KindAct, Phase: Done,
		By: by, Repo: repo, Action: action, Detail: detail,
	})
}
