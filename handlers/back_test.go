package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
)

const (
	backPath = "/lanes/5/avalo-c8c46/rollback"
	idGood   = pipeline.RunID("6925000000000010")
)

// oldShelf is a lane with a past: what is live, one before it that is verified,
// one that went badly, and one of which nothing is stored.
func oldShelf() *shelf {
	s := busyShelf()
	lane := s.lanes[0]
	lane.Holder, lane.Queue = "", nil
	for id := range lane.Runs {
		delete(lane.Runs, id)
	}
	released := func(run pipeline.RunID, version string, ago time.Duration) pipeline.Released {
		return pipeline.Released{
			Shipped:  pipeline.Shipped{Run: run, Repo: 42, Version: version, SHA: "feedc0ffee000000000000000000000000000000", At: pageNoon.Add(-ago)},
			Verified: true, After: "blob-" + version,
		}
	}
	bad, bare, live := released("6925000000000011", "v1.1.7", 3*time.Hour), released("6925000000000012", "v1.1.6", 5*time.Hour), released(idLive, "v1.1.8", time.Hour)
	bad.Bad, bare.After = "payments failed", ""
	lane.History = []pipeline.Released{released(idGood, "v1.1.5", 48*time.Hour), bare, bad, live}
	s.change(idLive, func(r *pipeline.Run) {
		spec, env := *r.Spec, *r.Env()
		env.Commanders, env.BreakGlass = []pipeline.Principal{{Team: "avalo/incident-commanders"}}, true
		spec.Environments = map[string]*pipeline.Environment{"production": &env}
		r.Spec = &spec
	})
	return s
}

// aPlan is what a rollback to v1.1.5 would move.
func aPlan(s *shelf) *pipeline.RestorePlan {
	part := func(k pipeline.ComponentKind, id, pointer string) pipeline.Component {
		return pipeline.Component{Kind: k, ID: id, Pointer: pointer}
	}
	move := func(k pipeline.ComponentKind, id, from, to string, takes, reaches time.Duration) pipeline.Move {
		return pipeline.Move{Kind: k, ID: id, From: part(k, id, from), To: part(k, id, to), How: pipeline.MovePointer, Takes: takes, Reaches: reaches}
	}
	rebuilt := move(pipeline.ComponentFunction, "europe-west1/digest", "digest-00012-qux", "digest-00009-bar", 3*time.Minute, 3*time.Minute)
	rebuilt.How = pipeline.MoveRebuild
	return &pipeline.RestorePlan{
		Target: s.lanes[0].History[0], Same: 2, Migrations: []string{"0007-prices", "0008-chats"},
		Moves: []pipeline.Move{
			move(pipeline.ComponentRules, "cloud.firestore", "5c1f0f3e-9c8a-4b76-8f3c-0a1b2c3d4e5f", "77aa0f3e-9c8a-4b76-8f3c-0a1b2c3d4e5f", time.Second, 10*time.Minute),
			move(pipeline.ComponentHosting, "avalo-web", "sites/avalo-web/versions/9f8e7d6c5b4a", "sites/avalo-web/versions/1a2b3c4d5e6f", time.Second, time.Minute),
			move(pipeline.ComponentFunction, "europe-west1/checkout", "checkout-00042-abc", "checkout-00041-xyz", 5*time.Second, 10*time.Second),
			rebuilt,
		},
		Left: []pipeline.Left{{Kind: pipeline.ComponentIndexes, ID: "(default)", Why: pipeline.Refusal{
			Code: "indexes-stay", Reason: "Firestore's indexes differ from the target's. Building one takes minutes to hours, so a rollback leaves them.", Fix: "Create the missing ones if queries fail.",
		}}},
	}
}

func openBack(t *testing.T) *gate {
	t.Helper()
	g := openGate(t, oldShelf())
	g.standings["ada"] = pipeline.Standing{Person: pipeline.Person{ID: 7, Login: "ada"}, Role: "write", Teams: []string{"avalo/incident-commanders"}}
	return g
}

// say gives the machine's answer to the newest command.
func (g *gate) say(a engine.Answer) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := g.taken[len(g.taken)-1].GUID
	a.Command, a.At = id, g.now
	g.answers[id] = a
	return id
}

// given is the newest command.
func (g *gate) given() pipeline.CommandGiven {
	g.t.Helper()
	taken := g.commands()
	f, ok := taken[len(taken)-1].Signals[0].Fact.(pipeline.CommandGiven)
	if !ok {
		g.t.Fatalf("the machine hears %+v", taken[len(taken)-1])
	}
	return f
}

// plan asks for the plan and has it answered.
func (b *browser) plan() (path, id string) {
	b.g.t.Helper()
	res := b.post(backPath, "verb", "plan").want(b.g.t, "the plan", http.StatusSeeOther)
	id = b.g.say(engine.Answer{OK: true, Text: "Markdown", Plan: aPlan(b.g.shelf)})
	return res.header.Get("Location"), id
}

// The way back from a lane's page: the plan first, then the form, then the run.
func TestRollBackOnThePage(t *testing.T) {
	g := openBack(t)
	ada := g.browser().signIn("ada", "/")
	for _, page := range []string{"/", "/lanes/5/avalo-c8c46", "/runs/" + string(idLive)} {
		ada.get(page).want(t, page, http.StatusOK, `action="`+backPath+`"`, "Roll back…")
	}
	if body := ada.get("/runs/" + string(idFailed)).body; strings.Contains(body, backPath) {
		t.Error("a run that never went live leads to a rollback")
	}
	res := ada.post(backPath, "verb", "plan").want(t, "the button", http.StatusSeeOther)
	at := res.header.Get("Location")
	want := pipeline.Command{Verb: pipeline.VerbRollback, Target: "production", Plan: true}
	if f := g.given(); f.Command != want || f.By.ID != 7 || f.Where.Surface != pipeline.SurfacePage || f.Where.Command == "" {
		t.Errorf("the machine hears %+v", f)
	}
	body := ada.get(at).want(t, "while it is looked up", http.StatusOK, "What would move is being looked up", `http-equiv="refresh" content="2"`).body
	if strings.Contains(body, "<textarea") {
		t.Error("a page that renews itself has a form")
	}
	plan := g.say(engine.Answer{OK: true, Text: "Markdown", Plan: aPlan(g.shelf)})
	body = ada.get(at).want(t, "the plan", http.StatusOK, "4 components, side by side, done at Google within about 3m", "checkout-00042-abc", "checkout-00041-xyz", "within 10m",
		"built again from the stored source", "What stays as it is", "indexes differ", "0007-prices and 0008-chats", "ROLLBACK PRODUCTION", "Break the glass", "second commander",
		`<option value="`+string(idGood)+`" selected>v1.1.5 (feedc0f), 48 h ago: the last verified`, "v1.1.7 is marked bad and never returned to: payments failed").body
	if strings.Contains(body, "refresh") || strings.Contains(body, `<option value="6925000000000011"`) {
		t.Errorf("the page renews itself under who types, or offers a bad release:\n%s", body)
	}
	res = ada.post(backPath, "verb", "rollback", "to", string(idGood), "plan", plan, "live", string(idLive), "reason", " checkout\r\nfails ", "phrase", "ROLLBACK PRODUCTION", "break_glass", "yes").
		want(t, "the form", http.StatusSeeOther)
	want = pipeline.Command{
		Verb: pipeline.VerbRollback, Target: "production", Ref: string(idGood), Phrase: "ROLLBACK PRODUCTION", Reason: "checkout fails", BreakGlass: true,
	}
	if f := g.given(); f.Command != want || f.By.ID != 7 || f.Where.Surface != pipeline.SurfacePage {
		t.Errorf("the machine hears %+v", f)
	}
	at = res.header.Get("Location")
	ada.get(at).want(t, "while it is taken up", http.StatusOK, "Your rollback is being taken up", "Nothing has moved yet", `http-equiv="refresh"`)
	g.say(engine.Answer{OK: true, Run: idGate})
	if res := ada.get(at).want(t, "once it has begun", http.StatusSeeOther); res.header.Get("Location") != gatePage {
		t.Errorf("leads to %s", res.header.Get("Location"))
	}
}

// Every "no" is said where the form is, with its code and what to do; what was
// typed is still there.
func TestRollBackRefusedOnThePage(t *testing.T) {
	g := openBack(t)
	ada := g.browser().signIn("ada", "/")
	at, plan := ada.plan()
	taken := len(g.commands())
	form := func(change ...string) reply {
		pairs := append([]string{"verb", "rollback", "to", string(idGood), "plan", plan, "live", string(idLive), "reason", "checkout fails", "phrase", "ROLLBACK PRODUCTION"}, change...)
		return ada.post(backPath, pairs...)
	}
	for what, try := range map[string]struct {
		change []string
		code   string
		words  string
	}{
		"the wrong phrase": {[]string{"phrase", "rollback production"}, "rollback-incomplete", "takes the line ROLLBACK PRODUCTION."},
		"no reason":        {[]string{"reason", " "}, "rollback-incomplete", "takes a reason."},
		"another is live":  {[]string{"live", string(idGate)}, "live-changed", "What is live changed while you looked"},
		"no such button":   {[]string{"verb", "destroy"}, "unknown-command", "There is no such button"},
	} {
		res := form(try.change...).want(t, what, http.StatusUnprocessableEntity, "Nothing was rolled back", "<code>"+try.code+"</code>", try.words, "What would move")
		if !strings.Contains(res.body, "checkout fails") && !strings.Contains(res.body, "ROLLBACK PRODUCTION\"") || strings.Contains(res.body, "Send this comment") {
			t.Errorf("%s: what was typed is lost, or a comment is asked for:\n%s", what, res.body)
		}
	}
	if n := len(g.commands()); n != taken {
		t.Errorf("%d commands reach the machine", n-taken)
	}
	res := form().want(t, "a good one", http.StatusSeeOther)
	_, why := rollback.Target(g.lanes[0].History, g.lanes[0].Live, "production", "v9")
	g.say(engine.Answer{Refused: why, Run: idGate})
	body := ada.get(res.header.Get("Location")).want(t, "the machine's no", http.StatusOK, "unknown-version", "Choose one of them below.", "checkout fails", "ROLLBACK PRODUCTION", gatePage).body
	if strings.Contains(body, "/rollback production to") {
		t.Errorf("a comment is there to be copied:\n%s", body)
	}
	dana := g.browser().signIn("dana", "/")
	dana.get("/lanes/5/avalo-c8c46").want(t, "to who commands nothing", http.StatusOK, "dana may not roll production back.", "One of these may: @avalo/incident-commanders.")
	dana.get(at).want(t, "the page itself", http.StatusOK, "This is not yours to do", "dana may not roll production back.", "@avalo/incident-commanders", "not-commander")
	if res := dana.post(backPath, "verb", "plan"); res.code != http.StatusForbidden || strings.Contains(res.body, "v1.1.5") {
		t.Errorf("who commands nothing asks for a plan: %d\n%s", res.code, res.body)
	}
	g.browser().signIn("eve", "/").get(backPath).want(t, "who sees nothing of it", http.StatusNotFound)
	// Another's plan is not shown.
	g.standings["dana"] = g.standings["ada"]
	g.later(2 * time.Minute)
	if body := dana.get(at).want(t, "another's plan", http.StatusOK).body; strings.Contains(body, "checkout-00042-abc") {
		t.Error("another's answer is shown")
	}
}

// Only one goes on at a time, and the page says which.
func TestRollBackUnderWay(t *testing.T) {
	g := openBack(t)
	ada := g.browser().signIn("ada", "/")
	at, _ := ada.plan()
	g.lanes[0].Runs[idMoving] = &pipeline.LaneRun{Pipeline: "42/rollback", Restore: true}
	body := ada.get(at).want(t, "the page", http.StatusOK, "A rollback is under way already.", "/runs/"+string(idMoving)).body
	if strings.Contains(body, "ROLLBACK PRODUCTION") {
		t.Error("a second one is offered")
	}
}

// The form comes from our own page, and is not lost with the session.
func TestRollBackFormIsOurs(t *testing.T) {
	g := openBack(t)
	ada := g.browser().signIn("ada", "/")
	body := url.Values{"verb": {"rollback"}, "to": {string(idGood)}, "phrase": {"ROLLBACK PRODUCTION"}, "reason": {"checkout fails"}, "live": {string(idLive)}}.Encode()
	for what, header := range map[string][]string{
		"another site": {"Origin", "https://evil.example"}, "no origin": {"Origin", ""}, "a frame of another": {"Sec-Fetch-Site", "cross-site"},
	} {
		ada.do(http.MethodPost, backPath, body, header...).want(t, what, http.StatusForbidden, "Nothing was done")
	}
	if n := len(g.commands()); n > 0 {
		t.Errorf("%d commands reach the machine", n)
	}
	stranger := g.browser()
	stranger.do(http.MethodPost, backPath, body).want(t, "after the session", http.StatusUnauthorized, "nothing is lost", "checkout fails", "ROLLBACK PRODUCTION", string(idGood))
	res := stranger.post(backPath, "verb", "plan").want(t, "a plan after the session", http.StatusSeeOther)
	if at := res.header.Get("Location"); !strings.HasPrefix(at, "/login?to=%2Flanes%2F5%2Favalo-c8c46%2Frollback") {
		t.Errorf("leads to %s", at)
	}
}
