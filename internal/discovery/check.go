package discovery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Call is one recorded exchange with an API.
type Call struct {
	Method, Host, Path, Query string
	Body, Answer              []byte
	Status                    int
}

// Check judges one call: which method it is, as "API/VERSION METHOD", and what is wrong with it.
func (d *Documents) Check(c Call) (name string, wrong []string) {
	a, m := d.find(c)
	if m == nil {
		return "", []string{fmt.Sprintf("%s https://%s/%s is no method of any API", c.Method, c.Host, c.Path)}
	}
	name = a.Name + "/" + a.Version + " " + m.ID
	j := &judge{api: a}
	j.query(m, c.Query)
	if c.Status >= 400 {
		j.refusal(c)
		return name, j.named(name)
	}
	if body := string(bytes.TrimSpace(c.Body)); body != "" && (m.Request != nil || body != "{}") {
		j.document("the request", m.Request, c.Body)
	}
	j.document("the answer", m.Response, c.Answer)
	return name, j.named(name)
}

func (d *Documents) find(c Call) (*api, *method) {
	for _, a := range d.apis {
		if a.host != c.Host {
			continue
		}
		for _, m := range a.methods {
			if m.Verb == c.Method && m.match.MatchString(c.Path) {
				return a, m
			}
		}
	}
	return nil, nil
}

// judge collects what is wrong with one call.
type judge struct {
	api   *api
	wrong []string
}

func (j *judge) say(format string, args ...any) {
	j.wrong = append(j.wrong, fmt.Sprintf(format, args...))
}

func (j *judge) named(name string) []string {
	for i := range j.wrong {
		j.wrong[i] = name + ": " + j.wrong[i]
	}
	return j.wrong
}

func (j *judge) query(m *method, query string) {
	values, err := url.ParseQuery(query)
	if err != nil {
		j.say("the query cannot be read")
		return
	}
	for name, given := range values {
		p := m.Parameters[name]
		if p == nil {
			p = j.api.Parameters[name]
		}
		switch {
		case p == nil || p.Location != "query":
			j.say("the query has an unknown name %q", name)
		case len(given) > 1 && !p.Repeated:
			j.say("the query gives %q twice", name)
		default:
			j.parameter(m, name, &p.schema, given)
		}
	}
	for name, p := range m.Parameters {
		if p.Required && p.Location == "query" && !values.Has(name) {
			j.say("the query lacks %q", name)
		}
	}
}

func (j *judge) parameter(m *method, name string, s *schema, given []string) {
	for _, value := range given {
		var read any = value
		switch s.Type {
		case "integer":
			if _, err := strconv.ParseInt(value, 10, 64); err != nil {
				j.say("the query's %s is %q, not a number", name, value)
			}
			continue
		case "boolean":
			read = value == "true"
		}
		j.value("the query's "+name, s, read)
		if s.Format == "google-fieldmask" && m.Request != nil {
			for _, path := range strings.Split(value, ",") {
				j.mask(path, m.Request, strings.Split(path, "."))
			}
		}
	}
}

// mask follows a path of field names through a schema. Behind a map, everything is a key.
func (j *judge) mask(whole string, s *schema, path []string) {
	s = j.resolve(s)
	if len(path) == 0 || s.Additional != nil {
		return
	}
	field := s.Properties[path[0]]
	if field == nil {
		j.say("the mask names %q, which is no field", whole)
		return
	}
	j.mask(whole, field, path[1:])
}

func (j *judge) resolve(s *schema) *schema {
	for s.Ref != "" {
		s = j.api.Schemas[s.Ref]
	}
	return s
}

func (j *judge) document(what string, s *schema, text []byte) {
	if s == nil {
		j.say("%s should be empty", what)
		return
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var read any
	if err := d.Decode(&read); err != nil {
		j.say("%s is no JSON", what)
		return
	}
	j.value(what, s, read)
}

func (j *judge) value(where string, s *schema, v any) {
	s = j.resolve(s)
	if v == nil || s.Type == "any" {
		return
	}
	ok := true
	switch s.Type {
	case "object":
		var fields map[string]any
		if fields, ok = v.(map[string]any); ok {
			j.fields(where, s, fields)
		}
	case "array":
		var items []any
		items, ok = v.([]any)
		for i, item := range items {
			j.value(fmt.Sprintf("%s[%d]", where, i), s.Items, item)
		}
	case "string":
		var text string
		if text, ok = v.(string); ok {
			j.text(where, s, text)
		}
	case "boolean":
		_, ok = v.(bool)
	case "integer":
		n, isNumber := v.(json.Number)
		_, err := n.Int64()
		ok = isNumber && err == nil
	case "number":
		_, ok = v.(json.Number)
	}
	if !ok {
		j.say("%s is %v, not %s", where, v, s.Type)
	}
}

func (j *judge) fields(where string, s *schema, fields map[string]any) {
	for name, value := range fields {
		switch {
		case s.Properties[name] != nil:
			j.value(where+"."+name, s.Properties[name], value)
		case s.Additional != nil:
			j.value(where+"."+name, s.Additional, value)
		default:
			j.say("%s has an unknown field %q", where, name)
		}
	}
}

func (j *judge) text(where string, s *schema, text string) {
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		j.say("%s is %q, none of %v", where, text, s.Enum)
	}
	if problem := formatProblem(s.Format, text); problem != "" {
		j.say("%s is %q, %s", where, text, problem)
	}
}

// refusal checks the form of Google's errors.
func (j *judge) refusal(c Call) {
	var body struct {
		Error *struct {
			Code    int               `json:"code"`
			Message string            `json:"message"`
			Status  string            `json:"status"`
			Details []json.RawMessage `json:"details"`
		} `json:"error"`
	}
	d := json.NewDecoder(bytes.NewReader(c.Answer))
	d.DisallowUnknownFields()
	if err := d.Decode(&body); err != nil || body.Error == nil || body.Error.Code != c.Status || body.Error.Message == "" || body.Error.Status == "" {
		j.say("the refusal %d has not the form of Google's errors: %s", c.Status, c.Answer)
	}
}
