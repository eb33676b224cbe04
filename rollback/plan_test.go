package rollback_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/rollback"
)

func at(k pipeline.ComponentKind, id, pointer, blob string) pipeline.Component {
	return pipeline.Component{Kind: k, ID: id, Pointer: pointer, Blob: blob}
}

func snapshot(components ...pipeline.Component) pipeline.Snapshot {
	return pipeline.Snapshot{V: pipeline.SnapshotVersion, Project: "avalo-c8c46", Components: components}
}

func TestMake(t *testing.T) {
	was := snapshot(
		at(pipeline.ComponentFlags, "firebase", "11", ""), at(pipeline.ComponentRules, "cloud.firestore", "a1", "text"),
		at(pipeline.ComponentHosting, "avalo", "v7", ""), at(pipeline.ComponentFunction, "europe-west1/api", "api-00007", "zip"),
		at(pipeline.ComponentFunction, "europe-west1/old", "old-00001", ""), at(pipeline.ComponentHosting, "docs", "d1", ""),
	)
	now := snapshot(
		at(pipeline.ComponentFlags, "firebase", "12", ""), at(pipeline.ComponentRules, "cloud.firestore", "b2", "text2"),
		at(pipeline.ComponentHosting, "avalo", "v8", ""), at(pipeline.ComponentFunction, "europe-west1/api", "api-00008", "zip2"),
		at(pipeline.ComponentFunction, "europe-west1/new", "new-00001", ""), at(pipeline.ComponentHosting, "docs", "d1", ""),
	)
	holds := map[string]rollback.Holding{
		"remote-config/firebase": {Pointer: true}, "rules/cloud.firestore": {Why: "the ruleset was deleted"}, "hosting/avalo": {Pointer: true},
		"function/europe-west1/api": {Pointer: true}, "function/europe-west1/old": {Why: "the function was deleted"},
	}
	since := []pipeline.Released{{Flags: []string{"ai"}, Migrations: []string{"003_add"}}}
	plan, why := rollback.Make(released("r1", "v1", "1111111", true), was, now, holds, since)
	if why != nil {
		t.Fatal(why)
	}
	var got []string
	for _, m := range plan.Moves {
		got = append(got, fmt.Sprintf("%d %s %s→%s %s %v", m.Wave, m.Key(), m.From.Pointer, m.To.Pointer, m.How, m.Flags))
	}
	for _, l := range plan.Left {
		got = append(got, fmt.Sprintf("left %s/%s: %s", l.Kind, l.ID, l.Why.Code))
	}
	want := []string{
		"0 remote-config/firebase 12→11 pointer [ai]",
		"1 rules/cloud.firestore b2→a1 recreate []",
		"1 hosting/avalo v8→v7 pointer []",
		"1 function/europe-west1/api api-00008→api-00007 pointer []",
		"left function/europe-west1/new: added-since",
		"left function/europe-west1/old: target-gone",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if plan.Same != 1 || !slices.Equal(plan.Migrations, []string{"003_add"}) {
		t.Errorf("same %d, migrations %v", plan.Same, plan.Migrations)
	}
}

func TestMakeRefuses(t *testing.T) {
	was, now := snapshot(at(pipeline.ComponentHosting, "avalo", "v7", "")), snapshot(at(pipeline.ComponentHosting, "avalo", "v8", ""))
	if _, why := rollback.Make(released("r1", "v1", "1111111", true), was, was, nil, nil); why == nil || why.Code != "already-live" {
		t.Errorf("nothing differs: %+v", why)
	}
	holds := map[string]rollback.Holding{"hosting/avalo": {Why: "the version was deleted"}}
	if _, why := rollback.Make(released("r1", "v1", "1111111", true), was, now, holds, nil); why == nil || why.Code != "nothing-moves" || !strings.Contains(why.Reason, "the version was deleted") {
		t.Errorf("nothing is left of the target: %+v", why)
	}
	was.Unread = []pipeline.Unread{{Kind: pipeline.ComponentRules, Why: pipeline.Refusal{Code: "denied", Reason: "Rules could not be read."}}}
	plan, why := rollback.Make(released("r1", "v1", "1111111", true), was, now, map[string]rollback.Holding{"hosting/avalo": {Pointer: true}}, nil)
	if why != nil || len(plan.Moves) != 1 || len(plan.Left) != 1 || plan.Left[0].Why.Code != "denied" {
		t.Errorf("what could not be read is said: %+v, %+v", plan, why)
	}
}

// Whatever is live and whatever was: each component that differs is either moved,
// once, to where it was, or left with a reason; nothing else is touched; flags
// move first; and no move goes to something that is not there.
func TestMakeProperties(t *testing.T) {
	component := rapid.Custom(func(t *rapid.T) pipeline.Component {
		return at(rapid.SampledFrom(pipeline.ComponentKinds()).Draw(t, "kind"), rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"),
			rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "pointer"), rapid.SampledFrom([]string{"", "blob"}).Draw(t, "blob"))
	})
	some := rapid.SliceOfDistinct(component, pipeline.Component.Key)
	rapid.Check(t, func(t *rapid.T) {
		was, now := snapshot(some.Draw(t, "was")...), snapshot(some.Draw(t, "now")...)
		holds := map[string]rollback.Holding{}
		for _, c := range was.Components {
			holds[c.Key()] = rollback.Holding{Pointer: rapid.Bool().Draw(t, "there")}
		}
		since := []pipeline.Released{{Flags: rapid.SliceOfN(rapid.Just("flag"), 0, 1).Draw(t, "flags")}}
		plan, _ := rollback.Make(released("r1", "v1", "1111111", true), was, now, holds, since)
		seen := map[string]int{}
		wave := 0
		for _, m := range plan.Moves {
			seen[m.Key()]++
			to, there := was.Component(m.Key())
			switch {
			case !there || to != m.To:
				t.Fatalf("%s moves to where it never was", m.Key())
			case !holds[m.Key()].Pointer && to.Blob == "":
				t.Fatalf("%s moves to what is gone", m.Key())
			case m.Wave < wave || (m.Wave == 0) != (m.Kind == pipeline.ComponentFlags):
				t.Fatalf("%s is in wave %d", m.Key(), m.Wave)
			}
			wave = m.Wave
		}
		for _, l := range plan.Left {
			seen[string(l.Kind)+"/"+l.ID]++
			if l.Why.Code == "" || l.Why.Reason == "" {
				t.Fatalf("%s is left without a reason", l.ID)
			}
		}
		for _, c := range pipeline.Changes(now, was) {
			if seen[c.Key()] != 1 {
				t.Fatalf("%s is named %d times", c.Key(), seen[c.Key()])
			}
			delete(seen, c.Key())
		}
		if len(seen) > 0 {
			t.Fatalf("what did not change is named: %v", seen)
		}
	})
}

func TestJudge(t *testing.T) {
	crash := pipeline.Signal{Name: "crash rate", Max: 0.05, MinSamples: 50}
	with := func(missing string) pipeline.Signal { s := crash; s.Missing = missing; return s }
	for _, c := range []struct {
		name string
		in   []rollback.Reading
		want rollback.Outcome
		says string
	}{
		{"under the limit", []rollback.Reading{{Signal: crash, Value: 0.02, Samples: 80}}, rollback.Passed, ""},
		{"at the limit", []rollback.Reading{{Signal: crash, Value: 0.05, Samples: 80}}, rollback.Passed, ""},
		{"above it", []rollback.Reading{{Signal: crash, Value: 0.08, Samples: 80}}, rollback.Failed, "crash rate is 8 %; the limit is 5 %."},
		{"above it, of too few", []rollback.Reading{{Signal: crash, Value: 0.5, Samples: 3}}, rollback.Passed, ""},
		{"no data", []rollback.Reading{{Signal: crash, Missing: true}}, rollback.Error, "has no data"},
		{"no data, which fails", []rollback.Reading{{Signal: with("fail"), Missing: true}}, rollback.Failed, "counts as a failure"},
		{"no data, which is ignored", []rollback.Reading{{Signal: with("ignore"), Missing: true}}, rollback.Passed, ""},
		{"the source is down", []rollback.Reading{{Signal: crash, Err: "503"}}, rollback.Error, "could not be read: 503."},
		{"not a number", []rollback.Reading{{Signal: crash, Value: math.NaN(), Samples: 80}}, rollback.Error, "not a number"},
		{"bad beats unknown", []rollback.Reading{{Signal: crash, Err: "503"}, {Signal: crash, Value: 1, Samples: 80}}, rollback.Failed, "limit"},
		{"nothing was read", nil, rollback.Error, "No signal"},
	} {
		got := rollback.Judge(c.in)
		if got.Outcome != c.want || !strings.Contains(strings.Join(got.Reasons, " "), c.says) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestAutomatic(t *testing.T) {
	usual := rollback.Case{
		Trouble: rollback.SmokeCritical, Environment: "production", OnFailure: pipeline.OnFailureRollback,
		History: history(), Live: &pipeline.Shipped{Run: "r6"},
	}
	for _, c := range []struct {
		name   string
		change func(*rollback.Case)
		want   rollback.Action
		code   string
	}{
		{"a critical probe failed", func(*rollback.Case) {}, rollback.Restore, ""},
		{"half a deploy", func(c *rollback.Case) { c.Trouble = rollback.DeployHalf }, rollback.Restore, ""},
		{"a figure is too high", func(c *rollback.Case) { c.Trouble = rollback.WatchFailed }, rollback.Restore, ""},
		{"it could not be told", func(c *rollback.Case) { c.Trouble = rollback.WatchError }, rollback.Hold, "watch-unknown"},
		{"only a minor probe", func(c *rollback.Case) { c.Trouble = rollback.SmokeMinor }, rollback.Ask, "minor-failure"},
		{"never twice", func(c *rollback.Case) { c.Tried = true }, rollback.Hold, "tried-before"},
		{"the file says ask", func(c *rollback.Case) { c.OnFailure = pipeline.OnFailureAsk }, rollback.Ask, "ask-first"},
		{"nothing verified", func(c *rollback.Case) { c.History = c.History[:1] }, rollback.Hold, "no-verified-release"},
	} {
		in := usual
		c.change(&in)
		got := rollback.Automatic(in)
		if got.Action != c.want || got.Why.Code != c.code {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got.Action == rollback.Restore && got.Target.Run != "r3" {
			t.Errorf("%s: goes back to %s", c.name, got.Target.Run)
		}
	}
}
