package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// slackSkew is how far a click's time may be from ours; older ones are replays.
const slackSkew = 5 * time.Minute

// verify reads the body and vouches for it: it is Slack's, and of now.
func (h *slackHook) verify(w http.ResponseWriter, r *http.Request) (body, signature []byte, refused *pipeline.Refusal) {
	if r.Method != http.MethodPost {
		return nil, nil, &pipeline.Refusal{Code: codeMethod, Reason: "Clicks are sent with POST.", Fix: "Send POST."}
	}
	stamp := r.Header.Get("X-Slack-Request-Timestamp")
	digits, v0 := strings.CutPrefix(r.Header.Get("X-Slack-Signature"), "v0=")
	signature, err := hex.DecodeString(digits)
	if !v0 || err != nil || len(signature) != sha256.Size {
		return nil, nil, unsigned("The header X-Slack-Signature is missing or is no v0 signature.")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if age := h.Clock().Sub(time.Unix(seconds, 0)); err != nil || age > slackSkew || age < -slackSkew {
		return nil, nil, unsigned("The request is older than 5 minutes, or of another time than ours.")
	}
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxClick))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, nil, &pipeline.Refusal{Code: codeTooLarge, Reason: "The body is over 1 MB, more than Slack ever sends of a click."}
	case err != nil:
		return nil, nil, malformed("the body did not arrive whole")
	}
	mac := hmac.New(sha256.New, h.Secret)
	mac.Write([]byte("v0:" + stamp + ":"))
	mac.Write(body)
	if !hmac.Equal(mac.Sum(nil), signature) {
		return nil, nil, unsigned("The signature does not fit the body.")
	}
	return body, signature, nil
}

func unsigned(reason string) *pipeline.Refusal {
	return &pipeline.Refusal{Code: codeSignature, Reason: reason, Fix: "Set SLACK_SIGNING_SECRET to the signing secret of the Slack app, and keep this machine's clock right."}
}

func (h *slackHook) refuse(w http.ResponseWriter, r *http.Request, why *pipeline.Refusal) {
	status, result := standing(why.Code)
	h.Count(result)
	h.Logger.WarnContext(r.Context(), "a click from Slack is refused", logCode, why.Code, logReason, why.Reason)
	if status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	write(w, status, answer{Result: "refused", Reason: why.Reason, Fix: why.Fix})
}

// unavailable has Slack show the person that the click did not go through.
func (h *slackHook) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	h.Count(ResultUnavailable)
	h.Logger.ErrorContext(r.Context(), "a click from Slack could not be stored; the person is told that it failed", logError, err)
	write(w, http.StatusServiceUnavailable, answer{Result: ResultUnavailable, Reason: "The click could not be stored.", Fix: "Press again."})
}
