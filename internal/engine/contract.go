package engine

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The limits of a Query.
const (
	defaultListed = 100
	maxListed     = 1000
)

// CheckSwap refuses what a swap may not hold whatever is stored, so that every
// store refuses the same.
func CheckSwap(items []*Item) error {
	seen := make(map[Ref]bool, len(items))
	for _, it := range items {
		switch {
		case it == nil:
			return errors.New("an item is nil: leave it out")
		case it.Kind == "" || it.ID == "":
			return fmt.Errorf("the item %s %q lacks its kind or its ID: give it both", it.Kind, it.ID)
		case seen[it.Ref]:
			return fmt.Errorf("the item %s %q is given twice: give its last form only", it.Kind, it.ID)
		case !isText(string(it.Kind)) || !isText(it.ID) || !isText(it.Scope) || !isText(it.State):
			return fmt.Errorf("the item %s %q has bytes in its names that are no text: give UTF-8 without zero bytes", it.Kind, it.ID)
		}
		seen[it.Ref] = true
	}
	return nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// CheckLimit refuses a limit of Due or Purge that asks for nothing.
func CheckLimit(limit int) error {
	if limit < 1 {
		return fmt.Errorf("the limit is %d: give at least 1", limit)
	}
	return nil
}

// Checked returns the query with its limit filled in, or what is wrong with it.
func (q Query) Checked() (Query, error) {
	switch {
	case q.Kind == "":
		return q, errors.New("the query names no kind: name one")
	case q.Limit < 0 || q.Limit > maxListed:
		return q, fmt.Errorf("the limit is %d: give 1 to %d, or 0 for %d", q.Limit, maxListed, defaultListed)
	case q.Limit == 0:
		q.Limit = defaultListed
	}
	return q, nil
}

// Span is where the IDs of the query lie: from the first on, and below end.
// Empty means that there is no bound. All order is by bytes.
func (q Query) Span() (from, end string) {
	end = behind(q.Prefix)
	if q.After != "" && (end == "" || q.After < end) {
		end = q.After
	}
	return q.Prefix, end
}

// behind is the first text after all those with the prefix, or "" if there is
// none. In UTF-8 the order of bytes is that of the characters.
func behind(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == utf8.RuneError && size == 1, last == utf8.MaxRune:
			continue
		case last == surrogates-1:
			return prefix + string(rune(afterSurrogates))
		}
		return prefix + string(last+1)
	}
	return ""
}

// The characters between these are no text.
const (
	surrogates      = 0xd800
	afterSurrogates = 0xe000
)
