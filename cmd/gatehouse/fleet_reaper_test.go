package main_test

import (
	"math/rand/v2"
	"sync"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// reaper kills members of a fleet at random; the zero value kills nobody.
type reaper struct {
	rng     *rand.Rand
	mu      sync.Mutex
	members []*kept
	left    int // kills to come
	mean    int // calls between them
	calls   int
	next    int // the call at which somebody is killed
	killed  int
}

// pace spreads the kills over four fifths of the calls that are expected. Those
// that these have no room for come all the same: the releases go on until then.
func (r *reaper) pace(calls int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mean = max(1, calls*4/5/max(1, r.left))
}

func (r *reaper) watch(members []*kept) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = members
}

// wants reports whether somebody is still to be killed.
func (r *reaper) wants() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.left > 0
}

// heard counts what the outside hears, on arrival and when it is done, and kills
// somebody now and then: whoever called, or another one.
func (r *reaper) heard(c sandbox.Call) {
	if callKind(c) == "" || c.Route == "/app/hook/deliveries" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if r.left == 0 || r.calls < r.next {
		return
	}
	for _, i := range r.rng.Perm(len(r.members)) {
		if r.members[i].kill() { // not one that was killed just now
			r.left--
			r.killed++
			r.next = r.calls + 1 + r.rng.IntN(max(1, 2*r.mean-1))
			return
		}
	}
}
