package handlers

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

const (
	// maxClick is far above what Slack sends of a message with 50 blocks.
	maxClick = 1 << 20
	// clickTime leaves Slack, which gives up after 3 s, time to hear an answer.
	clickTime = 2500 * time.Millisecond
)

// SlackConfig is what the handler of clicks in Slack works with. All but Count
// are required.
type SlackConfig struct {
	Secret  []byte // Slack's signing secret
	Receive func(context.Context, engine.Delivery) (engine.Result, error)
	Run     func(context.Context, int64, pipeline.RunID) (pipeline.State, engine.Info, error)
	Person  func(ctx context.Context, team, user string) (pipeline.Person, bool, error) // who somebody in Slack is on GitHub
	Open    func(ctx context.Context, trigger string, modal api.ModalViewRequest) error
	Clock   func() time.Time
	Logger  *slog.Logger
	Count   func(result string) // one of the Result constants; may be nil
}

type slackHook struct{ SlackConfig }

// Slack serves POST /api/slack/interactions. A click is answered 200 once it is
// stored, under its signature: sent again, it is known. What it comes to is
// shown on the message, or told to that person alone.
func Slack(c SlackConfig) (http.Handler, error) {
	switch {
	case len(c.Secret) == 0:
		return nil, errors.New("no signing secret is set, so anybody could send clicks: set SLACK_SIGNING_SECRET to the signing secret of the Slack app")
	case c.Receive == nil || c.Run == nil || c.Person == nil || c.Open == nil || c.Clock == nil || c.Logger == nil:
		return nil, errors.New("the handler of clicks in Slack lacks its receiver, runs, people, modals, clock or logger")
	}
	if c.Count == nil {
		c.Count = func(string) {}
	}
	return &slackHook{c}, nil
}

// ServeHTTP takes one click or filled-in form.
func (h *slackHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, signature, refused := h.verify(w, r)
	if refused != nil {
		h.refuse(w, r, refused)
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		h.refuse(w, r, malformed("the body is no form"))
		return
	}
	var in interaction
	if err := json.Unmarshal([]byte(form.Get("payload")), &in); err != nil {
		h.refuse(w, r, malformed("the field payload is not what Slack sends"))
		return
	}
	c, ok := in.click()
	if !ok {
		h.Count(ResultIgnored)
		w.WriteHeader(http.StatusOK)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), clickTime)
	defer cancel()
	if err := h.take(ctx, c, "slack-"+hex.EncodeToString(signature)); err != nil {
		h.unavailable(w, r, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// take asks for a reason where one is needed, or stores the click.
func (h *slackHook) take(ctx context.Context, c click, id string) error {
	state, _, err := h.Run(ctx, c.press.Installation, c.press.Run)
	if errors.Is(err, engine.ErrNotFound) {
		h.Count(ResultIgnored)
		h.Logger.WarnContext(ctx, "a click in Slack is for a run that is not known here", "run", string(c.press.Run))
		return nil
	}
	if err != nil {
		return err
	}
	if c.asks(state.Run) {
		return h.ask(ctx, c, state.Run)
	}
	who, known, err := h.Person(ctx, c.from.Team, c.from.User)
	if err != nil {
		return err
	}
	if !known {
		who = pipeline.Person{}
	}
	result, err := h.Receive(ctx, engine.Delivery{
		GUID: id, Event: "slack", Action: string(c.command.Verb), Repo: state.Run.Repo, ReceivedAt: h.Clock(),
		Signals: []engine.Signal{{Run: c.press.Run, Fact: pipeline.Commanded{
			Command: c.command, By: who, Where: pipeline.Origin{Surface: pipeline.SurfaceSlack, Slack: &c.from},
		}}},
	})
	if err != nil {
		return err
	}
	h.Count(string(result))
	return nil
}

// ask opens the form for the reason. A click that Slack does not let us answer
// any more changes nothing: the person presses again.
func (h *slackHook) ask(ctx context.Context, c click, run *pipeline.Run) error {
	verb := templates.PressApprove
	if c.command.Verb == pipeline.VerbReject {
		verb = templates.PressReject
	}
	c.press.Channel = c.from.Channel
	if err := h.Open(ctx, c.trigger, templates.SlackModal(verb, run, c.press)); err != nil {
		h.Logger.WarnContext(ctx, "the form for a reason could not be opened in Slack", "run", string(run.ID), logError, err)
	}
	h.Count(ResultAsked)
	return nil
}
