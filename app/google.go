package app

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/api/option"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/stage"
)

// requestTime is how long one request to Google may take, where nothing else says so.
const requestTime = 40 * time.Second

// GoogleConfig is how Gatehouse reaches Firebase, and where it keeps what it read there.
type GoogleConfig struct {
	URL   string // replaces every Google host; empty: Google itself
	Blobs string // dir:PATH or gs://BUCKET; empty: none, and what is live is not looked at
}

func (l *loader) google(s StoreConfig) GoogleConfig {
	return GoogleConfig{URL: l.googleURL(), Blobs: l.blobs(s)}
}

// googleURL is for emulators and tests: over plain http only to this machine.
func (l *loader) googleURL() string {
	const name = "GATEHOUSE_GOOGLE_API_URL"
	v := l.get(name)
	if v == "" {
		return ""
	}
	u, err := url.Parse(v)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		l.fail(name, "expected an address that stands in for every Google host, such as http://127.0.0.1:8090/google, or nothing for Google itself")
		return ""
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		l.fail(name, "expected https; plain http is accepted for this machine only")
	}
	return strings.TrimRight(v, "/")
}

// blobs is a folder, beside the store if that is a file and none is named. Several
// replicas must be given one that all of them see.
func (l *loader) blobs(s StoreConfig) string {
	const name = "GATEHOUSE_BLOBS"
	v := l.get(name)
	switch {
	case v == "" && s.Kind == StoreSQLite:
		return "dir:" + filepath.Join(filepath.Dir(s.Place), "gatehouse-blobs")
	case v == "":
		return ""
	}
	path, isDir := strings.CutPrefix(v, "dir:")
	bucket, isBucket := strings.CutPrefix(v, "gs://")
	switch {
	case isDir && path == "", isBucket && (bucket == "" || strings.Contains(bucket, "/")), !isDir && !isBucket:
		l.fail(name, "expected dir:PATH, such as dir:/var/lib/gatehouse/blobs, or gs://BUCKET, got %q", v)
	case isDir && l.get("GAE_ENV") != "":
		l.fail(name, "on App Engine the disk is memory and is lost with the instance: expected gs://BUCKET")
	}
	return v
}

// open opens the blob store; nil means that there is none.
func (g GoogleConfig) open(ctx context.Context) (blobs.Place, error) {
	if path, ok := strings.CutPrefix(g.Blobs, "dir:"); ok {
		return blobs.OpenDir(path)
	}
	bucket, ok := strings.CutPrefix(g.Blobs, "gs://")
	if !ok {
		return nil, nil //nolint:nilnil // no blob store is a state of its own
	}
	var options []option.ClientOption
	if g.URL != "" {
		transport, err := insteadOfGoogle(g.URL)
		if err != nil {
			return nil, err
		}
		options = append(options, option.WithHTTPClient(&http.Client{Transport: transport, Timeout: requestTime}))
	}
	return blobs.OpenBucket(ctx, bucket, options...)
}

// google gives the performers their way to Firebase. Credentials are looked for at
// the first call: a team that never verifies a deploy needs none.
func (a *App) google(ctx context.Context, o *stage.Options) error {
	if a.cfg.Google.Blobs == "" {
		a.log.Warn("GATEHOUSE_BLOBS is not set: verify, backup and rollback are refused")
		return nil
	}
	store, err := a.cfg.Google.open(ctx)
	if err != nil {
		return err
	}
	a.keeper.place = store
	client, err := firebase.New(firebase.Options{BaseURL: a.cfg.Google.URL, Clock: clock{}.Now, Pause: pause, Transport: a.calls("google", googleHost)})
	if err != nil {
		return fmt.Errorf("GATEHOUSE_GOOGLE_API_URL: %w", err)
	}
	o.Projects, o.Store = stage.ProjectsOf(client), store
	return nil
}
