package templates

import (
	"strconv"
	"strings"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// message keeps the two limits that hold for a message as a whole.
func message(fallback string, blocks []api.Block) SlackMessage {
	return SlackMessage{Text: clipEscaped(mrkdwn(fallback), maxFallback), Blocks: blocks[:min(len(blocks), maxBlocks)]}
}

func header(text string) api.Block {
	return api.NewHeaderBlock(api.NewTextBlockObject(api.PlainTextType, clip(plain(text), maxHeader), false, false))
}

// mrkdwnText is verbatim: Slack makes no link or mention that we did not write.
func mrkdwnText(text string) *api.TextBlockObject {
	return api.NewTextBlockObject(api.MarkdownType, text, false, true)
}

// sections puts lines into as few sections as they need.
func sections(texts []string) []api.Block {
	var blocks []api.Block
	for _, text := range pack(fitting(texts), maxSection) {
		if strings.TrimSpace(text) != "" {
			blocks = append(blocks, api.NewSectionBlock(mrkdwnText(text), nil, nil))
		}
	}
	return blocks
}

// fitting breaks a line that is longer than a section between its parts.
func fitting(texts []string) []string {
	var all []string
	for _, t := range texts {
		if len(t) <= maxSection {
			all = append(all, t)
			continue
		}
		all = append(all, pack(strings.Split(t, "   "), maxSlackLine)...)
	}
	return all
}

func contextLine(text string) api.Block {
	return api.NewContextBlock("", mrkdwnText(text))
}

func urlButton(id, label, url string, primary bool) api.BlockElement {
	b := api.NewButtonBlockElement(id, "", api.NewTextBlockObject(api.PlainTextType, clip(label, maxButton), false, false))
	b.URL = url
	if primary {
		b.Style = api.StylePrimary
	}
	return b
}

// slackButtons decide where act is set, and are links else: who presses one acts
// where it leads, as who he is there. What is decided has none any more.
func slackButtons(v View, act bool) api.Block {
	var elements []api.BlockElement
	if act {
		elements = slackActs(v)
	}
	if g := v.Gate; g != nil && g.Open {
		if g.NeedsReview && g.Review != "" {
			elements = append(elements, urlButton("review", "Review deployments", g.Review, len(elements) == 0 || g.OneClick))
		} else if !act {
			elements = append(elements, urlButton("checks", "Open the check", v.Facts.Checks, true))
		}
	}
	if failed := failedStage(v); failed != nil && failed.Link != "" {
		elements = append(elements, urlButton("log", "See the log", failed.Link, false))
	}
	elements = append(elements, urlButton("run", "Details", v.Facts.Page, false))
	return api.NewActionBlock("", elements...)
}

// slackActs are the decisions that can be made now.
func slackActs(v View) []api.BlockElement {
	var all []api.BlockElement
	g := v.Gate
	if g != nil && g.Open && !g.OneClick {
		all = append(all, actButton(v, PressApprove, "Approve", api.StylePrimary))
	}
	if g != nil && g.Open {
		all = append(all, actButton(v, PressReject, "Reject…", api.StyleDanger))
	}
	if g != nil && g.MayWithdraw {
		all = append(all, actButton(v, PressWithdraw, "Withdraw my approval", api.StyleDefault))
	}
	if failed := failedStage(v); failed != nil && !failed.Kind.Gated() && (v.End == nil || v.Facts.Status == pipeline.RunFailed) {
		all = append(all, actButton(v, PressRetry, "Retry", api.StyleDefault))
	}
	return all
}

func actButton(v View, id, label string, style api.Style) api.BlockElement {
	b := api.NewButtonBlockElement(id, v.Press.String(), api.NewTextBlockObject(api.PlainTextType, label, false, false))
	b.Style = style
	return b
}

func failedStage(v View) *Stage {
	for i := range v.Stages {
		if v.Stages[i].Status == pipeline.StageFailed {
			return &v.Stages[i]
		}
	}
	return nil
}

func slackFoot(v View) string {
	text := slackLink(v.Facts.Pipeline, v.Facts.Page) + " · started by " + mrkdwn(v.Facts.StartedBy) + ", " + stamp(v.Facts.StartedAt)
	if v.End != nil {
		text += " · took " + v.End.Took
	}
	return text
}

func stageSlack(s Stage) string {
	text := s.Word.Icon + " " + slackLink(s.Title, s.Link) + ": " + s.Word.Text
	if s.Took != "" {
		text += ", " + s.Took
	}
	if s.Attempt > 1 {
		text += " (attempt " + strconv.Itoa(s.Attempt) + ")"
	}
	if s.Reason != nil && s.Status != pipeline.StageSkipped {
		text += ". " + mrkdwn(sentence(s.Reason.Reason))
		if s.Reason.Fix != "" {
			text += " " + mrkdwn(sentence(s.Reason.Fix))
		}
	}
	return text
}

func approvalSlack(a Approval) string {
	text := mrkdwn(a.By) + ", " + stamp(a.At) + ", " + mrkdwn(a.Surface)
	if a.Comment != "" {
		text += ": “" + mrkdwn(a.Comment) + "”"
	}
	return text
}
