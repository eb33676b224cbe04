package stage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

func clicks(o *stage.Options) {
	o.Invite = func(_ context.Context, who pipeline.SlackRef) (string, error) {
		return "https://gatehouse.example/pair?token=for-" + who.User, nil
	}
}

// click is an answer to alice, who pressed a button in #releases.
func (r *rig) click(no *pipeline.Refusal, text string) pipeline.Reply {
	return pipeline.Reply{OK: no == nil, Refused: no, Text: text, Where: pipeline.Origin{Surface: pipeline.SurfaceSlack, Slack: &pipeline.SlackRef{
		Team: "T1", User: sandbox.SlackUserID("alice"), Channel: r.slack.Channels()[0].ID, Name: "alice",
	}}}
}

func TestSlackIsAnsweredPrivately(t *testing.T) {
	r := newRig(t, clicks)
	late := &pipeline.Refusal{Code: "already-approved", Reason: "v1.2.0 was already approved by bob; the door opened at 12:00 UTC."}
	perform[pipeline.Done](r, r.job(r.click(nil, ""), 0))
	equal(t, "messages after a yes", len(r.slack.Messages("releases")), 0)
	perform[pipeline.Done](r, r.job(r.click(late, ""), 0))
	perform[pipeline.Done](r, r.job(r.click(nil, "status"), 0))
	perform[pipeline.Done](r, r.job(r.click(&pipeline.Refusal{Code: pipeline.CodeNotPaired, Reason: "Who are you?"}, ""), 0))
	all := r.slack.Messages("releases")
	equal(t, "messages", len(all), 3)
	for i, want := range []string{"already approved by bob", "v1.2.0", "pair?token=for-UALICE"} {
		if body := all[i].Text + string(all[i].Blocks); all[i].Only != "UALICE" || !strings.Contains(body, want) {
			t.Errorf("to %q: %s does not say %q", all[i].Only, body, want)
		}
	}
}

// A person who is not in the channel is written to directly; one who cannot be
// told at all keeps nothing from going on, and an old answer is left.
func TestSlackAnswerFindsItsWay(t *testing.T) {
	r := newRig(t, clicks)
	no := &pipeline.Refusal{Code: "author", Reason: "alice wrote it."}
	r.slack.SetFaults(sandbox.SlackFaults{Outside: []string{"alice"}})
	perform[pipeline.Done](r, r.job(r.click(no, ""), 0))
	equal(t, "direct messages", len(r.slack.Messages("@alice")), 1)
	r.slack.SetFaults(sandbox.SlackFaults{Outside: []string{"alice"}, Scopes: []string{"chat:write"}})
	perform[pipeline.Done](r, r.job(r.click(no, ""), 0))
	r.slack.SetFaults(sandbox.SlackFaults{Down: true})
	job := r.job(r.click(no, ""), 1)
	if _, err := r.Perform(t.Context(), job); err == nil {
		t.Error("an answer that Slack did not take is not tried again")
	}
	job.FirstAt = job.Now.Add(-time.Hour)
	if _, err := r.Perform(t.Context(), job); err != nil {
		t.Errorf("an answer of an hour ago: %v", err)
	}
}
