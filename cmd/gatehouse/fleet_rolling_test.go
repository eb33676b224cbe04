package main_test

import "testing"

// TestRollingUpdate replaces every program of a fleet on PostgreSQL, as Kubernetes
// does: a new one starts and gets ready, then an old one is told to end, and so on,
// while webhooks arrive and releases run. None is refused or lost, and the outside
// holds what an undisturbed fleet leaves.
func TestRollingUpdate(t *testing.T) {
	if testing.Short() {
		t.Skip("a rolling update takes a minute")
	}
	t.Parallel()
	const lanes = 5
	bin := build(t)
	b := backends()[1]
	f := startFleet(t, bin, b, calmRelease(t, bin), &reaper{})
	for replaced := 0; replaced < b.instances; replaced++ {
		midway := func() bool { return f.shops.count() == (replaced+1)*lanes } // the last has just begun
		if err := f.live(lanes, replaced+1, midway); err != nil {
			t.Fatalf("%v\n%s", err, f.tails())
		}
		f.join()
		f.leave()
	}
	f.release(lanes, b.instances)
	for _, m := range f.gone {
		if code := m.cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("a program that was told to end exits with %d:\n%s", code, m.log.tail())
		}
	}
	for _, d := range f.shops.town.World.Deliveries() {
		if d.StatusCode >= 300 { // 0: sent before there was an address
			t.Errorf("a %s was answered %d", d.Event, d.StatusCode)
		}
	}
	t.Logf("| %s | %d replaced | %s |", b.name, b.instances, f.end())
}
