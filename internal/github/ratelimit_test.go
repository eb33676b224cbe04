package github_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

const (
	secondary = `{"message":"You have exceeded a secondary rate limit.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`
	primary   = `{"message":"API rate limit exceeded for installation ID 5."}`
)

func at(d time.Duration) string { return strconv.FormatInt(noon.Add(d).Unix(), 10) }

// TestLimits gives, for each way in which GitHub limits, when the next try may be.
func TestLimits(t *testing.T) {
	halfHour := at(30 * time.Minute)
	tests := map[string]struct {
		answer http.HandlerFunc
		wait   time.Duration
	}{
		"403, hour used up":                    {reply(403, primary, "X-RateLimit-Remaining", "0", "X-RateLimit-Limit", "5000", "X-RateLimit-Reset", halfHour), 30 * time.Minute},
		"429, hour used up":                    {reply(429, primary, "X-RateLimit-Remaining", "0", "X-RateLimit-Limit", "5000", "X-RateLimit-Reset", halfHour), 30 * time.Minute},
		"429, hour used up, no reset":          {reply(429, primary, "X-RateLimit-Remaining", "0"), time.Minute},
		"403, secondary with Retry-After":      {reply(403, secondary, "Retry-After", "17", "X-RateLimit-Reset", halfHour, "X-RateLimit-Remaining", "4000"), 17 * time.Second},
		"403, secondary without Retry-After":   {reply(403, secondary, "X-RateLimit-Reset", halfHour, "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "4000"), time.Minute},
		"403, secondary with the hour used up": {reply(403, secondary, "X-RateLimit-Reset", halfHour, "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0"), 30 * time.Minute},
		"403, Retry-After alone":               {reply(403, `{"message":"slow down"}`, "Retry-After", "5"), 5 * time.Second},
		"403, Retry-After as a date":           {reply(403, secondary, "Retry-After", noon.Add(90*time.Second).Format(http.TimeFormat)), 90 * time.Second},
		"403, Retry-After is nonsense":         {reply(403, secondary, "Retry-After", "soon"), time.Minute},
		"403, Retry-After is past":             {reply(403, secondary, "Retry-After", "-3"), time.Second},
		"429 with nothing, not even JSON":      {reply(429, "<html>"), time.Minute},
		"403, told by the page it names":       {reply(403, `{"message":"No.","documentation_url":"https://docs.example/#secondary-rate-limits"}`), time.Minute},
		"403, old words":                       {reply(403, `{"message":"You have triggered an abuse detection mechanism."}`), time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "")
			f.on("*", tt.answer)
			r := f.repo()
			_, err := r.Info(background())
			e := failed(t, err, github.RateLimited)
			equal(t, "retry at", e.RetryAt.UTC(), noon.Add(tt.wait))

			f.on("*", reply(200, `{}`))
			f.advance(tt.wait - time.Second/2)
			_, err = r.Info(github.WithPriority(background(), github.Door))
			e = failed(t, err, github.RateLimited)
			equal(t, "retry at, refused here", e.RetryAt.UTC(), noon.Add(tt.wait))
			equal(t, "requests while blocked", len(f.requests()), 1)

			f.advance(time.Second) // Neither the meter nor go-github refuses any longer.
			_, err = r.Info(background())
			ok(t, err)
		})
	}
}

func TestLimitOfOneInstallationIsNotAnothers(t *testing.T) {
	f := newFake(t, "")
	f.on("POST /app/installations/6/access_tokens", reply(201, `{"token":"ghs_six","expires_at":"2095-01-01T00:00:00Z"}`))
	f.on("*", reply(429, secondary))
	a := f.app()
	_, err := a.Repo(ref()).Info(background())
	fails(t, err, github.RateLimited)
	f.on("*", reply(200, `{"id":9}`))
	other := ref()
	other.Installation = 6
	_, err = a.Repo(other).Info(background())
	ok(t, err)
}

// TestPenaltyGrows doubles the wait while GitHub names no time, and forgets after a success.
func TestPenaltyGrows(t *testing.T) {
	f := newFake(t, "")
	r := f.repo()
	f.on("*", reply(403, secondary))
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		_, err := r.Info(background())
		e := failed(t, err, github.RateLimited)
		equal(t, "wait", e.RetryAt.Sub(f.now()), want*time.Minute)
		f.advance(want * time.Minute)
	}
	f.on("*", reply(200, `{}`))
	_, err := r.Info(background())
	ok(t, err)
	f.on("*", reply(403, secondary))
	_, err = r.Info(background())
	equal(t, "wait after a success", failed(t, err, github.RateLimited).RetryAt.Sub(f.now()), time.Minute)
}

// TestPriorities keeps the last fifth from Show, the last fiftieth from Do, and nothing from Door.
func TestPriorities(t *testing.T) {
	tests := []struct {
		remaining      int
		show, do, door bool
	}{
		{5000, true, true, true},
		{1000, true, true, true},
		{999, false, true, true},
		{100, false, true, true},
		{99, false, false, true},
		{1, false, false, true},
		{0, false, false, false},
	}
	for _, tt := range tests {
		t.Run(strconv.Itoa(tt.remaining), func(t *testing.T) {
			for p, want := range map[github.Priority]bool{github.Show: tt.show, github.Do: tt.do, github.Door: tt.door} {
				f := newFake(t, "")
				f.on("*", reply(200, `{}`, "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", strconv.Itoa(tt.remaining), "X-RateLimit-Reset", at(30*time.Minute)))
				r := f.repo()
				_, err := r.Info(background())
				ok(t, err)
				_, err = r.Info(github.WithPriority(background(), p))
				if want {
					ok(t, err)
					continue
				}
				equal(t, "retry at", failed(t, err, github.RateLimited).RetryAt.UTC(), noon.Add(30*time.Minute))
				f.advance(30 * time.Minute)
				_, err = r.Info(github.WithPriority(background(), p))
				ok(t, err)
			}
		})
	}
}

// TestLateAnswersDoNotRefill believes the lowest number of the hour, and a new hour at once.
func TestLateAnswersDoNotRefill(t *testing.T) {
	f := newFake(t, "")
	r := f.repo()
	show := github.WithPriority(background(), github.Show)
	says := func(remaining int, reset time.Duration) {
		f.on("*", reply(200, `{}`, "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", strconv.Itoa(remaining), "X-RateLimit-Reset", at(reset)))
		_, err := r.Info(background())
		ok(t, err)
	}
	says(900, 30*time.Minute)
	says(4000, 30*time.Minute+time.Second) // The answer of an earlier request, a rounding later.
	_, err := r.Info(show)
	fails(t, err, github.RateLimited)
	f.advance(30 * time.Minute)
	says(4999, 2*30*time.Minute)
	_, err = r.Info(show)
	ok(t, err)
}

// TestPace refuses what is more than nine tenths of what GitHub likes in a minute, with the time at which there is room.
func TestPace(t *testing.T) {
	tests := map[string]struct {
		call  func(*github.Repo) error
		burst int
		wait  time.Duration
	}{
		"reads":    {func(r *github.Repo) error { _, err := r.Info(background()); return err }, 810, time.Minute / 810},
		"writes":   {func(r *github.Repo) error { return r.Cancel(background(), 1, false) }, 162, 5 * time.Minute / 810},
		"contents": {func(r *github.Repo) error { _, err := r.Comment(background(), 1, "x"); return err }, 72, time.Minute / 72},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "")
			f.on("*", reply(200, `{}`))
			r := f.repo()
			for i := range tt.burst {
				if err := tt.call(r); err != nil {
					t.Fatalf("call %d: %v", i, err)
				}
			}
			e := failed(t, tt.call(r), github.RateLimited)
			if got := e.RetryAt.Sub(noon); (got - tt.wait).Abs() > time.Microsecond {
				t.Errorf("wait: got %v, want %v", got, tt.wait)
			}
			equal(t, "requests", len(f.requests()), tt.burst)
			ok(t, r.AnswerDoor(github.WithPriority(background(), github.Door), 1, "prod", github.Approved, "")) // A door does not wait.
			f.advance(time.Minute)
			ok(t, tt.call(r))
		})
	}
}

// TestContentOfAnHour refuses the 501st content even if each minute was slow.
func TestContentOfAnHour(t *testing.T) {
	f := newFake(t, "")
	f.on("*", reply(201, `{}`))
	r := f.repo()
	made := 0
	for range 12 { // Twelve minutes at 80 a minute would be 960.
		for range 80 {
			if _, err := r.Comment(background(), 1, "x"); err == nil {
				made++
			}
		}
		f.advance(time.Minute)
	}
	if made < 450 || made > 450+12*8 {
		t.Errorf("made %d contents in twelve minutes", made)
	}
}

func TestObservations(t *testing.T) {
	f := newFake(t, "")
	f.on("*", reply(200, `{}`, "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "900", "X-RateLimit-Reset", at(time.Hour)))
	r := f.repo()
	_, err := r.Info(background())
	ok(t, err)
	_, err = r.WorkflowRun(github.WithPriority(background(), github.Show), 3)
	fails(t, err, github.RateLimited)
	equal(t, "observations", fmt.Sprint(f.observed()), fmt.Sprint([]github.Observation{
		{Installation: 5, Method: "POST", Route: "fetch a token", Status: 201, Remaining: -1},
		{Installation: 5, Method: "GET", Route: "read repository", Status: 200, Remaining: 900},
		{Installation: 5, Method: "GET", Route: "read a workflow run", Refused: true, Remaining: 900},
	}))
}

// Those who must wait come back one after the other, each when there is room for
// him: a crowd is turned away about once a head, not once a head and place.
func TestPaceSpreadsACrowd(t *testing.T) {
	const burst, crowd, each = 162, 40, 5 * time.Minute / 810
	f := newFake(t, "")
	f.on("*", reply(202, `{}`))
	r := f.repo()
	for range burst {
		ok(t, r.Cancel(background(), 1, false))
	}
	waiting, refused, at := make([]time.Duration, crowd), 0, time.Duration(0)
	for len(waiting) > 0 {
		slices.Sort(waiting)
		next := waiting[0]
		waiting = waiting[1:]
		f.advance(next - at)
		at = next
		if err := r.Cancel(background(), 1, false); err != nil {
			refused++
			waiting = append(waiting, failed(t, err, github.RateLimited).RetryAt.Sub(noon))
		}
	}
	if refused > 2*crowd {
		t.Errorf("%d calls were refused %d times", crowd, refused)
	}
	if at > crowd*each+each {
		t.Errorf("they took %s, and the pace allows it in %s", at, crowd*each)
	}
}
