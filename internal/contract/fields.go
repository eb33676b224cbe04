package contract

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A schema lets fields pass that it does not name, so that a misspelled or invented one would never be noticed. Here
// every field has to be named somewhere in the schema, in any of its alternatives.

// shape is what a schema says about fields; the two libraries have a type each for it.
type shape interface {
	alternatives() []shape
	fields() int
	field(name string) shape // nil if there is none
	open() bool              // takes names of the sender's choice
	items() shape            // nil if there are none
}

var (
	_ shape = openapiShape{}
	_ shape = jsonShape{}
)

// strays names the fields of a value that none of the shapes knows.
func strays(shapes []shape, value any, at string) []string {
	shapes = flat(shapes)
	switch value := value.(type) {
	case map[string]any:
		return strayFields(shapes, value, at)
	case []any:
		var items []shape
		for _, s := range shapes {
			if inner := s.items(); inner != nil {
				items = append(items, inner)
			}
		}
		var out []string
		for i, inner := range value {
			out = append(out, strays(items, inner, at+"["+strconv.Itoa(i)+"]")...)
		}
		return out
	}
	return nil
}

func strayFields(shapes []shape, value map[string]any, at string) []string {
	open, known := false, 0
	for _, s := range shapes {
		open, known = open || s.open(), known+s.fields()
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(value)) {
		var inner []shape
		for _, s := range shapes {
			if f := s.field(name); f != nil {
				inner = append(inner, f)
			}
		}
		switch {
		case len(inner) > 0:
			out = append(out, strays(inner, value[name], at+"."+name)...)
		case !open && known > 0 && !undescribed(at, name):
			out = append(out, strings.TrimPrefix(at+"."+name, "."))
		}
	}
	return out
}

// undescribed are the fields that api.github.com is known to send although its description, or a part of it, lacks them.
func undescribed(at, name string) bool {
	switch name {
	case "can_admins_bypass", // of an environment
		"user_view_type", // of a user, where the description copies an older form of it
		"client_id",      // of an app, likewise
		"display_title":  // of a workflow run, likewise (workflow_run.in_progress)
		return true
	}
	return strings.Contains(at, "reviewers[") // may be a team, where the webhook's description knows people only
}

// flat puts the alternatives of shapes, and theirs, beside them.
func flat(shapes []shape) []shape {
	var out []shape
	for _, s := range shapes {
		out = append(out, s)
		out = append(out, flat(s.alternatives())...)
	}
	return out
}

// openapiShape is a schema of the REST API's description.
type openapiShape struct{ *openapi3.Schema }

func (s openapiShape) alternatives() []shape {
	var out []shape
	for _, ref := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
		if ref.Value != nil {
			out = append(out, openapiShape{ref.Value})
		}
	}
	return out
}

func (s openapiShape) fields() int { return len(s.Properties) }

func (s openapiShape) open() bool { return s.AdditionalProperties.Schema != nil }

func (s openapiShape) field(name string) shape { return openapiRef(s.Properties[name]) }

func (s openapiShape) items() shape { return openapiRef(s.Items) }

func openapiRef(ref *openapi3.SchemaRef) shape {
	if ref == nil || ref.Value == nil {
		return nil
	}
	return openapiShape{ref.Value}
}

// jsonShape is a schema of a webhook.
type jsonShape struct{ *jsonschema.Schema }

func (s jsonShape) alternatives() []shape {
	var out []shape
	for _, inner := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf, []*jsonschema.Schema{s.Ref}) {
		if inner != nil {
			out = append(out, jsonShape{inner})
		}
	}
	return out
}

func (s jsonShape) fields() int { return len(s.Properties) }

func (s jsonShape) open() bool {
	_, described := s.AdditionalProperties.(*jsonschema.Schema)
	return described
}

func (s jsonShape) field(name string) shape {
	if inner := s.Properties[name]; inner != nil {
		return jsonShape{inner}
	}
	return nil
}

func (s jsonShape) items() shape {
	if s.Items2020 != nil {
		return jsonShape{s.Items2020}
	}
	return nil
}
