package sandbox

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// NewAppKey makes a private key for an app, also as the PEM file that GitHub would hand out.
func NewAppKey() (pemFile []byte, key *rsa.PrivateKey, err error) {
	key, err = rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, fmt.Errorf("make the app's key: %w", err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return pem.EncodeToMemory(block), key, nil
}

// token is an installation's token or, with a login, a person's.
type token struct {
	install int64
	login   string
	expires time.Time
	allowed map[string]string
	spoiled bool // a fault ended it before its time
}

// identity is who makes a request.
type identity struct {
	app     bool
	install *Installation
	allowed map[string]string
	login   string
}

func (id identity) name() string {
	switch {
	case id.app:
		return "app"
	case id.install != nil:
		return "installation:" + strconv.FormatInt(id.install.ID, 10)
	}
	return id.login
}

var (
	errBadCredentials = errors.New("Bad credentials")                       //nolint:staticcheck // GitHub's own words
	errJWT            = errors.New("A JSON web token could not be decoded") //nolint:staticcheck // GitHub's own words
)

// authenticate reads the Authorization header; no header is nobody.
func (w *World) authenticate(h http.Header) (identity, error) {
	scheme, value, _ := strings.Cut(h.Get("Authorization"), " ")
	if value == "" {
		return identity{}, nil
	}
	if strings.EqualFold(scheme, "bearer") && strings.Count(value, ".") == 2 && !strings.HasPrefix(value, "gh") {
		return w.authenticateApp(value)
	}
	t, ok := w.tokens[value]
	if !ok || !t.expires.IsZero() && !w.clock.Now().Before(t.expires) {
		return identity{}, errBadCredentials
	}
	if t.login != "" {
		return identity{login: t.login}, nil
	}
	for _, in := range w.installs {
		if in.ID == t.install {
			return identity{install: in, allowed: t.allowed}, nil
		}
	}
	return identity{}, errBadCredentials
}

// expire ends the token of a request before its time.
func (w *World) expire(h http.Header) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, value, _ := strings.Cut(h.Get("Authorization"), " ")
	if t, ok := w.tokens[value]; ok {
		t.expires, t.spoiled = w.clock.Now(), true
	}
}

// spoiled tells whether a request comes with a token that a fault ended.
func (w *World) spoiled(h http.Header) bool {
	_, value, _ := strings.Cut(h.Get("Authorization"), " ")
	t, ok := w.tokens[value]
	return ok && t.spoiled
}

func (w *World) authenticateApp(value string) (identity, error) {
	if w.opt.AppKey == nil {
		return identity{}, errJWT
	}
	claims := jwt.RegisteredClaims{}
	_, err := jwt.ParseWithClaims(value, &claims, func(*jwt.Token) (any, error) { return &w.opt.AppKey.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithIssuer(strconv.FormatInt(w.opt.AppID, 10)),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(w.clock.Now))
	if err != nil {
		return identity{}, errJWT
	}
	if claims.ExpiresAt.After(w.clock.Now().Add(10*time.Minute + 30*time.Second)) {
		return identity{}, errors.New("'Expiration time' claim ('exp') is too far in the future")
	}
	return identity{app: true}, nil
}

// UserToken makes a user-to-server token for a person, as after a sign-in.
func (w *World) UserToken(login string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.user(login); err != nil {
		return "", fmt.Errorf("user token: %w", err)
	}
	value := w.newToken("ghu_")
	w.tokens[value] = &token{login: login, expires: w.clock.Now().Add(8 * time.Hour)}
	return value, nil
}

func (w *World) newToken(prefix string) string {
	return prefix + strings.ReplaceAll(w.guid(), "-", "") + strconv.FormatInt(w.nextID(), 10)
}

// may tells whether a caller has a permission such as "checks:write"; "" needs none.
func (id identity) may(permission string) bool {
	name, level, _ := strings.Cut(permission, ":")
	if name == "" || name == "metadata" {
		return true
	}
	if id.install == nil {
		return id.login != ""
	}
	has := id.install.Permissions[name]
	if id.allowed != nil && !enough(id.allowed[name], level) {
		return false
	}
	return enough(has, level)
}

func enough(has, need string) bool {
	levels := []string{"", "read", "write", "admin"}
	return slices.Index(levels, has) >= slices.Index(levels, need)
}

// limit is the hourly budget of one caller and the writes of its last minute.
type limit struct {
	used   int
	reset  time.Time
	writes []time.Time
}

// spend counts a request; refused is what to answer when the budget is used up.
func (w *World) spend(who, method string, h http.Header) (refused *reply) {
	now := w.clock.Now()
	l, ok := w.limits[who]
	if !ok || !now.Before(l.reset) {
		l = &limit{reset: now.Add(time.Hour)}
		w.limits[who] = l
	}
	over := l.used >= w.opt.RateLimit
	if !over {
		l.used++
	}
	w.limitHeaders(l, h)
	if over {
		return &reply{status: http.StatusForbidden, body: limitBody("API rate limit exceeded for " + who + ".")}
	}
	if w.opt.SecondaryLimit > 0 && method != http.MethodGet && !l.write(now, w.opt.SecondaryLimit) {
		h.Set("Retry-After", "60")
		return &reply{status: http.StatusForbidden, body: limitBody("You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")}
	}
	return nil
}

func (w *World) limitHeaders(l *limit, h http.Header) {
	h.Set("X-Ratelimit-Limit", strconv.Itoa(w.opt.RateLimit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(w.opt.RateLimit-l.used))
	h.Set("X-Ratelimit-Used", strconv.Itoa(l.used))
	h.Set("X-Ratelimit-Reset", strconv.FormatInt(l.reset.Unix(), 10))
	h.Set("X-Ratelimit-Resource", "core")
}

func (l *limit) write(now time.Time, limit int) bool {
	l.writes = slices.DeleteFunc(l.writes, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(l.writes) >= limit {
		return false
	}
	l.writes = append(l.writes, now)
	return true
}
