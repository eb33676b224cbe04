package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/sqlite"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// Play is what the demo command was asked for.
type Play struct {
	Story string // one of Stories
	Auto  bool
	JSON  bool
	Gate  Gate
	Addr  string // of the sandbox; empty: a free port
	Out   io.Writer
	Log   io.Writer // the app's log; nil: nowhere
	Keep  string    // where a copy of the app's store is left at the end; empty: nowhere
	Now   func() time.Time

	step time.Duration     // how long a job of Actions takes; 0: as long as the town says
	tune func(*app.Config) // changes the app's configuration; nil: not at all
}

// Figures are the one line that --json ends with.
type Figures struct {
	Story                string   `json:"story"`
	OK                   bool     `json:"ok"`
	GitHubCalls          int      `json:"github_calls"` // from the release's push on
	PushToCheckMS        int64    `json:"push_to_check_ms"`
	TookMS               int64    `json:"took_ms"`
	*witness.BackFigures          // of the story rollback
	Reasons              []string `json:"reasons,omitempty"` // that people were told, in order: of the story approvals
	Faults               []Day    `json:"faults,omitempty"`  // of the story faults
	Violations           []string `json:"violations,omitempty"`
}

// Run plays a story from an empty town to the witness' judgement.
func Run(ctx context.Context, p Play) (fig Figures, err error) {
	fig.Story = p.Story
	if !slices.Contains(Stories(), p.Story) {
		return fig, fmt.Errorf("there is no story %q; there are: %s", p.Story, strings.Join(Stories(), ", "))
	}
	if p.Story == StoryFaults {
		return faults(ctx, p)
	}
	house, err := open(ctx, p)
	if err != nil {
		return fig, err
	}
	defer func() { err = errors.Join(err, house.close(context.WithoutCancel(ctx), p.Keep)) }()
	if p.Story == StoryRollback {
		p.Auto = true // its people have to be quicker than a reader
		if err := house.tellRollback(ctx, p, &fig); err != nil {
			return fig, err
		}
		return fig, house.print(p, fig)
	}
	if p.Story == StoryApprovals {
		return house.approvals(ctx, p)
	}
	told, err := house.tell(ctx, p)
	if err != nil {
		return fig, err
	}
	fig.PushToCheckMS, fig.TookMS = told.PushToCheck.Milliseconds(), told.Took.Milliseconds()
	if err := house.judge(told, &fig); err != nil {
		return fig, err
	}
	if err := house.print(p, fig); err != nil || p.Auto || p.JSON {
		return fig, err
	}
	fmt.Fprintf(p.Out, "Look around; Ctrl-C ends it.\n    GitHub     %s/%s\n    Slack      %s/slack\n    Gatehouse  %s\n", house.town.URL, Repo, house.town.URL, house.pages)
	<-ctx.Done()
	return fig, nil
}

// The stories.
const (
	StoryRelease   = "release"
	StoryApprovals = "approvals"
	StoryRollback  = "rollback"
	StoryFaults    = "faults"
)

// Stories lists what can be told.
func Stories() []string { return []string{StoryRelease, StoryApprovals, StoryRollback, StoryFaults} }

// approvals plays the story of approvals, which people do not take part in.
func (h *house) approvals(ctx context.Context, p Play) (Figures, error) {
	fig := Figures{Story: p.Story}
	t := &Teller{Town: h.town, Out: p.Out, Auto: true, Wait: h.town.Watch(), Now: p.Now}
	if p.JSON {
		t.Out = io.Discard
	}
	told, err := t.Approvals(ctx, h.base)
	if err != nil {
		return fig, err
	}
	for _, v := range witness.JudgeApprovals(told) {
		fig.Violations = append(fig.Violations, v.Rule+": "+v.Saw)
	}
	fig.OK, fig.TookMS = len(fig.Violations) == 0, told.Took.Milliseconds()
	for _, n := range witness.Count(told.Calls, 0) {
		fig.GitHubCalls += n
	}
	for _, r := range told.Reasons {
		fig.Reasons = append(fig.Reasons, strings.Join(r.Words, " … "))
	}
	if p.JSON {
		return fig, json.NewEncoder(p.Out).Encode(fig)
	}
	for _, v := range fig.Violations {
		fmt.Fprintln(p.Out, "The witness objects:", v)
	}
	if fig.OK {
		fmt.Fprintf(p.Out, "The witness, who saw only what the sandbox recorded, agrees: each door opened once, for two groups, and everybody was told why. (%d calls to GitHub)\n", fig.GitHubCalls)
	}
	return fig, nil
}

// dbName is the app's store in the folder of its house.
const dbName = "gatehouse.db"

// house is a town with the app in it.
type house struct {
	town  *Town
	base  string // address of Gatehouse
	pages string // address of Gatehouse's own pages
	dir   string
	stop  context.CancelFunc
	done  chan error
}

func open(ctx context.Context, p Play) (*house, error) {
	addr := p.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("the sandbox cannot listen: %w", err)
	}
	signIn := p.Story == StoryApprovals
	town, err := Open(listener, Options{Gate: p.Gate, SignIn: signIn, Step: p.step})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gatehouse-demo-")
	if err != nil {
		return nil, err
	}
	h := &house{town: town, dir: dir, done: make(chan error, 1)}
	at, err := address(ctx, signIn)
	if err != nil {
		return nil, err
	}
	env := town.Env(at, filepath.Join(dir, dbName))
	cfg, err := app.LoadConfig(func(name string) string { return env[name] })
	if err != nil {
		return nil, err
	}
	if p.tune != nil {
		p.tune(&cfg)
	}
	if err := town.Pair(ctx, filepath.Join(dir, dbName), known(signIn)...); err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	if p.Log != nil {
		log = slog.New(slog.NewTextHandler(p.Log, nil))
	}
	a, err := app.Open(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	h.base = "http://" + a.Addr()
	h.pages = "http://" + a.PagesAddr() + "/"
	town.SetHook("http://" + a.Addr() + "/api/github/hook")
	run, stop := context.WithCancel(ctx)
	h.stop = stop
	go func() { h.done <- a.Run(run) }()
	return h, nil
}

// known are those of whom it is known who they are in Slack. Where people sign in
// they say so themselves.
func known(signIn bool) []string {
	if signIn {
		return nil
	}
	return []string{Ada, Omar}
}

// address is where the app shall listen. Where people sign in, GitHub must know
// beforehand where they come back to: a port that nobody listens on is chosen.
func address(ctx context.Context, signIn bool) (string, error) {
	if !signIn {
		return "127.0.0.1:0", nil
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("there is no free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// close ends the app, and the town after it.
func (h *house) close(ctx context.Context, keep string) (err error) {
	h.stop()
	if err := <-h.done; err != nil {
		slog.Warn("the app did not stop cleanly", "error", err)
	}
	h.town.Close()
	if keep != "" {
		err = leave(ctx, filepath.Join(h.dir, dbName), keep)
	}
	_ = os.RemoveAll(h.dir)
	return err
}

// leave copies what the app has stored to where somebody may look into it.
func leave(ctx context.Context, db, to string) (err error) {
	store, err := sqlite.Open(ctx, db, sqlite.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return store.Backup(ctx, to)
}

func (h *house) tell(ctx context.Context, p Play) (Told, error) {
	out := p.Out
	if p.JSON {
		out = io.Discard
	}
	fmt.Fprintf(out, "A GitHub, a Slack, a Discord and a web site live at %s for as long as this runs.\n", h.town.URL)
	fmt.Fprintf(out, "Gatehouse shows its lanes and runs at %s\n", h.pages)
	return h.teller(p).Release(ctx)
}

func (h *house) teller(p Play) *Teller {
	out := p.Out
	if p.JSON {
		out = io.Discard
	}
	return &Teller{Town: h.town, Out: out, Auto: p.Auto, Wait: h.town.Watch(), Now: p.Now}
}

func (h *house) judge(told Told, fig *Figures) error {
	h.town.World.Drain()
	world, err := h.town.Evidence(told)
	if err != nil {
		return err
	}
	for _, v := range witness.Release(world) {
		fig.Violations = append(fig.Violations, v.Rule+": "+v.Saw)
	}
	fig.OK = len(fig.Violations) == 0
	for _, n := range witness.Count(world.Calls, told.Since) {
		fig.GitHubCalls += n
	}
	return nil
}

func (h *house) print(p Play, fig Figures) error {
	if p.JSON {
		return json.NewEncoder(p.Out).Encode(fig)
	}
	for _, v := range fig.Violations {
		fmt.Fprintln(p.Out, "The witness objects:", v)
	}
	if fig.OK {
		fmt.Fprintf(p.Out, "The witness, who saw only what the sandbox recorded, agrees: asked, opened once, deployed once, probed. (%d calls to GitHub, first check after %d ms)\n", fig.GitHubCalls, fig.PushToCheckMS)
	}
	return nil
}
