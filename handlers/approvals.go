package handlers

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// Standings asks GitHub what a person is in a repository: his role, and which of
// the teams have him.
type Standings func(ctx context.Context, repo pipeline.Repo, who pipeline.Person, teams []string) (pipeline.Standing, error)

// known remembers standings for a minute. What is told from it is a courtesy to
// the reader of a page: the machine asks anew when it counts.
type known struct {
	ask   Standings
	clock func() time.Time
	kept  *lru.Cache[string, heldStanding]
}

type heldStanding struct {
	pipeline.Standing
	at time.Time
}

const (
	standingLives = time.Minute
	standingsKept = 4096
)

func newKnown(ask Standings, clock func() time.Time) (*known, error) {
	kept, err := lru.New[string, heldStanding](standingsKept)
	return &known{ask: ask, clock: clock, kept: kept}, err
}

// of is what a person is in a run's repository; false while GitHub does not say.
func (k *known) of(ctx context.Context, run *pipeline.Run, who pipeline.Person) (pipeline.Standing, bool) {
	if k.ask == nil || who.ID == 0 {
		return pipeline.Standing{}, false
	}
	teams := run.Env().CommanderTeams()
	if policy := policyOf(run); policy != nil {
		teams = append(teams, policy.Teams()...)
	}
	slices.Sort(teams)
	teams = slices.Compact(teams)
	key := fmt.Sprintf("%d/%d/%d/%s", run.Repo.Installation, run.Repo.ID, who.ID, strings.Join(teams, ","))
	if s, ok := k.kept.Get(key); ok && k.clock().Before(s.at.Add(standingLives)) {
		return s.Standing, true
	}
	s, err := k.ask(ctx, run.Repo, who, teams)
	if err != nil {
		return s, false
	}
	k.kept.Add(key, heldStanding{s, k.clock()})
	return s, true
}

func policyOf(run *pipeline.Run) *pipeline.Policy {
	if run.Gate != nil {
		return run.Gate.Policy
	}
	return run.Env().Approval
}

// acts is what the viewer can do to a run now, as far as it can be told.
func (p *pages) acts(ctx context.Context, run *pipeline.Run) templates.Acts {
	a := templates.Acts{Action: "/runs/" + string(run.ID), Release: run.Bound().Digest()}
	if p.viewer.Person.ID == 0 || p.Commands == nil {
		return a
	}
	f := pipeline.FoundOf(run)
	s, told := p.known.of(ctx, run, p.viewer.Person)
	if writes := !told || s.CanWrite(); writes {
		a.Retry, a.Reject = f.Failed, f.AtGate
		a.Cancel = f.Active && (run.Gate == nil || run.Gate.Door == pipeline.DoorShut || run.Gate.Door == pipeline.DoorVerifying)
	}
	if f.AtGate {
		a.Withdraw = decided(run, p.viewer.Person)
		if told && !a.Withdraw {
			a.NotHim = pipeline.Admit(run.Gate.Rules(), run.Release, s)
		}
		a.Approve = !a.Withdraw && a.NotHim == nil
	}
	return a
}

// decided reports whether an approval of that person counts.
func decided(run *pipeline.Run, who pipeline.Person) bool {
	return slices.ContainsFunc(run.Gate.Approvals, func(a pipeline.Approval) bool { return a.Counts() && a.By.ID == who.ID })
}

// approvals is every gate that waits, those first that wait for the viewer.
func (p *pages) approvals(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	lanes, err := p.readLanes(ctx)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	page := templates.ApprovalsPage{Now: p.Clock()}
	for _, l := range lanes {
		for _, run := range l.runs {
			if !pipeline.FoundOf(run).AtGate || l.lane.Runs[run.ID] == nil {
				continue
			}
			line := templates.ApprovalLine{RunLine: templates.NewRunLine(pipeline.State{Lane: l.lane, Run: run}, page.Now, p.links)}
			if line.NotHim = p.notHis(ctx, run); line.NotHim == nil {
				page.Yours = append(page.Yours, line)
			} else {
				page.Others = append(page.Others, line)
			}
		}
	}
	oldest := func(a, b templates.ApprovalLine) int { return a.Since().Compare(b.Since()) }
	slices.SortStableFunc(page.Yours, oldest)
	slices.SortStableFunc(page.Others, oldest)
	body, err := p.words.Approvals(page)
	p.send(w, r, body, err)
}

// notHis says why a gate does not wait for the viewer; nil: it may.
func (p *pages) notHis(ctx context.Context, run *pipeline.Run) *pipeline.Refusal {
	if decided(run, p.viewer.Person) {
		return &pipeline.Refusal{Code: "approved-before", Reason: "You approved it already."}
	}
	s, told := p.known.of(ctx, run, p.viewer.Person)
	if !told {
		return nil
	}
	return pipeline.Admit(run.Gate.Rules(), run.Release, s)
}

// limits lets nobody flood the machine with commands.
type limits struct {
	mu  sync.Mutex
	per *lru.Cache[int64, *rate.Limiter]
}

const (
	commandsAtOnce = 20
	commandsEvery  = 3 * time.Second
	limitsKept     = 4096
)

func newLimits() (*limits, error) {
	per, err := lru.New[int64, *rate.Limiter](limitsKept)
	return &limits{per: per}, err
}

func (l *limits) allow(person int64, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	of, ok := l.per.Get(person)
	if !ok {
		of = rate.NewLimiter(rate.Every(commandsEvery), commandsAtOnce)
		l.per.Add(person, of)
	}
	return of.AllowN(now, 1)
}
