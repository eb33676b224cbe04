package live

import "fmt"

func (j *judge) slack() {
	names := channels(j.facts.Config.Spec)
	if j.facts.Slack == nil {
		if len(names) > 0 {
			j.add(Finding{
				Severity: Note, Code: "slack-unchecked", Topic: TopicSlack, Where: j.inConfig("slack:"),
				What: "Slack was not asked about the channels of the configuration.", Why: "SLACK_BOT_TOKEN is not set. A server without it tells nobody there.",
				Fix: "Set SLACK_BOT_TOKEN and check again.",
			})
		}
		return
	}
	for _, name := range names {
		if wrong, bad := j.facts.Slack.Wrong[name]; bad {
			j.channel("slack-channel", name, "The Slack channel "+name+" cannot be used: "+wrong+".", "Correct notify.slack, or what Slack names.")
			continue
		}
		c, known := j.facts.Slack.Channels[name]
		switch {
		case known && c.Archived:
			j.channel("slack-archived", name, fmt.Sprintf("The Slack channel #%s is archived.", c.Name), "Unarchive it, or name another channel in notify.slack.")
		case known && !c.Member:
			j.channel("slack-not-in-channel", name, fmt.Sprintf("Gatehouse's bot is not in the Slack channel #%s.", c.Name), "Write there: /invite @ and the bot's name.")
		}
	}
}

func (j *judge) channel(code, name, what, fix string) {
	j.add(Finding{
		Severity: Error, Code: code, Topic: TopicSlack, Where: j.inConfig(name), What: what,
		Why: "Nobody is told there of a release, and its stages of the kind notify fail.", Fix: fix,
	})
}
