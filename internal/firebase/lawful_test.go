package firebase_test

import (
	"context"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/discovery"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
)

var update = flag.Bool("update", false, "rewrite golden files")

var documents = sync.OnceValues(func() (*discovery.Documents, error) { return discovery.Load(context.Background()) })

// undescribed are hosts of addresses that are signed, or of what is no API.
var undescribed = []string{"storage.googleapis.com", "upload-firebasehosting.googleapis.com", "www.googleapis.com"}

// lawful has every recorded exchange judged by Google's own descriptions, and gives the methods that were used.
func lawful(t *testing.T, record []sandbox.Call) map[string]bool {
	t.Helper()
	d, err := documents()
	must(t, err)
	used := map[string]bool{}
	for _, c := range record {
		if c.Kind != sandbox.KindGoogle || c.Status == 0 {
			continue
		}
		host, path, _ := strings.Cut(strings.TrimPrefix(c.Path, google.Prefix), "/")
		if slices.Contains(undescribed, host) {
			used[host+" "+c.Route] = true
			continue
		}
		name, wrong := d.Check(discovery.Call{Method: c.Method, Host: host, Path: path, Query: c.Query, Body: c.Body, Answer: c.Answer, Status: c.Status})
		for _, w := range wrong {
			t.Errorf("%s", w)
		}
		if strings.Contains(c.Route, "/v") && c.Route != name {
			t.Errorf("%s %s is %s by Google's description, and the sandbox took it for %s", c.Method, c.Path, name, c.Route)
		}
		used[name] = true
	}
	return used
}

// TestEveryMethodIsGooglesOwn makes every call of the package on a project in which all is well, and once more after it broke.
func TestEveryMethodIsGooglesOwn(t *testing.T) {
	tn := newTown(t, google.Options{})
	tn.deploy(google.Deployment{Commit: "good"})
	tn.google.AddIndex(shop, "(default)", "orders", "customer ASCENDING")
	good := tn.snapshot()
	tn.store(good)
	for _, commit := range []string{"bad", "bad-after-months"} {
		if commit != "bad" {
			tn.clock.Advance(91 * 24 * time.Hour)
			_, op, err := tn.project.ToLatest(t.Context(), "us-central1/api")
			must(t, err)
			tn.finish(op)
		}
		tn.deploy(google.Deployment{Commit: commit, Pin: true, Parameters: map[string]string{"checkout": "new"}})
		if commit != "bad" {
			tn.google.DropRulesets(shop, 100)
		}
		for _, p := range good.Parts() {
			_, err := tn.project.Check(t.Context(), p, tn.with())
			must(t, err)
			moved, err := tn.project.Move(t.Context(), p, tn.with())
			if err != nil && firebase.ClassOf(err) != firebase.Gone {
				t.Errorf("%s %s: %v", p.Kind, p.Name, err)
			}
			tn.finish(moved.Operation)
		}
	}
	_, err := tn.project.Preflight(t.Context())
	must(t, err)
	op, err := tn.project.Export(t.Context(), firebase.Export{To: "gs://avalo-backups/x"})
	must(t, err)
	tn.finish(op)
	_, err = tn.project.FindExport(t.Context(), firebase.Export{To: "gs://avalo-backups/x"})
	must(t, err)
	_, err = tn.project.KeepImages(t.Context(), "us-central1", 5)
	must(t, err)
	_, err = tn.project.Revisions(t.Context(), "us-central1/api", 5)
	must(t, err)
	_, err = tn.project.History(t.Context(), shop, 5)
	must(t, err)
	_, err = tn.project.ConfigHistory(t.Context(), firebase.ConfigClient, 5)
	must(t, err)
	golden(t, "methods", strings.Join(slices.Sorted(maps.Keys(lawful(t, tn.world.Record()))), "\n")+"\n")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		must(t, os.MkdirAll("testdata", 0o750))
		must(t, os.WriteFile(path, []byte(got), 0o600))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if got != string(want) {
		t.Errorf("%s differs; run the test with -update and review the difference:\n%s", path, got)
	}
}
