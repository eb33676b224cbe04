package sandbox

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// The faults of requests, then those of webhooks.
const (
	Status500        FaultKind = "status500"
	Status502        FaultKind = "status502"
	Status503        FaultKind = "status503"
	Status429        FaultKind = "status429"
	SecondaryLimited FaultKind = "secondary" // 403; Retry-After only if Fault.RetryAfter is set.
	PrimaryLimited   FaultKind = "primary"   // 403 with nothing remaining and a reset.
	TokenExpired     FaultKind = "token"     // 401, and from then on for everything that comes with this token.
	Slow             FaultKind = "slow"      // The request is handled after Fault.Delay.
	Hang             FaultKind = "hang"      // The request is never answered; it ends with the client's patience.

	Lost      FaultKind = "lost"      // Never sent; the list of deliveries shows it as failed.
	Forgotten FaultKind = "forgotten" // Never sent, and too old to be listed.
	Doubled   FaultKind = "doubled"   // Sent twice with one GUID.
	Reordered FaultKind = "reordered" // Sent after the one that follows it.
)

// Fault is one rule. The first rule that matches a request or webhook decides.
type Fault struct {
	// Method is an HTTP method, "" for any, or "webhook".
	Method string
	// Path is a prefix of the request's path (such as /slack/api/), or the webhook's event; "" is all of the REST API,
	// or every webhook.
	Path string
	// Contains must occur in the path of a request; "" matches all.
	Contains string
	Kind     FaultKind
	// Ambiguous lets the request take effect before the error is answered.
	Ambiguous  bool
	RetryAfter time.Duration
	Delay      time.Duration // Delay holds a request back before it is handled, whatever comes then.
	// Times is how often the rule applies; 0 is always.
	Times int
	// Probability is between 0 and 1; 0 means always.
	Probability float64
}

// Faults are the rules in force.
type Faults struct{ Rules []Fault }

type faultState struct {
	mu    sync.Mutex
	rules []Fault
	used  []int
	rng   *rand.Rand
}

func (f *faultState) init(seed uint64) {
	f.rng = rand.New(rand.NewPCG(seed, seed)) //nolint:gosec // faults have to be repeatable, not secret
}

// SetFaults replaces the rules.
func (w *World) SetFaults(faults Faults) {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	w.faults.rules = faults.Rules
	w.faults.used = make([]int, len(faults.Rules))
}

// UnusedFaults lists the rules that applied to nothing.
func (w *World) UnusedFaults() []Fault {
	w.faults.mu.Lock()
	defer w.faults.mu.Unlock()
	var unused []Fault
	for i, rule := range w.faults.rules {
		if w.faults.used[i] == 0 {
			unused = append(unused, rule)
		}
	}
	return unused
}

// pick finds the rule for a request or webhook and counts its use; the zero Fault means that all is well.
func (f *faultState) pick(method, path string) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, rule := range f.rules {
		if !rule.matches(method, path) || rule.Times > 0 && f.used[i] >= rule.Times {
			continue
		}
		if rule.Probability > 0 && f.rng.Float64() >= rule.Probability {
			continue
		}
		f.used[i]++
		return rule
	}
	return Fault{}
}

func (f Fault) matches(method, path string) bool {
	if (f.Method == "webhook") != (method == "webhook") {
		return false
	}
	if f.Method != "" && f.Method != method {
		return false
	}
	if f.Path == "" && method != "webhook" {
		f.Path = apiPrefix + "/"
	}
	return strings.HasPrefix(path, f.Path) && strings.Contains(path, f.Contains)
}

// answer is the response that a fault puts in place of the true one; ok is false when the true one goes out.
func (f Fault) answer(now time.Time) (r reply, ok bool) {
	h := http.Header{}
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	switch f.Kind {
	case Status500:
		return reply{status: 500, header: h, body: obj{"message": "Server Error"}}, true
	case Status502:
		return reply{status: 502, header: h, body: obj{"message": "Server Error"}}, true
	case Status503:
		return reply{status: 503, header: h, body: obj{"message": "Service Unavailable"}}, true
	case Status429:
		return reply{status: 429, header: h, body: limitBody("You have exceeded a secondary rate limit.")}, true
	case SecondaryLimited:
		return reply{status: 403, header: h, body: limitBody("You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")}, true
	case PrimaryLimited:
		h.Set("X-Ratelimit-Remaining", "0")
		h.Set("X-Ratelimit-Reset", strconv.FormatInt(now.Add(f.RetryAfter).Unix(), 10))
		h.Del("Retry-After")
		return reply{status: 403, header: h, body: limitBody("API rate limit exceeded for installation.")}, true
	}
	return reply{}, false
}

func limitBody(message string) obj {
	return obj{
		"message":           message,
		"documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api",
	}
}
