package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/audit"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/login"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

const (
	// activeShown is how many active runs of a lane are read for its card.
	activeShown = 30
	// pastShown is how many runs a page of a history holds.
	pastShown = 20
	// readTime bounds what one page reads.
	readTime = 10 * time.Second
)

// runID is what may stand for a run in an address.
var runID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// Reader is what the pages read. Nothing in it waits for anything but the store.
type Reader interface {
	Lacking(ctx context.Context) ([]pipeline.Lack, error)
	Installations(ctx context.Context) ([]int64, error)
	Lanes(ctx context.Context, inst int64) ([]*pipeline.Lane, error)
	Run(ctx context.Context, inst int64, id pipeline.RunID) (pipeline.State, engine.Info, error)
	RunsByID(ctx context.Context, inst int64, ids ...pipeline.RunID) ([]*pipeline.Run, error)
	History(ctx context.Context, inst int64, lane pipeline.LaneID, before int64, limit int) ([]engine.Past, error)
	RunLog(ctx context.Context, inst int64, lane pipeline.LaneID, id pipeline.RunID) ([]pipeline.Entry, error)
}

var _ Reader = (*engine.Engine)(nil)

// PagesConfig is what the pages work with. Reader, Feed, WebURL, Clock and Logger
// are required; without Login everything is read-only, and shows every
// installation: it then belongs on a listener that only the operator reaches.
type PagesConfig struct {
	Reader Reader
	Feed   *Feed
	WebURL string   // GitHub's for browsers
	Hosts  []string // names beside this machine's own by which browsers may call, without Login
	Clock  func() time.Time
	Logger *slog.Logger

	TraceURL  string       // as in templates.Links
	Public    bool         // anybody may ask, so that nobody is the operator but by his token
	Login     *login.Login // signs people in
	PublicURL string       // where browsers reach the pages; required with Login
	Operator  string       // the operator's token, or empty
	Commands  Commands     // required with Login
	AppID     int64
	Standings Standings   // may be nil: then everybody is shown every button
	Pairings  Pairings    // may be nil: nobody is paired
	Trail     audit.Trail // may be nil: it is not given out
}

type pages struct {
	PagesConfig
	words  *templates.Pages
	links  templates.Links
	known  *known
	limits *limits
	viewer viewer // of the request that is being answered
}

// Pages serves the web pages and their JSON.
func Pages(c PagesConfig) (http.Handler, error) {
	p, err := newPages(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	p.mountAPI(mux)
	if c.Login != nil || !c.Public {
		p.mountPages(mux)
	}
	if c.Login != nil {
		p.mountSignIn(mux)
		p.mountActs(mux)
	}
	if c.Commands != nil {
		p.mountCommands(mux)
	}
	return p.guard(mux), nil
}

func newPages(c PagesConfig) (*pages, error) {
	switch {
	case c.Reader == nil || c.Feed == nil || c.WebURL == "" || c.Clock == nil || c.Logger == nil:
		return nil, errors.New("the pages lack their reader, feed, GitHub address, clock or logger")
	case c.Login != nil && (c.Commands == nil || originOf(c.PublicURL) == "://" || !c.Public):
		return nil, errors.New("pages that people sign in to lack their commands or their public address")
	}
	words, err := templates.NewPages()
	if err != nil {
		return nil, err
	}
	p := &pages{PagesConfig: c, words: words, links: templates.Links{Web: c.WebURL, Trace: c.TraceURL}}
	if p.known, err = newKnown(c.Standings, c.Clock); err != nil {
		return nil, err
	}
	p.limits, err = newLimits()
	return p, err
}

func (p *pages) mountPages(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", p.page((*pages).lanes))
	mux.HandleFunc("GET /lanes/{installation}/{lane}", p.page((*pages).lane))
	mux.HandleFunc("GET /runs/{id}", p.page((*pages).run))
	mux.HandleFunc("GET /static/{name}", p.asset)
	mux.HandleFunc("/", p.page(func(p *pages, w http.ResponseWriter, r *http.Request) { p.fail(w, r, engine.ErrNotFound) }))
}

func (p *pages) mountActs(mux *http.ServeMux) {
	mux.HandleFunc("GET /approvals", p.own((*pages).approvals))
	mux.HandleFunc("POST /runs/{id}", p.form(p.as((*pages).act, (*pages).formAgain)))
	mux.HandleFunc("GET /lanes/{installation}/{lane}/rollback", p.own((*pages).back))
	mux.HandleFunc("POST /lanes/{installation}/{lane}/rollback", p.form(p.as((*pages).askBack, (*pages).backAgain)))
	mux.HandleFunc("GET /signed-in", p.own((*pages).signedIn))
	if p.Pairings != nil {
		mux.HandleFunc("GET /pair", p.own((*pages).askPair))
		mux.HandleFunc("POST /pair", p.form(p.own((*pages).pair)))
		mux.HandleFunc("POST /account/unpair", p.form(p.own((*pages).unpair)))
	}
}

// mountCommands takes commands by people's keys, and a rollback by the operator's
// token, which is worth most where people cannot sign in.
func (p *pages) mountCommands(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/v1/commands", p.form(p.api((*pages).apiCommand)))
	mux.HandleFunc("GET /api/v1/commands/{id}", p.api((*pages).apiGiven))
}

func (p *pages) mountAPI(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/lanes", p.api((*pages).apiLanes))
	mux.HandleFunc("GET /api/v1/runs/{id}", p.api((*pages).apiRun))
	mux.HandleFunc("GET /api/v1/runs/{id}/state", p.api((*pages).apiState))
	if p.Trail != nil {
		mux.HandleFunc("GET /api/v1/audit", p.operators((*pages).apiAudit))
		mux.HandleFunc("GET /api/v1/audit/verify", p.operators((*pages).apiVerify))
	}
	mux.HandleFunc("GET /api/v1/events", p.api((*pages).events))
	mux.HandleFunc("/api/v1/", p.api(func(p *pages, w http.ResponseWriter, r *http.Request) { p.apiFail(w, r, engine.ErrNotFound) }))
}

// lanes is the first page.
func (p *pages) lanes(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	now := p.Clock()
	found, err := p.readLanes(ctx)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	lacking, err := p.Reader.Lacking(ctx)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	page := templates.LanesPage{Now: now}
	for _, l := range lacking {
		page.Lacking = append(page.Lacking, templates.Lacking{Lack: l})
	}
	for _, l := range found {
		page.Lanes = append(page.Lanes, templates.NewLaneView(l.lane, l.runs, now, p.links))
		page.Recent = append(page.Recent, p.lines(l.lane, l.past, now)...)
	}
	slices.SortStableFunc(page.Recent, func(a, b templates.RunLine) int { return b.Facts.StartedAt.Compare(a.Facts.StartedAt) })
	page.Recent = page.Recent[:min(pastShown, len(page.Recent))]
	body, err := p.words.Lanes(page)
	p.send(w, r, body, err)
}

// lane is one lane with a page of its history.
func (p *pages) lane(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	before, err := strconv.ParseInt(r.FormValue("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	lane, err := p.laneOf(ctx, r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	found, err := p.readLane(ctx, lane, before, pastShown+1)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	now := p.Clock()
	page := templates.LanePage{Lane: templates.NewLaneView(lane, found.runs, now, p.links), First: before == 0, Now: now}
	if len(found.past) > pastShown {
		found.past = found.past[:pastShown]
		page.Older = page.Lane.Page + "?before=" + strconv.FormatInt(found.past[pastShown-1].Seq, 10)
	}
	page.Past = p.lines(lane, found.past, now)
	page.Back = p.backOf(ctx, lane, leader(lane, found))
	body, err := p.words.Lane(page)
	p.send(w, r, body, err)
}

// run is the page of a run; to a terminal it is text.
func (p *pages) run(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	state, err := p.findRun(ctx, r.PathValue("id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !wantsHTML(r) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(templates.Text(templates.NewView(state, p.Clock(), p.links)))) // whoever asked may be gone
		return
	}
	p.showRun(w, r, state, http.StatusOK, p.answerTo(ctx, state.Run.ID, r.FormValue("asked")), "")
}

// showRun is the page of a run, with what the viewer can do to it and what came
// of the last thing that he did.
func (p *pages) showRun(w http.ResponseWriter, r *http.Request, state pipeline.State, status int, answer *templates.CommandAnswer, typed string) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	inst := state.Run.Repo.Installation
	log, err := p.Reader.RunLog(ctx, inst, state.Run.Lane, state.Run.ID)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	acts := p.acts(ctx, state.Run)
	acts.Back = p.backOfRun(ctx, state)
	acts.Answer, acts.Reason = answer, typed
	body, err := p.words.Run(templates.NewRunLine(state, p.Clock(), p.links), inst, log, acts)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser may be gone
}

func (p *pages) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := p.words.Asset(r.PathValue("name"))
	if !ok {
		p.fail(w, r, engine.ErrNotFound)
		return
	}
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Cache-Control", "no-cache")
	if r.FormValue("v") != "" {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // the address holds its digest
	}
	_, _ = w.Write(a.Body)
}

func (p *pages) apiLanes(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	found, err := p.readLanes(ctx)
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	out := struct {
		Lanes []templates.APILane `json:"lanes"`
	}{Lanes: []templates.APILane{}}
	for _, l := range found {
		out.Lanes = append(out.Lanes, templates.APILaneOf(templates.NewLaneView(l.lane, l.runs, p.Clock(), p.links)))
	}
	writeJSON(w, http.StatusOK, out)
}

func (p *pages) apiRun(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	state, err := p.findRun(ctx, r.PathValue("id"))
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	inst := state.Run.Repo.Installation
	log, err := p.Reader.RunLog(ctx, inst, state.Run.Lane, state.Run.ID)
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, templates.APIRunOf(templates.NewRunLine(state, p.Clock(), p.links), inst, log))
}

// wantsHTML tells a browser from a terminal.
func wantsHTML(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }
