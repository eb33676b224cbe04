package templates

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// huge is a run in which everything is as long and as many as it can be.
func huge() pipeline.State {
	s := nasty()
	long := strings.Repeat("@<&`é ", 2000)
	s.Run.Release.Version, s.Run.Environment = long, "production"
	for i := range 60 {
		s.Run.Release.Commits = append(s.Run.Release.Commits, pipeline.Commit{SHA: long, Message: long, Authors: []pipeline.Person{{Login: fmt.Sprint(i, long)}}})
		s.Run.Release.Sensitive = append(s.Run.Release.Sensitive, long)
		s.Run.Notes = append(s.Run.Notes, pipeline.Note{At: noon, Who: "x", Text: long})
		approve(s, pipeline.Person{ID: int64(100 + i), Login: long}, pipeline.SurfaceComment)
		id := fmt.Sprintf("s%d", i)
		s.Run.Plan().Stages = append(s.Run.Plan().Stages, &pipeline.Stage{ID: id, Title: long, Kind: pipeline.KindSmoke})
		s.Run.Stages[id] = &pipeline.StageRun{Status: pipeline.StageFailed, Attempt: 1, StartedAt: noon, EndedAt: noon, Reason: &pipeline.Refusal{
			Code: "x", Reason: long, Fix: long, Lines: long, Who: []string{long},
		}}
	}
	return s
}

// TestLimits holds every state, and one that is far too large, to the limits of
// GitHub, Slack and Discord.
func TestLimits(t *testing.T) {
	all := states()
	all["huge"] = huge
	for name, state := range all {
		t.Run(name, func(t *testing.T) {
			v := view(state())
			for _, s := range v.Stages {
				checkLimits(t, CheckRun(v, s.ID))
			}
			for _, m := range []SlackMessage{Slack(v, false), Slack(v, true), SlackDetails(v), SlackNotice(v)} {
				slackLimits(t, m)
			}
			if v.Gate != nil {
				slackLimits(t, SlackAsk(v, 1, true))
				slackLimits(t, SlackAsk(v, alice.ID, false))
				if r, ok := DoorReport(v); ok && (len(r) > maxDoorComment || !utf8.ValidString(r)) {
					t.Errorf("door report of %d bytes", len(r))
				}
			}
			for _, m := range []DiscordMessage{Discord(v), DiscordOpening(v)} {
				discordLimits(t, m)
			}
			if d, ok := DeploymentOf(v); ok && len(d.Description) > maxDescription {
				t.Errorf("description of %d bytes", len(d.Description))
			}
			for _, approve := range []bool{true, false} {
				if c := DoorComment(v, approve); len(c) > maxDoorComment || !utf8.ValidString(c) {
					t.Errorf("door comment of %d bytes", len(c))
				}
			}
			if s := Status(v); len(s) > maxComment || openFence(s) != "" {
				t.Errorf("status of %d bytes", len(s))
			}
		})
	}
}

func checkLimits(t *testing.T, c Check) {
	t.Helper()
	switch {
	case len(c.Summary) > maxSummary || len(c.Text) > maxSummary || len(c.Name) > maxCheckName || len(c.Title) > maxCheckTitle:
		t.Errorf("%s: name %d, title %d, summary %d, text %d", c.ExternalID, len(c.Name), len(c.Title), len(c.Summary), len(c.Text))
	case c.Title == "" || c.Summary == "":
		t.Errorf("%s: GitHub requires a title and a summary", c.ExternalID)
	case openFence(c.Summary) != "":
		t.Errorf("%s leaves a fence open", c.ExternalID)
	case (c.Status == CheckCompleted) != (c.Conclusion != ""):
		t.Errorf("%s: status %q with conclusion %q", c.ExternalID, c.Status, c.Conclusion)
	case len(c.Actions) > 3 || c.Status != CheckCompleted && len(c.Actions) > 0:
		t.Errorf("%s: buttons that nobody would see: %v", c.ExternalID, c.Actions)
	}
	for _, a := range c.Actions {
		if len(a.Label) > 20 || len(a.Description) > 40 || len(a.Identifier) > 20 {
			t.Errorf("button too long: %+v", a)
		}
	}
}

func slackLimits(t *testing.T, m SlackMessage) {
	t.Helper()
	if m.Text == "" || len(m.Text) > maxFallback || len(m.Blocks) > maxBlocks {
		t.Errorf("text of %d bytes, %d blocks", len(m.Text), len(m.Blocks))
	}
	for _, b := range m.Blocks {
		switch b := b.(type) {
		case *api.HeaderBlock:
			if len(b.Text.Text) > maxHeader {
				t.Errorf("header of %d bytes", len(b.Text.Text))
			}
		case *api.SectionBlock:
			if len(b.Text.Text) > maxSection || !b.Text.Verbatim {
				t.Errorf("section of %d bytes, verbatim %t", len(b.Text.Text), b.Text.Verbatim)
			}
		case *api.ContextBlock:
			for _, e := range b.ContextElements.Elements {
				if text, ok := e.(*api.TextBlockObject); !ok || len(text.Text) > maxSection {
					t.Errorf("context too long")
				}
			}
		}
	}
	if _, err := json.Marshal(m.Blocks); err != nil {
		t.Error(err)
	}
}

// discordLimits counts bytes: there are never more characters.
func discordLimits(t *testing.T, m DiscordMessage) {
	t.Helper()
	total := len(m.Title) + len(m.Description) + len(m.Footer)
	if m.Title == "" || m.Description == "" || len(m.Title) > 256 || len(m.Description) > 4096 || len(m.Footer) > 2048 || len(m.Fields) > 25 {
		t.Errorf("title %d, description %d, footer %d, %d fields", len(m.Title), len(m.Description), len(m.Footer), len(m.Fields))
	}
	for _, f := range m.Fields {
		total += len(f.Name) + len(f.Value)
		if f.Name == "" || f.Value == "" || len(f.Name) > 256 || len(f.Value) > 1024 || !utf8.ValidString(f.Value) {
			t.Errorf("field %q of %d bytes", f.Name, len(f.Value))
		}
	}
	if total > 6000 || !utf8.ValidString(m.Title+m.Description+m.Footer) {
		t.Errorf("%d bytes in all", total)
	}
}

// TestDeploymentIsActionsUntilItsJobEnded follows an adopted Deployment and an
// own one through the same run.
func TestDeploymentIsActionsUntilItsJobEnded(t *testing.T) {
	at := states()
	for name, want := range map[string]struct{ adopted, own DeploymentState }{
		"gate-native":   {"", DeploymentQueued},
		"deploying":     {"", DeploymentInProgress},
		"smoke-running": {DeploymentInProgress, DeploymentInProgress},
		"succeeded":     {DeploymentSuccess, DeploymentSuccess},
		"smoke-failed":  {DeploymentFailure, DeploymentFailure},
		"rejected":      {"", DeploymentInactive},
	} {
		s := at[name]()
		if d, _ := DeploymentOf(view(s)); d.State != want.adopted {
			t.Errorf("%s, adopted: %q, want %q", name, d.State, want.adopted)
		}
		s.Run.Deployment.Own = true
		if d, _ := DeploymentOf(view(s)); d.State != want.own {
			t.Errorf("%s, own: %q, want %q", name, d.State, want.own)
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "under 1s", 80 * time.Second: "1m 20s", time.Hour: "1h", 50 * time.Hour: "2d 2h", 1499 * time.Millisecond: "1s",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%s) = %q, want %q", d, got, want)
		}
	}
	if got := stamp(time.Date(2026, 11, 24, 4, 12, 0, 0, time.FixedZone("", 3600))); got != "2026-11-24 03:12 UTC" {
		t.Errorf("stamp gives %q", got)
	}
	if got := list([]string{"a", "b", "c"}); got != "a, b and c" {
		t.Errorf("list gives %q", got)
	}
}

// TestViewLeavesTheStateAlone renders everything and compares the state.
func TestViewLeavesTheStateAlone(t *testing.T) {
	for name, state := range states() {
		s := state()
		before, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		surfaces(view(s))
		after, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if string(before) != string(after) {
			t.Errorf("%s: rendering changed the state", name)
		}
	}
}
