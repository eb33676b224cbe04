package github

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// GitHub's secondary limits for one installation, and what is kept back of its hourly budget.
const (
	pointsPerMinute  = 900
	pointsOfWrite    = 5
	contentPerMinute = 80
	contentPerHour   = 500
	keptFromShow     = 0.20 // Below this part of the budget, and of a pace, nothing is only shown any more.
	keptFromDo       = 0.02 // The last part is for doors, which somebody waits at.
	firstPenalty     = time.Minute
	longestPenalty   = time.Hour
	suspendedRest    = 5 * time.Minute // between two looks whether an installation is back
)

// meter knows what one installation may still ask of GitHub. It never waits: it answers yes, or when.
type meter struct {
	mu           sync.Mutex
	limit        int
	remaining    int
	reset        time.Time
	blockedUntil time.Time
	shutUntil    time.Time // shutUntil is when a suspended installation is asked for the next time.
	blockedWhy   string
	rest         time.Duration // rest is the first penalty.
	strikes      int           // strikes counts the secondary limits in a row that named no time.
	points       *bucket
	content      *bucket
	contentHour  *bucket
	others       others
}

// bucket is one limit, and the time that was promised last to those who must wait.
type bucket struct {
	*rate.Limiter
	promised time.Time
}

// newBucket holds a tenth less than GitHub allows. Of several processes each hears of the others' calls
// with its own next answer, and so may be some calls late.
func newBucket(per time.Duration, n int) *bucket {
	n -= n / 10
	return &bucket{Limiter: rate.NewLimiter(rate.Every(per/time.Duration(n)), n)}
}

// promise gives each who must wait a time of his own. If all came back when there is
// room for one, they would be turned away again and again.
func (b *bucket) promise(earliest time.Time, amount int) time.Time {
	next := b.promised.Add(time.Duration(float64(amount) / float64(b.Limit()) * float64(time.Second)))
	if next.Before(earliest) {
		next = earliest
	}
	b.promised = next
	return next
}

// untilSpare is how long it takes until so much is there again that something may be shown.
func (b *bucket) untilSpare(now time.Time) time.Duration {
	missing := keptFromShow*float64(b.Burst()) - b.TokensAt(now)
	return time.Duration(max(0, missing) / float64(b.Limit()) * float64(time.Second))
}

func newMeter(penalty time.Duration) *meter {
	return &meter{
		rest:        penalty,
		points:      newBucket(time.Minute, pointsPerMinute),
		content:     newBucket(time.Minute, contentPerMinute),
		contentHour: newBucket(time.Hour, contentPerHour),
	}
}

// refusal is a call that was not sent.
type refusal struct {
	class   Class
	why     string
	retryAt time.Time
}

func (r *refusal) Error() string { return r.why }

// admit lets a call pass, or says why not and until when.
func (m *meter) admit(now time.Time, c *call) *refusal {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Before(m.shutUntil) {
		return &refusal{Suspended, "not sent: the installation is suspended", m.shutUntil}
	}
	if now.Before(m.blockedUntil) {
		return &refusal{RateLimited, m.blockedWhy, m.blockedUntil}
	}
	if no := m.budget(now, c.priority); no != nil {
		return no
	}
	if no := m.pace(now, c); no != nil {
		return no
	}
	if m.limit > 0 && now.Before(m.reset) {
		m.remaining--
	}
	m.others.leave(c.points(), c.content)
	return nil
}

// lost notes that a call was not answered.
func (m *meter) lost() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.others.came(0)
}

// budget keeps the end of the hourly budget for what matters most.
func (m *meter) budget(now time.Time, p Priority) *refusal {
	if m.limit == 0 || !now.Before(m.reset) {
		return nil
	}
	kept := 0.0
	switch p {
	case Show:
		kept = keptFromShow
	case Do:
		kept = keptFromDo
	case Door:
	}
	if m.remaining > 0 && float64(m.remaining) >= kept*float64(m.limit) {
		return nil
	}
	why := fmt.Sprintf("not sent: %d of %d requests are left this hour and are kept for more important calls", max(m.remaining, 0), m.limit)
	return &refusal{RateLimited, why, m.reset}
}

// pace takes from the buckets. A door takes what is not there yet, because it is rare and must not wait; what is
// only shown leaves a part to what is done.
func (m *meter) pace(now time.Time, c *call) *refusal {
	type claim struct {
		bucket *bucket
		amount int
		what   string
	}
	claims := []claim{{m.points, c.points(), "900 points a minute"}}
	if c.content {
		claims = append(claims, claim{m.content, 1, "80 created contents a minute"}, claim{m.contentHour, 1, "500 created contents an hour"})
	}
	taken := make([]*rate.Reservation, 0, len(claims))
	for _, cl := range claims {
		r := cl.bucket.ReserveN(now, cl.amount)
		taken = append(taken, r)
		delay := r.DelayFrom(now)
		if c.priority == Show {
			delay = max(delay, cl.bucket.untilSpare(now))
		}
		if delay == 0 || c.priority == Door {
			continue
		}
		for _, t := range taken {
			t.CancelAt(now)
		}
		return &refusal{RateLimited, "not sent: GitHub's pace of " + cl.what + " is reached", cl.bucket.promise(now.Add(delay), cl.amount)}
	}
	return nil
}

// points is what GitHub counts for a call.
func (c *call) points() int {
	if c.effect == reads {
		return 1
	}
	return pointsOfWrite
}

// settle learns from an answer. It gives the time of another try if GitHub limited the call.
func (m *meter) settle(now time.Time, a answer) (retryAt time.Time, limited bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	blocked := now.Before(m.blockedUntil)
	m.others.came(a.status)
	m.count(now, a)
	if a.suspended() {
		m.shutUntil = now.Add(suspendedRest)
		return time.Time{}, false
	}
	switch {
	case a.primary():
		m.block(untilReset(now, a), "GitHub's hourly limit is used up")
	case a.secondary():
		m.block(m.penalty(now, a, blocked), "GitHub's secondary limit was hit")
	default:
		if !blocked {
			m.strikes = 0
		}
		if a.hasRate && a.remaining == 0 && now.Before(a.reset) {
			m.block(a.reset, "GitHub's hourly limit is used up")
		}
		return time.Time{}, false
	}
	return m.blockedUntil, true
}

// open lets calls of a suspended installation pass at once.
func (m *meter) open() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shutUntil = time.Time{}
}

// count believes the lowest number of one hour, because answers overtake each other.
func (m *meter) count(now time.Time, a answer) {
	if !a.hasRate || a.reset.IsZero() {
		return
	}
	defer m.others.heard(now)
	sameHour := now.Before(m.reset) && a.reset.Sub(m.reset).Abs() < time.Minute
	switch {
	case m.limit == 0 || (!sameHour && a.reset.After(m.reset)):
		m.limit, m.remaining, m.reset = a.limit, a.remaining, a.reset
		m.charge(now, m.others.begin(now, a.reset, a.limit-a.remaining))
	case sameHour:
		m.limit, m.remaining = a.limit, min(m.remaining, a.remaining)
		m.charge(now, m.others.news(a.limit-a.remaining))
	}
}

func (m *meter) block(until time.Time, why string) {
	if until.After(m.blockedUntil) {
		m.blockedUntil, m.blockedWhy = until, "not sent: "+why
	}
}

// untilReset is the later of what GitHub says, because before the reset the next call would fail as well.
func untilReset(now time.Time, a answer) time.Time {
	until := now.Add(a.retryAfter)
	if a.reset.After(until) {
		until = a.reset
	}
	if !until.After(now) {
		until = now.Add(firstPenalty)
	}
	return until
}

// penalty is what GitHub says, else a minute, twice as long each time it happens again.
// Several calls that were on their way together count as one.
func (m *meter) penalty(now time.Time, a answer, blocked bool) time.Time {
	if a.retryAfter > 0 {
		return now.Add(a.retryAfter)
	}
	if blocked {
		return m.blockedUntil
	}
	wait := min(m.rest<<min(m.strikes, 6), longestPenalty)
	m.strikes++
	return now.Add(wait)
}

// left is what the meter believes to be left of the hour; -1 when it does not know.
func (m *meter) left() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.limit == 0 {
		return -1
	}
	return max(m.remaining, 0)
}
