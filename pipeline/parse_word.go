package pipeline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const day = 24 * time.Hour

// ParseDuration reads Go's notation and d for days: 90d, 1d12h, 1.5h, 250ms. A sign
// and a number without a unit are refused.
func ParseDuration(text string) (time.Duration, bool) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		d, err := time.ParseDuration(text)
		return d, err == nil && unsigned(text)
	}
	n, err := strconv.Atoi(days)
	if err != nil || n < 0 || n > 36500 || !unsigned(text) {
		return 0, false
	}
	d := time.Duration(n) * day
	if rest == "" {
		return d, true
	}
	more, err := time.ParseDuration(rest)
	if err != nil || !unsigned(rest) || more >= day {
		return 0, false
	}
	return d + more, true
}

// unsigned keeps out the signs that Go's notation allows, and a unitless 0.
func unsigned(text string) bool {
	return text != "" && text != "0" && text[0] != '-' && text[0] != '+'
}

// spelled writes a duration the way that the file does.
func spelled(d time.Duration) string {
	switch {
	case d >= 7*day && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return d.String()
	}
}

// share reads 5% as 0.05, and a plain number as itself.
func share(text string) (float64, bool) {
	digits, percent := strings.CutSuffix(text, "%")
	if !only(digits, func(r rune) bool { return r == '.' || isDigit(r) }) {
		return 0, false
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, false
	}
	if !percent {
		return n, true
	}
	return n / 100, n <= 100
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// slug reports whether a name is ^[a-z0-9][a-z0-9-]{0,39}$.
func slug(name string) bool {
	if name == "" || len(name) > 40 || name[0] == '-' {
		return false
	}
	return only(name, func(r rune) bool {
		return r == '-' || isDigit(r) || (r >= 'a' && r <= 'z')
	})
}

func only(text string, allowed func(rune) bool) bool {
	return strings.IndexFunc(text, func(r rune) bool { return !allowed(r) }) < 0
}

func alphanumeric(r rune) bool {
	return isDigit(r) || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z')
}

// slugged makes an id out of a file's base name, or "" where nothing is left.
func slugged(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		if isDigit(r) || (r >= 'a' && r <= 'z') {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	return strings.TrimSuffix(b.String(), "-")
}

// titled makes a title out of an id: web-build becomes "Web build".
func titled(id string) string {
	return sentence(strings.ReplaceAll(id, "-", " "))
}

// sentence puts a capital letter first.
func sentence(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(r)) + text[size:]
}

// quoted shows what somebody wrote, cut to a length that a line can bear.
func quoted(text string) string {
	if runes := []rune(text); len(runes) > 60 {
		text = string(runes[:59]) + "…"
	}
	return strconv.Quote(text)
}

// listed joins names for a sentence.
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// didYouMean proposes the known word next to a misspelled one; otherwise it
// says what the fallback says.
func didYouMean(word string, known []string, otherwise string) string {
	best := nearest(word, known, func(k string) int { return min(2, len(k)/2) })
	if best == "" {
		return otherwise
	}
	return "Did you mean " + best + "?"
}

// nearest is the known word at the smallest distance that is not above its most.
func nearest(word string, known []string, most func(known string) int) string {
	best, distance := "", math.MaxInt
	for _, k := range known {
		if d := editDistance(strings.ToLower(word), k); d < distance && d <= most(k) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts the letters to insert, drop, change or swap between a
// and b. Words longer than any of ours are simply far away.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 60 || len(y) > 60 {
		return math.MaxInt
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := rows[i-1][j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			rows[i][j] = min(change, rows[i-1][j]+1, rows[i][j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
