package live

import "fmt"

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
		for _, need := range Lacking(f.App, *f.Installation, f.Repo.Owner) {
			j.lacks(need)
		}
	}
	if f.Unbound != nil {
		j.refuse(TopicApp, "GATEHOUSE_BINDINGS", *f.Unbound)
	}
}

func (j *judge) lacks(n Need) {
	severity := Warning
	if n.Fatal {
		severity = Error
	}
	j.add(Finding{Severity: severity, Code: n.Code, Topic: TopicApp, Where: j.installationPage(), What: n.What, Why: n.Without, Fix: n.Fix})
}
