package live

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/github"
)

// Need is a permission or an event that Gatehouse does not have of an installation.
type Need struct {
	Code    string // what kind of thing it is, such as permission-missing
	Name    string // GitHub's key with its level, such as actions: write
	What    string // a sentence
	Without string // what is lost; a sentence
	Fix     string // who does what; a sentence
	Fatal   bool   // no release works without it
}

// Lacking compares what an installation on an account grants, and what the App asks for, with Permissions and Events.
func Lacking(app github.Self, in github.Installation, account string) []Need {
	var all []Need
	for _, p := range Permissions() {
		if !enough(in.Permissions[p.Name], p.Level) {
			all = append(all, p.need(app, in, account))
		}
	}
	for _, e := range Events() {
		auto := e.automatic() && enough(in.Permissions["checks"], "write")
		if auto || slices.Contains(in.Events, e.Name) {
			continue
		}
		all = append(all, Need{
			Code: "event-missing", Name: e.Name, Fatal: e.Fatal, What: fmt.Sprintf("The App does not hear the event %s.", e.Name), Without: e.Without,
			Fix: fmt.Sprintf("The App's owner ticks %s in the App's settings under Permissions & events → Subscribe to events.", words(e.Name)),
		})
	}
	return all
}

func (p Permission) need(app github.Self, in github.Installation, account string) Need {
	has := "is not granted"
	if granted := in.Permissions[p.Name]; granted != "" {
		has = "is granted as " + granted + " only"
	}
	n := Need{
		Code: "permission-missing", Name: p.Name + ": " + p.Level, Fatal: p.Fatal, Without: p.Without,
		What: fmt.Sprintf("The permission %s: %s %s.", p.Name, p.Level, has),
		Fix: fmt.Sprintf("The App's owner sets %s to %s in the App's settings under Permissions & events; an owner of %s then accepts it on the installation's page.",
			words(p.Name), words(p.Level), account),
	}
	if enough(app.Permissions[p.Name], p.Level) {
		n.Code = "permission-unaccepted"
		n.Fix = "The App asks for it; an owner of " + account + " accepts the new permissions on the installation's page."
	}
	return n
}

// enough reports whether a level grants another.
func enough(has, need string) bool {
	levels := []string{"", "read", "write", "admin"}
	return slices.Index(levels, has) >= slices.Index(levels, need)
}

// words is one of GitHub's keys as its pages show it.
func words(key string) string {
	switch key {
	case "read":
		return "Read-only"
	case "write":
		return "Read and write"
	case "statuses":
		return "Commit statuses"
	}
	text := strings.ReplaceAll(key, "_", " ")
	return strings.ToUpper(text[:1]) + text[1:]
}
