package rollback

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// offered bounds the releases that an answer offers instead.
const offered = 5

// Target finds the release to go back to. The history is oldest first; live is
// what is live now, nil if that is not known. Without a name it is the last
// verified release before what is live. One that went badly is never offered.
func Target(history []pipeline.Released, live *pipeline.Shipped, environment, to string) (pipeline.Released, *pipeline.Refusal) {
	if to == "" {
		return last(history, live, environment)
	}
	i := find(history, to)
	if i < 0 {
		return pipeline.Released{}, unknown(history, live, environment, to)
	}
	if why := unfit(history[i], live, environment); why != nil {
		return pipeline.Released{}, offer(*why, history, live, environment)
	}
	return history[i], nil
}

func last(history []pipeline.Released, live *pipeline.Shipped, environment string) (pipeline.Released, *pipeline.Refusal) {
	for _, r := range slices.Backward(before(history, live)) {
		if r.Verified && unfit(r, live, environment) == nil {
			return r, nil
		}
	}
	return pipeline.Released{}, offer(pipeline.Refusal{
		Code:   "no-verified-release",
		Reason: fmt.Sprintf("No verified release of %s is known before what is live, so there is nothing that may be returned to without being named.", environment),
	}, history, live, environment)
}

// before is the history up to what is live: a release that came after it was
// left by a rollback.
func before(history []pipeline.Released, live *pipeline.Shipped) []pipeline.Released {
	if live == nil {
		return history
	}
	for i, r := range slices.Backward(history) {
		if r.Run == live.Run {
			return history[:i]
		}
	}
	return history
}

var shaForm = regexp.MustCompile(`^[0-9a-f]{7,64}$`)

// find looks from the newest: the version of a release that was shipped twice
// means the last time.
func find(history []pipeline.Released, to string) int {
	short := strings.TrimPrefix(to, "refs/tags/")
	for i, r := range slices.Backward(history) {
		sha := shaForm.MatchString(strings.ToLower(short)) && r.SHA != "" && strings.HasPrefix(r.SHA, strings.ToLower(short))
		if r.Version == short || string(r.Run) == short || sha || r.Ref == "refs/tags/"+short {
			return i
		}
	}
	return -1
}

func unfit(r pipeline.Released, live *pipeline.Shipped, environment string) *pipeline.Refusal {
	switch {
	case live != nil && r.Run == live.Run:
		return &pipeline.Refusal{Code: "already-live", Reason: fmt.Sprintf("%s is what is live in %s.", r.Version, environment)}
	case r.Bad != "":
		return &pipeline.Refusal{Code: "release-bad", Reason: fmt.Sprintf("%s is marked bad and never returned to: %s", r.Version, r.Bad)}
	case r.After == "":
		return &pipeline.Refusal{Code: "no-snapshot", Reason: fmt.Sprintf("Nothing is stored of what %s was in %s, so it cannot be returned to by moving pointers.", r.Version, environment)}
	}
	return nil
}

func unknown(history []pipeline.Released, live *pipeline.Shipped, environment, to string) *pipeline.Refusal {
	why := pipeline.Refusal{Code: "unknown-version", Reason: fmt.Sprintf("No release of %s has the version, tag, commit or run %q.", environment, to)}
	if shaForm.MatchString(strings.ToLower(to)) {
		why = pipeline.Refusal{Code: "never-deployed", Reason: fmt.Sprintf("The commit %s was never deployed to %s by Gatehouse.", to, environment)}
	}
	return offer(why, history, live, environment)
}

// offer adds what may be returned to, nearest first, with the comment to send.
func offer(why pipeline.Refusal, history []pipeline.Released, live *pipeline.Shipped, environment string) *pipeline.Refusal {
	var names []string
	for _, r := range slices.Backward(history) {
		if unfit(r, live, environment) == nil && !slices.Contains(names, r.Version) && len(names) < offered {
			names = append(names, r.Version)
		}
	}
	if len(names) == 0 {
		why.Fix = "There is no release to return to. Mend it forward, or move what is live in the Firebase console."
		return &why
	}
	why.Fix = "These can be returned to: " + strings.Join(names, ", ") + ". " + sendComment
	why.Lines = Request{Environment: environment, To: names[0]}.comment()
	return &why
}
