package stage_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// tries shows a slot and expects an error that says when to try again.
func (r *rig) tries(job engine.ShowJob, class engine.RetryClass) engine.Shown {
	r.t.Helper()
	shown, err := r.Show(context.Background(), job)
	var again *engine.Retry
	if !errors.As(err, &again) || again.Class != class {
		r.t.Fatalf("got %v, want a retry of class %s", err, class)
	}
	noSecrets(r.t, again.Reason)
	return shown
}

func (r *rig) losePosts(times int) {
	r.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Method: "POST", Path: "/discord/", Kind: sandbox.Status502, Ambiguous: true, Times: times}}})
}

func TestShowDiscord(t *testing.T) {
	r := newRig(t)
	run := r.run()
	job := r.showJob(pipeline.SlotDiscord, run)
	first := r.told(&job)
	equal(t, "messages", len(r.discord.Messages()), 1)
	job.Remote, job.Hash = first.Remote, first.Hash
	before := len(r.Record())
	equal(t, "unchanged", r.shows(job), first)
	equal(t, "calls", len(r.Record()), before)
	run.Status = pipeline.RunSucceeded
	equal(t, "edited", r.shows(job).Remote, first.Remote)
	all := r.discord.Messages()
	equal(t, "messages", len(all), 1)
	equal(t, "last state", strings.HasSuffix(all[0].Embeds[0].Title, "succeeded"), true)

	r.clock.Advance(2 * time.Second) // Discord takes five calls in two seconds
	r.discord.DeleteMessage(first.Remote)
	job.Hash = "another"
	if again := r.shows(job); again.Remote == first.Remote || !again.Again || len(r.discord.Messages()) != 1 {
		t.Error("a deleted message was not posted anew")
	}
}

// told posts the opening and then shows the state, as the engine does.
func (r *rig) told(job *engine.ShowJob) engine.Shown {
	r.t.Helper()
	opening := r.shows(*job)
	equal(r.t, "to be shown again", opening.Again, true)
	job.Remote, job.Hash, job.Tries = opening.Remote, opening.Hash, 0
	return r.shows(*job)
}

// A post whose answer was lost is made once more, and what it left says nothing
// that becomes false.
func TestShowDiscordLost(t *testing.T) {
	r := newRig(t)
	job := r.showJob(pipeline.SlotDiscord, r.run())
	r.losePosts(1)
	lost := r.tries(job, engine.RetryUnsure)
	job.Remote, job.Tries = lost.Remote, 1
	shown := r.told(&job)
	all := r.discord.Messages()
	equal(t, "messages", len(all), 2)
	equal(t, "the one that is edited", shown.Remote, all[1].ID)
	equal(t, "the other has no state", strings.Contains(all[0].Embeds[0].Title, ": "), false)

	r.losePosts(2)
	job = r.showJob(pipeline.SlotDiscord, r.run())
	for range 2 {
		r.clock.Advance(2 * time.Second)
		job.Remote = r.tries(job, engine.RetryUnsure).Remote
		job.Tries++
	}
	before := len(r.discord.Messages())
	equal(t, "given up", r.shows(job), engine.Shown{Remote: job.Remote, Hash: "none"})
	equal(t, "never a third time", len(r.discord.Messages()), before)
}

func TestShowDiscordRefused(t *testing.T) {
	r := newRig(t)
	job := r.showJob(pipeline.SlotDiscord, r.run())
	r.discord.SetFaults(sandbox.DiscordFaults{RetryAfter: 3 * time.Second})
	equal(t, "limited", r.tries(job, engine.RetryAt).Remote, "")
	r.clock.Advance(3 * time.Second)
	r.discord.SetFaults(sandbox.DiscordFaults{})
	r.told(&job)
	r.discord.SetFaults(sandbox.DiscordFaults{Deleted: true})
	equal(t, "off", r.shows(job), engine.Shown{Remote: job.Remote, Hash: "none"})
	before := len(r.Record())
	equal(t, "off for every run", r.shows(r.showJob(pipeline.SlotDiscord, r.run())).Hash, "none")
	equal(t, "calls", len(r.Record()), before)
}

func TestShowWithoutDiscord(t *testing.T) {
	r := newRig(t, func(o *stage.Options) { o.Discord = nil })
	equal(t, "not configured", r.shows(r.showJob(pipeline.SlotDiscord, r.run())), engine.Shown{Hash: "none"})
	r = newRig(t)
	run := r.run()
	run.Spec.Notify.Discord = false
	equal(t, "not wanted", r.shows(r.showJob(pipeline.SlotDiscord, run)), engine.Shown{Hash: "none"})
	equal(t, "messages", len(r.discord.Messages()), 0)
}
