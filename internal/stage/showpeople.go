package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// maxAsked bounds the people who are written to of one release: Slack takes some
// 50 new conversations a minute.
const maxAsked = 20

// roleAsk marks a direct message.
const roleAsk = "ask"

// asked is a direct message to somebody who can approve, or could.
type asked struct {
	ID      int64  `json:"id"` // GitHub's
	User    string `json:"user"`
	Channel string `json:"channel"`
	TS      string `json:"ts"`
	Hash    string `json:"hash"`
}

// showPeople keeps the direct messages to those who can fill a place that is
// open: who cannot any more, because he did or it is decided, keeps the message
// without its buttons. The slot's Remote lists them.
func (p *Performers) showPeople(ctx context.Context, job engine.ShowJob, view templates.View) (engine.Shown, error) {
	run := job.State.Run
	if p.Slack == nil || p.Accounts == nil || run.Gate == nil {
		return engine.Shown{Remote: job.Remote, Hash: unshown}, nil
	}
	var had []asked
	if job.Remote != "" {
		if err := json.Unmarshal([]byte(job.Remote), &had); err != nil {
			return engine.Shown{}, err
		}
	}
	var wanted []asked
	var err error
	if view.Gate.Open && !view.Gate.OneClick {
		if wanted, err = p.candidates(ctx, p.Repos(run.Repo), run); err != nil {
			return engine.Shown{Remote: job.Remote, Hash: job.Hash}, err
		}
	}
	left := len(wanted) > 0
	had, err = p.writeAll(ctx, job, view, had, wanted)
	out := engine.Shown{Remote: listAsked(had), Hash: hashOf([]any{had, left})}
	if err != nil {
		return out, &made{remote: out.Remote, error: err}
	}
	return out, nil
}

func listAsked(all []asked) string {
	if len(all) == 0 {
		return ""
	}
	b, err := json.Marshal(all)
	if err != nil {
		return "" // strings and numbers only
	}
	return string(b)
}

// candidates are those whose approval would help, and who are known in Slack.
func (p *Performers) candidates(ctx context.Context, repo People, run *pipeline.Run) ([]asked, error) {
	policy := run.Gate.Rules()
	if p.NoAccounts != nil {
		if none, err := p.NoAccounts(ctx); none || err != nil {
			return nil, err
		}
	}
	in, people, err := p.helpfulLately(ctx, repo, run)
	if err != nil {
		return nil, err
	}
	var all []asked
	for _, who := range people {
		accounts, err := p.Accounts(ctx, who.ID)
		if err != nil {
			return nil, err
		}
		if len(accounts) == 0 || len(all) >= maxAsked || !policy.Fills(run.Release, run.Gate.Approvals, in.member(who)) {
			continue
		}
		for _, a := range accounts {
			all = append(all, asked{ID: who.ID, User: a.User})
		}
	}
	return all, nil
}

// helpedFor is how long it is remembered whom to write to: a message that is
// brought up to date again and again asks for nobody new.
const helpedFor = time.Minute

// helpers are the people of a policy, as they were a moment ago.
type helpers struct {
	at     time.Time
	in     roster
	people []pipeline.Person
}

// helpfulLately is helpful, from memory for a minute. Who may decide is read anew
// each time, elsewhere.
func (p *Performers) helpfulLately(ctx context.Context, repo People, run *pipeline.Run) (roster, []pipeline.Person, error) {
	policy, now := run.Gate.Rules(), p.Clock()
	key := fmt.Sprint(run.Repo.Installation, run.Repo.ID, policy.Teams(), policy.Users())
	p.mu.Lock()
	had, known := p.helpers[key]
	maps.DeleteFunc(p.helpers, func(_ string, h helpers) bool { return now.Sub(h.at).Abs() >= helpedFor })
	p.mu.Unlock()
	if known && now.Sub(had.at).Abs() < helpedFor {
		return had.in, had.people, nil
	}
	in, people, err := helpful(ctx, repo, run)
	if err == nil {
		p.mu.Lock()
		p.helpers[key] = helpers{now, in, people}
		p.mu.Unlock()
	}
	return in, people, err
}

// helpful are the people whom the policy names, with what its teams say of them.
func helpful(ctx context.Context, repo People, run *pipeline.Run) (roster, []pipeline.Person, error) {
	policy := run.Gate.Rules()
	in, err := readRoster(ctx, repo, run.Repo, policy.Teams())
	if err != nil {
		return in, nil, err
	}
	people := slices.Clone(in.known)
	for _, login := range policy.Users() {
		can, err := repo.Permission(ctx, login)
		if err != nil && !isNotFound(err) {
			return in, nil, err
		}
		if err == nil && !slices.ContainsFunc(people, func(p pipeline.Person) bool { return p.ID == can.UserID }) {
			people = append(people, pipeline.Person{ID: can.UserID, Login: login})
		}
	}
	return in, people, nil
}

// writeAll writes to who is new, and edits what has changed. What was written is
// returned with an error too, so that nobody is asked twice.
func (p *Performers) writeAll(ctx context.Context, job engine.ShowJob, view templates.View, had, wanted []asked) ([]asked, error) {
	isWanted := func(a asked) bool {
		return slices.ContainsFunc(wanted, func(b asked) bool { return a.User == b.User })
	}
	for i := range had {
		if err := p.rewrite(ctx, job, &had[i], templates.SlackAsk(view, had[i].ID, isWanted(had[i]))); err != nil {
			return had, err
		}
	}
	for _, a := range wanted {
		if slices.ContainsFunc(had, func(b asked) bool { return a.User == b.User }) {
			continue
		}
		ok, err := p.writeTo(ctx, job, &a, templates.SlackAsk(view, a.ID, true))
		if err != nil {
			return had, err
		}
		if ok {
			had = append(had, a)
		}
	}
	return had, nil
}

// rewrite edits a message that says something else by now.
func (p *Performers) rewrite(ctx context.Context, job engine.ShowJob, a *asked, text templates.SlackMessage) error {
	m := slackMessage(a.Channel, "", text, job.State.Run, roleAsk)
	digest := hashOf([]any{m.Text, m.Blocks})
	if digest == a.Hash || a.TS == "" {
		return nil
	}
	err := p.Slack.Update(ctx, a.Channel, a.TS, m)
	if hopeless(err) {
		err = nil // somebody deleted it, or left
	}
	if err == nil {
		a.Hash = digest
	}
	return err
}

// writeTo opens the conversation and writes. Who takes no messages is left; false
// then. A second try looks first for what the one before may have written.
func (p *Performers) writeTo(ctx context.Context, job engine.ShowJob, a *asked, text templates.SlackMessage) (bool, error) {
	channel, err := p.Slack.Direct(ctx, a.User)
	if err != nil {
		return false, hopeful(err)
	}
	m := slackMessage(channel, "", text, job.State.Run, roleAsk)
	a.Channel, a.Hash = channel, hashOf([]any{m.Text, m.Blocks})
	if job.Tries > 0 {
		at, found, err := p.Slack.Find(ctx, channel, job.State.Run.CreatedAt, slackEvent, slackMark, mark(job.State.Run, roleAsk))
		if found || err != nil && hopeful(err) != nil {
			a.TS, a.Hash = at.TS, ""
			return found, err
		}
	}
	at, err := p.Slack.Post(ctx, m)
	a.TS = at.TS
	return err == nil, hopeful(err)
}

// hopeful drops an error that stays: one person less is asked in Slack.
func hopeful(err error) error {
	var e *slack.Error
	if errors.As(err, &e) && hopeless(err) {
		return nil
	}
	return err
}
