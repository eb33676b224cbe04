// Package schema renders pipeline's table of the configuration's keys: as a
// JSON Schema for editors and as the table of docs/config.md.
//
// The schema says what can be said of one place alone: keys, types, words,
// ranges. What depends on two places (a need that does not exist, a deploy
// without an approval) only `gatehouse check` finds.
package schema

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// object is a schema, or a part of one.
type object = map[string]any

// JSON is the JSON Schema of the configuration, draft 2020-12, with a line break
// at its end. Equal builds give equal bytes.
func JSON() ([]byte, error) {
	root := mapping("")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "Gatehouse: .github/gatehouse.yml"
	root["$defs"] = object{"stage": stage(), "entry": entry()}
	b, err := json.MarshalIndent(root, "", "  ")
	return append(b, '\n'), err
}

// mapping is the schema of the mapping at a path: its keys and no others.
func mapping(path string) object {
	properties, required := object{}, []string{}
	for key, f := range below(path) {
		properties[key] = described(f)
		if f.Required {
			required = append(required, key)
		}
	}
	o := object{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		slices.Sort(required)
		o["required"] = required
	}
	return o
}

// below finds the keys directly below a path. Stages are a part of their own.
func below(path string) map[string]pipeline.Field {
	if path != "" {
		path += "."
	}
	keys := map[string]pipeline.Field{}
	for _, f := range pipeline.Fields() {
		key, ok := strings.CutPrefix(f.Path, path)
		if ok && key != "NAME" && !strings.ContainsAny(key, ".[") {
			keys[key] = f
		}
	}
	return keys
}

func find(path string) (pipeline.Field, bool) {
	for _, f := range pipeline.Fields() {
		if f.Path == path {
			return f, true
		}
	}
	return pipeline.Field{}, false
}

// described is the schema of a key's value with what an editor shows beside it.
func described(f pipeline.Field) object {
	o := value(f)
	o["description"] = strings.ReplaceAll(f.Meaning, "`", "")
	if now := availability(f); now != available {
		o["description"] = o["description"].(string) + " In this version: " + strings.ReplaceAll(now, "`", "") + "."
	}
	switch {
	case f.Default == "":
	case f.Type == pipeline.TypeFlag:
		o["default"] = f.Default == "true"
	case f.Type == pipeline.TypeNumber:
		o["default"], _ = strconv.Atoi(f.Default)
	case f.Type == pipeline.TypeChoices:
		o["default"] = f.Allowed
	default:
		o["default"] = f.Default
	}
	return o
}

// value is the schema of a key's value in all of its forms.
func value(f pipeline.Field) object {
	switch f.Type {
	case pipeline.TypeMapping:
		return forms(f)
	case pipeline.TypeNames:
		return names(f)
	case pipeline.TypeList:
		return list(mapping(f.Path + "[]"))
	case pipeline.TypeStages:
		if f.Path == "stages[].parallel" {
			return list(object{"$ref": "#/$defs/stage"})
		}
		return list(object{"$ref": "#/$defs/entry"})
	case pipeline.TypeChoice:
		return object{"enum": f.Allowed}
	case pipeline.TypeChoices:
		return unique(object{"enum": f.Allowed})
	case pipeline.TypeFlag:
		return object{"type": "boolean"}
	case pipeline.TypeNumber:
		return object{"type": "integer", "minimum": f.Min, "maximum": f.Max}
	case pipeline.TypeTexts:
		texts := unique(text(`\S`))
		if f.Path == "stages[].needs" {
			delete(texts, "minItems")
		}
		return texts
	case pipeline.TypeOneOrAll:
		return object{"anyOf": []object{text(`\S`), unique(text(`\S`))}}
	case pipeline.TypeLogins:
		return unique(text(patterns()[pipeline.TypeLogin]))
	case pipeline.TypeWord:
		return object{"type": []string{"string", "number", "boolean"}}
	case pipeline.TypeShare:
		return share()
	case pipeline.TypeShares:
		return list(share())
	case pipeline.TypeText, pipeline.TypeDuration, pipeline.TypeURL, pipeline.TypeProject, pipeline.TypeTeam,
		pipeline.TypeLogin, pipeline.TypeChannel, pipeline.TypeFile, pipeline.TypeEnv:
	}
	return text(patterns()[f.Type])
}

// patterns are the regular expressions of the texts, in the dialect that Go and
// ECMA-262 share. They are never narrower than the parser.
func patterns() map[pipeline.FieldType]string {
	return map[pipeline.FieldType]string{
		pipeline.TypeText:     `\S`,
		pipeline.TypeDuration: `^([0-9]+d)?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*$`,
		pipeline.TypeURL:      `^https?://\S+$`,
		pipeline.TypeProject:  `^[a-z][a-z0-9-]{4,28}[a-z0-9]$`,
		pipeline.TypeTeam:     `^([A-Za-z0-9][A-Za-z0-9_-]*/)?[a-z0-9][a-z0-9_.-]*$`,
		pipeline.TypeLogin:    `^[A-Za-z0-9][A-Za-z0-9_-]{0,47}$`,
		pipeline.TypeChannel:  `^(#[^\s#<>&|]+|[CGD][A-Z0-9]+)$`,
		pipeline.TypeFile:     `^[^/\\?#%]+\.ya?ml$`,
		pipeline.TypeEnv:      slug,
	}
}

const slug = `^[a-z0-9][a-z0-9-]{0,39}$`

func text(pattern string) object { return object{"type": "string", "minLength": 1, "pattern": pattern} }

func share() object {
	return object{"anyOf": []object{{"type": "number", "minimum": 0}, text(`^[0-9.]+%?$`)}}
}

func list(items object) object { return object{"type": "array", "minItems": 1, "items": items} }

func unique(items object) object {
	o := list(items)
	o["uniqueItems"] = true
	return o
}

// forms is a mapping, and what may be written in its place.
func forms(f pipeline.Field) object {
	long := mapping(f.Path)
	var all []object
	if f.Short != "" {
		if short, ok := find(f.Path + "." + f.Short); ok {
			all = append(all, value(short))
		}
	}
	if bare(f) {
		all = append(all, object{"type": "null"})
	}
	if len(all) == 0 {
		return long
	}
	return object{"anyOf": append(all, long)}
}

// bare reports whether a stage's kind may stand alone: - notify.
func bare(f pipeline.Field) bool {
	_, required := mapping(f.Path)["required"]
	return kindOf(f.Path) != "" && !required
}

// kindOf is the kind whose settings are at the path, or "".
func kindOf(path string) pipeline.Kind {
	kind := pipeline.Kind(strings.TrimPrefix(path, "stages[]."))
	if slices.Contains(pipeline.Kinds(), kind) {
		return kind
	}
	return ""
}

// names is a mapping whose keys are the team's.
func names(f pipeline.Field) object {
	o := object{"type": "object"}
	if each, ok := find(f.Path + ".NAME"); ok {
		o["additionalProperties"] = described(each)
		if each.Type == pipeline.TypeMapping {
			o["minProperties"], o["propertyNames"] = 1, object{"pattern": slug}
		}
	}
	return o
}

// stage is one stage: a kind that stands alone, or a mapping with one kind.
func stage() object {
	long := mapping("stages[]")
	properties := long["properties"].(object)
	delete(properties, "parallel")
	var alone []string
	var one []object
	narrower := object{}
	for _, k := range pipeline.Kinds() {
		if f, ok := find("stages[]." + string(k)); ok && bare(f) {
			alone = append(alone, string(k))
		}
		one = append(one, object{"required": []string{string(k)}})
		if k.Gated() {
			narrower[string(k)] = object{"properties": object{"retries": false, "continue_on_failure": false}}
		}
	}
	ungated := object{"retries": false, "continue_on_failure": false, "timeout": false}
	narrower[string(pipeline.KindApproval)] = object{"properties": ungated}
	long["oneOf"], long["dependentSchemas"] = one, narrower
	return object{"anyOf": []object{{"enum": alone}, long}}
}

// entry is an entry of a pipeline's list: a stage, or a group of them.
func entry() object {
	f, _ := find("stages[].parallel")
	group := object{
		"type": "object", "additionalProperties": false, "required": []string{"parallel"},
		"properties": object{"parallel": described(f)},
	}
	return object{"anyOf": []object{{"$ref": "#/$defs/stage"}, group}}
}
