package demo_test

import (
	"os"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/browsertest"
	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// TestPicture takes the picture of the README: the page of the demo's release
// while it waits at its gate. `make picture` runs it.
func TestPicture(t *testing.T) {
	if os.Getenv("GATEHOUSE_SHOTS") == "" {
		t.Skip("make picture takes the picture")
	}
	p := browsertest.New(t)
	l := live(t, demo.Options{Step: 3 * time.Second}, nil, nil)
	teller := l.teller()
	told, err := teller.ToTheGate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := teller.Until(t.Context(), "all checks are shown", func() bool { return over(l.Town, told.Release) }); err != nil {
		t.Fatal(err)
	}
	p.Width(1000)
	p.Open("http://" + l.app.PagesAddr() + "/")
	p.See("v1.2.0 waits for people before production")
	run := browsertest.Eval[string](p, `document.querySelector(".card a[href^='/runs/']").getAttribute("href")`)
	p.Open("http://" + l.app.PagesAddr() + run)
	p.See("How to approve", "Live")
	p.Sound()
	p.Shot("run")
}
