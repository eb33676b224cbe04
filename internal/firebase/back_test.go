package firebase_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

// TestThereAndBackAgain deploys twice and brings everything back to the first deploy, part by part.
func TestThereAndBackAgain(t *testing.T) {
	tn := newTown(t, google.Options{Traffic: 5 * time.Second, Build: 90 * time.Second})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.clock.Advance(5 * time.Minute)
	good := tn.snapshot()
	tn.store(good)
	tn.deploy(google.Deployment{Commit: "bad", Parameters: map[string]string{"checkout": "new"}})
	tn.clock.Advance(5 * time.Minute)
	bad := tn.snapshot()
	if n := len(good.Parts()); n != 9 {
		t.Fatalf("%d parts, want 2 sites, 3 rules releases, 3 functions and a template", n)
	}
	for i, p := range good.Parts() {
		if firebase.Same(p, bad.Parts()[i]) {
			t.Errorf("%s %s did not change", p.Kind, p.Name)
		}
		way := firebase.WayPoint
		if p.Name == "us-central1/legacy" {
			way = firebase.WayRebuild
		}
		tn.check(p, tn.with(), way)
		tn.move(p, tn.with(), way)
		tn.check(p, tn.with(), firebase.WayAlready)
		mark := tn.mark()
		tn.move(p, tn.with(), firebase.WayAlready)
		if wrote := tn.writes(mark); len(wrote) > 0 {
			t.Errorf("%s %s was there already, and yet: %q", p.Kind, p.Name, wrote)
		}
	}
	again := tn.snapshot()
	for i, p := range good.Parts() {
		if !firebase.Same(p, again.Parts()[i]) {
			t.Errorf("%s %s points to %s, want %s", p.Kind, p.Name, again.Parts()[i].Pointer(), p.Pointer())
		}
	}
	live := tn.google.Live(shop)
	for what, commit := range live.Commits {
		if commit != "good" {
			t.Errorf("%s is of %q", what, commit)
		}
	}
	if len(live.Commits) != 8 || live.Values["checkout"] != "old" {
		t.Errorf("live: %+v", live)
	}
}

func TestAnImageIsGoneAfterADay(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	good := tn.snapshot()
	tn.store(good)
	api := part(t, good, firebase.KindFunction, "us-central1/api")
	tn.clock.Advance(25 * time.Hour)
	tn.deploy(google.Deployment{Commit: "bad"})
	back := tn.check(api, firebase.With{}, firebase.WayImpossible)
	if !strings.Contains(back.Why, "image") {
		t.Errorf("why: %s", back.Why)
	}
	tn.check(api, tn.with(), firebase.WayRebuild)
	_, err := tn.project.Move(t.Context(), api, firebase.With{})
	if firebase.ClassOf(err) != firebase.Gone {
		t.Errorf("moved to an image that is gone: %v", err)
	}
	moved := tn.move(api, tn.with(), firebase.WayRebuild)
	if moved.Note == "" {
		t.Error("nobody is told what does not come back with a rebuild")
	}
	if got := tn.google.Live(shop).Commits["function/us-central1/api"]; got != "good" {
		t.Errorf("%q serves", got)
	}
}

func TestTheKeepPolicyKeepsImages(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	for _, want := range []bool{true, false} {
		changed, err := tn.project.KeepImages(t.Context(), "us-central1", 5)
		must(t, err)
		if changed != want {
			t.Errorf("changed: %v, want %v", changed, want)
		}
	}
	good := tn.snapshot()
	for _, r := range good.Repositories {
		if keeps := strings.Contains(r.Name, "us-central1"); (r.Keeps() == 5) != keeps || !r.Deletes() {
			t.Errorf("%+v", r)
		}
	}
	tn.clock.Advance(25 * time.Hour)
	tn.deploy(google.Deployment{Commit: "bad"})
	tn.move(part(t, good, firebase.KindFunction, "us-central1/api"), firebase.With{}, firebase.WayPoint)
	tn.check(part(t, good, firebase.KindFunction, "europe-west1/onOrder"), firebase.With{}, firebase.WayImpossible)
}

func TestAPinSurvivesTheNextDeployUntilLatestServesAgain(t *testing.T) {
	tn := newTown(t, google.Options{Traffic: 5 * time.Second})
	tn.deploy(google.Deployment{Commit: "good"})
	api := part(t, tn.snapshot(), firebase.KindFunction, "us-central1/api")
	tn.deploy(google.Deployment{Commit: "bad"})
	tn.move(api, firebase.With{}, firebase.WayPoint)
	if done := tn.deploy(google.Deployment{Commit: "bad"}); len(done.Skipped) != 3 {
		t.Errorf("the CLI did not skip the hash that it knows: %+v", done)
	}
	tn.deploy(google.Deployment{Commit: "mended"})
	serves := func(want string) {
		t.Helper()
		if got := tn.google.Live(shop).Commits["function/us-central1/api"]; got != want {
			t.Errorf("%q serves, want %q", got, want)
		}
	}
	serves("good")
	before, op, err := tn.project.ToLatest(t.Context(), api.Function.Service)
	must(t, err)
	if before.ServesLatest() || op == nil {
		t.Errorf("before: %+v", before)
	}
	tn.finish(op)
	serves("mended")
	now, op, err := tn.project.ToLatest(t.Context(), api.Function.Service)
	must(t, err)
	if op != nil || !now.ServesLatest() {
		t.Errorf("twice: %+v", now)
	}
}

func TestTagsOfHostingVersionsAreKept(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.deploy(google.Deployment{Commit: "good", Only: []google.Product{google.Hosting}, Pin: true})
	good := tn.snapshot()
	pins := part(t, good, firebase.KindHosting, shop).Hosting.Pins
	if len(pins) != 2 {
		t.Fatalf("pins: %+v", pins)
	}
	tn.deploy(google.Deployment{Commit: "bad"})
	api := part(t, good, firebase.KindFunction, "us-central1/api")
	tn.move(api, firebase.With{}, firebase.WayPoint)
	_, op, err := tn.project.ToLatest(t.Context(), api.Function.Service)
	must(t, err)
	tn.finish(op)
	now, err := tn.project.Service(t.Context(), api.Function.Service)
	must(t, err)
	kept := map[string]string{}
	for _, target := range now.Traffic {
		if target.Tag != "" {
			kept[target.Tag] = target.Revision
		}
	}
	for _, pin := range pins {
		if pin.Service == "api" && kept[pin.Tag] != api.Function.Serving[0].Revision {
			t.Errorf("the tag %s is lost: %+v", pin.Tag, now.Traffic)
		}
	}
}

func TestRulesetsVanishAndAreMadeAgain(t *testing.T) {
	tn := newTown(t, google.Options{Rulesets: 8})
	tn.deploy(google.Deployment{Commit: "good"})
	good := tn.snapshot()
	for _, commit := range []string{"a", "b", "bad"} {
		tn.deploy(google.Deployment{Commit: commit, Only: []google.Product{google.Rules}})
	}
	tn.google.DropRulesets(shop, 100)
	for _, id := range []string{"cloud.firestore", "cloud.firestore/orders", "firebase.storage/avalo-shop.appspot.com"} {
		p := part(t, good, firebase.KindRules, id)
		tn.check(p, firebase.With{}, firebase.WayRecreate)
		tn.move(p, firebase.With{}, firebase.WayRecreate)
		tn.move(p, firebase.With{}, firebase.WayAlready)
		if got := tn.google.Live(shop).Commits["rules/"+id]; got != "good" {
			t.Errorf("%s is of %q", id, got)
		}
	}
	named := part(t, tn.snapshot(), firebase.KindRules, "cloud.firestore/orders")
	if !strings.HasSuffix(named.Rules.Attached, "/databases/orders") {
		t.Errorf("attached to %q", named.Rules.Attached)
	}
}

func TestAFullProjectOfRulesetsIsSaid(t *testing.T) {
	tn := newTown(t, google.Options{Rulesets: 6})
	tn.deploy(google.Deployment{Commit: "good"})
	good := part(t, tn.snapshot(), firebase.KindRules, "cloud.firestore")
	good.Rules.Ruleset = "projects/" + shop + "/rulesets/gone"
	good.Rules.Files[0].Content += "// other\n"
	tn.deploy(google.Deployment{Commit: "bad", Only: []google.Product{google.Rules}})
	_, err := tn.project.Move(t.Context(), good, firebase.With{})
	if firebase.ClassOf(err) != firebase.Invalid || !strings.Contains(err.Error(), "2500") {
		t.Errorf("got %v", err)
	}
}

func TestAReleaseThatIsMissingIsMade(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	good := part(t, tn.snapshot(), firebase.KindRules, "cloud.firestore")
	other := good
	rules := *good.Rules
	rules.ID, other.Name, other.Rules = "cloud.firestore/new", "cloud.firestore/new", &rules
	tn.check(other, firebase.With{}, firebase.WayPoint)
	tn.move(other, firebase.With{}, firebase.WayPoint)
}

func TestFunctionsThatCannotBeReturnedTo(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	good := tn.snapshot()
	legacy := part(t, good, firebase.KindFunction, "us-central1/legacy")
	tn.deploy(google.Deployment{Commit: "bad", Without: []string{"onOrder"}})
	tn.check(part(t, good, firebase.KindFunction, "europe-west1/onOrder"), tn.with(), firebase.WayImpossible)
	tn.check(legacy, firebase.With{}, firebase.WayRebuild) // Google still has the archive of that version.
	tn.google.ForgetVersion(shop, "us-central1/legacy", 1)
	tn.check(legacy, firebase.With{}, firebase.WayImpossible)
	_, err := tn.project.Move(t.Context(), legacy, firebase.With{})
	if firebase.ClassOf(err) != firebase.Gone {
		t.Errorf("got %v", err)
	}
}
