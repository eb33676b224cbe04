package blobs_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/api/option"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
)

// object is one of a bucket. Its time is that of a clock which each write moves on.
type object struct {
	content        []byte
	updated        time.Time
	metageneration int64
}

// storage is the part of Cloud Storage's JSON API that a bucket uses.
type storage struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string]*object
	page    int // objects a page of a list; 0: all
}

func (s *storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, err := url.PathUnescape(path.Base(r.URL.EscapedPath()))
	if err != nil {
		s.t.Error(err)
	}
	if name == "o" && r.Method == http.MethodGet {
		s.list(w, r.URL.Query())
		return
	}
	if r.Method == http.MethodPost {
		s.insert(w, r)
		return
	}
	o := s.objects[name]
	switch {
	case o == nil:
		http.NotFound(w, r)
	case r.Method == http.MethodGet && r.URL.Query().Get("alt") == "media":
		_, _ = w.Write(o.content)
	case r.Method == http.MethodPatch:
		o.updated, o.metageneration = time.Now(), o.metageneration+1
		_, _ = w.Write([]byte("{}"))
	case r.Method == http.MethodDelete && r.URL.Query().Get("ifMetagenerationMatch") != strconv.FormatInt(o.metageneration, 10):
		w.WriteHeader(http.StatusPreconditionFailed)
	case r.Method == http.MethodDelete:
		delete(s.objects, name)
		w.WriteHeader(http.StatusNoContent)
	default:
		http.NotFound(w, r)
	}
}

func (s *storage) list(w http.ResponseWriter, q url.Values) {
	answer := map[string]any{}
	var items []map[string]any
	for _, name := range slices.Sorted(maps.Keys(s.objects)) {
		if o := s.objects[name]; strings.HasPrefix(name, q.Get("prefix")) && name > q.Get("pageToken") {
			items = append(items, map[string]any{
				"name": name, "size": strconv.Itoa(len(o.content)), "updated": o.updated.UTC().Format(time.RFC3339Nano),
				"metageneration": strconv.FormatInt(o.metageneration, 10),
			})
		}
	}
	if s.page > 0 && len(items) > s.page {
		items = items[:s.page]
		answer["nextPageToken"] = items[s.page-1]["name"]
	}
	answer["items"] = items
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.t.Error(err)
	}
}

func (s *storage) insert(w http.ResponseWriter, r *http.Request) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		s.t.Error(err)
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	fields, err := parts.NextPart()
	if err != nil {
		s.t.Fatal(err)
	}
	var of struct{ Name string }
	if err := json.NewDecoder(fields).Decode(&of); err != nil {
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
	if s.objects[of.Name] != nil && r.URL.Query().Get("ifGenerationMatch") == "0" {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	s.objects[of.Name] = &object{content: content, updated: time.Now(), metageneration: 1}
	_, _ = w.Write([]byte("{}"))
}

func openBucket(t *testing.T) (*blobs.Bucket, *storage) {
	t.Helper()
	google := &storage{t: t, objects: map[string]*object{}, page: 2}
	server := httptest.NewServer(google)
	t.Cleanup(server.Close)
	b, err := blobs.OpenBucket(t.Context(), "team-blobs", option.WithEndpoint(server.URL), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	return b, google
}

func TestBucket(t *testing.T) {
	b, google := openBucket(t)
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
	google.objects[blobs.Name(content)].content = []byte("forged")
	if _, err := b.Get(t.Context(), blobs.Name(content)); err == nil {
		t.Error("a changed blob is handed out")
	}
}
