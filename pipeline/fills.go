package pipeline

import "slices"

// Fills reports whether an approval by a person of this standing would fill a
// place that is open: he may approve, did not yet, and is not one too many.
func (p Policy) Fills(r Release, approvals []Approval, s Standing) bool {
	if Admit(p, r, s) != nil || slices.ContainsFunc(approvals, func(a Approval) bool { return a.Counts() && a.By.ID == s.Person.ID }) {
		return false
	}
	more := append(slices.Clone(approvals), Approval{By: s.Person, Standing: &s})
	return Judge(p, more).missing() < Judge(p, approvals).missing()
}

func (v Verdict) missing() int {
	n := 0
	for _, p := range v.Places {
		n += p.Missing
	}
	return n
}
