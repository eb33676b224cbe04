package firestore_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	google "cloud.google.com/go/firestore"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/firestore"
	"github.com/gatehouse-app/gatehouse/internal/firestoretest"
)

// switchboard takes connections and leads them to one of two servers: the
// emulator, or one that refuses everything with a code.
type switchboard struct {
	addr     string
	emulator string
	refusing string

	mu    sync.Mutex
	code  codes.Code // OK: the emulator
	conns map[net.Conn]bool
}

func newSwitchboard(t *testing.T) *switchboard {
	t.Helper()
	b := &switchboard{emulator: firestoretest.Start(t), conns: map[net.Conn]bool{}}
	refusing := grpc.NewServer(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		return status.Error(b.code, "asked for by a test")
	}))
	l := listen(t)
	b.refusing = l.Addr().String()
	go func() { _ = refusing.Serve(l) }() // it ends with Stop
	t.Cleanup(refusing.Stop)
	front := listen(t)
	b.addr = front.Addr().String()
	go func() {
		for {
			c, err := front.Accept()
			if err != nil {
				return
			}
			go b.lead(t.Context(), c)
		}
	}()
	t.Cleanup(func() { _ = front.Close(); b.turn(codes.OK) })
	return b
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (b *switchboard) lead(ctx context.Context, c net.Conn) {
	defer func() { _ = c.Close() }()
	b.mu.Lock()
	to := b.emulator
	if b.code != codes.OK {
		to = b.refusing
	}
	b.conns[c] = true
	b.mu.Unlock()
	var d net.Dialer
	far, err := d.DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	go func() { _, _ = io.Copy(far, c); _ = far.Close() }()
	_, _ = io.Copy(c, far)
}

// turn has all be led otherwise, and cuts who is connected.
func (b *switchboard) turn(code codes.Code) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.code = code
	for c := range b.conns {
		_ = c.Close()
	}
	clear(b.conns)
}

// TestTrouble has Google refuse in every way that it may: each is said in an
// operator's words, nothing passes for stored that is not, and the same store
// goes on afterwards.
func TestTrouble(t *testing.T) {
	b := newSwitchboard(t)
	config := firestore.Config{Project: "demo-trouble", Instance: "test", Logger: slog.New(slog.DiscardHandler), Options: []option.ClientOption{
		option.WithEndpoint("passthrough:///" + b.addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}}
	s, err := firestore.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for code, words := range map[codes.Code]string{
		codes.ResourceExhausted: "Firestore's quota is used up",
		codes.PermissionDenied:  "its service account needs the role Cloud Datastore User",
		codes.Unauthenticated:   "its service account needs the role Cloud Datastore User",
		codes.Unavailable:       "Firestore does not answer",
	} {
		t.Run(code.String(), func(t *testing.T) {
			ref := engine.Ref{Kind: engine.KindRun, ID: "7/" + code.String()}
			b.turn(code)
			var all sync.WaitGroup
			for doing, call := range map[string]func() error{
				"swap":  func() error { return s.Swap(t.Context(), &engine.Item{Ref: ref}) },
				"check": func() error { return s.Check(t.Context()) },
				"get":   func() error { _, err := s.Get(t.Context(), ref); return err },
				"open":  func() error { _, err := firestore.Open(t.Context(), config); return err },
			} {
				all.Go(func() { unavailable(t, doing, call(), words) })
			}
			all.Wait()
			b.turn(codes.OK)
			if err := s.Check(t.Context()); err != nil {
				t.Errorf("it is over, and yet: %v", err)
			}
			if _, err := s.Get(t.Context(), ref); !errors.Is(err, engine.ErrNotFound) {
				t.Errorf("what was refused: got error %v, want ErrNotFound", err)
			}
		})
	}
}

// TestNewerSchema refuses a database that a newer Gatehouse has worked on.
func TestNewerSchema(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", firestoretest.Start(t))
	config := firestore.Config{Project: "demo-newer", Instance: "test", Logger: slog.New(slog.DiscardHandler)}
	s, err := firestore.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := google.NewClient(t.Context(), config.Project)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Collection("gatehouse_system").Doc("schema").Set(t.Context(), map[string]any{"version": 99}); err != nil {
		t.Fatal(err)
	}
	_, err = firestore.Open(t.Context(), config)
	unavailable(t, "a newer schema", err, "the database has version 99 and this Gatehouse knows up to")
}

// unavailable demands an outage with its reason, and nothing that could pass for a
// stored or a changed item.
func unavailable(t *testing.T, doing string, err error, reason string) {
	t.Helper()
	if !errors.Is(err, engine.ErrUnavailable) || errors.Is(err, engine.ErrConflict) || !strings.Contains(err.Error(), reason) {
		t.Errorf("%s: got error %v, want an outage that says %q", doing, err, reason)
	}
}
