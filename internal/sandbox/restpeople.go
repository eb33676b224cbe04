package sandbox

import (
	"slices"
)

func peopleRoutes() []route {
	return []route{
		{"GET /user", "", getSelf},
		{"GET /users/{username}", "", getUser},
		{"GET /repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read", getPermission},
		{"GET /orgs/{org}/teams/{team_slug}", "members:read", getTeam},
		{"GET /orgs/{org}/teams/{team_slug}/members", "members:read", listTeamMembers},
		{"GET /orgs/{org}/teams/{team_slug}/memberships/{username}", "members:read", getTeamMembership},
		{"GET /orgs/{org}/memberships/{username}", "members:read", getOrgMembership},
	}
}

func getSelf(r *request) reply {
	u, found := r.w.users[r.id.login]
	if !found {
		return failure(401, "Requires authentication")
	}
	return ok(r.w.publicUserJSON(u))
}

func getUser(r *request) reply {
	u, found := r.w.users[r.path("username")]
	if !found {
		return notFound()
	}
	return ok(r.w.publicUserJSON(u))
}

// getPermission answers the level that API clients know (admin, write, read, none) and the true role beside it.
func getPermission(r *request) reply {
	login := r.path("username")
	if _, found := r.w.users[login]; !found {
		return notFound()
	}
	role := r.w.roleOf(r.repo, login)
	level := role
	switch role {
	case "maintain":
		level = "write"
	case "triage":
		level = "read"
	}
	user := r.w.userJSON(login)
	user["permissions"] = obj{
		"admin": role == "admin", "maintain": slices.Contains([]string{"admin", "maintain"}, role),
		"push":   slices.Contains([]string{"admin", "maintain", "write"}, role),
		"triage": !slices.Contains([]string{"read", "none"}, role), "pull": role != "none",
	}
	user["role_name"] = role
	return ok(obj{"permission": level, "role_name": role, "user": user})
}

func (r *request) team() *Team { return r.w.team(r.path("org"), r.path("team_slug")) }

func getTeam(r *request) reply {
	t := r.team()
	if t == nil {
		return notFound()
	}
	body := r.w.teamJSON(t)
	body["members_count"], body["repos_count"] = len(t.Members), 0
	body["created_at"], body["updated_at"] = "2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"
	org := r.w.orgJSON(r.w.users[t.Org])
	profile := r.w.publicUserJSON(r.w.users[t.Org])
	for _, name := range []string{"name", "html_url", "type", "public_repos", "public_gists", "followers", "following", "created_at", "updated_at"} {
		org[name] = profile[name]
	}
	org["has_organization_projects"], org["has_repository_projects"], org["archived_at"] = true, true, nil
	body["organization"] = org
	return ok(body)
}

func listTeamMembers(r *request) reply {
	t := r.team()
	if t == nil {
		return notFound()
	}
	return ok(list(page(r, t.Members), r.w.userJSON))
}

func getTeamMembership(r *request) reply {
	t, login := r.team(), r.path("username")
	if t == nil || !slices.Contains(t.Members, login) {
		return notFound()
	}
	role := "member"
	if slices.Contains(r.w.owners[t.Org], login) {
		role = "maintainer"
	}
	return ok(obj{
		"url":  r.w.api("/orgs/%s/teams/%s/memberships/%s", t.Org, t.Slug, login),
		"role": role, "state": "active",
	})
}

func getOrgMembership(r *request) reply {
	org, login := r.path("org"), r.path("username")
	u, found := r.w.users[org]
	owner := slices.Contains(r.w.owners[org], login)
	member := owner || slices.ContainsFunc(r.w.teams, func(t *Team) bool {
		return t.Org == org && slices.Contains(t.Members, login)
	})
	if !found || !member {
		return notFound()
	}
	role := "member"
	if owner {
		role = "admin"
	}
	return ok(obj{
		"url": r.w.api("/orgs/%s/memberships/%s", org, login), "state": "active", "role": role,
		"organization_url": r.w.api("/orgs/%s", org), "organization": r.w.orgJSON(u), "user": r.w.userJSON(login),
	})
}
