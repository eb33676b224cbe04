package pipeline

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// anotherName is a key that no mapping knows and that no known one resembles.
const anotherName = "zzzzzzzzzzzz"

// page is a configuration as data, to be changed and parsed.
type page map[string]any

// everyField reads the file that has every key.
func everyField(t testing.TB) page {
	t.Helper()
	b, err := os.ReadFile("testdata/every-field.yml")
	if err != nil {
		t.Fatal(err)
	}
	var p page
	if err := yaml.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p page) parse(t testing.TB) (*Spec, []Problem) {
	t.Helper()
	b, err := json.Marshal(p) // JSON is YAML
	if err != nil {
		t.Fatal(err)
	}
	spec, problems := Parse(b, testOptions())
	if spec != nil {
		spec.Digest = ""
	}
	return spec, problems
}

// parent finds the mapping that a path's last key is in.
func (p page) parent(t testing.TB, path string) (in map[string]any, key string) {
	t.Helper()
	if rest, ok := strings.CutPrefix(path, "stages[]"); ok {
		in, path = p.stage(t, strings.TrimPrefix(rest, ".")), strings.TrimPrefix(rest, ".")
	} else {
		in = p
	}
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		in = step(t, in, k)
	}
	key = keys[len(keys)-1]
	if key == "NAME" {
		key = first(in)
	}
	return in, key
}

func step(t testing.TB, in map[string]any, key string) map[string]any {
	t.Helper()
	key, list := strings.CutSuffix(key, "[]")
	if key == "NAME" {
		key = first(in)
	}
	next := in[key]
	if list {
		next = next.([]any)[0]
	}
	m, ok := next.(map[string]any)
	if !ok {
		t.Fatalf("testdata/every-field.yml has no mapping %s", key)
	}
	return m
}

func first(in map[string]any) string {
	var names []string
	for name := range in {
		names = append(names, name)
	}
	return slices.Min(names)
}

// stage finds the stage that has the kind of a path below stages[], or the first.
func (p page) stage(t testing.TB, path string) map[string]any {
	t.Helper()
	kind, _, _ := strings.Cut(path, ".")
	list := p["pipelines"].(map[string]any)["ship"].(map[string]any)["stages"].([]any)
	for i, e := range list {
		if e == kind {
			list[i] = map[string]any{kind: map[string]any{}}
		}
		m, _ := list[i].(map[string]any)
		if _, ok := m[kind]; ok {
			return m
		}
		group, _ := m["parallel"].([]any)
		for _, e := range group {
			if m := e.(map[string]any); m[kind] != nil {
				return m
			}
		}
	}
	return list[0].(map[string]any)
}

// TestFieldsAreTheParsers puts an unknown key into every mapping: the parser's
// answer names the keys that it knows there, and they must be the table's.
func TestFieldsAreTheParsers(t *testing.T) {
	if _, problems := everyField(t).parse(t); len(problems) > 0 {
		t.Fatalf("testdata/every-field.yml is wrong: %v", problems)
	}
	if got := knownAt(t, ""); !slices.Equal(got, keysBelow("")) {
		t.Errorf("the file: the parser knows %v, the table %v", got, keysBelow(""))
	}
	for _, f := range Fields() {
		want := keysBelow(f.Path)
		switch f.Type {
		case TypeNames, TypeStages: // Their names are free, or are kinds.
		case TypeList:
			want = keysBelow(f.Path + "[]")
			if got := knownAt(t, f.Path+"[]"); !slices.Equal(got, want) {
				t.Errorf("%s[]: the parser knows %v, the table %v", f.Path, got, want)
			}
		default:
			if got := knownAt(t, f.Path); !slices.Equal(got, want) {
				t.Errorf("%s: the parser knows %v, the table %v", f.Path, got, want)
			}
		}
	}
	want := append(commonKeys(), "parallel")
	for _, k := range Kinds() {
		want = append(want, string(k))
	}
	slices.Sort(want)
	if got := keysBelow("stages[]"); !slices.Equal(got, want) {
		t.Errorf("stages: the parser knows %v, the table %v", want, got)
	}
}

// keysBelow lists what the table has directly below a path, sorted.
func keysBelow(path string) []string {
	var keys []string
	for _, f := range Fields() {
		rest, below := strings.CutPrefix(f.Path, path+".")
		if path == "" {
			rest, below = f.Path, !strings.Contains(f.Path, "[]")
		}
		if below && !strings.Contains(rest, ".") && rest != "NAME" {
			keys = append(keys, rest)
		}
	}
	slices.Sort(keys)
	return keys
}

// knownAt lists the keys that the parser knows in the mapping at a path, none
// where it wants no mapping.
func knownAt(t *testing.T, path string) []string {
	t.Helper()
	p := everyField(t)
	if path == "" {
		p[anotherName] = 1
	} else {
		name, list := strings.CutSuffix(path, "[]")
		in, key := p.parent(t, name)
		probe := map[string]any{anotherName: 1}
		in[key] = any(probe)
		if list {
			in[key] = []any{probe}
		}
	}
	_, problems := p.parse(t)
	for _, problem := range problems {
		_, known, ok := strings.Cut(problem.Fix, "Known are ")
		if ok && strings.Contains(problem.Message, anotherName) {
			keys := regexp.MustCompile(`, | and |\.$`).Split(known, -1)
			keys = slices.DeleteFunc(keys, func(k string) bool { return k == "" })
			slices.Sort(keys)
			return keys
		}
	}
	return nil
}

// TestFieldsAreRequired leaves each key out: the parser misses it exactly where
// the table says so.
func TestFieldsAreRequired(t *testing.T) {
	for _, f := range Fields() {
		if strings.HasSuffix(f.Path, "NAME") || slices.Contains(Kinds(), Kind(strings.TrimPrefix(f.Path, "stages[]."))) {
			continue
		}
		p := everyField(t)
		in, key := p.parent(t, f.Path)
		delete(in, key)
		_, problems := p.parse(t)
		missed := slices.ContainsFunc(problems, func(p Problem) bool {
			return p.Code == string(codeMissingKey) || p.Code == string(codeVersion) || p.Code == string(codeFreezeForm) && key == "until"
		})
		if missed != f.Required {
			t.Errorf("%s: required is %v in the table, and without it the parser says %v", f.Path, f.Required, problems)
		}
	}
}

// TestFieldDefaults compares a file that leaves a key out with one that writes
// its default.
func TestFieldDefaults(t *testing.T) {
	tried := 0
	for _, f := range Fields() {
		if f.Default == "" {
			continue
		}
		tried++
		without, with := everyField(t), everyField(t)
		in, key := without.parent(t, f.Path)
		delete(in, key)
		in, key = with.parent(t, f.Path)
		var v any
		if err := yaml.Unmarshal([]byte(f.Default), &v); err != nil {
			t.Fatal(err)
		}
		in[key] = v
		a, problems := without.parse(t)
		b, more := with.parse(t)
		if a == nil || b == nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s: left out it is not what %s is (%v %v)", f.Path, f.Default, problems, more)
		}
		if c, _ := everyField(t).parse(t); reflect.DeepEqual(a, c) {
			t.Errorf("%s: testdata/every-field.yml does not set it to something else than its default", f.Path)
		}
	}
	if tried < 15 {
		t.Errorf("only %d defaults were tried", tried)
	}
}

// TestFieldStatus holds what the table says of this build to Unavailable.
func TestFieldStatus(t *testing.T) {
	refusals := func(p page) int {
		spec, _ := p.parse(t)
		if spec == nil {
			return 0 // Its parent cannot be without it, so it is not what is refused.
		}
		return len(spec.Unavailable(spec.Pipeline("ship")))
	}
	for _, f := range Fields() {
		kind, inKind := strings.CutPrefix(f.Path, "stages[].")
		kind, _, sub := strings.Cut(kind, ".")
		if inKind && sub && !slices.Contains(Performed(), Kind(kind)) != (f.Status == FieldLater) {
			t.Errorf("%s has the status %q, and Performed lists %v", f.Path, f.Status, Performed())
		}
		if f.Required || strings.Contains(f.Path, "freeze[]") || inKind && !sub || strings.HasSuffix(f.Path, "NAME") || f.Path == "environments.NAME.approval" {
			continue
		}
		with, without := everyField(t), everyField(t)
		in, key := without.parent(t, f.Path)
		delete(in, key)
		n := refusals(without)
		got := n > 0 && refusals(with) > n
		if want := f.Status == FieldRefused || len(f.Later) > 0; got != want {
			t.Errorf("%s: the table says refused %v, Unavailable says %v", f.Path, want, got)
		}
	}
}

// TestFieldValues writes what no choice and no number may be: the parser's
// answer names the words and the range that the table has.
func TestFieldValues(t *testing.T) {
	for _, f := range Fields() {
		var wrong any
		var want string
		switch {
		case f.Type == TypeChoice:
			wrong, want = anotherName, "Write one of "+listed(f.Allowed)+"."
		case f.Type == TypeChoices:
			wrong, want = []string{anotherName}, "Write one of "+listed(f.Allowed)+"."
		case f.Type == TypeNumber && f.Path == "version":
			wrong, want = 2, "Write version: 1."
		case f.Type == TypeNumber:
			wrong, want = f.Max+1, fmt.Sprintf("Write a number from %d to %d.", f.Min, f.Max)
		default:
			continue
		}
		p := everyField(t)
		in, key := p.parent(t, f.Path)
		in[key] = wrong
		_, problems := p.parse(t)
		if !slices.ContainsFunc(problems, func(p Problem) bool { return p.Fix == want }) {
			t.Errorf("%s: %v is not answered with %q but with %v", f.Path, wrong, want, problems)
		}
	}
}
