package stage

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// verifyPerson asks who somebody is here.
func verifyPerson(ctx context.Context, repo People, where pipeline.Repo, e pipeline.VerifyPerson) (pipeline.Outcome, error) {
	r, err := readRoster(ctx, repo, where, e.Teams)
	if err != nil {
		return nil, err
	}
	s, err := r.standing(ctx, e.Person, e.Role)
	if err != nil {
		return nil, err
	}
	return pipeline.PersonVerified{Standing: s}, nil
}

// Standing asks GitHub what a person is in a repository, for a page that shows
// what he can do.
func (p *Performers) Standing(ctx context.Context, where pipeline.Repo, who pipeline.Person, teams []string) (pipeline.Standing, error) {
	repo := p.Repos(where)
	r, err := readRoster(ctx, repo, where, teams)
	if err != nil {
		return pipeline.Standing{}, err
	}
	return r.standing(ctx, who, true)
}

// roster is who is in the teams that a policy names. A team is read as a whole:
// one request for all who approved, and people are known by id and not by a
// login that may be another's by now.
type roster struct {
	repo  People
	teams []string
	ids   map[string][]int64 // of the members, by team
	known []pipeline.Person  // all members, once each
	lost  []string           // teams that GitHub does not show, or of another organization
}

func readRoster(ctx context.Context, repo People, where pipeline.Repo, teams []string) (roster, error) {
	r := roster{repo: repo, teams: teams, ids: map[string][]int64{}}
	for _, team := range teams {
		org, slug := where.Owner, team
		if o, t, full := strings.Cut(team, "/"); full {
			org, slug = o, t
		}
		if !strings.EqualFold(org, where.Owner) {
			r.lost = append(r.lost, team) // another organization's team gives no right here
			continue
		}
		members, err := repo.TeamMembers(ctx, org, slug)
		if err != nil && !isNotFound(err) {
			return r, err
		}
		if err != nil {
			r.lost = append(r.lost, team)
		}
		for _, m := range members {
			r.ids[team] = append(r.ids[team], m.ID)
			if !slices.ContainsFunc(r.known, func(p pipeline.Person) bool { return p.ID == m.ID }) {
				r.known = append(r.known, pipeline.Person{ID: m.ID, Login: m.Login})
			}
		}
	}
	return r, nil
}

// member is what the teams say of a person; his role is not asked for. It serves
// to find whom to ask, never to let somebody decide.
func (r roster) member(who pipeline.Person) pipeline.Standing {
	s := pipeline.Standing{Person: who}
	for _, team := range r.teams {
		if slices.Contains(r.ids[team], who.ID) {
			s.Teams = append(s.Teams, team)
		}
	}
	return s
}

// standing is what GitHub says of a person now. The role is read if it is wanted,
// and where no team speaks for the person.
func (r roster) standing(ctx context.Context, who pipeline.Person, role bool) (pipeline.Standing, error) {
	s := pipeline.Standing{Person: who, Role: "none", Unseen: r.lost}
	s.Person.Bot = who.Bot || strings.HasSuffix(who.Login, "[bot]")
	if who.ID == 0 || who.Login == "" {
		return s, nil
	}
	for _, team := range r.teams {
		if slices.Contains(r.ids[team], who.ID) {
			s.Teams = append(s.Teams, team)
		}
	}
	if !role && len(s.Teams) > 0 {
		s.Role = ""
		return s, nil
	}
	can, err := r.repo.Permission(ctx, who.Login)
	if err != nil && !isNotFound(err) {
		return s, err
	}
	if err != nil || can.UserID != who.ID {
		s.Teams = nil // the login is somebody else's by now, or nobody's
		return s, nil
	}
	s.Role = roleOf(can)
	return s, nil
}

// roleOf reduces an organization's own roles to what they may do.
func roleOf(p github.Permission) string {
	for _, role := range []string{p.Role, p.Level} {
		switch role {
		case "admin", "maintain", "write", "triage", "read", "none":
			return role
		}
	}
	return "none"
}
