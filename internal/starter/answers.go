package starter

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Answers are what the files need to know of a team.
type Answers struct {
	Staging    Place
	Production Place
	Approvers  string // team whose members approve production
	Commanders string // team that may roll back; empty: people who maintain the repository
	Slack      string // channel, with #; empty: none
	Discord    bool
	Mobile     bool   // there are mobile apps, built with EAS
	Migrations bool   // there are database migrations
	WebDir     string // folders of the apps, relative, with slashes
	MobileDir  string
	Functions  string
}

// Place is where an environment lives.
type Place struct {
	Project string // id of the Firebase project
	URL     string
}

// HostingURL is where Firebase serves a project that has no domain of its own.
func HostingURL(project string) string {
	if project == "" {
		return ""
	}
	return "https://" + project + ".web.app"
}

// project is the form of a Firebase project id; the parser of the configuration
// knows it too and explains it.
var project = regexp.MustCompile(`^[a-z][a-z0-9-]{4,28}[a-z0-9]$`)

// IsProject reports whether a text has the form of a Firebase project id.
func IsProject(id string) bool { return project.MatchString(id) }

// folder is what a path may be made of, so that it needs no quotes anywhere.
var folder = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)

// check refuses what would end up outside of the configuration, which has a
// parser of its own.
func (a Answers) check() error {
	var all []error
	for _, p := range []struct{ flag, id string }{{"--staging-project", a.Staging.Project}, {"--production-project", a.Production.Project}} {
		if !IsProject(p.id) {
			all = append(all, fmt.Errorf("%s: %q is no id of a Firebase project; write the id that the Firebase console shows (6 to 30 small letters, digits and hyphens), not its display name or number", p.flag, p.id))
		}
	}
	for _, d := range []struct{ flag, dir string }{{"--web-dir", a.WebDir}, {"--mobile-dir", a.MobileDir}, {"--functions-dir", a.Functions}} {
		if !isFolder(d.dir) {
			all = append(all, fmt.Errorf("%s: %q is no folder within the repository; write its path from the root, such as apps/web", d.flag, d.dir))
		}
	}
	return errors.Join(all...)
}

func isFolder(dir string) bool {
	return folder.MatchString(dir) && path.Clean(dir) == dir && !path.IsAbs(dir) && dir[0] != '-' &&
		dir != ".." && !strings.HasPrefix(dir, "../")
}
