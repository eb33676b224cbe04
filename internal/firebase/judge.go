package firebase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/googleapi"

	"github.com/gatehouse-app/gatehouse/internal/answer"
)

// judge turns whatever went wrong into an *Error. It is the only place that reads Google's refusals.
func (p *Project) judge(ctx context.Context, op operation, c *call, err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	sent, secret := c.seen()
	e := &Error{Project: p.id, Op: op.what}
	var unsigned *tokenError
	var said *googleapi.Error
	switch {
	case errors.As(err, &unsigned):
		p.judgeToken(e, unsigned.err)
	case errors.As(err, &said):
		p.judgeAnswer(e, op, said, secret)
	case ctx.Err() != nil:
		e.Class, e.cause = Canceled, ctx.Err()
		if sent && op.effect == once {
			e.Class = Ambiguous
		}
		e.Message = "the call was given up before Google answered"
	default:
		e.Class, e.cause, e.Message = Unavailable, gaveUp(err), redact(plain(err), secret)
		if sent && op.effect == once {
			e.Class, e.Fix = Ambiguous, "look whether it happened before trying again"
		}
	}
	return e
}

// judgeToken is for a request that was never sent, because no token came.
func (p *Project) judgeToken(e *Error, err error) {
	e.Class, e.Code, e.Message = Unauthorized, "NO_CREDENTIALS", redact(plain(err), "")
	e.Fix = "the operator sets GOOGLE_APPLICATION_CREDENTIALS, or runs Gatehouse where Google lends it an account"
	var said *googleapi.Error
	if !errors.As(err, &said) {
		return
	}
	p.judgeAnswer(e, operation{what: e.Op, host: hostCredentials, effect: reads}, said, "")
	if e.Class == Forbidden || e.Class == NotFound {
		e.Class = Forbidden
		e.Fix = "grant the account that Gatehouse runs as the role roles/iam.serviceAccountTokenCreator on " + p.as + ", and check that this account exists"
	}
}

// judgeAnswer reads a refusal of Google.
func (p *Project) judgeAnswer(e *Error, op operation, said *googleapi.Error, secret string) {
	detail := detailsOf(said)
	e.Status, e.Code, e.Message = said.Code, detail.code(), redact(said.Message, secret)
	switch {
	case said.Code == http.StatusTooManyRequests, detail.Reason == "RATE_LIMIT_EXCEEDED", detail.Status == "RESOURCE_EXHAUSTED":
		e.Class, e.RetryAt = RateLimited, answer.RetryAt(said.Header, []byte(said.Body), p.client.opt.Clock())
		if said.Header.Get("Retry-After") == "" {
			e.RetryAt = p.client.opt.Clock().Add(firstWait) // Google names no time; its quotas are refilled by the second.
		}
	case said.Code == http.StatusForbidden && (detail.Reason == "SERVICE_DISABLED" || strings.Contains(said.Message, "or it is disabled")):
		e.Class, e.Service = Disabled, detail.Metadata["service"]
		if e.Service == "" {
			e.Service = op.host
		}
		e.Fix = enable(e.Service, p.id)
	case said.Code == http.StatusForbidden && detail.Reason == "BILLING_DISABLED":
		e.Class = Forbidden
		e.Fix = fmt.Sprintf("link project %s to a billing account: https://console.cloud.google.com/billing/linkedaccount?project=%s", p.id, p.id)
	case said.Code == http.StatusForbidden:
		e.Class, e.Permission = Forbidden, permissionOf(detail, said.Message)
		e.Fix = p.grant(op, e.Permission)
	case said.Code == http.StatusUnauthorized:
		e.Class, e.Fix = Unauthorized, "the operator checks GOOGLE_APPLICATION_CREDENTIALS and this machine's clock"
	case said.Code == http.StatusNotFound, said.Code == http.StatusGone:
		e.Class = NotFound
	case said.Code == http.StatusConflict, said.Code == http.StatusPreconditionFailed, detail.Status == "ABORTED":
		e.Class = Conflict
	case said.Code >= http.StatusInternalServerError, said.Code == http.StatusRequestTimeout:
		e.Class = Unavailable
		if op.effect == once {
			e.Class, e.Fix = Ambiguous, "look whether it happened before trying again"
		}
	case said.Code >= http.StatusBadRequest:
		e.Class = Invalid
	default:
		e.Class = Unexpected
	}
}

// enable says which API to switch on, and where.
func enable(service, project string) string {
	return fmt.Sprintf("enable the API %s in project %s: https://console.cloud.google.com/apis/library/%s?project=%s", service, project, service, project)
}

// grant says who needs which right, and where.
func (p *Project) grant(op operation, permission string) string {
	fix := "grant " + p.who()
	switch {
	case op.role != "" && permission != "":
		fix += fmt.Sprintf(" the role %s, which holds the permission %s,", op.role, permission)
	case op.role != "":
		fix += " the role " + op.role
	case permission != "":
		fix += " a role with the permission " + permission
	default:
		fix += " the rights that Gatehouse's documentation lists"
	}
	return strings.TrimSuffix(fix, ",") + " in project " + p.id + ": https://console.cloud.google.com/iam-admin/iam?project=" + p.id
}

// details are Google's machine-readable words about a refusal.
type details struct {
	Status   string // Status is the canonical code of the error.
	Reason   string
	Metadata map[string]string
}

func (d details) code() string {
	if d.Reason != "" {
		return d.Reason
	}
	return d.Status
}

func detailsOf(said *googleapi.Error) details {
	var body struct {
		Error struct {
			Status  string
			Details []details
		}
	}
	_ = json.Unmarshal([]byte(said.Body), &body) // A proxy's page tells nothing; the status does.
	d := details{Status: body.Error.Status}
	for _, one := range body.Error.Details {
		if one.Reason != "" {
			d.Reason, d.Metadata = one.Reason, one.Metadata
			break
		}
	}
	return d
}

// permissionOf finds the missing permission in the details, or between the quotes of Google's sentence.
func permissionOf(d details, message string) string {
	if named := d.Metadata["permission"]; named != "" {
		return named
	}
	_, after, found := strings.Cut(message, "Permission '")
	if !found {
		return ""
	}
	named, _, _ := strings.Cut(after, "'")
	return named
}

// plain drops the address from the errors of net/http, because it may be signed and the operation's name already says it.
func plain(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// at reads one of Google's timestamps; the zero time if it has none.
func at(stamp string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
