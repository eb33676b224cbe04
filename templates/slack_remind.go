package templates

import api "github.com/slack-go/slack"

// SlackReminder renders the reminder of a gate that waits: for what, since when,
// and who can still help. Users are Slack's ids, which are mentioned; logins are
// people whom nobody knows there.
func SlackReminder(v View, users, logins []string) SlackMessage {
	texts := []string{"⏰ " + mrkdwn(sentence(v.Headline))}
	var who []string
	for _, u := range users {
		who = append(who, "<@"+u+">")
	}
	who = append(who, each(logins, mrkdwn)...)
	if len(who) > 0 {
		texts = append(texts, "These can still approve: "+list(who)+".")
	}
	if v.Gate != nil && !v.Gate.ExpiresAt.IsZero() {
		texts = append(texts, "It expires at "+stamp(v.Gate.ExpiresAt)+".")
	}
	blocks := append([]api.Block{header("⏰ " + clip(plain(v.Title), maxHeader-40) + ": still waits")}, sections(texts)...)
	return message("Still waits: "+v.Title+". "+v.Headline, append(blocks, api.NewActionBlock("", urlButton("run", "Details", v.Facts.Page, false))))
}
