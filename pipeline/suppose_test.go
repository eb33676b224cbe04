package pipeline

import (
	"reflect"
	"testing"
)

// What is supposed goes through the machine: each is answered as he would be, the
// door opens when it would, and the run itself stays as it is.
func TestWhatIf(t *testing.T) {
	g := atGate(t, 1)
	s := State{Lane: g.lane, Run: g.run.state}
	before := string(mustJSON(s))
	may := func(logins ...string) []Standing {
		var all []Standing
		for _, l := range logins {
			all = append(all, s.Run.Assume(l))
		}
		return all
	}
	one := Policy{Need: []Need{{Users: []string{"zoe"}, Count: 1}}}
	for name, c := range map[string]struct {
		suppose Suppose
		codes   []string
		opens   bool
	}{
		"nothing":             {Suppose{}, nil, false},
		"one of two":          {Suppose{Approve: may("zoe")}, []string{""}, false},
		"the author":          {Suppose{Approve: may("p1", "zoe")}, []string{"author", ""}, false},
		"two":                 {Suppose{Approve: may("zoe", "yan")}, []string{"", ""}, true},
		"one too late":        {Suppose{Approve: may("zoe", "yan", "xia")}, []string{"", "", "already-approved"}, true},
		"the same twice":      {Suppose{Approve: may("zoe", "zoe")}, []string{"", "approved-before"}, false},
		"under another":       {Suppose{Approve: may("zoe"), Policy: &one}, []string{""}, true},
		"a stranger to it":    {Suppose{Approve: may("yan"), Policy: &one}, []string{"not-entitled"}, false},
		"with nobody to name": {Suppose{Policy: &Policy{}}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			c.suppose.Zones = fuzzZones
			got := WhatIf(s, g.at, c.suppose)
			var codes []string
			for _, a := range got.Answers {
				if a.Refused != nil {
					codes = append(codes, a.Refused.Code)
				} else {
					codes = append(codes, "")
				}
			}
			if !reflect.DeepEqual(codes, c.codes) || got.Opens != c.opens || got.Met != c.opens {
				t.Errorf("got %q, opens %v: %+v", codes, got.Opens, got.Answers)
			}
			if string(mustJSON(s)) != before {
				t.Error("the run was changed")
			}
		})
	}
}
