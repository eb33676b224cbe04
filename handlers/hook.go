package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const (
	// maxBody is GitHub's own cap of a payload.
	maxBody = 25 << 20
	// storeTime leaves GitHub, which hangs up after 10 s, time to hear a 503.
	storeTime = 8 * time.Second
)

// Config is what the webhook's handler works with. Secrets, AppID, APIURL,
// Receive, Clock and Logger are required.
type Config struct {
	Secrets    [][]byte // one, or two while it is being changed; both are accepted
	AppID      int64
	APIURL     string // GitHub's REST API, e.g. https://api.github.com; the only place a door may be at
	Receive    func(context.Context, engine.Delivery) (engine.Result, error)
	Clock      func() time.Time
	Logger     *slog.Logger
	Count      func(result string)                                                // one of the Result constants; may be nil
	BotLogin   func() string                                                      // our bot user, slug[bot]; empty while not known. Must not block. May be nil: a push of ours is then not told apart
	Revoked    func(ctx context.Context, person int64) error                      // drops what a person allowed; may be nil: nothing is kept of people
	Installed  func(ctx context.Context, installation int64, action string) error // what happened to an installation, such as suspend. May be nil
	Invalidate func(event string, installation int64)                             // permissions may have changed; 0 is any. Must not block. May be nil
}

// The results that Config.Count is called with, once per request.
const (
	ResultStored      = "stored"
	ResultDuplicate   = "duplicate"
	ResultIgnored     = "ignored"
	ResultUnavailable = "unavailable" // the store said no
	ResultSignature   = "bad_signature"
	ResultTooLarge    = "too_large"
	ResultForeign     = "foreign" // another App's hook, or a door that is not at our API
	ResultMalformed   = "malformed"
	ResultAsked       = "asked" // a form for the reason was opened first
)

type hook struct{ Config }

// GitHub serves POST /api/github/hook. It refuses to be built without a secret:
// a server that would believe anybody must not start.
func GitHub(c Config) (http.Handler, error) {
	switch {
	case len(c.Secrets) == 0 || slices.ContainsFunc(c.Secrets, func(s []byte) bool { return len(s) == 0 }):
		return nil, errors.New("no webhook secret is set, so anybody could send webhooks: set GITHUB_APP_WEBHOOK_SECRET to the secret of the GitHub App")
	case len(c.Secrets) > 2:
		return nil, errors.New("more than two webhook secrets are set: keep the new one and the one it replaces")
	case c.AppID <= 0:
		return nil, errors.New("the GitHub App's id is not set: set GITHUB_APP_INTEGRATION_ID")
	case c.APIURL == "" || c.Receive == nil || c.Clock == nil || c.Logger == nil:
		return nil, errors.New("the webhook's handler lacks its API address, receiver, clock or logger")
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	if c.BotLogin == nil {
		c.BotLogin = func() string { return "" }
	}
	if c.Invalidate == nil {
		c.Invalidate = func(string, int64) {}
	}
	c.APIURL = strings.TrimRight(c.APIURL, "/")
	return &hook{c}, nil
}

// ServeHTTP takes one delivery.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, refused := h.verify(w, r)
	if refused != nil {
		h.refuse(w, r, refused)
		return
	}
	now := h.Clock()
	event := r.Header.Get("X-GitHub-Event")
	t, err := Translate(Us{AppID: h.AppID, BotLogin: h.BotLogin(), APIURL: h.APIURL}, event, body, now)
	if err != nil {
		h.refuse(w, r, asRefusal(err))
		return
	}
	if changesPermissions(event) {
		h.Invalidate(event, t.Repo.Installation)
	}
	ctx, cancel := context.WithTimeout(r.Context(), storeTime)
	defer cancel()
	if t.Revoked != 0 && h.Revoked != nil {
		if err := h.Revoked(ctx, t.Revoked); err != nil {
			h.unavailable(w, r, err)
			return
		}
	}
	if (event == "installation" || event == "installation_repositories") && h.Installed != nil && t.Repo.Installation != 0 {
		if err := h.Installed(ctx, t.Repo.Installation, t.Action); err != nil {
			h.unavailable(w, r, err)
			return
		}
	}
	if t.Ignored != "" {
		h.ignore(w, r, t)
		return
	}
	result, err := h.Receive(ctx, engine.Delivery{
		AppID: h.AppID, GUID: r.Header.Get("X-GitHub-Delivery"), Event: event, Action: t.Action,
		Repo: t.Repo, ReceivedAt: now, Signals: t.Signals,
	})
	if err != nil {
		h.unavailable(w, r, err)
		return
	}
	h.stored(w, result)
}

// asRefusal keeps what people may be shown, and hides the rest.
func asRefusal(err error) *pipeline.Refusal {
	var refused *pipeline.Refusal
	if errors.As(err, &refused) {
		return refused
	}
	return &pipeline.Refusal{Code: codeMalformed, Reason: "The payload cannot be read."}
}
