package slack_test

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/slack"
)

const (
	token = "xoxb-1111-secret-Token"
	event = "gatehouse_run"
)

// place is a workspace with one channel, #releases, and a client that talks to it.
type place struct {
	world   *sandbox.World
	slack   *sandbox.Slack
	channel sandbox.SlackChannel
	url     string
	clock   *clock
}

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// AfterFunc never fires: nothing in these tests waits for the world's time.
func (c *clock) AfterFunc(time.Duration, func()) (stop func() bool) {
	return func() bool { return true }
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{clock: &clock{now: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)}}
	p.world = sandbox.New(sandbox.Options{Clock: p.clock})
	t.Cleanup(p.world.Close)
	p.slack = sandbox.NewSlack(p.world, sandbox.SlackOptions{Token: token})
	p.channel = p.slack.AddChannel(sandbox.SlackChannel{Name: "releases"})
	server := httptest.NewServer(p.slack.Handler())
	t.Cleanup(server.Close)
	p.url = server.URL + "/slack/api"
	p.world.SetURLs(server.URL, "")
	return p
}

// client is a fresh one, as after a restart: it remembers nothing.
func (p *place) client() *slack.Client {
	return slack.New(slack.Config{Token: token, APIURL: p.url}, slack.Options{Clock: p.clock.Now})
}

func message(run string) slack.Message {
	return slack.Message{
		Channel: "#releases", Text: "Release v1.2.0 waits",
		Blocks:    []api.Block{api.NewSectionBlock(api.NewTextBlockObject(api.MarkdownType, "*v1.2.0* waits", false, false), nil, nil)},
		EventType: event, EventPayload: map[string]any{"run": run, "role": "main"},
	}
}

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestAMessageIsPostedOnceAndEditedInPlace(t *testing.T) {
	p := newPlace(t)
	posted := must(p.client().Post(t.Context(), message("r1")))(t)
	if posted.Channel != p.channel.ID {
		t.Errorf("posted to %q, want the id %q", posted.Channel, p.channel.ID)
	}
	edit := message("r1")
	edit.Text = "Release v1.2.0 is live"
	if err := p.client().Update(t.Context(), posted.Channel, posted.TS, edit); err != nil {
		t.Fatal(err)
	}
	all := p.slack.Messages("releases")
	if len(all) != 1 || all[0].Text != edit.Text || all[0].Edits != 1 {
		t.Errorf("the channel holds %+v, want one edited message", all)
	}
	link := must(p.client().Permalink(t.Context(), posted.Channel, posted.TS))(t)
	if !strings.HasSuffix(link, "/slack/releases#p"+posted.TS) {
		t.Errorf("permalink is %s", link)
	}
}

func TestAfterACrashTheMessageIsFound(t *testing.T) {
	p := newPlace(t)
	begun := p.clock.now
	must(p.client().Post(t.Context(), message("other")))(t)
	posted := must(p.client().Post(t.Context(), message("r1")))(t)
	if err := p.client().Update(t.Context(), posted.Channel, posted.TS, slack.Message{Text: "edited without metadata"}); err != nil {
		t.Fatal(err)
	}
	for _, channel := range []string{"#releases", "releases", p.channel.ID} {
		got, found, err := p.client().Find(t.Context(), channel, begun, event, "run", "r1")
		if err != nil || !found || got != posted {
			t.Errorf("Find in %s = %v %v %v, want %v", channel, got, found, err, posted)
		}
	}
	if _, found, err := p.client().Find(t.Context(), "#releases", begun, event, "run", "r2"); found || err != nil {
		t.Errorf("a run that posted nothing was found: %v %v", found, err)
	}
	if _, found, _ := p.client().Find(t.Context(), "#releases", begun.Add(time.Hour), event, "run", "r1"); found {
		t.Error("a message older than since was found")
	}
}

func TestRepliesAreFoundInTheirThreadOnly(t *testing.T) {
	p := newPlace(t)
	c := p.client()
	main := must(c.Post(t.Context(), message("r1")))(t)
	reply := message("r1")
	reply.Thread = main.TS
	posted := must(c.Post(t.Context(), reply))(t)
	got, found, err := p.client().FindReply(t.Context(), main.Channel, main.TS, event, "run", "r1")
	if err != nil || !found || got != posted {
		t.Errorf("FindReply = %v %v %v, want %v", got, found, err, posted)
	}
	got, found, err = p.client().Find(t.Context(), main.Channel, time.Time{}, event, "run", "r1")
	if err != nil || !found || got != main {
		t.Errorf("Find = %v %v %v, want the message itself, %v", got, found, err, main)
	}
}

func TestTwoMatchesAreSaidAndTheOldestIsGiven(t *testing.T) {
	p := newPlace(t)
	c := p.client()
	first := must(c.Post(t.Context(), message("r1")))(t)
	must(c.Post(t.Context(), message("r1")))(t)
	got, found, err := c.Find(t.Context(), "#releases", time.Time{}, event, "run", "r1")
	wantClass(t, err, slack.Ambiguous)
	if !found || got != first {
		t.Errorf("Find = %v %v, want the oldest, %v", got, found, first)
	}
}

func TestFindReadsPageAfterPageAndKnowsItsBounds(t *testing.T) {
	p := newPlace(t)
	posted := must(p.client().Post(t.Context(), message("r1")))(t)
	chat := func(n int) {
		for range n {
			must(p.slack.Say("ann", "releases", "", "hello"))(t)
		}
	}
	chat(450)
	if got, found, err := p.client().Find(t.Context(), "#releases", time.Time{}, event, "run", "r1"); err != nil || !found || got != posted {
		t.Errorf("Find over three pages = %v %v %v", got, found, err)
	}
	chat(1600)
	_, found, err := p.client().Find(t.Context(), "#releases", time.Time{}, event, "run", "r1")
	wantClass(t, err, slack.Ambiguous)
	if found {
		t.Error("found beyond the bound")
	}
}

func TestNamesAreListedOnceAndWithoutTheScopeForPrivateChannels(t *testing.T) {
	p := newPlace(t)
	p.slack.SetFaults(sandbox.SlackFaults{Scopes: []string{"channels:read", "channels:history", "chat:write"}})
	c := p.client()
	for range 3 {
		if _, _, err := c.Find(t.Context(), "#releases", time.Time{}, event, "run", "r1"); err != nil {
			t.Fatal(err)
		}
		_, _, err := c.Find(t.Context(), "#nowhere", time.Time{}, event, "run", "r1")
		wantClass(t, err, slack.NotFound)
	}
	calls := map[string]int{}
	for _, call := range p.world.Record() {
		calls[call.Route]++
	}
	if calls["/slack/api/conversations.list"] != 2 || calls["/slack/api/auth.test"] != 1 {
		t.Errorf("calls were %v, want one listing refused, one that worked, one auth.test", calls)
	}
}

// wantClass fails unless err is an *slack.Error of the class.
func wantClass(t *testing.T, err error, class slack.Class) {
	t.Helper()
	if e := classified(t, err); e.Class != class {
		t.Fatalf("class of %v is %s, want %s", err, e.Class, class)
	}
}

func classified(t *testing.T, err error) *slack.Error {
	t.Helper()
	var e *slack.Error
	if !errors.As(err, &e) {
		t.Fatalf("error is %v, want an *slack.Error", err)
	}
	return e
}
