package blobs_test

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"path"
	"sync"
	"testing"

	"google.golang.org/api/option"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
)

// storage is the part of Cloud Storage's JSON API that a bucket uses.
type storage struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string][]byte
}

func (s *storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		content, ok := s.objects[path.Base(r.URL.Path)]
		if !ok || r.URL.Query().Get("alt") != "media" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content)
		return
	}
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		s.t.Error(err)
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	if _, err := parts.NextPart(); err != nil { // the object's own fields
		s.t.Error(err)
	}
	media, err := parts.NextPart()
	if err != nil {
		s.t.Fatal(err)
	}
	content, err := io.ReadAll(media)
	if err != nil {
		s.t.Error(err)
	}
	name := blobs.Name(content)
	if _, there := s.objects[name]; there && r.URL.Query().Get("ifGenerationMatch") == "0" {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	s.objects[name] = content
	_, _ = w.Write([]byte("{}"))
}

func TestBucket(t *testing.T) {
	google := &storage{t: t, objects: map[string][]byte{}}
	server := httptest.NewServer(google)
	defer server.Close()
	b, err := blobs.OpenBucket(t.Context(), "team-blobs", option.WithEndpoint(server.URL), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("rules "), 10_000)
	for range 2 { // the second time it is there already
		if name, err := b.Put(t.Context(), content); err != nil || name != blobs.Name(content) {
			t.Fatalf("put: %s, %v", name, err)
		}
	}
	got, err := b.Get(t.Context(), blobs.Name(content))
	if err != nil || !bytes.Equal(got, content) || len(google.objects) != 1 {
		t.Fatalf("get: %d bytes, %v; %d objects", len(got), err, len(google.objects))
	}
	for _, name := range []string{blobs.Name([]byte("never")), "", "../../etc/passwd"} {
		if _, err := b.Get(t.Context(), name); !errors.Is(err, blobs.ErrNotFound) {
			t.Errorf("%q: %v", name, err)
		}
	}
	google.objects[blobs.Name(content)] = []byte("forged")
	if _, err := b.Get(t.Context(), blobs.Name(content)); err == nil {
		t.Error("a changed blob is handed out")
	}
}
