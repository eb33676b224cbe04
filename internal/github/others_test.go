package github_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// counting is a GitHub that keeps its secondary limit over all who ask, and says how many requests of the
// hour are used.
type counting struct {
	f       *fake
	points  *rate.Limiter
	used    int
	refused int
	reset   time.Time
}

func newCounting(f *fake) *counting {
	c := &counting{f: f, points: rate.NewLimiter(15, 900)}
	f.on("*", c.answer)
	return c
}

func (c *counting) answer(w http.ResponseWriter, r *http.Request) {
	now, points := c.f.now(), 5
	if r.Method == http.MethodGet {
		points = 1
	}
	if !now.Before(c.reset) {
		c.used, c.reset = 0, now.Add(time.Hour)
	}
	c.used++
	rates := []string{
		"X-RateLimit-Limit", "15000", "X-RateLimit-Remaining", strconv.Itoa(15000 - c.used), "X-RateLimit-Reset", strconv.FormatInt(c.reset.Unix(), 10),
	}
	if !c.points.AllowN(now, points) {
		c.refused++
		reply(403, `{"message":"You have exceeded a secondary rate limit."}`, append(rates, "Retry-After", "60")...)(w, r)
		return
	}
	reply(200, `{}`, rates...)(w, r)
}

// asks has processes ask as much as they may, in turn, for so long, with the same mix of calls.
func asks(t *testing.T, f *fake, processes []*github.Repo, during time.Duration) (made int) {
	t.Helper()
	turn := 0
	for end := f.now().Add(during); f.now().Before(end); f.advance(100 * time.Millisecond) {
		for i, r := range processes { // thirty calls a second: eight times of what is allowed
			call := func() error { return r.Cancel(background(), 1, false) }
			if (turn+i)%4 == 0 {
				call = func() error { _, err := r.Info(background()); return err }
			}
			if call() == nil {
				made++
			}
		}
		turn++
	}
	return made
}

// Three processes that know nothing of each other keep GitHub's pace together, also over the end of an hour,
// and leave little of it unused.
func TestPaceOfSeveralProcesses(t *testing.T) {
	f := newFake(t, "")
	gh := newCounting(f)
	var processes []*github.Repo
	for range 3 {
		processes = append(processes, f.repo())
	}
	gh.reset = f.now().Add(3 * time.Minute)
	made := asks(t, f, processes, time.Minute)
	f.advance(time.Minute) // a quiet one
	gh.points = rate.NewLimiter(15, 900)
	made += asks(t, f, processes, 2*time.Minute)
	if gh.refused > 0 {
		t.Errorf("GitHub refused %d of %d calls", gh.refused, made+gh.refused)
	}
	if made < 900 { // 900 points at once after each quiet minute and 15 a second: 4,500, at four or five a call
		t.Errorf("%d calls were made", made)
	}
}

// Another program may use up the pace; a process waits for a minute at most, and not for all that was asked
// before it came.
func TestPaceAfterOthers(t *testing.T) {
	f := newFake(t, "")
	gh := newCounting(f)
	gh.used, gh.reset = 4000, f.now().Add(30*time.Minute)
	r := f.repo()
	_, err := r.Info(background())
	ok(t, err) // 4,000 of others, before this process began
	_, err = r.Info(background())
	ok(t, err)
	gh.used += 4000 // of others, since then
	_, err = r.Info(background())
	ok(t, err)
	_, err = r.Info(background())
	e := failed(t, err, github.RateLimited)
	if wait := e.RetryAt.Sub(f.now()); wait <= 0 || wait > time.Minute+time.Second {
		t.Errorf("it waits for %s", wait)
	}
	f.advance(e.RetryAt.Sub(f.now()))
	_, err = r.Info(background())
	ok(t, err)
}

// readsUntilPaced says how many reads pass at once.
func readsUntilPaced(t *testing.T, r *github.Repo) (n int) {
	t.Helper()
	for ; n < 1000; n++ {
		if _, err := r.Info(background()); err != nil {
			_ = failed(t, err, github.RateLimited)
			return n
		}
	}
	return n
}

// A process that has just begun takes others for as busy as they were in this hour, and their calls for those of
// releases; one that meets a new hour knows that what is used of it was used since its last answer.
func TestPaceWithoutAPast(t *testing.T) {
	f := newFake(t, "")
	gh := newCounting(f)
	gh.used, gh.reset = 3000, f.now().Add(30*time.Minute) // 100 a minute, of 4.1 points each
	r := f.repo()
	if n := readsUntilPaced(t, r); n < 390 || n > 405 {
		t.Errorf("%d reads at once beside others' 100 a minute", n)
	}
	f.advance(29*time.Minute + 50*time.Second)
	gh.points = rate.NewLimiter(15, 900)
	_, err := r.Info(background())
	ok(t, err)
	f.advance(20 * time.Second)
	gh.used, gh.reset = 300, f.now().Add(time.Hour-10*time.Second) // of 1.3 points each: the process has read 400 times
	if n := readsUntilPaced(t, r); n < 415 || n > 435 {
		t.Errorf("%d reads at once after others' 300 of the new hour", n)
	}
}

// A process that is started again in the middle of a release, and first of all makes the check that it owed,
// does not take all that was asked before it for checks: what is done then does not wait.
func TestPaceAfterACrash(t *testing.T) {
	f := newFake(t, "")
	gh := newCounting(f)
	gh.used, gh.reset = 80, f.now().Add(time.Hour-20*time.Second) // two releases, a moment ago
	r := f.repo()
	for range 30 {
		_, err := r.CreateCheck(background(), github.CheckRun{Name: "production / Lint", HeadSHA: "5e1f0c3a9b7d2468ace013579bdf02468ace0135", Status: "queued"})
		ok(t, err)
	}
}

// What is only shown leaves a fifth of each pace to what is done.
func TestShowsLeavePaceToDo(t *testing.T) {
	f := newFake(t, "")
	newCounting(f).reset = f.now().Add(time.Hour)
	r := f.repo()
	create := func(ctx context.Context) error {
		_, err := r.CreateCheck(ctx, github.CheckRun{Name: "production / Lint", HeadSHA: "5e1f0c3a9b7d2468ace013579bdf02468ace0135", Status: "queued"})
		return err
	}
	count := func(ctx context.Context) (n int) {
		for ; n < 100; n++ {
			if err := create(ctx); err != nil {
				e := failed(t, err, github.RateLimited)
				if wait := e.RetryAt.Sub(f.now()); wait <= 0 || wait > 5*time.Second {
					t.Errorf("it waits for %s", wait)
				}
				return n
			}
		}
		return n
	}
	shown := count(github.WithPriority(background(), github.Show))
	done := count(github.WithPriority(background(), github.Do))
	if shown != 57 || done != 15 { // of 72
		t.Errorf("%d were shown and then %d done", shown, done)
	}
}
