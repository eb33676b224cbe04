package sandbox

import (
	"fmt"
	"html"
	"html/template"
	"net/http"
	"regexp"
	"strings"
)

type discordView struct {
	Channel  string
	Messages []discordLine
}

// discordLine is a message as people see it.
type discordLine struct {
	DiscordMessage
	Name   string
	When   string
	Body   template.HTML
	Embeds []embedView
}

// embedView is an embed with its texts rendered.
type embedView struct {
	Title       template.HTML
	URL         string
	Description template.HTML
	Tone        string
	Fields      []embedField
	Footer      string
}

type embedField struct {
	Name, Value template.HTML
	Inline      bool
}

func (d *Discord) mountPages(mux *http.ServeMux) {
	p := newPages(d.w)
	p.get(mux, "GET /discord", "discord", d.page)
}

// page shows the channel.
func (d *Discord) page(*http.Request, string) (pageResult, error) {
	v := discordView{Channel: d.opt.Channel}
	for _, m := range d.Messages() {
		line := discordLine{DiscordMessage: m, Name: d.opt.BotName, When: pageTime(m.At), Body: discordText(m.Content)}
		for _, e := range m.Embeds {
			line.Embeds = append(line.Embeds, e.view())
		}
		v.Messages = append(v.Messages, line)
	}
	return pageResult{title: "#" + v.Channel, data: v}, nil
}

func (e DiscordEmbed) view() embedView {
	v := embedView{Title: discordText(e.Title), URL: ownLink(e.URL), Description: discordText(e.Description), Tone: tone(e.Color), Footer: e.Footer.Text}
	for _, f := range e.Fields {
		v.Fields = append(v.Fields, embedField{Name: discordText(f.Name), Value: discordText(f.Value), Inline: f.Inline})
	}
	return v
}

// tone names the nearest of the page's own colors, because its policy lets no style of an element's own in.
func tone(color int) string {
	red, green, blue := color>>16&0xff, color>>8&0xff, color&0xff
	switch {
	case red > green+40 && green > red/2:
		return "amber"
	case red > green+40:
		return "red"
	case green > red+40 && green > blue:
		return "green"
	case blue > red+40:
		return "blue"
	}
	return "grey"
}

var (
	discordEscaped = regexp.MustCompile(`\\(&lt;|&gt;|&amp;|&#34;|&#39;|[^0-9A-Za-z\s&])`)
	discordBold    = regexp.MustCompile(`\*\*([^*\n]+)\*\*`)
	discordWho     = regexp.MustCompile(`@everyone|@here|&lt;@[!&]?\d+&gt;`)
)

// discordText renders the part of Discord's Markdown that release messages use. A backslash takes the meaning of the sign after it.
func discordText(s string) template.HTML {
	s = outsideCode(escapedSigns(html.EscapeString(s)), func(s string) string {
		s = mdLink.ReplaceAllString(s, `<a href="$2">$1</a>`)
		s = discordBold.ReplaceAllString(s, "<strong>$1</strong>")
		return discordWho.ReplaceAllString(s, `<b class="who">$0</b>`)
	})
	return template.HTML(strings.ReplaceAll(s, "\n", "<br>")) //nolint:gosec // every piece was escaped before a tag was put around it
}

// escapedSigns turns \* into an entity, which no rule looks for.
func escapedSigns(s string) string {
	return discordEscaped.ReplaceAllStringFunc(s, func(sign string) string {
		sign = html.UnescapeString(sign[1:])
		return fmt.Sprintf("&#%d;", []rune(sign)[0])
	})
}
