package firebase

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Snapshot reads everything that is live, side by side. What could not be read is a Gap, with what to do; only a context that
// ends is an error. An API that is off has nothing live behind it, and is a Gap of class Disabled.
func (p *Project) Snapshot(ctx context.Context) (*Snapshot, error) {
	s := &snapshooter{p: p, out: &Snapshot{Project: p.id, At: p.client.opt.Clock().UTC()}}
	group, ctx := errgroup.WithContext(ctx)
	for _, read := range []func(context.Context) error{s.sites, s.releases, s.code, s.configs, s.databases} {
		group.Go(func() error { return read(ctx) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(s.out.Gaps, func(a, b Gap) int { return strings.Compare(string(a.Kind)+a.What, string(b.Kind)+b.What) })
	return s.out, nil
}

// snapshooter collects what several goroutines read; each of them owns its own fields of the result, and all share the gaps.
type snapshooter struct {
	p   *Project
	out *Snapshot
	mu  sync.Mutex
}

// gap keeps what failed; only the end of the context stops everything.
func (s *snapshooter) gap(kind Kind, err error) error {
	var e *Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &e) || e.Class == Canceled:
		return err
	}
	s.add(Gap{Kind: kind, What: e.Op, Class: e.Class, Why: e.Message, Fix: e.Fix})
	return nil
}

// silent keeps the regions that did not answer.
func (s *snapshooter) silent(kind Kind, what string, unreachable []string) {
	for _, region := range unreachable {
		s.add(Gap{Kind: kind, What: what + " of " + last(region), Class: Unavailable, Why: "the region did not answer"})
	}
}

func (s *snapshooter) add(g Gap) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out.Gaps = append(s.out.Gaps, g)
}

func (s *snapshooter) sites(ctx context.Context) (err error) {
	s.out.Sites, err = s.p.Sites(ctx)
	return s.gap(KindHosting, err)
}

func (s *snapshooter) releases(ctx context.Context) (err error) {
	s.out.Releases, err = s.p.Releases(ctx)
	return s.gap(KindRules, err)
}

func (s *snapshooter) configs(ctx context.Context) (err error) {
	s.out.Configs, err = s.p.Configs(ctx)
	return s.gap(KindConfig, err)
}

// databases has no kind: nothing of a database is ever moved.
func (s *snapshooter) databases(ctx context.Context) (err error) {
	var unreachable []string
	s.out.Databases, unreachable, err = s.p.Databases(ctx)
	s.silent("", "list the Firestore databases", unreachable)
	return s.gap("", err)
}

// code reads services before functions, because a function's traffic is that of its service. Where services cannot be read nothing
// is known of what functions serve, which must not look as if they served nothing.
func (s *snapshooter) code(ctx context.Context) error {
	services, silent, err := s.p.Services(ctx)
	s.silent(KindService, "list the Cloud Run services", silent)
	if err != nil {
		return errors.Join(s.gap(KindService, err), s.gap(KindFunction, err))
	}
	functions, unreachable, err := s.p.Functions(ctx, services)
	for _, region := range silent {
		if !slices.Contains(unreachable, region) {
			unreachable = append(unreachable, region)
		}
		functions = slices.DeleteFunc(functions, func(f Function) bool { return f.Generation == 2 && segment(f.Name, "locations") == last(region) })
	}
	s.silent(KindFunction, "list the functions", unreachable)
	if err != nil {
		return s.gap(KindFunction, err)
	}
	s.out.Functions = functions
	s.out.Services = slices.DeleteFunc(services, func(one Service) bool { return one.Manager == "cloudfunctions" || behindAny(functions, one) })
	return s.images(ctx, functions)
}

// behindAny says that a service is that of a function.
func behindAny(functions []Function, s Service) bool {
	return slices.ContainsFunc(functions, func(f Function) bool {
		return segment(f.Service, "locations")+"/"+last(f.Service) == s.ID()
	})
}

func (s *snapshooter) images(ctx context.Context, functions []Function) (err error) {
	var regions []string
	for _, f := range functions {
		regions = append(regions, segment(f.Name, "locations"))
	}
	slices.Sort(regions)
	s.out.Repositories, err = s.p.Repositories(ctx, slices.Compact(regions))
	return s.gap(KindFunction, err)
}
