package main_test

import (
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// looks is when GitHub was asked for the App's deliveries.
type looks struct {
	mu sync.Mutex
	at []time.Time
}

func (l *looks) heard(c sandbox.Call) {
	if c.Phase != sandbox.Arrived || c.Route != "/app/hook/deliveries" && c.Path != "/api/v3/app/hook/deliveries" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.at = append(l.at, c.At)
}

func (l *looks) all() []time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at[:len(l.at):len(l.at)]
}

// TestOneLookForAll has three programs on one store, each of which wants to look
// for lost webhooks every 300 ms, and hears how often GitHub is asked: as often as
// by one program. Each looks once at its own start besides.
func TestOneLookForAll(t *testing.T) {
	t.Parallel()
	const every, turns = 300 * time.Millisecond, 12
	f := startFleet(t, build(t), backends()[1], calm{}, &reaper{})
	l := &looks{}
	f.shops.town.OnCall(l.heard)
	for first := 0; ; {
		at := l.all()
		if first == 0 && len(at) >= f.instances() {
			first = len(at)
		}
		if first > 0 && len(at) > first+turns {
			// Nine tenths of the time must have passed between two, however slow this machine is; three
			// programs that each look for themselves need a third of it.
			if took := at[first+turns].Sub(at[first]); took < turns*every*6/10 {
				t.Errorf("%d looks in %s by %d programs that look every %s: each looks for itself", turns, took, f.instances(), every)
			}
			return
		}
		if err := f.wait(); err != nil {
			t.Fatalf("GitHub was asked %d times: %v\n%s", len(at), err, f.tails())
		}
	}
}

func (f *fleet) instances() int { return len(f.members) }
