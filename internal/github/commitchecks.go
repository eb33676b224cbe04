package github

import (
	"context"
	"net/url"
	"time"

	gh "github.com/google/go-github/v60/github"
)

// CommitCheck is a check run or a commit status that somebody else wrote.
type CommitCheck struct {
	Name        string
	App         string // App is the slug of the App that wrote a check run; empty for a status.
	Status      Status
	Conclusion  Conclusion // Conclusion is Errored for a status in state error.
	URL         string
	StartedAt   time.Time
	CompletedAt time.Time
	IsStatus    bool
}

// CommitChecks lists the latest check runs and statuses of a commit, without those of this App.
// Either list missing is an error: a check that is not seen must not count as green.
func (r *Repo) CommitChecks(ctx context.Context, sha string) ([]CommitCheck, error) {
	runs, err := r.checkRuns(ctx, "list check runs", sha, url.Values{"filter": {"latest"}})
	if err != nil {
		return nil, err
	}
	var all []CommitCheck
	for _, c := range runs {
		if c.GetApp().GetID() == r.app.id {
			continue
		}
		all = append(all, CommitCheck{
			Name: c.GetName(), App: c.GetApp().GetSlug(), Status: Status(c.GetStatus()), Conclusion: Conclusion(c.GetConclusion()),
			URL: c.GetHTMLURL(), StartedAt: c.GetStartedAt().Time, CompletedAt: c.GetCompletedAt().Time,
		})
	}
	statuses, err := r.statuses(ctx, sha)
	if err != nil {
		return nil, err
	}
	for _, s := range statuses {
		all = append(all, checkOfStatus(s))
	}
	return all, nil
}

// statuses reads the combined status, which holds the latest of each context.
func (r *Repo) statuses(ctx context.Context, sha string) ([]*gh.RepoStatus, error) {
	const op = "list commit statuses"
	ref, err := segments(op, "commit", sha)
	if err != nil {
		return nil, err
	}
	var all []*gh.RepoStatus
	o := operation{name: op, needs: "statuses: read"}
	err = r.pages(ctx, o, r.path("commits", ref, "status"), nil, func(decode func(any) error) error {
		var page gh.CombinedStatus
		err := decode(&page)
		all = append(all, page.Statuses...)
		return err
	})
	return all, err
}

func checkOfStatus(s *gh.RepoStatus) CommitCheck {
	out := CommitCheck{
		Name: s.GetContext(), Status: Completed, Conclusion: Conclusion(s.GetState()), URL: s.GetTargetURL(),
		StartedAt: s.GetCreatedAt().Time, CompletedAt: s.GetUpdatedAt().Time, IsStatus: true,
	}
	if s.GetState() == "pending" {
		out.Status, out.Conclusion, out.CompletedAt = InProgress, "", time.Time{}
	}
	return out
}
