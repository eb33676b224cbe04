package handlers_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// What a newer GitHub adds to a payload changes nothing of what it says.
func TestFieldsOfTomorrow(t *testing.T) {
	for _, path := range examples(t) {
		event, payload := readExample(t, path)
		var fields any
		if err := json.Unmarshal(payload, &fields); err != nil {
			t.Fatal(err)
		}
		richer, err := json.Marshal(enriched("", fields))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := said(t, event, richer), said(t, event, payload); !bytes.Equal(got, want) {
			t.Errorf("%s: with more fields it says\n%swithout\n%s", filepath.Base(path), got, want)
		}
	}
}

// enriched gives every object fields that nobody knows yet. What a person typed into
// a form is his, and has no fields of GitHub's.
func enriched(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			v[k] = enriched(k, inner)
		}
		if name != "inputs" {
			v["of_tomorrow"] = map[string]any{"id": 7, "state": "reimagined"}
			v["list_of_tomorrow"] = []any{1, nil, "two"}
		}
	case []any:
		for i, inner := range v {
			v[i] = enriched(name, inner)
		}
	}
	return v
}

// A known event with an action that is not known yet is of no interest, and no
// error. Where the payload says how something stands, that counts whatever the action.
func TestActionsOfTomorrow(t *testing.T) {
	tried := map[string]bool{}
	for _, path := range examples(t) {
		event, payload := readExample(t, path)
		var fields map[string]any
		if err := json.Unmarshal(payload, &fields); err != nil {
			t.Fatal(err)
		}
		if fields["action"] == nil {
			continue
		}
		fields["action"] = "reimagined"
		changed, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		tried[event] = true
		got, stands := said(t, event, changed), event == "workflow_run" || strings.HasPrefix(event, "deployment") && event != "deployment_review" && event != "deployment_protection_rule"
		switch {
		case stands && !bytes.Equal(got, said(t, event, payload)):
			t.Errorf("%s: its action changes what it says: %s", filepath.Base(path), got)
		case !stands && !strings.Contains(string(got), `"ignored"`):
			t.Errorf("%s: %s", filepath.Base(path), got)
		}
	}
	if len(tried) < 9 {
		t.Errorf("the examples hold %d events with actions: %v", len(tried), tried)
	}
}

// An event that nobody here knows is answered 200, whatever it holds: an error
// would have GitHub's list of deliveries full of failures.
func TestEventsOfTomorrow(t *testing.T) {
	for _, body := range []string{
		`{}`, `[]`, `"words"`, `7`, `null`, `{"action":7,"repository":"avalo/app","installation":[],"sender":null}`,
		`{"action":"begun","repository":{"id":21,"full_name":"avalo/app"},"installation":{"id":7},"deployment_dream":{"id":1}}`,
	} {
		b := newBench(t)
		resp, got := b.post(t, webhook(t, "deployment_dream", []byte(body)))
		if resp.Code != http.StatusOK || got.Result != "ignored" || got.Reason == "" || len(b.stored) != 0 {
			t.Errorf("%s: %d %+v, %d stored", body, resp.Code, got, len(b.stored))
		}
	}
}
