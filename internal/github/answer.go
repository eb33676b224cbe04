package github

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	errorBytes  = 64 << 10 // Enough for every error that GitHub describes.
	answerBytes = 32 << 20 // More than any page of a list, and than the largest file that is read.
)

// answer is what the transport keeps of a response.
type answer struct {
	status     int
	requestID  string
	accepted   string // accepted is X-Accepted-GitHub-Permissions.
	message    string // message is GitHub's sentence, for a status of 400 and above.
	docs       string
	retryAfter time.Duration
	hasRate    bool
	limit      int
	remaining  int
	reset      time.Time
}

// read keeps the headers, and the words of a refusal. The body stays readable.
func read(resp *http.Response, now time.Time) answer {
	h := resp.Header
	a := answer{
		status: resp.StatusCode, requestID: h.Get("X-Github-Request-Id"),
		accepted: h.Get("X-Accepted-Github-Permissions"), retryAfter: retryAfter(h.Get("Retry-After"), now),
	}
	remaining, err := strconv.Atoi(h.Get("X-Ratelimit-Remaining"))
	if err == nil {
		a.hasRate, a.remaining = true, remaining
		a.limit, _ = strconv.Atoi(h.Get("X-Ratelimit-Limit"))
		if at, err := strconv.ParseInt(h.Get("X-Ratelimit-Reset"), 10, 64); err == nil && at > 0 {
			a.reset = time.Unix(at, 0)
		}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		a.message, a.docs = words(resp)
	}
	return a
}

// words takes the sentence from a refusal, and puts the body back for others to read.
func words(resp *http.Response) (message, docs string) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, errorBytes))
	_ = resp.Body.Close() // Nothing more is read from it, so nothing can be lost.
	resp.Body = io.NopCloser(bytes.NewReader(body))
	var said struct {
		Message string            `json:"message"`
		Docs    string            `json:"documentation_url"`
		Errors  []json.RawMessage `json:"errors"`
	}
	if err != nil || json.Unmarshal(body, &said) != nil {
		return "", "" // A proxy's page tells nothing; the status does.
	}
	parts := []string{said.Message}
	for _, raw := range said.Errors {
		if detail := detailOf(raw); detail != "" {
			parts = append(parts, detail)
		}
	}
	return strings.Join(parts, ": "), said.Docs
}

// detailOf reads one entry of "errors", which is an object or a plain text.
func detailOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var d struct{ Resource, Field, Code, Message string }
	if json.Unmarshal(raw, &d) != nil {
		return ""
	}
	return strings.Join(strings.Fields(strings.Join([]string{d.Resource, d.Field, d.Code, d.Message}, " ")), " ")
}

// suspended says that an owner has suspended the installation.
func (a answer) suspended() bool {
	return a.status == http.StatusForbidden && strings.Contains(a.message, "suspended")
}

// primary says that the hourly budget is used up.
func (a answer) primary() bool {
	if !a.limiting() || !a.hasRate || a.remaining != 0 {
		return false
	}
	return !strings.Contains(a.message, "not accessible") // A missing permission may come with the very last request.
}

// secondary says that GitHub asks to slow down.
func (a answer) secondary() bool {
	if !a.limiting() || a.primary() {
		return false
	}
	return a.status == http.StatusTooManyRequests || a.retryAfter > 0 || a.saysSecondary() ||
		strings.Contains(strings.ToLower(a.message), "rate limit")
}

func (a answer) limiting() bool {
	return a.status == http.StatusForbidden || a.status == http.StatusTooManyRequests
}

func (a answer) saysSecondary() bool {
	said := strings.ToLower(a.message)
	return strings.Contains(said, "secondary rate limit") || strings.Contains(said, "abuse detection") ||
		strings.HasSuffix(a.docs, "#abuse-rate-limits") || strings.HasSuffix(a.docs, "secondary-rate-limits")
}

// retryAfter reads seconds or a date, at least one second and at most a day; zero means that the header says nothing.
func retryAfter(value string, now time.Time) time.Duration {
	if value == "" {
		return 0
	}
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = at.Sub(now)
	} else {
		return 0
	}
	return min(max(wait, time.Second), 24*time.Hour)
}
