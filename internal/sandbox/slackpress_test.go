package sandbox_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// interactive is an app that hears clicks: it notes each, and answers as told.
type interactive struct {
	mu     sync.Mutex
	heard  []map[string]any
	stamps []string
	forged int
	answer string
	status int
}

func (a *interactive) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	stamp := req.Header.Get("X-Slack-Request-Timestamp")
	mac := hmac.New(sha256.New, []byte("shh"))
	mac.Write([]byte("v0:" + stamp + ":" + string(body)))
	form, _ := url.ParseQuery(string(body))
	payload := map[string]any{}
	_ = json.Unmarshal([]byte(form.Get("payload")), &payload)
	a.mu.Lock()
	defer a.mu.Unlock()
	if req.Header.Get("X-Slack-Signature") != "v0="+hex.EncodeToString(mac.Sum(nil)) {
		a.forged++
	}
	a.heard, a.stamps = append(a.heard, payload), append(a.stamps, stamp)
	if a.status != 0 {
		rw.WriteHeader(a.status)
	}
	_, _ = io.WriteString(rw, a.answer)
}

func clickable(t *testing.T) (*sandbox.Slack, *browser, *interactive, string) {
	t.Helper()
	w := sandbox.New(sandbox.Options{Clock: sandbox.NewManualClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))})
	t.Cleanup(w.Close)
	w.AddUser("alice", "Alice")
	w.AddUser("bob", "Bob")
	s := sandbox.NewSlack(w, sandbox.SlackOptions{Token: slackToken, SigningSecret: "shh"})
	s.AddChannel(sandbox.SlackChannel{Name: "releases"})
	app := &interactive{}
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	s.SetInteractions(server.URL)
	b := newBrowser(t, s.Handler())
	blocks := `[{"type":"actions","block_id":"gate","elements":[{"type":"button","text":{"type":"plain_text","text":"Approve"},"action_id":"approve","value":"7/run","style":"primary"}]}]`
	ts, _ := b.slack("chat.postMessage", "channel", "#releases", "text", "v1.2.0", "blocks", blocks)["ts"].(string)
	return s, b, app, ts
}

func TestSlackPressSendsASignedClick(t *testing.T) {
	s, _, app, ts := clickable(t)
	must(t, s.Press("bob", "releases", ts, "approve"))
	equal(t, "forged", app.forged, 0)
	click := app.heard[0]
	equal(t, "type", click["type"], any("block_actions"))
	user, _ := click["user"].(map[string]any)
	equal(t, "user", user["id"], any(sandbox.SlackUserID("bob")))
	actions, _ := click["actions"].([]any)
	action, _ := actions[0].(map[string]any)
	equal(t, "value", action["value"], any("7/run"))
	equal(t, "block", action["block_id"], any("gate"))

	for what, err := range map[string]error{
		"no button":  s.Press("bob", "releases", ts, "reject"),
		"no message": s.Press("bob", "releases", "1.000001", "approve"),
		"no channel": s.Press("bob", "nowhere", ts, "approve"),
	} {
		if err == nil {
			t.Errorf("%s: the click went through", what)
		}
	}
	app.status = http.StatusUnauthorized
	if err := s.Press("bob", "releases", ts, "approve"); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("a refused click: %v", err)
	}
}

func TestSlackClicksCanBeSpoiled(t *testing.T) {
	s, _, app, ts := clickable(t)
	s.SetFaults(sandbox.SlackFaults{Forged: true})
	must(t, s.Press("bob", "releases", ts, "approve"))
	equal(t, "forged", app.forged, 1)
	s.SetFaults(sandbox.SlackFaults{Stale: time.Hour})
	must(t, s.Press("bob", "releases", ts, "approve"))
	equal(t, "stamp", app.stamps[1], "1772438400")
	s.SetFaults(sandbox.SlackFaults{Doubled: true})
	must(t, s.Press("bob", "releases", ts, "approve"))
	equal(t, "heard", len(app.heard), 4)
}

func TestSlackModal(t *testing.T) {
	s, b, app, ts := clickable(t)
	must(t, s.Press("bob", "releases", ts, "approve"))
	trigger, _ := app.heard[0]["trigger_id"].(string)
	modal := `{"type":"modal","callback_id":"reject","private_metadata":"7/run","title":{"type":"plain_text","text":"Reject v1.2.0"},"submit":{"type":"plain_text","text":"Reject"},
		"blocks":[{"type":"input","block_id":"why","label":{"type":"plain_text","text":"Reason"},"element":{"type":"plain_text_input","action_id":"text","multiline":true}}]}`
	equal(t, "a title too long", b.slack("views.open", "trigger_id", "never", "view", modal)["error"], any("exchanged_trigger_id"))
	equal(t, "opened", b.slack("views.open", "trigger_id", trigger, "view", modal)["ok"], any(true))
	equal(t, "twice", b.slack("views.open", "trigger_id", trigger, "view", modal)["error"], any("exchanged_trigger_id"))
	if s.View("alice") != nil {
		t.Error("somebody else has the modal")
	}
	if err := s.Submit("bob", nil); err == nil {
		t.Error("an empty reason went through")
	}
	app.answer = `{"response_action":"errors","errors":{"why":"Say more."}}`
	must(t, s.Submit("bob", map[string]string{"why": "no"}))
	equal(t, "error", s.View("bob").Errors["why"], "Say more.")
	app.answer = ""
	must(t, s.Submit("bob", map[string]string{"why": "broken"}))
	if s.View("bob") != nil {
		t.Error("the modal stays open")
	}
	view, _ := app.heard[len(app.heard)-1]["view"].(map[string]any)
	state, _ := json.Marshal(view["state"])
	equal(t, "state", string(state), `{"values":{"why":{"text":{"type":"plain_text_input","value":"broken"}}}}`)
	equal(t, "metadata", view["private_metadata"], any("7/run"))
}

func TestSlackShowsToOneAlone(t *testing.T) {
	s, b, _, _ := clickable(t)
	bob := sandbox.SlackUserID("bob")
	equal(t, "ephemeral", b.slack("chat.postEphemeral", "channel", "C0000000001", "user", bob, "text", "for bob alone")["ok"], any(true))
	opened := b.slack("conversations.open", "users", bob)
	direct, _ := opened["channel"].(map[string]any)
	id, _ := direct["id"].(string)
	posted := b.slack("chat.postMessage", "channel", id, "text", "please approve")
	ts, _ := posted["ts"].(string)
	equal(t, "to a user's id", b.slack("chat.postMessage", "channel", bob, "text", "again")["channel"], any(id))
	hides(t, b.open("/slack/releases"), "for bob alone", "@bob")
	_, _ = b.submit("you", "login", "bob", "back", "/slack/releases")
	shows(t, b.open("/slack/releases"), "for bob alone", "Only visible to you", "@bob")
	shows(t, b.open("/slack/@bob"), "please approve")
	list, _ := b.slack("conversations.list", "types", "public_channel,private_channel")["channels"].([]any)
	equal(t, "channels listed", len(list), 1)
	history, _ := b.slack("conversations.history", "channel", "C0000000001")["messages"].([]any)
	equal(t, "messages in the history", len(history), 1)
	equal(t, "delete", b.slack("chat.delete", "channel", id, "ts", ts)["ok"], any(true))
	equal(t, "delete again", b.slack("chat.delete", "channel", id, "ts", ts)["error"], any("message_not_found"))
	equal(t, "a stranger", b.slack("conversations.open", "users", "UNOBODY")["error"], any("user_not_found"))
	s.SetFaults(sandbox.SlackFaults{Outside: []string{"alice"}})
	equal(t, "outside", b.slack("chat.postEphemeral", "channel", "C0000000001", "user", sandbox.SlackUserID("alice"), "text", "hi")["error"], any("user_not_in_channel"))
	equal(t, "who", b.slack("users.info", "user", bob)["ok"], any(true))
}

func TestSlackPageClicksAndFillsInTheModal(t *testing.T) {
	s, b, app, ts := clickable(t)
	page := b.open("/slack/releases")
	shows(t, page, `name="action" value="approve"`, `<button class="primary">Approve</button>`)
	_, _ = b.read(b.http.PostForm(b.base+"/slack/_do/press", url.Values{"channel": {"C0000000001"}, "ts": {ts}, "action": {"approve"}, "back": {"/slack/releases"}})) //nolint:bodyclose,noctx // read closes it.
	equal(t, "heard", len(app.heard), 1)
	trigger, _ := app.heard[0]["trigger_id"].(string)
	b.slack("views.open", "trigger_id", trigger, "view", `{"type":"modal","callback_id":"reject","title":{"type":"plain_text","text":"Reject v1.2.0"},"submit":{"type":"plain_text","text":"Send it"},
		"blocks":[{"type":"input","block_id":"why","label":{"type":"plain_text","text":"Reason"},"element":{"type":"plain_text_input","action_id":"text"}}]}`)
	shows(t, b.open("/slack/releases"), "Reject v1.2.0", "Send it", "Cancel", `name="input.why"`)
	send := func(form string, values url.Values) string {
		_, page := b.read(b.http.PostForm(b.base+"/slack/_do/"+form, values)) //nolint:bodyclose,noctx // read closes it.
		return page
	}
	shows(t, send("submit", url.Values{"back": {"/slack/releases"}}), "Please complete this required field.")
	hides(t, send("submit", url.Values{"input.why": {"broken"}, "back": {"/slack/releases"}}), "Send it")
	equal(t, "heard", len(app.heard), 2)
	if s.View("alice") != nil {
		t.Error("the modal stays open")
	}
}
