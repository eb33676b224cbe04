package firebase

import (
	"context"
	"encoding/json"
	"net/http"

	"google.golang.org/api/cloudfunctions/v2"
	"google.golang.org/api/firestore/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/run/v2"

	functions1 "google.golang.org/api/cloudfunctions/v1"
)

// API says whose operation it is. The set is closed.
type API string

// The APIs that have long-running operations.
const (
	APIRun        API = "run"
	APIFunctions  API = "functions"   // Cloud Functions v2.
	APIFunctions1 API = "functions_1" // Cloud Functions v1.
	APIFirestore  API = "firestore"
)

// Operation is work that Google does by itself. It is data: store it, and ask Look about it later, from any process.
type Operation struct {
	API  API    `json:"api"`
	Name string `json:"name"` // Name is Google's own.
	What string `json:"what"` // What completes "Google could not …".
}

// Progress is one look at an operation.
type Progress struct {
	Done bool `json:"done"`
	// Failed is why it ended without success; nil while it runs and after success.
	Failed *Error `json:"-"`
	// State is Google's word for how far it is, where it has one.
	State string `json:"state,omitempty"`
	// DoneWork and AllWork count documents of an export; 0 where Google does not say.
	DoneWork int64 `json:"done_work,omitempty"`
	AllWork  int64 `json:"all_work,omitempty"`
	// Output is where an export is written.
	Output string `json:"output,omitempty"`
}

// seen is an operation in any of the four forms that Google gives it.
type seen struct {
	done     bool
	code     int64
	message  string
	failed   bool
	metadata googleapi.RawMessage
}

// Look asks once how far an operation is.
func (p *Project) Look(ctx context.Context, op Operation) (Progress, error) {
	what := "look how far Google is: " + op.What
	s, err := do(ctx, p, operation{what, op.host(), reads, ""}, func(ctx context.Context) (seen, error) { return p.ask(ctx, op) })
	if err != nil {
		return Progress{}, err
	}
	var meta struct {
		OperationState, OutputURIPrefix string
		ProgressDocuments               struct{ EstimatedWork, CompletedWork int64 } `json:"-"`
	}
	progress := Progress{Done: s.done}
	if json.Unmarshal(s.metadata, &meta) == nil {
		progress.State, progress.Output = meta.OperationState, meta.OutputURIPrefix
	}
	if op.API == APIFirestore {
		progress.DoneWork, progress.AllWork = workOf(s.metadata)
	}
	if s.failed {
		progress.Failed = p.failedOperation(op, s)
	}
	return progress, nil
}

func workOf(metadata googleapi.RawMessage) (done, all int64) {
	var meta firestore.GoogleFirestoreAdminV1ExportDocumentsMetadata
	if json.Unmarshal(metadata, &meta) != nil || meta.ProgressDocuments == nil {
		return 0, 0
	}
	return meta.ProgressDocuments.CompletedWork, meta.ProgressDocuments.EstimatedWork
}

func (op Operation) host() string {
	switch op.API {
	case APIRun:
		return hostRun
	case APIFirestore:
		return hostFirestore
	case APIFunctions, APIFunctions1:
		return hostFunctions
	}
	return ""
}

func (p *Project) ask(ctx context.Context, op Operation) (seen, error) {
	switch op.API {
	case APIRun:
		o, err := p.run.Projects.Locations.Operations.Get(op.Name).Context(ctx).Do()
		if err != nil {
			return seen{}, err
		}
		return seenRun(o), nil
	case APIFunctions:
		o, err := p.functions.Projects.Locations.Operations.Get(op.Name).Context(ctx).Do()
		if err != nil {
			return seen{}, err
		}
		return seenFunctions(o), nil
	case APIFunctions1:
		o, err := p.functions1.Operations.Get(op.Name).Context(ctx).Do()
		if err != nil {
			return seen{}, err
		}
		return seenFunctions1(o), nil
	case APIFirestore:
		o, err := p.firestore.Projects.Databases.Operations.Get(op.Name).Context(ctx).Do()
		if err != nil {
			return seen{}, err
		}
		return seenFirestore(o), nil
	}
	return seen{}, invalid(p.id, "look at an operation", "%q is no API with operations", op.API)
}

func seenRun(o *run.GoogleLongrunningOperation) seen {
	s := seen{done: o.Done, metadata: o.Metadata}
	if o.Error != nil {
		s.failed, s.code, s.message = true, o.Error.Code, o.Error.Message
	}
	return s
}

func seenFunctions(o *cloudfunctions.Operation) seen {
	s := seen{done: o.Done, metadata: o.Metadata}
	if o.Error != nil {
		s.failed, s.code, s.message = true, o.Error.Code, o.Error.Message
	}
	return s
}

func seenFunctions1(o *functions1.Operation) seen {
	s := seen{done: o.Done, metadata: o.Metadata}
	if o.Error != nil {
		s.failed, s.code, s.message = true, o.Error.Code, o.Error.Message
	}
	return s
}

func seenFirestore(o *firestore.GoogleLongrunningOperation) seen {
	s := seen{done: o.Done, metadata: o.Metadata}
	if o.Error != nil {
		s.failed, s.code, s.message = true, o.Error.Code, o.Error.Message
	}
	return s
}

// The codes of google.rpc.Status that mean something here.
const (
	rpcNotFound           = 5
	rpcPermissionDenied   = 7
	rpcFailedPrecondition = 9
	rpcAborted            = 10
	rpcUnavailable        = 14
)

// failedOperation says what an operation's end means: it was taken, but what it needed was not there.
func (p *Project) failedOperation(op Operation, s seen) *Error {
	e := &Error{Project: p.id, Op: op.What, Message: redact(s.message, ""), Class: Invalid}
	switch s.code {
	case rpcNotFound, rpcFailedPrecondition:
		e.Class = Gone
		if op.API == APIRun {
			e.Fix = "the image of the older revision may be gone: build the function again from its stored source, or deploy the commit again"
		}
	case rpcPermissionDenied:
		e.Class, e.Status = Forbidden, http.StatusForbidden
		e.Fix = p.grant(operation{host: op.host()}, permissionOf(details{}, s.message))
	case rpcAborted:
		e.Class = Conflict
	case rpcUnavailable:
		e.Class = Unavailable
	}
	return e
}
