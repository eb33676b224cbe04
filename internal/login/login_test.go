package login_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/login"
)

func personItem(id int64) engine.Ref {
	return engine.Ref{Kind: login.KindPerson, ID: "0/" + strconv.FormatInt(id, 10)}
}

func (w *town) sessionItems() []engine.Item {
	w.t.Helper()
	items, err := w.store.List(w.t.Context(), engine.Query{Kind: login.KindSession, Prefix: "0/"})
	ok(w.t, err)
	return items
}

func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// A person signs in, is known, sees what is hers, and is not known any more
// after signing out. The store holds nothing by which somebody could get in.
func TestSignInAndOut(t *testing.T) {
	w := newTown(t)
	value := w.signIn("ada")
	v, err := w.Who(t.Context(), value)
	ok(t, err)
	if v.Person.ID != 7 || v.Person.Login != "ada" || v.Key || !v.Until.Equal(noon.Add(login.SessionLives)) {
		t.Errorf("it is %+v", v)
	}
	sight, err := w.Sight(t.Context(), v)
	ok(t, err)
	if !sight.Sees(5, 42) || sight.Sees(5, 43) || sight.Sees(6, 42) || sight.Sees(0, 0) || sight.All() {
		t.Errorf("she sees %v", sight.Installations())
	}
	if r, found := sight.Find("AVALO", "App"); !found || r.ID != 42 || r.Installation != 5 {
		t.Errorf("by name: %v %v", r, found)
	}
	if disk := w.onDisk(); strings.Contains(disk, "secret") || strings.Contains(disk, value) || !strings.Contains(disk, `"login":"ada"`) {
		t.Errorf("the store holds:\n%s", disk)
	}
	other := w.signIn("ada")
	ok(t, w.SignOut(t.Context(), v))
	_, err = w.Who(t.Context(), value)
	is(t, "the cookie after signing out", err, login.ErrSignedOut)
	_, err = w.Who(t.Context(), other)
	is(t, "her other browser", err, nil)
	w.later(login.SessionLives)
	_, err = w.Who(t.Context(), other)
	is(t, "after 12 hours", err, login.ErrSignedOut)
	for _, forged := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 5000), "gatehouse_" + value, value + "A"} {
		_, err = w.Who(t.Context(), forged)
		is(t, "forged "+forged[:min(len(forged), 20)], err, login.ErrSignedOut)
	}
}

// A sign-in ends only in the browser that began it, once, and in time.
func TestForgedSignIn(t *testing.T) {
	w := newTown(t)
	address, cookie, err := w.Begin("/")
	ok(t, err)
	state, code := w.agree(address, "ada")
	evil, evilCookie, err := w.Begin("/")
	ok(t, err)
	evilState, evilCode := w.agree(evil, "eve")
	for what, try := range map[string][3]string{
		"no cookie": {"", state, code}, "a broken cookie": {cookie + "x", state, code}, "another's cookie": {evilCookie, state, code},
		"no state": {cookie, "", code}, "another's state": {cookie, evilState, code}, "the attacker's code and state": {cookie, evilState, evilCode},
		"no code": {cookie, state, ""}, "a forged code": {cookie, state, "guess"},
		"the attacker's code": {cookie, state, evilCode}, // PKCE: another verifier made its challenge
	} {
		value, _, err := w.Finish(t.Context(), try[0], try[1], try[2])
		is(t, what, err, login.ErrFlow)
		if value != "" {
			t.Errorf("%s: a session is given", what)
		}
	}
	_, _, err = w.Finish(t.Context(), cookie, state, code)
	is(t, "the true one", err, nil)
	_, _, err = w.Finish(t.Context(), cookie, state, code)
	is(t, "the same again", err, login.ErrFlow)
	address, cookie, err = w.Begin("/")
	ok(t, err)
	state, code = w.agree(address, "ada")
	w.later(11 * time.Minute)
	_, _, err = w.Finish(t.Context(), cookie, state, code)
	is(t, "too late", err, login.ErrFlow)
	w.down = &github.Error{Class: github.Ambiguous}
	address, cookie, err = w.Begin("/")
	ok(t, err)
	state, code = w.agree(address, "ada")
	_, _, err = w.Finish(t.Context(), cookie, state, code)
	is(t, "while GitHub is down", err, login.ErrUnavailable)
	w.down = nil
	w.people["ada"] = github.Person{ID: 7, Login: "ada[bot]", Type: "Bot"}
	address, cookie, err = w.Begin("/")
	ok(t, err)
	state, code = w.agree(address, "ada")
	_, _, err = w.Finish(t.Context(), cookie, state, code)
	is(t, "a bot", err, login.ErrFlow)
}

func TestWithin(t *testing.T) {
	for to, want := range map[string]string{
		"/": "/", "/runs/6925000000000004?x=y": "/runs/6925000000000004?x=y", "": "/", "runs": "/", "//evil.example": "/", "https://evil.example/": "/",
		`/\evil.example`: "/", "/a\r\nSet-Cookie: x": "/", "javascript:alert(1)": "/", "/" + strings.Repeat("a", 1000): "/", "/%zz": "/", "/\t/evil": "/",
	} {
		if got := login.Within(to); got != want {
			t.Errorf("%q: %q", to, got)
		}
	}
}

// What GitHub said is remembered for a minute, until it says that something
// changed; where it does not answer, nothing is seen.
func TestSightFailsClosed(t *testing.T) {
	w := newTown(t)
	v, err := w.Who(t.Context(), w.signIn("ada"))
	ok(t, err)
	look := func() (login.Sight, error) { return w.Sight(t.Context(), v) }
	for range 3 {
		_, err = look()
		ok(t, err)
	}
	if w.asked != 1 {
		t.Errorf("GitHub was asked %d times", w.asked)
	}
	w.repos["ada"] = nil
	w.Forget()
	if s, err := look(); err != nil || s.Sees(5, 42) {
		t.Errorf("after a change she sees %v, %v", s, err)
	}
	w.later(login.SightLives)
	w.down = &github.Error{Class: github.Unavailable}
	s, err := look()
	is(t, "while GitHub is down", err, login.ErrUnavailable)
	if s.Sees(5, 42) {
		t.Error("something is seen while GitHub is down")
	}
	w.down = nil
	w.revoke("ada")
	_, err = look()
	is(t, "after a revocation that nobody told of", err, login.ErrSignedOut)
	if items := w.sessionItems(); items[0].State != engine.StateDone {
		t.Error("her session goes on")
	}
}

// A token near its end is refreshed once, however many ask, in however many
// processes: a second refresh would find the pair dead.
func TestRefreshIsOne(t *testing.T) {
	w := newTown(t)
	w.signIn("ada")
	w.later(7*time.Hour + 56*time.Minute)
	var all sync.WaitGroup
	got := make([]string, 20)
	second := w.process(vault(t, "one"))
	for i := range got {
		l := w.Login
		if i%2 == 1 {
			l = second
		}
		all.Go(func() {
			token, err := l.Token(context.WithoutCancel(t.Context()), ada.ID)
			if err != nil && !errors.Is(err, login.ErrUnavailable) {
				t.Error(err)
			}
			got[i] = token
		})
	}
	all.Wait()
	token, err := w.Token(t.Context(), ada.ID)
	ok(t, err)
	if w.renewed != 1 || w.access[token] != "ada" {
		t.Errorf("%d refreshes, %q", w.renewed, token)
	}
	for _, g := range got {
		if g != "" && g != token {
			t.Errorf("somebody was given %q", g)
		}
	}
}

// A process that dies while it refreshes leaves a lease; when that has ended,
// another tries, and if the pair is dead the person signs in again.
func TestRefreshThatNobodySaw(t *testing.T) {
	w := newTown(t)
	value := w.signIn("ada")
	w.later(8 * time.Hour)
	w.down = &github.Error{Class: github.Ambiguous}
	_, err := w.Token(t.Context(), ada.ID)
	is(t, "no answer", err, login.ErrUnavailable)
	w.down = nil
	_, err = w.Token(t.Context(), ada.ID)
	is(t, "the next try", err, nil)
	w.later(8 * time.Hour)
	w.revoke("ada") // as if the answer had been lost
	_, err = w.Token(t.Context(), ada.ID)
	is(t, "a dead pair", err, login.ErrSignedOut)
	w.later(-8 * time.Hour)
	_, err = w.Who(t.Context(), value)
	is(t, "her session", err, login.ErrSignedOut)
	// She was dropped while her token was being refreshed: it does not come back.
	w.signIn("ada")
	w.later(8 * time.Hour)
	w.onRefresh = func() { ok(t, w.Drop(context.WithoutCancel(t.Context()), ada.ID)) }
	_, err = w.Token(t.Context(), ada.ID)
	is(t, "dropped meanwhile", err, login.ErrSignedOut)
	w.onRefresh = nil
	_, err = w.Token(t.Context(), ada.ID)
	is(t, "and stays so", err, login.ErrSignedOut)
}

// A revocation ends everything of that person, and nothing of another.
func TestDrop(t *testing.T) {
	w := newTown(t)
	first, second, other := w.signIn("ada"), w.signIn("ada"), w.signIn("eve")
	v, err := w.Who(t.Context(), first)
	ok(t, err)
	key, err := w.MakeKey(t.Context(), v, "laptop")
	ok(t, err)
	ok(t, w.Drop(t.Context(), ada.ID))
	ok(t, w.Drop(t.Context(), 12345))
	for _, value := range []string{first, second} {
		_, err = w.Who(t.Context(), value)
		is(t, "a session", err, login.ErrSignedOut)
	}
	_, err = w.WhoByKey(t.Context(), key)
	is(t, "the key", err, login.ErrSignedOut)
	_, err = w.Token(t.Context(), ada.ID)
	is(t, "the token", err, login.ErrSignedOut)
	_, err = w.Who(t.Context(), other)
	is(t, "eve", err, nil)
	v, err = w.Who(t.Context(), w.signIn("ada"))
	ok(t, err)
	_, err = w.Sight(t.Context(), v)
	is(t, "signed in anew", err, nil)
}

// A key is its owner's, shows its secret once, and opens no browser.
func TestKeys(t *testing.T) {
	w := newTown(t)
	session := w.signIn("ada")
	v, err := w.Who(t.Context(), session)
	ok(t, err)
	value, err := w.MakeKey(t.Context(), v, " "+strings.Repeat("n", 100))
	ok(t, err)
	who, err := w.WhoByKey(t.Context(), value)
	ok(t, err)
	if who.Person.Login != "ada" || !who.Key || !strings.HasPrefix(value, "gatehouse_") {
		t.Errorf("the key is of %+v", who)
	}
	_, err = w.Who(t.Context(), value)
	is(t, "a key as a cookie", err, login.ErrSignedOut)
	_, err = w.WhoByKey(t.Context(), session)
	is(t, "a cookie as a key", err, login.ErrSignedOut)
	_, err = w.MakeKey(t.Context(), who, "more")
	is(t, "a key that makes keys", err, login.ErrSignedOut)
	keys, err := w.Keys(t.Context(), v)
	ok(t, err)
	if len(keys) != 1 || len(keys[0].Name) != 60 || keys[0].Hint != value[len(value)-4:] || strings.Contains(w.onDisk(), value) {
		t.Errorf("the keys: %+v", keys)
	}
	stranger, err := w.Who(t.Context(), w.signIn("eve"))
	ok(t, err)
	ok(t, w.DropKey(t.Context(), stranger, keys[0].ID))
	_, err = w.WhoByKey(t.Context(), value)
	is(t, "a key that another dropped", err, nil)
	ok(t, w.DropKey(t.Context(), v, keys[0].ID))
	_, err = w.WhoByKey(t.Context(), value)
	is(t, "a key that was dropped", err, login.ErrSignedOut)
	for range 20 {
		_, err = w.MakeKey(t.Context(), v, "")
		ok(t, err)
	}
	_, err = w.MakeKey(t.Context(), v, "")
	is(t, "one key too many", err, login.ErrKeys)
	w.later(login.KeyLives)
	if keys, err = w.Keys(t.Context(), v); err != nil || len(keys) > 0 {
		t.Errorf("after 90 days: %v %v", keys, err)
	}
}

// The key of the vault is changed in two steps; tokens are sealed with the new
// one when they are refreshed. What another key sealed opens nothing.
func TestRotation(t *testing.T) {
	w := newTown(t)
	v, err := w.Who(t.Context(), w.signIn("ada"))
	ok(t, err)
	both := w.process(vault(t, "two", "one"))
	_, err = both.Sight(t.Context(), v)
	is(t, "with both keys", err, nil)
	w.later(8 * time.Hour)
	_, err = both.Token(t.Context(), ada.ID)
	ok(t, err)
	_, err = w.process(vault(t, "two")).Sight(t.Context(), v)
	is(t, "with the new key alone", err, nil)
	_, err = w.process(vault(t, "one")).Sight(t.Context(), v)
	is(t, "with the old key alone", err, login.ErrSignedOut)
}

func TestVault(t *testing.T) {
	v := vault(t, "one")
	sealed, err := v.Seal("tokens of 7", []byte("text"))
	ok(t, err)
	again, err := v.Seal("tokens of 7", []byte("text"))
	ok(t, err)
	if sealed == again || strings.Contains(sealed, "text") {
		t.Errorf("it seals to %q and %q", sealed, again)
	}
	text, err := v.Open("tokens of 7", sealed)
	if err != nil || string(text) != "text" {
		t.Errorf("it opens to %q, %v", text, err)
	}
	for what, try := range map[string][2]string{
		"another's place": {"tokens of 8", sealed}, "changed": {"tokens of 7", sealed[:len(sealed)-2] + "AA"},
		"cut": {"tokens of 7", sealed[:14]}, "empty": {"tokens of 7", ""}, "no base64": {"tokens of 7", sealed[:9] + "!!"},
	} {
		if text, err := v.Open(try[0], try[1]); err == nil {
			t.Errorf("%s: opens to %q", what, text)
		}
	}
	if _, err := login.NewVault(); err == nil {
		t.Error("a vault without a key")
	}
	if _, err := login.NewVault([]byte("short")); err == nil {
		t.Error("a vault with a short key")
	}
}

// While the store does not answer nobody is let in, and it is said.
func TestWithoutAStore(t *testing.T) {
	w := newTown(t)
	value := w.signIn("ada")
	v, err := w.Who(t.Context(), value)
	ok(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = w.Who(ctx, value)
	is(t, "who", err, login.ErrUnavailable)
	is(t, "sign out", w.SignOut(ctx, v), login.ErrUnavailable)
	is(t, "drop", w.Drop(ctx, ada.ID), login.ErrUnavailable)
}
