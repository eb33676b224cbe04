package pipeline

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestLoosens(t *testing.T) {
	floor := mustPolicy(t, "need: [{team: leads, count: 2}, {users: [ada, bob, cy], count: 1}]\nexpires: 72h\nreason_required: true\ngate: environment\n")
	for _, c := range []struct{ name, policy, want string }{
		{"the same", "need: [{team: leads, count: 2}, {users: [ada, bob, cy]}]\nexpires: 72h\nreason_required: true\ngate: environment\n", ""},
		{"tighter", "need: [{team: leads}, {team: leads, count: 2}, {users: [Ada, bob]}, {team: qa}]\nexpires: 4h\nreason_required: true\ngate: environment\n", ""},
		{"one lead less", "need: [{team: leads}, {users: [ada]}]\nexpires: 72h\nreason_required: true\ngate: environment\n", "1 more of @leads must approve"},
		{"somebody else too", "need: [{team: leads, count: 2}, {users: [ada, dan]}]\nexpires: 72h\nreason_required: true\ngate: environment\n", "1 more of ada or bob or cy must approve"},
		{
			"an escalation that helps", "need: [{team: leads, count: 2}, {users: [ada]}]\nexpires: 72h\nreason_required: true\ngate: environment\n" +
				"escalate: [{after: 1h, team: heads, may_approve: true}, {after: 1h, team: board}]\n", "@heads may approve after 1h",
		},
		{
			"all the rest", "need: [{team: leads, count: 2}, {users: [ada]}]\nexpires: 80h\nauthor_may_approve: true\n",
			"authors may approve their own work; no reason is asked for (reason_required: true); approvals are waited for longer than 72h; the door need not be GitHub's (gate: environment)",
		},
	} {
		got := ""
		if why := mustPolicy(t, c.policy).Loosens(*floor, "production"); why != nil {
			got = why.Reason
		}
		want := c.want
		if want != "" {
			want = "The approval policy of production asks for less than the operator's floor: " + want + "."
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, want)
		}
	}
	if why := (*Policy)(nil).Loosens(*floor, "production"); why == nil {
		t.Error("no policy at all is not looser")
	}
}

func mustPolicy(t *testing.T, src string) *Policy {
	t.Helper()
	p, problems := ParsePolicy([]byte(src), Options{File: "floor"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return p
}

func TestPolicyThatIsWrong(t *testing.T) {
	if p, problems := ParsePolicy([]byte("need: [{team: a, users: [b]}]"), Options{}); p != nil || len(problems) != 1 {
		t.Errorf("got %+v, %v", p, problems)
	}
}

// Whoever meets a policy that is not looser than a floor meets the floor.
func TestFloorHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor, policy := drawPolicy(t, "floor"), drawPolicy(t, "policy")
		if rapid.Bool().Draw(t, "escalates") {
			policy.Escalate = []Escalate{{After: 1, Team: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "helper"), MayApprove: true}}
		}
		if policy.Loosens(floor, "production") != nil {
			return
		}
		var approvals []Approval
		for i := range rapid.IntRange(0, 6).Draw(t, "people") {
			s := Standing{
				Person: Person{ID: int64(i + 1), Login: fmt.Sprintf("p%d", i)},
				Teams:  rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b"}), 0, 2, rapid.ID).Draw(t, "teams"),
			}
			approvals = append(approvals, Approval{By: s.Person, Standing: &s})
		}
		policy = (&Gate{Policy: &policy, Escalated: 1}).Rules() // as loose as it becomes
		if Judge(policy, approvals).Met && !Judge(floor, approvals).Met {
			t.Fatalf("%+v is met and the floor %+v is not, by %+v", policy, floor, approvals)
		}
	})
}

func drawPolicy(t *rapid.T, label string) Policy {
	var p Policy
	for range rapid.IntRange(1, 3).Draw(t, label) {
		n := Need{Count: rapid.IntRange(1, 2).Draw(t, "count")}
		if rapid.Bool().Draw(t, "by team") {
			n.Team = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "team")
		} else {
			n.Users = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"p0", "p1", "p2"}), 1, 3, rapid.ID).Draw(t, "users")
		}
		p.Need = append(p.Need, n)
	}
	return p
}
