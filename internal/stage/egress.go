package stage

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"syscall"
	"time"
)

const (
	dialTimeout  = 5 * time.Second
	mostHops     = 5
	headersBytes = 64 << 10
)

// blockedError is an address that Gatehouse does not ask.
type blockedError struct{ why string }

// Error says which and why.
func (e *blockedError) Error() string { return e.why }

// egress lets requests out to public https addresses, and to those that the
// operator lists.
type egress struct {
	allow   []string // host:port patterns, * for any port or label
	blocked []netip.Prefix
}

func newEgress(allow []string) (*egress, error) {
	for _, a := range allow {
		if _, _, err := net.SplitHostPort(a); err != nil {
			return nil, fmt.Errorf("probes: expected host:port or host:*, got %q", a)
		}
		if _, err := path.Match(a, ""); err != nil {
			return nil, fmt.Errorf("probes: %q is not a pattern", a)
		}
	}
	e := &egress{allow: allow}
	for _, p := range []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32", "2002::/16", "fec0::/10",
	} {
		e.blocked = append(e.blocked, netip.MustParsePrefix(p))
	}
	return e, nil
}

// allowed reports whether the operator lists this host:port.
func (e *egress) allowed(hostport string) bool {
	for _, a := range e.allow {
		if ok, err := path.Match(strings.ToLower(a), strings.ToLower(hostport)); err == nil && ok {
			return true
		}
	}
	return false
}

// judge says why an address may not be asked, or "".
func (e *egress) judge(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	switch {
	case addr.IsLoopback():
		return "loopback"
	case addr.IsPrivate():
		return "private"
	case addr.IsLinkLocalUnicast(), addr.IsLinkLocalMulticast(), addr.IsInterfaceLocalMulticast():
		return "link-local"
	case addr.IsMulticast(), addr.IsUnspecified():
		return "reserved"
	}
	for _, p := range e.blocked {
		if p.Contains(addr) {
			return "reserved"
		}
	}
	return ""
}

// control is asked by the dialer with the real address, after resolution and
// for every hop.
func (e *egress) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return &blockedError{"was not asked: its address is not understood"}
	}
	if kind := e.judge(at.Addr()); kind != "" {
		return &blockedError{fmt.Sprintf("was not asked: %s is a %s address; the operator can allow it in GATEHOUSE_PROBE_ALLOW", at.Addr(), kind)}
	}
	return nil
}

// check refuses plain http, except where the operator allows the host.
func (e *egress) check(r *http.Request) error {
	port := r.URL.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[r.URL.Scheme]
	}
	if r.URL.Scheme == "https" || r.URL.Scheme == "http" && e.allowed(net.JoinHostPort(r.URL.Hostname(), port)) {
		return nil
	}
	return &blockedError{"was not asked: only https addresses are"}
}

// client makes connections that were judged. It uses no proxy, which would
// resolve names in our place, and keeps none open.
func (e *egress) client() *http.Client {
	open := &net.Dialer{Timeout: dialTimeout}
	guarded := &net.Dialer{Timeout: dialTimeout, Control: e.control}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if e.allowed(address) {
					return open.DialContext(ctx, network, address)
				}
				return guarded.DialContext(ctx, network, address)
			},
			DisableKeepAlives: true, ForceAttemptHTTP2: true, TLSHandshakeTimeout: dialTimeout, MaxResponseHeaderBytes: headersBytes,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > mostHops {
				return errors.New("redirects more than 5 times")
			}
			return e.check(r)
		},
	}
}
