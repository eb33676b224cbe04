package stage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// TestReadBehind: what is missing is counted by GitHub; a commit that is gone is no
// reason to try again.
func TestReadBehind(t *testing.T) {
	r := newRig(t)
	live := r.push("main", map[string]string{"app.txt": "1"})
	ask := pipeline.ReadBehind{SHA: live, Branch: "main", Environment: "production", Limit: time.Hour}
	equal(t, "nothing is missing", perform[pipeline.BehindRead](r, r.job(ask, 0)).Behind.Commits, 0)
	r.push("main", map[string]string{"app.txt": "2"})
	first := r.clock.Now()
	r.push("main", map[string]string{"app.txt": "3"})
	got := perform[pipeline.BehindRead](r, r.job(ask, 0)).Behind
	equal(t, "commits", got.Commits, 2)
	equal(t, "since the first of them", got.Since.After(first.Add(time.Hour)), false)
	equal(t, "days", strings.Contains(got.Text(first.Add(49*time.Hour)), "2 commits and 2 days behind main"), true)
	equal(t, "compare", strings.Contains(got.Compare, "/compare/"), true)
	ask.SHA = strings.Repeat("0", 40)
	equal(t, "gone", perform[pipeline.Failed](r, r.job(ask, 0)).Refusal.Code, "not-comparable")
}

// TestSayBehind: each channel is told once, also when the answer of the first try
// is lost.
func TestSayBehind(t *testing.T) {
	r := newRig(t)
	b := pipeline.Behind{Environment: "production", Branch: "main", Commits: 3, Since: r.clock.Now().Add(-200 * time.Hour), At: r.clock.Now(), Awaits: "a release"}
	inSlack := pipeline.SayBehind{To: pipeline.Channel{Slack: "#releases"}, Lane: "avalo", Behind: b}
	perform[pipeline.Done](r, r.job(inSlack, 0))
	perform[pipeline.Done](r, r.job(inSlack, 1))
	equal(t, "messages", len(r.slack.Messages("releases")), 1)
	inDiscord := pipeline.SayBehind{To: pipeline.Channel{Discord: true}, Lane: "avalo", Behind: b}
	perform[pipeline.Done](r, r.job(inDiscord, 0))
	r.clock.Advance(2 * time.Second)
	r.losePosts(1)
	perform[pipeline.Done](r, r.job(inDiscord, 0))
	equal(t, "messages", len(r.discord.Messages()), 2)
	equal(t, "words", strings.Contains(r.discord.Messages()[0].Embeds[0].Title, "production is 3 commits and 8 days behind main"), true)
	perform[pipeline.Done](r, r.job(pipeline.SayBehind{}, 0))
}
