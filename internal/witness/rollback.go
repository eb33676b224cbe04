package witness

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Back is a story of two rollbacks: one by itself, one by a commander's comment.
// The maps say which commit served each part of Firebase, by the sandbox's word.
type Back struct {
	World
	Broken, Regretted         string // the commits that were left
	Asked, Approved, Unlocked int64  // ids of comments
	Commanders                []string
	Good, AfterFirst, End     map[string]string
}

// BackFigures are two rollbacks in numbers, all of them from the record.
type BackFigures struct {
	AutomaticRestoredMS int64 `json:"automatic_restored_ms"` // from the first failed look until everything was back
	ManualRestoredMS    int64 `json:"manual_restored_ms"`    // from the final approval until everything was back
	GoogleCalls         int   `json:"google_calls"`          // of the manual one, from the final approval on
}

// backRules are the promises of a rollback.
func backRules() map[string]func(*Back) []string {
	return map[string]func(*Back) []string{
		"back-told":     (*Back).told,
		"back-live":     (*Back).isBack,
		"back-moved":    (*Back).movedOnce,
		"back-methods":  (*Back).allowed,
		"back-approved": (*Back).approvedFirst,
		"back-phrase":   (*Back).wasTyped,
		"back-locked":   (*Back).stayedLocked,
		"back-alone":    (*Back).neededNothing,
	}
}

// Rollback judges the story; nothing means that all of it went well.
func Rollback(b Back) []Violation {
	var out []Violation
	rules := backRules()
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		for _, saw := range rules[name](&b) {
			out = append(out, Violation{Rule: name, Saw: saw})
		}
	}
	return out
}

func (b *Back) told() (saw []string) {
	if b.Broken == "" || b.Regretted == "" || len(b.Good) == 0 || len(b.Calls) == 0 || b.Asked == 0 || b.Approved == 0 || b.Unlocked == 0 {
		saw = append(saw, "the witness was not told what to look for")
	}
	return saw
}

// isBack: after each rollback every part serves what it served before.
func (b *Back) isBack() (saw []string) {
	for when, live := range map[string]map[string]string{"the automatic": b.AfterFirst, "the manual": b.End} {
		for part, commit := range b.Good {
			if live[part] != commit {
				saw = append(saw, fmt.Sprintf("after %s rollback %s serves %s, not %s", when, part, short(live[part]), short(commit)))
			}
		}
	}
	for part, commit := range b.Good {
		if commit != b.Release {
			saw = append(saw, fmt.Sprintf("%s served %s when it was good, not the release", part, short(commit)))
		}
	}
	slices.Sort(saw)
	return saw
}

// writes are the app's successful calls that change something at Google. What
// asks the servers to answer a question by POST is none.
func (b *Back) writes() (all []sandbox.Call) {
	for _, c := range b.Calls {
		if c.Kind == sandbox.KindGoogle && c.Method != http.MethodGet && success(c) && !asks(c) && !byWorkflow(c) {
			all = append(all, c)
		}
	}
	return all
}

// asks reports whether a POST only asks.
func asks(c sandbox.Call) bool {
	return strings.HasSuffix(c.Path, ":generateDownloadUrl") || strings.HasSuffix(c.Path, ":generateAccessToken") || strings.HasSuffix(c.Path, ":testIamPermissions")
}

// byWorkflow reports whether the Firebase CLI of a workflow made the call.
func byWorkflow(c sandbox.Call) bool { return strings.Contains(c.As, "cli") }

// allowedMethods are the only ways in which Gatehouse may change a project, by
// host and the end of the path. A new one has to be added here on purpose.
func allowedMethods() []string {
	return []string{
		"POST firebasehosting.googleapis.com releases", "PATCH firebaserules.googleapis.com releases", "POST firebaserules.googleapis.com rulesets",
		"PATCH run.googleapis.com services", "PUT firebaseremoteconfig.googleapis.com remoteConfig", "PATCH artifactregistry.googleapis.com repositories",
	}
}

func methodOf(c sandbox.Call) string {
	_, rest, _ := strings.Cut(c.Path, "/google/")
	host, rest, _ := strings.Cut(rest, "/")
	if c.Method == http.MethodPatch { // of one thing: its collection says what
		for _, collection := range []string{"services", "releases", "repositories", "functions", "versions", "indexes", "fields", "documents", "databases"} {
			if strings.Contains(rest, "/"+collection+"/") {
				return c.Method + " " + host + " " + collection
			}
		}
	}
	return c.Method + " " + host + " " + path.Base(rest)
}

// allowed: a rollback cannot touch what nobody may touch.
func (b *Back) allowed() (saw []string) {
	for _, c := range b.writes() {
		if !slices.Contains(allowedMethods(), methodOf(c)) {
			saw = append(saw, fmt.Sprintf("call %d changes a project by %s (%s)", c.Seq, methodOf(c), c.Path))
		}
	}
	return saw
}

// movedOnce: each rollback released an old version once on each site.
func (b *Back) movedOnce() (saw []string) {
	perSite := map[string]int{}
	for _, c := range b.moves() {
		if strings.HasPrefix(methodOf(c), "POST firebasehosting") {
			perSite[c.Path]++
		}
	}
	if len(perSite) == 0 {
		saw = append(saw, "no site was ever moved back")
	}
	for site, n := range perSite {
		if n != 2 {
			saw = append(saw, fmt.Sprintf("%s was moved back %d times in two rollbacks", site, n))
		}
	}
	slices.Sort(saw)
	return saw
}

// moves are the writes that move a pointer; keeping images is none.
func (b *Back) moves() []sandbox.Call {
	return slices.DeleteFunc(b.writes(), func(c sandbox.Call) bool { return strings.Contains(c.Path, "artifactregistry") })
}

// comment is what somebody wrote, by its id.
func (b *Back) comment(id int64) (c sandbox.Comment, found bool) {
	i := slices.IndexFunc(b.Repo.Comments, func(c sandbox.Comment) bool { return c.ID == id })
	if i < 0 {
		return c, false
	}
	return b.Repo.Comments[i], true
}

// approvedFirst: nothing moves for the commander before another one approved.
func (b *Back) approvedFirst() (saw []string) {
	asked, one := b.comment(b.Asked)
	approved, two := b.comment(b.Approved)
	switch {
	case !one || !two:
		return []string{"the comments of the commanders are not there"}
	case asked.By == approved.By:
		saw = append(saw, asked.By+" approved what he asked for himself")
	case !slices.Contains(b.Commanders, asked.By) || !slices.Contains(b.Commanders, approved.By):
		saw = append(saw, "one of "+asked.By+" and "+approved.By+" is no commander")
	}
	for _, c := range b.moves() {
		if c.At.After(asked.CreatedAt) && c.At.Before(approved.CreatedAt) {
			saw = append(saw, fmt.Sprintf("call %d moved something before the final approval", c.Seq))
		}
	}
	return saw
}

func (b *Back) wasTyped() (saw []string) {
	asked, _ := b.comment(b.Asked)
	if !strings.Contains(asked.Body, "\nROLLBACK PRODUCTION") || !strings.Contains(asked.Body, "reason: ") {
		saw = append(saw, "the commander typed no phrase, or no reason")
	}
	return saw
}

// stayedLocked: between the automatic rollback and the unlocking nothing goes to
// the environment.
func (b *Back) stayedLocked() (saw []string) {
	unlocked, found := b.comment(b.Unlocked)
	if !found {
		return []string{"nobody unlocked the lane"}
	}
	f := gather(b.World)
	opened := 0
	for _, v := range f.verdicts {
		if !v.opened() || v.environment != b.Environment {
			continue
		}
		if opened++; opened > 2 && v.call.At.Before(unlocked.CreatedAt) {
			saw = append(saw, fmt.Sprintf("call %d opened the door of a locked lane", v.call.Seq))
		}
	}
	return saw
}

// neededNothing: from the final approval to the last pointer no workflow is
// started.
func (b *Back) neededNothing() (saw []string) {
	approved, _ := b.comment(b.Approved)
	for _, d := range gather(b.World).dispatches {
		if d.call.At.After(approved.CreatedAt) {
			saw = append(saw, fmt.Sprintf("call %d starts %s though a rollback needs no workflow", d.call.Seq, d.file))
		}
	}
	return saw
}

// MeasureBack takes the times and counts from the record; -1 where something is
// missing. A rollback is over when the site is looked at again: that is done once
// every pointer was read where it should be.
func MeasureBack(b Back) BackFigures {
	out := BackFigures{AutomaticRestoredMS: -1, ManualRestoredMS: -1}
	approved, found := b.comment(b.Approved)
	var failed, lastAuto time.Time
	for _, c := range b.Calls {
		if c.Kind == sandbox.KindSite && c.Status >= http.StatusInternalServerError && failed.IsZero() {
			failed = c.At
		}
		if found && c.Kind == sandbox.KindGoogle && !c.At.Before(approved.CreatedAt) {
			out.GoogleCalls++
		}
	}
	for _, c := range b.moves() {
		if c.At.Before(approved.CreatedAt) && strings.Contains(message(c), "rollback to") {
			lastAuto = c.At
		}
	}
	if seen, ok := b.lookedAfter(lastAuto); ok && !failed.IsZero() && !lastAuto.IsZero() {
		out.AutomaticRestoredMS = seen.Sub(failed).Milliseconds()
	}
	if seen, ok := b.lookedAfter(approved.CreatedAt); ok && found {
		out.ManualRestoredMS = seen.Sub(approved.CreatedAt).Milliseconds()
	}
	return out
}

// lookedAfter is when the site was looked at first after a moment.
func (b *Back) lookedAfter(t time.Time) (at time.Time, found bool) {
	for _, c := range b.Calls {
		if c.Kind == sandbox.KindSite && c.At.After(t) {
			return c.At, true
		}
	}
	return at, false
}

// message is what a write says to Google's own history.
func message(c sandbox.Call) string {
	var body struct{ Message string }
	if json.Unmarshal(c.Body, &body) != nil {
		return ""
	}
	return body.Message
}
