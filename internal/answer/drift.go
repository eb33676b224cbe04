package answer

import (
	"net/http"
	"sync/atomic"
	"time"
)

// driftBearable is what a clock may differ without anybody minding: an answer's
// date has whole seconds, and GitHub's tokens allow half a minute.
const driftBearable = 20 * time.Second

// Drift is how far a server's clock is ahead of this machine's, as its answers
// tell by their date. It is zero until an answer says otherwise, and as long as
// the two agree by 20 seconds. It may be used from several goroutines.
type Drift struct{ ahead atomic.Int64 }

// Learn compares the date of an answer with the time between the request and now, and
// reports whether the drift is another one than before.
func (d *Drift) Learn(header http.Header, asked, now time.Time) (changed bool) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" { // what a cache kept is of another time
		return false
	}
	var ahead time.Duration
	switch {
	case date.After(now.Add(driftBearable)):
		ahead = date.Sub(now)
	case date.Before(asked.Add(-driftBearable)):
		ahead = date.Sub(asked)
	}
	if (ahead-d.Ahead()).Abs() < driftBearable && (ahead == 0) == (d.Ahead() == 0) {
		return false
	}
	d.ahead.Store(int64(ahead))
	return true
}

// Ahead is how far the server's clock is ahead of ours; below zero it is behind.
func (d *Drift) Ahead() time.Duration { return time.Duration(d.ahead.Load()) }

// Theirs is one of our times by the server's clock. No time stays no time.
func (d *Drift) Theirs(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(d.Ahead())
}

// Ours is one of the server's times by our clock. No time stays no time.
func (d *Drift) Ours(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-d.Ahead())
}
