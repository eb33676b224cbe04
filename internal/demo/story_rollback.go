package demo

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

// Back is what a story of two rollbacks came to, for the witness.
type Back struct {
	Told
	Broken, Regretted string // the commits that were left: by itself, and by a commander
	Good              google.Live
	AfterFirst, End   google.Live
	Asked, Approved   int64 // ids of the commander's comments
	Unlocked          int64
}

// Rollback tells of a release that breaks production and goes back by itself, and
// of another that a commander takes back by comment.
func (t *Teller) Rollback(ctx context.Context) (Back, error) {
	began := t.Now()
	told, err := t.Release(ctx)
	b := Back{Told: told}
	if err != nil {
		return b, err
	}
	b.Good = t.live()
	if b.Broken, err = t.breaks(ctx); err != nil {
		return b, err
	}
	b.AfterFirst = t.live()
	if b.Unlocked, err = t.unlock(ctx); err != nil {
		return b, err
	}
	if b.Regretted, err = t.ships(ctx, "v1.4.0", "production / Notify"); err != nil {
		return b, err
	}
	t.say("v1.4.0 is live. People complain that checkout fails.")
	if err := t.takesBack(ctx, &b); err != nil {
		return b, err
	}
	b.End, b.Took = t.live(), t.Now().Sub(began)
	return b, nil
}

func (t *Teller) live() google.Live { return t.Town.Google.Live(ProductionProject) }

// breaks ships a release whose health page fails wherever it is live.
func (t *Teller) breaks(ctx context.Context) (string, error) {
	broken := ""
	t.Town.World.SetSite("production", func(path string) (int, string) {
		live := t.live().Commits["hosting/"+ProductionProject]
		switch {
		case path != "/api/health":
			return http.StatusOK, "<!doctype html><h1>Avalo</h1>"
		case broken != "" && live == broken:
			return http.StatusInternalServerError, `{"ok":false}`
		}
		return http.StatusOK, `{"ok":true}`
	})
	sha, err := t.push("v1.3.0")
	if err != nil {
		return "", err
	}
	broken = sha
	t.say("dana pushes release/v1.3.0, which breaks the health page; ada approves it.")
	if err := t.lets(ctx, sha); err != nil {
		return sha, err
	}
	if err := t.Until(ctx, "production goes back by itself", t.green(sha, "rollback / Notify")); err != nil {
		return sha, err
	}
	t.say("The smoke test failed, and v1.2.0 is live again: %s/%s/commit/%s", t.Town.URL, Repo, sha)
	return sha, nil
}

// unlock opens the lane that the rollback has locked.
func (t *Teller) unlock(ctx context.Context) (int64, error) {
	t.say("ivan has looked at it and unlocks production.")
	id, err := t.Town.World.Comment(Ivan, Repo, 1, "/unlock production the health page is mended")
	if err != nil {
		return 0, err
	}
	return id, t.Until(ctx, "production is unlocked", t.answered(id))
}

// answered reports whether Gatehouse has reacted to a comment.
func (t *Teller) answered(id int64) func() bool {
	return func() bool {
		snap, err := t.Town.World.Snapshot(Repo)
		if err != nil {
			return false
		}
		for _, c := range snap.Comments {
			if c.ID == id && len(c.Reactions) > 0 {
				return true
			}
		}
		return false
	}
}

// ships pushes a release and lets it through, until the check is green.
func (t *Teller) ships(ctx context.Context, version, check string) (string, error) {
	sha, err := t.push(version)
	if err != nil {
		return sha, err
	}
	t.say("dana pushes release/%s; ada approves it.", version)
	if err := t.lets(ctx, sha); err != nil {
		return sha, err
	}
	return sha, t.Until(ctx, version+" is verified", t.green(sha, check))
}

func (t *Teller) push(version string) (string, error) {
	return t.Town.World.Push(Repo, sandbox.Push{
		Branch: "release/" + version, From: "main", By: Dana, Message: "Release " + version,
		Files: map[string]string{"CHANGELOG.md": "# Changes\n\n## " + version + "\n", "package.json": fmt.Sprintf("{\"name\": \"avalo\", \"version\": %q}\n", version)},
	})
}

// lets waits for the gate of a release and approves it as ada.
func (t *Teller) lets(ctx context.Context, sha string) error {
	if err := t.Until(ctx, "the release waits at its gate", func() bool { return t.conclusion(sha, "production / Approval") == "action_required" }); err != nil {
		return err
	}
	return t.Town.Approve(sha)
}

// takesBack has one commander ask and another approve.
func (t *Teller) takesBack(ctx context.Context, b *Back) (err error) {
	t.say("ivan writes /rollback production; kim gives the final approval.")
	b.Asked, err = t.Town.World.Comment(Ivan, Repo, 1, "/rollback production\nROLLBACK PRODUCTION\nreason: checkout fails for 12 % of users")
	if err != nil {
		return err
	}
	final := func() bool { return t.conclusion(b.Regretted, "rollback / Final approval") == "action_required" }
	if err := t.Until(ctx, "the rollback waits for its final approval", final); err != nil {
		return err
	}
	over, err := t.breaksOff()
	if err != nil {
		return err
	}
	if b.Approved, err = t.Town.World.CommitComment(Kim, Repo, b.Regretted, "/approve"); err != nil {
		return err
	}
	if err := t.Until(ctx, "production is back and looked at", t.green(b.Regretted, "rollback / Verify")); err != nil {
		return err
	}
	over()
	if err := t.Until(ctx, "production is back", t.green(b.Regretted, "rollback / Notify")); err != nil {
		return err
	}
	t.say("v1.2.0 is live once more: %s/%s/commit/%s", t.Town.URL, Repo, b.Regretted)
	return nil
}

// breaksOff begins the outage of the story, if it has one.
func (t *Teller) breaksOff() (over func(), err error) {
	if t.Outage == nil {
		return func() {}, nil
	}
	return t.Outage()
}

// BackEvidence is what the sandbox recorded of two rollbacks, for the witness.
func (t *Town) BackEvidence(b Back) (witness.Back, error) {
	world, err := t.Evidence(b.Told)
	return witness.Back{
		World: world, Broken: b.Broken, Regretted: b.Regretted, Asked: b.Asked, Approved: b.Approved, Unlocked: b.Unlocked,
		Commanders: []string{Ivan, Kim}, Good: maps.Clone(b.Good.Commits), AfterFirst: maps.Clone(b.AfterFirst.Commits), End: maps.Clone(b.End.Commits),
	}, err
}

// tellRollback plays the story and has it judged.
func (h *house) tellRollback(ctx context.Context, p Play, fig *Figures) error {
	b, err := h.teller(p).Rollback(ctx)
	if err != nil {
		return err
	}
	h.town.World.Drain()
	evidence, err := h.town.BackEvidence(b)
	if err != nil {
		return err
	}
	for _, v := range witness.Rollback(evidence) {
		fig.Violations = append(fig.Violations, v.Rule+": "+v.Saw)
	}
	fig.OK = len(fig.Violations) == 0
	fig.TookMS = b.Took.Milliseconds()
	took := witness.MeasureBack(evidence)
	fig.BackFigures = &took
	for _, n := range witness.Count(evidence.Calls, 0) {
		fig.GitHubCalls += n
	}
	fig.PushToCheckMS = b.PushToCheck.Round(time.Millisecond).Milliseconds()
	return nil
}
