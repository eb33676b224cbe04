package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

const (
	signingSecret = "8f742231b10e8888abcd99yyyzzz85a5"
	clickedRun    = pipeline.RunID("6924f1c0a1b2c3d4")
	shownDigest   = "0123456789abcdef"
)

// desk is the handler with all around it.
type desk struct {
	t        *testing.T
	http     http.Handler
	now      time.Time
	run      *pipeline.Run
	broken   error // of the store
	openErr  error
	received map[string]engine.Delivery
	opened   []api.ModalViewRequest
	counted  map[string]int
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{
		t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), received: map[string]engine.Delivery{}, counted: map[string]int{},
		run: &pipeline.Run{
			ID: clickedRun, Repo: pipeline.Repo{Installation: 7, ID: 21, Owner: "avalo", Name: "app"}, Status: pipeline.RunActive,
			Environment: "production", Pipeline: "production", Release: pipeline.Release{Version: "v1.2.0"},
			Spec: &pipeline.Spec{Pipelines: []*pipeline.Pipeline{{Name: "production"}}},
			Gate: &pipeline.Gate{Door: pipeline.DoorShut, OpenAt: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Policy: &pipeline.Policy{}},
		},
	}
	h, err := Slack(SlackConfig{
		Secret: []byte(signingSecret), Receive: d.receive, Person: person, Clock: func() time.Time { return d.now },
		Run: func(_ context.Context, inst int64, id pipeline.RunID) (pipeline.State, engine.Info, error) {
			if inst != 7 || id != clickedRun {
				return pipeline.State{}, engine.Info{}, engine.ErrNotFound
			}
			return pipeline.State{Run: d.run}, engine.Info{}, d.broken
		},
		Open: func(_ context.Context, trigger string, v api.ModalViewRequest) error {
			if trigger != "13.37.x" {
				t.Errorf("the trigger is %q", trigger)
			}
			d.opened = append(d.opened, v)
			return d.openErr
		},
		Logger: slog.New(slog.DiscardHandler), Count: func(result string) { d.counted[result]++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	d.http = h
	return d
}

func (d *desk) receive(_ context.Context, in engine.Delivery) (engine.Result, error) {
	if _, had := d.received[in.GUID]; had {
		return engine.Duplicate, nil
	}
	d.received[in.GUID] = in
	return engine.Stored, nil
}

// person knows one Slack account.
func person(_ context.Context, team, user string) (pipeline.Person, bool, error) {
	if team == "T1" && user == "UALICE" {
		return pipeline.Person{ID: 11, Login: "alice"}, true, nil
	}
	return pipeline.Person{}, false, nil
}

// send posts a payload, signed at a time with a secret, and gives the status.
func (d *desk) send(payload any, at time.Time, secret string) int {
	d.t.Helper()
	raw, err := json.Marshal(payload)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.post(url.Values{"payload": {string(raw)}}.Encode(), at, secret)
}

func (d *desk) post(body string, at time.Time, secret string) int {
	d.t.Helper()
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	req := httptest.NewRequestWithContext(d.t.Context(), http.MethodPost, "/api/slack/interactions", strings.NewReader(body))
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	d.http.ServeHTTP(w, req)
	return w.Code
}

func press(id, value, user string) map[string]any {
	return map[string]any{
		"type": "block_actions", "trigger_id": "13.37.x", "team": map[string]any{"id": "T1"}, "channel": map[string]any{"id": "C1"},
		"user":    map[string]any{"id": user, "username": strings.ToLower(user), "team_id": "T1"},
		"actions": []any{map[string]any{"action_id": id, "value": value, "type": "button"}},
	}
}

var onRun = templates.Press{Installation: 7, Run: clickedRun, Shown: shownDigest}

// only is the one fact that was stored.
func (d *desk) only() pipeline.Commanded {
	d.t.Helper()
	if len(d.received) != 1 {
		d.t.Fatalf("%d deliveries are stored", len(d.received))
	}
	for _, in := range d.received {
		f, ok := in.Signals[0].Fact.(pipeline.Commanded)
		if !ok || in.Signals[0].Run != clickedRun || in.Repo.ID != 21 {
			d.t.Fatalf("stored: %+v", in)
		}
		return f
	}
	return pipeline.Commanded{}
}

func TestSlackClickIsStoredOnce(t *testing.T) {
	d := newDesk(t)
	for range 3 {
		if code := d.send(press(templates.PressApprove, onRun.String(), "UALICE"), d.now, signingSecret); code != http.StatusOK {
			t.Fatalf("answered %d", code)
		}
	}
	f := d.only()
	if f.By.ID != 11 || f.Command.Verb != pipeline.VerbApprove || f.Command.Shown != shownDigest {
		t.Errorf("stored: %+v", f)
	}
	want := pipeline.SlackRef{Team: "T1", User: "UALICE", Channel: "C1", Name: "ualice"}
	if f.Where.Surface != pipeline.SurfaceSlack || *f.Where.Slack != want {
		t.Errorf("from: %+v", f.Where.Slack)
	}
	if d.counted[ResultStored] != 1 || d.counted[ResultDuplicate] != 2 {
		t.Errorf("counted: %v", d.counted)
	}
}

func TestSlackStrangerIsNobody(t *testing.T) {
	d := newDesk(t)
	d.send(press(templates.PressWithdraw, onRun.String(), "UMALLORY"), d.now, signingSecret)
	if f := d.only(); f.By != (pipeline.Person{}) || f.Where.Slack.User != "UMALLORY" {
		t.Errorf("stored: %+v", f)
	}
}

func TestSlackForgeries(t *testing.T) {
	d := newDesk(t)
	click := press(templates.PressApprove, onRun.String(), "UALICE")
	for name, code := range map[string]int{
		"wrong secret": d.send(click, d.now, "guess"),
		"old":          d.send(click, d.now.Add(-5*time.Minute-time.Second), signingSecret),
		"of tomorrow":  d.send(click, d.now.Add(24*time.Hour), signingSecret),
	} {
		if code != http.StatusUnauthorized {
			t.Errorf("%s: answered %d", name, code)
		}
	}
	w := httptest.NewRecorder()
	d.http.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("payload={}")))
	if w.Code != http.StatusUnauthorized || d.counted[ResultSignature] != 4 {
		t.Errorf("unsigned: %d; counted %v", w.Code, d.counted)
	}
	w = httptest.NewRecorder()
	d.http.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", w.Code)
	}
	if code := d.post("payload=no-json", d.now, signingSecret); code != http.StatusBadRequest {
		t.Errorf("no JSON: %d", code)
	}
	if code := d.post(strings.Repeat("x", maxClick+1), d.now, signingSecret); code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %d", code)
	}
	if len(d.received) != 0 {
		t.Errorf("stored: %v", d.received)
	}
}

func TestSlackClicksOfNoInterest(t *testing.T) {
	d := newDesk(t)
	elsewhere := onRun
	elsewhere.Installation = 8
	for name, payload := range map[string]map[string]any{
		"a link":           press("run", "", "UALICE"),
		"a broken value":   press(templates.PressApprove, "7/x/y", "UALICE"),
		"another tenant":   press(templates.PressApprove, elsewhere.String(), "UALICE"),
		"a made-up person": press(templates.PressApprove, onRun.String(), "U/../1"),
		"no action":        {"type": "block_actions"},
		"another type":     {"type": "shortcut"},
	} {
		if code := d.send(payload, d.now, signingSecret); code != http.StatusOK {
			t.Errorf("%s: answered %d", name, code)
		}
	}
	if len(d.received) != 0 || d.counted[ResultIgnored] != 6 {
		t.Errorf("stored %v, counted %v", d.received, d.counted)
	}
}

func TestSlackRejectAsksForTheReason(t *testing.T) {
	d := newDesk(t)
	d.send(press(templates.PressReject, onRun.String(), "UALICE"), d.now, signingSecret)
	if len(d.received) != 0 || len(d.opened) != 1 || d.counted[ResultAsked] != 1 {
		t.Fatalf("stored %v, opened %d", d.received, len(d.opened))
	}
	v := d.opened[0]
	submission := map[string]any{
		"type": "view_submission", "team": map[string]any{"id": "T1"}, "user": map[string]any{"id": "UALICE", "username": "alice", "team_id": "T1"},
		"view": map[string]any{"callback_id": v.CallbackID, "private_metadata": v.PrivateMetadata, "state": map[string]any{
			"values": map[string]any{"reason": map[string]any{"text": map[string]any{"type": "plain_text_input", "value": " The price is wrong. "}}},
		}},
	}
	if code := d.send(submission, d.now, signingSecret); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	if f := d.only(); f.Command.Verb != pipeline.VerbReject || f.Command.Reason != "The price is wrong." || f.Where.Slack.Channel != "C1" {
		t.Errorf("stored: %+v from %+v", f.Command, f.Where.Slack)
	}
}

func TestSlackLateClickNeedsNoReason(t *testing.T) {
	d := newDesk(t)
	d.run.Gate.Door = pipeline.DoorOpen
	d.send(press(templates.PressReject, onRun.String(), "UALICE"), d.now, signingSecret)
	if len(d.opened) != 0 || d.only().Command.Verb != pipeline.VerbReject {
		t.Errorf("opened %d", len(d.opened))
	}
}

func TestSlackApprovalWithAReason(t *testing.T) {
	d := newDesk(t)
	d.run.Gate.Policy.ReasonRequired = true
	d.openErr = errors.New("slack is down")
	if code := d.send(press(templates.PressApprove, onRun.String(), "UALICE"), d.now, signingSecret); code != http.StatusOK {
		t.Errorf("answered %d", code)
	}
	if len(d.opened) != 1 || d.opened[0].CallbackID != templates.PressApprove || len(d.received) != 0 {
		t.Errorf("opened %v, stored %v", d.opened, d.received)
	}
}

func TestSlackStoreDown(t *testing.T) {
	d := newDesk(t)
	d.broken = engine.ErrUnavailable
	if code := d.send(press(templates.PressApprove, onRun.String(), "UALICE"), d.now, signingSecret); code != http.StatusServiceUnavailable {
		t.Errorf("answered %d", code)
	}
}

func TestSlackNeedsASecret(t *testing.T) {
	if _, err := Slack(SlackConfig{}); err == nil || !strings.Contains(err.Error(), "SLACK_SIGNING_SECRET") {
		t.Errorf("built without a secret: %v", err)
	}
}

// FuzzSlackPayload reads whatever a signed payload may hold.
func FuzzSlackPayload(f *testing.F) {
	for _, p := range []map[string]any{press(templates.PressApprove, onRun.String(), "UALICE"), {"type": "view_submission"}} {
		raw, err := json.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var in interaction
		if json.Unmarshal(raw, &in) != nil {
			return
		}
		c, ok := in.click()
		if ok && (c.press.Installation <= 0 || !slackWord(c.from.Team) || !slackWord(c.from.User) || len(c.command.Reason) > 4*500) {
			t.Errorf("accepted: %+v", c)
		}
	})
}
