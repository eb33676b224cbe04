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

	"github.com/gatehouse-app/gatehouse/internal/engine"
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
	Installations(ctx context.Context) ([]int64, error)
	Lanes(ctx context.Context, inst int64) ([]*pipeline.Lane, error)
	Run(ctx context.Context, inst int64, id pipeline.RunID) (pipeline.State, engine.Info, error)
	RunsByID(ctx context.Context, inst int64, ids ...pipeline.RunID) ([]*pipeline.Run, error)
	History(ctx context.Context, inst int64, lane pipeline.LaneID, before int64, limit int) ([]engine.Past, error)
	RunLog(ctx context.Context, inst int64, lane pipeline.LaneID, id pipeline.RunID) ([]pipeline.Entry, error)
}

var _ Reader = (*engine.Engine)(nil)

// PagesConfig is what the pages work with. All but Hosts are required.
type PagesConfig struct {
	Reader Reader
	Feed   *Feed
	WebURL string   // GitHub's for browsers
	Hosts  []string // names beside this machine's own by which browsers may call
	Clock  func() time.Time
	Logger *slog.Logger
}

type pages struct {
	PagesConfig
	words *templates.Pages
	links templates.Links
}

// Pages serves the web pages and their JSON. Everything is read-only, and shows
// every installation: it belongs on a listener that only the operator reaches.
func Pages(c PagesConfig) (http.Handler, error) {
	if c.Reader == nil || c.Feed == nil || c.WebURL == "" || c.Clock == nil || c.Logger == nil {
		return nil, errors.New("the pages lack their reader, feed, GitHub address, clock or logger")
	}
	words, err := templates.NewPages()
	if err != nil {
		return nil, err
	}
	p := &pages{PagesConfig: c, words: words, links: templates.Links{Web: c.WebURL}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.lanes)
	mux.HandleFunc("GET /lanes/{installation}/{lane}", p.lane)
	mux.HandleFunc("GET /runs/{id}", p.run)
	mux.HandleFunc("GET /static/{name}", p.asset)
	mux.HandleFunc("GET /api/v1/lanes", p.apiLanes)
	mux.HandleFunc("GET /api/v1/runs/{id}", p.apiRun)
	mux.Handle("GET /api/v1/events", c.Feed)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.fail(w, r, engine.ErrNotFound) })
	return p.guard(mux), nil
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
	page := templates.LanesPage{Now: now}
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
	inst, err := strconv.ParseInt(r.PathValue("installation"), 10, 64)
	if err != nil {
		p.fail(w, r, engine.ErrNotFound)
		return
	}
	before, err := strconv.ParseInt(r.FormValue("before"), 10, 64)
	if err != nil || before < 0 {
		before = 0
	}
	lane, err := p.findLane(ctx, inst, pipeline.LaneID(r.PathValue("lane")))
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
	body, err := p.words.Lane(page)
	p.send(w, r, body, err)
}

// run is the page of a run; to a terminal it is text.
func (p *pages) run(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	line, inst, log, err := p.readRun(ctx, r.PathValue("id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	if !wantsHTML(r) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(templates.Text(line.View))) // whoever asked may be gone
		return
	}
	body, err := p.words.Run(line, inst, log)
	p.send(w, r, body, err)
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
	line, inst, log, err := p.readRun(ctx, r.PathValue("id"))
	if err != nil {
		p.apiFail(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, templates.APIRunOf(line, inst, log))
}

// wantsHTML tells a browser from a terminal.
func wantsHTML(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }
