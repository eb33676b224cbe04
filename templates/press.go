package templates

import (
	"errors"
	"strconv"
	"strings"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The buttons and modals of Gatehouse in Slack, by their ids.
const (
	PressApprove  = "gatehouse_approve"
	PressReject   = "gatehouse_reject"
	PressWithdraw = "gatehouse_withdraw"
	PressRetry    = "gatehouse_retry"
)

// The field of a modal.
const (
	modalBlock  = "reason"
	modalAction = "text"
	maxModal    = 24 // of a title, in characters
	shownDigits = 16 // of the release's digest: enough to tell two releases of one run apart
)

// Press is what a button in Slack says beside its name: for which run, and for
// which release it stood there.
type Press struct {
	Installation int64
	Run          pipeline.RunID
	Shown        string // how the digest of the release begins
	Channel      string // of a modal: where the click came from
}

// String is the button's value.
func (p Press) String() string {
	parts := []string{strconv.FormatInt(p.Installation, 10), string(p.Run), p.Shown}
	if p.Channel != "" {
		parts = append(parts, p.Channel)
	}
	return strings.Join(parts, "/")
}

// ParsePress is the reverse of String: exactly what that writes is accepted.
func ParsePress(s string) (Press, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 && len(parts) != 4 {
		return Press{}, errors.New("it is no value of a button of Gatehouse")
	}
	var p Press
	var err error
	p.Installation, err = strconv.ParseInt(parts[0], 10, 64)
	p.Run, p.Shown = pipeline.RunID(parts[1]), parts[2]
	if len(parts) == 4 {
		p.Channel = parts[3]
	}
	if err != nil || p.Installation <= 0 || len(parts[1]) != 16 || strings.Trim(parts[1], "0123456789abcdef") != "" || len(p.Shown) != shownDigits || p.String() != s {
		return Press{}, errors.New("it is no value of a button of Gatehouse")
	}
	return p, nil
}

func pressOf(r *pipeline.Run) Press {
	return Press{Installation: r.Repo.Installation, Run: r.ID, Shown: r.Bound().Digest()[:shownDigits]}
}

// SlackModal asks for the reason of a decision: PressReject or PressApprove.
func SlackModal(verb string, run *pipeline.Run, p Press) api.ModalViewRequest {
	word := "Approve"
	if verb == PressReject {
		word = "Reject"
	}
	text := func(s string) *api.TextBlockObject { return api.NewTextBlockObject(api.PlainTextType, s, false, false) }
	field := api.NewPlainTextInputBlockElement(text("Why?"), modalAction)
	field.Multiline = true
	field.MaxLength = longest
	input := api.NewInputBlock(modalBlock, text("Reason"), text("Everybody who sees this release sees it."), field)
	what := "*" + mrkdwn(run.Release.Version) + "* for " + mrkdwn(run.Environment) + ", " + mrkdwn(run.Repo.FullName())
	return api.ModalViewRequest{
		Type: api.VTModal, CallbackID: verb, PrivateMetadata: p.String(),
		Title: text(clip(plain(word+" "+run.Release.Version), maxModal)), Submit: text(word), Close: text("Cancel"),
		Blocks: api.Blocks{BlockSet: []api.Block{api.NewSectionBlock(mrkdwnText(what), nil, nil), input}},
	}
}

// ModalReason is what was typed into a modal, of its state's values.
func ModalReason(values map[string]map[string]string) string {
	return strings.TrimSpace(values[modalBlock][modalAction])
}

// SlackReply is the private answer to a click or command in Slack; link is where
// a person says who he is, if that is what is missing. Where nothing is to be
// said it is empty: the message itself shows what happened.
func SlackReply(refusal *pipeline.Refusal, text, link string) SlackMessage {
	var said string
	switch {
	case refusal != nil:
		said = "🚫 " + mrkdwn(sentence(refusal.Reason))
		if refusal.Fix != "" {
			said += " " + mrkdwn(sentence(refusal.Fix))
		}
		if refusal.Lines != "" {
			said += "\n" + mrkdwn(refusal.Lines)
		}
		switch {
		case refusal.Code == pipeline.CodeNotPaired && link == "":
			said += "\nNobody can sign in here yet: the operator of this Gatehouse sets `GITHUB_OAUTH_CLIENT_ID`."
		case link != "":
			said += "\n" + slackLink("Sign in and pair this Slack account", link) + " (for you alone, once, within 15 minutes)"
		}
	case text != "":
		said = text
	default:
		return SlackMessage{}
	}
	first, _, _ := strings.Cut(said, "\n")
	return SlackMessage{Text: clipEscaped(first, maxFallback), Blocks: sections([]string{said})}
}

// SlackStatus is the private answer to /status.
func SlackStatus(v View) string {
	return "*" + mrkdwn(v.Title) + ": " + v.Status.String() + "*\n" + mrkdwn(sentence(v.Headline)+" "+v.Next) + "\n" + slackLink("Page of this run", v.Facts.Page)
}
