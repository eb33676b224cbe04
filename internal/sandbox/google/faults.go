package google

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// The faults of a method.
const (
	Unavailable FaultKind = "unavailable" // 503, nothing done.
	Internal    FaultKind = "internal"    // 500, nothing done.
	Limited     FaultKind = "limited"     // 429.
	Conflicting FaultKind = "conflicting" // 412 or 409: somebody else was faster.
	Disabled    FaultKind = "disabled"    // 403, the API is off.
	Denied      FaultKind = "denied"      // 403, the permission is missing.
	Lost        FaultKind = "lost"        // It is done, and the answer is a 503.
	Endless     FaultKind = "endless"     // The operation that it begins never ends.
)

// Fault is one rule; the first that matches decides.
type Fault struct {
	// Method is a part of "API METHOD", such as "firebaserules.projects.releases.patch" or "run/v2"; "" is every method.
	Method     string
	Project    string // Project is an id; "" is every project.
	Kind       FaultKind
	RetryAfter time.Duration
	// Times is how often the rule applies; 0 is always.
	Times int
}

// SetFaults replaces the rules.
func (g *Google) SetFaults(rules ...Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults, g.used = rules, make([]int, len(rules))
}

// pick finds the rule for a call and counts its use. The lock is held.
func (g *Google) pick(r route, args map[string]string) Fault {
	for i, f := range g.faults {
		if !strings.Contains(r.api+" "+r.method, f.Method) || f.Times > 0 && g.used[i] >= f.Times {
			continue
		}
		if p := g.project(args["project"]); f.Project != "" && (p == nil || p.id != f.Project) {
			continue
		}
		g.used[i]++
		return f
	}
	return Fault{}
}

// refusal is what a fault answers; nil when the true answer goes out.
func (f Fault) refusal(r route, p *project, reply http.Header) *refusal {
	if f.RetryAfter > 0 {
		reply.Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	switch f.Kind {
	case Unavailable, Lost:
		return &refusal{status: 503, code: "UNAVAILABLE", message: "The service is currently unavailable."}
	case Internal:
		return &refusal{status: 500, code: "INTERNAL", message: "Internal error encountered."}
	case Limited:
		return &refusal{status: 429, code: "RESOURCE_EXHAUSTED", message: "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'."}
	case Conflicting:
		return conflict(r)
	case Disabled:
		return disabled(p, r.host)
	case Denied:
		return denied(p, r.permission)
	case Endless, "":
	}
	return nil
}

// refusal is an error in Google's form.
type refusal struct {
	status  int
	code    string
	message string
	reason  string
	domain  string
	details map[string]string
}

func (r *refusal) write(rw http.ResponseWriter) {
	body := map[string]any{"code": r.status, "message": r.message, "status": r.code}
	if r.reason != "" {
		body["details"] = []any{map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": r.reason, "domain": r.domain, "metadata": r.details,
		}}
	}
	write(rw, r.status, map[string]any{"error": body})
}

func notFound(message string) *refusal {
	return &refusal{status: http.StatusNotFound, code: "NOT_FOUND", message: message}
}

func invalid(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "INVALID_ARGUMENT", message: message}
}

func precondition(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "FAILED_PRECONDITION", message: message}
}

// conflict is how an API says that an etag is old.
func conflict(r route) *refusal {
	if r.host == hostConfig {
		return &refusal{status: http.StatusPreconditionFailed, code: "FAILED_PRECONDITION", message: "The etag of the template has changed."}
	}
	return &refusal{status: http.StatusConflict, code: "ABORTED", message: "Conflict for resource: version mismatch. Retry with the current etag."}
}

func disabled(p *project, host string) *refusal {
	number := "0"
	if p != nil {
		number = p.number
	}
	return &refusal{
		status: http.StatusForbidden, code: "PERMISSION_DENIED", reason: "SERVICE_DISABLED", domain: "googleapis.com",
		message: fmt.Sprintf("%s has not been used in project %s before or it is disabled.", host, number),
		details: map[string]string{"service": host, "consumer": "projects/" + number},
	}
}

func denied(p *project, permission string) *refusal {
	resource := ""
	if p != nil {
		resource = p.name()
	}
	return &refusal{
		status: http.StatusForbidden, code: "PERMISSION_DENIED", reason: "IAM_PERMISSION_DENIED", domain: "iam.googleapis.com",
		message: fmt.Sprintf("Permission '%s' denied on resource '%s' (or it may not exist).", permission, resource),
		details: map[string]string{"permission": permission, "resource": resource},
	}
}
