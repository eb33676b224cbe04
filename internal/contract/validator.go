package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// Prefix is where the REST API of a server other than github.com lives.
const Prefix = "/api/v3"

// Violation is something that GitHub would not have taken or sent.
type Violation struct {
	Where string // such as "POST /repos/{owner}/{repo}/check-runs, request"
	What  string
}

func (v Violation) String() string { return v.Where + ": " + v.What }

// Validator judges the traffic of a REST API by GitHub's description.
type Validator struct {
	github *Description

	mu         sync.Mutex
	covered    map[string]int
	violations []Violation
}

// NewValidator returns a judge who has seen nothing yet.
func NewValidator(github *Description) *Validator {
	return &Validator{github: github, covered: map[string]int{}}
}

// Wrap judges every exchange under /api/v3/ and changes nothing about it.
func (v *Validator) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, Prefix+"/") {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client left before it had said what it wants
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		v.judge(r, body, answer.Code, answer.Header(), answer.Body.Bytes())
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // the client may be gone, which is its own affair
	})
}

// Violations lists what was wrong, in order.
func (v *Validator) Violations() []Violation {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.violations)
}

// Covered counts the operations that were judged, each with the status of its answer.
func (v *Validator) Covered() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.covered)
}

func (v *Validator) judge(r *http.Request, body []byte, status int, header http.Header, answer []byte) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), Prefix)
	e := &exchange{validator: v, request: r, body: body, status: status, header: header, answer: answer}
	pattern, params, found := v.github.match(r.Method, path)
	if !found {
		v.object(r.Method+" "+path, "unvalidated: GitHub has no such operation")
		return
	}
	e.operation = r.Method + " " + pattern
	v.mu.Lock()
	v.covered[fmt.Sprintf("%s %d", e.operation, status)]++
	v.mu.Unlock()
	doc, err := v.github.document(pattern)
	if err != nil {
		v.object(e.operation, err.Error())
		return
	}
	item := doc.Paths.Value(pattern)
	e.route = &routers.Route{Spec: doc, Path: pattern, PathItem: item, Method: r.Method, Operation: item.GetOperation(r.Method)}
	e.judge(params)
}

func (v *Validator) object(where, what string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.violations = append(v.violations, Violation{Where: where, What: what})
}

// exchange is one request with its answer and the operation that it belongs to.
type exchange struct {
	validator *Validator
	operation string
	route     *routers.Route
	request   *http.Request
	body      []byte
	status    int
	header    http.Header
	answer    []byte
}

func (e *exchange) object(side, what string) { e.validator.object(e.operation+", "+side, what) }

func (e *exchange) judge(params map[string]string) {
	request := e.request.Clone(e.request.Context())
	request.Body = io.NopCloser(bytes.NewReader(e.body))
	request.ContentLength = int64(len(e.body))
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: params, QueryParams: request.URL.Query(), Route: e.route, Options: options(),
	}
	if err := openapi3filter.ValidateRequest(request.Context(), input); err != nil {
		e.object("request", brief(err))
	}
	for _, name := range e.unknownQuery(request.URL.Query()) {
		e.object("request", "the query parameter "+name+" is unknown to GitHub")
	}
	e.unknownFields("request", requestSchema(e.route.Operation), e.body)
	e.judgeAnswer(input)
}

func options() *openapi3filter.Options {
	return &openapi3filter.Options{
		MultiError: true, IncludeResponseStatus: true, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true,
		AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
	}
}

// judgeAnswer holds what GitHub describes to the description, and refusals that it does not describe to GitHub's form
// of an error.
func (e *exchange) judgeAnswer(input *openapi3filter.RequestValidationInput) {
	declared := e.route.Operation.Responses.Status(e.status) != nil
	if !declared && e.status < 300 {
		e.object("answer", fmt.Sprintf("GitHub never answers %d here", e.status))
		return
	}
	if e.status >= 300 && e.status != http.StatusNotModified {
		e.judgeError()
	}
	if !declared {
		return
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: e.status, Header: e.header, Options: options(),
	}
	answer.SetBodyBytes(e.answer)
	if err := openapi3filter.ValidateResponse(e.request.Context(), answer); err != nil {
		e.object("answer", fmt.Sprintf("%d: %s", e.status, brief(err)))
	}
	if schema := answerSchema(e.route.Operation, e.status); schema != nil {
		e.unknownFields("answer", schema, e.answer)
	} else if len(e.answer) > 0 && e.status == http.StatusNoContent {
		e.object("answer", "204 comes without a body")
	}
}

// brief leaves out the schemas and values that kin-openapi prints below each of its findings.
func brief(err error) string {
	var kept []string
	for line := range strings.Lines(err.Error()) {
		if text := strings.TrimRight(line, "\n"); text != "" && !strings.HasPrefix(text, " ") && text != "Schema:" && text != "Value:" {
			kept = append(kept, text)
		}
	}
	return strings.Join(kept, "; ")
}

func (e *exchange) judgeError() {
	var body struct {
		Message string `json:"message"`
		Docs    string `json:"documentation_url"`
	}
	if err := json.Unmarshal(e.answer, &body); err != nil {
		e.object("answer", fmt.Sprintf("%d: an error is a JSON object: %v", e.status, err))
		return
	}
	if body.Message == "" || body.Docs == "" {
		e.object("answer", fmt.Sprintf("%d: an error holds message and documentation_url", e.status))
	}
}

// unknownQuery names the query parameters that the operation does not have.
func (e *exchange) unknownQuery(query url.Values) []string {
	known := map[string]bool{}
	for _, p := range slices.Concat(e.route.PathItem.Parameters, e.route.Operation.Parameters) {
		known[p.Value.Name] = p.Value.In == "query"
	}
	return slices.DeleteFunc(slices.Sorted(maps.Keys(query)), func(name string) bool { return known[name] })
}

// unknownFields objects to what a body holds beyond its schema.
func (e *exchange) unknownFields(side string, schema *openapi3.Schema, text []byte) {
	var value any
	if schema == nil || len(text) == 0 || json.Unmarshal(text, &value) != nil {
		return
	}
	for _, field := range strays([]shape{openapiShape{schema}}, value, "") {
		e.object(side, "the field "+field+" is unknown to GitHub")
	}
}

func requestSchema(op *openapi3.Operation) *openapi3.Schema {
	if op.RequestBody == nil || op.RequestBody.Value == nil {
		return nil
	}
	return jsonSchema(op.RequestBody.Value.Content)
}

func answerSchema(op *openapi3.Operation, status int) *openapi3.Schema {
	answer := op.Responses.Status(status)
	if answer == nil || answer.Value == nil {
		return nil
	}
	return jsonSchema(answer.Value.Content)
}

func jsonSchema(content openapi3.Content) *openapi3.Schema {
	media := content.Get("application/json")
	if media == nil || media.Schema == nil {
		return nil
	}
	return media.Schema.Value
}
