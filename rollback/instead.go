package rollback

import (
	"fmt"
	"slices"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Whole reports whether everything of the target that differs is still there.
func Whole(p pipeline.RestorePlan) bool {
	return !slices.ContainsFunc(p.Left, func(l pipeline.Left) bool { return l.Why.Code == codeGone })
}

// Others lists the releases that may be returned to in place of a target, the
// nearest first: verified ones before others, five at most.
func Others(history []pipeline.Released, live *pipeline.Shipped, environment string, target pipeline.RunID) []pipeline.Released {
	var verified, others []pipeline.Released
	for _, r := range slices.Backward(history) {
		switch {
		case r.Run == target || unfit(r, live, environment) != nil:
		case r.Verified:
			verified = append(verified, r)
		default:
			others = append(others, r)
		}
	}
	all := append(verified, others...)
	return all[:min(len(all), offered)]
}

// Instead tells people to whom something of a target is gone of a release that can
// be returned to whole: in the plan's parts, and in the refusal of the plan if it
// was refused for that.
func Instead(p *pipeline.RestorePlan, refused *pipeline.Refusal, environment, version string) {
	comment := Request{Environment: environment, To: version}.comment()
	whole := fmt.Sprintf("Everything of %s is still there.", version)
	for i := range p.Left {
		if why := &p.Left[i].Why; why.Code == codeGone {
			why.Fix = fmt.Sprintf("%s Go back to that (/rollback %s to %s), or deploy this one anew from its commit.", whole, environment, version)
		}
	}
	if refused != nil && refused.Code == codeNothingMoves {
		refused.Fix, refused.Lines = whole+" "+sendComment, comment
	}
}
