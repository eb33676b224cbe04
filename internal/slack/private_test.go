package slack_test

import (
	"testing"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/slack"
)

func TestOnePersonAloneIsTold(t *testing.T) {
	p := newPlace(t)
	p.world.AddUser("ada", "Ada")
	ada := sandbox.SlackUserID("ada")
	c := p.client()
	if err := c.Ephemeral(t.Context(), p.channel.ID, ada, slack.Message{Text: "too late"}); err != nil {
		t.Fatal(err)
	}
	direct := must(c.Direct(t.Context(), ada))(t)
	posted := must(c.Post(t.Context(), slack.Message{Channel: direct, Text: "please approve"}))(t)
	if err := c.Delete(t.Context(), posted.Channel, posted.TS); err != nil {
		t.Fatal(err)
	}
	if all := p.slack.Messages(p.channel.ID); len(all) != 1 || all[0].Only != ada {
		t.Errorf("the channel holds %+v", all)
	}
	if all := p.slack.Messages(direct); len(all) != 0 {
		t.Errorf("the conversation holds %+v", all)
	}
}

func TestPrivateRefusals(t *testing.T) {
	p := newPlace(t)
	p.world.AddUser("ada", "Ada")
	p.slack.SetFaults(sandbox.SlackFaults{Outside: []string{"ada"}})
	c := p.client()
	_, stranger := c.Direct(t.Context(), "UNOBODY")
	for name, tc := range map[string]struct {
		err  error
		want slack.Class
	}{
		"outside":  {c.Ephemeral(t.Context(), p.channel.ID, sandbox.SlackUserID("ada"), slack.Message{Text: "hi"}), slack.NotInChannel},
		"stranger": {stranger, slack.NotFound},
		"gone":     {c.Delete(t.Context(), p.channel.ID, "1.000001"), slack.NotFound},
		"trigger":  {c.OpenModal(t.Context(), "1.2.3", api.ModalViewRequest{Type: api.VTModal}), slack.NotFound},
		"no text":  {c.Ephemeral(t.Context(), p.channel.ID, "U1", slack.Message{}), slack.Invalid},
	} {
		if e := classified(t, tc.err); e.Class != tc.want {
			t.Errorf("%s: %v is %s, want %s", name, tc.err, e.Class, tc.want)
		}
	}
}
