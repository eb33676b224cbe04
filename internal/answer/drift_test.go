package answer_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// Only what an answer's own date shows beyond doubt is a drift.
func TestDrift(t *testing.T) {
	asked := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	const took = 8 * time.Second
	for what, c := range map[string]struct {
		date  string
		age   string
		ahead time.Duration
	}{
		"no date":              {},
		"no date, but words":   {date: "soon"},
		"the same time":        {date: stamp(asked.Add(3 * time.Second))},
		"a little ahead":       {date: stamp(asked.Add(took + 19*time.Second))},
		"a little behind":      {date: stamp(asked.Add(-19 * time.Second))},
		"an hour ahead":        {date: stamp(asked.Add(took + time.Hour)), ahead: time.Hour},
		"an hour behind":       {date: stamp(asked.Add(-time.Hour)), ahead: -time.Hour},
		"an hour old, a cache": {date: stamp(asked.Add(-time.Hour)), age: "3600"},
	} {
		var d answer.Drift
		header := http.Header{}
		header.Set("Date", c.date)
		if c.age != "" {
			header.Set("Age", c.age)
		}
		changed := d.Learn(header, asked, asked.Add(took))
		if changed != (c.ahead != 0) || d.Ahead() != c.ahead {
			t.Errorf("%s: changed %t, ahead %s, want %s", what, changed, d.Ahead(), c.ahead)
		}
		if got := d.Theirs(asked); !got.Equal(asked.Add(c.ahead)) || !d.Ours(got).Equal(asked) || !d.Theirs(time.Time{}).IsZero() || !d.Ours(time.Time{}).IsZero() {
			t.Errorf("%s: noon is %s there", what, got)
		}
		if c.ahead == 0 {
			continue
		}
		if d.Learn(header, asked.Add(time.Second), asked.Add(took)) {
			t.Errorf("%s: a second more or less counts as news", what)
		}
		header.Set("Date", stamp(asked))
		if !d.Learn(header, asked, asked.Add(took)) || d.Ahead() != 0 {
			t.Errorf("%s: a clock that was set is not noticed: %s", what, d.Ahead())
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format(http.TimeFormat) }
