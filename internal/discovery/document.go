package discovery

import (
	"context"
	_ "embed" // for the document that is written by hand
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Documents are the descriptions of all APIs in question.
type Documents struct{ apis []*api }

// api is one discovery document.
type api struct {
	Name       string                `json:"name"`
	Version    string                `json:"version"`
	RootURL    string                `json:"rootUrl"`
	Parameters map[string]*parameter `json:"parameters"`
	Schemas    map[string]*schema    `json:"schemas"`
	Resources  map[string]*resource  `json:"resources"`

	host    string
	methods []*method
}

type resource struct {
	Methods   map[string]*method   `json:"methods"`
	Resources map[string]*resource `json:"resources"`
}

type method struct {
	ID         string                `json:"id"`
	Verb       string                `json:"httpMethod"`
	Path       string                `json:"path"`
	Parameters map[string]*parameter `json:"parameters"`
	Request    *schema               `json:"request"`
	Response   *schema               `json:"response"`

	match *regexp.Regexp
}

type parameter struct {
	schema
	Location string `json:"location"`
	Pattern  string `json:"pattern"`
	Required bool   `json:"required"`
	Repeated bool   `json:"repeated"`
}

type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Enum       []string           `json:"enum"`
	Properties map[string]*schema `json:"properties"`
	Additional *schema            `json:"additionalProperties"`
	Items      *schema            `json:"items"`
}

// described are the documents of the module, by their folders.
func described() []string {
	return []string{
		"artifactregistry/v1", "cloudfunctions/v1", "cloudfunctions/v2", "cloudresourcemanager/v1", "firebase/v1beta1", "firebasehosting/v1beta1",
		"firebaserules/v1", "firestore/v1", "iamcredentials/v1", "run/v1", "run/v2", "runtimeconfig/v1beta1", "serviceusage/v1", "serviceusage/v1beta1",
	}
}

//go:embed remoteconfig.json
var remoteConfig []byte

// Load reads the documents out of the module that the go command finds for this directory.
func Load(ctx context.Context) (*Documents, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		return nil, fmt.Errorf("find the module of Google's clients: %w", err)
	}
	d := &Documents{}
	for _, folder := range described() {
		name, _, _ := strings.Cut(folder, "/")
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), folder, name+"-api.json")) //nolint:gosec // a fixed list of names
		if err != nil {
			return nil, err
		}
		if err := d.add(text); err != nil {
			return nil, fmt.Errorf("%s: %w", folder, err)
		}
	}
	return d, d.add(remoteConfig)
}

func (d *Documents) add(text []byte) error {
	a := &api{}
	if err := json.Unmarshal(text, a); err != nil {
		return err
	}
	root, err := url.Parse(a.RootURL)
	if err != nil {
		return err
	}
	a.host = root.Host
	for _, r := range a.Resources {
		a.collect(r)
	}
	// A longer path says more: projects/p:test before projects/p.
	slices.SortFunc(a.methods, func(x, y *method) int { return len(y.match.String()) - len(x.match.String()) })
	d.apis = append(d.apis, a)
	return nil
}

func (a *api) collect(r *resource) {
	for _, m := range r.Methods {
		m.match = m.compile()
		a.methods = append(a.methods, m)
	}
	for _, inner := range r.Resources {
		a.collect(inner)
	}
}

// oneSegment has no colon, which begins a verb, but for that of a digest.
const oneSegment = "[^/:]+(?:@sha256:[0-9a-f]+)?"

var variable = regexp.MustCompile(`\{\+?[A-Za-z0-9]+\}`)

// compile turns v1/{+name}:verb into what matches a path. A pattern of its own must not reach into the verb of another method.
func (m *method) compile() *regexp.Regexp {
	var b strings.Builder
	rest := m.Path
	for {
		at := variable.FindStringIndex(rest)
		if at == nil {
			b.WriteString(regexp.QuoteMeta(rest))
			return regexp.MustCompile("^" + b.String() + "$")
		}
		b.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		pattern := "[^/]+"
		if p := m.Parameters[strings.Trim(rest[at[0]:at[1]], "{+}")]; p != nil && p.Pattern != "" {
			pattern = strings.TrimSuffix(strings.TrimPrefix(p.Pattern, "^"), "$")
		}
		b.WriteString("(?:" + strings.NewReplacer("[^/]+", oneSegment, ".*", "[^:]*").Replace(pattern) + ")")
		rest = rest[at[1]:]
	}
}
