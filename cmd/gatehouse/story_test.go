package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// theStory is what a grep for the run's id finds in the log of a release: how it
// began, what was entered into the audit trail, each stage's way, and its end.
const theStory = `a run has started: production v1.2.0 by dana
a run changed: active
trail: run-started by dana on production
trail: gate-reached on production, by environment
trail: approval by ada on production, GitHub review
trail: approved on production, ada
trail: lane-held
trail: door-opening on production, approved by ada
trail: door-opened on production
trail: deployed on production, v1.2.0
trail: verified on production, v1.2.0
trail: lane-left
trail: run-succeeded on production, v1.2.0
a run changed: succeeded
`

// logLine is a line of the log.
type logLine struct {
	Msg, Run, Status, Stage, What, Who, On, Why, Pipeline, Version, By, Fact, Effect string
}

// tellsTheStory demands that one grep by a run's id tells its story, in the JSON
// lines that the program wrote, and gives no secret away.
func (s *scene) tellsTheStory(run string) {
	s.Helper()
	var found strings.Builder
	stages, heard := map[string][]string{}, map[string]bool{}
	var first, middle, last []string
	lines := bufio.NewScanner(strings.NewReader(s.log.String()))
	for lines.Scan() {
		if !strings.Contains(lines.Text(), run) {
			continue
		}
		fmt.Fprintln(&found, lines.Text())
		var l logLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			s.Errorf("no JSON: %v: %s", err, lines.Text())
		}
		heard[l.Fact], heard[l.Effect] = true, true
		switch l.Msg {
		case "a run has started":
			first = append(first, fmt.Sprintf("%s: %s %s by %s", l.Msg, l.Pipeline, l.Version, l.By))
		case "a run changed":
			last = append(last, l.Msg+": "+l.Status)
		case "entered into the audit trail":
			middle = append(middle, l.entry())
		case "a stage changed":
			stages[l.Stage] = append(stages[l.Stage], l.Status)
		}
	}
	began := min(1, len(last))
	got := strings.Join(slices.Concat(first, last[:began], middle, last[began:]), "\n") + "\n"
	if got != theStory {
		s.Errorf("the log tells\n%s\ninstead of\n%s\nin\n%s", got, theStory, found.String())
	}
	for _, id := range slices.Sorted(maps.Keys(stages)) {
		if way := stages[id]; way[len(way)-1] != "passed" || !slices.Contains(way, "running") {
			s.Errorf("stage %s: %v", id, way)
		}
	}
	if len(stages) != 12 || !heard["StartWorkflow"] || !heard["AnswerDoor"] || !heard["RunProbes"] || !heard["WorkflowSeen"] {
		s.Errorf("%d stages; facts and effects: %v", len(stages), slices.Sorted(maps.Keys(heard)))
	}
	s.keepsSecrets(found.String())
}

func (l logLine) entry() string {
	text := "trail: " + l.What
	if l.Who != "" {
		text += " by " + l.Who
	}
	if strings.HasPrefix(l.What, "lane-") { // named by a number, and by whom it is held
		return text
	}
	if l.What == "run-started" { // which commit, which the line above has
		l.Why = ""
	}
	text += " on " + l.On
	if l.Why != "" {
		text += ", " + l.Why
	}
	return text
}
