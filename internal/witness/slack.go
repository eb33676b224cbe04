package witness

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

const (
	routePost   = "/slack/api/chat.postMessage"
	routeUpdate = "/slack/api/chat.update"
)

// said is what one request told Slack.
type said struct {
	call   sandbox.Call
	run    string
	ts     string // of the message that was edited
	thread string
	to     string // a channel, or a person's own conversation
	text   string
	blocks string
}

// speech lists the accepted requests of a method.
func (f *facts) speech(route string) []said {
	var out []said
	for _, c := range f.w.Calls {
		if c.Kind != sandbox.KindSlack || c.Route != route || !heard(c) {
			continue
		}
		args := arguments(c.Body)
		var meta sandbox.SlackMetadata
		read([]byte(args["metadata"]), &meta)
		out = append(out, said{
			call: c, run: runOf(&meta), ts: args["ts"], thread: args["thread_ts"], to: args["channel"], text: args["text"], blocks: args["blocks"],
		})
	}
	return out
}

// alone reports whether one person was told: by Slack's ids, a conversation or a user.
func (s said) alone() bool { return strings.HasPrefix(s.to, "D") || strings.HasPrefix(s.to, "U") }

// heard reports whether Slack did what it was asked; an answer that a fault hid counts as yes.
func heard(c sandbox.Call) bool {
	var answer struct {
		OK bool `json:"ok"`
	}
	read(c.Answer, &answer)
	return success(c) && (answer.OK || c.Fault != "" && c.Status != c.TrueStatus)
}

// arguments reads a form or a JSON object; nested JSON stays text.
func arguments(body []byte) map[string]string {
	out := map[string]string{}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) == nil {
		for name, raw := range fields {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			out[name] = text
		}
		return out
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return out // What cannot be read was not said.
	}
	for name := range form {
		out[name] = form.Get(name)
	}
	return out
}

// runOf is the run that a message's metadata names.
func runOf(meta *sandbox.SlackMetadata) string {
	if meta == nil {
		return ""
	}
	run, _ := meta.EventPayload["run"].(string)
	return run
}

// top lists the bot's messages that are no replies, oldest first.
func (f *facts) top() []sandbox.SlackMessage {
	return slices.DeleteFunc(slices.Clone(f.w.Messages), func(m sandbox.SlackMessage) bool { return m.By != "" || m.Thread != "" })
}

// message is the one that tells of the release: the first that names its version.
func (f *facts) message() (m sandbox.SlackMessage, found bool) {
	for _, m := range f.top() {
		if runOf(m.Metadata) != "" && strings.Contains(m.Text+string(m.Blocks), f.w.Version) {
			return m, true
		}
	}
	return sandbox.SlackMessage{}, false
}

// toldOnce: a release is one message, and one more at most when it is over; otherwise the channel learns to look away.
func toldOnce(f *facts) []string {
	m, found := f.message()
	if !found {
		return []string{"no message names " + f.w.Version + " and its run"}
	}
	var posts []said
	var saw []string
	asked := map[string]bool{} // people who were asked alone
	for _, s := range f.speech(routePost) {
		switch {
		case s.thread != "" || s.run != runOf(m.Metadata):
		case !s.alone():
			posts = append(posts, s)
		case asked[s.to]:
			saw = append(saw, fmt.Sprintf("call %d asked one person of the same run again", s.call.Seq))
		default:
			asked[s.to] = true
		}
	}
	if len(posts) == 0 {
		return append(saw, "the record does not hold how the message came to the channel")
	}
	done := f.deployed(place{f.w.Release, f.w.Environment})
	for i, s := range posts[1:] {
		if i > 0 || done.IsZero() || s.call.At.Before(done) {
			saw = append(saw, fmt.Sprintf("call %d posted another message of the same run", s.call.Seq))
		}
	}
	return saw
}

// toldInPlace: the message is where people look, so it has to follow the release.
func toldInPlace(f *facts) []string {
	m, found := f.message()
	if !found || m.Edits > 0 && len(f.editions(m)) > 0 {
		return nil // Without a message slack-once has said so.
	}
	return []string{"the message was never edited"}
}

// editions lists the edits of a message.
func (f *facts) editions(m sandbox.SlackMessage) []said {
	return slices.DeleteFunc(f.speech(routeUpdate), func(s said) bool { return s.ts != m.TS })
}

// buttonLed: an approver who is asked in Slack must be one click away from where GitHub takes the answer.
func buttonLed(f *facts) []string {
	m, found := f.message()
	opening, opened := f.opening()
	if f.w.Gate != gateReviewers || !found || !opened {
		return nil // Then other rules speak.
	}
	versions := f.editions(m)
	for _, s := range f.speech(routePost) {
		if s.thread == "" && s.run == runOf(m.Metadata) {
			versions = append(versions, s)
		}
	}
	for _, run := range f.deploys(f.w.Release, f.w.Environment) {
		page := fmt.Sprintf("/%s/%s/actions/runs/%d", f.w.Repo.Owner, f.w.Repo.Name, run.ID)
		for _, s := range versions {
			if s.call.Seq < opening.Seq && slices.ContainsFunc(buttons(s.blocks), func(to string) bool { return strings.HasSuffix(to, page) }) {
				return nil
			}
		}
	}
	return []string{"before the door opened, the message had no button to the page of the waiting run"}
}

// buttons lists where the buttons of a message lead.
func buttons(blocks string) []string {
	var list []struct {
		Elements []struct {
			Type string `json:"type"`
			URL  string `json:"url"`
		} `json:"elements"`
	}
	read([]byte(blocks), &list)
	var out []string
	for _, b := range list {
		for _, e := range b.Elements {
			if e.Type == "button" {
				out = append(out, e.URL)
			}
		}
	}
	return out
}

// toldTheEnd: the last word has to be that the release was looked at and is good.
func toldTheEnd(f *facts) []string {
	m, found := f.message()
	if !found || strings.Contains(m.Text+string(m.Blocks), "verified") {
		return nil
	}
	return []string{fmt.Sprintf("the message ended as %q", m.Text)}
}

// toldNothingElse: besides the two runs of the story the app has nothing to say in the channel.
func toldNothingElse(f *facts) []string {
	main, _ := f.message()
	other, count := "", map[string]int{}
	var saw []string
	for _, m := range f.top() {
		run := runOf(m.Metadata)
		if other == "" && run != runOf(main.Metadata) {
			other = run
		}
		count[run]++
		if run == "" || run != other && run != runOf(main.Metadata) || run == other && count[run] > 2 {
			saw = append(saw, fmt.Sprintf("message %s is of no run of the story: %q", m.TS, m.Text))
		}
	}
	return saw
}
