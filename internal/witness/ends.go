package witness

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// Ends describes what a story left behind, line by line and in words that are the
// same for every telling: two stories with the same ends came to the same world.
func Ends(w World) []string {
	role := map[string]string{w.Staging: staging, w.Release: "release"}
	var ends []string
	add := func(format string, args ...any) { ends = append(ends, fmt.Sprintf(format, args...)) }
	for _, c := range w.Repo.CheckRuns {
		if role[c.HeadSHA] != "" && c.App == appSlug {
			add("check of %s: %s: %s %s", role[c.HeadSHA], c.Name, c.Status, c.Conclusion)
		}
	}
	for _, d := range w.Repo.Deployments {
		if n := len(d.Statuses); role[d.SHA] != "" && n > 0 {
			add("deployment of %s to %s: %s by %s", role[d.SHA], d.Environment, d.Statuses[n-1].State, d.Statuses[n-1].Via)
		}
	}
	for _, r := range w.Repo.Runs {
		if role[r.HeadSHA] != "" {
			add("workflow %s of %s: %s, attempt %d", path.Base(r.Path), role[r.HeadSHA], r.Conclusion, r.Attempt)
		}
	}
	for _, m := range (&facts{w: w}).top() {
		if runOf(m.Metadata) != "" {
			add("slack: %s", plain(m.Text, w))
		}
	}
	for _, m := range w.Discord {
		for _, e := range m.Embeds {
			add("discord: %s", plain(e.Title, w))
		}
	}
	slices.Sort(ends)
	return ends
}

// plain is a text without the commits' ids, which differ from telling to telling.
func plain(text string, w World) string {
	return strings.NewReplacer(w.Staging, staging, w.Release, "release", short(w.Staging), staging, short(w.Release), "release").Replace(text)
}

// Differ lists what one list of ends has and the other lacks.
func Differ(got, want []string) []string {
	var out []string
	left := slices.Clone(want)
	for _, line := range got {
		if i := slices.Index(left, line); i >= 0 {
			left = slices.Delete(left, i, i+1)
			continue
		}
		out = append(out, "only here: "+line)
	}
	for _, line := range left {
		out = append(out, "missing: "+line)
	}
	return out
}

// Said is what people could read at one place that has all the words: in a check
// run, an answer, a message in Slack or Discord. It is empty if nothing has.
func Said(calls []sandbox.Call, words ...string) string {
	for _, c := range calls {
		readable := c.Kind == sandbox.KindGitHub || c.Kind == sandbox.KindSlack || c.Kind == sandbox.KindDiscord
		if !readable || len(c.Body) == 0 || !success(c) {
			continue
		}
		all := texts(c.Body)
		text := strings.Join(all, "\n")
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			return linesWith(all, words)
		}
	}
	return ""
}

// texts are all that a body says, whether it is JSON or a form with JSON in it.
func texts(body []byte) []string {
	args := arguments(body)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if value := []byte(args[name]); json.Valid(value) {
			all = append(all, leaves(value)...)
			continue
		}
		all = append(all, args[name])
	}
	return all
}

// leaves are the strings in a JSON value.
func leaves(body []byte) []string {
	var value any
	read(body, &value)
	var found []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				walk(v[k])
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		case string:
			found = append(found, v)
		}
	}
	walk(value)
	return found
}

// linesWith are the lines of texts that have one of the words, each of them once.
func linesWith(texts, words []string) string {
	var found []string
	for _, text := range texts {
		for line := range strings.Lines(text) {
			line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
			if !slices.Contains(found, line) && slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) }) {
				found = append(found, line)
			}
		}
	}
	return strings.Join(found, "\n")
}
