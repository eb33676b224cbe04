package live_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/internal/live"
)

// whole is an installation that grants what is needed, and nothing else.
func whole() github.Installation {
	in := github.Installation{Permissions: map[string]string{}}
	for _, p := range live.Permissions() {
		in.Permissions[p.Name] = p.Level
	}
	for _, e := range live.Events() {
		in.Events = append(in.Events, e.Name)
	}
	return in
}

// TestLacking takes each permission and each event away in turn: that one is
// named, with what is lost, and who gives it.
func TestLacking(t *testing.T) {
	app := github.Self{Permissions: whole().Permissions}
	if needs := live.Lacking(app, whole(), "avalo"); len(needs) != 0 {
		t.Errorf("an installation that has everything: %v", needs)
	}
	one := func(t *testing.T, of github.Self, in github.Installation, want live.Need, fix string) {
		t.Helper()
		needs := live.Lacking(of, in, "avalo")
		if len(needs) != 1 || needs[0].Name != want.Name || needs[0].Without != want.Without || needs[0].Fatal != want.Fatal || !strings.Contains(needs[0].Fix, fix) {
			t.Errorf("%+v, want %+v and %q", needs, want, fix)
		}
	}
	for _, p := range live.Permissions() {
		t.Run(p.Name, func(t *testing.T) {
			want := live.Need{Name: p.Name + ": " + p.Level, Without: p.Without, Fatal: p.Fatal}
			in, less := whole(), github.Self{Permissions: maps.Clone(app.Permissions)}
			delete(in.Permissions, p.Name)
			delete(less.Permissions, p.Name)
			if p.Name == "checks" { // with which GitHub would subscribe the App by itself
				in.Events = whole().Events
			}
			one(t, app, in, want, "an owner of avalo accepts")
			one(t, less, in, want, "The App's owner sets")
			if p.Level == "write" {
				in.Permissions[p.Name] = "read"
				one(t, app, in, want, "an owner of avalo accepts")
			}
		})
	}
	for _, e := range live.Events() {
		t.Run("event "+e.Name, func(t *testing.T) {
			in := whole()
			in.Events = slices.DeleteFunc(in.Events, func(name string) bool { return name == e.Name })
			if e.Name == "check_run" || e.Name == "check_suite" { // GitHub sends them with checks: write
				if needs := live.Lacking(app, in, "avalo"); len(needs) != 0 {
					t.Errorf("%v", needs)
				}
				return
			}
			one(t, app, in, live.Need{Name: e.Name, Without: e.Without, Fatal: e.Fatal}, "The App's owner ticks")
		})
	}
}
