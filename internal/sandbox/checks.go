package sandbox

import (
	"fmt"
	"slices"
	"time"
)

// suiteOf finds the newest suite of an app on a commit.
func (r *Repo) suiteOf(app, sha string) *CheckSuite {
	for _, s := range slices.Backward(r.suites) {
		if s.App == app && s.HeadSHA == sha {
			return s
		}
	}
	return nil
}

// suite finds or makes the suite of an app on a commit.
func (w *World) suite(r *Repo, app, sha string) *CheckSuite {
	if s := r.suiteOf(app, sha); s != nil {
		return s
	}
	return w.newSuite(r, app, sha, r.branchAt(sha))
}

func (w *World) newSuite(r *Repo, app, sha, branch string) *CheckSuite {
	s := &CheckSuite{
		ID: w.nextID(), App: app, HeadSHA: sha, HeadBranch: branch, Status: "queued", CreatedAt: w.now(), UpdatedAt: w.now(),
	}
	r.suites = append(r.suites, s)
	return s
}

// branchAt names a branch whose head is the commit, the default branch first.
func (r *Repo) branchAt(sha string) string {
	if r.branches[r.DefaultBranch] == sha {
		return r.DefaultBranch
	}
	for _, name := range sortedKeys(r.branches) {
		if r.branches[name] == sha {
			return name
		}
	}
	return ""
}

// addCheck stores a new check run and says so.
func (w *World) addCheck(r *Repo, c *CheckRun, by string) {
	if c.ID == 0 {
		c.ID = w.nextID()
	}
	c.Repo, c.CreatedAt = r.FullName(), w.now()
	if c.StartedAt.IsZero() {
		c.StartedAt = w.now()
	}
	if c.SuiteID == 0 {
		c.SuiteID = w.suite(r, c.App, c.HeadSHA).ID
	}
	if c.HTMLURL == "" {
		c.HTMLURL = w.web("/%s/runs/%d", r.FullName(), c.ID)
	}
	r.checks = append(r.checks, c)
	w.sendCheck(r, c, "created", by, nil)
	w.checkChanged(r, c, "", by)
}

// checkChanged sends completed when a check run ended and settles its suite.
func (w *World) checkChanged(r *Repo, c *CheckRun, before, by string) {
	if c.Status == "completed" && before != "completed" {
		if c.CompletedAt.IsZero() {
			c.CompletedAt = w.now()
		}
		w.sendCheck(r, c, "completed", by, nil)
	}
	w.settleSuite(r, c.SuiteID, by)
}

// settleSuite derives a suite's status from the newest check run of each name.
func (w *World) settleSuite(r *Repo, id int64, by string) {
	i := slices.IndexFunc(r.suites, func(s *CheckSuite) bool { return s.ID == id })
	if i < 0 {
		return
	}
	s := r.suites[i]
	if s.App == actionsSlug {
		return // a workflow run ends its suite itself
	}
	status, conclusion := "completed", "success"
	for _, c := range latest(r.checksOf(func(c *CheckRun) bool { return c.SuiteID == id })) {
		if c.Status != "completed" {
			status, conclusion = "in_progress", ""
			break
		}
		if worse(c.Conclusion, conclusion) {
			conclusion = c.Conclusion
		}
	}
	ended := status == "completed" && s.Status != "completed"
	s.Status, s.Conclusion, s.UpdatedAt = status, conclusion, w.now()
	if ended {
		w.sendSuite(r, s, "completed", by)
	}
}

func worse(a, b string) bool {
	order := []string{"success", "neutral", "skipped", "stale", "cancelled", "action_required", "timed_out", "failure"}
	return slices.Index(order, a) > slices.Index(order, b)
}

func (r *Repo) checksOf(want func(*CheckRun) bool) []*CheckRun {
	var out []*CheckRun
	for _, c := range r.checks {
		if want(c) {
			out = append(out, c)
		}
	}
	return out
}

// latest keeps the newest check run of each app and name.
func latest(all []*CheckRun) []*CheckRun {
	type key struct{ app, name string }
	seen := map[key]bool{}
	var out []*CheckRun
	for _, c := range slices.Backward(all) {
		if !seen[key{c.App, c.Name}] {
			seen[key{c.App, c.Name}] = true
			out = append(out, c)
		}
	}
	slices.Reverse(out)
	return out
}

func (w *World) checkJSON(r *Repo, c *CheckRun) obj {
	self := w.api("/repos/%s/check-runs/%d", r.FullName(), c.ID)
	details := c.DetailsURL
	if details == "" {
		details = c.HTMLURL
	}
	return obj{
		"id": c.ID, "node_id": nodeID("CheckRun", c.ID), "name": c.Name, "head_sha": c.HeadSHA, "external_id": c.ExternalID,
		"url": self, "html_url": c.HTMLURL, "details_url": details, "status": c.Status, "conclusion": orNull(c.Conclusion),
		"started_at": stamp(c.StartedAt), "completed_at": stamp(c.CompletedAt), "check_suite": obj{"id": c.SuiteID},
		"app": w.appJSON(c.App), "pull_requests": []obj{}, "output": obj{
			"title": orNull(c.Output.Title), "summary": orNull(c.Output.Summary), "text": orNull(c.Output.Text),
			"annotations_count": len(c.Output.Annotations), "annotations_url": self + "/annotations",
		},
	}
}

func (w *World) suiteJSON(r *Repo, s *CheckSuite) obj {
	self := w.api("/repos/%s/check-suites/%d", r.FullName(), s.ID)
	return obj{
		"id": s.ID, "node_id": nodeID("CheckSuite", s.ID), "head_branch": orNull(s.HeadBranch), "head_sha": s.HeadSHA,
		"status": s.Status, "conclusion": orNull(s.Conclusion), "url": self, "before": orZero(s.Before), "after": s.HeadSHA,
		"pull_requests": []obj{}, "app": w.appJSON(s.App), "created_at": stamp(s.CreatedAt), "updated_at": stamp(s.UpdatedAt),
		"rerequestable": true, "runs_rerequestable": false, "check_runs_url": self + "/check-runs",
		"latest_check_runs_count": len(latest(r.checksOf(func(c *CheckRun) bool { return c.SuiteID == s.ID }))),
		"head_commit":             w.simpleCommitJSON(r.commits[s.HeadSHA]),
	}
}

// sendCheck sends a check_run webhook; only the owner of the check hears what people ask of it.
func (w *World) sendCheck(r *Repo, c *CheckRun, action, by string, extra obj) {
	body := w.checkJSON(r, c)
	for _, s := range r.suites {
		if s.ID == c.SuiteID {
			suite := w.suiteJSON(r, s)
			for _, name := range []string{"head_commit", "latest_check_runs_count", "check_runs_url", "rerequestable", "runs_rerequestable"} {
				delete(suite, name)
			}
			body["check_suite"] = suite
		}
	}
	event := obj{"check_run": body}
	for k, v := range extra {
		event[k] = v
	}
	w.send(r, r.Owner, hookEvent{event: "check_run", action: action, by: by, body: event})
}

func (w *World) sendSuite(r *Repo, s *CheckSuite, action, by string) {
	w.send(r, r.Owner, hookEvent{event: "check_suite", action: action, by: by, body: obj{"check_suite": w.suiteJSON(r, s)}})
}

// PressCheckButton presses a button of a completed check run as a person with write access.
func (w *World) PressCheckButton(by, repo string, checkRunID int64, identifier string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, c, err := w.checkOf(by, repo, checkRunID)
	if err != nil {
		return fmt.Errorf("press button: %w", err)
	}
	if c.Status != "completed" || !slices.ContainsFunc(c.Actions, func(a CheckAction) bool { return a.Identifier == identifier }) {
		return fmt.Errorf("press button: check run %d shows no button %q", checkRunID, identifier)
	}
	w.act(by, repo, "press "+identifier, c.Name)
	w.sendCheck(r, c, "requested_action", by, obj{"requested_action": obj{"identifier": identifier}})
	return nil
}

// RerunCheck presses Re-run on a check run as a person with write access. GitHub only tells the app about it.
func (w *World) RerunCheck(by, repo string, checkRunID int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, c, err := w.checkOf(by, repo, checkRunID)
	if err != nil {
		return fmt.Errorf("re-run check: %w", err)
	}
	w.act(by, repo, "re-run check", c.Name)
	w.rerequest(r, c, by)
	return nil
}

// RerunSuite presses "Re-run all checks" of our app on a commit.
func (w *World) RerunSuite(by, repo, sha string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, _, err := w.repoAndUser(repo, by)
	if err != nil {
		return fmt.Errorf("re-run suite: %w", err)
	}
	s := r.suiteOf(w.opt.AppSlug, sha)
	if s == nil || !w.canWrite(r, by) {
		return fmt.Errorf("re-run suite: %s has no suite of ours, or %s may not write", sha, by)
	}
	w.act(by, repo, "re-run all checks", sha)
	s.Status, s.Conclusion, s.UpdatedAt = "queued", "", w.now()
	w.sendSuite(r, s, "rerequested", by)
	return nil
}

func (w *World) rerequest(r *Repo, c *CheckRun, by string) {
	for _, s := range r.suites {
		if s.ID == c.SuiteID {
			s.Status, s.Conclusion, s.UpdatedAt = "queued", "", w.now()
		}
	}
	if c.App == w.opt.AppSlug {
		w.sendCheck(r, c, "rerequested", by, nil)
	}
}

func (w *World) checkOf(by, repo string, id int64) (*Repo, *CheckRun, error) {
	r, _, err := w.repoAndUser(repo, by)
	if err != nil {
		return nil, nil, err
	}
	if !w.canWrite(r, by) {
		return nil, nil, fmt.Errorf("%s has no write access to %s", by, repo)
	}
	for _, c := range r.checks {
		if c.ID == id {
			return r, c, nil
		}
	}
	return nil, nil, fmt.Errorf("%s has no check run %d", repo, id)
}

// OtherCheck reports a check run of another CI app on a commit; conclusion "" leaves it in progress.
func (w *World) OtherCheck(repo, sha, app, name, conclusion string) (id int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, err := w.repo(repo)
	if err != nil {
		return 0, fmt.Errorf("other check: %w", err)
	}
	if _, known := w.apps[app]; !known {
		w.apps[app] = &App{ID: w.nextID(), Slug: app, Name: app, Owner: "github", CreatedAt: w.now()}
		w.addUser(app+"[bot]", "", "Bot")
	}
	status := "in_progress"
	if conclusion != "" {
		status = "completed"
	}
	for _, c := range latest(r.checksOf(func(c *CheckRun) bool { return c.App == app && c.HeadSHA == sha && c.Name == name })) {
		if c.Status != "completed" {
			before := c.Status
			c.Status, c.Conclusion = status, conclusion
			w.checkChanged(r, c, before, app+"[bot]")
			return c.ID, nil
		}
	}
	c := &CheckRun{App: app, Name: name, HeadSHA: sha, Status: status, Conclusion: conclusion}
	w.addCheck(r, c, app+"[bot]")
	return c.ID, nil
}

// isTime reads an optional time of a request.
func isTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
