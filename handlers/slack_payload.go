package handlers

import (
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// interaction is as much of Slack's payload as is needed.
type interaction struct {
	Type    string    `json:"type"`
	Trigger string    `json:"trigger_id"`
	Team    slackID   `json:"team"`
	User    slackUser `json:"user"`
	Channel slackID   `json:"channel"`
	Actions []struct {
		ID    string `json:"action_id"`
		Value string `json:"value"`
	} `json:"actions"`
	View struct {
		Callback string `json:"callback_id"`
		Metadata string `json:"private_metadata"`
		State    struct {
			Values map[string]map[string]struct {
				Value string `json:"value"`
			} `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

type slackID struct {
	ID string `json:"id"`
}

type slackUser struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	TeamID   string `json:"team_id"`
}

// click is a press of one of our buttons, or one of our forms filled in.
type click struct {
	press   templates.Press
	command pipeline.Command
	from    pipeline.SlackRef
	trigger string
	filled  bool // it comes from a form, with its reason
}

// click reads what is ours; all else is of no interest, such as a press of a link.
func (in interaction) click() (click, bool) {
	c := click{trigger: in.Trigger, from: pipeline.SlackRef{Team: in.User.TeamID, User: in.User.ID, Channel: in.Channel.ID, Name: in.User.Username}}
	if c.from.Name == "" {
		c.from.Name = in.User.Name
	}
	if c.from.Team == "" {
		c.from.Team = in.Team.ID
	}
	var id, value string
	switch in.Type {
	case "block_actions":
		if len(in.Actions) == 0 {
			return click{}, false
		}
		id, value = in.Actions[0].ID, in.Actions[0].Value
	case "view_submission":
		id, value, c.filled = in.View.Callback, in.View.Metadata, true
		c.command.Reason = clip(templates.ModalReason(in.typed()))
	default:
		return click{}, false
	}
	var ok bool
	c.command.Verb, ok = verbOf(id)
	var err error
	c.press, err = templates.ParsePress(value)
	if !ok || err != nil || !slackWord(c.from.Team) || !slackWord(c.from.User) {
		return click{}, false
	}
	if c.filled {
		c.from.Channel = c.press.Channel
	}
	if c.command.Verb == pipeline.VerbApprove {
		c.command.Shown = c.press.Shown
	}
	return c, true
}

func (in interaction) typed() map[string]map[string]string {
	typed := map[string]map[string]string{}
	for block, fields := range in.View.State.Values {
		typed[block] = map[string]string{}
		for field, v := range fields {
			typed[block][field] = v.Value
		}
	}
	return typed
}

func verbOf(id string) (pipeline.Verb, bool) {
	switch id {
	case templates.PressApprove:
		return pipeline.VerbApprove, true
	case templates.PressReject:
		return pipeline.VerbReject, true
	case templates.PressWithdraw:
		return pipeline.VerbWithdraw, true
	case templates.PressRetry:
		return pipeline.VerbRetry, true
	}
	return "", false
}

// slackWord keeps what becomes part of a stored item's id to Slack's own signs.
func slackWord(s string) bool {
	for _, c := range s {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

// asks reports whether a form for the reason comes first: only at a gate that
// still waits, so that a late click is told at once that it is.
func (c click) asks(run *pipeline.Run) bool {
	if c.filled || !pipeline.FoundOf(run).AtGate {
		return false
	}
	switch c.command.Verb {
	case pipeline.VerbReject:
		return true
	case pipeline.VerbApprove:
		return run.Gate.Policy != nil && run.Gate.Policy.ReasonRequired
	case pipeline.VerbWithdraw, pipeline.VerbRetry, pipeline.VerbCancel, pipeline.VerbStatus, pipeline.VerbDeploy, pipeline.VerbLock,
		pipeline.VerbUnlock, pipeline.VerbRollback, pipeline.VerbKill:
	}
	return false
}
