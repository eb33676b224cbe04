package stage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/answer"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// remind posts who can still approve, never who did. Where nobody is to be told,
// that is done: the run's own story says it.
func (p *Performers) remind(ctx context.Context, repo People, job engine.Job, e pipeline.Remind) (pipeline.Outcome, error) {
	to := pipeline.Channel{Slack: e.Channel, Discord: e.Discord}
	rules := job.Run.Gate.Rules()
	return p.call(ctx, job, to, "remind-"+strconv.Itoa(e.Nth), func(view templates.View) (templates.Call, error) {
		in, people, err := helpful(ctx, repo, job.Run)
		if err != nil {
			return templates.Call{}, err
		}
		people = slices.DeleteFunc(people, func(who pipeline.Person) bool {
			return !rules.Fills(job.Run.Release, job.Run.Gate.Approvals, in.member(who))
		})
		who, err := p.mentions(ctx, people)
		return templates.Reminder(view, who), err
	})
}

// summon posts to the people of an escalation. A team that GitHub does not show is
// named all the same.
func (p *Performers) summon(ctx context.Context, repo Repo, job engine.Job, e pipeline.Summon) (pipeline.Outcome, error) {
	role := fmt.Sprintf("escalate-%d", int64(e.Step.Seconds()))
	if e.To.Issue {
		return p.summonInIssue(ctx, repo, job, e, role)
	}
	if e.Glass {
		return p.alarm(ctx, repo, job, e)
	}
	return p.call(ctx, job, e.To, role, func(view templates.View) (templates.Call, error) {
		people, unseen, err := called(ctx, repo, job.Repo, e.People)
		if err != nil {
			return templates.Call{}, err
		}
		who, err := p.mentions(ctx, people)
		who.Logins = append(who.Logins, unseen...)
		return templates.Escalation(view, who, teamsOf(e.People), e.Incident), err
	})
}

// alarm tells at once that somebody broke the glass. It waits for nothing: while
// GitHub does not say who is in a team, the team is named.
func (p *Performers) alarm(ctx context.Context, repo Repo, job engine.Job, e pipeline.Summon) (pipeline.Outcome, error) {
	named := teamsOf(e.People)
	return p.call(ctx, job, e.To, "break-glass", func(view templates.View) (templates.Call, error) {
		people, unseen, err := called(ctx, repo, job.Repo, e.People)
		if err != nil {
			p.Logger.WarnContext(ctx, "GitHub does not say who is to be told of the broken glass: they are named only", "run", string(job.Run.ID), "error", err)
			people, unseen = nil, named
		}
		who, err := p.mentions(ctx, people)
		who.Logins = append(who.Logins, unseen...)
		return templates.BrokenGlass(view, who, named), err
	})
}

// summonInIssue mentions them in the issue of the incident, where GitHub tells
// them. An incident without an issue has none to be told in.
func (p *Performers) summonInIssue(ctx context.Context, repo Repo, job engine.Job, e pipeline.Summon, role string) (pipeline.Outcome, error) {
	issue, found, err := repo.FindIssue(ctx, job.Run.CreatedAt, templates.IncidentMarker(string(job.Run.ID)))
	if err != nil || !found {
		return pipeline.Done{}, err
	}
	marker := templates.CallMarker(mark(job.Run, role))
	if job.Tries > 0 {
		if _, found, err = repo.FindComment(ctx, issue, job.FirstAt, marker); found || err != nil {
			return pipeline.Done{}, err
		}
	}
	var who []string
	for _, person := range e.People {
		who = append(who, mentionOf(person, job.Repo.Owner))
	}
	view := templates.NewView(stateOf(job), job.Now, p.Links)
	_, err = repo.Comment(ctx, issue, templates.EscalationComment(view, who, marker))
	return pipeline.Done{}, err
}

// mentionOf is how GitHub tells somebody: a team with its organization.
func mentionOf(p pipeline.Principal, owner string) string {
	if p.Team != "" && !strings.Contains(p.Team, "/") {
		return owner + "/" + p.Team
	}
	return p.Team + p.User
}

func teamsOf(all []pipeline.Principal) []string {
	var names []string
	for _, p := range all {
		names = append(names, p.Name())
	}
	return names
}

// call posts one message that is made once: in Slack it is looked for before it
// is made again. Discord cannot be asked; there a message whose answer was lost is
// taken to be there, for the next one comes.
func (p *Performers) call(ctx context.Context, job engine.Job, to pipeline.Channel, role string, write func(templates.View) (templates.Call, error)) (pipeline.Outcome, error) {
	if to.Slack != "" && p.Slack == nil || to.Discord && p.Discord == nil || to == (pipeline.Channel{}) {
		return pipeline.Done{}, nil
	}
	if to.Slack != "" && job.Tries > 0 {
		_, found, err := p.Slack.Find(ctx, to.Slack, job.FirstAt, slackEvent, slackMark, mark(job.Run, role))
		if err != nil || found {
			return pipeline.Done{}, err
		}
	}
	text, err := write(templates.NewView(stateOf(job), job.Now, p.Links))
	if err != nil {
		return nil, err
	}
	if to.Slack != "" {
		_, err = p.Slack.Post(ctx, slackMessage(to.Slack, "", text.Slack(), job.Run, role))
		return pipeline.Done{}, err
	}
	return p.postOnce(ctx, text.Discord(), "run", string(job.Run.ID))
}

// postOnce posts to Discord what is never edited.
func (p *Performers) postOnce(ctx context.Context, m templates.DiscordMessage, of, id string) (pipeline.Outcome, error) {
	_, err := p.Discord.Post(ctx, DiscordMessage(m))
	if answer.ClassOf(err) == answer.Ambiguous || isOff(err) {
		p.Logger.WarnContext(ctx, "a message to Discord may not have arrived", of, id, "error", err)
		err = nil
	}
	return pipeline.Done{}, err
}

// mentions are people by Slack's id, or by login where nobody knows them there.
func (p *Performers) mentions(ctx context.Context, people []pipeline.Person) (templates.Mentions, error) {
	var who templates.Mentions
	for _, person := range people {
		if len(who.Users)+len(who.Logins) >= maxAsked {
			break
		}
		var accounts []pipeline.SlackRef
		if p.Accounts != nil {
			var err error
			if accounts, err = p.Accounts(ctx, person.ID); err != nil {
				return who, err
			}
		}
		who.All = append(who.All, person.Login)
		if len(accounts) == 0 {
			who.Logins = append(who.Logins, person.Login)
		}
		for _, a := range accounts {
			who.Users = append(who.Users, a.User)
		}
	}
	return who, nil
}

// called are the people behind the names of an escalation, and the teams that
// GitHub does not show.
func called(ctx context.Context, repo People, where pipeline.Repo, list []pipeline.Principal) (people []pipeline.Person, unseen []string, err error) {
	var teams []string
	for _, p := range list {
		if p.Team != "" {
			teams = append(teams, p.Team)
		}
	}
	in, err := readRoster(ctx, repo, where, teams)
	if err != nil {
		return nil, nil, err
	}
	people = slices.Clone(in.known)
	for _, p := range list {
		if p.User == "" {
			continue
		}
		can, err := repo.Permission(ctx, p.User)
		if err != nil && !isNotFound(err) {
			return nil, nil, err
		}
		if err == nil && !slices.ContainsFunc(people, func(q pipeline.Person) bool { return q.ID == can.UserID }) {
			people = append(people, pipeline.Person{ID: can.UserID, Login: p.User})
		}
	}
	for _, team := range in.lost {
		unseen = append(unseen, "@"+team)
	}
	return people, unseen, nil
}
