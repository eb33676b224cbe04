package github

import (
	"context"

	gh "github.com/google/go-github/v60/github"
)

// Person is somebody on GitHub, or only a name and an address in a commit (then ID is zero).
// Authority is checked by ID, never by Login, which can be given up and taken by another.
type Person struct {
	ID    int64
	Login string
	Name  string
	Email string
	Type  string // Type is "User", "Bot" or "Organization"; empty for a mere author of commits.
}

// personJSON is a user of the API.
type personJSON struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Name  string `json:"name"`
	Email string `json:"email"`
	Type  string `json:"type"`
}

func (p personJSON) person() Person {
	return Person(p)
}

// Permission is what a person may do in the repository.
type Permission struct {
	Role   string // Role is admin, maintain, write, triage, read, none, or an organization's own role.
	Level  string // Level is admin, write, read or none.
	UserID int64
	Login  string
}

// Permission asks what a person may do. Somebody whom GitHub does not know is NotFound.
func (r *Repo) Permission(ctx context.Context, login string) (Permission, error) {
	const op = "read a person's permission"
	who, err := segment(op, "login", login)
	if err != nil {
		return Permission{}, err
	}
	var in struct {
		Level string     `json:"permission"`
		Role  string     `json:"role_name"`
		User  personJSON `json:"user"`
	}
	if err := r.get(ctx, operation{name: op, needs: "metadata: read"}, r.path("collaborators", who, "permission"), &in); err != nil {
		return Permission{}, err
	}
	if in.Role == "" { // Old servers know no roles.
		in.Role = in.Level
	}
	return Permission{Role: in.Role, Level: in.Level, UserID: in.User.ID, Login: in.User.Login}, nil
}

// Team says whether a team exists and is visible to the App.
func (r *Repo) Team(ctx context.Context, org, slug string) (bool, error) {
	const op = "read a team"
	team, err := teamPath(op, org, slug)
	if err != nil {
		return false, err
	}
	err = r.get(ctx, operation{name: op, needs: "members: read"}, team, &gh.Team{})
	if isClass(err, NotFound) {
		return false, nil
	}
	return err == nil, err
}

func teamPath(op, org, slug string) (string, error) {
	if !isName(org) {
		return "", invalid(op, "%q is not the name of an organization", org)
	}
	team, err := segment(op, "team", slug)
	return "orgs/" + org + "/teams/" + team, err
}

// User reads a person by login.
func (r *Repo) User(ctx context.Context, login string) (Person, error) {
	return r.app.user(ctx, r.ref.Installation, login)
}

func (a *App) user(ctx context.Context, installation int64, login string) (Person, error) {
	const op = "read a user"
	who, err := segment(op, "login", login)
	if err != nil {
		return Person{}, err
	}
	var in personJSON
	err = a.do(ctx, installation, operation{name: op}, func(ctx context.Context, c *gh.Client) error {
		_, err := send(ctx, c, "GET", "users/"+who, nil, &in)
		return err
	})
	return in.person(), err
}
