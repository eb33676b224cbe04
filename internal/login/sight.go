package login

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/github"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Sight is which repositories somebody may see. The zero value sees nothing.
type Sight struct {
	all   bool
	repos map[int64]map[int64]github.RepoRef // by installation and id
}

// Everything is the sight of the operator.
func Everything() Sight { return Sight{all: true} }

// Sees reports whether a repository may be seen.
func (s Sight) Sees(installation, repo int64) bool {
	_, ok := s.repos[installation][repo]
	return s.all || ok
}

// All reports whether nothing is hidden.
func (s Sight) All() bool { return s.all }

// Installations lists those of which something may be seen; for the operator none.
func (s Sight) Installations() []int64 { return slices.Sorted(maps.Keys(s.repos)) }

// Find gives the repository of a name that may be seen.
func (s Sight) Find(owner, name string) (pipeline.Repo, bool) {
	for _, repos := range s.repos {
		for _, r := range repos {
			if strings.EqualFold(r.Owner, owner) && strings.EqualFold(r.Name, name) {
				return pipeline.Repo{Installation: r.Installation, ID: r.ID, Owner: r.Owner, Name: r.Name}, true
			}
		}
	}
	return pipeline.Repo{}, false
}

// remembered is a sight with its time and the epoch it was read in.
type remembered struct {
	sight Sight
	at    time.Time
}

// Sight asks GitHub which repositories a person may see, at most once a minute.
// Where GitHub does not answer nothing is seen: the error says so.
func (l *Login) Sight(ctx context.Context, v Viewer) (Sight, error) {
	id := v.Person.ID
	if had, ok := l.sight.Get(id); ok && l.now().Before(had.at.Add(SightLives)) {
		return had.sight, nil
	}
	seen, err, _ := l.flights.Do("sight/"+strconv.FormatInt(id, 10), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
		defer cancel()
		return l.look(ctx, id)
	})
	if err != nil {
		return Sight{}, err
	}
	return seen.(Sight), nil
}

func (l *Login) look(ctx context.Context, id int64) (Sight, error) {
	began, epoch := l.now(), l.current()
	token, err := l.Token(ctx, id)
	if err != nil {
		return Sight{}, err
	}
	repos, err := l.GitHub.Repositories(ctx, id, token)
	switch {
	case github.ClassOf(err) == github.Unauthorized && err != nil:
		return Sight{}, errors.Join(ErrSignedOut, l.Drop(ctx, id)) // he took his authorization back, and nobody told us
	case err != nil:
		return Sight{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	s := Sight{repos: map[int64]map[int64]github.RepoRef{}}
	for _, r := range repos {
		if s.repos[r.Installation] == nil {
			s.repos[r.Installation] = map[int64]github.RepoRef{}
		}
		s.repos[r.Installation][r.ID] = r
	}
	l.remember(id, remembered{s, began}, epoch)
	return s, nil
}

func (l *Login) current() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.epoch
}

// remember keeps an answer, unless permissions changed while it was on its way.
func (l *Login) remember(id int64, r remembered, epoch int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoch == epoch {
		l.sight.Add(id, r)
	}
}

// Forget drops what is remembered of everybody: GitHub said that permissions
// changed.
func (l *Login) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	l.sight.Purge()
}

func (l *Login) forget(id int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epoch++
	l.sight.Remove(id)
}

// Names lists owner/name of what may be seen; for the operator none.
func (s Sight) Names() []string {
	var names []string
	for _, repos := range s.repos {
		for _, r := range repos {
			names = append(names, r.String())
		}
	}
	slices.Sort(names)
	return names
}
