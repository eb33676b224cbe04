package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// daysAtOnce is how many towns the story of faults lives in at a time.
const daysAtOnce = 6

// Day is what became of the release on a bad day.
type Day struct {
	Fault  string `json:"fault"`
	Saw    string `json:"saw"` // what people saw of it
	End    string `json:"end"` // "the same world", or what differs from the undisturbed story
	OK     bool   `json:"ok"`
	TookMS int64  `json:"took_ms"`

	ends []string
}

// faults tells the release once undisturbed, and once for each fault in a town of
// its own.
func faults(ctx context.Context, p Play) (Figures, error) {
	fig, began := Figures{Story: p.Story}, p.Now()
	good, err := p.day(ctx, badDay{name: "none"}, nil)
	if err == nil && !good.OK {
		err = fmt.Errorf("%w: already the undisturbed story ends badly: %s", ErrStuck, good.End)
	}
	if err != nil {
		return fig, err
	}
	days := badDays()
	fig.Faults = make([]Day, len(days))
	var all errgroup.Group
	all.SetLimit(daysAtOnce)
	for i, d := range days {
		all.Go(func() (err error) {
			fig.Faults[i], err = p.day(ctx, d, good.ends)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return fig, err
	}
	fig.OK = true
	for i := range fig.Faults {
		fig.OK = fig.OK && fig.Faults[i].OK
	}
	fig.TookMS = p.Now().Sub(began).Milliseconds()
	return fig, p.printDays(fig)
}

// day tells the release with a fault, until the world is as good as that of the
// undisturbed story. One that does not get there is a bad end and no error.
func (p Play) day(ctx context.Context, d badDay, good []string) (out Day, err error) {
	out.Fault = d.name
	began := p.Now()
	p.Auto, p.Addr, p.step, p.tune = true, "", 50*time.Millisecond, impatient
	p.Story, p.Out = StoryRelease, io.Discard
	h, err := open(ctx, p)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, h.close(context.WithoutCancel(ctx), "")) }()
	world, err := h.suffer(ctx, p, d, good)
	out.TookMS = p.Now().Sub(began).Milliseconds()
	if err != nil {
		out.End = err.Error()
		return out, notStuck(err)
	}
	out.judge(d, world, good)
	return out, nil
}

// suffer tells the release and clears the fault at its end.
func (h *house) suffer(ctx context.Context, p Play, d badDay, good []string) (witness.World, error) {
	w, t := h.town.World, h.teller(p)
	w.SetFaults(sandbox.Faults{Rules: d.rules})
	if d.atGate != nil {
		t.AtGate = func(ctx context.Context, told Told) error { return d.atGate(ctx, t, told) }
	}
	told, err := t.Release(ctx)
	if err != nil {
		return witness.World{}, err
	}
	if unused := w.UnusedFaults(); len(unused) > 0 {
		return witness.World{}, fmt.Errorf("%w: %s never happened: %+v", ErrStuck, d.name, unused)
	}
	w.SetFaults(sandbox.Faults{})
	var world witness.World
	settled := func() bool {
		w.Drain()
		world, err = h.town.Evidence(told)
		return err != nil || witness.AllTaken(world.Calls) && (good == nil || len(witness.Differ(witness.Ends(world), good)) == 0)
	}
	if stuck := t.Until(ctx, "the world is as on a good day", settled); stuck != nil && good != nil {
		err = fmt.Errorf("%w: %s", stuck, strings.Join(witness.Differ(witness.Ends(world), good), "; "))
	}
	return world, err
}

// notStuck lets everything pass but a story that does not go on.
func notStuck(err error) error {
	if errors.Is(err, ErrStuck) {
		return nil
	}
	return err
}

// impatient shortens what a story would only wait for: GitHub's minute behind a
// limit without Retry-After, and the pause between two looks for lost webhooks.
func impatient(c *app.Config) { c.Penalty, c.Sweep = time.Second, time.Second }

// judge has the witness look at it, and looks for what people were told.
func (d *Day) judge(bad badDay, w witness.World, good []string) {
	var wrong []string
	for _, v := range witness.Release(w) {
		wrong = append(wrong, v.Rule+": "+v.Saw)
	}
	d.Saw = "nothing: it took longer"
	if len(bad.words) > 0 {
		if d.Saw = witness.Said(w.Calls, bad.words...); d.Saw == "" {
			wrong = append(wrong, "nobody was told: "+strings.Join(bad.words, " … "))
		}
	}
	d.ends = witness.Ends(w)
	if good != nil {
		wrong = append(wrong, witness.Differ(d.ends, good)...)
	}
	if d.OK = len(wrong) == 0; d.OK {
		wrong = []string{"the same world"}
	}
	d.End = strings.Join(wrong, "\n")
}

func (p Play) printDays(fig Figures) error {
	if p.JSON {
		return json.NewEncoder(p.Out).Encode(fig)
	}
	for _, d := range fig.Faults {
		sign := "✓"
		if !d.OK {
			sign = "✗"
		}
		fmt.Fprintf(p.Out, "%s %s\n    people saw  %s\n    end         %s\n", sign, d.Fault, indented(d.Saw), indented(d.End))
	}
	return nil
}

func indented(s string) string { return strings.ReplaceAll(s, "\n", "\n                ") }
