package discord_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/answer"
	"github.com/gatehouse-app/gatehouse/internal/discord"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const token = "wh_SECRET-Token"

// place is a server with one webhook, and a clock.
type place struct {
	discord *sandbox.Discord
	world   *sandbox.World
	clock   *sandbox.ManualClock
	url     string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{clock: sandbox.NewManualClock(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))}
	p.world = sandbox.New(sandbox.Options{Clock: p.clock})
	t.Cleanup(p.world.Close)
	p.discord = sandbox.NewDiscord(p.world, sandbox.DiscordOptions{Token: token})
	server := httptest.NewServer(p.discord.Handler(p.world.Handler()))
	t.Cleanup(server.Close)
	p.url = server.URL + p.discord.WebhookPath()
	return p
}

func client(t *testing.T, url string, clock *sandbox.ManualClock) *discord.Client {
	t.Helper()
	c, err := discord.New(discord.Config{URL: url}, discord.Options{Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func card(title string) discord.Message {
	return discord.Message{Embeds: []discord.Embed{{
		Title: title, URL: "https://gatehouse.example/runs/1", Color: 0x1f883d, Description: "It *waits*.",
		Fields: []discord.Field{{Name: "Stages", Value: "✅ Test"}}, Footer: &discord.Footer{Text: "started by dana"},
	}}}
}

func TestAMessageIsPostedOnceAndEditedInPlace(t *testing.T) {
	p := newPlace(t)
	c := client(t, p.url, p.clock)
	id, err := c.Post(t.Context(), card("v1.2.0 waits"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Edit(t.Context(), id, discord.Message{Content: "v1.2.0 is live"}); err != nil {
		t.Fatal(err)
	}
	all := p.discord.Messages()
	if len(all) != 1 || all[0].ID != id || all[0].Edits != 1 || all[0].Content != "v1.2.0 is live" || len(all[0].Embeds) != 0 {
		t.Errorf("the channel holds %+v, want one edited message without the former embed", all)
	}
}

func TestNobodyIsPinged(t *testing.T) {
	p := newPlace(t)
	c := client(t, p.url, p.clock)
	text := discord.Message{Content: "@everyone @here <@123> <@&5>"}
	id, err := c.Post(t.Context(), text)
	if err == nil {
		err = c.Edit(t.Context(), id, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if pings := p.discord.Messages()[0].Pings; len(pings) > 0 {
		t.Errorf("people were notified of %v", pings)
	}
}

func TestAThreadOfTheURLIsKept(t *testing.T) {
	p := newPlace(t)
	c := client(t, p.url+"?thread_id=77&wait=false", p.clock)
	id, err := c.Post(t.Context(), card("x"))
	if err == nil {
		err = c.Edit(t.Context(), id, card("y"))
	}
	if err != nil || p.discord.Messages()[0].Thread != "77" {
		t.Errorf("%v, %+v", err, p.discord.Messages())
	}
}

func TestRefusalsSayWhatTheyMean(t *testing.T) {
	for name, c := range map[string]struct {
		faults     sandbox.DiscordFaults
		post, edit answer.Class
	}{
		"down":      {sandbox.DiscordFaults{Down: true}, answer.Ambiguous, answer.Later},
		"limited":   {sandbox.DiscordFaults{RetryAfter: 3 * time.Second}, answer.Limited, answer.Limited},
		"deleted":   {sandbox.DiscordFaults{Deleted: true}, answer.Gone, answer.Gone},
		"old edits": {sandbox.DiscordFaults{OldEdits: true}, "", answer.Limited},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			id, err := client(t, p.url, p.clock).Post(t.Context(), card("x"))
			if err != nil {
				t.Fatal(err)
			}
			p.discord.SetFaults(c.faults)
			if _, err := client(t, p.url, p.clock).Post(t.Context(), card("x")); answer.ClassOf(err) != c.post {
				t.Errorf("post: %v, want %s", err, c.post)
			}
			err = client(t, p.url, p.clock).Edit(t.Context(), id, card("x"))
			if answer.ClassOf(err) != c.edit || discord.IsMessageGone(err) {
				t.Errorf("edit: %v, want %s", err, c.edit)
			}
		})
	}
}

func TestADeletedMessageIsNotADeletedWebhook(t *testing.T) {
	p := newPlace(t)
	c := client(t, p.url, p.clock)
	id, err := c.Post(t.Context(), card("x"))
	if err != nil {
		t.Fatal(err)
	}
	p.discord.DeleteMessage(id)
	if err := c.Edit(t.Context(), id, card("x")); !discord.IsMessageGone(err) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Post(t.Context(), card("x")); err != nil {
		t.Errorf("the webhook is taken for gone: %v", err)
	}
}

func TestALimitOfOldEditsHoldsUpNothingElse(t *testing.T) {
	p := newPlace(t)
	c := client(t, p.url, p.clock)
	id, err := c.Post(t.Context(), card("x"))
	if err != nil {
		t.Fatal(err)
	}
	p.discord.SetFaults(sandbox.DiscordFaults{OldEdits: true})
	var e *answer.Error
	if err := c.Edit(t.Context(), id, card("x")); !errors.As(err, &e) || !e.RetryAt.After(p.clock.Now()) || e.Code != "30046" {
		t.Errorf("got %v", err)
	}
	if _, err := c.Post(t.Context(), card("x")); err != nil {
		t.Errorf("another message is held up: %v", err)
	}
}

func TestTheBucketIsRespectedBeforeItIsEmpty(t *testing.T) {
	p := newPlace(t)
	c := client(t, p.url, p.clock)
	for range 5 {
		if _, err := c.Post(t.Context(), card("x")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Post(t.Context(), card("x"))
	var e *answer.Error
	if !errors.As(err, &e) || e.Class != answer.Limited {
		t.Fatalf("got %v", err)
	}
	if n := len(p.world.Record()); n != 5 {
		t.Errorf("%d calls were made, want 5: the sixth is refused locally", n)
	}
	p.clock.Advance(e.RetryAt.Sub(p.clock.Now()))
	if _, err := c.Post(t.Context(), card("x")); err != nil {
		t.Error(err)
	}
}

// What Discord would refuse is refused without a call; what is just within its limits is taken.
func TestLimits(t *testing.T) {
	p := newPlace(t)
	c := client(t, p.url, p.clock)
	x := func(n int) string { return strings.Repeat("ä", n) }
	embed := func(e discord.Embed) discord.Message { return discord.Message{Embeds: []discord.Embed{e}} }
	for name, m := range map[string]discord.Message{
		"empty": {}, "content": {Content: x(2001)}, "title": embed(discord.Embed{Title: x(257)}), "description": embed(discord.Embed{Description: x(4097)}),
		"footer": embed(discord.Embed{Footer: &discord.Footer{Text: x(2049)}}), "fields": embed(discord.Embed{Fields: make([]discord.Field, 26)}),
		"field name": embed(discord.Embed{Fields: []discord.Field{{Name: x(257), Value: "x"}}}), "field value": embed(discord.Embed{Fields: []discord.Field{{Name: "x", Value: x(1025)}}}),
		"empty field": embed(discord.Embed{Fields: []discord.Field{{Name: "x"}}}), "embeds": {Embeds: make([]discord.Embed, 11)},
		"sum": embed(discord.Embed{Description: x(4096), Footer: &discord.Footer{Text: x(1905)}}),
	} {
		if _, err := c.Post(t.Context(), m); answer.ClassOf(err) != answer.Never {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.Edit(t.Context(), "1", m); answer.ClassOf(err) != answer.Never {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Edit(t.Context(), "../x", card("x")); answer.ClassOf(err) != answer.Never {
		t.Errorf("a bad id: %v", err)
	}
	if len(p.world.Record()) != 0 {
		t.Error("Discord was asked")
	}
	for _, m := range []discord.Message{
		{Content: x(2000)}, embed(discord.Embed{Title: x(256), Description: x(4096)}), embed(discord.Embed{Description: x(4096), Footer: &discord.Footer{Text: x(1904)}}),
	} {
		if _, err := c.Post(t.Context(), m); err != nil {
			t.Error(err)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for address, good := range map[string]bool{
		"https://discord.com/api/webhooks/123/abc_D-e":             true,
		"https://discord.com/api/v10/webhooks/123/abc?thread_id=5": true,
		"https://canary.discord.com/api/webhooks/1/a":              true,
		"https://ptb.discord.com/api/webhooks/1/a":                 true,
		"https://discordapp.com/api/webhooks/1/a":                  true,
		"http://127.0.0.1:8080/discord/api/webhooks/1/a":           true,
		"http://discord.com/api/webhooks/1/a":                      false,
		"https://discord.com.evil.example/api/webhooks/1/a":        false,
		"https://evil.example/api/webhooks/1/a":                    false,
		"https://u:p@discord.com/api/webhooks/1/a":                 false,
		"https://discord.com/api/webhooks/1/a/slack":               false,
		"https://discord.com/channels/1/2":                         false,
		"discord.com/api/webhooks/1/a":                             false,
		"":                                                         false,
		"://":                                                      false,
	} {
		err := discord.CheckURL(address)
		if (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "evil") {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

// TestNothingHoldsTheURL makes every operation fail in every way and reads errors and log lines.
func TestNothingHoldsTheURL(t *testing.T) {
	var seen bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&seen, &slog.HandlerOptions{Level: slog.LevelDebug}))
	clock := sandbox.NewManualClock(time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC))
	for _, status := range []int{200, 204, 302, 400, 401, 403, 404, 405, 410, 429, 500, 503} {
		for _, code := range []int{0, 10008, 10015, 30046, 50027, 50035, 220001, 99} {
			server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
				rw.Header().Set("Location", "https://elsewhere.example"+req.URL.Path)
				rw.WriteHeader(status)
				_, _ = io.WriteString(rw, fmt.Sprintf(`{"id": %q, "code": %d, "message": %q}`, token, code, req.URL.Path))
			}))
			for _, url := range []string{server.URL, "http://127.0.0.1:1"} {
				c, err := discord.New(discord.Config{URL: url + "/api/webhooks/5/" + token}, discord.Options{Clock: clock.Now, Logger: logger})
				if err != nil {
					t.Fatal(err)
				}
				_, err = c.Post(t.Context(), card("x"))
				fmt.Fprintf(&seen, "%v %+v %#v\n", err, err, err)
				err = c.Edit(t.Context(), "77", card("x"))
				fmt.Fprintf(&seen, "%v %+v %#v\n%v %+v %#v\n", err, err, err, c, c, c)
			}
			server.Close()
		}
	}
	cfg := discord.Config{URL: "https://nowhere.example/" + token}
	_, err := discord.New(cfg, discord.Options{Clock: clock.Now})
	logger.Info("config", "config", cfg)
	fmt.Fprintf(&seen, "%v %v %+v %#v\n", err, cfg, cfg, &cfg)
	if strings.Contains(strings.ToLower(seen.String()), strings.ToLower(token)) {
		t.Errorf("the URL is shown:\n%s", seen.String())
	}
}
