package live

import (
	"fmt"
	"slices"
	"strings"
)

func (j *judge) installationPage() string {
	if in := j.facts.Installation; in != nil && in.HTMLURL != "" {
		return in.HTMLURL
	}
	return j.installPage()
}

// installPage is where the App is installed on an account.
func (j *judge) installPage() string {
	if j.facts.App.HTMLURL == "" {
		return j.facts.WebURL
	}
	return j.facts.App.HTMLURL + "/installations/new"
}

func (j *judge) app() {
	f, name := j.facts, j.facts.App.Name
	switch {
	case f.Elsewhere != nil:
		j.add(Finding{
			Severity: Error, Code: "not-covered", Topic: TopicApp, Where: f.Elsewhere.HTMLURL,
			What: fmt.Sprintf("The App %s is installed on %s, but not for a repository %s.", name, f.Repo.Owner, f.Repo.Name),
			Why:  "GitHub shows it nothing of the repository and sends it no webhook.",
			Fix:  "Check the name, and add the repository under Repository access on that page.",
		})
	case f.Installation == nil:
		j.add(Finding{
			Severity: Error, Code: "not-installed", Topic: TopicApp, Where: j.installPage(),
			What: fmt.Sprintf("The App %s is not installed on %s, or GitHub has no such repository.", name, f.Repo.FullName()),
			Why:  "GitHub shows it nothing of the repository and sends it no webhook.",
			Fix:  "Check the name; an owner of " + f.Repo.Owner + " installs the App on that page.",
		})
	case f.Installation.Suspended:
		j.add(Finding{
			Severity: Error, Code: "suspended", Topic: TopicApp, Where: j.installationPage(), What: "The installation on " + f.Repo.Owner + " is suspended.",
			Why: "GitHub answers nothing and sends no webhook.", Fix: "An owner of " + f.Repo.Owner + " unsuspends it on that page.",
		})
	default:
		j.permissions()
		j.events()
	}
	if f.Unbound != nil {
		j.refuse(TopicApp, "GATEHOUSE_BINDINGS", *f.Unbound)
	}
}

func (j *judge) permissions() {
	for _, p := range Permissions() {
		granted, asked := j.facts.Installation.Permissions[p.Name], j.facts.App.Permissions[p.Name]
		if enough(granted, p.Level) {
			continue
		}
		has := "is not granted"
		if granted != "" {
			has = "is granted as " + granted + " only"
		}
		finding := Finding{
			Severity: Warning, Code: "permission-missing", Topic: TopicApp, Where: j.installationPage(),
			What: fmt.Sprintf("The permission %s: %s %s.", p.Name, p.Level, has), Why: p.Without,
			Fix: fmt.Sprintf("The App's owner sets %s to %s in the App's settings under Permissions & events; an owner of %s then accepts it on the installation's page.",
				words(p.Name), words(p.Level), j.facts.Repo.Owner),
		}
		if p.Fatal {
			finding.Severity = Error
		}
		if enough(asked, p.Level) {
			finding.Code = "permission-unaccepted"
			finding.Fix = "The App asks for it; an owner of " + j.facts.Repo.Owner + " accepts the new permissions on the installation's page."
		}
		j.add(finding)
	}
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

func (j *judge) events() {
	for _, e := range Events() {
		auto := e.automatic() && enough(j.facts.Installation.Permissions["checks"], "write")
		if auto || slices.Contains(j.facts.Installation.Events, e.Name) {
			continue
		}
		severity := Warning
		if e.Fatal {
			severity = Error
		}
		j.add(Finding{
			Severity: severity, Code: "event-missing", Topic: TopicApp, Where: j.installationPage(),
			What: fmt.Sprintf("The App does not hear the event %s.", e.Name), Why: e.Without,
			Fix: fmt.Sprintf("The App's owner ticks %s in the App's settings under Permissions & events → Subscribe to events.", words(e.Name)),
		})
	}
}
