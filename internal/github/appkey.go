package github

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	answers "github.com/gatehouse-app/gatehouse/internal/answer"
)

// What go-githubapp signs for the App counts by this machine's clock, and GitHub
// refuses it where that is wrong. These are the same times, by GitHub's clock.
const (
	signedBack = 30 * time.Second
	signedFor  = 2 * time.Minute
)

// appKey signs for the App itself.
type appKey struct {
	id  int64
	key *rsa.PrivateKey
}

func newAppKey(id int64, pem []byte) (appKey, error) {
	key, err := jwt.ParseRSAPrivateKeyFromPEM(pem)
	if err != nil {
		return appKey{}, invalid("start", "the App's private key cannot be read: it must be the PEM file that GitHub gave, complete")
	}
	return appKey{id: id, key: key}, nil
}

// sign puts a token of the App on a request that counts from a time on.
func (k appKey) sign(req *http.Request, now time.Time) (*http.Request, error) {
	issued := now.Add(-signedBack).Truncate(time.Second)
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.RegisteredClaims{
		IssuedAt: jwt.NewNumericDate(issued), ExpiresAt: jwt.NewNumericDate(issued.Add(signedFor)), Issuer: strconv.FormatInt(k.id, 10),
	}).SignedString(k.key)
	if err != nil {
		return nil, fmt.Errorf("sign as the App: %w", err)
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+text)
	return req, nil
}

// asApp sends what the App asks as itself. A first answer that refuses the token may be what
// tells that the clocks differ: then it is asked again, by GitHub's clock.
func (w *wire) asApp(req *http.Request, c *call) (*http.Response, error) {
	known := w.guard.drift.Ahead()
	resp, err := w.signed(req, c, known)
	if err != nil || resp.StatusCode != http.StatusUnauthorized || w.guard.drift.Ahead() == known || !bodiless(req) {
		return resp, err
	}
	_ = resp.Body.Close() // what it says is known: the token is of another time
	return w.signed(req, c, w.guard.drift.Ahead())
}

func (w *wire) signed(req *http.Request, c *call, ahead time.Duration) (*http.Response, error) {
	if ahead != 0 {
		var err error
		if req, err = w.key.sign(req, w.guard.clock().Add(ahead)); err != nil {
			return nil, err
		}
	}
	c.keep(req)
	return w.send(req)
}

// bodiless reports whether a request can be sent twice as it is.
func bodiless(req *http.Request) bool { return req.Body == nil || req.Body == http.NoBody }

// send sends, and learns from the answer how far GitHub's clock is from ours.
func (w *wire) send(req *http.Request) (*http.Response, error) {
	asked := w.guard.clock()
	resp, err := w.base.RoundTrip(req)
	if err == nil && w.guard.drift.Learn(resp.Header, asked, w.guard.clock()) {
		w.guard.drifted(req.Context())
	}
	return resp, err
}

func (g *guard) drifted(ctx context.Context) {
	ahead := g.drift.Ahead().Round(time.Minute)
	if ahead == 0 {
		g.logger.LogAttrs(ctx, slog.LevelInfo, "this machine's clock and GitHub's agree again")
		return
	}
	g.logger.LogAttrs(ctx, slog.LevelWarn,
		"this machine's clock is not GitHub's: set it (NTP); calls to GitHub go by its clock meanwhile, but freezes, expiries and clicks in Slack by this machine's",
		slog.String("github_is_ahead_by", ahead.String()))
}

// byOurClock writes into a fetched token when it ends by this machine's clock, by
// which go-githubapp fetches the next.
func byOurClock(resp *http.Response, d *answers.Drift) error {
	if d.Ahead() == 0 {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerBytes))
	_ = resp.Body.Close() // all that matters of it was read
	if err != nil {
		return err
	}
	var fields map[string]json.RawMessage
	var ends time.Time
	if json.Unmarshal(body, &fields) == nil && json.Unmarshal(fields["expires_at"], &ends) == nil {
		fields["expires_at"], _ = json.Marshal(d.Ours(ends)) // a time of this century can be written
		if body, err = json.Marshal(fields); err != nil {
			return err
		}
	}
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

// keep notes what a request proves itself by, so that no error shows it.
func (c *call) keep(req *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, c.secret, _ = strings.Cut(req.Header.Get("Authorization"), " ")
}
