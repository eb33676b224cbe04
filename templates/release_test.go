package templates

import (
	"strings"
	"testing"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// TestUnmatchedAuthors: whoever cannot be kept from approving is named, and only
// where authors must not approve.
func TestUnmatchedAuthors(t *testing.T) {
	s := atGate(pipeline.GateByGatehouse)
	s.Run.Release.Commits[0].Authors = []pipeline.Person{{Name: "Eve Nowhere"}, {Login: "frank"}}
	if got := strings.Join(view(s).Release.Unmatched, ","); got != "Eve Nowhere" {
		t.Errorf("without an account: %q", got)
	}
	s.Run.Env().Approval.AuthorMayApprove = true
	if got := view(s).Release.Unmatched; got != nil {
		t.Errorf("authors may approve, and yet it warns of %q", got)
	}
}

// TestDangers: workflow files, migrations and rules are lists of their own.
func TestDangers(t *testing.T) {
	r := Release{Sensitive: []string{"firestore.rules", "api/migrations/7.ts", ".github/workflows/a.yml", "migrations/8.ts", "and others"}}
	var got []string
	for _, d := range r.Dangers() {
		got = append(got, d.Kind+"="+strings.Join(d.Files, ","))
	}
	want := "workflows=.github/workflows/a.yml migrations=api/migrations/7.ts,migrations/8.ts rules=firestore.rules also=and others"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
