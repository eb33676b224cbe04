package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestScenarios plays the conversations in testdata/scenarios. A line that
// begins with "> " says something to the machine; the indented lines below it
// are the answer. See testdata/scenarios/README.md for the words.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) { playFile(t, file) })
	}
}

func playFile(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	w := newStage(t)
	var got strings.Builder
	lines := strings.Split(strings.TrimRight(string(src), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if strings.HasPrefix(line, "    ") {
			continue // a former answer
		}
		got.WriteString(line + "\n")
		if line == "> config" {
			i++
			for ; i < len(lines) && lines[i] != "> end"; i++ {
				got.WriteString(lines[i] + "\n")
				w.source += lines[i] + "\n"
			}
			got.WriteString("> end\n")
			w.configure()
			continue
		}
		if say, ok := strings.CutPrefix(line, "> "); ok {
			for _, answer := range w.say(strings.Fields(say)) {
				got.WriteString("    " + answer + "\n")
			}
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got.String() != string(src) {
		t.Errorf("%s: the machine answers otherwise (go test ./pipeline -update rewrites it)\n%s", file, diffLines(string(src), got.String()))
	}
}

func diffLines(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return fmt.Sprintf("line %d: nothing wanted, got %q", i+1, b[i])
		case i >= len(b):
			return fmt.Sprintf("line %d: wanted %q, got nothing", i+1, a[i])
		case a[i] != b[i]:
			return fmt.Sprintf("line %d:\n wanted %s\n    got %s", i+1, a[i], b[i])
		}
	}
	return ""
}

func (w *theatre) event(name string, f Fact) []string {
	run := w.runs[name]
	before := w.describe(run)
	step := Next(State{Lane: w.lanes[run.Lane], Run: run}, Event{At: w.at, Zones: time.LoadLocation, Fact: f})
	w.runs[name], w.lanes[run.Lane] = step.State.Run, step.State.Lane
	w.log = append(w.log, step.Log...)
	out := changes(name, before, w.describe(step.State.Run))
	if step.Refused != nil {
		out = append(out, name+" refused: "+step.Refused.Error())
	}
	for _, o := range step.Effects {
		out = append(out, fmt.Sprintf("%s owes %s %s", name, o.Key, detail(o.Effect)))
	}
	for _, o := range step.Effects {
		if tell, ok := o.Effect.(Tell); ok {
			if w.runs[string(tell.Run)] != nil {
				out = append(out, w.event(string(tell.Run), tell.Fact)...)
			}
			continue
		}
		if start, ok := o.Effect.(StartRun); ok {
			out = append(out, w.begin("auto", start.Run)...)
		}
		if w.held[EffectKind(o.Effect)] {
			w.owed[name] = append(w.owed[name], o)
			continue
		}
		out = append(out, w.event(name, Answered{Key: o.Key, Outcome: w.natural(o.Effect)})...)
	}
	return out
}

func (w *theatre) ticks() []string {
	out := w.laneTicks()
	for _, name := range w.names {
		r := w.runs[name]
		if at := Wake(State{Lane: w.lanes[r.Lane], Run: r}); !at.IsZero() && !at.After(w.at) {
			out = append(out, w.event(name, Tick{})...)
		}
	}
	return out
}

func (w *theatre) describe(r *Run) map[string]string {
	d := map[string]string{"run": string(r.Status)}
	if r.Reason != nil && r.Status != RunActive {
		d["run"] += ": " + r.Reason.Reason
	}
	for id, sr := range r.Stages {
		d[id] = string(sr.Status)
		if sr.Attempt > 1 {
			d[id] += " (attempt " + strconv.Itoa(sr.Attempt) + ")"
		}
		if sr.Reason != nil && r.Status == RunActive {
			d[id] += ": " + sr.Reason.Reason
		}
	}
	if r.Gate != nil {
		d["door"] = string(r.Gate.Door)
	}
	return d
}

func changes(name string, a, b map[string]string) []string {
	var keys []string
	for k := range b {
		if a[k] != b[k] {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	var out []string
	for _, k := range keys {
		out = append(out, name+" "+k+" is "+b[k])
	}
	return out
}

func detail(e Effect) string {
	switch e := e.(type) {
	case StartWorkflow:
		return "StartWorkflow " + e.File + " on " + e.Branch + " needs " + e.Inputs["gatehouse_needs"]
	case AnswerDoor:
		return fmt.Sprintf("AnswerDoor approve=%t: %s", e.Approve, e.Comment)
	case Reply:
		if e.Refused != nil {
			return "Reply: " + e.Refused.Error()
		}
		return "Reply ok " + e.Text
	case Remind:
		if e.Discord {
			return "Remind in Discord"
		}
	case Summon:
		where := map[bool]string{true: " in Discord"}[e.To.Discord] + map[bool]string{true: " in the issue"}[e.To.Issue]
		return "Summon " + strings.Join(names(e.People), " ") + where + map[bool]string{true: ": the glass is broken"}[e.Glass]
	case MovePart:
		return "MovePart " + e.Move.Key()
	case TakeSnapshot:
		return strings.TrimSpace("TakeSnapshot " + e.Since)
	case JudgeTrouble:
		return "JudgeTrouble " + e.Kind
	case Tell:
		return "Tell " + string(e.Run) + " " + FactKind(e.Fact)
	}
	return EffectKind(e)
}

func (w *theatre) show(name string) []string {
	d := w.describe(w.runs[name])
	out := changes(name, nil, d)
	l := w.lanes[w.runs[name].Lane]
	for _, d := range w.runs[name].Decisions {
		text := d.Text
		if d.Refused != nil {
			text = d.Refused.Reason + " " + d.Refused.Fix
		}
		out = append(out, fmt.Sprintf("%s decides %q: %s", name, d.Stage, text))
	}
	out = append(out, fmt.Sprintf("lane holder=%q queue=%v live=%s verified=%s", l.Holder, l.Queue, ship(l.Live), ship(l.Verified)))
	for _, h := range l.History {
		if h.After == "" && h.Bad == "" {
			continue // nothing is to be returned to
		}
		line := fmt.Sprintf("released %s before=%s after=%s verified=%t", h.Version, h.Before, h.After, h.Verified)
		if h.Bad != "" {
			line += " bad: " + h.Bad
		}
		out = append(out, line)
	}
	if k := l.Lock; k != nil {
		out = append(out, "locked by "+k.Who()+": "+k.Why)
	}
	if l.Doubt != nil {
		out = append(out, fmt.Sprintf("doubt since %s: %s", l.Doubt.Version, l.Doubt.Reason))
	}
	return out
}

func ship(s *Shipped) string {
	if s == nil {
		return "nothing"
	}
	return s.Version
}

func (w *theatre) explain(name string) []string {
	r := w.runs[name]
	x := Explain(State{Lane: w.lanes[r.Lane], Run: r})
	out := []string{x.Headline}
	for _, wait := range x.Waits {
		out = append(out, "- "+wait.Error())
	}
	if x.Next != "" {
		out = append(out, x.Next)
	}
	return out
}

func (w *theatre) story() []string {
	var out []string
	for _, e := range w.log {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%d %s %s %s %s %s", e.Seq, e.Run, e.Who, e.What, e.On, e.Why)))
	}
	for id, l := range w.lanes {
		var of []Entry
		for _, e := range w.log {
			if e.Lane == id {
				of = append(of, e)
			}
		}
		if err := VerifyLog(of, l.LogHead); err != nil {
			out = append(out, "broken: "+err.Error())
		}
	}
	return out
}
