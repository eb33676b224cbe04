package demo

import (
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// What a story looks at in the town.

// checks are the app's check runs on a commit.
func (t *Teller) checks(sha string) []sandbox.CheckRun {
	snap, err := t.Town.World.Snapshot(Repo)
	if err != nil {
		return nil
	}
	return checksOf(snap, sha)
}

func checksOf(snap sandbox.Snapshot, sha string) []sandbox.CheckRun {
	return slices.DeleteFunc(snap.CheckRunsOf(sha), func(c sandbox.CheckRun) bool { return c.App != appSlug })
}

func (t *Teller) conclusion(sha, name string) string {
	for _, c := range t.checks(sha) {
		if c.Name == name {
			return c.Conclusion
		}
	}
	return ""
}

func (t *Teller) green(sha, name string) func() bool {
	return func() bool { return t.conclusion(sha, name) == "success" }
}

// quiet reports whether every surface of the story has come to its end, so that
// whoever looks from then on sees what stays.
func (t *Teller) quiet(told Told) func() bool {
	return func() bool {
		taken := t.Town.opt.Gate == GateReviewers || t.conclusion(told.Release, appSlug+" / reply") != ""
		return taken && t.Town.Shown(told.Staging) && t.Town.Shown(told.Release) &&
			t.Town.Told(told.Version, "verified") && t.Town.ToldSlack("succeeded") && t.Town.ToldDiscord("succeeded")
	}
}

// Shown reports whether GitHub shows a commit as Gatehouse leaves it after a
// success: every check is over, every Deployment has Gatehouse's own last word.
func (t *Town) Shown(sha string) bool {
	snap, err := t.World.Snapshot(Repo)
	if err != nil {
		return false
	}
	for _, c := range checksOf(snap, sha) {
		if c.Status != "completed" {
			return false
		}
	}
	for _, d := range snap.Deployments {
		n := len(d.Statuses)
		if d.SHA == sha && (n == 0 || d.Statuses[n-1].State != "success" || d.Statuses[n-1].Via != appSlug) {
			return false
		}
	}
	return true
}

// Told reports whether a message in the releases channel holds all the words.
func (t *Town) Told(words ...string) bool {
	for _, c := range t.Slack.Channels() {
		for _, m := range t.Slack.Messages(c.ID) {
			if containsAll(m.Text+string(m.Blocks), words) {
				return true
			}
		}
	}
	return false
}

// ToldSlack reports whether every run that Slack was told of has come to a message
// with the word, and to its details in the thread.
func (t *Town) ToldSlack(word string) bool {
	messages := t.Slack.Messages(Channel)
	role := func(m sandbox.SlackMessage, role string) bool {
		return m.Metadata != nil && m.Metadata.EventPayload["role"] == role
	}
	found := false
	for _, m := range messages {
		if !role(m, "run") {
			continue
		}
		found = true
		detailed := slices.ContainsFunc(messages, func(r sandbox.SlackMessage) bool { return r.Thread == m.TS && role(r, "details") })
		if !detailed || !strings.Contains(m.Text, word) {
			return false
		}
	}
	return found
}

// ToldDiscord reports whether every run that Discord was told of has come to a
// title with the word; a message that was left behind by a crash has none.
func (t *Town) ToldDiscord(word string) bool {
	said := map[string]bool{} // by the page of the run
	for _, m := range t.Discord.Messages() {
		for _, e := range m.Embeds {
			said[e.URL] = said[e.URL] || strings.Contains(e.Title, word)
		}
	}
	for _, ok := range said {
		if !ok {
			return false
		}
	}
	return len(said) > 0
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}
