package main_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/demo"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// fleet is several real programs on one store, behind one address.
type fleet struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // that of the test, with a limit
	bin     string
	blobs   string
	calm    calm
	shops   *district
	reaper  *reaper
	members []*kept // that have not been stopped
	gone    []*kept
	front   *front
	store   running
	news    chan struct{}
	app     int64
}

// startFleet opens a town, and starts a fleet in it.
func startFleet(t *testing.T, bin string, b backend, c calm, r *reaper) *fleet {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), fleetTime)
	t.Cleanup(cancel)
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	town, err := demo.Open(listener, demo.Options{Gate: demo.GateNone, Step: 50 * time.Millisecond, RateLimit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(town.Close)
	f := &fleet{
		t: t, ctx: ctx, bin: bin, blobs: t.TempDir(), calm: c, reaper: r,
		shops: newDistrict(town), front: newFront(t, town.URL), news: make(chan struct{}, 1),
	}
	f.shops.apart = b.apart > 0
	f.store = b.start(f)
	if b.apart > 0 {
		f.store.env["GATEHOUSE_BINDINGS"] = f.shops.bindings(b.apart)
	}
	t.Cleanup(f.stop)
	for range b.instances {
		f.join()
	}
	town.SetHook(f.front.url + "/api/github/hook")
	town.OnCall(r.heard)
	town.OnCall(func(c sandbox.Call) {
		if c.Phase == sandbox.Done {
			poke(f.news)
		}
	})
	return f
}

// join starts one more program, and waits until it takes webhooks.
func (f *fleet) join() {
	f.t.Helper()
	p := &program{bin: f.bin, addr: freeAddr(f.t), dir: f.t.TempDir(), log: newJournal()}
	p.env = f.shops.town.Env(p.addr, filepath.Join(p.dir, "gatehouse.db"))
	for name, v := range map[string]string{
		"GATEHOUSE_SWEEP": "300ms", "GATEHOUSE_EFFECT_TIMEOUT": "5s", "GATEHOUSE_BLOBS": "dir:" + f.blobs, "GATEHOUSE_PUBLIC_URL": f.front.url,
	} {
		p.env[name] = v
	}
	for name, v := range f.store.env {
		p.env[name] = v
	}
	app, err := strconv.ParseInt(p.env["GITHUB_APP_INTEGRATION_ID"], 10, 64)
	if err != nil {
		f.t.Fatal(err)
	}
	f.app = app
	p.log.tell(f.news)
	m := keep(f.ctx, f.t, p)
	f.front.add(p.addr)
	f.members = append(f.members, m)
	f.reaper.watch(f.members)
}

// leave stops the program that has been there longest, as a platform does: it is
// told to end, and gets no new connections meanwhile.
func (f *fleet) leave() {
	f.t.Helper()
	m := f.members[0]
	f.members, f.gone = f.members[1:], append(f.gone, m)
	f.reaper.watch(f.members)
	f.front.remove(m.addr)
	m.end()
}

// stop stops all programs at once, and lets the outside come to rest.
func (f *fleet) stop() {
	f.t.Helper()
	f.reaper.watch(nil)
	var all sync.WaitGroup
	for _, m := range f.members {
		all.Go(m.end)
	}
	all.Wait()
	f.members, f.gone = nil, append(f.gone, f.members...)
	f.shops.town.World.Drain()
}

// live has lanes release so often and until nobody more is to be killed, and waits
// until all of it is shown and applied, or something else is enough.
func (f *fleet) live(lanes, rounds int, enough func() bool) error {
	if err := f.shops.open(lanes); err != nil {
		return err
	}
	for {
		over, err := f.shops.turn(rounds, f.reaper.wants())
		if err != nil || over && f.settled() || enough != nil && enough() {
			return err
		}
		if err := f.wait(); err != nil {
			return fmt.Errorf("%d of %d releases came to their end", f.shops.done(), f.shops.count())
		}
	}
}

// glance is how often the world is looked at, at most: there is news with every
// call, and who looks takes time from those whom he looks at.
const glance = 100 * time.Millisecond

// wait rests, and waits for news.
func (f *fleet) wait() error {
	select {
	case <-time.After(glance):
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
	select {
	case <-f.news:
		return nil
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

// wanted is what the outside holds when every release begun was done once.
func (f *fleet) wanted() (facts []string) {
	for range f.shops.count() {
		facts = append(facts, f.calm.facts...)
	}
	return facts
}

// settled reports whether nothing is to come: all that was acknowledged is applied,
// and what a release leaves is there.
func (f *fleet) settled() bool {
	if town := f.shops.town; !town.ToldSlack("succeeded") || !town.ToldDiscord("succeeded") {
		return false
	}
	lost, _ := f.lost()
	return len(lost) == 0 && !strings.Contains(compare(f.wanted(), f.shops.facts()), "lost ")
}

// lost names what was acknowledged and is not applied, and counts what was.
func (f *fleet) lost() (lost []string, acknowledged int) {
	f.t.Helper()
	seen := map[string]bool{}
	for _, d := range f.shops.town.World.Deliveries() {
		if d.StatusCode != 202 || seen[d.GUID] {
			continue
		}
		seen[d.GUID] = true
		wakeAt, err := f.store.wakeAt(context.WithoutCancel(f.t.Context()), engine.DeliveryRef(d.Install, f.app, d.GUID))
		if err != nil || !wakeAt.IsZero() {
			lost = append(lost, fmt.Sprintf("%s %s of %s: due %v, %v", d.Event, d.GUID, d.Repo, wakeAt, err))
		}
	}
	return lost, len(seen)
}

// tails are the last words of all programs.
func (f *fleet) tails() string {
	var b strings.Builder
	for i, m := range append(f.gone, f.members...) {
		fmt.Fprintf(&b, "--- %d\n%s\n", i, m.log.tail())
	}
	return b.String()
}
