package pipeline

import "strings"

// Refusal is a "no" as data: the same value feeds the comment, the page, the
// log and explain. It is the one kind of error that people are shown.
type Refusal struct {
	Code   string   `json:"code"`             // stable, kebab-case: "not-entitled"
	Reason string   `json:"reason"`           // what happened and why, one sentence
	Fix    string   `json:"fix,omitempty"`    // what to do, what to type
	Who    []string `json:"who,omitempty"`    // who can change it: logins, @org/team
	Lines  string   `json:"lines,omitempty"`  // lines to paste, verbatim
	Source string   `json:"source,omitempty"` // a link to where it was seen
}

// Error renders the refusal on one line.
func (r *Refusal) Error() string {
	var b strings.Builder
	b.WriteString(r.Reason)
	if r.Fix != "" {
		b.WriteString(" ")
		b.WriteString(r.Fix)
	}
	return b.String()
}
