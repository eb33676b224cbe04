// Package taskstest is a stand-in for Google Cloud Tasks that speaks to the
// real client over gRPC and has the habits that code must live with: it
// delivers late, twice, or never, refuses to make a task now and then, and
// remembers the names of what it has done. Its calls carry a token that it
// signs, whose keys it publishes as Google does.
package taskstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// CertsHost and CertsPath are where Google publishes the keys of its tokens.
const (
	CertsHost = "www.googleapis.com"
	CertsPath = "/oauth2/v3/certs"

	keyID = "taskstest"
)

// Faults are shares of 1, for each task.
type Faults struct {
	Refuse float64 // answered Unavailable, nothing made
	Lose   float64 // made, and never delivered
	Repeat float64 // delivered twice
	Delay  float64 // delivered up to a second late
}

// Server is a queue with its dispatcher.
type Server struct {
	cloudtaskspb.UnimplementedCloudTasksServer
	Addr   string // for the client, host:port
	Google string // stands in for Google's HTTP hosts, as GATEHOUSE_GOOGLE_API_URL does

	grpc   *grpc.Server
	key    *rsa.PrivateKey
	issuer string
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	faults Faults
	names  map[string]bool
	tokens map[[2]string]string // by account and audience
	counts Counts
}

// Counts say what the queue did.
type Counts struct{ Made, Refused, Lost, Known, Delivered, Failed int }

// Start starts a queue that ends with the test.
func Start(t testing.TB, faults Faults) *Server {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &Server{
		Addr: l.Addr().String(), grpc: grpc.NewServer(), key: key, issuer: "https://accounts.google.com",
		ctx: ctx, cancel: cancel, faults: faults, names: map[string]bool{}, tokens: map[[2]string]string{},
	}
	cloudtaskspb.RegisterCloudTasksServer(s.grpc, s)
	go func() { _ = s.grpc.Serve(l) }() // it ends with Stop
	web := httptest.NewServer(http.HandlerFunc(s.certs))
	s.Google = web.URL
	t.Cleanup(func() {
		cancel()
		s.grpc.Stop()
		s.work.Wait()
		web.Close()
	})
	return s
}

// Counts returns what the queue did so far.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// CreateTask makes a task, or one of the queue's faults.
func (s *Server) CreateTask(_ context.Context, r *cloudtaskspb.CreateTaskRequest) (*cloudtaskspb.Task, error) {
	task := r.GetTask()
	s.mu.Lock()
	defer s.mu.Unlock()
	if chance(s.faults.Refuse) {
		s.counts.Refused++
		return nil, status.Error(codes.Unavailable, "a fault that was asked for")
	}
	if s.names[task.GetName()] {
		s.counts.Known++
		return nil, status.Error(codes.AlreadyExists, "the queue knows this name")
	}
	s.names[task.GetName()] = true
	if task.GetScheduleTime().AsTime().After(now().Add(30 * 24 * time.Hour)) {
		return nil, status.Error(codes.InvalidArgument, "more than 30 days ahead")
	}
	s.counts.Made++
	if chance(s.faults.Lose) {
		s.counts.Lost++
		return task, nil
	}
	times := 1
	if chance(s.faults.Repeat) {
		times = 2
	}
	for range times {
		wait := time.Duration(0)
		if chance(s.faults.Delay) {
			wait = time.Duration(mathrand.Int64N(int64(time.Second))) //nolint:gosec // a test's dice
		}
		s.work.Go(func() { s.deliver(task, wait) })
	}
	return task, nil
}

func chance(share float64) bool { return mathrand.Float64() < share } //nolint:gosec // a test's dice

func now() time.Time { return time.Now() } //nolint:forbidigo // a queue lives by the real time

// deliver calls the target until it answers 2xx, as a queue without a limit of tries.
func (s *Server) deliver(task *cloudtaskspb.Task, late time.Duration) {
	if at := task.GetScheduleTime(); at != nil {
		late += at.AsTime().Sub(now())
	}
	for rest := 100 * time.Millisecond; s.wait(late); rest = min(2*rest, 2*time.Second) {
		ok := s.call(task.GetHttpRequest())
		s.mu.Lock()
		if ok {
			s.counts.Delivered++
		} else {
			s.counts.Failed++
		}
		s.mu.Unlock()
		if ok {
			return
		}
		late = rest
	}
}

// wait is false once the queue has ended.
func (s *Server) wait(d time.Duration) bool {
	timer := time.NewTimer(d) //nolint:forbidigo // a queue lives by the real time
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

func (s *Server) call(to *cloudtaskspb.HttpRequest) bool {
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPost, to.GetUrl(), bytes.NewReader(to.GetBody()))
	if err != nil {
		return false
	}
	for name, v := range to.GetHeaders() {
		r.Header.Set(name, v)
	}
	oidc := to.GetOidcToken()
	r.Header.Set("Authorization", "Bearer "+s.token(oidc.GetServiceAccountEmail(), oidc.GetAudience()))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.StatusCode < 300
}

// token is Token, signed once for its hour.
func (s *Server) token(account, audience string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := [2]string{account, audience}
	if s.tokens[of] == "" {
		s.tokens[of] = s.Token(account, audience)
	}
	return s.tokens[of]
}

// Token is what Google would sign for an account and an audience. The changes
// are made to its claims before it is signed.
func (s *Server) Token(account, audience string, changes ...func(jwt.MapClaims)) string {
	claims := jwt.MapClaims{
		"iss": s.issuer, "aud": audience, "email": account, "email_verified": true,
		"iat": now().Unix(), "exp": now().Add(time.Hour).Unix(), "sub": "1",
	}
	for _, change := range changes {
		change(claims)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
	token.Header["kid"] = keyID
	signed, err := token.SignedString(s.key)
	if err != nil {
		return ""
	}
	return signed
}

// certs publishes the key, at the path that stands in for Google's.
func (s *Server) certs(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/"+CertsHost+CertsPath {
		http.NotFound(w, r)
		return
	}
	encode := base64.RawURLEncoding.EncodeToString
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
		"kid": keyID, "kty": "RSA", "alg": "RS256", "use": "sig",
		"n": encode(s.key.N.Bytes()), "e": encode(big.NewInt(int64(s.key.E)).Bytes()),
	}}})
}
