package tracing

import (
	"errors"
	"net/http"
	"net/url"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Peer is a service that is called.
type Peer struct {
	Name   string                     // such as github
	Secret bool                       // the path of its address is a secret, as that of an incoming webhook is
	Op     func(*http.Request) string // what a request does, in few different words; nil: only the method is known
}

// Transport makes a span of every request that base sends. Nothing is added to the
// request: whom we call is not told of our traces.
func (t *Tracer) Transport(base http.RoundTripper, p Peer) http.RoundTripper {
	if t == nil {
		return base
	}
	name := func(_ string, r *http.Request) string {
		if p.Op == nil {
			return r.Method
		}
		return r.Method + " " + p.Op(r)
	}
	return outspoken{otelhttp.NewTransport(discreet{base: base, peer: p},
		otelhttp.WithTracerProvider(t.provider),
		otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()),
		otelhttp.WithSpanNameFormatter(name))}
}

// discreet takes out of the span what otelhttp says of the address, before the
// request is sent.
type discreet struct {
	base http.RoundTripper
	peer Peer
}

// RoundTrip sends once.
func (d discreet) RoundTrip(r *http.Request) (*http.Response, error) {
	shown := url.URL{Scheme: r.URL.Scheme, Host: r.URL.Host}
	if !d.peer.Secret {
		shown.Path, shown.RawPath = r.URL.Path, r.URL.RawPath
	}
	trace.SpanFromContext(r.Context()).SetAttributes(semconv.URLFull(shown.String()), semconv.ServicePeerName(d.peer.Name))
	resp, err := d.base.RoundTrip(r)
	if err != nil {
		return nil, &quietError{err}
	}
	return resp, nil
}

// quietError is what otelhttp gets to see of an error, whose own words may repeat
// the address.
type quietError struct{ cause error }

// Error says no more than a span may hold.
func (*quietError) Error() string { return "the request was not answered" }

// outspoken gives the caller the error itself.
type outspoken struct{ next http.RoundTripper }

// RoundTrip sends once.
func (o outspoken) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := o.next.RoundTrip(r)
	var quiet *quietError
	if errors.As(err, &quiet) {
		return resp, quiet.cause
	}
	return resp, err
}
