package rollback

import (
	"fmt"
	"math"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Reading is what a signal said.
type Reading struct {
	Signal  pipeline.Signal
	Value   float64
	Samples int    // on how many events the value rests; 0: the source does not say
	Missing bool   // the source answered and had no data
	Err     string // why the source could not be asked; empty: it was
}

// Outcome is what the figures say of a release.
type Outcome string

// The outcomes.
const (
	Passed Outcome = "passed"
	Failed Outcome = "failed" // the release is bad: automation may go back
	Error  Outcome = "error"  // it could not be told: the lane is held and people are called
)

// Verdict is an outcome with the sentence for each signal that led to it.
type Verdict struct {
	Outcome Outcome
	Reasons []string
}

// Judge weighs the readings. A figure above its limit, with enough samples, makes
// the release bad, whatever else could not be read. A figure that is missing
// counts as its signal says; without a word, it could not be told.
func Judge(readings []Reading) Verdict {
	v := Verdict{Outcome: Passed}
	for _, r := range readings {
		o, why := r.judge()
		if o == Passed {
			continue
		}
		v.Reasons = append(v.Reasons, why)
		if v.Outcome != Failed {
			v.Outcome = o
		}
	}
	if len(readings) == 0 {
		return Verdict{Outcome: Error, Reasons: []string{"No signal was read."}}
	}
	return v
}

func (r Reading) judge() (Outcome, string) {
	s := r.Signal
	switch {
	case r.Err != "":
		return Error, fmt.Sprintf("%s could not be read: %s.", s.Name, r.Err)
	case r.Missing:
		return r.missing()
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
		return Error, s.Name + " is not a number."
	case r.Samples < s.MinSamples:
		return Passed, "" // too few to say anything; the next look may have more
	case r.Value > s.Max:
		return Failed, fmt.Sprintf("%s is %s; the limit is %s.", s.Name, figure(r.Value, s.Max), figure(s.Max, s.Max))
	}
	return Passed, ""
}

func (r Reading) missing() (Outcome, string) {
	switch r.Signal.Missing {
	case "fail":
		return Failed, r.Signal.Name + " has no data, which counts as a failure."
	case "ignore":
		return Passed, ""
	default:
		return Error, r.Signal.Name + " has no data."
	}
}

// figure writes a share as a percentage where the limit is one.
func figure(v, limit float64) string {
	if limit > 0 && limit <= 1 {
		return fmt.Sprintf("%.4g %%", v*100)
	}
	return fmt.Sprintf("%.4g", v)
}
