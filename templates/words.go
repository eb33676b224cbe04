package templates

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Word is a status as people read it, with a sign that stands for it.
type Word struct {
	Icon string
	Text string
}

// String is the sign and the word.
func (w Word) String() string { return w.Icon + " " + w.Text }

// stamp renders a moment; "" for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// span renders a duration by its two largest units.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Second:
		return "under 1s"
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return units(d, time.Minute, "m", time.Second, "s")
	case d < 24*time.Hour:
		return units(d, time.Hour, "h", time.Minute, "m")
	}
	return units(d, 24*time.Hour, "d", time.Hour, "h")
}

func units(d, large time.Duration, l string, small time.Duration, s string) string {
	text := fmt.Sprintf("%d%s", d/large, l)
	if rest := d % large / small; rest > 0 {
		text += fmt.Sprintf(" %d%s", rest, s)
	}
	return text
}

// count renders a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// list joins names: a, b and c.
func list(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
	return strings.Join(names, "")
}

// each applies a surface's escape to every text.
func each(texts []string, by func(string) string) []string {
	escaped := make([]string, len(texts))
	for i, t := range texts {
		escaped[i] = by(t)
	}
	return escaped
}

func short(sha string) string { return whole(sha, 7) }

// name is what a person is called: the login, else the name in the commit.
func name(p pipeline.Person) string {
	switch {
	case p.Login != "":
		return p.Login
	case p.Name != "":
		return p.Name
	}
	return "somebody unknown to GitHub"
}

// names lists people once each, in order.
func names(people []pipeline.Person) []string {
	var all []string
	for _, p := range people {
		if n := name(p); !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all
}

// sentence ends a text with a period if it has no end of its own.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, ":") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "?") {
		return s
	}
	return s + "."
}

// first writes the first letter large.
func first(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
