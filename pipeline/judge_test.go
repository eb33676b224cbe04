package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// bruteForce tries every way to seat people in the places of a policy. It shares
// nothing with Judge.
func bruteForce(p Policy, people []Standing) bool {
	var seats []Need
	for _, n := range p.Need {
		for range n.Count {
			seats = append(seats, n)
		}
	}
	return seatAll(seats, people)
}

func seatAll(seats []Need, people []Standing) bool {
	if len(seats) == 0 {
		return true
	}
	for i, s := range people {
		if !naiveFit(seats[0], s) {
			continue
		}
		rest := append(append([]Standing(nil), people[:i]...), people[i+1:]...)
		if seatAll(seats[1:], rest) {
			return true
		}
	}
	return false
}

func naiveFit(n Need, s Standing) bool {
	if n.Team != "" {
		return strings.Contains("|"+strings.Join(s.Teams, "|")+"|", "|"+n.Team+"|")
	}
	for _, u := range n.Users {
		if strings.EqualFold(u, s.Person.Login) {
			return true
		}
	}
	return false
}

// TestJudgeIsBruteForce holds the assignment to every way of seating people, and
// its report to what it claims.
func TestJudgeIsBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		team := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		var policy Policy
		for range rapid.IntRange(1, 3).Draw(t, "needs") {
			n := Need{Count: rapid.IntRange(1, 2).Draw(t, "count")}
			if rapid.Bool().Draw(t, "by team") {
				n.Team = team.Draw(t, "team")
			} else {
				n.Users = rapid.SliceOfN(rapid.SampledFrom([]string{"P0", "p1", "p2", "p3"}), 1, 3).Draw(t, "users")
			}
			policy.Need = append(policy.Need, n)
		}
		var approvals []Approval
		var counting []Standing
		for i := range rapid.IntRange(0, 5).Draw(t, "people") {
			s := Standing{
				Person: Person{ID: int64(i + 1), Login: fmt.Sprintf("p%d", i)}, Role: "write",
				Teams: rapid.SliceOfN(team, 0, 3).Draw(t, "teams"),
			}
			a := Approval{By: s.Person, Standing: &s}
			switch rapid.IntRange(0, 5).Draw(t, "stands") {
			case 0:
				a.Void = &Refusal{Code: "void"}
			case 1:
				a.Refused = &Refusal{Code: "refused"}
			case 2:
				a.Standing = nil
			case 3:
				approvals = append(approvals, a) // approved twice: fills one place
				counting = append(counting, s)
			default:
				counting = append(counting, s)
			}
			approvals = append(approvals, a)
		}
		got := Judge(policy, approvals)
		if want := bruteForce(policy, counting); got.Met != want {
			t.Fatalf("met is %v, every way of seating says %v: %+v", got.Met, want, got)
		}
		checkSeats(t, policy, got, counting)
	})
}

func checkSeats(t *rapid.T, policy Policy, v Verdict, counting []Standing) {
	seen := map[int64]bool{}
	missing := 0
	for i, p := range v.Places {
		missing += p.Missing
		if len(p.Filled)+p.Missing != policy.Need[i].Count {
			t.Fatalf("need %d: %d filled and %d missing of %d", i, len(p.Filled), p.Missing, policy.Need[i].Count)
		}
		for _, who := range p.Filled {
			if seen[who.ID] {
				t.Fatalf("%s fills two places", who.Login)
			}
			seen[who.ID] = true
			for _, s := range counting {
				if s.Person.ID == who.ID && !naiveFit(p.Need, s) {
					t.Fatalf("%s does not fit need %d", who.Login, i)
				}
			}
		}
	}
	if v.Met != (missing == 0) {
		t.Fatalf("met is %v with %d missing", v.Met, missing)
	}
}
