package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// maxGUID is far above GitHub's 36 characters.
const maxGUID = 200

// verify reads the body and vouches for it: it is signed, whole, JSON, and for us.
func (h *hook) verify(w http.ResponseWriter, r *http.Request) ([]byte, *pipeline.Refusal) {
	if r.Method != http.MethodPost {
		return nil, &pipeline.Refusal{Code: codeMethod, Reason: "Webhooks are sent with POST.", Fix: "Send POST."}
	}
	signature, refused := readSignature(r.Header)
	if refused != nil {
		return nil, refused // before a stranger's body takes any memory
	}
	body, refused := readBody(w, r)
	if refused != nil {
		return nil, refused
	}
	if !h.signed(body, signature) {
		return nil, &pipeline.Refusal{
			Code: codeSignature, Reason: "The signature does not fit the body.",
			Fix: "Set GITHUB_APP_WEBHOOK_SECRET to the webhook secret of the GitHub App.",
		}
	}
	if refused := h.addressed(r.Header); refused != nil {
		return nil, refused
	}
	if !json.Valid(body) {
		return nil, malformed("the body is not JSON")
	}
	return body, nil
}

// readSignature takes SHA-256 alone: GitHub still sends SHA-1 beside it, and
// nobody else needs to.
func readSignature(header http.Header) ([]byte, *pipeline.Refusal) {
	digits, ok := strings.CutPrefix(header.Get("X-Hub-Signature-256"), "sha256=")
	sum, err := hex.DecodeString(digits)
	if !ok || err != nil || len(sum) != sha256.Size {
		return nil, &pipeline.Refusal{
			Code: codeSignature, Reason: "The header X-Hub-Signature-256 is missing or is no SHA-256 signature.",
			Fix: "Set a webhook secret in the GitHub App's settings.",
		}
	}
	return sum, nil
}

// signed compares with every secret, in the same time whichever fits.
func (h *hook) signed(body, signature []byte) bool {
	fits := false
	for _, secret := range h.Secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write(body)
		fits = hmac.Equal(mac.Sum(nil), signature) || fits
	}
	return fits
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *pipeline.Refusal) {
	tooLarge := &pipeline.Refusal{Code: codeTooLarge, Reason: "The body is over 25 MB, more than GitHub ever sends."}
	if r.ContentLength > maxBody {
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, tooLarge
	}
	if err != nil {
		return nil, malformed("the body did not arrive whole")
	}
	return body, nil
}

// addressed looks at the headers that say what it is and whose. Another App's
// delivery is refused, not ignored: it shares our secret and address by
// mistake, and a 4xx is how its owner sees that in GitHub's list of deliveries.
func (h *hook) addressed(header http.Header) *pipeline.Refusal {
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")) // a bad one is not JSON either
	if kind != "application/json" {
		return &pipeline.Refusal{
			Code: codeMediaType, Reason: "The webhook is not sent as application/json.",
			Fix: "Set the content type of the GitHub App's webhook to application/json.",
		}
	}
	guid := header.Get("X-GitHub-Delivery")
	switch {
	case header.Get("X-GitHub-Event") == "":
		return malformed("the header X-GitHub-Event is missing")
	case guid == "" || len(guid) > maxGUID || strings.ContainsFunc(guid, notInGUID):
		return malformed("the header X-GitHub-Delivery is missing or is no GUID")
	}
	target := header.Get("X-GitHub-Hook-Installation-Target-ID")
	if target != "" && target != strconv.FormatInt(h.AppID, 10) {
		return &pipeline.Refusal{
			Code: codeOtherApp, Reason: "The webhook belongs to another GitHub App, repository or organization.",
			Fix: "Let only the hook of this App (GITHUB_APP_INTEGRATION_ID) send to this address, and remove the other.",
		}
	}
	return nil
}

func notInGUID(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-'
}
