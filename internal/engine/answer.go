package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Answer is what came of a command that was given by the API, kept under the
// command's id.
type Answer struct {
	V       int                   `json:"v"`
	Command string                `json:"command"`
	Run     pipeline.RunID        `json:"run,omitempty"` // empty: no run was found for it
	At      time.Time             `json:"at"`
	OK      bool                  `json:"ok"`
	Refused *pipeline.Refusal     `json:"refused,omitempty"`
	Text    string                `json:"text,omitempty"` // of pipeline.Reply
	Plan    *pipeline.RestorePlan `json:"plan,omitempty"`
}

// maxCommand bounds the id of a command.
const maxCommand = 200

// Answer reads the answer to a command, or ErrNotFound while there is none.
func (e *Engine) Answer(ctx context.Context, inst int64, command string) (Answer, error) {
	item, err := e.store.Get(ctx, AnswerRef(inst, command))
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer to command %s: %w", command, err)
	}
	a, err := decode[Answer](item)
	if err != nil {
		return Answer{}, err
	}
	return *a, nil
}

// keepAnswer stores the answer to a command. The first one stays: after a crash
// the same effect is performed again.
func (e *Engine) keepAnswer(ctx context.Context, job Job, r pipeline.Reply) (pipeline.Outcome, error) {
	if len(r.Where.Command) > maxCommand {
		return nil, fmt.Errorf("the id of a command is %d bytes long, at most %d are kept", len(r.Where.Command), maxCommand)
	}
	a := Answer{V: bodyVersion, Command: r.Where.Command, At: e.now(), OK: r.OK, Refused: r.Refused, Text: r.Text, Plan: r.Plan}
	a.Run = r.Run
	if job.Run != nil {
		a.Run = job.Run.ID
	}
	item := Item{
		Ref: AnswerRef(job.Repo.Installation, a.Command), Scope: scopeOf(job.Repo), State: StateDone, Expires: a.At.Add(keepDelivery),
	}
	if err := encode(&item, a); err != nil {
		return nil, err
	}
	if err := e.store.Swap(ctx, &item); err != nil && !errors.Is(err, ErrConflict) {
		return nil, fmt.Errorf("store the answer to command %s: %w", a.Command, err)
	}
	return pipeline.Done{}, nil
}
