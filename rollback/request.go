package rollback

import (
	"fmt"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Request is what somebody asks for.
type Request struct {
	Environment string
	To          string // version, tag, commit or run; empty: the last verified release before what is live
	Phrase      string // what was typed to confirm it
	Reason      string
}

// Phrase is what must be typed to roll an environment back.
func Phrase(environment string) string { return "ROLLBACK " + strings.ToUpper(environment) }

// Check says what is missing. The refusal's Lines are the whole comment, filled
// in, to be copied.
func (r Request) Check() *pipeline.Refusal {
	phrase := Phrase(r.Environment)
	var missing []string
	if strings.TrimSpace(r.Phrase) != phrase {
		missing = append(missing, "the line "+phrase)
	}
	if strings.TrimSpace(r.Reason) == "" {
		missing = append(missing, "a reason")
	}
	if len(missing) == 0 {
		return nil
	}
	return &pipeline.Refusal{
		Code:   "rollback-incomplete",
		Reason: fmt.Sprintf("To roll %s back takes %s.", r.Environment, strings.Join(missing, " and ")),
		Fix:    sendComment, Lines: r.comment(),
	}
}

func (r Request) comment() string {
	first := "/rollback " + r.Environment
	if r.To != "" {
		first += " to " + r.To
	}
	reason := strings.TrimSpace(r.Reason)
	if reason == "" {
		reason = "what is broken, and for whom"
	}
	return first + "\n" + Phrase(r.Environment) + "\nreason: " + reason
}
