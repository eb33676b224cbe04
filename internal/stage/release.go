package stage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// readRelease reads what approvers must know of a release.
func (p *Performers) readRelease(ctx context.Context, repo Contents, job engine.Job, e pipeline.ReadRelease) (pipeline.Outcome, error) {
	seen := &onlooker{Contents: repo}
	out, err := readCommits(ctx, seen, e, job.Repo.DefaultBranch)
	if err != nil {
		return nil, err
	}
	if out.Workflows, err = p.readWorkflows(ctx, repo, job.Run, e.SHA, seen.compared); err != nil {
		return nil, err
	}
	if out.Deploys, err = p.readDeploys(ctx, repo, job.Run, e, out.Workflows); err != nil {
		return nil, err
	}
	out.Policy = p.readPolicy(ctx, repo, job)
	return out, nil
}

// readCommits lists what the release has that its base, what is live, has not.
// Where nothing is live yet, or GitHub has lost it, that is what the default
// branch or the branch's former head lacks, whichever is more: a push on top of
// somebody's commits must not let him approve them. Without either it is what
// the head commit brought.
func readCommits(ctx context.Context, repo Contents, e pipeline.ReadRelease, trunk string) (pipeline.ReleaseRead, error) {
	live, err := compare(ctx, repo, e.Base, e.SHA)
	if err != nil {
		return pipeline.ReleaseRead{}, err
	}
	if live != nil {
		return release(ctx, repo, *live, e.SHA, false)
	}
	lost := strings.Trim(e.Base, "0") != ""
	var widest *github.Comparison
	for _, base := range []string{e.Before, trunk} {
		c, err := compare(ctx, repo, base, e.SHA)
		if err != nil {
			return pipeline.ReleaseRead{}, err
		}
		lost = lost || c == nil && strings.Trim(base, "0") != ""
		if c != nil && c.Ahead > 0 && (widest == nil || c.Ahead > widest.Ahead) {
			widest = c
		}
	}
	if widest != nil {
		return release(ctx, repo, *widest, e.SHA, lost)
	}
	return headAlone(ctx, repo, e.SHA, lost)
}

// compare is nil where there is no base, or GitHub has thrown it away after a
// force-push.
func compare(ctx context.Context, repo Contents, base, sha string) (*github.Comparison, error) {
	if strings.Trim(base, "0") == "" {
		return nil, nil //nolint:nilnil // Nothing to compare with is a state of its own.
	}
	c, err := repo.Compare(ctx, base, sha)
	if isNotFound(err) {
		return nil, nil //nolint:nilnil // As above.
	}
	return &c, err
}

func headAlone(ctx context.Context, repo Contents, sha string, lost bool) (pipeline.ReleaseRead, error) {
	head, err := repo.Commit(ctx, sha)
	if err != nil {
		return pipeline.ReleaseRead{}, err
	}
	c := github.Comparison{HTMLURL: head.HTMLURL, Ahead: 1, Commits: []github.Commit{head}}
	if len(head.Parents) > 0 {
		if c, err = repo.Compare(ctx, head.Parents[0], sha); err != nil {
			return pipeline.ReleaseRead{}, err
		}
	}
	return release(ctx, repo, c, sha, lost)
}

// release judges a comparison. The head commit is always part of it, also where
// GitHub's list ends before it or the head lies behind its base.
func release(ctx context.Context, repo Contents, c github.Comparison, sha string, lost bool) (pipeline.ReleaseRead, error) {
	commits := c.Commits
	if n := len(commits); n == 0 || commits[n-1].SHA != sha {
		head, err := repo.Commit(ctx, sha)
		if err != nil {
			return pipeline.ReleaseRead{}, err
		}
		commits = append(commits[:n:n], head)
	}
	out := pipeline.ReleaseRead{
		Message: subject(commits[len(commits)-1].Message), Compare: c.HTMLURL, Total: max(c.Ahead, len(commits)),
		Truncated: lost || c.Ahead > len(c.Commits), Sensitive: sensitive(c.Files),
	}
	known := accounts(commits)
	for _, commit := range commits {
		out.Commits = append(out.Commits, pipeline.Commit{
			SHA: commit.SHA, Message: subject(commit.Message), URL: commit.HTMLURL, Authors: authorsOf(commit, known),
		})
	}
	return out, nil
}

// readHead finds the commit that a branch or tag leads to now.
func readHead(ctx context.Context, repo Contents, e pipeline.ReadHead) (pipeline.Outcome, error) {
	sha, err := repo.Head(ctx, e.Ref)
	if isNotFound(err) {
		return pipeline.HeadRead{}, nil
	}
	if err != nil {
		return nil, err
	}
	out := pipeline.HeadRead{SHA: sha}
	if !e.Commit {
		return out, nil
	}
	commit, err := repo.Commit(ctx, sha)
	if err != nil {
		return nil, err
	}
	out.Message = subject(commit.Message)
	for _, by := range []github.Person{commit.Author, commit.Committer} {
		if by.Login != "" && !slices.Contains(out.Authors, by.Login) {
			out.Authors = append(out.Authors, by.Login)
		}
	}
	return out, nil
}

func subject(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return strings.TrimSpace(line)
}

// mostFiles is where GitHub ends the list of a comparison's files.
const mostFiles = 300

// sensitive picks the changed files that approvers should look at first.
func sensitive(files []github.ChangedFile) []string {
	var paths []string
	for _, f := range files {
		if isSensitive(f.Path) || isSensitive(f.Previous) {
			paths = append(paths, f.Path)
		}
	}
	if len(files) >= mostFiles {
		paths = append(paths, fmt.Sprintf("… and more than %d changed files, not all of which GitHub lists", mostFiles))
	}
	return paths
}

func isSensitive(path string) bool {
	return strings.HasPrefix(path, workflowDir) || strings.HasPrefix(path, "migrations/") || strings.Contains(path, "/migrations/") ||
		strings.HasSuffix(path, ".rules") || path == "firebase.json" || strings.HasSuffix(path, "/firebase.json")
}

// readWorkflows finds the content ids of the workflow files that the run uses.
func (p *Performers) readWorkflows(ctx context.Context, repo Contents, run *pipeline.Run, sha string, compared []github.Comparison) (map[string]string, error) {
	used := map[string]bool{}
	for _, st := range run.Plan().Stages {
		if file := fileOf(st); file != "" {
			used[file] = true
		}
	}
	if len(used) == 0 {
		return nil, nil
	}
	entries, err := p.workflowFolder(ctx, repo, run.Repo.ID, sha, compared)
	if isNotFound(err) {
		return nil, nil // the stages say which file is missing
	}
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	for _, e := range entries {
		if used[e.Name] {
			found[e.Name] = e.SHA
		}
	}
	return found, nil
}

func fileOf(st *pipeline.Stage) string {
	switch {
	case st.Workflow != nil:
		return st.Workflow.File
	case st.Deploy != nil:
		return st.Deploy.File
	}
	return ""
}

// readDeploys reads the deploy workflows at the commit and refuses those that
// Gatehouse could not start.
func (p *Performers) readDeploys(ctx context.Context, repo Contents, run *pipeline.Run, e pipeline.ReadRelease, ids map[string]string) (map[string]pipeline.Jobs, error) {
	out := map[string]pipeline.Jobs{}
	for _, file := range e.Deploys {
		inputs := deployInputs(run, file)
		content, err := p.readWorkflowFile(ctx, repo, file, e.SHA, blob{run.Repo.ID, ids[file]})
		if isNotFound(err) {
			return nil, missingFile(file, "at commit "+short(e.SHA), true, inputs)
		}
		if err != nil {
			return nil, err
		}
		w, err := ParseWorkflow(content)
		if err != nil {
			return nil, refuse("workflow-unreadable", fmt.Sprintf("The workflow %s at commit %s cannot be read: %s.", file, short(e.SHA), strings.TrimSuffix(err.Error(), ".")),
				"Correct the file and push again.")
		}
		if err := w.judgeTrigger(file, inputs); err != nil {
			return nil, err
		}
		if err := w.judgeRecord(file); err != nil {
			return nil, err
		}
		out[file] = w.Gate()
	}
	return out, nil
}

func deployInputs(run *pipeline.Run, file string) map[string]string {
	for _, st := range run.Plan().Stages {
		if st.Deploy != nil && st.Deploy.File == file {
			return st.Deploy.Inputs
		}
	}
	return nil
}

// readPolicy finds who last changed the configuration. It only informs, so that
// a failure leaves it out.
func (p *Performers) readPolicy(ctx context.Context, repo Contents, job engine.Job) *pipeline.Commit {
	if !job.Run.Gated() {
		return nil
	}
	branch := job.Repo.DefaultBranch
	if branch == "" {
		branch = "HEAD"
	}
	c, err := repo.LastCommitOf(ctx, configPath, branch)
	if err != nil {
		p.Logger.DebugContext(ctx, "the last change of the configuration is not known", "error", err.Error())
		return nil
	}
	return &pipeline.Commit{SHA: c.SHA, Message: subject(c.Message), URL: c.HTMLURL, Authors: authorsOf(c, accounts([]github.Commit{c}))}
}

func short(sha string) string { return sha[:min(7, len(sha))] }
