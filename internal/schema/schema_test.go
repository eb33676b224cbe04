package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/gatehouse-app/gatehouse/internal/schema"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

var update = flag.Bool("update", false, "rewrite the table in docs/config.md")

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	b, err := schema.JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("gatehouse.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("gatehouse.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// data reads YAML as an editor's checker sees it; false when it is no data at all.
func data(src []byte) (any, bool) {
	var v any
	if err := yaml.Unmarshal(src, &v); err != nil {
		return nil, false
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, false
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	return doc, err == nil
}

// structural are the parser's codes for what is wrong with one place alone, so
// that the schema must find it too.
func structural(code string) bool {
	switch code {
	case "unknown-key", "missing-key", "wrong-type", "empty-value", "empty-list", "unknown-value", "version",
		"duration", "unknown-kind", "stage-without-kind", "stage-with-two-kinds", "nested-parallel", "parallel-with-keys",
		"misplaced-key", "not-retried", "timeout-on-approval", "firebase-project":
		return true
	}
	return false
}

// TestFixtures holds the schema to the parser, over every fixture that it has.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("../../pipeline/testdata/config/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	files = append(files, "../../templates/starter/.github/gatehouse.yml", "../../pipeline/testdata/every-field.yml")
	s := compile(t)
	right, wrong := 0, 0
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		input, _, _ := strings.Cut(string(b), "----------\n")
		doc, ok := data([]byte(input))
		if !ok {
			continue // No data: the schema is never asked.
		}
		spec, problems := pipeline.Parse([]byte(input), pipeline.Options{Location: known})
		refused := s.Validate(doc)
		switch {
		case spec != nil:
			right++
			if refused != nil {
				t.Errorf("%s is right, and the schema refuses it: %v", file, refused)
			}
		case firstStructural(problems) != "":
			wrong++
			if refused == nil {
				t.Errorf("%s has the problem %s, and the schema takes it", file, firstStructural(problems))
			}
		}
	}
	if right < 8 || wrong < 30 {
		t.Errorf("only %d right and %d wrong fixtures were tried", right, wrong)
	}
	t.Logf("%d right, %d wrong", right, wrong)
}

func known(name string) error {
	_, err := time.LoadLocation(name)
	return err
}

func firstStructural(problems []pipeline.Problem) string {
	for _, p := range problems {
		if structural(p.Code) {
			return p.String()
		}
	}
	return ""
}

// TestDocs holds docs/config.md to the program.
func TestDocs(t *testing.T) {
	const path, begin, end = "../../docs/config.md", "<!-- fields: go test ./internal/schema -update -->\n", "<!-- end of fields -->"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, opened := strings.Cut(string(b), begin)
	table, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		t.Fatalf("%s has no place for its table", path)
	}
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+schema.Table()+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if table != schema.Table() {
		t.Errorf("%s has another table than the program; go test ./internal/schema -update rewrites it", path)
	}
}
