package pipeline

import (
	"slices"
	"strings"
)

// roles are GitHub's roles in a repository, least first.
func roles() []string { return []string{"none", "read", "triage", "write", "maintain", "admin"} }

// fits reports whether a person of this standing is meant.
func (p Principal) fits(s Standing) bool {
	switch {
	case p.Team != "":
		return slices.Contains(s.Teams, p.Team)
	case p.User != "":
		return s.Person.ID != 0 && strings.EqualFold(p.User, s.Person.Login)
	case p.Role != "":
		has := slices.Index(roles(), s.Role)
		return has >= 0 && has >= slices.Index(roles(), p.Role)
	}
	return false
}

// Name is the principal as people write it.
func (p Principal) Name() string {
	switch {
	case p.Team != "":
		return "@" + p.Team
	case p.User != "":
		return p.User
	}
	return "people with the role " + p.Role
}

func names(list []Principal) []string {
	var all []string
	for _, p := range list {
		all = append(all, p.Name())
	}
	return all
}

func teamsOf(list []Principal) []string {
	var teams []string
	for _, p := range list {
		if p.Team != "" {
			teams = append(teams, p.Team)
		}
	}
	return teams
}
