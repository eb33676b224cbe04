package contract

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// rule is a promise of GitHub's that its schemas cannot express: the status of an answer, and the values of a field that
// a request may hold. An empty value stands for a field that is absent.
type rule struct {
	method, suffix string // of the operation
	statuses       []int  // accepted ones; others than 2xx are not looked at
	field          string
	values         []string
}

func rules() []rule {
	conclusions := []string{"", "action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"} // stale is GitHub's own
	return []rule{
		{"POST", "/deployment_protection_rule", []int{204}, "state", []string{"", "approved", "rejected"}},
		{"POST", "/dispatches", []int{200, 204}, "", nil},
		{"POST", "/cancel", []int{202}, "", nil},
		{"POST", "/force-cancel", []int{202}, "", nil},
		{"POST", "/attempts", []int{202}, "", nil},
		{"POST", "/rerun", []int{201}, "", nil},
		{"POST", "/rerun-failed-jobs", []int{201}, "", nil},
		{"POST", "/deployments", []int{201}, "", nil},
		{"POST", "/deployments/{deployment_id}/statuses", []int{201}, "state", []string{"error", "failure", "inactive", "in_progress", "queued", "pending", "success"}},
		{"POST", "/check-runs", []int{201}, "conclusion", conclusions},
		{"PATCH", "/check-runs/{check_run_id}", []int{200}, "conclusion", conclusions},
		{"POST", "/check-runs", []int{201}, "status", []string{"", "queued", "in_progress", "completed"}},
		{"PATCH", "/check-runs/{check_run_id}", []int{200}, "status", []string{"", "queued", "in_progress", "completed"}},
		{"POST", "/reactions", []int{200, 201}, "content", []string{"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}},
		{"POST", "/issues/{issue_number}/comments", []int{201}, "", nil},
		{"POST", "/access_tokens", []int{201}, "", nil},
	}
}

// wrongValues holds the requests of a record to the rules.
func wrongValues(record []sandbox.Call) []string {
	var wrong []string
	for _, c := range record {
		if c.Kind != sandbox.KindGitHub || c.Status < 200 || c.Status > 299 {
			continue
		}
		for _, r := range rules() {
			if c.Method == r.method && strings.HasSuffix(c.Route, r.suffix) {
				wrong = append(wrong, r.judge(c)...)
			}
		}
	}
	return wrong
}

func (r rule) judge(c sandbox.Call) []string {
	var wrong []string
	if !slices.Contains(r.statuses, c.Status) {
		wrong = append(wrong, fmt.Sprintf("%s %s was answered %d; GitHub answers %v", c.Method, c.Path, c.Status, r.statuses))
	}
	if (c.Status == 204) != (len(c.Answer) == 0) {
		wrong = append(wrong, fmt.Sprintf("%s %s: 204 comes without a body, and nothing else does", c.Method, c.Path))
	}
	if r.field == "" {
		return wrong
	}
	var sent map[string]any
	if err := json.Unmarshal(c.Body, &sent); err != nil {
		return append(wrong, fmt.Sprintf("%s %s: %v", c.Method, c.Path, err))
	}
	value, isText := sent[r.field].(string)
	if sent[r.field] != nil && !isText || !slices.Contains(r.values, value) {
		wrong = append(wrong, fmt.Sprintf("%s %s: %s is %v; GitHub takes %q", c.Method, c.Path, r.field, sent[r.field], r.values))
	}
	return wrong
}

func TestValuesThatNoSchemaSees(t *testing.T) {
	reached := map[string]bool{}
	for _, drive := range []func(*rig){appOperations, checkOperations, deploymentOperations, commentOperations, actionsOperations, gateOperations} {
		r := newRig(t)
		drive(r)
		for _, wrong := range wrongValues(r.Record()) {
			t.Error(wrong)
		}
		for _, c := range r.Record() {
			for _, rule := range rules() {
				if c.Method == rule.method && strings.HasSuffix(c.Route, rule.suffix) && c.Status < 300 {
					reached[rule.method+rule.suffix] = true
				}
			}
		}
	}
	for _, rule := range rules() {
		if !reached[rule.method+rule.suffix] {
			t.Errorf("the rule on %s …%s was never put to the test", rule.method, rule.suffix)
		}
	}
}

// What the schemas let pass has to be red here.
func TestWrongValuesAreNoticed(t *testing.T) {
	const run = "/repos/{owner}/{repo}/actions/runs/{run_id}"
	for name, call := range map[string]sandbox.Call{
		"misspelled verdict": {Method: "POST", Route: run + "/deployment_protection_rule", Status: 204, Body: []byte(`{"state":"aproved"}`)},
		"verdict of 200":     {Method: "POST", Route: run + "/deployment_protection_rule", Status: 200, Answer: []byte("{}"), Body: []byte(`{"state":"approved"}`)},
		"cancel of 204":      {Method: "POST", Route: run + "/cancel", Status: 204},
		"stale":              {Method: "POST", Route: "/repos/{owner}/{repo}/check-runs", Status: 201, Answer: []byte("{}"), Body: []byte(`{"conclusion":"stale"}`)},
		"waiting":            {Method: "POST", Route: "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", Status: 201, Answer: []byte("{}"), Body: []byte(`{"state":"waiting"}`)},
		"dispatch of 202":    {Method: "POST", Route: "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches", Status: 202, Answer: []byte("{}")},
	} {
		call.Kind = sandbox.KindGitHub
		if wrong := wrongValues([]sandbox.Call{call}); len(wrong) != 1 {
			t.Errorf("%s: want one objection, got %q", name, wrong)
		}
	}
}

// The sandbox refuses what GitHub refuses although the schema would let it pass.
func TestSandboxRefusesWhatTheSchemaLetsPass(t *testing.T) {
	r := newRig(t)
	sha := r.push("main", map[string]string{".github/workflows/deploy.yml": deployYAML})
	must(t, r.SetEnvironment(shop, sandbox.Environment{Name: "production", CustomRule: true}))
	run := r.dispatch("production")
	r.post(run+"/deployment_protection_rule", body{"environment_name": "production", "state": "aproved", "comment": "c"}, 422)
	r.post(under+"/check-runs", body{"name": "x", "head_sha": sha, "status": "completed", "conclusion": "stale"}, 422)
}
