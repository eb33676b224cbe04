package discord

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// The codes of Discord that mean more than their status.
const (
	codeUnknownMessage = 10008
	codeUnknownWebhook = 10015
	codeOldEdits       = 30046
	codeBadToken       = 50027
	codeBadForm        = 50035
	codeNeedsThread    = 220001
)

// oldEdits is how long to wait when too many old messages were edited and Discord does not say.
const oldEdits = 5 * time.Minute

// refineAt gives Discord's codes their meaning. Of the body only the number is used: its words may repeat what was sent.
func refineAt(clock func() time.Time) func(*answer.Error, []byte) {
	return func(e *answer.Error, raw []byte) {
		var said struct {
			Code int `json:"code"`
		}
		if json.Unmarshal(raw, &said) != nil || said.Code == 0 {
			return
		}
		switch said.Code {
		case codeUnknownMessage:
			e.Class, e.Off, e.Message = answer.Gone, false, "the message does not exist any more, somebody deleted it"
		case codeUnknownWebhook, codeBadToken:
			e.Class, e.Off = answer.Gone, true
			e.Message = "Discord does not know this webhook (any more); make a new one under Server Settings → Integrations and set DISCORD_WEBHOOK_URL to its URL"
		case codeOldEdits:
			if e.RetryAt.IsZero() {
				e.RetryAt = clock().Add(oldEdits)
			}
			e.Class, e.Message = answer.Limited, "Discord takes no more edits of messages older than an hour for now; it is tried again at "+e.RetryAt.UTC().Format(time.RFC3339)
		case codeBadForm:
			e.Message = "Discord finds the message malformed and repeating it cannot help; report this as a bug"
		case codeNeedsThread:
			e.Message = "the webhook's channel is a forum, which takes threads only; add ?thread_id=… to DISCORD_WEBHOOK_URL, or make the webhook in a text channel"
		default:
			if e.Class == answer.Limited {
				return // a limit of the webhook, whatever it is called
			}
		}
		e.Code = strconv.Itoa(said.Code)
	}
}

// IsMessageGone says that somebody deleted the message, and that the webhook is still there.
func IsMessageGone(err error) bool {
	var e *answer.Error
	return errors.As(err, &e) && e.Class == answer.Gone && !e.Off
}
