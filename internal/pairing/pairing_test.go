package pairing_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine/enginetest"
	"github.com/gatehouse-app/gatehouse/internal/pairing"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func open() (*pairing.Book, *enginetest.MemStore, *clock) {
	store, c := enginetest.NewMemStore(), &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	return pairing.New(store, c.Now, rand.Reader), store, c
}

var (
	alice    = pipeline.Person{ID: 11, Login: "alice"}
	bob      = pipeline.Person{ID: 12, Login: "bob"}
	inSlack  = pairing.Account{Team: "T1", User: "U1", Name: "alice.b"}
	inSlack2 = pairing.Account{Team: "T1", User: "U2", Name: "mallory"}
)

func invite(t *testing.T, b *pairing.Book, a pairing.Account) string {
	t.Helper()
	token, err := b.Invite(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func empty(t *testing.T, b *pairing.Book, want bool) {
	t.Helper()
	if got, err := b.Empty(t.Context()); got != want || err != nil {
		t.Errorf("empty: %t, %v", got, err)
	}
}

func refusedAs(t *testing.T, err error, code string) {
	t.Helper()
	var no *pipeline.Refusal
	if !errors.As(err, &no) || no.Code != code {
		t.Errorf("got %v, want a refusal %s", err, code)
	}
}

func TestPairingIsMadeOnceAndRemoved(t *testing.T) {
	b, store, _ := open()
	if _, known, err := b.Person(t.Context(), "T1", "U1"); known || err != nil {
		t.Errorf("a stranger is known: %v", err)
	}
	token := invite(t, b, inSlack)
	if a, err := b.Invited(t.Context(), token); err != nil || a != inSlack {
		t.Errorf("invited: %+v, %v", a, err)
	}
	empty(t, b, true)
	p, err := b.Pair(t.Context(), token, alice)
	empty(t, b, false)
	if err != nil || p.Account != inSlack || p.Person != alice {
		t.Fatalf("paired: %+v, %v", p, err)
	}
	if who, known, err := b.Person(t.Context(), "T1", "U1"); !known || who != alice || err != nil {
		t.Errorf("person: %+v, %v, %v", who, known, err)
	}
	if _, known, _ := b.Person(t.Context(), "T2", "U1"); known {
		t.Error("the same id in another workspace is the same person")
	}
	_, err = b.Pair(t.Context(), token, bob)
	refusedAs(t, err, pairing.CodeInviteOver)
	for _, item := range store.All("invite") {
		if strings.Contains(item.ID+string(item.Body), token) {
			t.Error("the token itself is stored")
		}
	}
	if err := b.Remove(t.Context(), alice.ID); err != nil {
		t.Fatal(err)
	}
	if _, known, err := b.Person(t.Context(), "T1", "U1"); known || err != nil {
		t.Errorf("a removed pairing still holds: %v", err)
	}
	if all, err := b.Of(t.Context(), alice.ID); len(all) != 0 || err != nil {
		t.Errorf("of: %v, %v", all, err)
	}
	if _, err := b.Pair(t.Context(), invite(t, b, inSlack), bob); err != nil {
		t.Errorf("after a removal: %v", err)
	}
}

func TestPairingIsRefused(t *testing.T) {
	b, _, c := open()
	_, err := b.Pair(t.Context(), "no-such-token", alice)
	refusedAs(t, err, pairing.CodeInviteOver)
	token := invite(t, b, inSlack)
	_, err = b.Pair(t.Context(), token, pipeline.Person{ID: 9, Login: "x[bot]", Bot: true})
	refusedAs(t, err, pairing.CodeNotAPerson)
	c.now = c.now.Add(15 * time.Minute)
	_, err = b.Pair(t.Context(), token, alice)
	refusedAs(t, err, pairing.CodeInviteOver)
	if _, err := b.Pair(t.Context(), invite(t, b, inSlack), alice); err != nil {
		t.Fatal(err)
	}
	// Mallory sends Alice the link that was made for him.
	_, err = b.Pair(t.Context(), invite(t, b, inSlack2), alice)
	refusedAs(t, err, pairing.CodeAlreadyPaired)
	if _, err := b.Invite(t.Context(), pairing.Account{Team: "T1/x", User: "U1"}); err == nil {
		t.Error("an id with a slash is accepted")
	}
}

// TestPairingOnceInARace has several people bring one token at once.
func TestPairingOnceInARace(t *testing.T) {
	b, _, _ := open()
	token := invite(t, b, inSlack)
	var all sync.WaitGroup
	var mu sync.Mutex
	paired := 0
	for i := range 8 {
		all.Go(func() {
			if _, err := b.Pair(t.Context(), token, pipeline.Person{ID: int64(20 + i), Login: "p"}); err == nil {
				mu.Lock()
				paired++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if paired != 1 {
		t.Errorf("%d people are paired by one token", paired)
	}
}
