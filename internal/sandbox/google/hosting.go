package google

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	hosting "google.golang.org/api/firebasehosting/v1beta1"
)

// site is a hosting site.
type site struct {
	name     string
	versions []*version
	releases []*hosting.Release // the newest last.
	config   hosting.SiteConfig
}

// version is a hosting version with its files.
type version struct {
	hosting.Version
	made  time.Time
	files map[string]string // files maps paths to hashes.
	here  map[string]bool   // here are the hashes that were uploaded.
}

// abandoned is when a version that was never finalized is given up.
const abandoned = 12 * time.Hour

func hostingRoutes() []route {
	const api, view, change = "firebasehosting/v1beta1", "firebasehosting.sites.get", "firebasehosting.sites.update"
	var all []route
	for _, base := range []struct{ path, method string }{
		{"v1beta1/projects/{project}/sites/{site}", "firebasehosting.projects.sites."}, {"v1beta1/sites/{site}", "firebasehosting.sites."},
	} {
		add := func(method, verb, path, permission string, serve func(*request) (any, *refusal)) {
			all = append(all, route{hostHosting, api, base.method + method, verb, base.path + path, permission, serve})
		}
		add("getConfig", "GET", "/config", view, getSiteConfig)
		add("updateConfig", "PATCH", "/config", change, patchSiteConfig)
		add("channels.list", "GET", "/channels", view, listChannels)
		add("channels.get", "GET", "/channels/{channel}", view, getChannel)
		add("channels.releases.list", "GET", "/channels/{channel}/releases", view, listHostingReleases)
		add("channels.releases.create", "POST", "/channels/{channel}/releases", change, createHostingRelease)
		add("releases.list", "GET", "/releases", view, listHostingReleases)
		add("releases.create", "POST", "/releases", change, createHostingRelease)
		add("versions.list", "GET", "/versions", view, listVersions)
		add("versions.create", "POST", "/versions", change, createVersion)
		add("versions.get", "GET", "/versions/{version}", view, getVersion)
		add("versions.patch", "PATCH", "/versions/{version}", change, patchVersion)
		add("versions.delete", "DELETE", "/versions/{version}", change, deleteVersion)
		add("versions.populateFiles", "POST", "/versions/{version}:populateFiles", change, populateFiles)
		add("versions.files.list", "GET", "/versions/{version}/files", view, listFiles)
	}
	return append(all,
		route{hostHosting, api, "firebasehosting.projects.sites.list", "GET", "v1beta1/projects/{project}/sites", view, listSites},
		route{hostHosting, api, "firebasehosting.projects.sites.get", "GET", "v1beta1/projects/{project}/sites/{site}", view, getSite},
		route{hostUpload, "", "upload a file", "POST", "upload/sites/{site}/versions/{version}/files/{hash}", change, uploadFile},
	)
}

// ownerOf finds the project of a site.
func (g *Google) ownerOf(site string) *project {
	for _, p := range g.projects {
		if p.sites[site] != nil {
			return p
		}
	}
	return nil
}

func (q *request) site() (*site, *refusal) {
	if s := q.p.sites[q.args["site"]]; s != nil {
		return s, nil
	}
	return nil, notFound("Requested entity was not found.")
}

func (q *request) version() (*site, *version, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, nil, no
	}
	if v := s.version(q.args["version"]); v != nil {
		return s, v, nil
	}
	return nil, nil, notFound("Requested entity was not found.")
}

func (s *site) version(id string) *version {
	for _, v := range s.versions {
		if last(v.Name) == id {
			return v
		}
	}
	return nil
}

func (s *site) last() *hosting.Release {
	if len(s.releases) == 0 {
		return nil
	}
	return s.releases[len(s.releases)-1]
}

// live is the version that users get.
func (s *site) live() *version {
	r := s.last()
	if r == nil || r.Version == nil {
		return nil
	}
	return s.version(last(r.Version.Name))
}

func (p *project) siteShape(s *site) *hosting.Site {
	kind := "USER_SITE"
	if p.spec.Sites[0] == s.name {
		kind = "DEFAULT_SITE"
	}
	return &hosting.Site{Name: p.name() + "/sites/" + s.name, DefaultUrl: "https://" + s.name + ".web.app", Type: kind}
}

func listSites(q *request) (any, *refusal) {
	list := &hosting.ListSitesResponse{}
	for _, name := range slices.Sorted(maps.Keys(q.p.sites)) {
		list.Sites = append(list.Sites, q.p.siteShape(q.p.sites[name]))
	}
	return list, nil
}

func getSite(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	return q.p.siteShape(s), nil
}

func getSiteConfig(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	return &s.config, nil
}

func patchSiteConfig(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	body, no := decode[hosting.SiteConfig](q)
	if no != nil {
		return nil, no
	}
	s.config.MaxVersions = body.MaxVersions
	s.retain()
	return &s.config, nil
}

func (s *site) channel() *hosting.Channel {
	return &hosting.Channel{
		Name: "sites/" + s.name + "/channels/live", Url: "https://" + s.name + ".web.app", RetainedReleaseCount: 10,
		CreateTime: "2026-01-01T00:00:00Z", UpdateTime: "2026-01-01T00:00:00Z", Release: s.refreshed(s.last()),
	}
}

// refreshed shows the version of a release as it is now: its status may have changed since.
func (s *site) refreshed(r *hosting.Release) *hosting.Release {
	if r == nil || r.Version == nil {
		return r
	}
	shown := *r
	if v := s.version(last(r.Version.Name)); v != nil {
		copied := v.Version
		shown.Version = &copied
	}
	return &shown
}

func getChannel(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	if q.args["channel"] != "live" {
		return nil, notFound("Requested entity was not found.")
	}
	return s.channel(), nil
}

func listChannels(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	return &hosting.ListChannelsResponse{Channels: []*hosting.Channel{s.channel()}}, nil
}

func listHostingReleases(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	list := &hosting.ListReleasesResponse{}
	start, size, no := q.page(len(s.releases))
	if no != nil {
		return nil, no
	}
	for i := start; i < len(s.releases) && i < start+size; i++ {
		list.Releases = append(list.Releases, s.refreshed(s.releases[len(s.releases)-1-i]))
	}
	list.NextPageToken = nextPage(start, size, len(s.releases))
	return list, nil
}

func createHostingRelease(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	body, no := decode[hosting.Release](q)
	if no != nil {
		return nil, no
	}
	if len(body.Message) > 512 {
		return nil, invalid("Release message must be at most 512 characters.")
	}
	if body.Type == "SITE_DISABLE" {
		return s.release(q.g, nil, "SITE_DISABLE", body.Message, q.as), nil
	}
	v := s.version(last(q.query.Get("versionName")))
	switch {
	case v == nil:
		return nil, notFound("Requested entity was not found.")
	case v.Status != "FINALIZED":
		return nil, precondition(fmt.Sprintf("Version %s is %s and cannot be released.", v.Name, v.Status))
	}
	kind := "DEPLOY"
	for _, r := range s.releases {
		if r.Version != nil && r.Version.Name == v.Name {
			kind = "ROLLBACK"
		}
	}
	return s.release(q.g, v, kind, body.Message, q.as), nil
}

func (s *site) release(g *Google, v *version, kind, message, by string) *hosting.Release {
	r := &hosting.Release{
		Name: fmt.Sprintf("sites/%s/channels/live/releases/%d", s.name, g.nextID()), Type: kind, Message: message,
		ReleaseTime: stamp(g.now()), ReleaseUser: &hosting.ActingUser{Email: mail(by)},
	}
	if v != nil {
		copied := v.Version
		r.Version = &copied
	}
	s.releases = append(s.releases, r)
	return s.refreshed(r)
}

// mail is the address of who acted.
func mail(as string) string {
	if strings.Contains(as, "@") {
		return as
	}
	return as + "@example.com"
}
