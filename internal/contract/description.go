package contract

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// Description is GitHub's OpenAPI description of its REST API, parsed path by path as requests need it.
type Description struct {
	source    source
	templates []template

	mu   sync.Mutex
	docs map[string]*openapi3.T
}

// source is a description as text, cut where it can be cut without understanding it.
type source struct {
	Paths      map[string]json.RawMessage            `json:"paths"`
	Webhooks   map[string]json.RawMessage            `json:"webhooks"`
	Components map[string]map[string]json.RawMessage `json:"components"`
}

// LoadDescription reads the description of api.github.com from the directory that holds npm's @octokit packages.
func LoadDescription(octokit string) (*Description, error) {
	d := &Description{docs: map[string]*openapi3.T{}}
	if err := d.source.read(filepath.Join(octokit, "openapi", "generated", "api.github.com.json")); err != nil {
		return nil, err
	}
	correct(d.source.Components["parameters"])
	for path, raw := range d.source.Paths {
		t, err := d.template(path, raw)
		if err != nil {
			return nil, err
		}
		d.templates = append(d.templates, t)
	}
	return d, nil
}

// correct puts right where the description contradicts GitHub's documentation. The parameter created takes a range
// (">=2026-03-01T00:00:00Z", "A..B"), as its own description says, and not one moment, as its schema says.
func correct(parameters map[string]json.RawMessage) {
	const moment = `[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8}(Z|[+-][0-9]{2}:[0-9]{2}))?`
	parameters["created"] = json.RawMessage(`{"name": "created", "in": "query", "required": false, "schema": {"type": "string",
		"pattern": "^((>=|<=|>|<)?` + moment + `|` + moment + `[.]{2}` + moment + `)$"}}`)
}

func (s *source) read(path string) error {
	text, err := os.ReadFile(path) //nolint:gosec // the person who runs the tests names the directory
	if err != nil {
		return fmt.Errorf("read GitHub's description: %w", err)
	}
	if err := json.Unmarshal(text, s); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// template notes which methods a path has and which of its parameters span segments.
func (d *Description) template(path string, raw json.RawMessage) (template, error) {
	t := template{path: path, segments: strings.Split(strings.Trim(path, "/"), "/"), methods: map[string]map[string]bool{}}
	var item map[string]json.RawMessage
	if err := json.Unmarshal(raw, &item); err != nil {
		return t, fmt.Errorf("read the description of %s: %w", path, err)
	}
	for method, op := range item {
		var parsed struct {
			Parameters []parameter `json:"parameters"`
		}
		if err := json.Unmarshal(op, &parsed); err != nil {
			continue // parameters, servers and the like are lists, not operations
		}
		multi := map[string]bool{}
		for _, p := range parsed.Parameters {
			if name, shared := strings.CutPrefix(p.Ref, "#/components/parameters/"); shared {
				if err := json.Unmarshal(d.source.Components["parameters"][name], &p); err != nil {
					return t, fmt.Errorf("read the parameter %s: %w", name, err)
				}
			}
			multi[p.Name] = p.Multi
		}
		t.methods[strings.ToUpper(method)] = multi
	}
	return t, nil
}

// parameter is what matching needs of a parameter's description.
type parameter struct {
	Ref   string `json:"$ref"`
	Name  string `json:"name"`
	Multi bool   `json:"x-multi-segment"` // its value may hold slashes
}

// document parses one path of the description, with the components that it refers to.
func (d *Description) document(path string) (*openapi3.T, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if doc, parsed := d.docs[path]; parsed {
		return doc, nil
	}
	item, err := parse(d.source.Paths[path])
	if err != nil {
		return nil, err
	}
	components, err := d.source.closure(item)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(map[string]any{
		"openapi": "3.0.3", "info": map[string]string{"title": path, "version": "1"},
		"paths": map[string]any{path: item}, "components": components,
	})
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("parse the description of %s: %w", path, err)
	}
	d.docs[path] = doc
	return doc, nil
}

// closure collects what a piece of the description refers to, and what that refers to, without examples.
func (s *source) closure(piece any) (map[string]map[string]any, error) {
	found := map[string]map[string]any{}
	todo := references(piece, nil)
	for len(todo) > 0 {
		ref := todo[0]
		todo = todo[1:]
		parts := strings.Split(strings.TrimPrefix(ref, "#/components/"), "/")
		if len(parts) != 2 {
			return nil, fmt.Errorf("GitHub's description refers to %q, which is no component", ref)
		}
		kind, name := parts[0], parts[1]
		if _, known := found[kind][name]; known {
			continue
		}
		raw, exists := s.Components[kind][name]
		if !exists {
			return nil, fmt.Errorf("GitHub's description refers to %q, which it does not hold", ref)
		}
		value, err := parse(raw)
		if err != nil {
			return nil, err
		}
		if found[kind] == nil {
			found[kind] = map[string]any{}
		}
		found[kind][name] = value
		todo = references(value, todo)
	}
	return found, nil
}

// parse decodes a piece and drops the examples of its bodies and parameters.
func parse(raw json.RawMessage) (any, error) {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	dropExamples(v)
	return v, nil
}

func dropExamples(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, described := v["schema"]; described {
			delete(v, "examples")
		}
		for _, inner := range v {
			dropExamples(inner)
		}
	case []any:
		for _, inner := range v {
			dropExamples(inner)
		}
	}
}

// references appends every $ref within a piece.
func references(v any, to []string) []string {
	switch v := v.(type) {
	case map[string]any:
		if ref, is := v["$ref"].(string); is {
			to = append(to, ref)
		}
		for _, inner := range v {
			to = references(inner, to)
		}
	case []any:
		for _, inner := range v {
			to = references(inner, to)
		}
	}
	return to
}
