package app

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/blobs"
	"github.com/gatehouse-app/gatehouse/internal/firebase"
	"github.com/gatehouse-app/gatehouse/internal/stage"
)

// GoogleConfig is how Gatehouse reaches Firebase, and where it keeps what it read there.
type GoogleConfig struct {
	URL   string // replaces every Google host; empty: Google itself
	Blobs string // a folder; empty: none, and what is live is not looked at
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
		return filepath.Join(filepath.Dir(s.Place), "gatehouse-blobs")
	case v == "":
		return ""
	}
	path, ok := strings.CutPrefix(v, "dir:")
	if !ok || path == "" {
		l.fail(name, "expected dir:PATH, such as dir:/var/lib/gatehouse/blobs, got %q", v)
	}
	return path
}

// google gives the performers their way to Firebase. Credentials are looked for at
// the first call: a team that never verifies a deploy needs none.
func (a *App) google(o *stage.Options) error {
	if a.cfg.Google.Blobs == "" {
		a.log.Warn("GATEHOUSE_BLOBS is not set: verify, backup and rollback are refused")
		return nil
	}
	store, err := blobs.OpenDir(a.cfg.Google.Blobs)
	if err != nil {
		return err
	}
	client, err := firebase.New(firebase.Options{BaseURL: a.cfg.Google.URL, Clock: clock{}.Now, Pause: pause})
	if err != nil {
		return fmt.Errorf("GATEHOUSE_GOOGLE_API_URL: %w", err)
	}
	o.Projects, o.Store = stage.ProjectsOf(client), store
	return nil
}
