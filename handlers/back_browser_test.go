package handlers

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/gatehouse-app/gatehouse/internal/browsertest"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// as gives a page's browser the session of somebody.
func (g *gate) as(p *browsertest.Page, login string) {
	g.t.Helper()
	b := g.browser().signIn(login, "/")
	p.Open(g.url + "/login")
	for _, c := range b.http.Jar.Cookies(mustURL(g.t, g.url)) {
		browsertest.Eval[string](p, `document.cookie = "`+c.Name+`=`+c.Value+`; path=/"`)
	}
}

// TestRollBackOnEveryScreen looks at the page in each of its states on a desk and
// on a phone, by day and by night. GATEHOUSE_SHOTS=DIR keeps the pictures.
func TestRollBackOnEveryScreen(t *testing.T) {
	g := openBack(t)
	plan, _ := g.browser().signIn("ada", "/").plan()
	refused := g.browser().signIn("ada", "/")
	at, id := refused.plan()
	res := refused.post(backPath, "verb", "rollback", "to", string(idGood), "plan", id, "live", string(idLive), "reason", "Checkout fails for 12 % of users", "phrase", "ROLLBACK PRODUCTION")
	g.say(engine.Answer{Run: idGate, Refused: &pipeline.Refusal{
		Code: "target-gone", Reason: "function europe-west1/checkout cannot go back to checkout-00041-xyz: its image is gone.", Fix: "Go back to a later release, or deploy it anew from its commit.",
	}})
	no := res.header.Get("Location")
	refused.post(backPath, "verb", "plan")
	waits := backPath + "?plan=" + g.commands()[len(g.commands())-1].GUID
	p := browsertest.New(t)
	g.as(p, "ada")
	for _, page := range []struct{ name, at, words string }{
		{"first", backPath, "Show what would move"},
		{"plan", plan, "What stays as it is"},
		{"again", at, "Break the glass"},
		{"refused", no, "target-gone"},
		{"waits", waits, "renews itself"},
		{"lanes", "/", "Roll back…"},
		{"lane", "/lanes/5/avalo-c8c46", "Roll back…"},
		{"run", "/runs/" + string(idLive), "Roll back…"},
	} {
		everyScreen(t, p, g.url+page.at, "back-"+page.name, page.words)
	}
	g.as(p, "dana")
	everyScreen(t, p, g.url+backPath, "back-not-hers", "This is not yours to do")
	everyScreen(t, p, g.url+"/lanes/5/avalo-c8c46", "back-lane-not-hers", "dana may not roll production back")
}

func everyScreen(t *testing.T, p *browsertest.Page, at, name, words string) {
	t.Helper()
	for _, theme := range []string{"light", "dark"} {
		for kind, width := range map[string]int64{"desk": 1280, "phone": browsertest.Phone} {
			p.Dark(theme == "dark")
			p.Width(width)
			p.Open(at)
			p.See(words)
			p.Sound()
			if faint := browsertest.Eval[[]string](p, faintTexts); len(faint) > 0 {
				t.Errorf("%s, %s: hard to read: %q", name, theme, faint)
			}
			p.Shot(name + "-" + kind + "-" + theme)
		}
	}
}

// Without scripts, and by the keyboard alone, a lane is taken back as well.
func TestRollBackByKeyboardWithoutScripts(t *testing.T) {
	g := openBack(t)
	p := browsertest.New(t)
	g.as(p, "ada")
	p.NoScripts()
	p.Open(g.url + "/lanes/5/avalo-c8c46")
	p.See("Roll back…")
	p.Press("Roll back…")
	p.See("What would move is being looked up")
	g.say(engine.Answer{OK: true, Plan: aPlan(g.shelf)})
	p.See("What would move", "ROLLBACK PRODUCTION", "Roll production back")
	focused := func() string {
		return browsertest.Eval[string](p, `document.activeElement.name || document.activeElement.innerText.trim().split("\n")[0]`)
	}
	for _, want := range []struct{ at, typed string }{
		{"Skip to the content", ""},
		{"Gatehouse", ""},
		{"Lanes", ""},
		{"Approvals", ""},
		{"You", ""},
		{"Sign out", ""},
		{"Lanes", ""},
		{"production", ""},
		{"v1.1.8", ""},
		{"to", ""},
		{"verb", ""},
		{"2 releases not offered", ""},
		{"reason", "Checkout fails"},
		{"phrase", "ROLLBACK PRODUCTION"},
		{"break_glass", " "},
		{"verb", ""},
	} {
		p.Keys(kb.Tab)
		if got := focused(); got != want.at {
			t.Fatalf("the focus is on %q, want %q", got, want.at)
		}
		if want.typed != "" {
			p.Keys(want.typed)
		}
	}
	p.Keys(kb.Enter)
	p.See("Your rollback is being taken up")
	want := pipeline.Command{
		Verb: pipeline.VerbRollback, Target: "production", Ref: string(idGood), Reason: "Checkout fails", Phrase: "ROLLBACK PRODUCTION", BreakGlass: true,
	}
	if f := g.given(); f.Command != want {
		t.Errorf("the machine hears %+v", f.Command)
	}
	g.say(engine.Answer{OK: true, Run: idGate})
	p.See("How to approve")
}
