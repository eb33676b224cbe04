package pipeline

import "testing"

func TestFills(t *testing.T) {
	policy := Policy{Need: []Need{{Team: "a", Count: 1}, {Users: []string{"bob"}, Count: 1}}}
	who := func(id int64, login string, teams ...string) Standing {
		return Standing{Person: Person{ID: id, Login: login}, Role: "write", Teams: teams}
	}
	ada, bob, carl, dora := who(1, "ada", "a"), who(2, "bob", "a"), who(3, "carl", "a"), who(4, "dora")
	yes := func(s Standing) Approval { return Approval{By: s.Person, Standing: &s} }
	wrote := Release{Commits: []Commit{{SHA: "abc", Authors: []Person{carl.Person}}}}
	for _, tc := range []struct {
		name string
		r    Release
		had  []Approval
		s    Standing
		want bool
	}{
		{"nobody yet", Release{}, nil, ada, true},
		{"not named", Release{}, nil, dora, false},
		{"the author", wrote, nil, carl, false},
		{"did already", Release{}, []Approval{yes(ada)}, ada, false},
		{"one too many of a group", Release{}, []Approval{yes(ada)}, carl, false},
		{"the other group", Release{}, []Approval{yes(ada)}, bob, true},
		{"moved to the narrow place", Release{}, []Approval{yes(bob)}, carl, true},
		{"all there", Release{}, []Approval{yes(ada), yes(bob)}, carl, false},
	} {
		if got := policy.Fills(tc.r, tc.had, tc.s); got != tc.want {
			t.Errorf("%s: %s fills: %v", tc.name, tc.s.Person.Login, got)
		}
	}
}
