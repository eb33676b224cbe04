package github

import (
	"context"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	gh "github.com/google/go-github/v60/github"
)

// GitHub's limits of a check run.
const (
	checkTextBytes   = 65535
	annotationsAtA   = 50
	annotationBytes  = 64 << 10
	annotationTitle  = 255
	mostActions      = 3
	actionLabel      = 20
	actionIdentifier = 20
	actionText       = 40
	cutNote          = "\n\n… (the rest is cut: GitHub shows no longer texts)"
)

// Status is where a check run, a workflow run or a job stands.
type Status string

// The statuses. Only the first three can be written; the others come from GitHub Actions.
const (
	Queued     Status = "queued"
	InProgress Status = "in_progress"
	Completed  Status = "completed"
	Waiting    Status = "waiting"
	Requested  Status = "requested"
	Pending    Status = "pending"
)

// Conclusion is how something ended; empty while it has not.
type Conclusion string

// The conclusions. The last three are never written by an App.
const (
	Success        Conclusion = "success"
	Failure        Conclusion = "failure"
	Neutral        Conclusion = "neutral"
	Cancelled      Conclusion = "cancelled"
	Skipped        Conclusion = "skipped"
	TimedOut       Conclusion = "timed_out"
	ActionRequired Conclusion = "action_required"
	Stale          Conclusion = "stale"
	StartupFailure Conclusion = "startup_failure"
	Errored        Conclusion = "error"
)

// CheckRun is a check run to be written. Buttons appear only on a completed one.
type CheckRun struct {
	Name        string // Name is always needed, also for an update.
	HeadSHA     string // HeadSHA is needed to create one, and not used in an update.
	ExternalID  string
	DetailsURL  string
	Status      Status
	Conclusion  Conclusion // Conclusion makes the status Completed.
	StartedAt   time.Time
	CompletedAt time.Time // CompletedAt is now if it is zero and there is a conclusion.
	Title       string    // Title is the name if it is empty and there is a summary.
	Summary     string
	Text        string
	Annotations []Annotation // Annotations beyond 50 are added by further requests.
	Actions     []Action     // Actions are at most three; an update without them removes them.
}

// Annotation is a remark on lines of a file.
type Annotation struct {
	Path        string
	StartLine   int
	EndLine     int // EndLine is StartLine if zero.
	StartColumn int // Columns are sent only if the annotation stays on one line.
	EndColumn   int
	Level       string // Level is notice, warning or failure.
	Title       string
	Message     string
	RawDetails  string
}

// Action is a button.
type Action struct {
	Label       string // Label is cut to 20 characters.
	Description string // Description is cut to 40 characters.
	Identifier  string // Identifier has at most 20 characters; a longer one is Invalid, because it must come back whole.
}

// checkJSON has the fields of both requests; go-github's update has no started_at and always sends the name.
type checkJSON struct {
	Name        string       `json:"name,omitempty"`
	HeadSHA     string       `json:"head_sha,omitempty"`
	ExternalID  string       `json:"external_id,omitempty"`
	DetailsURL  string       `json:"details_url,omitempty"`
	Status      Status       `json:"status,omitempty"`
	Conclusion  Conclusion   `json:"conclusion,omitempty"`
	StartedAt   *time.Time   `json:"started_at,omitempty"`
	CompletedAt *time.Time   `json:"completed_at,omitempty"`
	Output      *outputJSON  `json:"output,omitempty"`
	Actions     []actionJSON `json:"actions"`
}

type outputJSON struct {
	Title       string           `json:"title"`
	Summary     string           `json:"summary"`
	Text        string           `json:"text,omitempty"`
	Annotations []annotationJSON `json:"annotations,omitempty"`
}

type annotationJSON struct {
	Path        string `json:"path"`
	StartLine   int    `json:"start_line"`
	EndLine     int    `json:"end_line"`
	StartColumn int    `json:"start_column,omitempty"`
	EndColumn   int    `json:"end_column,omitempty"`
	Level       string `json:"annotation_level"`
	Title       string `json:"title,omitempty"`
	Message     string `json:"message"`
	RawDetails  string `json:"raw_details,omitempty"`
}

type actionJSON struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// CreateCheck makes a check run. If only the annotations beyond the first 50 failed, it gives the id and the error.
func (r *Repo) CreateCheck(ctx context.Context, check CheckRun) (int64, error) {
	const op = "create check run"
	body, rest, err := r.checkBody(op, check)
	if err != nil {
		return 0, err
	}
	if body.HeadSHA = check.HeadSHA; body.HeadSHA == "" {
		return 0, invalid(op, "no commit was given")
	}
	var out gh.CheckRun
	o := operation{name: op, effect: once, content: true, needs: "checks: write"}
	if err := r.write(ctx, o, "POST", r.path("check-runs"), body, &out); err != nil {
		return 0, err
	}
	return out.GetID(), r.annotate(ctx, out.GetID(), body, rest)
}

// UpdateCheck writes a check run again. To repeat it is harmless, except that more than 50 annotations may show twice.
func (r *Repo) UpdateCheck(ctx context.Context, id int64, check CheckRun) error {
	body, rest, err := r.checkBody(updateCheck().name, check)
	if err != nil {
		return err
	}
	if err := r.write(ctx, updateCheck(), "PATCH", r.path("check-runs", number(id)), body, nil); err != nil {
		return err
	}
	return r.annotate(ctx, id, body, rest)
}

// annotate adds annotations in portions: GitHub appends those of an update to those that are there.
func (r *Repo) annotate(ctx context.Context, id int64, body checkJSON, rest []annotationJSON) error {
	body.HeadSHA = ""
	for len(rest) > 0 {
		n := min(len(rest), annotationsAtA)
		body.Output.Annotations, rest = rest[:n], rest[n:]
		if err := r.write(ctx, updateCheck(), "PATCH", r.path("check-runs", number(id)), body, nil); err != nil {
			return err
		}
	}
	return nil
}

func updateCheck() operation {
	return operation{name: "update check run", effect: again, needs: "checks: write"}
}

// FindCheck looks for a check run of this App by its external id, and finds the newest if there are several.
func (r *Repo) FindCheck(ctx context.Context, sha, name, externalID string) (id int64, found bool, err error) {
	const op = "find check run"
	q := url.Values{"filter": {"all"}, "app_id": {number(r.app.id)}, "check_name": {name}}
	all, err := r.checkRuns(ctx, op, sha, q)
	for _, c := range all {
		if c.GetApp().GetID() == r.app.id && c.GetExternalID() == externalID && c.GetName() == name {
			id, found = max(id, c.GetID()), true
		}
	}
	return id, found, err
}

func (r *Repo) checkRuns(ctx context.Context, op, sha string, q url.Values) ([]*gh.CheckRun, error) {
	ref, err := segments(op, "commit", sha)
	if err != nil {
		return nil, err
	}
	var all []*gh.CheckRun
	err = r.pages(ctx, operation{name: op, needs: "checks: read"}, r.path("commits", ref, "check-runs"), q, func(decode func(any) error) error {
		var page gh.ListCheckRunsResults
		err := decode(&page)
		all = append(all, page.CheckRuns...)
		return err
	})
	return all, err
}

// checkBody brings a check run within GitHub's limits; annotations that do not fit into the first request come apart.
func (r *Repo) checkBody(op string, in CheckRun) (checkJSON, []annotationJSON, error) {
	body := checkJSON{
		Name: in.Name, ExternalID: in.ExternalID, DetailsURL: in.DetailsURL, Status: in.Status, Conclusion: in.Conclusion,
		StartedAt: optional(in.StartedAt), CompletedAt: optional(in.CompletedAt), Actions: []actionJSON{},
	}
	if in.Name == "" {
		return body, nil, invalid(op, "no name was given")
	}
	if in.Conclusion != "" {
		body.Status = Completed
		if body.CompletedAt == nil {
			body.CompletedAt = optional(r.app.guard.clock())
		}
	}
	if len(in.Actions) > mostActions {
		return body, nil, invalid(op, "%d buttons were given; GitHub shows at most %d", len(in.Actions), mostActions)
	}
	for _, a := range in.Actions {
		if a.Identifier == "" || utf8.RuneCountInString(a.Identifier) > actionIdentifier {
			return body, nil, invalid(op, "the button's identifier %q must have 1 to %d characters", a.Identifier, actionIdentifier)
		}
		body.Actions = append(body.Actions, actionJSON{cutRunes(a.Label, actionLabel), cutRunes(a.Description, actionText), a.Identifier})
	}
	all := annotationsOf(in.Annotations)
	if in.Title == "" && in.Summary == "" && in.Text == "" && len(all) == 0 {
		return body, nil, nil
	}
	n := min(len(all), annotationsAtA)
	body.Output = &outputJSON{
		Title: in.Title, Summary: cutBytes(in.Summary, checkTextBytes, cutNote),
		Text: cutBytes(in.Text, checkTextBytes, cutNote), Annotations: all[:n],
	}
	if strings.TrimSpace(body.Output.Title) == "" {
		body.Output.Title = in.Name
	}
	if strings.TrimSpace(body.Output.Summary) == "" {
		body.Output.Summary = body.Output.Title
	}
	return body, all[n:], nil
}

func annotationsOf(in []Annotation) []annotationJSON {
	var all []annotationJSON
	for _, a := range in {
		out := annotationJSON{
			Path: a.Path, StartLine: max(a.StartLine, 1), EndLine: max(a.EndLine, a.StartLine, 1), Level: a.Level,
			Title: cutRunes(a.Title, annotationTitle), Message: cutBytes(a.Message, annotationBytes, cutNote),
			RawDetails: cutBytes(a.RawDetails, annotationBytes, cutNote),
		}
		if out.StartLine == out.EndLine {
			out.StartColumn, out.EndColumn = a.StartColumn, a.EndColumn
		}
		all = append(all, out)
	}
	return all
}

// optional leaves a zero time out of a request.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// write sends a body, which may be nil, and reads an answer, if out is not nil.
func (r *Repo) write(ctx context.Context, o operation, method, path string, body, out any) error {
	return r.call(ctx, o, func(ctx context.Context, c *gh.Client) error {
		_, err := send(ctx, c, method, path, body, out)
		return err
	})
}
