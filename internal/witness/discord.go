package witness

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const routeDiscord = "/discord/webhooks/{id}/{token}"

// runPage is the page that a message of a run leads to; "" for another message.
func runPage(embeds []sandbox.DiscordEmbed) string {
	for _, e := range embeds {
		if strings.Contains(e.URL, "/runs/") {
			return e.URL
		}
	}
	return ""
}

// discordOnce: a release is one message there too. What was posted counts, also if somebody took it away.
func discordOnce(f *facts) []string {
	posted, there := map[string]int{}, map[string]int{}
	var order []string
	for _, c := range f.w.Calls {
		if c.Kind != sandbox.KindDiscord || c.Route != routeDiscord || c.Method != http.MethodPost || !success(c) {
			continue
		}
		var in struct {
			Embeds []sandbox.DiscordEmbed `json:"embeds"`
		}
		read(c.Body, &in)
		if page := runPage(in.Embeds); page != "" {
			posted[page]++
			order = append(order, page)
		}
	}
	for _, m := range f.w.Discord {
		if page := runPage(m.Embeds); page != "" {
			there[page]++
			order = append(order, page)
		}
	}
	var saw []string
	slices.Sort(order)
	for _, page := range slices.Compact(order) {
		if n := max(posted[page], there[page]); n != 1 || posted[page] == 0 {
			saw = append(saw, fmt.Sprintf("Discord was told of %s by %d messages, of which the record holds %d", page, n, posted[page]))
		}
	}
	return saw
}

// discordTrue: the card is read long after the release, so it has to end with what the release came to.
func discordTrue(f *facts) []string {
	if !f.w.TellsDiscord {
		return nil
	}
	var saw []string
	found := false
	for _, m := range f.w.Discord {
		for _, e := range m.Embeds {
			found = found || strings.Contains(e.Title, f.w.Version)
			if runPage(m.Embeds) != "" && !strings.Contains(e.Title, "succeeded") {
				saw = append(saw, fmt.Sprintf("the message in Discord ended as %q", e.Title))
			}
		}
	}
	if !found {
		saw = append(saw, "no message in Discord names "+f.w.Version)
	}
	return saw
}
