package sandbox

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// One builder per GitHub object, used in REST answers and webhooks alike.

const actionsSlug = "github-actions"

// nodeID makes an opaque id as GraphQL has them.
func nodeID(kind string, id int64) string {
	return base64.RawStdEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", kind, id))
}

// stamp is a time in JSON; the zero time is null.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// orNull is a string in JSON; the empty one is null.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// api is an absolute URL of the REST API, web one of the pages.
func (w *World) api(format string, args ...any) string {
	return w.opt.BaseURL + apiPrefix + fmt.Sprintf(format, args...)
}

func (w *World) web(format string, args ...any) string {
	return w.opt.BaseURL + fmt.Sprintf(format, args...)
}

// userJSON is GitHub's simple-user.
func (w *World) userJSON(login string) obj {
	u, ok := w.users[login]
	if !ok {
		u = &User{ID: 1, Login: "ghost", Type: "User"}
	}
	kind := u.Type
	out := obj{
		"login": u.Login, "id": u.ID, "node_id": nodeID(kind, u.ID), "avatar_url": w.web("/_avatar/%d", u.ID),
		"gravatar_id": "", "url": w.api("/users/%s", u.Login), "html_url": w.web("/%s", u.Login),
		"type": kind, "site_admin": false, "user_view_type": "public",
	}
	for _, name := range []string{"followers", "subscriptions", "organizations", "repos", "received_events"} {
		out[name+"_url"] = w.api("/users/%s/%s", u.Login, name)
	}
	out["following_url"] = w.api("/users/%s/following{/other_user}", u.Login)
	out["gists_url"] = w.api("/users/%s/gists{/gist_id}", u.Login)
	out["starred_url"] = w.api("/users/%s/starred{/owner}{/repo}", u.Login)
	out["events_url"] = w.api("/users/%s/events{/privacy}", u.Login)
	return out
}

// publicUserJSON is what GET /users/{username} answers.
func (w *World) publicUserJSON(u *User) obj {
	out := w.userJSON(u.Login)
	maps.Copy(out, obj{
		"name": u.Name, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil,
		"public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
		"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
	})
	return out
}

func (w *World) orgJSON(u *User) obj {
	base := w.api("/orgs/%s", u.Login)
	return obj{
		"login": u.Login, "id": u.ID, "node_id": nodeID("Organization", u.ID), "url": base, "repos_url": base + "/repos",
		"events_url": base + "/events", "hooks_url": base + "/hooks", "issues_url": base + "/issues",
		"members_url": base + "/members{/member}", "public_members_url": base + "/public_members{/member}",
		"avatar_url": w.web("/_avatar/%d", u.ID), "description": "",
	}
}

func (w *World) teamJSON(t *Team) obj {
	base := w.api("/orgs/%s/teams/%s", t.Org, t.Slug)
	return obj{
		"id": t.ID, "node_id": nodeID("Team", t.ID), "name": t.Name, "slug": t.Slug, "description": "", "privacy": "closed",
		"notification_setting": "notifications_enabled", "permission": "pull", "url": base, "type": "organization",
		"organization_id": w.userID(t.Org), "html_url": w.web("/orgs/%s/teams/%s", t.Org, t.Slug),
		"members_url": base + "/members{/member}", "repositories_url": base + "/repos", "parent": nil,
	}
}

func (w *World) userID(login string) int64 {
	if u, ok := w.users[login]; ok {
		return u.ID
	}
	return 0
}

// repoURLs are the templates that every form of a repository carries.
func (w *World) repoURLs(r *Repo) obj {
	base := w.api("/repos/%s", r.FullName())
	out := obj{"url": base, "html_url": w.web("/%s", r.FullName())}
	for name, path := range map[string]string{
		"archive": "/{archive_format}{/ref}", "assignees": "/assignees{/user}", "blobs": "/git/blobs{/sha}",
		"branches": "/branches{/branch}", "collaborators": "/collaborators{/collaborator}", "comments": "/comments{/number}",
		"commits": "/commits{/sha}", "compare": "/compare/{base}...{head}", "contents": "/contents/{+path}",
		"contributors": "/contributors", "deployments": "/deployments", "downloads": "/downloads", "events": "/events",
		"forks": "/forks", "git_commits": "/git/commits{/sha}", "git_refs": "/git/refs{/sha}", "git_tags": "/git/tags{/sha}",
		"hooks": "/hooks", "issue_comment": "/issues/comments{/number}", "issue_events": "/issues/events{/number}",
		"issues": "/issues{/number}", "keys": "/keys{/key_id}", "labels": "/labels{/name}", "languages": "/languages",
		"merges": "/merges", "milestones": "/milestones{/number}", "notifications": "/notifications{?since,all,participating}",
		"pulls": "/pulls{/number}", "releases": "/releases{/id}", "stargazers": "/stargazers", "statuses": "/statuses/{sha}",
		"subscribers": "/subscribers", "subscription": "/subscription", "tags": "/tags", "teams": "/teams", "trees": "/git/trees{/sha}",
	} {
		out[name+"_url"] = base + path
	}
	return out
}

// minimalRepoJSON is GitHub's minimal-repository.
func (w *World) minimalRepoJSON(r *Repo) obj {
	out := w.repoURLs(r)
	maps.Copy(out, obj{
		"id": r.ID, "node_id": nodeID("Repository", r.ID), "name": r.Name, "full_name": r.FullName(),
		"owner": w.userJSON(r.Owner), "private": r.Private, "description": nil, "fork": false,
	})
	return out
}

// repoJSON is GitHub's repository, as webhooks carry it.
func (w *World) repoJSON(r *Repo) obj {
	out := w.minimalRepoJSON(r)
	out["git_url"] = strings.Replace(w.web("/%s.git", r.FullName()), "http", "git", 1)
	out["ssh_url"] = "git@github.example:" + r.FullName() + ".git"
	out["clone_url"], out["svn_url"] = w.web("/%s.git", r.FullName()), w.web("/%s", r.FullName())
	visibility := "public"
	if r.Private {
		visibility = "private"
	}
	maps.Copy(out, obj{
		"license": nil, "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers_count": 0, "watchers": 0, "size": 1,
		"open_issues": 0, "open_issues_count": 0, "mirror_url": nil, "homepage": nil, "language": nil,
		"default_branch": r.DefaultBranch, "is_template": false, "topics": []string{}, "has_issues": true,
		"has_projects": true, "has_wiki": true, "has_pages": false, "has_downloads": true, "has_discussions": false,
		"archived": r.Archived, "disabled": false, "visibility": visibility, "allow_forking": true,
		"web_commit_signoff_required": false, "pushed_at": stamp(r.pushedAt), "created_at": stamp(r.CreatedAt),
		"updated_at": stamp(r.pushedAt),
	})
	return out
}

// fullRepoJSON is what GET /repos/{owner}/{repo} answers.
func (w *World) fullRepoJSON(r *Repo) obj {
	out := w.repoJSON(r)
	maps.Copy(out, obj{"subscribers_count": 0, "network_count": 0})
	if u := w.users[r.Owner]; u.Type == "Organization" {
		out["organization"] = w.userJSON(r.Owner)
	}
	return out
}

// appJSON is GitHub's integration; "" is null.
func (w *World) appJSON(slug string) any {
	a, ok := w.apps[slug]
	if !ok {
		return nil
	}
	permissions, events := map[string]string{"checks": "write", "contents": "read", "metadata": "read"}, []string{}
	if slug == w.opt.AppSlug {
		permissions, events = DefaultPermissions(), appEvents()
	}
	return obj{
		"id": a.ID, "slug": a.Slug, "client_id": fmt.Sprintf("Iv1.%016d", a.ID), "node_id": nodeID("Integration", a.ID),
		"owner": w.userJSON(a.Owner), "name": a.Name, "description": "", "external_url": w.web("/apps/%s", a.Slug),
		"html_url": w.web("/apps/%s", a.Slug), "created_at": stamp(a.CreatedAt), "updated_at": stamp(a.CreatedAt),
		"permissions": permissions, "events": events,
	}
}

// appEvents are the app's events as its object in other objects lists them: GitHub's description of those knows no
// deployment_protection_rule.
func appEvents() []string {
	return slices.DeleteFunc(DefaultEvents(), func(e string) bool { return e == "deployment_protection_rule" })
}

func (w *World) installationJSON(in *Installation) obj {
	account, selection := w.userJSON(in.Account), "all"
	if in.Selected != nil {
		selection = "selected"
	}
	out := obj{
		"id": in.ID, "account": account, "repository_selection": selection,
		"access_tokens_url": w.api("/app/installations/%d/access_tokens", in.ID),
		"repositories_url":  w.api("/installation/repositories"), "html_url": w.web("/settings/installations/%d", in.ID),
		"app_id": w.opt.AppID, "app_slug": w.opt.AppSlug, "target_id": account["id"], "target_type": account["type"],
		"permissions": maps.Clone(in.Permissions), "events": slices.Clone(in.Events), "created_at": stamp(in.CreatedAt),
		"updated_at": stamp(in.CreatedAt), "single_file_name": nil, "has_multiple_single_files": false,
		"single_file_paths": []string{}, "suspended_by": nil, "suspended_at": nil,
	}
	if in.Suspended {
		out["suspended_by"], out["suspended_at"] = account, stamp(in.CreatedAt)
	}
	return out
}

func (w *World) installationEvent(in *Installation) obj {
	repos := []obj{}
	for _, name := range slices.Sorted(maps.Keys(w.repos)) {
		if r := w.repos[name]; r.Owner == in.Account {
			repos = append(repos, obj{
				"id": r.ID, "node_id": nodeID("Repository", r.ID), "name": r.Name, "full_name": name, "private": r.Private,
			})
		}
	}
	return obj{"installation": w.installationJSON(in), "repositories": repos}
}

func (w *World) membershipEvent(t *Team, member string) obj {
	return obj{"scope": "team", "team": w.teamJSON(t), "member": w.userJSON(member)}
}

// association is what GitHub says about a commenter. It is no authorization.
func (w *World) association(r *Repo, login string) string {
	switch {
	case login == r.Owner:
		return "OWNER"
	case slices.Contains(w.owners[r.Owner], login):
		return "MEMBER"
	case w.canWrite(r, login):
		return "COLLABORATOR"
	}
	return "NONE"
}
