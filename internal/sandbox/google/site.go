package google

import (
	"net/http"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Site is the product's web site, as its project serves it: the page is of the hosting version that is live, and /api/health of
// what the functions serve. A commit that bad names answers with errors.
func (g *Google) Site(projectID, site string, bad func(commit string) bool) sandbox.Site {
	return func(path string) (status int, body string) {
		live := g.Live(projectID)
		commit := live.Commits["hosting/"+site]
		if path == "/api/health" {
			for what, of := range live.Commits {
				if what != "hosting/"+site && bad(of) {
					return http.StatusInternalServerError, `{"ok":false}`
				}
			}
			return http.StatusOK, `{"ok":true}`
		}
		switch {
		case commit == "":
			return http.StatusNotFound, "<!doctype html><title>Site Not Found</title>"
		case bad(commit):
			return http.StatusInternalServerError, "<!doctype html><title>It is broken</title>"
		}
		return http.StatusOK, "<!doctype html><title>It works</title><h1>It works</h1><p>" + commit
	}
}
