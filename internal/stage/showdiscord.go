package stage

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/answer"
	"github.com/gatehouse-app/gatehouse/internal/discord"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/templates"
)

// lostMark begins the Remote of a message whose id was lost: lost/<how often>.
const lostMark = "lost/"

// mostLost is how many posts may be lost before the run is shown in Discord no more.
const mostLost = 2

// showDiscord posts the run's message, or edits it in place. Nothing can find a
// message whose id was lost, so the look before acting is replaced by this: a
// post says only what stays true of the run, and the state comes with an edit,
// once the id is stored.
// A post whose answer was lost is made once more, never a third time; what it
// may leave behind is a title and a link, and never a state that became false.
func (p *Performers) showDiscord(ctx context.Context, job engine.ShowJob, view templates.View) (engine.Shown, error) {
	if p.Discord == nil || !job.State.Run.Spec.Notify.Discord {
		return engine.Shown{Hash: unshown}, nil
	}
	m := DiscordMessage(templates.Discord(view))
	shown := engine.Shown{Remote: job.Remote, Hash: hashOf(m)}
	id, lost := discordRemote(job.Remote)
	if id != "" {
		if job.Hash == shown.Hash {
			return shown, nil
		}
		err := p.Discord.Edit(ctx, id, m)
		if !discord.IsMessageGone(err) {
			return discordOff(shown, err)
		}
		lost = 0 // somebody deleted it; it is posted anew
	}
	if lost >= mostLost {
		return engine.Shown{Remote: job.Remote, Hash: unshown}, nil
	}
	id, err := p.Discord.Post(ctx, DiscordMessage(templates.DiscordOpening(view)))
	if answer.ClassOf(err) == answer.Ambiguous {
		return engine.Shown{}, &made{remote: lostMark + strconv.Itoa(lost+1), error: err}
	}
	if err != nil {
		return discordOff(shown, err)
	}
	return engine.Shown{Remote: id, Again: true}, nil
}

// discordRemote reads the id of a message, or how often one was lost.
func discordRemote(remote string) (id string, lost int) {
	times, ok := strings.CutPrefix(remote, lostMark)
	if !ok {
		return remote, 0
	}
	lost, err := strconv.Atoi(times)
	if err != nil {
		return "", mostLost
	}
	return "", lost
}

// discordOff takes a webhook that is gone for a surface that is off: the sender
// has said so, once, and trying again helps nobody.
func discordOff(shown engine.Shown, err error) (engine.Shown, error) {
	if isOff(err) {
		return engine.Shown{Remote: shown.Remote, Hash: unshown}, nil
	}
	return shown, err
}

// isOff says that a webhook itself is gone.
func isOff(err error) bool {
	var e *answer.Error
	return errors.As(err, &e) && e.Off
}

// DiscordMessage is how the client takes what templates made.
func DiscordMessage(m templates.DiscordMessage) discord.Message {
	e := discord.Embed{Title: m.Title, URL: m.URL, Description: m.Description, Color: m.Color}
	if m.Footer != "" {
		e.Footer = &discord.Footer{Text: m.Footer}
	}
	for _, f := range m.Fields {
		e.Fields = append(e.Fields, discord.Field{Name: f.Name, Value: f.Value})
	}
	return discord.Message{Embeds: []discord.Embed{e}}
}
