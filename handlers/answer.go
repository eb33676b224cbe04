package handlers

import (
	"encoding/json"
	"log/slog"
	"net/http"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// The codes of what is refused here.
const (
	codeMethod    = "wrong-method"
	codeSignature = "bad-signature"
	codeTooLarge  = "too-large"
	codeMediaType = "wrong-content-type"
	codeOtherApp  = "other-app"
	codeDoor      = "foreign-callback"
	codeMalformed = "malformed"
)

// The keys of log lines.
const (
	logDelivery     = "delivery"
	logEvent        = "event"
	logAction       = "action"
	logRepo         = "repo"
	logInstallation = "installation"
	logCode         = "code"
	logReason       = "reason"
	logError        = "error"
)

// answer is the body of every response. GitHub keeps it with the delivery.
type answer struct {
	Result string `json:"result"`
	Reason string `json:"reason,omitempty"`
	Fix    string `json:"fix,omitempty"`
}

// standing maps a refusal's code to the HTTP status and the counted result.
func standing(code string) (status int, result string) {
	switch code {
	case codeMethod:
		return http.StatusMethodNotAllowed, ResultMalformed
	case codeSignature:
		return http.StatusUnauthorized, ResultSignature
	case codeTooLarge:
		return http.StatusRequestEntityTooLarge, ResultTooLarge
	case codeMediaType:
		return http.StatusUnsupportedMediaType, ResultMalformed
	case codeOtherApp, codeDoor:
		return http.StatusBadRequest, ResultForeign
	default:
		return http.StatusBadRequest, ResultMalformed
	}
}

func malformed(what string) *pipeline.Refusal {
	return &pipeline.Refusal{Code: codeMalformed, Reason: "The webhook is malformed: " + what + "."}
}

func (h *hook) refuse(w http.ResponseWriter, r *http.Request, why *pipeline.Refusal) {
	status, result := standing(why.Code)
	h.Count(result)
	h.log(r).WarnContext(r.Context(), "a webhook is refused", logCode, why.Code, logReason, why.Reason)
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	write(w, status, answer{Result: "refused", Reason: why.Reason, Fix: why.Fix})
}

// ignore logs at Info what somebody will look for: why a push started nothing.
func (h *hook) ignore(w http.ResponseWriter, r *http.Request, t Translation) {
	h.Count(ResultIgnored)
	level := slog.LevelDebug
	if r.Header.Get("X-GitHub-Event") == "push" {
		level = slog.LevelInfo
	}
	h.log(r).Log(r.Context(), level, "a webhook is of no interest",
		logAction, t.Action, logRepo, t.Repo.FullName(), logInstallation, t.Repo.Installation, logReason, t.Ignored)
	write(w, http.StatusOK, answer{Result: ResultIgnored, Reason: t.Ignored})
}

// unavailable keeps the reason in the log: it may speak of the machine's insides.
func (h *hook) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	h.Count(ResultUnavailable)
	h.log(r).ErrorContext(r.Context(), "a webhook could not be stored; GitHub is told that it failed", logError, err)
	w.Header().Set("Retry-After", "30")
	write(w, http.StatusServiceUnavailable, answer{
		Result: ResultUnavailable, Reason: "The delivery could not be stored.", Fix: "It is fetched again; the log and /readyz say why.",
	})
}

func (h *hook) stored(w http.ResponseWriter, result engine.Result) {
	word := ResultStored
	if result == engine.Duplicate {
		word = ResultDuplicate
	}
	h.Count(word)
	write(w, http.StatusAccepted, answer{Result: word})
}

func (h *hook) log(r *http.Request) *slog.Logger {
	return h.Logger.With(logDelivery, r.Header.Get("X-GitHub-Delivery"), logEvent, r.Header.Get("X-GitHub-Event"))
}

// write leaves an error alone: the sender has hung up, and what was to be
// stored is stored.
func write(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a)
}
