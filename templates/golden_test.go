package templates

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	api "github.com/slack-go/slack"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden holds every surface to the words that were reviewed. Each file in
// testdata is named after a state; a state without a file fails too.
func TestGolden(t *testing.T) {
	cases := map[string]string{}
	for name, state := range states() {
		cases[name] = surfaces(view(state()))
	}
	for name, check := range configChecks() {
		cases[name] = showCheck(check)
	}
	for name, call := range calls() {
		cases[name] = call
	}
	for name, reply := range replies() {
		cases[name] = reply
	}
	for name, got := range cases {
		golden(t, name, got)
	}
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".golden"); cases[name] == "" {
			t.Errorf("%s belongs to no state; remove it", f)
		}
	}
}

func view(s pipeline.State) View { return NewView(s, after(25*time.Minute), sites) }

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	got = strings.ReplaceAll(got, zeroWidth, "{zero width}")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; go test ./templates -update rewrites it. Now it is:\n%s", file, got)
	}
}

func surfaces(v View) string {
	var b strings.Builder
	part := func(title, text string) {
		if text != "" {
			fmt.Fprintf(&b, "======== %s\n%s\n\n", title, strings.TrimRight(text, "\n"))
		}
	}
	part("text", Text(v))
	part("slack", showSlack(Slack(v, false)))
	part("slack with buttons", showButtons(Slack(v, true)))
	if v.Gate != nil {
		part("slack to one who can approve", showSlack(SlackAsk(v, 999, v.Gate.Open)))
		part("slack to alice", showSlack(SlackAsk(v, alice.ID, false)))
		if report, ok := DoorReport(v); ok {
			part("door report", report)
		}
	}
	part("slack details", showSlack(SlackDetails(v)))
	part("discord", showDiscord(Discord(v)))
	part("discord opening", showDiscord(DiscordOpening(v)))
	if v.Restore != nil {
		issue := Incident(v, pipeline.Incident{
			OnCall: "https://pager.example", Playbook: "https://wiki.example/playbook", Escalate: []pipeline.Escalate{{After: 10 * time.Minute, Team: "leads"}},
		})
		part("incident", issue.Title+"\n\n"+issue.Body)
	}
	if s := v.Stage("notify"); s.Attempt > 0 {
		part("slack notice", showSlack(SlackNotice(v)))
	}
	for _, s := range v.Stages {
		if s.Attempt > 0 {
			part("check "+s.ID, showCheck(CheckRun(v, s.ID)))
		}
	}
	if v.Gate != nil {
		part("check text", CheckRun(v, "approval").Text)
	}
	if v.Gate != nil && (v.End != nil || !v.Gate.Open) {
		part("door comment", DoorComment(v, v.End == nil))
	}
	if len(v.Observed) > 0 {
		part("observed", showCheck(ObservedCheck(v)))
	}
	part("status", Status(v))
	if d, ok := DeploymentOf(v); ok {
		part("deployment", fmt.Sprintf("%s: %s\nlog: %s\nenvironment: %s", d.State, d.Description, d.LogURL, d.EnvironmentURL))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func showCheck(c Check) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s [%s] %s %s\n", c.Name, c.ExternalID, c.Status, c.Conclusion)
	fmt.Fprintf(&b, "from %s to %s, %s\n", stamp(c.StartedAt), stamp(c.CompletedAt), c.DetailsURL)
	for _, a := range c.Actions {
		fmt.Fprintf(&b, "button %s: %s (%s)\n", a.Label, a.Description, a.Identifier)
	}
	fmt.Fprintf(&b, "title: %s\n%s\n", c.Title, c.Summary)
	for _, a := range c.Annotations {
		fmt.Fprintf(&b, "annotation %s %s:%d:%d-%d %s: %s\n", a.Level, a.Path, a.StartLine, a.StartColumn, a.EndColumn, a.Title, a.Message)
	}
	return b.String()
}

func showSlack(m SlackMessage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "text: %s\n", m.Text)
	for _, block := range m.Blocks {
		switch block := block.(type) {
		case *api.HeaderBlock:
			fmt.Fprintf(&b, "header: %s\n", block.Text.Text)
		case *api.SectionBlock:
			fmt.Fprintf(&b, "section:\n%s\n", block.Text.Text)
		case *api.ActionBlock:
			for _, e := range block.Elements.ElementSet {
				if button, ok := e.(*api.ButtonBlockElement); ok {
					fmt.Fprintf(&b, "button %s → %s%s %s\n", button.Text.Text, button.URL, button.Value, button.Style)
				}
			}
		case *api.ContextBlock:
			for _, e := range block.ContextElements.Elements {
				if text, ok := e.(*api.TextBlockObject); ok {
					fmt.Fprintf(&b, "context: %s\n", text.Text)
				}
			}
		}
	}
	return b.String()
}

// showButtons is what differs where buttons decide.
func showButtons(m SlackMessage) string {
	var b strings.Builder
	for line := range strings.Lines(showSlack(m)) {
		if strings.HasPrefix(line, "button") || strings.HasPrefix(line, "How:") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func showDiscord(m DiscordMessage) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s → %s (#%06x)\n%s\n", m.Title, m.URL, m.Color, m.Description)
	for _, f := range m.Fields {
		fmt.Fprintf(&b, "field %s:\n%s\n", f.Name, f.Value)
	}
	fmt.Fprintf(&b, "footer: %s\n", m.Footer)
	return b.String()
}

func configChecks() map[string]Check {
	problems := []pipeline.Problem{
		{File: ".github/gatehouse.yml", Line: 12, Column: 9, EndColumn: 15, Field: "pipelines.production.stages[2]", Message: "A stage knows no key \"aproval\".", Fix: "Did you mean approval?", Code: "unknown-key"},
		{File: ".github/gatehouse.yml", Line: 30, Column: 3, Field: "environments", Message: "There is no environment.", Fix: "Write environments: {staging: {firebase: my-project}}.", Code: "empty-list"},
	}
	refusals := []pipeline.Refusal{pipeline.NotAvailable("the stage kind watch")}
	return map[string]Check{
		"config-problems": ProblemsCheck(".github/gatehouse.yml", problems, nil, ""),
		"asked-refused":   AskedCheck(pipeline.AskRelease, refusals),
		"config-refused":  ProblemsCheck(".github/gatehouse.yml", nil, refusals, "production"),
	}
}

func replies() map[string]string {
	why := pipeline.Admit(pipeline.Policy{Need: []pipeline.Need{{Team: "avalo/release-approvers", Count: 1}}}, pipeline.Release{}, pipeline.Standing{Person: carol})
	return map[string]string{
		"reply-refused":  Reply(why, false, "", "reply/6924f1c0a1b2c3d4/12"),
		"reply-slack":    showSlack(SlackReply(why, "", "")),
		"reply-unpaired": showSlack(SlackReply(&pipeline.Refusal{Code: pipeline.CodeNotPaired, Reason: "Gatehouse does not know <!channel>."}, "", "https://gatehouse.example/pair?token=abc_-")),
		"reply-text":     Reply(nil, true, "**v1.2.0** runs.", "x --> <b>"),
	}
}
