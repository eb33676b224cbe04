package github_test

import (
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// A suspended installation is asked every five minutes, however much waits for
// it, and at once when it is told to be back.
func TestSuspendedInstallationRests(t *testing.T) {
	f := newFake(t, "")
	a := f.app()
	r := a.Repo(ref())
	f.on("*", reply(403, `{"message":"This installation has been suspended"}`))
	for range 3 {
		_, err := r.Info(background())
		fails(t, err, github.Suspended)
	}
	equal(t, "requests", len(f.requests()), 1)
	f.advance(5 * time.Minute)
	_, err := r.Info(background())
	fails(t, err, github.Suspended)
	equal(t, "requests", len(f.requests()), 2)
	f.on("*", reply(200, `{"id":9}`))
	_, err = r.Info(background())
	fails(t, err, github.Suspended)
	a.Lifted(installation)
	_, err = r.Info(background())
	ok(t, err)
	equal(t, "requests", len(f.requests()), 3)
}
