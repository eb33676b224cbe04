package pairing

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// inviteLife is how long an invitation holds.
const inviteLife = 15 * time.Minute

// The codes of what is refused here.
const (
	CodeInviteOver    = "invitation-over"
	CodeAlreadyPaired = "already-paired"
	CodeNotAPerson    = "not-a-person"
)

type invite struct {
	V       int       `json:"v"`
	Account Account   `json:"account"`
	Until   time.Time `json:"until"`
}

// Invite makes a token with which the person behind a Slack account says who he
// is on GitHub: once, within 15 minutes. Only its hash is stored.
func (b *Book) Invite(ctx context.Context, a Account) (token string, err error) {
	if a.Team == "" || a.User == "" || strings.ContainsAny(a.Team+a.User, "/\x00") {
		return "", errors.New("an invitation needs a Slack workspace and user")
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(b.rand, secret); err != nil {
		return "", fmt.Errorf("make an invitation: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(secret)
	until := b.clock().UTC().Add(inviteLife).Truncate(time.Microsecond)
	body, err := json.Marshal(invite{V: version, Account: a, Until: until})
	if err != nil {
		return "", err
	}
	item := engine.Item{Ref: inviteRef(token), State: stateOpen, Expires: until, Body: body}
	if err := b.store.Swap(ctx, &item); err != nil {
		return "", fmt.Errorf("store an invitation: %w", err)
	}
	return token, nil
}

// Invited says whose the token is, without using it up, so that a page can ask
// "is this you?" before anything is paired.
func (b *Book) Invited(ctx context.Context, token string) (Account, error) {
	in, _, err := b.invited(ctx, token)
	return in.Account, err
}

// Pair makes the Slack account that the token was made for act as a GitHub
// account from now on, and uses the token up. The person must have signed in and
// confirmed the account that Invited names. A *pipeline.Refusal says what people
// can be shown.
func (b *Book) Pair(ctx context.Context, token string, who pipeline.Person) (Pairing, error) {
	if who.ID == 0 || who.Login == "" || who.Bot {
		return Pairing{}, &pipeline.Refusal{Code: CodeNotAPerson, Reason: "Only people are paired with Slack accounts.", Fix: "Sign in with your own GitHub account."}
	}
	in, item, err := b.invited(ctx, token)
	if err != nil {
		return Pairing{}, err
	}
	if err := b.another(ctx, in.Account, who); err != nil {
		return Pairing{}, err
	}
	p := Pairing{V: version, Account: in.Account, Person: who, At: b.clock().UTC().Truncate(time.Microsecond)}
	body, err := json.Marshal(p)
	if err != nil {
		return Pairing{}, err
	}
	paired, err := b.store.Get(ctx, pairingRef(p.Account.Team, p.Account.User))
	if errors.Is(err, engine.ErrNotFound) {
		paired, err = engine.Item{Ref: pairingRef(p.Account.Team, p.Account.User)}, nil
	}
	if err != nil {
		return Pairing{}, fmt.Errorf("read the pairing: %w", err)
	}
	paired.State, paired.Scope, paired.Expires, paired.Body = statePaired, strconv.FormatInt(who.ID, 10), time.Time{}, body
	item.State, item.Expires = stateUsed, p.At
	switch err := b.store.Swap(ctx, &item, &paired); {
	case errors.Is(err, engine.ErrConflict):
		return Pairing{}, inviteOver()
	case err != nil:
		return Pairing{}, fmt.Errorf("store the pairing: %w", err)
	}
	return p, nil
}

// another refuses a second Slack account of one workspace.
func (b *Book) another(ctx context.Context, a Account, who pipeline.Person) error {
	all, err := b.Of(ctx, who.ID)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Account.Team == a.Team && p.Account.User != a.User {
			return &pipeline.Refusal{
				Code:   CodeAlreadyPaired,
				Reason: fmt.Sprintf("%s is paired with another account of this Slack workspace, @%s.", who.Login, p.Account.Name),
				Fix:    "If that is not you any more, remove that pairing first.",
			}
		}
	}
	return nil
}

func (b *Book) invited(ctx context.Context, token string) (invite, engine.Item, error) {
	item, err := b.store.Get(ctx, inviteRef(token))
	if errors.Is(err, engine.ErrNotFound) {
		return invite{}, item, inviteOver()
	}
	if err != nil {
		return invite{}, item, fmt.Errorf("read an invitation: %w", err)
	}
	in, err := read[invite](item)
	if err != nil {
		return invite{}, item, err
	}
	if item.State != stateOpen || !b.clock().Before(in.Until) {
		return invite{}, item, inviteOver()
	}
	return in, item, nil
}

func inviteOver() *pipeline.Refusal {
	return &pipeline.Refusal{
		Code: CodeInviteOver, Reason: "This link was used already, or is older than 15 minutes.",
		Fix: "Press a button of Gatehouse in Slack again: it answers with a new link.",
	}
}

func inviteRef(token string) engine.Ref {
	sum := sha256.Sum256([]byte(token))
	return engine.Ref{Kind: kindInvite, ID: process + hex.EncodeToString(sum[:])}
}
