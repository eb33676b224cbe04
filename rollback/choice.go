package rollback

import (
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Choice is a release of a lane as somebody may choose it to go back to.
type Choice struct {
	pipeline.Released
	Usual bool              // it is the one that is meant where none is named
	Why   *pipeline.Refusal // why it is not offered; nil: it is
}

// Choices are the releases of a history, newest first, with what keeps each from
// being returned to.
func Choices(history []pipeline.Released, live *pipeline.Shipped, environment string) []Choice {
	usual, none := Target(history, live, environment, "")
	var all []Choice
	for _, r := range slices.Backward(history) {
		c := Choice{Released: r, Why: unfit(r, live, environment)}
		c.Usual = none == nil && r.Run == usual.Run
		all = append(all, c)
	}
	return all
}

// sendComment stands where a comment to copy follows.
const sendComment = "Send this comment, with your reason:"

// Elsewhere says a refusal where no comment is sent: with what to do there
// instead of the comment to copy.
func Elsewhere(why pipeline.Refusal, instead string) *pipeline.Refusal {
	if before, ok := strings.CutSuffix(why.Fix, sendComment); ok {
		why.Fix, why.Lines = before+instead, ""
	}
	return &why
}
