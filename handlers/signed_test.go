package handlers

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/internal/pairing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func (r reply) want(t *testing.T, what string, code int, words ...string) reply {
	t.Helper()
	if r.code != code {
		t.Errorf("%s: %d, want %d\n%s", what, r.code, code, r.body)
	}
	for _, w := range words {
		if !strings.Contains(r.body, w) {
			t.Errorf("%s does not say %q:\n%s", what, w, r.body)
		}
	}
	return r
}

const gatePage = "/runs/" + string(idGate)

func digest(s *shelf) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs[idGate].Bound().Digest()
}

// Nobody sees anything before signing in, whether it exists or not, and comes
// back to where he was.
func TestStranger(t *testing.T) {
	g := openGate(t, busyShelf())
	b := g.browser()
	for _, path := range []string{"/", gatePage, "/runs/6925ffffffffffff", "/lanes/5/avalo-c8c46", "/approvals", "/account", "/nothing"} {
		res := b.get(path).want(t, path, http.StatusSeeOther)
		if want := "/login?" + (url.Values{"to": {path}}).Encode(); res.header.Get("Location") != want {
			t.Errorf("%s leads to %s, want %s", path, res.header.Get("Location"), want)
		}
	}
	for _, path := range []string{"/api/v1/lanes", "/api/v1/runs/" + string(idGate), "/api/v1/runs/x", "/api/v1/events", "/api/v1/commands/5-x", "/api/v1/nothing"} {
		res := b.get(path).want(t, path, http.StatusUnauthorized, "not-signed-in", "/account")
		if res.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s does not say how", path)
		}
	}
	if res := b.do(http.MethodGet, gatePage, "", "Accept", "text/plain"); res.code != http.StatusUnauthorized || strings.Contains(res.body, "v1.2.0") {
		t.Errorf("to a terminal: %d %s", res.code, res.body)
	}
	b.get("/login?to="+gatePage).want(t, "the page", http.StatusOK, "Sign in with GitHub", "/login/github?to=%2Fruns%2F"+string(idGate))
	b.get("/login?to=https://evil.example/").want(t, "from elsewhere", http.StatusOK, "/login/github?to=%2F\"")
	b.get("/static/style.css").want(t, "the style", http.StatusOK)
}

func TestSignInOnPages(t *testing.T) {
	g := openGate(t, busyShelf())
	b := g.browser().signIn("ada", gatePage)
	b.get(gatePage).want(t, "her run", http.StatusOK, "v1.2.0", "Sign out", ">ada<", "Approve", "Reject", "Cancel the run")
	b.get("/").want(t, "the lanes", http.StatusOK, "v1.2.0")
	b.get("/login?to=/account").want(t, "signed in twice", http.StatusSeeOther)
	old := b.http.Jar.Cookies(mustURL(t, g.url))
	b.post("/logout").want(t, "signing out", http.StatusSeeOther)
	b.get(gatePage).want(t, "afterwards", http.StatusSeeOther)
	b.http.Jar.SetCookies(mustURL(t, g.url), old) // a cookie that somebody stole before
	b.get(gatePage).want(t, "with a stolen cookie", http.StatusSeeOther)
	b.post("/logout").want(t, "signing out again", http.StatusSeeOther)
}

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	no(t, err)
	return u
}

func TestCookies(t *testing.T) {
	for public, want := range map[string][]string{
		"http://127.0.0.1:8080":      {"gatehouse=v; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax"},
		"https://gatehouse.example/": {"__Host-gatehouse=v; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Lax"},
	} {
		p := &pages{PagesConfig: PagesConfig{PublicURL: public}}
		h := http.Header{}
		p.setCookie(headerOnly{h}, sessionCookie, "v", time.Hour)
		if got := h.Get("Set-Cookie"); got != want[0] {
			t.Errorf("%s: %s", public, got)
		}
	}
}

type headerOnly struct{ h http.Header }

func (w headerOnly) Header() http.Header         { return w.h }
func (w headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (w headerOnly) WriteHeader(int)             {}

// A forged or replayed answer of GitHub signs nobody in.
func TestForgedCallback(t *testing.T) {
	g := openGate(t, busyShelf())
	for what, try := range map[string]func(b *browser) string{
		"out of nothing":        func(*browser) string { return "?state=x&code=ada" },
		"another's state":       func(b *browser) string { b.state("/"); return "?code=eve&state=" + g.browser().state("/") },
		"no state":              func(b *browser) string { b.state("/"); return "?code=ada" },
		"no code":               func(b *browser) string { return "?state=" + b.state("/") },
		"a code that is no use": func(b *browser) string { return "?code=mallory&state=" + b.state("/") },
	} {
		b := g.browser()
		b.get("/api/github/auth"+try(b)).want(t, what, http.StatusBadRequest, "Nobody was signed in", "Sign in with GitHub")
		b.get("/").want(t, what+", then", http.StatusSeeOther)
	}
	b := g.browser()
	b.get("/api/github/auth?error=access_denied&state="+b.state("/")).want(t, "declined", http.StatusBadRequest, "You chose on GitHub not to")
	b = g.browser()
	state := b.state("/")
	b.get("/api/github/auth?code=ada&state="+state).want(t, "the true one", http.StatusSeeOther)
	b.get("/api/github/auth?code=ada&state="+state).want(t, "the same again", http.StatusBadRequest)
}

// What somebody may not read on GitHub is not there: the answer is the same as
// for what does not exist.
func TestOnlyWhatIsHis(t *testing.T) {
	g := openGate(t, busyShelf())
	eve := g.browser().signIn("eve", "/")
	for path, like := range map[string]string{
		gatePage: "/runs/6925ffffffffffff", "/lanes/5/avalo-c8c46": "/lanes/5/nothing", "/api/v1/runs/" + string(idGate): "/api/v1/runs/6925ffffffffffff",
	} {
		there, not := eve.get(path), eve.get(like)
		words := func(s string) string {
			return strings.NewReplacer(string(idGate), "ID", "6925ffffffffffff", "ID").Replace(s)
		}
		if there.code != http.StatusNotFound || not.code != http.StatusNotFound || words(there.body) != words(not.body) {
			t.Errorf("%s: %d, %d\n%s\n%s", path, there.code, not.code, there.body, not.body)
		}
	}
	for _, path := range []string{"/", "/approvals", "/api/v1/lanes"} {
		if body := eve.get(path).want(t, path, http.StatusOK).body; strings.Contains(body, "v1.") || strings.Contains(body, "c8c46") {
			t.Errorf("%s shows eve:\n%s", path, body)
		}
	}
	eve.post(gatePage, "verb", "approve", "release", digest(g.shelf)).want(t, "an approval", http.StatusNotFound)
	if n := len(g.commands()); n > 0 {
		t.Errorf("%d commands were taken", n)
	}
	g.mu.Lock()
	g.down = &github.Error{Class: github.Unavailable}
	g.mu.Unlock()
	g.later(2 * time.Minute)
	ada := g.browser().signIn("ada", "/")
	res := ada.get(gatePage).want(t, "while GitHub is down", http.StatusServiceUnavailable, "GitHub")
	if strings.Contains(res.body, "v1.2.0") {
		t.Error("something is shown while GitHub is down")
	}
}

// A lane that repositories share tells nothing of the other's runs but that one
// is there, and to who waits behind it, its version.
func TestSharedLane(t *testing.T) {
	s := busyShelf()
	s.change(idHolder, func(r *pipeline.Run) { r.Repo.ID, r.Repo.Name = 99, "other" })
	lane := s.lanes[0]
	lane.Runs[idHolder].Pipeline = "99/production"
	lane.Live.Repo = 99
	g := openGate(t, s)
	body := g.browser().signIn("ada", "/").get("/").want(t, "to ada", http.StatusOK, "v1.2.0", "A run of a repository that you do not see").body
	if strings.Contains(body, string(idHolder)) || strings.Contains(body, "v1.1.8</bdi></a> <span") {
		t.Errorf("ada sees the other repository's:\n%s", body)
	}
	body = g.browser().signIn("eve", "/").get("/").want(t, "to eve", http.StatusOK, "v1.1.10").body
	if strings.Contains(body, "v1.2.0") {
		t.Errorf("eve sees the other repository's:\n%s", body)
	}
}

// A button's command reaches the machine as what it is: by whom, from where, for
// which run. Its answer shows on the page, to him alone.
func TestButton(t *testing.T) {
	g := openGate(t, busyShelf())
	ada := g.browser().signIn("ada", gatePage)
	res := ada.post(gatePage, "verb", "approve", "reason", "looked\r\n at it", "release", digest(g.shelf)).want(t, "the button", http.StatusSeeOther)
	taken := g.commands()
	if len(taken) != 1 {
		t.Fatalf("%d commands", len(taken))
	}
	d := taken[0]
	f, _ := d.Signals[0].Fact.(pipeline.Commanded)
	want := pipeline.Commanded{
		Command: pipeline.Command{Verb: pipeline.VerbApprove, Reason: "looked at it", Shown: digest(g.shelf)}, By: pipeline.Person{ID: 7, Login: "ada"},
		Where: pipeline.Origin{Surface: pipeline.SurfacePage, Command: d.GUID},
	}
	if f != want || d.Signals[0].Run != idGate || d.Repo.ID != 42 || d.Repo.Installation != 5 || d.AppID != 1 || d.Event != engine.EventCommand {
		t.Errorf("the machine hears %+v", d)
	}
	page := res.header.Get("Location")
	ada.get(page).want(t, "at first", http.StatusOK, "Approve is on its way")
	dana := g.browser().signIn("dana", page)
	if body := dana.get(page).body; strings.Contains(body, "is on its way") {
		t.Error("another sees the answer")
	}
	for words, a := range map[string]engine.Answer{
		"Your approval counts.":     {OK: true},
		"ada approved it already.":  {Refused: &pipeline.Refusal{Reason: "ada approved it already."}},
		"Approve was refused":       {Refused: &pipeline.Refusal{Reason: "No."}},
		"and GitHub is being told.": {OK: true, Text: "and GitHub is being told."},
	} {
		g.mu.Lock()
		g.answers[d.GUID] = a
		g.mu.Unlock()
		ada.get(page).want(t, words, http.StatusOK, words)
	}
}

// What nobody can mean is refused on the page, and what was typed stays.
func TestButtonRefused(t *testing.T) {
	g := openGate(t, busyShelf())
	ada := g.browser().signIn("ada", gatePage)
	release := digest(g.shelf)
	ada.post(gatePage, "verb", "reject", "reason", " ", "release", release).want(t, "no reason", http.StatusUnprocessableEntity, "A rejection needs a reason")
	ada.post(gatePage, "verb", "approve", "reason", "typed <b>", "release", "another").want(t, "another release", http.StatusUnprocessableEntity, "The release changed while you looked", "typed &lt;b&gt;")
	ada.post(gatePage, "verb", "rollback", "release", release).want(t, "no such button", http.StatusUnprocessableEntity, "no such button")
	ada.post("/runs/6925ffffffffffff", "verb", "approve").want(t, "no such run", http.StatusNotFound)
	if n := len(g.commands()); n > 0 {
		t.Fatalf("%d commands were taken", n)
	}
	for range commandsAtOnce {
		ada.post(gatePage, "verb", "approve", "release", release).want(t, "one of many", http.StatusSeeOther)
	}
	ada.post(gatePage, "verb", "approve", "release", release).want(t, "too many", http.StatusUnprocessableEntity, "many commands")
	g.later(time.Minute)
	ada.post(gatePage, "verb", "approve", "release", release).want(t, "a minute later", http.StatusSeeOther)
}

// The page offers what fits: to whom the policy does not name, no approval, and
// why; to who may only read, nothing that takes write access.
func TestWhatIsOffered(t *testing.T) {
	s := busyShelf()
	g := openGate(t, s)
	dana := g.browser().signIn("dana", "/")
	body := dana.get(gatePage).want(t, "to dana", http.StatusOK).body
	if strings.Contains(body, `value="approve"`) || strings.Contains(body, `value="reject"`) || strings.Contains(body, "Decide") {
		t.Errorf("dana is offered:\n%s", body)
	}
	g.mu.Lock()
	g.standings["dana"] = pipeline.Standing{Person: pipeline.Person{ID: 3, Login: "dana"}, Role: "write", Teams: []string{"avalo/release-approvers"}}
	g.mu.Unlock()
	g.later(2 * time.Minute)
	body = dana.get(gatePage).want(t, "to the author", http.StatusOK, "An approval of yours would not count", "dana made commit", `value="reject"`).body
	if strings.Contains(body, `value="approve"`) {
		t.Error("the author is offered to approve")
	}
	dana.get("/approvals").want(t, "her list", http.StatusOK, "Nothing waits for you.", "Waits for others", "Not for you: ")
	ada := g.browser().signIn("ada", "/")
	ada.get("/approvals").want(t, "ada's list", http.StatusOK, "1 release waits for you.", "v1.2.0")
	ada.get("/runs/"+string(idFailed)).want(t, "a failed run", http.StatusOK, "Retry what failed")
	s.change(idGate, func(r *pipeline.Run) {
		gate := *r.Gate
		gate.Approvals = []pipeline.Approval{{By: pipeline.Person{ID: 7, Login: "ada"}, Standing: &pipeline.Standing{}, At: pageNoon}}
		r.Gate = &gate
	})
	body = ada.get(gatePage).want(t, "once approved", http.StatusOK, "Withdraw my approval").body
	if strings.Contains(body, `value="approve"`) {
		t.Error("who approved is offered to approve")
	}
	ada.get("/approvals").want(t, "ada's list then", http.StatusOK, "Nothing waits for you.", "You approved it already.")
}

// A form of another site does nothing, with whatever cookie it comes.
func TestCrossOrigin(t *testing.T) {
	g := openGate(t, busyShelf())
	ada := g.browser().signIn("ada", "/")
	form := url.Values{"verb": {"approve"}, "release": {digest(g.shelf)}}.Encode()
	for what, header := range map[string][]string{
		"another site": {"Origin", "https://evil.example"}, "no origin": {"Origin", ""}, "a sandboxed frame": {"Origin", "null"},
		"another port": {"Origin", "http://127.0.0.1:1"}, "another scheme": {"Origin", strings.Replace(g.url, "http:", "https:", 1)},
		"a site beside it": {"Sec-Fetch-Site", "same-site"}, "told by the browser": {"Sec-Fetch-Site", "cross-site"},
	} {
		for _, path := range []string{gatePage, "/logout", "/account/keys", "/api/v1/commands", "/pair"} {
			ada.do(http.MethodPost, path, form, header...).want(t, what+" to "+path, http.StatusForbidden, "This form came from elsewhere")
		}
	}
	if n := len(g.commands()); n > 0 {
		t.Errorf("%d commands were taken", n)
	}
	ada.get("/").want(t, "her session", http.StatusOK)
	ada.do(http.MethodPost, gatePage, form, "Sec-Fetch-Site", "same-origin").want(t, "her own page", http.StatusSeeOther)
	if res := ada.do(http.MethodPut, "/", ""); res.code == http.StatusOK {
		t.Errorf("PUT: %d", res.code)
	}
}

// A session that ends while somebody types loses nothing.
func TestSessionEndsMidForm(t *testing.T) {
	g := openGate(t, busyShelf())
	ada := g.browser().signIn("ada", gatePage)
	g.later(login.SessionLives)
	release := digest(g.shelf)
	ada.post(gatePage, "verb", "reject", "reason", "it burns <b>", "release", release).want(t, "too late", http.StatusUnauthorized,
		"Your session has ended; nothing is lost", "it burns &lt;b&gt;", `value="`+release+`"`, `action="`+gatePage+`"`, `value="reject"`, "/login/github?to=%2Fsigned-in")
	if n := len(g.commands()); n > 0 {
		t.Fatalf("%d commands were taken", n)
	}
	ada.signIn("ada", "/signed-in").get("/signed-in").want(t, "beside it", http.StatusOK, "You are signed in")
	ada.post(gatePage, "verb", "reject", "reason", "it burns <b>", "release", release).want(t, "sent again", http.StatusSeeOther)
}

func TestAccount(t *testing.T) {
	g := openGate(t, busyShelf())
	ada := g.browser().signIn("ada", "/account")
	ada.get("/account").want(t, "at first", http.StatusOK, "None yet", "avalo/app")
	body := ada.post("/account/keys", "name", "laptop").want(t, "a new key", http.StatusOK, "shown this once", "laptop").body
	_, rest, _ := strings.Cut(body, "GATEHOUSE_TOKEN=")
	key, _, _ := strings.Cut(rest, "<")
	again := ada.get("/account").want(t, "later", http.StatusOK, "laptop").body
	if strings.Contains(again, key) || !strings.HasPrefix(key, "gatehouse_") {
		t.Errorf("the key %q is shown again", key)
	}
	program := g.browser()
	program.do(http.MethodGet, "/api/v1/runs/"+string(idGate), "", "Authorization", "Bearer "+key).want(t, "by the key", http.StatusOK, "v1.2.0")
	program.do(http.MethodPost, "/account/keys", "name=x", "Authorization", "Bearer "+key, "Origin", "").want(t, "a key makes keys", http.StatusForbidden, "needs-browser")
	program.do(http.MethodPost, "/pair", "token=x", "Authorization", "Bearer "+key, "Origin", "").want(t, "a key pairs", http.StatusForbidden)
	ada.do(http.MethodPost, "/account/keys", "name=x", "Authorization", "Basic YTpi", "Origin", "https://evil.example").want(t, "another scheme beside the cookie", http.StatusForbidden, "This form came from elsewhere")
	_, rest, _ = strings.Cut(again, `action="/account/keys/`)
	id, _, _ := strings.Cut(rest, `"`)
	ada.post("/account/keys/"+id).want(t, "removing it", http.StatusSeeOther)
	program.do(http.MethodGet, "/api/v1/lanes", "", "Authorization", "Bearer "+key).want(t, "then", http.StatusUnauthorized)
}

func TestCommandsByAPI(t *testing.T) {
	g := openGate(t, busyShelf())
	ada := g.browser().signIn("ada", "/")
	body := ada.post("/account/keys", "name", "ci").body
	_, rest, _ := strings.Cut(body, "GATEHOUSE_TOKEN=")
	key, _, _ := strings.Cut(rest, "<")
	program := g.browser()
	send := func(token, body string) reply {
		t.Helper()
		return program.do(http.MethodPost, "/api/v1/commands", body, "Authorization", "Bearer "+token, "Content-Type", "application/json", "Origin", "")
	}
	res := send(key, `{"run": "`+string(idGate)+`", "command": "/approve looks good"}`).want(t, "a command", http.StatusAccepted, `"status":"waiting"`)
	var given commandJSON
	no(t, json.Unmarshal([]byte(res.body), &given))
	ask := func(token string) reply {
		t.Helper()
		return program.do(http.MethodGet, given.URL, "", "Authorization", "Bearer "+token)
	}
	ask(key).want(t, "at first", http.StatusOK, `"status":"waiting"`, `"by":"ada"`)
	g.mu.Lock()
	g.answers[given.ID] = engine.Answer{Refused: &pipeline.Refusal{Code: "not-entitled", Reason: "No."}}
	where := g.taken[0].Signals[0].Fact.(pipeline.Commanded).Where
	g.mu.Unlock()
	if where.Surface != pipeline.SurfaceCommand || where.Command != given.ID {
		t.Errorf("it comes from %+v", where)
	}
	ask(key).want(t, "answered", http.StatusOK, `"status":"refused"`, `"code":"not-entitled"`)
	ask(operatorToken).want(t, "to the operator", http.StatusOK)
	eve := g.browser().signIn("eve", "/")
	eve.get(given.URL).want(t, "to another", http.StatusNotFound)
	send(key, `{"repository": "avalo/app", "command": "/deploy production main"}`).want(t, "a deploy", http.StatusAccepted)
	if f, ok := g.commands()[1].Signals[0].Fact.(pipeline.CommandGiven); !ok || f.Command.Verb != pipeline.VerbDeploy || f.Command.Ref != "main" {
		t.Errorf("the machine hears %+v", g.commands()[1])
	}
	for body, code := range map[string]int{
		`{`: 400, `{"run": "` + string(idGate) + `", "command": "approve"}`: 422, `{"run": "` + string(idGate) + `", "command": "/aprove"}`: 422,
		`{"run": "6925ffffffffffff", "command": "/approve"}`: 404, `{"repository": "avalo/other", "command": "/deploy production"}`: 404,
		`{"command": "/deploy production"}`: 404,
	} {
		send(key, body).want(t, body, code, `"result":"refused"`)
	}
	send("gatehouse_guessed", `{}`).want(t, "a guessed key", http.StatusUnauthorized)
	send(operatorToken, `{"run": "`+string(idGate)+`", "command": "/approve"}`).want(t, "the operator", http.StatusForbidden, "needs-person")
	send(operatorToken[1:], `{}`).want(t, "nearly the operator", http.StatusUnauthorized)
	program.do(http.MethodGet, "/api/v1/lanes", "", "Authorization", "Bearer "+operatorToken).want(t, "the operator reads", http.StatusOK, "avalo-c8c46")
	ada.do(http.MethodPost, "/api/v1/commands", `{"run": "`+string(idGate)+`", "command": "/status"}`).want(t, "by a session", http.StatusAccepted)
}

// A Slack account is paired by who is signed in and says that it is his.
func TestPair(t *testing.T) {
	g := openGate(t, busyShelf())
	token, err := g.book.Invite(t.Context(), pairing.Account{Team: "T1", User: "U1", Name: "ada.l"})
	no(t, err)
	page := "/pair?token=" + token
	b := g.browser()
	if res := b.get(page); res.header.Get("Location") != "/login?"+(url.Values{"to": {page}}).Encode() {
		t.Errorf("a stranger is led to %s", res.header.Get("Location"))
	}
	ada := b.signIn("ada", page)
	ada.get(page).want(t, "the question", http.StatusOK, "Is this you in Slack?", "@ada.l", "T1")
	if _, found, err := g.book.Person(t.Context(), "T1", "U1"); err != nil || found {
		t.Fatalf("following the link has paired: %v", err)
	}
	ada.post("/pair", "token", token).want(t, "yes", http.StatusOK, "Paired", "ada")
	who, _, err := g.book.Person(t.Context(), "T1", "U1")
	if err != nil || who.ID != 7 {
		t.Errorf("U1 is %+v, %v", who, err)
	}
	ada.get("/account").want(t, "the account", http.StatusOK, "@ada.l")
	ada.post("/pair", "token", token).want(t, "again", http.StatusUnprocessableEntity, "used already")
	ada.get("/pair?token=x").want(t, "a forged one", http.StatusUnprocessableEntity, "used already")
	ada.post("/account/unpair").want(t, "unpairing", http.StatusSeeOther)
	if _, found, _ := g.book.Person(t.Context(), "T1", "U1"); found {
		t.Error("U1 is still paired")
	}
}

// A stream tells a viewer of what he sees, and ends with his session.
func TestStreamOfAViewer(t *testing.T) {
	g := openGate(t, busyShelf())
	ada := g.browser().signIn("ada", "/")
	cookie := ada.http.Jar.Cookies(mustURL(t, g.url))[0]
	s := openStream(t, g.url, "Cookie", cookie.Name+"="+cookie.Value)
	g.feed.Changed(engine.RunRef(6, idGate), "1")
	g.feed.Changed(engine.RunRef(5, "6925ffffffffffff"), "1")
	g.feed.Changed(engine.LaneRef(5, "another"), "1")
	g.feed.Changed(engine.RunRef(5, idGate), "2")
	if got := s.next(); !strings.Contains(got, string(idGate)) || strings.Contains(got, `"6/`) {
		t.Errorf("ada is told %q", got)
	}
	g.feed.Changed(engine.LaneRef(5, pageLane), "3")
	if got := s.next(); !strings.Contains(got, pageLane) {
		t.Errorf("ada is told %q", got)
	}
	g.feed.Beat()
	if got := s.next(); !strings.HasPrefix(got, ":") {
		t.Errorf("the beat is %q", got)
	}
	ada.post("/logout").want(t, "signing out", http.StatusSeeOther)
	g.feed.Beat()
	if got := s.next(); got != "" {
		t.Errorf("after signing out: %q", got)
	}
}

// On the public listener, before people can sign in, only the operator reads.
func TestAPIOfTheOperator(t *testing.T) {
	g := openGate(t, busyShelf())
	h, err := Pages(PagesConfig{
		Reader: g.shelf, Feed: g.feed, WebURL: "https://github.com", Logger: discard(), Clock: g.clock, Public: true, Operator: operatorToken,
	})
	no(t, err)
	for token, code := range map[string]int{"": 401, "Bearer ": 401, "Bearer x": 401, "Bearer " + operatorToken: 200, operatorToken: 401} {
		if got := ask(t, h, "/api/v1/lanes", token); got != code {
			t.Errorf("%q: %d, want %d", token, got, code)
		}
	}
	if got := ask(t, h, "/", "Bearer "+operatorToken); got != http.StatusNotFound {
		t.Errorf("the pages: %d", got)
	}
	h, err = Pages(PagesConfig{Reader: g.shelf, Feed: g.feed, WebURL: "https://github.com", Logger: discard(), Clock: g.clock, Public: true})
	no(t, err)
	if got := ask(t, h, "/api/v1/lanes", "Bearer "); got != http.StatusUnauthorized {
		t.Errorf("with no token set: %d", got)
	}
}
