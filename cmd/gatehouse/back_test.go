package main_test

import (
	"net/url"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/browsertest"
	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// enter opens a page in a browser of its own, signed in as somebody.
func (s *scene) enter(login, at string) *browsertest.Page {
	s.Helper()
	p := browsertest.New(s.T)
	p.Open(s.url(at))
	p.Press("Sign in with GitHub")
	p.Press("Authorize as " + login)
	return p
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

// TestRolledBackOnThePage is production taken back by the form on the page: ivan
// reads the plan, types the phrase and asks; kim gives the final approval on the
// page of the rollback. Whoever is no commander is told who is.
func TestRolledBackOnThePage(t *testing.T) {
	t.Parallel()
	s := open(t, demo.Options{SignIn: true})
	before := s.town.Google.Live(demo.ProductionProject).Commits
	told := s.play()
	s.world.Drain()
	ada := s.enter(demo.Ada, pathOf(s.page(told.Release)))
	ada.See("Rolling back: ada may not roll production back.", "@incident-commanders")

	ivan := s.enter(demo.Ivan, "/")
	ivan.See("Lanes")
	ivan.Press("Roll back… production")
	ivan.See("Nothing was rolled back", "No verified release of production is known", "no-verified-release", "Choose one of them below.")
	ivan.Choose("Go back to", "initial")
	ivan.Press("Show what would move")
	ivan.See("2. What would move", "Reaches users", "3. Roll back to initial")
	ivan.Sound()
	ivan.Shot("rollback-plan")
	ivan.Fill("Type", "ROLLBACK PRODUCTION")
	ivan.Press("Roll production back")
	ivan.See("rollback-incomplete", "takes a reason.")
	ivan.Fill("Reason", "Checkout fails for everybody")
	ivan.Press("Roll production back")
	ivan.See("Rollback of production", "Checkout fails for everybody", "waits for approval")

	kim := s.enter(demo.Kim, pathOf(ivan.URL()))
	kim.See("Decide", "Checkout fails for everybody")
	kim.Press("Approve")
	kim.See("Your approval counts.")
	s.shows(told.Release, "rollback / Restore", "success")
	ivan.See("Back after")
	for part, commit := range before {
		if back := s.town.Google.Live(demo.ProductionProject).Commits[part]; back != commit {
			t.Errorf("%s serves %s, not %s", part, back, commit)
		}
	}
	// What was left is not offered again.
	ivan.Open(s.url("/lanes"))
	ivan.Press("Lanes")
	ivan.Press("Roll back… production")
	ivan.See("1 release not offered")
	ivan.Press("1 release not offered")
	ivan.See("v1.2.0 is marked bad and never returned to: Checkout fails for everybody")
}
