package handlers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/handlers"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

var update = flag.Bool("update", false, "rewrite testdata/translate/*.want")

var (
	us   = handlers.Us{AppID: 3, BotLogin: "gatehouse[bot]", APIURL: "https://api.github.com"}
	noon = time.Date(2026, 3, 4, 12, 30, 0, 0, time.UTC)
)

// common is what every payload of testdata/translate has unless it says
// otherwise; there, null takes it away.
const common = `{
	"installation": {"id": 7},
	"repository": {"id": 21, "name": "app", "full_name": "avalo/app", "default_branch": "main", "owner": {"id": 22, "login": "avalo"}},
	"sender": {"id": 11, "login": "ada", "type": "User"}
}`

// example is one file of testdata/translate.
type example struct {
	Event   string
	Payload map[string]json.RawMessage
}

func readExample(t testing.TB, path string) (event string, payload []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var in example
	whole := map[string]json.RawMessage{}
	if err := errors.Join(json.Unmarshal(b, &in), json.Unmarshal([]byte(common), &whole)); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	maps.Copy(whole, in.Payload)
	payload, err = json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return in.Event, payload
}

func examples(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/translate/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatalf("testdata/translate has no examples: %v", err)
	}
	return paths
}

// Every payload says exactly what its .want file says: facts and where they
// belong, or why it is ignored, or why it is refused.
func TestTranslate(t *testing.T) {
	for _, path := range examples(t) {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			event, payload := readExample(t, path)
			got := said(t, event, payload)
			want := strings.TrimSuffix(path, ".json") + ".want"
			if *update {
				if err := os.WriteFile(want, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, golden) {
				t.Errorf("got\n%swant\n%s", got, golden)
			}
		})
	}
}

// said is a translation in readable JSON.
func said(t *testing.T, event string, payload []byte) []byte {
	t.Helper()
	type signal struct {
		Run      pipeline.RunID  `json:"run,omitempty"`
		Workflow int64           `json:"workflow,omitempty"`
		Commit   string          `json:"commit,omitempty"`
		Fact     json.RawMessage `json:"fact"`
	}
	var out struct {
		Refused string         `json:"refused,omitempty"`
		Ignored string         `json:"ignored,omitempty"`
		Repo    *pipeline.Repo `json:"repo,omitempty"`
		Signals []signal       `json:"signals,omitempty"`
	}
	got, err := handlers.Translate(us, event, payload, noon)
	var refused *pipeline.Refusal
	switch {
	case errors.As(err, &refused):
		out.Refused = refused.Code + ": " + refused.Reason
	case err != nil:
		t.Fatalf("an error that is no refusal: %v", err)
	case got.Ignored != "":
		out.Ignored = got.Ignored
	default:
		out.Repo = &got.Repo
	}
	for _, s := range got.Signals {
		fact, err := pipeline.MarshalFact(s.Fact)
		if err != nil {
			t.Fatal(err)
		}
		out.Signals = append(out.Signals, signal{Run: s.Run, Workflow: s.Workflow, Commit: s.Commit, Fact: fact})
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

// A push may be larger than what a run stores of it.
func TestTranslateCutsLongLists(t *testing.T) {
	commits := strings.Repeat(`{"added":[],"removed":[],"modified":["a"]},`, 2048)
	var paths strings.Builder
	for i := range 4000 {
		paths.WriteString(`"p` + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(i).String() + `",`)
	}
	for what, list := range map[string]string{
		"commits as many as GitHub sends": strings.TrimSuffix(commits, ","),
		"many paths":                      `{"added":[` + strings.TrimSuffix(paths.String(), ",") + `],"removed":[],"modified":[]}`,
	} {
		payload := `{"ref":"refs/heads/main","after":"b200000000000000000000000000000000000000","commits":[` + list + `],` + common[1:]
		got, err := handlers.Translate(us, "push", []byte(payload), noon)
		if err != nil || len(got.Signals) != 1 {
			t.Fatalf("%s: %v, %d signals", what, err, len(got.Signals))
		}
		push, ok := got.Signals[0].Fact.(pipeline.Pushed)
		if !ok || !push.Truncated || len(push.Changed) == 0 || len(push.Changed) > 3000 {
			t.Errorf("%s: truncated %v with %d paths", what, push.Truncated, len(push.Changed))
		}
	}
}
