package contract

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// A judge who never objects is none: each of these wrongs has to be noticed, and nothing else with it.

func TestWrongRequestsAreNoticed(t *testing.T) {
	for name, test := range map[string]struct {
		method, path string
		body         body
		status       int
		says         string
	}{
		"enum":    {"POST", under + "/check-runs", body{"name": "x", "head_sha": "SHA", "status": "qeued"}, 422, `"/status"`},
		"missing": {"POST", under + "/check-runs", body{"head_sha": "SHA"}, 422, `"name" is missing`},
		"type":    {"POST", under + "/deployments", body{"ref": "SHA", "auto_merge": "no"}, 400, `"/auto_merge"`},
		"field":   {"POST", under + "/check-runs", body{"name": "x", "head_sha": "SHA", "externalid": "r"}, 201, "externalid is unknown"},
		"deep":    {"POST", under + "/check-runs", body{"name": "x", "head_sha": "SHA", "output": body{"title": "t", "summary": "s", "txt": ""}}, 201, "output.txt is unknown"},
		"query":   {"GET", under + "/deployments?enviroment=x", nil, 200, "enviroment is unknown"},
		"number":  {"GET", under + "/check-runs/none", nil, 404, "check_run_id"},
		"route":   {"GET", under + "/deployment", nil, 404, "unvalidated"},
		"method":  {"DELETE", under + "/check-runs/1", nil, 404, "unvalidated"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newWrongRig(t, func(h http.Handler) http.Handler { return h })
			sha := r.push("main", map[string]string{"a": "1"})
			for k, v := range test.body {
				if v == "SHA" {
					test.body[k] = sha
				}
			}
			var sent any
			if test.body != nil {
				sent = test.body
			}
			r.do(test.method, test.path, r.token, sent, test.status)
			r.objection(test.says)
		})
	}
}

func TestWrongAnswersAreNoticed(t *testing.T) {
	for name, test := range map[string]struct {
		status int // put in place of the true one, if not 0
		tamper func(map[string]any)
		says   string
	}{
		"missing": {tamper: func(v map[string]any) { delete(v, "head_sha") }, says: `"head_sha" is missing`},
		"enum":    {tamper: func(v map[string]any) { v["status"] = "running" }, says: `"/status"`},
		"type":    {tamper: func(v map[string]any) { v["id"] = "1" }, says: `"/id"`},
		"null":    {tamper: func(v map[string]any) { v["name"] = nil }, says: `"/name"`},
		"field":   {tamper: func(v map[string]any) { v["run"] = "r1" }, says: "run is unknown"},
		"deep":    {tamper: func(v map[string]any) { delete(v["app"].(map[string]any), "owner") }, says: "owner"},
		"status":  {status: 202, tamper: func(map[string]any) {}, says: "never answers 202"},
		"error":   {status: 418, tamper: func(map[string]any) {}, says: "message and documentation_url"},
	} {
		t.Run(name, func(t *testing.T) {
			planted := func(h http.Handler) http.Handler { return tampered(h, test.status, test.tamper) }
			r := newWrongRig(t, planted)
			sha := r.push("main", map[string]string{"a": "1"})
			want := 201
			if test.status != 0 {
				want = test.status
			}
			r.post(under+"/check-runs", body{"name": "x", "head_sha": sha}, want)
			r.objection(test.says)
		})
	}
}

// tampered changes the answers about check runs.
func tampered(h http.Handler, status int, tamper func(map[string]any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/check-runs") {
			h.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		var v map[string]any
		if err := json.NewDecoder(answer.Body).Decode(&v); err != nil {
			panic(err)
		}
		tamper(v)
		maps.Copy(w.Header(), answer.Header())
		if status == 0 {
			status = answer.Code
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	})
}

// objection demands exactly one violation.
func (r *rig) objection(says string) {
	r.t.Helper()
	v := r.validator.Violations()
	if len(v) != 1 || !strings.Contains(v[0].String(), says) {
		r.t.Errorf("want one violation that says %q, got %v", says, v)
	}
}

func TestWrongWebhooksAreNoticed(t *testing.T) {
	r := newWrongRig(t, func(h http.Handler) http.Handler { return h })
	checkOperations(r)
	r.Drain()
	payload := webhook(t, r.Record(), "check_run", "completed")
	for name, test := range map[string]struct {
		event, action string
		tamper        func(v map[string]any)
		says          string
	}{
		"none":    {"check_run", "completed", func(map[string]any) {}, ""},
		"missing": {"check_run", "completed", func(v map[string]any) { delete(v, "sender") }, "missing property 'sender'"},
		"deep":    {"check_run", "completed", func(v map[string]any) { delete(v["check_run"].(map[string]any), "head_sha") }, "missing property 'head_sha'"},
		"enum":    {"check_run", "completed", func(v map[string]any) { v["check_run"].(map[string]any)["conclusion"] = "succes" }, "/check_run/conclusion"},
		"action":  {"check_run", "completed", func(v map[string]any) { v["action"] = "complete" }, "/action"},
		"type":    {"check_run", "completed", func(v map[string]any) { v["check_run"].(map[string]any)["id"] = "1" }, "/check_run/id"},
		"field":   {"check_run", "completed", func(v map[string]any) { v["run"] = "r1" }, "unknown to GitHub: run"},
		"event":   {"check_run", "finished", func(map[string]any) {}, "unvalidated"},
	} {
		t.Run(name, func(t *testing.T) {
			var v map[string]any
			must(t, json.Unmarshal(payload, &v))
			test.tamper(v)
			text, err := json.Marshal(v)
			must(t, err)
			err = r.webhooks.Validate(test.event, test.action, text)
			switch {
			case test.says == "":
				must(t, err)
			case err == nil || !strings.Contains(err.Error(), test.says):
				t.Errorf("want an error that says %q, got %v", test.says, err)
			}
		})
	}
	if err := r.webhooks.Validate("check_run", "completed", []byte("{")); err == nil {
		t.Error("half a payload passed")
	}
}

// webhook finds the payload of an event in a record.
func webhook(t *testing.T, record []sandbox.Call, event, action string) []byte {
	t.Helper()
	for _, c := range record {
		if c.Kind == sandbox.KindWebhook && c.Event == event && c.Action == action {
			return bytes.Clone(c.Body)
		}
	}
	t.Fatalf("the record holds no webhook %s.%s", event, action)
	return nil
}
