package stage

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// bodyBytes is how much of an answer is read.
const bodyBytes = 1 << 20

// siteAnswer is what came back, or why nothing did.
type siteAnswer struct {
	status  int
	headers map[string]string // by lower-case name
	body    []byte
	cut     bool // there is more than bodyBytes
	took    time.Duration
	reason  string // why it does not do; empty: it does
	final   bool   // another try would end the same
}

func (a siteAnswer) isJSON() bool { return json.Valid(a.body) }

// json is the body as a value, or nil.
func (a siteAnswer) json() any {
	var v any
	if json.Unmarshal(a.body, &v) != nil {
		return nil
	}
	return v
}

// ask makes one try.
func (p *Prober) ask(ctx context.Context, address string, probe pipeline.Probe) siteAnswer {
	limit := max(probeTimeout, probe.Within+time.Second)
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r, err := http.NewRequestWithContext(timed, http.MethodGet, address, http.NoBody)
	if err != nil {
		return siteAnswer{reason: "is no address", final: true}
	}
	r.Header.Set("User-Agent", "gatehouse")
	if err := p.egress.check(r); err != nil {
		return siteAnswer{reason: err.Error(), final: true}
	}
	start := p.clock()
	site := p.egress.client()
	site.Transport = p.wrap(site.Transport)
	a, err := read(site, r)
	a.took = p.clock().Sub(start)
	if err != nil {
		a.reason, a.final = explain(err, limit)
		return a
	}
	a.reason = p.expectations(ctx, a, probe)
	return a
}

func read(client *http.Client, r *http.Request) (siteAnswer, error) {
	resp, err := client.Do(r)
	if err != nil {
		return siteAnswer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // nothing more is read from it
	a := siteAnswer{status: resp.StatusCode, headers: map[string]string{}}
	for name, values := range resp.Header {
		a.headers[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	a.body, err = io.ReadAll(io.LimitReader(resp.Body, bodyBytes+1))
	if len(a.body) > bodyBytes {
		a.body, a.cut = a.body[:bodyBytes], true
	}
	return a, err
}

// explain says why nothing came back, without the words of whoever answered.
func explain(err error, limit time.Duration) (reason string, final bool) {
	var blocked *blockedError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout net.Error
	switch {
	case errors.As(err, &blocked):
		return blocked.why, true
	case strings.Contains(err.Error(), "redirects more than"):
		return "redirects more than 5 times", true
	case errors.As(err, &name) && name.IsNotFound:
		return "was not reached: the name " + name.Name + " does not exist", false
	case errors.As(err, &name):
		return "was not reached: the name " + name.Name + " was not resolved", false
	case errors.Is(err, syscall.ECONNREFUSED):
		return "was not reached: connection refused", false
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "was not reached: the connection ended before the answer did", false
	case errors.As(err, &certificate):
		return "was not reached: its certificate is not valid for this name", false
	case errors.Is(err, context.Canceled):
		return "was not reached: interrupted", false
	case errors.As(err, &timeout) && timeout.Timeout():
		return "did not answer within " + span(limit), false
	}
	return "was not reached: the connection failed", false
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
