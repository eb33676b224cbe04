package main_test

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// A machine whose clock is an hour wrong releases like any other: GitHub refuses
// what counts by that clock, and its own date says by what to count.
func TestClockAnHourWrong(t *testing.T) {
	t.Parallel()
	calm := func() []string {
		s := open(t, demo.Options{})
		return s.ending()
	}()
	for name, ahead := range map[string]time.Duration{"an hour slow": time.Hour, "an hour fast": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, demo.Options{Clock: sandbox.ShiftedClock(ahead)})
			s.world.SetFaults(sandbox.Faults{Rules: []sandbox.Fault{{Method: "webhook", Kind: sandbox.Lost, Probability: 0.2}}})
			if diff := compare(calm, s.ending()); diff != "" {
				t.Errorf("the world differs from that of a right clock:\n%s", diff)
			}
			if !s.log.has(`"WARN"`, "this machine's clock is not GitHub's: set it", ahead.String()) {
				t.Errorf("the log does not say that the clock is wrong:\n%s", s.log.tail())
			}
			if _, metrics := s.get("/metrics"); !tellsOf(metrics, ahead) {
				t.Error("/metrics does not tell how far the clocks are apart")
			}
			s.spare()
		})
	}
}

// tellsOf reports whether the gauge says that GitHub's clock is so far ahead.
func tellsOf(metrics string, ahead time.Duration) bool {
	for line := range strings.Lines(metrics) {
		if v, ok := strings.CutPrefix(line, "gatehouse_github_clock_ahead_seconds "); ok {
			seconds, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			return err == nil && math.Abs(seconds-ahead.Seconds()) < 60
		}
	}
	return false
}

// spare demands that GitHub was not asked in vain again and again: what counts by
// the wrong clock is refused to those who ask first, and a token serves its hour.
func (s *scene) spare() {
	s.Helper()
	refused, tokens := 0, 0
	for _, c := range s.world.Record() {
		switch {
		case c.Kind != sandbox.KindGitHub:
		case c.Status == http.StatusUnauthorized:
			refused++
		case strings.HasSuffix(c.Path, "/access_tokens"):
			tokens++
		}
	}
	if refused == 0 || refused > 8 || tokens != 1 {
		s.Errorf("%d calls were refused and %d tokens fetched", refused, tokens)
	}
}
