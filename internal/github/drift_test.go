package github_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// Where the clocks differ, GitHub is spoken to by its own: what the App signs, since when
// something is looked for, and when a limit ends.
func TestAnotherClock(t *testing.T) {
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		f := newFake(t, "")
		f.ahead = ahead
		f.on("GET /app/hook/deliveries", func(w http.ResponseWriter, r *http.Request) {
			var claims jwt.RegisteredClaims
			_, _, err := jwt.NewParser().ParseUnverified(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), &claims)
			now := f.now().Add(ahead)
			if err != nil || claims.IssuedAt.After(now) || !claims.ExpiresAt.After(now) || claims.ExpiresAt.After(now.Add(10*time.Minute)) {
				reply(401, `{"message":"'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"}`)(w, r)
				return
			}
			reply(200, `[]`)(w, r)
		})
		app := f.app()
		_, err := app.Deliveries(t.Context(), noon)
		ok(t, err)
		equal(t, "requests until GitHub took the token", len(f.requests()), 2)
		_, err = app.Deliveries(t.Context(), noon)
		ok(t, err)
		equal(t, "requests, once the clocks are known", len(f.requests()), 3)
		equal(t, "observed", f.observed()[len(f.observed())-1].Ahead, ahead)

		f.on("GET /repos/octo/shop/actions/workflows/deploy.yml/runs", reply(200, `{"workflow_runs":[]}`))
		_, err = app.Repo(ref()).DispatchedSince(t.Context(), "deploy.yml", "", noon)
		ok(t, err)
		q, err := url.ParseQuery(f.last().Query)
		ok(t, err)
		equal(t, "created", q.Get("created"), ">="+noon.Add(ahead-time.Minute).Format(time.RFC3339))

		f.on("GET /repos/octo/shop", reply(403, `{"message":"API rate limit exceeded"}`,
			"X-Ratelimit-Limit", "5000", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", strconv.FormatInt(noon.Add(ahead+20*time.Minute).Unix(), 10)))
		_, err = app.Repo(ref()).Info(t.Context())
		if e := failed(t, err, github.RateLimited); !e.RetryAt.Equal(noon.Add(20 * time.Minute)) {
			t.Errorf("the hour ends at %s, want 20 minutes after noon", e.RetryAt)
		}
	}
}
