package demo_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// slowGoogle answers as slowly as the real one.
func slowGoogle() google.Options {
	return google.Options{Latency: 300 * time.Millisecond, Traffic: 5 * time.Second}
}

// BenchmarkRestore says how long it takes from the final approval until every
// pointer is back and confirmed, Google answering in 300 ms and moving traffic in
// 5 s, and what the same calls would take one after the other.
func BenchmarkRestore(b *testing.B) {
	var took, alone []time.Duration
	calls := 0
	for b.Loop() {
		l := live(b, demo.Options{Google: slowGoogle()}, nil, nil)
		ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
		back, err := l.teller().Rollback(ctx)
		cancel()
		if err != nil {
			b.Fatal(err)
		}
		l.World.Drain()
		world, err := l.BackEvidence(back)
		if err != nil {
			b.Fatal(err)
		}
		if wrong := witness.Rollback(world); len(wrong) > 0 {
			b.Fatal(wrong)
		}
		figures := witness.MeasureBack(world)
		took = append(took, time.Duration(figures.ManualRestoredMS)*time.Millisecond)
		alone = append(alone, oneByOne(world))
		calls = figures.GoogleCalls
		l.end()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(calls), "google-calls")
	b.ReportMetric(float64(sumOf(took))/float64(sumOf(alone)), "of-one-by-one")
	tellOf(b, "approval-to-restored", took)
}

// oneByOne is how long the calls of the manual rollback would take one after the
// other: each its latency, and each change of traffic its five seconds.
func oneByOne(world witness.Back) (sum time.Duration) {
	var approved time.Time
	for _, c := range world.Repo.Comments {
		if c.ID == world.Approved {
			approved = c.CreatedAt
		}
	}
	for _, c := range world.Calls {
		if c.Kind != sandbox.KindGoogle || c.At.Before(approved) {
			continue
		}
		sum += 300 * time.Millisecond
		if c.Method == "PATCH" && c.Route == "run/v2 run.projects.locations.services.patch" {
			sum += 5 * time.Second
		}
	}
	return sum
}

func sumOf(all []time.Duration) (sum time.Duration) {
	for _, d := range all {
		sum += d
	}
	return sum
}
