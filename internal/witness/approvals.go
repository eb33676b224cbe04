package witness

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Approvals is the story of approvals: what the sandbox recorded, and what people
// in it did and expected.
type Approvals struct {
	Calls    []sandbox.Call
	Repo     sandbox.Snapshot
	Groups   map[string][]string // of each, one must approve; as they were at first
	Releases []Expected
	Acts     []Act
	Reasons  []Reason
	Took     time.Duration
}

// Expected is a release and whether it was to be deployed.
type Expected struct {
	Commit, Version, Author string
	Deployed                bool
}

// Act is what somebody did, after so many calls had been recorded. A member who
// leaves names his team as the surface.
type Act struct {
	After                      int
	Who, Surface, Verb, Commit string
}

// Reason is what people were to be told of a release: all the words at one place.
type Reason struct {
	Commit string
	Words  []string
}

// JudgeApprovals judges the story; nothing means that all of it went well.
func JudgeApprovals(w Approvals) []Violation {
	var out []Violation
	see := func(rule string, saw []string) {
		for _, s := range saw {
			out = append(out, Violation{Rule: rule, Saw: s})
		}
	}
	see("world", w.isTold())
	see("door-once", w.openedOnce())
	see("two-groups", w.metFirst())
	see("shut-while-closed", w.shutWhileClosed())
	see("five-surfaces", w.surfaces())
	see("reason-shown", w.reasons())
	return out
}

func (w Approvals) isTold() []string {
	var saw []string
	if len(w.Calls) == 0 || len(w.Releases) == 0 || len(w.Acts) == 0 || len(w.Reasons) == 0 || len(w.Groups) < 2 {
		saw = append(saw, "the story was not told")
	}
	return saw
}

// opening is a verdict that let a deploy of a commit through.
type opening struct {
	call   sandbox.Call
	commit string
}

func (w Approvals) openings() []opening {
	heads := map[int64]string{}
	for _, run := range w.Repo.Runs {
		heads[run.ID] = run.HeadSHA
	}
	var all []opening
	for _, c := range w.Calls {
		if c.Kind != sandbox.KindGitHub || c.Method != "POST" || c.Route != routeVerdict {
			continue
		}
		if v := verdictOf(c); v.opened() {
			all = append(all, opening{c, heads[v.run]})
		}
	}
	return all
}

// openedOnce: each release that was to go went through the door once, no other did.
func (w Approvals) openedOnce() []string {
	times := map[string]int{}
	for _, o := range w.openings() {
		times[o.commit]++
	}
	var saw []string
	for _, r := range w.Releases {
		want := 0
		if r.Deployed {
			want = 1
		}
		if got := times[r.Commit]; got != want {
			saw = append(saw, fmt.Sprintf("the door opened %d times for %s, not %d", got, r.Version, want))
		}
		delete(times, r.Commit)
	}
	for _, commit := range slices.Sorted(maps.Keys(times)) {
		saw = append(saw, fmt.Sprintf("the door opened %d times for %q, of which the story does not speak", times[commit], commit))
	}
	return saw
}

// metFirst: before a door opened, a member of each group had approved that very
// release, each a different person, none its author, all still members.
func (w Approvals) metFirst() []string {
	var saw []string
	for _, o := range w.openings() {
		i := slices.IndexFunc(w.Releases, func(r Expected) bool { return r.Commit == o.commit })
		if i < 0 {
			continue
		}
		used := map[string]bool{}
		for _, group := range slices.Sorted(maps.Keys(w.Groups)) {
			found := false
			for _, who := range w.Groups[group] {
				if !found && !used[who] && who != w.Releases[i].Author && !w.left(who, group, o.call.Seq) && w.approved(who, o) {
					used[who], found = true, true
				}
			}
			if !found {
				saw = append(saw, fmt.Sprintf("%s went through the door and nobody of %s had approved it who could", w.Releases[i].Version, group))
			}
		}
	}
	return saw
}

func (w Approvals) approved(who string, o opening) bool {
	return slices.ContainsFunc(w.Acts, func(a Act) bool {
		return a.Verb == "approve" && a.Who == who && a.Commit == o.commit && a.After < o.call.Seq
	})
}

func (w Approvals) left(who, group string, seq int) bool {
	return slices.ContainsFunc(w.Acts, func(a Act) bool {
		return a.Verb == "leave" && a.Who == who && a.Surface == group && a.After < seq
	})
}

// shutWhileClosed: nothing goes through the door between a lock or a freeze and
// its end.
func (w Approvals) shutWhileClosed() []string {
	ends := map[string]string{"lock": "unlock", "freeze": "unfreeze"}
	var saw []string
	for i, a := range w.Acts {
		end, closes := ends[a.Verb]
		if !closes {
			continue
		}
		until := -1
		for _, b := range w.Acts[i:] {
			if b.Verb == end && until < 0 {
				until = b.After
			}
		}
		if until < 0 {
			saw = append(saw, "nobody ended the "+a.Verb)
		}
		for _, o := range w.openings() {
			if o.call.Seq > a.After && o.call.Seq <= until {
				saw = append(saw, fmt.Sprintf("the door opened for %s during the %s", o.commit, a.Verb))
			}
		}
	}
	return saw
}

// surfaces: people approved from all five.
func (w Approvals) surfaces() []string {
	var saw []string
	for _, s := range []string{"GitHub review", "check run button", "comment", "Slack", "page"} {
		if !slices.ContainsFunc(w.Acts, func(a Act) bool { return a.Verb == "approve" && a.Surface == s }) {
			saw = append(saw, "nobody approved by "+s)
		}
	}
	return saw
}

func (w Approvals) reasons() []string {
	var saw []string
	for _, r := range w.Reasons {
		if w.Told(w.Calls, r) == "" {
			saw = append(saw, fmt.Sprintf("nobody was told of %s: %s", r.Commit, strings.Join(r.Words, " … ")))
		}
	}
	return saw
}

// Told is what people could read in one call of the app, a check run of the
// release, an answer below it or a message, that has all the words: the lines that
// have them. It is empty if nothing has.
func (w Approvals) Told(calls []sandbox.Call, r Reason) string {
	version := ""
	for _, e := range w.Releases {
		if e.Commit == r.Commit {
			version = e.Version
		}
	}
	for _, c := range calls {
		text := string(c.Body)
		about := strings.Contains(text, r.Commit) || version != "" && strings.Contains(text, version)
		readable := len(c.Body) > 0 && (c.Kind == sandbox.KindGitHub || c.Kind == sandbox.KindSlack) && success(c)
		if readable && about && !slices.ContainsFunc(r.Words, func(word string) bool { return !strings.Contains(text, word) }) {
			return lines(c.Body, r.Words)
		}
	}
	return ""
}

// lines are those of a body that have one of the words, each of them once.
func lines(body []byte, words []string) string {
	if !json.Valid(body) {
		return strings.Join(words, " … ") // a form: Slack's
	}
	return linesWith(leaves(body), words)
}
