package firebase

import (
	"context"
	"fmt"

	"google.golang.org/api/run/v2"
)

func (p *Project) checkService(ctx context.Context, target *Service) (Return, error) {
	now, err := p.Service(ctx, target.Name)
	if isNotFound(err) {
		return Return{Way: WayImpossible, Why: "the service " + target.ID() + " does not exist any more", Fix: "deploy the commit again"}, nil
	}
	if err != nil {
		return Return{}, err
	}
	return p.checkServing(ctx, now, target.Serving)
}

// checkServing says whether a service can serve by these revisions: each exists, and so does its image, unless it serves now.
func (p *Project) checkServing(ctx context.Context, now *Service, want []Share) (Return, error) {
	if sameShares(now.Serving, want) {
		return Return{Way: WayAlready}, nil
	}
	if len(want) == 0 {
		return Return{Way: WayImpossible, Why: "nothing served the requests of " + now.ID() + " then", Fix: "deploy the commit again"}, nil
	}
	back := Return{Way: WayPoint, Reaches: trafficReach}
	for _, s := range want {
		lost, hint, err := p.lostRevision(ctx, now, s.Revision)
		if err != nil {
			return Return{}, err
		}
		if lost != "" {
			return Return{Way: WayImpossible, Why: lost, Fix: "deploy the commit again; let Gatehouse set its keep policy in Artifact Registry, so that images of older revisions stay"}, nil
		}
		back.Why = hint
	}
	return back, nil
}

// lostRevision says why a revision cannot serve again; empty when it can. The hint is a doubt that stays.
func (p *Project) lostRevision(ctx context.Context, now *Service, revision string) (lost, hint string, err error) {
	for _, s := range now.Serving {
		if s.Revision == revision {
			return "", "", nil // Cloud Run keeps its own copy of what serves.
		}
	}
	r, err := p.Revision(ctx, now.Name, revision)
	if isNotFound(err) {
		return "the revision " + revision + " was deleted", "", nil
	}
	if err != nil {
		return "", "", err
	}
	exists, err := p.ImageExists(ctx, r.Image)
	switch {
	case ClassOf(err) == Invalid && err != nil:
		return "", "its image is in no Artifact Registry, so whether it still exists could not be checked", nil
	case err != nil:
		return "", "", err
	case !exists:
		return fmt.Sprintf("the image of the revision %s was deleted from Artifact Registry", revision), "", nil
	}
	return "", "", nil
}

func (p *Project) moveService(ctx context.Context, target *Service) (Moved, error) {
	before, op, err := p.serve(ctx, target.Name, nil, target.Serving, false)
	moved := Moved{Way: WayPoint, Operation: op}
	if before != nil {
		moved.Before = Part{Kind: KindService, Name: target.ID(), Service: before}
	}
	if err == nil && op == nil && before.Settled {
		moved.Already, moved.Way = true, WayAlready
	}
	return moved, err
}

// serve sends a service's requests to revisions. It gives the service as it was, and no operation if nothing had to be done. With
// pin they are named even where they serve as the newest, so that a build on its way does not take over. The service is read unless
// it is given.
func (p *Project) serve(ctx context.Context, service string, now *Service, want []Share, pin bool) (*Service, *Operation, error) {
	return p.traffic(ctx, service, now, func(now *Service) []*run.GoogleCloudRunV2TrafficTarget {
		there := sameShares(now.Serving, want) && now.Settled && !pin
		if now.Problem == "" && (there || asks(now.Traffic, want)) {
			return nil
		}
		var targets []*run.GoogleCloudRunV2TrafficTarget
		for _, s := range want {
			targets = append(targets, &run.GoogleCloudRunV2TrafficTarget{Type: targetPinned, Revision: s.Revision, Percent: s.Percent})
		}
		return targets
	})
}

// asks says that this traffic was asked for already, by revision, and Google is at it: asking again would start it anew.
func asks(traffic []TrafficTarget, want []Share) bool {
	var asked []Share
	for _, t := range traffic {
		if t.Percent > 0 {
			asked = append(asked, Share{Revision: t.Revision, Percent: t.Percent})
		}
	}
	return sameShares(asked, want)
}

// ToLatest lets the newest revision serve again, whichever that is, after a rollback had pinned an older one: without it the next
// deploy would get no requests and nobody would be told. It gives the service as it was, and no operation if nothing had to be done.
func (p *Project) ToLatest(ctx context.Context, service string) (*Service, *Operation, error) {
	return p.traffic(ctx, service, nil, func(now *Service) []*run.GoogleCloudRunV2TrafficTarget {
		if now.ServesLatest() {
			return nil
		}
		return []*run.GoogleCloudRunV2TrafficTarget{{Type: targetLatest, Percent: 100}}
	})
}

// traffic replaces where requests go and keeps every tag: hosting versions may point to them. If somebody else changes the
// service meanwhile, it is read and judged anew.
func (p *Project) traffic(ctx context.Context, service string, now *Service, decide func(*Service) []*run.GoogleCloudRunV2TrafficTarget) (*Service, *Operation, error) {
	before := now
	for try := 1; ; try++ {
		if now == nil {
			read, err := p.Service(ctx, service)
			if err != nil {
				return before, nil, err
			}
			now = read
		}
		if before == nil {
			before = now
		}
		targets := decide(now)
		if targets == nil {
			return before, nil, nil
		}
		op, err := p.setTraffic(ctx, now, append(targets, tags(now)...))
		if ClassOf(err) != Conflict || err == nil || try == etagConflicts {
			return before, op, err
		}
		now = nil
	}
}

func tags(of *Service) []*run.GoogleCloudRunV2TrafficTarget {
	var kept []*run.GoogleCloudRunV2TrafficTarget
	for _, t := range of.Traffic {
		if t.Tag == "" {
			continue
		}
		kind := targetPinned
		if t.Latest {
			kind = targetLatest
		}
		kept = append(kept, &run.GoogleCloudRunV2TrafficTarget{Type: kind, Revision: t.Revision, Tag: t.Tag})
	}
	return kept
}

func (p *Project) setTraffic(ctx context.Context, now *Service, targets []*run.GoogleCloudRunV2TrafficTarget) (*Operation, error) {
	what := "move the traffic of " + last(now.Name)
	name := p.serviceName(now.Name)
	lro, err := do(ctx, p, operation{what, hostRun, again, roleRun}, func(ctx context.Context) (*run.GoogleLongrunningOperation, error) {
		body := &run.GoogleCloudRunV2Service{Etag: now.Etag, Traffic: targets}
		return p.run.Projects.Locations.Services.Patch(name, body).UpdateMask(trafficMask).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	return &Operation{API: APIRun, Name: lro.Name, What: what}, nil
}
