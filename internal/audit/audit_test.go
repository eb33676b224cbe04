package audit_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/audit"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// trail is a store of one installation with two lanes.
type trail struct {
	lanes []*pipeline.Lane
	log   map[pipeline.LaneID][]pipeline.Entry
}

func (t *trail) Installations(context.Context) ([]int64, error) { return []int64{7}, nil }

func (t *trail) Lanes(context.Context, int64) ([]*pipeline.Lane, error) { return t.lanes, nil }

func (t *trail) Log(_ context.Context, _ int64, lane pipeline.LaneID) ([]pipeline.Entry, error) {
	return t.log[lane], nil
}

// written has three lines a lane.
func written() *trail {
	t := &trail{log: map[pipeline.LaneID][]pipeline.Entry{}}
	for _, id := range []pipeline.LaneID{"avalo-staging", "avalo-c8c46"} {
		lane := &pipeline.Lane{ID: id}
		for i, e := range []pipeline.Entry{
			{What: "run-started", Who: "dana", ID: 4, On: "production", Why: "production for v1.2.0"},
			{What: "refused", Who: "dana", ID: 4, On: "approve", Why: "=HYPERLINK(\"https://evil.example\")", From: pipeline.SurfaceComment, Release: "r1", Policy: "p1"},
			{What: "approval", Who: "ada", ID: 5, On: "production", Why: "Slack", From: pipeline.SurfaceSlack, Slack: "T1/U7", Release: "r1", Policy: "p1"},
		} {
			e.Lane, e.Seq, e.At, e.Run, e.Prev = id, int64(i)+1, noon.Add(time.Duration(i)*time.Hour), "6553f1001a2b3c4d", lane.LogHead
			e.Hash = e.Sum()
			lane.LogSeq, lane.LogHead = e.Seq, e.Hash
			t.log[id] = append(t.log[id], e)
		}
		t.lanes = append(t.lanes, lane)
	}
	return t
}

func TestVerify(t *testing.T) {
	const id = pipeline.LaneID("avalo-c8c46")
	for name, c := range map[string]struct {
		tamper func(*trail)
		want   string
	}{
		"whole":              {func(*trail) {}, ""},
		"changed":            {func(t *trail) { t.log[id][1].Why = "nothing" }, "entry 2 of lane avalo-c8c46 was changed after it was written"},
		"another surface":    {func(t *trail) { t.log[id][2].From = pipeline.SurfacePage }, "entry 3 of lane avalo-c8c46 was changed after it was written"},
		"missing":            {func(t *trail) { t.log[id] = slices.Delete(t.log[id], 1, 2) }, "entry 2 of lane avalo-c8c46 is missing: the next is 3"},
		"the last missing":   {func(t *trail) { t.log[id] = t.log[id][:2] }, "the last entries of the lane are missing"},
		"all missing":        {func(t *trail) { t.log[id] = nil }, "the last entries of the lane are missing"},
		"reordered":          {func(t *trail) { t.log[id][0], t.log[id][1] = t.log[id][1], t.log[id][0] }, "entry 1 of lane avalo-c8c46 is missing: the next is 2"},
		"reordered by seq":   {func(t *trail) { a := t.log[id]; a[0].Seq, a[1].Seq = 2, 1; a[0], a[1] = a[1], a[0] }, "entry 1 of lane avalo-c8c46 does not follow"},
		"made anew":          {func(t *trail) { a := t.log[id]; a[2].Who = "eve"; a[2].Hash = a[2].Sum() }, "the last entries of the lane are missing: its head is"},
		"written meanwhile":  {func(t *trail) { t.log[id] = append(t.log[id], pipeline.Entry{Seq: 4}) }, ""},
		"the head is behind": {func(t *trail) { t.lanes[1].LogSeq, t.lanes[1].LogHead = 2, t.log[id][0].Hash }, "the last entries of the lane are missing"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := written()
			c.tamper(tr)
			lanes, err := audit.Verify(t.Context(), tr)
			if err != nil || len(lanes) != 2 || lanes[0].Wrong != "" {
				t.Fatalf("got %+v, %v", lanes, err)
			}
			if got := lanes[1].Wrong; !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func export(t *testing.T, form string, since time.Time) string {
	t.Helper()
	var b bytes.Buffer
	w, err := audit.NewWriter(form, &b)
	if err != nil {
		t.Fatal(err)
	}
	if err := audit.Export(t.Context(), written(), since, w.Write); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// What is exported is what was written: whoever keeps the lines can verify them
// without us.
func TestExportJSON(t *testing.T) {
	var lines []pipeline.Entry
	for text := range strings.Lines(export(t, "jsonl", time.Time{})) {
		var l audit.Line
		if err := json.Unmarshal([]byte(text), &l); err != nil || l.Installation != 7 {
			t.Fatalf("%s: %v", text, err)
		}
		if l.Lane == "avalo-c8c46" {
			lines = append(lines, l.Entry)
		}
	}
	if err := pipeline.VerifyLog(lines, written().lanes[1].LogHead); err != nil || len(lines) != 3 {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

func TestExportCSV(t *testing.T) {
	rows, err := csv.NewReader(strings.NewReader(export(t, "csv", noon.Add(time.Hour)))).ReadAll()
	if err != nil || len(rows) != 1+2*2 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	want := []string{
		"7", "avalo-staging", "2", "2026-11-24T13:00:00Z", "6553f1001a2b3c4d", "dana", "4", "", "comment", "refused", "approve",
		`'=HYPERLINK("https://evil.example")`, "r1", "p1",
	}
	if !slices.Equal(rows[1][:len(want)], want) {
		t.Errorf("got %q", rows[1])
	}
	if len(rows[1]) != len(rows[0]) || rows[2][7] != "T1/U7" {
		t.Errorf("got %q", rows[2])
	}
}

func TestNoSuchForm(t *testing.T) {
	if _, err := audit.NewWriter("xlsx", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "jsonl or csv") {
		t.Errorf("got %v", err)
	}
}
