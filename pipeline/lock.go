package pipeline

import (
	"fmt"
	"strings"
	"time"
)

// lockNag is how often a lock is said again while runs wait for it: it may have
// been forgotten.
const lockNag = 3 * time.Hour

// Lock keeps a lane's door shut: builds and approvals go on, what is pushed
// waits and goes when the lock ends.
type Lock struct {
	By     Person    `json:"by"` // no id: Gatehouse itself
	At     time.Time `json:"at"`
	Until  time.Time `json:"until,omitzero"` // zero: until somebody unlocks it
	Why    string    `json:"why"`
	SaidAt time.Time `json:"said_at,omitzero"` // when those who wait were told of it last
	Call   *Call     `json:"call,omitempty"`   // of an incident that nobody has answered
}

// Locked is the lane's lock, or nil if there is none any more at that time.
func (l *Lane) Locked(at time.Time) *Lock {
	if l.Lock == nil || !l.Lock.Until.IsZero() && !at.Before(l.Lock.Until) {
		return nil
	}
	return l.Lock
}

// lockEnds is when the lock ends by itself; zero: it does not.
func (l *Lane) lockEnds() time.Time {
	if l.Lock == nil {
		return time.Time{}
	}
	return l.Lock.Until
}

// Who is who locked, for people.
func (k *Lock) Who() string {
	if k.By.ID == 0 {
		return "Gatehouse"
	}
	return k.By.Login
}

// refusal says that a lock keeps something waiting.
func (k *Lock) refusal(environment string) Refusal {
	r := Refusal{
		Code:   "locked",
		Reason: fmt.Sprintf("%s is locked by %s since %s: %s", environment, k.Who(), clock(k.At), ended(k.Why)),
		Fix:    "It goes by itself when that ends: /unlock " + environment + ".",
	}
	if !k.Until.IsZero() {
		r.Fix = "It goes by itself at " + clock(k.Until) + ", or after /unlock " + environment + "."
	}
	if k.By.Login != "" {
		r.Who = []string{k.By.Login}
	}
	return r
}

// ended closes what somebody wrote with a period.
func ended(s string) string {
	if s = strings.TrimSpace(s); s == "" || strings.ContainsRune(".!?", rune(s[len(s)-1])) {
		return s
	}
	return s + "."
}

// expired takes a lock off whose time is over, and says whether there was one.
func (l *Lane) expired(at time.Time) bool {
	if l.Lock == nil || l.Locked(at) != nil {
		return false
	}
	l.Lock = nil
	return true
}

// grant gives a free lane to whoever waits first. Runs that a newer one of their
// pipeline has overtaken lose their place.
func (l *Lane) grant() (granted RunID, overtaken []RunID) {
	for len(l.Queue) > 0 {
		next := l.Queue[0]
		o := l.Runs[next]
		if o != nil && l.Passed[o.Pipeline] <= o.Seq {
			return next, overtaken
		}
		l.Queue = l.Queue[1:]
		overtaken = append(overtaken, next)
	}
	return "", overtaken
}

// hand makes a run the holder.
func (l *Lane) hand(id RunID) {
	l.Holder = id
	for i, q := range l.Queue {
		if q == id {
			l.Queue = append(l.Queue[:i:i], l.Queue[i+1:]...)
			break
		}
	}
	if o := l.Runs[id]; o != nil {
		if l.Passed == nil {
			l.Passed = map[string]int64{}
		}
		l.Passed[o.Pipeline] = max(l.Passed[o.Pipeline], o.Seq)
	}
}
