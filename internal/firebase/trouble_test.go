package firebase_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

func TestASwitchedOffAPIIsAGapWithWhatToEnable(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.google.SwitchOff(shop, "firebaserules.googleapis.com", true)
	tn.google.Deny(shop, "firebasehosting.sites.get", true)
	s, err := tn.project.Snapshot(t.Context())
	must(t, err)
	want := map[firebase.Kind][]string{
		firebase.KindRules:   {string(firebase.Disabled), "enable the API firebaserules.googleapis.com in project " + shop},
		firebase.KindHosting: {string(firebase.Forbidden), "grant " + account + " the role roles/firebasehosting.admin, which holds the permission firebasehosting.sites.get"},
	}
	if len(s.Gaps) != len(want) || len(s.Functions) != 3 {
		t.Fatalf("gaps: %+v", s.Gaps)
	}
	for _, gap := range s.Gaps {
		if string(gap.Class) != want[gap.Kind][0] || !strings.Contains(gap.Fix, want[gap.Kind][1]) {
			t.Errorf("got %+v", gap)
		}
	}
	missing, err := tn.project.Preflight(t.Context())
	must(t, err)
	var said []string
	for _, e := range missing {
		said = append(said, e.Permission+e.Service)
	}
	if !slices.Equal(said, []string{"firebasehosting.sites.get", "firebaserules.googleapis.com"}) {
		t.Errorf("preflight: %q", said)
	}
}

// TestASilentRegionIsNoDeletion: functions of a region that does not answer are unknown, not gone.
func TestASilentRegionIsNoDeletion(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.google.Silence(shop, "europe-west1", true)
	s, err := tn.project.Snapshot(t.Context())
	must(t, err)
	if len(s.Functions) != 2 || len(s.Gaps) != 2 {
		t.Fatalf("functions %d, gaps %+v", len(s.Functions), s.Gaps)
	}
	for _, gap := range s.Gaps {
		if gap.Class != firebase.Unavailable || !strings.Contains(gap.What, "europe-west1") {
			t.Errorf("got %+v", gap)
		}
	}
}

func TestABusyMomentIsWaitedForAndALongOneIsTold(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	good := tn.snapshot()
	tn.deploy(google.Deployment{Commit: "bad"})
	rules := part(t, good, firebase.KindRules, "cloud.firestore")
	tn.google.SetFaults(google.Fault{Method: "releases.patch", Kind: google.Unavailable, Times: 2})
	tn.move(rules, firebase.With{}, firebase.WayPoint)

	site := part(t, good, firebase.KindHosting, shop)
	tn.google.SetFaults(google.Fault{Method: "channels.releases.create", Kind: google.Limited, RetryAfter: time.Minute})
	mark := tn.mark()
	_, err := tn.project.Move(t.Context(), site, firebase.With{})
	var e *firebase.Error
	if !errors.As(err, &e) || e.Class != firebase.RateLimited || !e.RetryAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("got %v", err)
	}
	if wrote := tn.writes(mark); len(wrote) != 1 {
		t.Errorf("it was asked again at once: %q", wrote)
	}
}

// TestALostAnswer has Google do what was asked and answer 503. A repetition of the move finds it done.
func TestALostAnswer(t *testing.T) {
	tn := newTown(t, google.Options{Build: 90 * time.Second})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.clock.Advance(time.Hour)
	good := tn.snapshot()
	tn.store(good)
	tn.clock.Advance(25 * time.Hour)
	tn.deploy(google.Deployment{Commit: "bad"})
	tn.clock.Advance(time.Hour)
	api := part(t, good, firebase.KindFunction, "us-central1/api")
	tn.google.SetFaults(google.Fault{Method: "cloudfunctions/v2 cloudfunctions.projects.locations.functions.patch", Kind: google.Lost, Times: 1})
	mark := tn.mark()
	_, err := tn.project.Move(t.Context(), api, tn.with())
	if firebase.ClassOf(err) != firebase.Ambiguous {
		t.Errorf("a build that may have begun: %v", err)
	}
	_, err = tn.project.Move(t.Context(), api, tn.with())
	if firebase.ClassOf(err) != firebase.Unavailable {
		t.Errorf("while it is being built: %v", err)
	}
	tn.clock.Advance(time.Hour)
	tn.move(api, tn.with(), firebase.WayAlready)
	patches := 0
	for _, route := range tn.writes(mark) {
		if strings.HasSuffix(route, "functions.patch") {
			patches++
		}
	}
	if patches != 1 {
		t.Errorf("built %d times", patches)
	}
}

func TestAnOperationThatNeverEndsIsSeenAsSuch(t *testing.T) {
	tn := newTown(t, google.Options{Traffic: 5 * time.Second})
	tn.deploy(google.Deployment{Commit: "good"})
	good := tn.snapshot()
	tn.deploy(google.Deployment{Commit: "bad"})
	api := part(t, good, firebase.KindFunction, "us-central1/api")
	tn.google.SetFaults(google.Fault{Method: "services.patch", Kind: google.Endless})
	moved, err := tn.project.Move(t.Context(), api, firebase.With{})
	must(t, err)
	tn.clock.Advance(24 * time.Hour)
	progress, err := tn.project.Look(t.Context(), *moved.Operation)
	must(t, err)
	if progress.Done {
		t.Error("it ended")
	}
	c, err := tn.project.Confirm(t.Context(), api, firebase.With{})
	must(t, err)
	if c.Done || c.Failed || c.Why != "Google is still changing it" {
		t.Errorf("got %+v", c)
	}
	mark := tn.mark()
	again, err := tn.project.Move(t.Context(), api, firebase.With{})
	must(t, err)
	if wrote := tn.writes(mark); len(wrote) > 0 || again.Operation != nil {
		t.Errorf("it was asked for again: %q", wrote)
	}
}

// TestAMoveThatGoogleTakesAndCannotDo removes the image after the check.
func TestAMoveThatGoogleTakesAndCannotDo(t *testing.T) {
	tn := newTown(t, google.Options{Traffic: 48 * time.Hour})
	tn.deploy(google.Deployment{Commit: "good"})
	good := tn.snapshot()
	tn.deploy(google.Deployment{Commit: "bad"})
	api := part(t, good, firebase.KindFunction, "us-central1/api")
	moved, err := tn.project.Move(t.Context(), api, firebase.With{})
	must(t, err)
	tn.clock.Advance(47 * time.Hour)
	_, err = tn.project.Site(t.Context(), shop) // as time passes, Google cleans up
	must(t, err)
	tn.clock.Advance(2 * time.Hour)
	progress, err := tn.project.Look(t.Context(), *moved.Operation)
	must(t, err)
	if !progress.Done || progress.Failed == nil || progress.Failed.Class != firebase.Gone || progress.Failed.Fix == "" {
		t.Errorf("got %+v", progress)
	}
	c, err := tn.project.Confirm(t.Context(), api, firebase.With{})
	must(t, err)
	if c.Done || !c.Failed || !strings.Contains(c.Why, "not found") {
		t.Errorf("got %+v", c)
	}
}

func TestSomebodyElseIsFaster(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	good := tn.snapshot()
	tn.deploy(google.Deployment{Commit: "bad", Parameters: map[string]string{"checkout": "new"}})
	tn.google.SetFaults(
		google.Fault{Method: "services.patch", Kind: google.Conflicting, Times: 1},
		google.Fault{Method: "remoteconfig put", Kind: google.Conflicting, Times: 2},
	)
	tn.move(part(t, good, firebase.KindFunction, "us-central1/api"), firebase.With{}, firebase.WayPoint)
	config := part(t, good, firebase.KindConfig, firebase.ConfigClient)
	tn.move(config, firebase.With{}, firebase.WayPoint)
	tn.deploy(google.Deployment{Commit: "worse", Only: []google.Product{google.Config}, Parameters: map[string]string{"checkout": "worse"}})
	tn.google.SetFaults(google.Fault{Method: "remoteconfig put", Kind: google.Conflicting})
	_, err := tn.project.Move(t.Context(), config, firebase.With{})
	if firebase.ClassOf(err) != firebase.Conflict || firebase.ClassOf(err).Again() != firebase.AgainNow {
		t.Errorf("got %v", err)
	}
}

func TestAnotherTeamsProjectIsRefused(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.google.AddProject(google.ProjectSpec{ID: "other-team", Accounts: []string{"deploy@other-team.iam.gserviceaccount.com"}})
	p, err := tn.client.Project(firebase.Target{Project: "other-team", Impersonate: account})
	must(t, err)
	_, err = p.Site(t.Context(), "other-team")
	if firebase.ClassOf(err) != firebase.Forbidden {
		t.Errorf("got %v", err)
	}
	stranger, err := tn.client.Project(firebase.Target{Project: shop, Impersonate: "nobody@avalo-shop.iam.gserviceaccount.com"})
	must(t, err)
	_, err = stranger.Site(t.Context(), shop)
	if firebase.ClassOf(err) != firebase.Forbidden || !strings.Contains(err.Error(), "roles/iam.serviceAccountTokenCreator on nobody@") {
		t.Errorf("got %v", err)
	}
	for _, c := range tn.world.Record() {
		if strings.Contains(c.Route, "firebasehosting") && c.As != account {
			t.Errorf("%s was asked as %q", c.Path, c.As)
		}
	}
	if same, _ := tn.client.Project(firebase.Target{Project: shop, Impersonate: account}); same != tn.project {
		t.Error("a second handle has a second token")
	}
}

func TestTargetsThatCannotBe(t *testing.T) {
	tn := newTown(t, google.Options{})
	for _, target := range []firebase.Target{
		{}, {Project: "A-B-C-D-E"}, {Project: "../etc/passwd"}, {Project: "avalo-shop", Impersonate: "x"}, {Project: "avalo-shop", Impersonate: "a@b.c/../d"},
	} {
		if _, err := tn.client.Project(target); firebase.ClassOf(err) != firebase.Invalid || err == nil {
			t.Errorf("%+v: %v", target, err)
		}
	}
	for _, base := range []string{"localhost:80", "ftp://x", "http://", "http://x/?a=b"} {
		if _, err := firebase.New(firebase.Options{BaseURL: base, Clock: tn.clock.Now}); err == nil || !strings.Contains(err.Error(), "GATEHOUSE_GOOGLE_API_URL") {
			t.Errorf("%q: %v", base, err)
		}
	}
}

func TestWithoutCredentialsNothingIsSent(t *testing.T) {
	tn := newTown(t, google.Options{})
	client, err := firebase.New(firebase.Options{BaseURL: "http://127.0.0.1:9", Clock: tn.clock.Now, Tokens: broken{}})
	must(t, err)
	p, err := client.Project(firebase.Target{Project: shop})
	must(t, err)
	_, err = p.Site(t.Context(), shop)
	if firebase.ClassOf(err) != firebase.Unauthorized || !strings.Contains(err.Error(), "GOOGLE_APPLICATION_CREDENTIALS") {
		t.Errorf("got %v", err)
	}
}

type broken struct{}

func (broken) Token() (*oauth2.Token, error) { return nil, errors.New("no metadata server") }

func TestAContextThatEnds(t *testing.T) {
	tn := newTown(t, google.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := tn.project.Snapshot(ctx)
	if firebase.ClassOf(err) != firebase.Canceled || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAnExportIsFollowedToItsEnd(t *testing.T) {
	tn := newTown(t, google.Options{Export: 20 * time.Minute})
	tn.clock.Advance(30 * time.Minute)
	e := firebase.Export{To: "gs://avalo-backups/run-1", Collections: []string{"users"}, At: tn.clock.Now().Add(-5*time.Minute + 20*time.Second)}
	none, err := tn.project.FindExport(t.Context(), e)
	must(t, err)
	op, err := tn.project.Export(t.Context(), e)
	must(t, err)
	found, err := tn.project.FindExport(t.Context(), e)
	must(t, err)
	if none != nil || found == nil || found.Name != op.Name {
		t.Errorf("found %+v, then %+v, want %+v", none, found, op)
	}
	progress, err := tn.project.Look(t.Context(), *op)
	must(t, err)
	if progress.Done || progress.AllWork == 0 || progress.DoneWork >= progress.AllWork || progress.State != "PROCESSING" || progress.Output != e.To {
		t.Errorf("on the way: %+v", progress)
	}
	tn.clock.Advance(time.Hour)
	progress, err = tn.project.Look(t.Context(), *op)
	must(t, err)
	if !progress.Done || progress.Failed != nil || progress.DoneWork != progress.AllWork {
		t.Errorf("at the end: %+v", progress)
	}
	for _, wrong := range []firebase.Export{{To: "/tmp"}, {To: "gs://b/x", Database: "none"}, {To: "gs://b/x", At: noon.Add(-time.Hour)}} {
		if _, err := tn.project.Export(t.Context(), wrong); err == nil {
			t.Errorf("%+v was exported", wrong)
		}
	}
}

// TestABuildOnItsWayDoesNotTakeOver rolls back while the bad deploy is still being built.
func TestABuildOnItsWayDoesNotTakeOver(t *testing.T) {
	tn := newTown(t, google.Options{Build: 90 * time.Second, Traffic: 5 * time.Second})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.clock.Advance(5 * time.Minute)
	api := part(t, tn.snapshot(), firebase.KindFunction, "us-central1/api")
	tn.deploy(google.Deployment{Commit: "bad"})
	c, err := tn.project.Confirm(t.Context(), api, firebase.With{})
	must(t, err)
	if c.Done {
		t.Error("a build is about to take the requests, and nobody is told")
	}
	tn.check(api, firebase.With{}, firebase.WayPoint)
	moved, err := tn.project.Move(t.Context(), api, firebase.With{})
	must(t, err)
	tn.clock.Advance(6 * time.Second)
	if c, err = tn.project.Confirm(t.Context(), api, firebase.With{}); err != nil || !c.Done || moved.Already {
		t.Errorf("it is pinned while the build goes on: %+v, %v", c, err)
	}
	tn.clock.Advance(5 * time.Minute)
	if got := tn.google.Live(shop).Commits["function/us-central1/api"]; got != "good" {
		t.Errorf("%q serves", got)
	}
	tn.move(api, firebase.With{}, firebase.WayAlready)
}

// TestADeployThatFailedIsNoReasonNotToReturn: the newest build failed, and what served before serves on.
func TestADeployThatFailedIsNoReasonNotToReturn(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	api := part(t, tn.snapshot(), firebase.KindFunction, "us-central1/api")
	tn.deploy(google.Deployment{Commit: "does-not-build"})
	now := part(t, tn.snapshot(), firebase.KindFunction, "us-central1/api").Function
	if now.Ready || now.State != "FAILED" || !strings.Contains(now.Problem, "Build failed") {
		t.Errorf("got %+v", now)
	}
	tn.move(api, firebase.With{}, firebase.WayAlready)
}

// TestUnknownTrafficIsNoTraffic: where Cloud Run does not answer, nothing is known of the functions that it serves.
func TestUnknownTrafficIsNoTraffic(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.google.SetFaults(google.Fault{Method: "run/v2", Kind: google.Unavailable})
	s, err := tn.project.Snapshot(t.Context())
	must(t, err)
	var kinds []string
	for _, gap := range s.Gaps {
		kinds = append(kinds, string(gap.Kind)+" "+string(gap.Class))
	}
	if len(s.Functions) != 0 || !slices.Equal(kinds, []string{"function unavailable", "service unavailable"}) {
		t.Errorf("functions %+v, gaps %q", s.Functions, kinds)
	}
}

// TestAServiceOfCloudRunGoesBack moves one that no function is behind.
func TestAServiceOfCloudRunGoesBack(t *testing.T) {
	tn := newTown(t, google.Options{Traffic: 5 * time.Second})
	tn.google.DeployService(shop, "us-central1", "worker", "good")
	worker := part(t, tn.snapshot(), firebase.KindService, "us-central1/worker")
	tn.google.DeployService(shop, "us-central1", "worker", "bad")
	bad := part(t, tn.snapshot(), firebase.KindService, "us-central1/worker")
	if firebase.Same(worker, bad) || worker.Pointer() == "" {
		t.Errorf("%q and %q", worker.Pointer(), bad.Pointer())
	}
	tn.check(worker, firebase.With{}, firebase.WayPoint)
	moved, err := tn.project.Move(t.Context(), worker, firebase.With{})
	must(t, err)
	again, err := tn.project.Move(t.Context(), worker, firebase.With{})
	must(t, err)
	if again.Already || again.Operation != nil {
		t.Errorf("while it moves: %+v", again)
	}
	tn.finish(moved.Operation)
	tn.move(worker, firebase.With{}, firebase.WayAlready)
	tn.google.DropImages(shop, "us-central1")
	tn.check(bad, firebase.With{}, firebase.WayImpossible)
}
