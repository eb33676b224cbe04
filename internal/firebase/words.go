package firebase

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// atOnce bounds how many calls one method makes side by side.
const atOnce = 8

// each asks about every item side by side, and gives the answers in the order of the items.
func each[In, Out any](ctx context.Context, items []In, ask func(context.Context, In) (Out, error)) ([]Out, error) {
	answers := make([]Out, len(items))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i, item := range items {
		group.Go(func() (err error) {
			answers[i], err = ask(ctx, item)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return answers, nil
}

// last is the last segment of a resource's name.
func last(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// segment is what follows a collection in a resource's name: segment("projects/p/locations/l", "locations") is l.
func segment(name, collection string) string {
	parts := strings.Split(name, "/")
	if i := slices.Index(parts, collection); i >= 0 && i+1 < len(parts) {
		return parts[i+1]
	}
	return ""
}

// cut keeps at most limit runes.
func cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// cutBytes keeps at most limit bytes and never half a character, for limits of which it is not known what they count.
func cutBytes(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}

// Share is how much of the requests one revision serves.
type Share struct {
	Revision string `json:"revision"`
	Percent  int64  `json:"percent"`
}

// shares writes shares for people.
func shares(of []Share) string {
	var words []string
	for _, s := range of {
		if s.Percent == 100 {
			return s.Revision
		}
		words = append(words, fmt.Sprintf("%s %d %%", s.Revision, s.Percent))
	}
	return strings.Join(words, ", ")
}

func sameShares(a, b []Share) bool {
	if len(a) != len(b) || len(a) == 0 {
		return false
	}
	order := func(x, y Share) int { return strings.Compare(x.Revision, y.Revision) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order))
}
