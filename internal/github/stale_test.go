package github_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// A token that expired on the way is replaced, and the call made again: GitHub did nothing yet.
func TestATokenThatExpiresDuringACall(t *testing.T) {
	f := newFake(t, "")
	given := 0
	f.on("POST /app/installations/5/access_tokens", func(w http.ResponseWriter, r *http.Request) {
		given++
		reply(201, fmt.Sprintf(`{"token":"ghs_%d","expires_at":"2095-01-01T00:00:00Z"}`, given))(w, r)
	})
	taken := map[string]int{"token ghs_1": 401, "token ghs_2": 201, "token ghs_3": 401}
	f.on("POST /repos/o/r/check-runs", func(w http.ResponseWriter, r *http.Request) {
		reply(taken[r.Header.Get("Authorization")], `{"id":9,"message":"Bad credentials"}`)(w, r)
	})
	repo := f.app().Repo(github.RepoRef{Installation: 5, Owner: "o", Name: "r"})
	id, err := repo.CreateCheck(t.Context(), github.CheckRun{Name: "n", HeadSHA: "s", Title: "t", Summary: "s"})
	if err != nil || id != 9 || given != 2 {
		t.Errorf("check %d, %v after %d tokens", id, err, given)
	}
	taken["token ghs_2"] = 401 // and the next one too: then it is no accident
	_, err = repo.CreateCheck(t.Context(), github.CheckRun{Name: "n", HeadSHA: "s", Title: "t", Summary: "s"})
	_ = failed(t, err, github.Unauthorized)
	if given != 3 {
		t.Errorf("%d tokens were fetched, want 3", given)
	}
}
