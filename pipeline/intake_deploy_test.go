package pipeline

import "testing"

// A tag is no branch: the answer makes one of it, unless a shell would take the
// name for something else.
func TestNoSuchRefMakesABranch(t *testing.T) {
	const branch = "refs/heads/release/v1.3.0"
	for ref, want := range map[string]string{
		"v1.3.0":           "git push origin 'v1.3.0^{commit}:refs/heads/release/v1.3.0'",
		"refs/tags/v1.3.0": "git push origin 'v1.3.0^{commit}:refs/heads/release/v1.3.0'",
		"aaaaaaa1":         "git push origin 'aaaaaaa1^{commit}:refs/heads/release/v1.3.0'",
		"v1';reboot;'":     "",
		"":                 "",
	} {
		if why := noSuchRef(Command{Ref: ref, Target: "production"}, branch); why.Code != "no-such-ref" || why.Lines != want {
			t.Errorf("%q: %q, want %q", ref, why.Lines, want)
		}
	}
}
