package stage_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// waiting is a run at its gate, with an effect that nothing waits for.
func (r *rig) waiting(e pipeline.Effect, tries int) engine.Job {
	job := r.job(e, tries)
	job.Run.Gate = &pipeline.Gate{
		Stage: "approval", Deploy: "deploy", Environment: "production", Kind: pipeline.GateByGatehouse, Door: pipeline.DoorShut,
		Policy: job.Run.Env().Approval, OpenAt: r.clock.Now(), ExpiresAt: r.clock.Now().Add(72 * time.Hour),
	}
	job.Run.Stages["approval"].Status = pipeline.StageWaiting
	return job
}

// inSlack knows carol there.
func (r *rig) inSlack(o *stage.Options) {
	o.Accounts = func(_ context.Context, id int64) ([]pipeline.SlackRef, error) {
		if id == r.user("carol").ID {
			return []pipeline.SlackRef{{Team: "T1", User: "U0CAROL"}}, nil
		}
		return nil, nil
	}
}

func (r *rig) user(login string) pipeline.Person {
	for _, u := range r.Users() {
		if u.Login == login {
			return pipeline.Person{ID: u.ID, Login: login}
		}
	}
	r.t.Fatal("nobody is called " + login)
	return pipeline.Person{}
}

func slackText(m sandbox.SlackMessage) string { return m.Text + fmt.Sprint(string(m.Blocks)) }

// TestRemind: those who can still approve are named, once a reminder; who did is not.
func TestRemind(t *testing.T) {
	r := newRig(t)
	r.inSlack(&r.Options)
	r.AddTeam("acme", "approvers", "carol", "alice")
	first := pipeline.Remind{Channel: "#releases", Nth: 1}
	perform[pipeline.Done](r, r.waiting(first, 0))
	perform[pipeline.Done](r, r.waiting(first, 1))
	all := r.slack.Messages("releases")
	equal(t, "messages", len(all), 1)
	equal(t, "carol is mentioned and alice named", strings.Contains(slackText(all[0]), "U0CAROL") && strings.Contains(slackText(all[0]), "alice"), true)

	job := r.waiting(pipeline.Remind{Channel: "#releases", Nth: 2}, 0)
	carol := r.user("carol")
	job.Run.Gate.Policy = &pipeline.Policy{Need: []pipeline.Need{{Team: "approvers", Count: 2}}}
	job.Run.Gate.Approvals = []pipeline.Approval{{By: carol, Standing: &pipeline.Standing{Person: carol, Teams: []string{"approvers"}}}}
	perform[pipeline.Done](r, job)
	all = r.slack.Messages("releases")
	equal(t, "messages", len(all), 2)
	equal(t, "who approved is left alone", strings.Contains(slackText(all[1]), "U0CAROL"), false)
}

// TestRemindInDiscord: nobody is pinged there, and a message whose answer was lost
// is not made again.
func TestRemindInDiscord(t *testing.T) {
	r := newRig(t)
	e := pipeline.Remind{Discord: true, Nth: 1}
	perform[pipeline.Done](r, r.waiting(e, 0))
	all := r.discord.Messages()
	equal(t, "messages", len(all), 1)
	equal(t, "carol is named", strings.Contains(all[0].Embeds[0].Description, "carol"), true)

	r.clock.Advance(2 * time.Second)
	r.losePosts(1)
	perform[pipeline.Done](r, r.waiting(e, 0))
	equal(t, "messages", len(r.discord.Messages()), 2)

	r.discord.SetFaults(sandbox.DiscordFaults{RetryAfter: 3 * time.Second})
	r.clock.Advance(2 * time.Second)
	equal(t, "limited", r.retries(r.waiting(e, 0), engine.RetryAt).Class, engine.RetryAt)
	r.discord.SetFaults(sandbox.DiscordFaults{Deleted: true})
	r.clock.Advance(3 * time.Second)
	perform[pipeline.Done](r, r.waiting(e, 0))
}

// TestRemindNowhere: where nobody is to be told, nothing is asked of GitHub; and a
// gate that was passed meanwhile reminds nobody.
func TestRemindNowhere(t *testing.T) {
	r := newRig(t, func(o *stage.Options) { o.Slack, o.Discord = nil, nil })
	r.Drain() // the town's own webhooks are recorded too
	before := len(r.Record())
	for _, e := range []pipeline.Remind{{Channel: "#releases"}, {Discord: true}, {}} {
		perform[pipeline.Done](r, r.waiting(e, 0))
	}
	equal(t, "calls", len(r.Record()), before)

	r = newRig(t)
	job := r.waiting(pipeline.Remind{Channel: "#releases", Nth: 1}, 0)
	job.Run.Stages["approval"].Status = pipeline.StagePassed
	equal(t, "withdrawn", perform[pipeline.Failed](r, job).Refusal.Code, "withdrawn")
	equal(t, "messages", len(r.slack.Messages("releases")), 0)
}

// TestSummon: the second group is mentioned, also a team that GitHub does not show.
func TestSummon(t *testing.T) {
	r := newRig(t)
	r.inSlack(&r.Options)
	r.AddTeam("acme", "leads", "carol")
	who := []pipeline.Principal{{Team: "leads"}, {User: "alice"}, {Team: "secret"}, {User: "nobody-there"}}
	e := pipeline.Summon{To: pipeline.Channel{Slack: "#releases"}, Step: time.Hour, People: who}
	perform[pipeline.Done](r, r.waiting(e, 0))
	perform[pipeline.Done](r, r.waiting(e, 1))
	all := r.slack.Messages("releases")
	equal(t, "messages", len(all), 1)
	for _, name := range []string{"U0CAROL", "alice", "secret"} {
		if !strings.Contains(slackText(all[0]), name) {
			t.Errorf("%s is not named in %s", name, slackText(all[0]))
		}
	}
	e.To = pipeline.Channel{Discord: true}
	perform[pipeline.Done](r, r.waiting(e, 0))
	equal(t, "carol and alice are named", strings.Contains(r.discord.Messages()[0].Embeds[0].Description, "carol and alice"), true)
}

// TestBrokenGlass: those who could have approved are mentioned at once; while
// GitHub is away they are named, and the message does not wait for it.
func TestBrokenGlass(t *testing.T) {
	for _, away := range []bool{false, true} {
		r := newRig(t)
		r.inSlack(&r.Options)
		r.AddTeam("acme", "leads", "carol")
		if away {
			r.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Contains: "/teams/", Kind: sandbox.Status500}}})
		}
		e := pipeline.Summon{To: pipeline.Channel{Slack: "#releases"}, Glass: true, People: []pipeline.Principal{{Team: "leads"}}}
		job := r.waiting(e, 0)
		job.Run.Restore = &pipeline.Restore{By: pipeline.Person{Login: "kim"}, Why: "Payments fail.", BreakGlass: true}
		perform[pipeline.Done](r, job)
		all := r.slack.Messages("releases")
		equal(t, "messages", len(all), 1)
		name := map[bool]string{true: "leads: kim", false: "U0CAROL"}[away]
		for _, word := range []string{name, "kim rolls back without a final approval", "Payments fail."} {
			if !strings.Contains(slackText(all[0]), word) {
				t.Errorf("%q is not in %s", word, slackText(all[0]))
			}
		}
	}
}

// TestSummonInTheIssue: GitHub tells whom a comment mentions; the comment is found
// again after a crash.
func TestSummonInTheIssue(t *testing.T) {
	r := newRig(t)
	e := pipeline.Summon{To: pipeline.Channel{Issue: true}, Step: time.Hour, Incident: true, People: []pipeline.Principal{{Team: "leads"}, {User: "alice"}}}
	perform[pipeline.Done](r, r.waiting(e, 0)) // there is no issue
	equal(t, "comments", len(r.snapshot().Comments), 0)
	repo := r.Performers.Repos(r.repo)
	_, err := repo.OpenIssue(context.Background(), github.Issue{Title: "Incident", Body: templates.IncidentMarker(string(runID))})
	must(t, err)
	perform[pipeline.Done](r, r.waiting(e, 0))
	perform[pipeline.Done](r, r.waiting(e, 1))
	all := r.snapshot().Comments
	equal(t, "comments", len(all), 1)
	equal(t, "mentioned", strings.HasPrefix(all[0].Body, "@acme/leads and @alice: "), true)
}
