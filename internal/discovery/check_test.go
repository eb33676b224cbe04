package discovery_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/discovery"
)

// TestWhatIsWrongIsFound breaks one lawful call in every way.
func TestWhatIsWrongIsFound(t *testing.T) {
	d, err := discovery.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const host = "run.googleapis.com"
	const service = "v2/projects/p/locations/l/services/s"
	lawful := discovery.Call{
		Method: "PATCH", Host: host, Path: service, Query: "updateMask=traffic&alt=json", Status: 200,
		Body:   []byte(`{"etag":"e","traffic":[{"type":"TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST","percent":100}]}`),
		Answer: []byte(`{"name":"projects/p/locations/l/operations/o","done":true,"response":{"@type":"x","anything":1}}`),
	}
	for _, c := range []struct {
		name   string
		change func(*discovery.Call)
		want   string
	}{
		{"lawful", func(*discovery.Call) {}, ""},
		{"method", func(c *discovery.Call) { c.Method = "PUT" }, "no method"},
		{"path", func(c *discovery.Call) { c.Path = "v2/projects/p/services/s" }, "no method"},
		{"verb of the path", func(c *discovery.Call) { c.Path += ":move" }, "no method"},
		{"query", func(c *discovery.Call) { c.Query = "update_mask=traffic" }, `unknown name "update_mask"`},
		{"mask", func(c *discovery.Call) { c.Query = "updateMask=traffic,trafic" }, `"trafic", which is no field`},
		{"flag", func(c *discovery.Call) { c.Query = "updateMask=traffic&updateMask=etag" }, "twice"},
		{"field", func(c *discovery.Call) { c.Body = []byte(`{"tags":[]}`) }, `unknown field "tags"`},
		{"type", func(c *discovery.Call) { c.Body = []byte(`{"traffic":[{"percent":"100"}]}`) }, "not integer"},
		{"enum", func(c *discovery.Call) { c.Body = []byte(`{"traffic":[{"type":"LATEST"}]}`) }, "none of"},
		{"number as text", func(c *discovery.Call) { c.Body = []byte(`{"generation":"x"}`) }, "no int64"},
		{"time", func(c *discovery.Call) { c.Body = []byte(`{"updateTime":"noon"}`) }, "no google-datetime"},
		{"answer", func(c *discovery.Call) { c.Answer = []byte(`{"finished":true}`) }, `unknown field "finished"`},
		{"no JSON", func(c *discovery.Call) { c.Answer = []byte(`<html>`) }, "no JSON"},
		{"refusal", func(c *discovery.Call) { c.Status, c.Answer = 404, []byte(`{"message":"no"}`) }, "form of Google's errors"},
	} {
		call := lawful
		c.change(&call)
		_, wrong := d.Check(call)
		found := len(wrong) == 0
		if c.want != "" {
			found = slices.ContainsFunc(wrong, func(w string) bool { return strings.Contains(w, c.want) })
		}
		if !found {
			t.Errorf("%s: got %q, want %q", c.name, wrong, c.want)
		}
	}
}
