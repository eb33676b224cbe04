package handlers

// whyUnheard is the reason why an event is answered and forgotten.
func whyUnheard(event string) string {
	switch event {
	case "ping":
		return "GitHub asks whether anybody listens: yes"
	case "create":
		return "the push event says the same, and more"
	}
	if changesPermissions(event) {
		return "nothing is stored of it; what was remembered of permissions is read again"
	}
	return "Gatehouse does not use this event"
}

// changesPermissions reports whether an event may change who is allowed what.
func changesPermissions(event string) bool {
	switch event {
	case "installation", "installation_repositories", "installation_target", "repository", "membership",
		"team", "team_add", "member", "organization", "github_app_authorization":
		return true
	}
	return false
}
