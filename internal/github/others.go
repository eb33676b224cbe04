package github

import (
	"math"
	"net/http"
	"time"
)

// others makes the pace that of an installation, not of a process. Every answer says how many requests of
// the hour are used, whoever made them. What this process did not ask is charged to its buckets as if it
// had, at what its own calls cost on average: the other processes are the same program. So several processes
// on one installation share GitHub's 900 points a minute, and none has to know of another. A process that has just
// begun knows a release's average: its own first call is often one that a crash interrupted, and creates something.
//
// It errs towards charging too little, by the calls that are under way: an answer may count them or not.
type others struct {
	sent     int // requests of this process that left, but for those that GitHub does not count
	answered int // those of them that came to their end
	charged  int // requests of others in this hour that were charged, or were there before it was known
	calls    int // of this process, and what they cost
	points   int
	contents int
	lastAt   time.Time  // when an answer came last,
	lastSent int        // and what had been sent by then
	owed     [2]float64 // fractions of points and of contents that are not charged yet
}

func (o *others) leave(points int, content bool) {
	o.sent++
	o.calls++
	o.points += points
	if content {
		o.contents++
	}
}

// came notes the end of a call; status is 0 if there was no answer. GitHub does not count what is not modified,
// and may not have heard of what was not answered.
func (o *others) came(status int) {
	if status == 0 || status == http.StatusNotModified {
		o.sent--
		return
	}
	o.answered++
}

// begin takes what is used of an hour that is new to this process, and says how many requests of others are to be
// charged: all since its last answer, if that came in the last minute; else, in a process that has just begun, what
// they ask in a minute on average. Own calls under way are taken for others', so that they are not charged later.
func (o *others) begin(now, reset time.Time, used int) int {
	o.charged = used - o.answered
	n := max(0, used-(o.sent-o.lastSent))
	if age := now.Sub(reset.Add(-time.Hour)); age > time.Minute && now.Sub(o.lastAt) > time.Minute {
		n = int(int64(n) * int64(time.Minute) / int64(age))
	}
	return n
}

// heard notes an answer.
func (o *others) heard(now time.Time) { o.lastAt, o.lastSent = now, o.sent }

// news says how many more requests of others an answer tells of.
func (o *others) news(used int) int {
	n := max(0, used-o.sent-o.charged)
	o.charged += n
	return n
}

// usual has a process begin as if it had asked already what a release of eleven stages asks of an installation
// (docs/performance.md). As the App it mostly reads.
func (o *others) usual() {
	const writes = 32
	o.calls = 40
	o.points = o.calls + writes*(pointsOfWrite-1)
	o.contents = 13
}

// cost is what so many calls of others cost, in whole points and contents.
func (o *others) cost(n int) (points, contents int) {
	if o.calls == 0 {
		return 0, 0
	}
	whole := func(i, of int) int {
		o.owed[i] += float64(n) * float64(of) / float64(o.calls)
		part := math.Floor(o.owed[i])
		o.owed[i] -= part
		return int(part)
	}
	return whole(0, o.points), whole(1, o.contents)
}

// charge takes from the buckets what others used.
func (m *meter) charge(now time.Time, n int) {
	if n == 0 {
		return
	}
	points, contents := m.others.cost(n)
	m.points.charge(now, points)
	m.content.charge(now, contents)
	m.contentHour.charge(now, contents)
}

// charge takes what is not there yet too, up to what a full bucket holds.
func (b *bucket) charge(now time.Time, amount int) {
	amount = min(amount, b.Burst()+int(b.TokensAt(now)))
	for amount > 0 {
		some := min(amount, b.Burst())
		b.ReserveN(now, some)
		amount -= some
	}
}
