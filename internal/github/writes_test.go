package github_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// TestWrites gives, for each writing method, the whole request.
func TestWrites(t *testing.T) {
	no := false
	tests := map[string]struct {
		route  string
		status int
		answer string
		call   func(*github.Repo) (int64, error)
		body   string
		id     int64
	}{
		"create check": {
			"POST /repos/octo/shop/check-runs", 201, `{"id":3}`,
			func(r *github.Repo) (int64, error) {
				return r.CreateCheck(background(), github.CheckRun{
					Name: "p / gate", HeadSHA: "abc", ExternalID: "r/s/1", DetailsURL: "https://d", Conclusion: github.ActionRequired, StartedAt: noon, Summary: "Waiting.",
					Actions: []github.Action{{Label: "Approve the whole release", Description: "Opens the door", Identifier: "approve"}},
				})
			},
			`{"name":"p / gate","head_sha":"abc","external_id":"r/s/1","details_url":"https://d","status":"completed","conclusion":"action_required","started_at":"2090-03-04T12:00:00Z","completed_at":"2090-03-04T12:00:00Z",
			  "output":{"title":"p / gate","summary":"Waiting."},"actions":[{"label":"Approve the whole r…","description":"Opens the door","identifier":"approve"}]}`, 3,
		},
		"update check": {
			"PATCH /repos/octo/shop/check-runs/3", 200, `{"id":3}`,
			func(r *github.Repo) (int64, error) {
				return 0, r.UpdateCheck(background(), 3, github.CheckRun{Name: "p / s", HeadSHA: "abc", Status: github.InProgress, Title: "Running"})
			},
			`{"name":"p / s","status":"in_progress","output":{"title":"Running","summary":"Running"},"actions":[]}`, 0,
		},
		"cancel": {
			"POST /repos/octo/shop/actions/runs/8/cancel", 202, `{}`,
			func(r *github.Repo) (int64, error) { return 0, r.Cancel(background(), 8, false) }, ``, 0,
		},
		"cancel by force": {
			"POST /repos/octo/shop/actions/runs/8/force-cancel", 202, `{}`,
			func(r *github.Repo) (int64, error) { return 0, r.Cancel(background(), 8, true) }, ``, 0,
		},
		"cancel what is over": {
			"POST /repos/octo/shop/actions/runs/8/cancel", 409, `{"message":"Cannot cancel a workflow run that is completed."}`,
			func(r *github.Repo) (int64, error) { return 0, r.Cancel(background(), 8, false) }, ``, 0,
		},
		"open the door": {
			"POST /repos/octo/shop/actions/runs/8/deployment_protection_rule", 204, ``,
			func(r *github.Repo) (int64, error) {
				return 0, r.AnswerDoor(background(), 8, "prod/eu", github.Approved, "By Ann.")
			},
			`{"environment_name":"prod/eu","state":"approved","comment":"By Ann."}`, 0,
		},
		"report at the door": {
			"POST /repos/octo/shop/actions/runs/8/deployment_protection_rule", 204, ``,
			func(r *github.Repo) (int64, error) { return 0, r.ReportDoor(background(), 8, "prod/eu", "Waiting.") },
			`{"environment_name":"prod/eu","comment":"Waiting."}`, 0,
		},
		"deployment": {
			"POST /repos/octo/shop/deployments", 201, `{"id":4}`,
			func(r *github.Repo) (int64, error) {
				return r.CreateDeployment(background(), github.Deployment{
					Ref: "main", SHA: "abc", Environment: "prod", Description: strings.Repeat("ä", 200), Payload: map[string]string{"run": "r1"}, Production: true,
				})
			},
			`{"ref":"abc","auto_merge":false,"required_contexts":[],"payload":{"run":"r1"},"environment":"prod","description":"` + strings.Repeat("ä", 139) + `…","transient_environment":false,"production_environment":true}`, 4,
		},
		"deployment status": {
			"POST /repos/octo/shop/deployments/4/statuses", 201, `{"id":5}`,
			func(r *github.Repo) (int64, error) {
				return 0, r.CreateDeploymentStatus(background(), 4, github.DeploymentStatus{
					State: github.DeploymentSuccess, Description: strings.Repeat("x", 141), LogURL: "https://l", EnvironmentURL: "https://e", AutoInactive: &no,
				})
			},
			`{"state":"success","log_url":"https://l","description":"` + strings.Repeat("x", 139) + `…","environment_url":"https://e","auto_inactive":false}`, 0,
		},
		"comment": {
			"POST /repos/octo/shop/issues/3/comments", 201, `{"id":6}`,
			func(r *github.Repo) (int64, error) { return r.Comment(background(), 3, "hello") }, `{"body":"hello"}`, 6,
		},
		"reaction": {
			"POST /repos/octo/shop/issues/comments/6/reactions", 200, `{"id":1}`,
			func(r *github.Repo) (int64, error) {
				return 0, r.React(background(), 6, github.Rocket)
			}, `{"content":"rocket"}`, 0,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, "")
			f.on(tt.route, reply(tt.status, tt.answer))
			id, err := tt.call(f.repo())
			ok(t, err)
			equal(t, "id", id, tt.id)
			if tt.body == "" {
				equal(t, "body", f.last().Body, "")
				return
			}
			if got, want := fields(t, f.last().Body), fields(t, tt.body); !reflect.DeepEqual(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// TestDispatch covers the three answers of three ages of servers.
func TestDispatch(t *testing.T) {
	const route = "POST /repos/octo/shop/actions/workflows/deploy.yml/dispatches"
	d := github.Dispatch{File: ".github/workflows/deploy.yml", Ref: "release/2", Inputs: map[string]string{"sha": "abc"}}
	f := newFake(t, "")
	r := f.repo()

	f.on(route, reply(200, `{"workflow_run_id":8,"run_url":"https://api","html_url":"https://r"}`))
	run, err := r.Dispatch(background(), d)
	ok(t, err)
	equal(t, "run", fmt.Sprint(run.ID, run.HTMLURL), "8https://r")
	equal(t, "body", strings.TrimSpace(f.last().Body), `{"ref":"release/2","inputs":{"sha":"abc"},"return_run_details":true}`)

	f.on(route, reply(204, ``))
	run, err = r.Dispatch(background(), d)
	ok(t, err)
	equal(t, "run", run.ID, 0)

	f.on(route, func(w http.ResponseWriter, req *http.Request) {
		if strings.Contains(f.last().Body, "return_run_details") {
			reply(400, `{"message":"Invalid request.\n\n\"return_run_details\" is not a permitted key."}`)(w, req)
			return
		}
		reply(204, ``)(w, req)
	})
	before := len(f.requests())
	run, err = r.Dispatch(background(), d)
	ok(t, err)
	equal(t, "run", run.ID, 0)
	equal(t, "requests", len(f.requests())-before, 2)
}

// TestDispatchRefused keeps GitHub's words, does not try again, and says when it is in doubt.
func TestDispatchRefused(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		class  github.Class
		words  string
	}{
		{422, `{"message":"Unexpected inputs provided: [\"gatehouse_run\"]"}`, github.Invalid, `Unexpected inputs provided: ["gatehouse_run"]`},
		{422, `{"message":"Workflow does not have 'workflow_dispatch' trigger"}`, github.Invalid, `does not have 'workflow_dispatch' trigger`},
		{404, `{"message":"Not Found"}`, github.NotFound, "Not Found"},
		{502, ``, github.Ambiguous, "look before trying again"},
	} {
		f := newFake(t, "")
		f.on("*", reply(tt.status, tt.body))
		_, err := f.repo().Dispatch(background(), github.Dispatch{File: "deploy.yml", Ref: "main"})
		if e := failed(t, err, tt.class); !strings.Contains(e.Error(), tt.words) {
			t.Errorf("got %v, want %q", e, tt.words)
		}
		equal(t, "requests", len(f.requests()), 1)
	}
}

// TestDoor refuses words that GitHub would take for a report, and cuts a comment between characters.
func TestDoor(t *testing.T) {
	f := newFake(t, "")
	f.on("*", reply(204, ``))
	r := f.repo()
	for _, state := range []github.Verdict{"aproved", "", github.VerdictPending} {
		fails(t, r.AnswerDoor(background(), 8, "prod", state, ""), github.Invalid)
	}
	fails(t, r.ReportDoor(background(), 8, "", "x"), github.Invalid)
	equal(t, "requests", len(f.requests()), 0)
	ok(t, r.AnswerDoor(background(), 8, "prod", github.Rejected, "x"+strings.Repeat("日", 600)))
	comment, _ := fields(t, f.last().Body)["comment"].(string)
	if len(comment) > 1024 || len(comment) < 1015 || !utf8.ValidString(comment) || !strings.HasSuffix(comment, "日…") {
		t.Errorf("got a comment of %d bytes ending in %q", len(comment), comment[len(comment)-6:])
	}
}

// TestDeploymentMerged takes 202 for what it is: no deployment was made.
func TestDeploymentMerged(t *testing.T) {
	f := newFake(t, "")
	f.on("*", reply(202, `{"message":"Auto-merged main into topic on deployment."}`))
	id, err := f.repo().CreateDeployment(background(), github.Deployment{Ref: "topic", Environment: "prod"})
	equal(t, "message", failed(t, err, github.Conflict).Message, "GitHub merged the default branch into the ref instead of making a deployment")
	equal(t, "id", id, 0)
	_, err = f.repo().CreateDeployment(background(), github.Deployment{Ref: "topic"})
	fails(t, err, github.Invalid)
}

// TestAnnotations sends 50 at once and the rest in updates that keep the text.
func TestAnnotations(t *testing.T) {
	f := newFake(t, "")
	f.on("*", reply(201, `{"id":3}`))
	check := github.CheckRun{Name: "config", HeadSHA: "abc", Conclusion: github.Failure, Title: "Wrong", Summary: "123 problems"}
	for i := range 123 {
		check.Annotations = append(check.Annotations, github.Annotation{Path: "a.yml", StartLine: i + 1, StartColumn: 2, EndColumn: 4, Level: "failure", Message: "m"})
	}
	check.Annotations[0].EndLine = 9 // Columns are refused on several lines.
	id, err := f.repo().CreateCheck(background(), check)
	ok(t, err)
	equal(t, "id", id, 3)
	var sent []int
	for i, req := range f.requests() {
		equal(t, "method", req.Method, map[bool]string{true: "POST", false: "PATCH"}[i == 0])
		var body struct {
			Name, Conclusion string
			Output           struct {
				Title, Summary string
				Annotations    []map[string]any
			}
		}
		ok(t, json.Unmarshal([]byte(req.Body), &body))
		equal(t, "text", fmt.Sprint(body.Name, body.Conclusion, body.Output.Title, body.Output.Summary), "configfailureWrong123 problems")
		if i == 0 {
			equal(t, "columns", fmt.Sprint(body.Output.Annotations[0]["start_column"], body.Output.Annotations[1]["start_column"]), "<nil> 2")
		}
		sent = append(sent, len(body.Output.Annotations))
	}
	equal(t, "portions", fmt.Sprint(sent), "[50 50 23]")
}

// TestAnnotationsFailHalfway gives the id, so that nobody makes a second check run.
func TestAnnotationsFailHalfway(t *testing.T) {
	f := newFake(t, "")
	f.on("POST /repos/octo/shop/check-runs", reply(201, `{"id":3}`))
	f.on("PATCH /repos/octo/shop/check-runs/3", reply(502, ``))
	id, err := f.repo().CreateCheck(background(), github.CheckRun{Name: "x", HeadSHA: "abc", Annotations: make([]github.Annotation, 51)})
	fails(t, err, github.Unavailable)
	equal(t, "id", id, 3)
}

// TestCheckLimits cuts texts with a note, and refuses what must not be cut.
func TestCheckLimits(t *testing.T) {
	f := newFake(t, "")
	f.on("*", reply(201, `{"id":3}`))
	r := f.repo()
	_, err := r.CreateCheck(background(), github.CheckRun{Name: "x", HeadSHA: "abc", Title: "t", Summary: strings.Repeat("日", 30000), Text: strings.Repeat("y", 65535), StartedAt: noon.Add(time.Millisecond)})
	ok(t, err)
	output, _ := fields(t, f.last().Body)["output"].(map[string]any)
	summary, _ := output["summary"].(string)
	text, _ := output["text"].(string)
	if len(summary) > 65535 || !utf8.ValidString(summary) || !strings.Contains(summary, "the rest is cut") {
		t.Errorf("the summary has %d bytes and ends in %q", len(summary), summary[len(summary)-60:])
	}
	equal(t, "a text that fits", len(text), 65535)
	for name, bad := range map[string]github.CheckRun{
		"no name":         {HeadSHA: "abc"},
		"no commit":       {Name: "x"},
		"four buttons":    {Name: "x", HeadSHA: "abc", Actions: make([]github.Action, 4)},
		"long identifier": {Name: "x", HeadSHA: "abc", Actions: []github.Action{{Label: "a", Description: "b", Identifier: strings.Repeat("i", 21)}}},
		"no identifier":   {Name: "x", HeadSHA: "abc", Actions: []github.Action{{Label: "a", Description: "b"}}},
	} {
		if _, err := r.CreateCheck(background(), bad); github.ClassOf(err) != github.Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
	fails(t, r.UpdateCheck(background(), 3, github.CheckRun{}), github.Invalid)
	equal(t, "requests", len(f.requests()), 1)
}
