package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// EventCommand is the event of deliveries that are commands: given by the API or
// a page, not sent by GitHub.
const EventCommand = "command"

// NewCommandID makes the id of a command in an installation. It tells nobody
// anything, is not guessed, and is the id of the delivery that carries it.
func NewCommandID(inst int64) (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return strconv.FormatInt(inst, 10) + "-" + hex.EncodeToString(b), nil
}

// Given is a command that came by the API or a page.
type Given struct {
	ID      string
	Command pipeline.Command
	By      pipeline.Person
	Repo    pipeline.Repo
	Run     pipeline.RunID // empty: it is to be found, or none was
	At      time.Time
	Answer  *Answer // nil: not yet
}

// Given reads a command with what came of it, or ErrNotFound.
func (e *Engine) Given(ctx context.Context, app int64, id string) (Given, error) {
	head, _, _ := strings.Cut(id, "-")
	inst, err := strconv.ParseInt(head, 10, 64)
	if err != nil || inst <= 0 || len(id) > maxCommand || strings.Contains(id, "/") {
		return Given{}, ErrNotFound
	}
	item, err := e.store.Get(ctx, DeliveryRef(inst, app, id))
	if err != nil {
		return Given{}, fmt.Errorf("read command %s: %w", id, err)
	}
	body, err := decodeInbox(item)
	if err != nil {
		return Given{}, err
	}
	if body.Event != EventCommand || len(body.Signals) != 1 {
		return Given{}, ErrNotFound // a webhook
	}
	s := body.Signals[0]
	g := Given{ID: id, Repo: body.Repo, Run: s.Run, At: body.ReceivedAt}
	if f, ok := s.fact.(pipeline.Commanded); ok {
		g.Command, g.By = f.Command, f.By
	} else if f, ok := s.fact.(pipeline.CommandGiven); ok {
		g.Command, g.By = f.Command, f.By
	}
	return e.answered(ctx, inst, g, s)
}

// answered adds the answer. A command that reached nobody is one too.
func (e *Engine) answered(ctx context.Context, inst int64, g Given, s *signal) (Given, error) {
	a, err := e.Answer(ctx, inst, g.ID)
	switch {
	case err == nil:
		g.Answer = &a
		if g.Run == "" {
			g.Run = a.Run
		}
		return g, nil
	case !errors.Is(err, ErrNotFound):
		return Given{}, err
	}
	if s.Done && len(s.Applied) == 0 && s.Note != "" {
		g.Answer = &Answer{V: bodyVersion, Command: g.ID, At: g.At, Refused: &pipeline.Refusal{Code: "no-run", Reason: "Nothing was done: " + s.Note + "."}}
	}
	return g, nil
}
