package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// record adds a line to the audit trail of the lane and moves its head. What a
// person did or was refused says from where; what happens at a gate, about which
// release and under which policy.
func (m *machine) record(what, on string, who Person, why string) {
	e := Entry{At: m.at, Run: m.run.ID, Who: who.Login, ID: who.ID, What: what, On: on, Why: why}
	if who != (Person{}) || what == "refused" {
		e.from(m.from)
	}
	if g := m.run.Gate; g != nil && !g.OpenAt.IsZero() {
		e.Release, e.Policy = m.run.Bound().Digest(), g.Policy.Digest()
	}
	m.log = append(m.log, m.lane.record(e))
}

func (e *Entry) from(o Origin) {
	e.From = o.Surface
	if o.Slack != nil {
		e.Slack = o.Slack.Team + "/" + o.Slack.User
	}
}

// record makes the entry the next line of the lane's audit trail.
func (l *Lane) record(e Entry) Entry {
	l.LogSeq++
	e.Lane, e.Seq, e.Prev = l.ID, l.LogSeq, l.LogHead
	e.Hash = e.Sum()
	l.LogHead = e.Hash
	return e
}

// origin is from where the person acts who is behind a fact.
func (m *machine) origin(f Fact) Origin {
	if c, ok := f.(Commanded); ok {
		return c.Where
	}
	if a, ok := f.(Answered); ok {
		return m.run.Asks[a.Key].Where
	}
	if _, ok := f.(Reviewed); ok {
		return Origin{Surface: SurfaceReview}
	}
	_, pressed := f.(Pressed)
	if _, again := f.(RerunRequested); pressed || again {
		return Origin{Surface: SurfaceButton}
	}
	return Origin{} // nobody acts
}

// Digest names a policy.
func (p *Policy) Digest() string {
	b, err := json.Marshal(p)
	if err != nil {
		return "" // a Policy has no value that JSON cannot hold
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Sum is the hash that the entry must have: SHA-256 over its JSON form without
// Hash, in hex.
func (e Entry) Sum() string {
	e.Hash = ""
	e.At = e.At.UTC()
	b, err := json.Marshal(e)
	if err != nil {
		return "" // an Entry has no value that JSON cannot hold
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// VerifyLog says where a lane's chain is broken, or nil. Entries come oldest
// first; head is what the lane holds.
func VerifyLog(entries []Entry, head string) error {
	prev := ""
	for i, e := range entries {
		switch {
		case e.Seq != int64(i)+1:
			return fmt.Errorf("entry %d of lane %s is missing: the next is %d", i+1, e.Lane, e.Seq)
		case e.Prev != prev:
			return fmt.Errorf("entry %d of lane %s does not follow the one before it", e.Seq, e.Lane)
		case e.Sum() != e.Hash:
			return fmt.Errorf("entry %d of lane %s was changed after it was written", e.Seq, e.Lane)
		}
		prev = e.Hash
	}
	if prev != head {
		return fmt.Errorf("the last entries of the lane are missing: its head is %.12s, the last entry is %.12s", head, prev)
	}
	return nil
}

// NewRunID makes the id of the run that a delivery starts in a pipeline.
func NewRunID(at time.Time, cause, pipeline string) RunID {
	sum := sha256.Sum256([]byte(cause + "\x00" + pipeline))
	return RunID(fmt.Sprintf("%08x", at.Unix()) + hex.EncodeToString(sum[:4]))
}

func short(sha string) string {
	if len(sha) > 7 {
		return sha[:7]
	}
	return sha
}

// clock renders a moment for people.
func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

func seconds(d time.Duration) string {
	if d >= time.Hour && d%time.Hour == 0 {
		return strconv.Itoa(int(d/time.Hour)) + "h"
	}
	return d.Round(time.Second).String()
}
