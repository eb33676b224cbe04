package github_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// A renamed repository is followed by its id, also where a write is answered
// 301, and from then on asked for at once.
func TestRenamedRepositoryIsFollowed(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusTemporaryRedirect} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			f := newFake(t, "/api/v3")
			moved := func(path string) http.HandlerFunc {
				return reply(status, `{"message":"Moved Permanently"}`, "Location", f.url+"/api/v3/repositories/9"+path)
			}
			f.on("GET /repos/octo/shop", moved(""))
			f.on("POST /repos/octo/shop/issues/3/comments", moved("/issues/3/comments"))
			f.on("GET /repositories/9", reply(200, `{"id":9,"name":"store"}`))
			f.on("POST /repositories/9/issues/3/comments", reply(201, `{"id":1,"body":"hello"}`))
			r := f.repo()
			_, err := r.Comment(background(), 3, "hello")
			ok(t, err)
			equal(t, "requests", len(f.requests()), 2)
			equal(t, "body", f.last().Body, f.requests()[0].Body)
			equal(t, "token", f.last().Auth, f.requests()[0].Auth)
			info, err := r.Info(background())
			ok(t, err)
			equal(t, "name", info.Name, "store")
			equal(t, "requests", len(f.requests()), 3)
		})
	}
}

// A redirect to anything but the same repository is not followed by a write.
func TestRedirectElsewhere(t *testing.T) {
	for _, to := range []string{"https://evil.example/api/v3/repositories/9/issues/3/comments", "/repositories/10/issues/3/comments", "/repos/other/shop/issues/3/comments", ""} {
		f := newFake(t, "")
		f.on("POST /repos/octo/shop/issues/3/comments", reply(301, `{}`, "Location", to))
		_, err := f.repo().Comment(background(), 3, "hello")
		fails(t, err, github.NotFound)
		equal(t, "requests", len(f.requests()), 1)
	}
}
