package google

import (
	"encoding/json"
	"fmt"
	"time"

	run "google.golang.org/api/run/v2"
)

// operation is work that goes on. Its shape is that of google.longrunning.Operation, equal in all APIs.
type operation struct {
	name     string
	done     bool
	endless  bool
	code     int64
	message  string
	metadata map[string]any
	response map[string]any
}

// begin starts an operation; finish is called when its time has come, and says what went wrong, or what came of it.
func (p *project) begin(name string, takes time.Duration, metadata map[string]any, finish func(*operation)) *operation {
	op := &operation{name: name, metadata: metadata}
	p.ops[name] = op
	p.g.after(takes, func() {
		if op.endless {
			return
		}
		op.done = true
		finish(op)
	})
	return op
}

func (op *operation) fail(code int64, format string, args ...any) {
	op.code, op.message = code, fmt.Sprintf(format, args...)
}

func (op *operation) shape() *run.GoogleLongrunningOperation {
	o := &run.GoogleLongrunningOperation{Name: op.name, Done: op.done, Metadata: raw(op.metadata)}
	switch {
	case op.done && op.code != 0:
		o.Error = &run.GoogleRpcStatus{Code: op.code, Message: op.message}
	case op.done:
		o.Response = raw(op.response)
	}
	return o
}

func raw(fields map[string]any) []byte {
	if fields == nil {
		return nil
	}
	b, err := json.Marshal(fields)
	if err != nil {
		panic(err) // a type of ours that cannot be written is a mistake of ours
	}
	return b
}

// typed gives an object the @type that Google puts into operations.
func typed(kind string, of any) map[string]any {
	b, err := json.Marshal(of)
	if err != nil {
		panic(err) // a type of ours that cannot be written is a mistake of ours
	}
	fields := map[string]any{}
	_ = json.Unmarshal(b, &fields) // it was an object a moment ago
	fields["@type"] = "type.googleapis.com/" + kind
	return fields
}

// getOperation answers for the operations of projects and regions.
func getOperation(q *request) (any, *refusal) {
	name := q.http.URL.Path
	for _, op := range q.p.ops {
		if len(name) > len(op.name) && name[len(name)-len(op.name)-1:] == "/"+op.name {
			return op.shape(), nil
		}
	}
	return nil, notFound("Operation not found.")
}
