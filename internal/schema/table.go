package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// available is what the table says of a key that has its effect.
const available = "yes"

// Table is the table of docs/config.md: every key, one a line.
func Table() string {
	var b strings.Builder
	b.WriteString("| field | type | default | allowed | meaning | now |\n|---|---|---|---|---|---|\n")
	for _, f := range pipeline.Fields() {
		cells := []string{code(f.Path), typed(f), standard(f), allowed(f), f.Meaning, availability(f)}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}

func code(text string) string { return "`" + text + "`" }

func typed(f pipeline.Field) string {
	t := string(f.Type)
	if f.Type == pipeline.TypeChoice {
		t = "word"
	}
	if f.Type == pipeline.TypeChoices {
		t = "list of words"
	}
	if f.Short != "" {
		t += ", or its " + code(f.Short) + " alone"
	}
	if bare(f) {
		t += ", or nothing"
	}
	return t
}

func standard(f pipeline.Field) string {
	switch {
	case f.Required:
		return "**required**"
	case f.Default == "":
		return ""
	}
	return code(f.Default)
}

func allowed(f pipeline.Field) string {
	if f.Type == pipeline.TypeNumber {
		return strconv.Itoa(f.Min) + " to " + strconv.Itoa(f.Max)
	}
	var words []string
	for _, w := range f.Allowed {
		words = append(words, code(w))
	}
	return strings.Join(words, ", ")
}

// availability says what this build makes of a key.
func availability(f pipeline.Field) string {
	kind := kindOf(f.Path)
	switch {
	case kind != "" && !slices.Contains(pipeline.Performed(), kind), f.Status == pipeline.FieldLater:
		return string(pipeline.FieldRefused)
	case len(f.Later) > 0:
		return code(strings.Join(f.Later, "`, `")) + " is refused"
	case f.Status == pipeline.FieldUsed:
		return available
	}
	return string(f.Status)
}
