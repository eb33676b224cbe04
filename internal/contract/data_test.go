package contract

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

const npmCI = "GitHub's publications are not here: run `npm ci` in the repository's root, or name the @octokit directory in GATEHOUSE_OCTOKIT"

// octokit is the directory of the @octokit packages. Without it a test is skipped, unless CI demands it.
func octokit(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("GATEHOUSE_OCTOKIT")
	if dir == "" {
		dir = filepath.Join("..", "..", "node_modules", "@octokit")
	}
	if _, err := os.Stat(filepath.Join(dir, "openapi", "package.json")); err != nil {
		if slices.Contains(strings.Split(os.Getenv("GATEHOUSE_TEST_REQUIRE"), ","), "octokit") {
			t.Fatal(npmCI)
		}
		t.Skip(npmCI)
	}
	return dir
}

var (
	description = sync.OnceValues(func() (*Description, error) { return LoadDescription(loadFrom) })
	webhooks    = sync.OnceValues(func() (*Webhooks, error) { return LoadWebhooks(loadFrom) })
	loadFrom    string
)

// publications loads both descriptions once for all tests.
func publications(t *testing.T) (*Description, *Webhooks) {
	t.Helper()
	loadFrom = octokit(t)
	d, err := description()
	if err != nil {
		t.Fatal(err)
	}
	w, err := webhooks()
	if err != nil {
		t.Fatal(err)
	}
	return d, w
}
