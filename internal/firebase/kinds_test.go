package firebase_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

func TestAHostingVersionThatLostItsFiles(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	site := part(t, tn.snapshot(), firebase.KindHosting, shop)
	tn.deploy(google.Deployment{Commit: "better"})
	tn.google.Retain(shop, shop, 2)
	tn.deploy(google.Deployment{Commit: "bad"})
	back := tn.check(site, firebase.With{}, firebase.WayImpossible)
	if !strings.Contains(back.Why, "EXPIRED") {
		t.Errorf("why: %s", back.Why)
	}
	_, err := tn.project.Move(t.Context(), site, firebase.With{})
	if firebase.ClassOf(err) != firebase.Gone {
		t.Errorf("got %v", err)
	}
	past, err := tn.project.History(t.Context(), shop, 10)
	must(t, err)
	if len(past) != 3 || past[2].Version != site.Hosting.Version || past[1].Status != "FINALIZED" {
		t.Errorf("the nearest that works cannot be found in %+v", past)
	}
}

func TestASiteThatWasSwitchedOffComesBack(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	site := part(t, tn.snapshot(), firebase.KindHosting, shop)
	tn.google.DisableSite(shop, shop)
	off := part(t, tn.snapshot(), firebase.KindHosting, shop)
	if !off.Hosting.Off || firebase.Same(off, site) {
		t.Errorf("off: %+v", off.Hosting)
	}
	long := firebase.With{Reason: strings.Repeat("ü", 600)}
	tn.move(site, long, firebase.WayPoint)
	now, err := tn.project.Site(t.Context(), shop)
	must(t, err)
	if n := len([]rune(now.Message)); n == 0 || n > 512 || now.By == "" {
		t.Errorf("message of %d, by %q", n, now.By)
	}
}

func TestNothingWasLiveThen(t *testing.T) {
	tn := newTown(t, google.Options{})
	empty := tn.snapshot()
	site := part(t, empty, firebase.KindHosting, shop)
	if site.Pointer() != "" || len(empty.Parts()) != 2 {
		t.Errorf("%+v", empty)
	}
	tn.deploy(google.Deployment{Commit: "first"})
	tn.check(site, firebase.With{}, firebase.WayImpossible)
	_, err := tn.project.Move(t.Context(), site, firebase.With{})
	if firebase.ClassOf(err) != firebase.Gone {
		t.Errorf("got %v", err)
	}
}

func TestAPurgedRemoteConfigIsPublishedFromTheSnapshot(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	config := part(t, tn.snapshot(), firebase.KindConfig, firebase.ConfigClient)
	tn.clock.Advance(91 * 24 * time.Hour)
	tn.deploy(google.Deployment{Commit: "bad", Only: []google.Product{google.Config}, Parameters: map[string]string{"checkout": "new"}})
	tn.check(config, firebase.With{}, firebase.WayRecreate)
	bare := config
	bare.Config = &firebase.Config{Namespace: config.Config.Namespace, Version: config.Config.Version}
	tn.check(bare, firebase.With{}, firebase.WayImpossible)
	if _, err := tn.project.Move(t.Context(), bare, firebase.With{}); firebase.ClassOf(err) != firebase.Gone {
		t.Errorf("got %v", err)
	}
	tn.move(config, firebase.With{Reason: "checkout fails"}, firebase.WayRecreate)
	history, err := tn.project.ConfigHistory(t.Context(), firebase.ConfigClient, 10)
	must(t, err)
	if len(history) != 2 || history[0].Description != "checkout fails" || history[0].By != account {
		t.Errorf("history: %+v", history)
	}
}

func TestOnlyTheFlagsOfAReleaseGoBack(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	config := part(t, tn.snapshot(), firebase.KindConfig, firebase.ConfigClient)
	tn.deploy(google.Deployment{Commit: "bad", Parameters: map[string]string{"checkout": "new", "banner": "sale", "extra": "yes"}})
	with := firebase.With{Flags: []string{"checkout", "extra"}}
	tn.check(config, with, firebase.WayPoint)
	tn.move(config, with, firebase.WayPoint)
	tn.check(config, with, firebase.WayAlready)
	if got := fmt.Sprint(tn.google.Live(shop).Values); got != "map[banner:sale checkout:old]" {
		t.Errorf("values: %s", got)
	}
}

func TestAKillSwitch(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	flags := []firebase.Flag{{Name: "checkout", Value: "off"}}
	moved, err := tn.project.SetFlags(t.Context(), firebase.ConfigClient, flags, "kill")
	must(t, err)
	again, err := tn.project.SetFlags(t.Context(), firebase.ConfigClient, flags, "kill")
	must(t, err)
	if moved.Already || !again.Already || tn.google.Live(shop).Values["checkout"] != "off" {
		t.Errorf("moved %+v, again %+v", moved, again)
	}
	_, err = tn.project.SetFlags(t.Context(), firebase.ConfigClient, []firebase.Flag{{Name: "typo", Value: "off"}}, "kill")
	if firebase.ClassOf(err) != firebase.Invalid || !strings.Contains(err.Error(), "no parameter") {
		t.Errorf("got %v", err)
	}
}

// TestASnapshotIsStored: what is written as JSON and read again says the same and can be returned to.
func TestASnapshotIsStored(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.google.AddIndex(shop, "(default)", "orders", "customer ASCENDING", "at DESCENDING")
	before := tn.snapshot()
	raw, err := json.Marshal(before)
	must(t, err)
	var read firebase.Snapshot
	must(t, json.Unmarshal(raw, &read))
	tn.deploy(google.Deployment{Commit: "bad", Parameters: map[string]string{"checkout": "new"}})
	for i, p := range read.Parts() {
		if !firebase.Same(p, before.Parts()[i]) || p.Pointer() != before.Parts()[i].Pointer() {
			t.Errorf("%s %s was lost on the way", p.Kind, p.Name)
		}
		if p.Kind != firebase.KindFunction || p.Function.Generation == 2 {
			tn.move(p, firebase.With{}, firebase.WayPoint)
		}
	}
	if d := read.Databases[0]; len(d.Indexes) != 1 || d.Indexes[0].Key() != "orders COLLECTION customer ASCENDING, at DESCENDING" || d.Earliest.IsZero() {
		t.Errorf("database: %+v", d)
	}
	if strings.Contains(string(raw), "COMMIT") || strings.Contains(string(raw), "GCLOUD_PROJECT") {
		t.Error("the snapshot holds environment variables, which may be secret")
	}
}
