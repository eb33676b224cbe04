package answer

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Class is the closed set of what an answer means for trying again.
type Class string

// The classes of answers.
const (
	Done      Class = "done"      // Done means: it was done.
	Limited   Class = "limited"   // Limited means: not done, try again at RetryAt.
	Later     Class = "later"     // Later means: not done, or safe to repeat; try again later.
	Ambiguous Class = "ambiguous" // Ambiguous means: it may have been done, and repeating it would show.
	Gone      Class = "gone"      // Gone means: what was addressed does not exist any more; a person has to name another.
	Never     Class = "never"     // Never means: this request can never succeed.
	Canceled  Class = "canceled"  // Canceled means: the caller gave up before anything was sent.
)

const (
	// unstatedPause is used when a limit does not say how long it lasts; chats count theirs by the minute.
	unstatedPause = time.Minute
	// longestPause bounds what a server may ask for.
	longestPause = 24 * time.Hour
)

// Of is the table. A failure of the server is Later: who sends what must not be repeated makes it Ambiguous.
func Of(status int) Class {
	switch {
	case status >= 200 && status < 300:
		return Done
	case status == http.StatusTooManyRequests:
		return Limited
	case status == http.StatusNotFound, status == http.StatusGone:
		return Gone
	case status == http.StatusRequestTimeout, status >= 500:
		return Later
	}
	return Never
}

// RetryAt is the end of a limit: the later of the header Retry-After, in seconds or as a date, and the field retry_after of a
// JSON body. Without either it is a minute from now.
func RetryAt(header http.Header, body []byte, now time.Time) time.Time {
	var said struct {
		RetryAfter float64 `json:"retry_after"`
	}
	_ = json.Unmarshal(body, &said) // a body without the field says nothing
	pause := max(seconds(said.RetryAfter), stated(header.Get("Retry-After"), now))
	if pause <= 0 {
		pause = unstatedPause
	}
	return now.Add(min(pause, longestPause))
}

// stated reads a Retry-After header; zero if it says nothing.
func stated(header string, now time.Time) time.Duration {
	header = strings.TrimSpace(header)
	if s, err := strconv.ParseFloat(header, 64); err == nil {
		return seconds(s)
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return at.Sub(now)
}

// seconds turns what a server wrote into a duration, rounded up so that it is never too short.
func seconds(s float64) time.Duration {
	if math.IsNaN(s) || s <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(min(s, longestPause.Seconds())*1000)) * time.Millisecond
}
