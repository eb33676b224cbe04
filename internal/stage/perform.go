package stage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

// defaultLag is how long GitHub may take to list a workflow run it accepted.
const defaultLag = 10 * time.Second

// Options are what the process lends to the performers and showers.
type Options struct {
	Repos    func(pipeline.Repo) Repo              // Repos gives a handle on a repository; required.
	App      App                                   // App is required.
	Slack    Slack                                 // Slack may be nil: nobody is told there.
	Discord  Discord                               // Discord may be nil: nobody is told there.
	Projects func(firebase.Target) (Google, error) // Projects opens a Firebase project; nil: what is live cannot be reached.
	Store    Blobs                                 // Store keeps snapshots; required where Projects is set.
	Prober   *Prober                               // Prober asks environments; required.
	// As gives a handle with a person's own token, nil if he has not signed in; it
	// may be nil itself: nobody signs in.
	As       func(ctx context.Context, person int64, where pipeline.Repo) (Reviewer, error)
	Bindings *Bindings          // Bindings are the operator's; nil accepts a single installation only.
	Expr     func(string) error // Expr checks a CEL expression; nil takes NewExpr's.
	Location func(string) error // Location checks a time zone; nil asks this machine's database.
	Links    templates.Links
	Clock    func() time.Time // Clock is required.
	Lag      time.Duration    // Lag is how long GitHub may take to list a started workflow; 0 means 10 s.
	Logger   *slog.Logger     // Logger may be nil.
	// Invite makes the address where a person in Slack says who he is on GitHub.
	// With it, buttons in Slack decide; nil: they only link.
	Invite func(context.Context, pipeline.SlackRef) (address string, err error)
	// Accounts are the Slack accounts of a GitHub account; nil: nobody is written to directly.
	Accounts func(ctx context.Context, githubID int64) ([]pipeline.SlackRef, error)
	// NoAccounts reports that Accounts has nobody's, so that GitHub need not be asked who could approve; may be nil.
	NoAccounts func(ctx context.Context) (bool, error)
}

// Performers carry out the effects of runs and intakes.
type Performers struct {
	Options

	mu         sync.Mutex
	installs   int       // how many installations the App has, as last counted
	countedAt  time.Time // when it was; zero: never
	helpers    map[string]helpers
	dispatched map[string]bool // nonces of dispatches that GitHub accepted without naming the run

	blobs   *lru.Cache[blob, []byte]         // workflow files, by content
	folders *lru.Cache[blob, []github.Entry] // what a commit has in the workflow folder
}

var _ engine.Performer = (*Performers)(nil)

// New checks what is required and fills in the rest.
func New(o Options) (*Performers, error) {
	if o.Repos == nil || o.App == nil || o.Prober == nil || o.Clock == nil {
		return nil, errors.New("stage: Repos, App, Prober and Clock are required")
	}
	if o.Expr == nil {
		expr, err := NewExpr()
		if err != nil {
			return nil, err
		}
		o.Expr = expr.Check
	}
	if o.Location == nil {
		o.Location = checkLocation
	}
	if o.Lag == 0 {
		o.Lag = defaultLag
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	blobs, err := lru.New[blob, []byte](blobsKept)
	if err != nil {
		return nil, err
	}
	folders, err := lru.New[blob, []github.Entry](foldersKept)
	if err != nil {
		return nil, err
	}
	return &Performers{Options: o, dispatched: map[string]bool{}, helpers: map[string]helpers{}, blobs: blobs, folders: folders}, nil
}

func checkLocation(name string) error {
	if _, err := time.LoadLocation(name); err != nil {
		return fmt.Errorf("%q is not a time zone: %w", name, err)
	}
	return nil
}

// Perform does what is owed. See [engine.Performer].
func (p *Performers) Perform(ctx context.Context, job engine.Job) (pipeline.Outcome, error) {
	outcome, err := p.judged(ctx, job)
	if err != nil {
		return nil, err
	}
	return p.reach(ctx, job, outcome)
}

// judged performs an effect, and says what an error comes to.
func (p *Performers) judged(ctx context.Context, job engine.Job) (pipeline.Outcome, error) {
	outcome, err := p.perform(ctx, p.Repos(job.Repo), job)
	if err != nil {
		return outcomeOf(err, job.Repo)
	}
	return outcome, nil
}

func (p *Performers) perform(ctx context.Context, repo Repo, job engine.Job) (pipeline.Outcome, error) {
	if job.Run != nil && !job.Run.Wants(job.Key, job.Effect) {
		return p.withdraw(ctx, repo, job)
	}
	switch e := job.Effect.(type) {
	case pipeline.ReadHead:
		return readHead(ctx, repo, e)
	case pipeline.ReadConfig:
		return p.readConfig(ctx, repo, job)
	case pipeline.ReadRelease:
		return p.readRelease(ctx, repo, job, e)
	case pipeline.StartWorkflow, pipeline.ReadWorkflow, pipeline.ReadReviews, pipeline.RecordReview, pipeline.CancelWorkflow:
		return p.performWorkflow(ctx, repo, job)
	case pipeline.ReadChecks:
		return readChecks(ctx, repo, e)
	case pipeline.InspectGate:
		return p.inspectGate(ctx, repo, job, e)
	case pipeline.VerifyPerson:
		return verifyPerson(ctx, repo, job.Repo, e)
	case pipeline.VerifyDoor:
		return p.verifyDoor(ctx, repo, job, e)
	case pipeline.AnswerDoor:
		return p.answerDoor(github.WithPriority(ctx, github.Door), repo, job, e)
	case pipeline.CreateDeployment:
		return createDeployment(ctx, repo, job, e)
	case pipeline.RunProbes:
		return p.runProbes(ctx, e)
	case pipeline.JudgeRequest, pipeline.JudgeTrouble, pipeline.TakeSnapshot, pipeline.VerifyDeploy, pipeline.LoadTarget, pipeline.PlanRestore, pipeline.MovePart:
		return p.performLive(ctx, job)
	case pipeline.Remind, pipeline.Summon, pipeline.SendNotice, pipeline.ReadBehind, pipeline.SayBehind:
		return p.performTelling(ctx, repo, job)
	case pipeline.Reply:
		return p.reply(ctx, repo, job, e)
	case pipeline.React:
		return p.react(ctx, repo, job, e)
	case pipeline.ShowProblems:
		return p.showProblems(ctx, repo, job, e)
	case pipeline.Tell, pipeline.StartRun, pipeline.ReadPinned, pipeline.FindRuns, pipeline.TellRun, pipeline.ChangeLane:
		return nil, refuse("internal", fmt.Sprintf("%T is carried out by the engine itself and reached a performer.", e),
			"Report this as a bug of Gatehouse.")
	}
	return nil, refuse("unknown-effect", fmt.Sprintf("This version of Gatehouse does not know how to carry out %T.", job.Effect),
		"Install the version that stored it.")
}

// performTelling tells people, and asks what they are told.
func (p *Performers) performTelling(ctx context.Context, repo Repo, job engine.Job) (pipeline.Outcome, error) {
	switch e := any(job.Effect).(type) {
	case pipeline.Remind:
		return p.remind(ctx, repo, job, e)
	case pipeline.Summon:
		return p.summon(ctx, repo, job, e)
	case pipeline.SendNotice:
		return p.sendNotice(ctx, job, e)
	case pipeline.ReadBehind:
		return readBehind(ctx, repo, job, e)
	case pipeline.SayBehind:
		return p.sayBehind(ctx, job, e)
	}
	return nil, refuse("internal", fmt.Sprintf("%T tells nobody.", job.Effect), "Report this as a bug of Gatehouse.")
}

// performWorkflow carries out what has to do with runs of GitHub Actions.
func (p *Performers) performWorkflow(ctx context.Context, repo Repo, job engine.Job) (pipeline.Outcome, error) {
	switch e := any(job.Effect).(type) {
	case pipeline.StartWorkflow:
		return p.startWorkflow(ctx, repo, job, e)
	case pipeline.ReadWorkflow:
		return p.readWorkflow(ctx, repo, job, e)
	case pipeline.ReadReviews:
		return p.readReviews(ctx, repo, e)
	case pipeline.RecordReview:
		return p.recordReview(ctx, repo, job, e)
	case pipeline.CancelWorkflow:
		return p.cancelWorkflow(ctx, repo, job, e)
	}
	return nil, refuse("internal", fmt.Sprintf("%T has to do with no workflow.", job.Effect), "Report this as a bug of Gatehouse.")
}

// withdraw does nothing where the run has gone on without the effect. A workflow
// that an earlier try may have started is looked for, so that it is canceled.
func (p *Performers) withdraw(ctx context.Context, repo Repo, job engine.Job) (pipeline.Outcome, error) {
	if e, ok := job.Effect.(pipeline.StartWorkflow); ok && job.Tries > 0 {
		if found, err := p.lookForWorkflow(ctx, repo, job, e); found != nil || err != nil {
			return found, err
		}
	}
	return nil, refuse("withdrawn", "The run has ended or gone on without this.", "")
}

func (p *Performers) now() time.Time { return p.Clock() }
