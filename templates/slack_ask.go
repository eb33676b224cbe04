package templates

import (
	"slices"

	api "github.com/slack-go/slack"
)

// SlackAsk renders the direct message to one person who can approve, by GitHub's
// id: with what the release changes and buttons while his approval would help,
// and with what became of it afterwards.
func SlackAsk(v View, person int64, ask bool) SlackMessage {
	g := v.Gate
	did := slices.ContainsFunc(g.Approvals, func(a Approval) bool { return a.ID == person })
	if !ask {
		texts := []string{mrkdwn(sentence(v.Headline))}
		if g.Open && !did {
			texts = []string{"Your approval is not needed any more. " + mrkdwn(sentence(v.Headline))}
		}
		blocks := append([]api.Block{header(v.Status.Icon + " " + clip(plain(v.Title), maxHeader-40))}, sections(append(texts, slackDecided(g)...))...)
		return message(v.Title+". "+v.Headline, append(blocks, api.NewActionBlock("", askedButtons(v, did)...)))
	}
	blocks := []api.Block{header("✋ " + clip(plain(v.Title), maxHeader-40) + ": your approval is asked for")}
	blocks = append(blocks, sections(slackRelease(v))...)
	blocks = append(blocks, sections(slackGate(v, true))...)
	elements := append(slackActs(v), urlButton("run", "Details", v.Facts.Page, false))
	if g.NeedsReview && g.Review != "" {
		elements = append(elements, urlButton("review", "Review deployments", g.Review, false))
	}
	blocks = append(blocks, api.NewActionBlock("", elements...), contextLine(slackFoot(v)))
	return message("Your approval is asked for: "+v.Title+". "+v.Headline, blocks)
}

// askedButtons are for those who are not asked any more.
func askedButtons(v View, did bool) []api.BlockElement {
	all := []api.BlockElement{urlButton("run", "Details", v.Facts.Page, false)}
	if did && v.Gate.MayWithdraw {
		all = append(all, actButton(v, PressWithdraw, "Withdraw my approval", api.StyleDefault))
	}
	return all
}
