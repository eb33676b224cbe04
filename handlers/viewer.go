package handlers

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// The cookies. Over https their names keep other sites of the same domain from
// setting them.
const (
	sessionCookie = "gatehouse"
	flowCookie    = "gatehouse-signin"
)

// viewer is who asks, and what he may see.
type viewer struct {
	login.Viewer
	sight    login.Sight
	operator bool // by the operator's token, or at the operator's own machine
	bearer   bool // by a header that no browser sends by itself
}

// serving is a page or an answer, for one viewer.
type serving func(p *pages, w http.ResponseWriter, r *http.Request)

// as serves with the eyes of who asks; turn is what happens when that is nobody.
func (p *pages) as(serve serving, turn func(*pages, http.ResponseWriter, *http.Request, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readTime)
		v, err := p.who(ctx, r)
		cancel()
		if err != nil {
			turn(p, w, r, err)
			return
		}
		mine := *p
		mine.viewer = v
		if !v.sight.All() {
			mine.Reader = sees{Reader: p.Reader, sight: v.sight}
		}
		if v.Person.ID != 0 {
			mine.words = p.words.For(templates.Viewer{Login: v.Person.Login, Until: v.Until})
		}
		serve(&mine, w, r)
	}
}

// page is for browsers: whoever is not signed in is sent to do so.
func (p *pages) page(serve serving) http.HandlerFunc { return p.as(serve, (*pages).turnAway) }

// own is for what is a person's own: in his browser only. Whoever found a key
// must not be able to make more of it.
func (p *pages) own(serve serving) http.HandlerFunc {
	return p.page(func(p *pages, w http.ResponseWriter, r *http.Request) {
		if p.viewer.bearer {
			writeJSON(w, http.StatusForbidden, refused(pipeline.Refusal{
				Code: "needs-browser", Reason: "This is done on the page /account, signed in, and not with a key.", Fix: "Open it in a browser.",
			}))
			return
		}
		serve(p, w, r)
	})
}

// api is for programs: whoever is not signed in is told so.
func (p *pages) api(serve serving) http.HandlerFunc { return p.as(serve, (*pages).turnDown) }

// who tells who asks. On the operator's own machine, before people can sign in,
// it is the operator.
func (p *pages) who(ctx context.Context, r *http.Request) (viewer, error) {
	if token, ok := bearerToken(r); ok {
		return p.byToken(ctx, token)
	}
	if p.Login == nil {
		if p.Public {
			return viewer{}, login.ErrSignedOut
		}
		return viewer{operator: true, sight: login.Everything()}, nil
	}
	cookie, err := r.Cookie(p.cookieName(sessionCookie))
	if err != nil {
		return viewer{}, login.ErrSignedOut
	}
	v, err := p.Login.Who(ctx, cookie.Value)
	if err != nil {
		return viewer{}, err
	}
	sight, err := p.Login.Sight(ctx, v)
	return viewer{Viewer: v, sight: sight}, err
}

// bearerToken is the token of a program. No form of another site can bring one.
func bearerToken(r *http.Request) (string, bool) {
	return strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// byToken takes the operator's token or a person's key.
func (p *pages) byToken(ctx context.Context, token string) (viewer, error) {
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(p.Operator))
	if p.Operator != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1 {
		return viewer{operator: true, bearer: true, sight: login.Everything()}, nil
	}
	if p.Login == nil {
		return viewer{}, login.ErrSignedOut
	}
	v, err := p.Login.WhoByKey(ctx, token)
	if err != nil {
		return viewer{}, err
	}
	sight, err := p.Login.Sight(ctx, v)
	return viewer{Viewer: v, sight: sight, bearer: true}, err
}

// turnAway sends a browser to sign in, and comes back to where it was.
func (p *pages) turnAway(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case !errors.Is(err, login.ErrSignedOut):
		p.fail(w, r, err)
	case !wantsHTML(r):
		p.turnDown(w, r, err)
	default:
		http.Redirect(w, r, "/login?"+url.Values{"to": {login.Within(r.URL.RequestURI())}}.Encode(), http.StatusSeeOther)
	}
}

// turnDown answers a program.
func (p *pages) turnDown(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, login.ErrSignedOut) {
		p.apiFail(w, r, err)
		return
	}
	w.Header().Set("WWW-Authenticate", `Bearer realm="gatehouse"`)
	writeJSON(w, http.StatusUnauthorized, refused(pipeline.Refusal{
		Code: "not-signed-in", Reason: "Nobody is signed in by this request.",
		Fix: "Make a key on the page /account and send it as Authorization: Bearer KEY. A key ends after 90 days, and when you take your authorization back on GitHub.",
	}))
}

// refusedAnswer is a "no" of the API.
type refusedAnswer struct {
	Result string `json:"result"`
	pipeline.Refusal
}

func refused(why pipeline.Refusal) refusedAnswer {
	return refusedAnswer{Result: "refused", Refusal: why}
}

// ours reports whether a form comes from a page of ours. Browsers name the
// origin of every POST, so one without a name is no browser's, and has no
// business with a cookie.
func (p *pages) ours(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return r.Header.Get("Origin") == originOf(p.PublicURL) && (site == "" || site == "same-origin")
}

func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// form lets a POST with a cookie in only from a page of ours.
func (p *pages) form(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, program := bearerToken(r); !program && !p.ours(r) {
			p.message(w, http.StatusForbidden, templates.Message{
				Title: "This form came from elsewhere",
				Lines: []string{"Nothing was done: the form was not sent by a page of this Gatehouse, at " + p.PublicURL + ". Open the page here and send it again."},
				Links: []templates.Link{{Text: "All lanes", URL: "/"}},
			})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		serve(w, r)
	}
}

// maxForm is far above what any form of ours holds.
const maxForm = 64 << 10

func (p *pages) https() bool { return strings.HasPrefix(p.PublicURL, "https://") }

func (p *pages) cookieName(name string) string {
	if p.https() {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a cookie that scripts cannot read, and that other sites do not
// send along but by a link. An empty value removes it.
func (p *pages) setCookie(w http.ResponseWriter, name, value string, lives time.Duration) {
	c := &http.Cookie{
		Name: p.cookieName(name), Value: value, Path: "/", MaxAge: int(lives.Seconds()), HttpOnly: true, Secure: p.https(), SameSite: http.SameSiteLaxMode,
	}
	if value == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}
