package firebase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	firebasehosting "google.golang.org/api/firebasehosting/v1beta1"
)

const (
	roleHosting     = "roles/firebasehosting.admin"
	longestMessage  = 512
	hostingReach    = "seconds to a minute"
	statusFinalized = "FINALIZED"
)

// Pin is a rewrite of a hosting version to one revision of a Cloud Run service, by its tag: it goes back with the version.
type Pin struct {
	Service  string `json:"service"`
	Location string `json:"location"`
	Tag      string `json:"tag"`
}

// Hosting is what is live on one site.
type Hosting struct {
	Site    string `json:"site"`
	Version string `json:"version,omitempty"` // Version is sites/S/versions/V; empty before the first release.
	Release string `json:"release,omitempty"`
	// Off says that somebody took the site offline (SITE_DISABLE).
	Off        bool      `json:"off,omitempty"`
	Status     string    `json:"status,omitempty"`
	Message    string    `json:"message,omitempty"`
	By         string    `json:"by,omitempty"`
	ReleasedAt time.Time `json:"released_at,omitzero"`
	Files      int64     `json:"files,omitempty"`
	Pins       []Pin     `json:"pins,omitempty"`
}

// Sites lists the sites of the project with what is live on each.
func (p *Project) Sites(ctx context.Context) ([]Hosting, error) {
	var names []string
	for token, first := "", true; first || token != ""; first = false {
		page, err := do(ctx, p, operation{"list the hosting sites", hostHosting, reads, roleHosting}, func(ctx context.Context) (*firebasehosting.ListSitesResponse, error) {
			return p.hosting.Projects.Sites.List(p.name()).PageSize(100).PageToken(token).Context(ctx).Do()
		})
		if err != nil {
			return nil, err
		}
		for _, s := range page.Sites {
			names = append(names, last(s.Name))
		}
		token = page.NextPageToken
	}
	return each(ctx, names, func(ctx context.Context, site string) (Hosting, error) {
		h, err := p.Site(ctx, site)
		if err != nil {
			return Hosting{}, err
		}
		return *h, nil
	})
}

func (p *Project) site(site string) string { return p.name() + "/sites/" + site }

// Site reads what is live on one site of the project.
func (p *Project) Site(ctx context.Context, site string) (*Hosting, error) {
	live, err := do(ctx, p, operation{"read the hosting site " + site, hostHosting, reads, roleHosting}, func(ctx context.Context) (*firebasehosting.Channel, error) {
		return p.hosting.Projects.Sites.Channels.Get(p.site(site) + "/channels/live").Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	return hostingOf(site, live.Release), nil
}

func hostingOf(site string, r *firebasehosting.Release) *Hosting {
	h := &Hosting{Site: site}
	if r == nil {
		return h
	}
	h.Release, h.Off, h.Message, h.ReleasedAt = r.Name, r.Type == "SITE_DISABLE", r.Message, at(r.ReleaseTime)
	if r.ReleaseUser != nil {
		h.By = r.ReleaseUser.Email
	}
	if v := r.Version; v != nil {
		h.Version, h.Status, h.Files, h.Pins = versionName(site, v.Name), v.Status, v.FileCount, pinsOf(v)
	}
	return h
}

// versionName drops the project, which Google writes in some answers and not in others.
func versionName(site, name string) string { return "sites/" + site + "/versions/" + last(name) }

func pinsOf(v *firebasehosting.Version) []Pin {
	var pins []Pin
	if v.Config == nil {
		return nil
	}
	for _, r := range v.Config.Rewrites {
		if r.Run != nil && r.Run.Tag != "" {
			pins = append(pins, Pin{Service: r.Run.ServiceId, Location: r.Run.Region, Tag: r.Run.Tag})
		}
	}
	slices.SortFunc(pins, func(a, b Pin) int { return strings.Compare(a.Service+a.Tag, b.Service+b.Tag) })
	return slices.Compact(pins)
}

// History lists what was live on a site, the newest first, at most limit releases: the nearest alternatives to a lost version.
func (p *Project) History(ctx context.Context, site string, limit int64) ([]Hosting, error) {
	page, err := do(ctx, p, operation{"list the releases of the hosting site " + site, hostHosting, reads, roleHosting}, func(ctx context.Context) (*firebasehosting.ListReleasesResponse, error) {
		return p.hosting.Projects.Sites.Channels.Releases.List(p.site(site) + "/channels/live").PageSize(limit).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	var past []Hosting
	for _, r := range page.Releases {
		past = append(past, *hostingOf(site, r))
	}
	return past, nil
}

func (p *Project) version(ctx context.Context, h *Hosting) (*firebasehosting.Version, error) {
	return do(ctx, p, operation{"read the hosting version " + last(h.Version), hostHosting, reads, roleHosting}, func(ctx context.Context) (*firebasehosting.Version, error) {
		return p.hosting.Projects.Sites.Versions.Get(p.site(h.Site) + "/versions/" + last(h.Version)).Context(ctx).Do()
	})
}

func (p *Project) checkSite(ctx context.Context, target *Hosting) (Return, error) {
	if target.Version == "" {
		return Return{Way: WayImpossible, Why: "nothing was live on the site " + target.Site + " then", Fix: "disable the site by hand if it must show nothing"}, nil
	}
	now, err := p.Site(ctx, target.Site)
	if isNotFound(err) {
		return Return{Way: WayImpossible, Why: "the site " + target.Site + " does not exist any more", Fix: "create it again, then deploy to it"}, nil
	}
	if err != nil {
		return Return{}, err
	}
	if now.Version == target.Version && !now.Off {
		return Return{Way: WayAlready}, nil
	}
	v, err := p.version(ctx, target)
	switch {
	case isNotFound(err):
		return lostVersion(target, "does not exist any more"), nil
	case err != nil:
		return Return{}, err
	case v.Status != statusFinalized:
		return lostVersion(target, "is "+v.Status), nil
	}
	return Return{Way: WayPoint, Reaches: hostingReach}, nil
}

func lostVersion(target *Hosting, what string) Return {
	return Return{
		Way: WayImpossible, Why: fmt.Sprintf("the version %s of the site %s %s; its files are gone", last(target.Version), target.Site, what),
		Fix: "choose a release whose version still exists, or deploy the commit again; raise the site's maximum of stored versions",
	}
}

// moveSite releases an older version again. Google sees a rollback and purges its caches.
func (p *Project) moveSite(ctx context.Context, target *Hosting, with With) (Moved, error) {
	now, err := p.Site(ctx, target.Site)
	if err != nil {
		return Moved{}, err
	}
	moved := Moved{Before: Part{Kind: KindHosting, Name: target.Site, Hosting: now}, Way: WayPoint}
	if target.Version == "" {
		return moved, p.gone("release the hosting site "+target.Site, "nothing was live there then", "disable the site by hand if it must show nothing")
	}
	if now.Version == target.Version && !now.Off {
		moved.Already, moved.Way = true, WayAlready
		return moved, nil
	}
	_, err = do(ctx, p, operation{"release the hosting version " + last(target.Version), hostHosting, again, roleHosting}, func(ctx context.Context) (*firebasehosting.Release, error) {
		return p.hosting.Projects.Sites.Channels.Releases.Create(p.site(target.Site)+"/channels/live", &firebasehosting.Release{Message: cutBytes(with.Reason, longestMessage)}).
			VersionName(target.Version).Context(ctx).Do()
	})
	var e *Error
	if errors.As(err, &e) && (e.Class == NotFound || e.Code == "FAILED_PRECONDITION") { // its words for a version without content
		lost := lostVersion(target, "cannot be released")
		return moved, p.gone("release the hosting version "+last(target.Version), lost.Why, lost.Fix)
	}
	return moved, err
}
