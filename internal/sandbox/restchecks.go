package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

func checkRoutes() []route {
	return []route{
		{"POST /repos/{owner}/{repo}/check-runs", "checks:write", createCheck},
		{"GET /repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:read", onCheck(getCheck)},
		{"PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}", "checks:write", onCheck(updateCheck)},
		{"GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations", "checks:read", onCheck(listAnnotations)},
		{"POST /repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest", "checks:write", onCheck(rerequestCheck)},
		{"GET /repos/{owner}/{repo}/check-suites/{check_suite_id}", "checks:read", getSuite},
		{"POST /repos/{owner}/{repo}/statuses/{sha}", "statuses:write", createStatus},
	}
}

// checkInput is the body of creating and updating a check run; what is absent stays as it is.
type checkInput struct {
	Name        *string `json:"name"`
	HeadSHA     string  `json:"head_sha"`
	DetailsURL  *string `json:"details_url"`
	ExternalID  *string `json:"external_id"`
	Status      *string `json:"status"`
	Conclusion  *string `json:"conclusion"`
	StartedAt   string  `json:"started_at"`
	CompletedAt string  `json:"completed_at"`
	Output      *struct {
		Title       *string      `json:"title"`
		Summary     *string      `json:"summary"`
		Text        string       `json:"text"`
		Annotations []Annotation `json:"annotations"`
	} `json:"output"`
	Actions *[]CheckAction `json:"actions"`
}

// problem checks the limits that GitHub documents.
func (in checkInput) problem() string {
	switch {
	case in.Name != nil && *in.Name == "":
		return "Invalid request. name is empty."
	case in.DetailsURL != nil && !strings.HasPrefix(*in.DetailsURL, "http"):
		return "Validation Failed: details_url must use http or https scheme"
	case in.Status != nil && !slices.Contains([]string{"queued", "in_progress", "completed"}, *in.Status):
		return "Invalid request. " + *in.Status + " is not a member of [\"queued\", \"in_progress\", \"completed\"]."
	case in.Conclusion != nil && !slices.Contains([]string{
		"action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out",
	}, *in.Conclusion):
		return "Invalid request. " + *in.Conclusion + " is not a conclusion."
	case in.Status != nil && *in.Status == "completed" && in.Conclusion == nil:
		return "Invalid request. conclusion is missing although status is completed."
	}
	return in.outputProblem()
}

func (in checkInput) outputProblem() string {
	if in.Actions != nil {
		if len(*in.Actions) > 3 {
			return "Invalid request. No more than 3 items are allowed; " + strconv.Itoa(len(*in.Actions)) + " were supplied for actions."
		}
		for _, a := range *in.Actions {
			if len(a.Label) > 20 || len(a.Description) > 40 || len(a.Identifier) > 20 || a.Label == "" || a.Identifier == "" {
				return fmt.Sprintf("Invalid request. The action %q is too long or incomplete.", a.Identifier)
			}
		}
	}
	switch out := in.Output; {
	case out == nil:
	case out.Title == nil || out.Summary == nil:
		return "Invalid request. output needs title and summary."
	case len(*out.Title) > 255 || len(*out.Summary) > 65535 || len(out.Text) > 65535:
		return "Invalid request. output is too long."
	case len(out.Annotations) > 50:
		return "Invalid request. No more than 50 items are allowed; " + strconv.Itoa(len(out.Annotations)) + " were supplied for annotations."
	}
	return ""
}

// apply writes the input over a check run; annotations are appended.
func (in checkInput) apply(c *CheckRun) {
	set(&c.Name, in.Name)
	set(&c.DetailsURL, in.DetailsURL)
	set(&c.ExternalID, in.ExternalID)
	set(&c.Status, in.Status)
	if in.Status != nil && *in.Status != "completed" {
		c.Conclusion, c.CompletedAt = "", isTime("")
	}
	if in.Conclusion != nil {
		c.Conclusion, c.Status = *in.Conclusion, "completed"
	}
	if t := isTime(in.StartedAt); !t.IsZero() {
		c.StartedAt = t
	}
	if t := isTime(in.CompletedAt); !t.IsZero() {
		c.CompletedAt = t
	}
	if out := in.Output; out != nil {
		c.Output.Title, c.Output.Summary, c.Output.Text = *out.Title, *out.Summary, out.Text
		c.Output.Annotations = append(c.Output.Annotations, out.Annotations...)
	}
	if in.Actions != nil {
		c.Actions = *in.Actions
	}
}

func set(to, from *string) {
	if from != nil {
		*to = *from
	}
}

func createCheck(r *request) reply {
	var in checkInput
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	if r.id.install == nil {
		return failure(http.StatusForbidden, "You must authenticate via a GitHub App.")
	}
	if in.Name == nil || in.HeadSHA == "" {
		return invalid("Invalid request. name and head_sha are required.")
	}
	if problem := in.problem(); problem != "" {
		return invalid(problem)
	}
	if _, found := r.repo.commits[in.HeadSHA]; !found {
		return invalid("No commit found for SHA: " + in.HeadSHA)
	}
	c := &CheckRun{App: r.w.opt.AppSlug, HeadSHA: in.HeadSHA, Status: "queued"}
	in.apply(c)
	r.w.addCheck(r.repo, c, r.actor())
	return created(r.w.checkJSON(r.repo, c))
}

func onCheck(handle func(*request, *CheckRun) reply) func(*request) reply {
	return func(r *request) reply {
		for _, c := range r.repo.checks {
			if c.ID == r.number("check_run_id") {
				return handle(r, c)
			}
		}
		return notFound()
	}
}

func getCheck(r *request, c *CheckRun) reply { return ok(r.w.checkJSON(r.repo, c)) }

func updateCheck(r *request, c *CheckRun) reply {
	var in checkInput
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	if r.id.install == nil || c.App != r.w.opt.AppSlug {
		return failure(http.StatusForbidden, "Invalid app_id `"+c.App+"` - check run can only be modified by the GitHub App that created it.")
	}
	if problem := in.problem(); problem != "" {
		return invalid(problem)
	}
	before := c.Status
	in.apply(c)
	r.w.checkChanged(r.repo, c, before, r.actor())
	return ok(r.w.checkJSON(r.repo, c))
}

func listAnnotations(r *request, c *CheckRun) reply {
	return ok(list(page(r, c.Output.Annotations), func(a Annotation) obj {
		return obj{
			"path": a.Path, "start_line": a.StartLine, "end_line": a.EndLine, "start_column": a.StartColumn,
			"end_column": a.EndColumn, "annotation_level": a.Level, "title": a.Title, "message": a.Message,
			"raw_details": a.RawDetails, "blob_href": r.w.web("/%s/blob/%s/%s", r.repo.FullName(), c.HeadSHA, a.Path),
		}
	}))
}

func rerequestCheck(r *request, c *CheckRun) reply {
	if c.App != r.w.opt.AppSlug {
		return failure(http.StatusForbidden, "This check run is not rerequestable")
	}
	r.w.rerequest(r.repo, c, r.actor())
	return created(obj{})
}

func getSuite(r *request) reply {
	for _, s := range r.repo.suites {
		if s.ID == r.number("check_suite_id") {
			return ok(r.w.fullSuiteJSON(r.repo, s))
		}
	}
	return notFound()
}

func (w *World) fullSuiteJSON(r *Repo, s *CheckSuite) obj {
	body := w.suiteJSON(r, s)
	body["repository"] = w.minimalRepoJSON(r)
	return body
}

// checkRunsOfCommit lists newest first, by default only the newest of each name.
func checkRunsOfCommit(r *request, sha string) reply {
	app, _ := strconv.ParseInt(r.query("app_id"), 10, 64)
	all := r.repo.checksOf(func(c *CheckRun) bool {
		return c.HeadSHA == sha && (r.query("check_name") == "" || c.Name == r.query("check_name")) &&
			(r.query("status") == "" || c.Status == r.query("status")) && (app == 0 || r.w.apps[c.App].ID == app)
	})
	if r.query("filter") != "all" {
		all = latest(all)
	}
	slices.Reverse(all)
	return ok(obj{
		"total_count": len(all), "check_runs": list(page(r, all), func(c *CheckRun) obj { return r.w.checkJSON(r.repo, c) }),
	})
}

func suitesOfCommit(r *request, sha string) reply {
	app, _ := strconv.ParseInt(r.query("app_id"), 10, 64)
	var all []*CheckSuite
	for _, s := range r.repo.suites {
		if s.HeadSHA == sha && (app == 0 || r.w.apps[s.App].ID == app) {
			all = append(all, s)
		}
	}
	return ok(obj{
		"total_count":  len(all),
		"check_suites": list(page(r, all), func(s *CheckSuite) obj { return r.w.fullSuiteJSON(r.repo, s) }),
	})
}

func createStatus(r *request) reply {
	var in struct {
		State       string `json:"state"`
		TargetURL   string `json:"target_url"`
		Description string `json:"description"`
		Context     string `json:"context"`
	}
	if refused := r.decode(&in); refused != nil {
		return *refused
	}
	sha := r.path("sha")
	if _, found := r.repo.commits[sha]; !found {
		return invalid("No commit found for SHA: " + sha)
	}
	if !slices.Contains([]string{"error", "failure", "pending", "success"}, in.State) {
		return invalid("Validation Failed: state is not included in the list")
	}
	if in.Context == "" {
		in.Context = "default"
	}
	s := r.w.addStatus(r.repo, CommitStatus{
		SHA: sha, Context: in.Context, State: in.State, Description: in.Description, TargetURL: in.TargetURL, Creator: r.actor(),
	})
	return created(r.w.statusJSON(r.repo, s))
}
