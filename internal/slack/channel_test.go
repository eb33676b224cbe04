package slack_test

import (
	"errors"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/slack"
)

func TestAChannelTellsWhetherTheBotMayPostThere(t *testing.T) {
	p := newPlace(t)
	away := p.slack.AddChannel(sandbox.SlackChannel{Name: "away", BotAbsent: true})
	p.slack.AddChannel(sandbox.SlackChannel{Name: "hidden", Private: true, BotAbsent: true})
	for channel, want := range map[string]slack.Channel{
		"#releases":  {ID: p.channel.ID, Name: "releases", Member: true},
		p.channel.ID: {ID: p.channel.ID, Name: "releases", Member: true},
		"#away":      {ID: away.ID, Name: "away"},
	} {
		got, err := p.client().Channel(t.Context(), channel)
		if err != nil || got != want {
			t.Errorf("Channel(%s) = %+v %v, want %+v", channel, got, err, want)
		}
	}
	for _, channel := range []string{"#none", "#hidden", "C0000000000"} {
		_, err := p.client().Channel(t.Context(), channel)
		var e *slack.Error
		if !errors.As(err, &e) || e.Class != slack.NotFound {
			t.Errorf("Channel(%s) failed with %v, want not found", channel, err)
		}
	}
}
