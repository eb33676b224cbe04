package google

import (
	"fmt"
	"strings"

	firestore "google.golang.org/api/firestore/v1"
)

// What people do by hand in Google's consoles.

// Retain sets how many versions of a site are stored; older ones lose their files.
func (g *Google) Retain(projectID, siteID string, versions int64) {
	g.onSite(projectID, siteID, func(s *site) {
		s.config.MaxVersions = versions
		s.retain()
	})
}

// DisableSite takes a site offline.
func (g *Google) DisableSite(projectID, siteID string) {
	g.onSite(projectID, siteID, func(s *site) { s.release(g, nil, "SITE_DISABLE", "", owner) })
}

func (g *Google) onSite(projectID, name string, do func(*site)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.project(projectID); p != nil && p.sites[name] != nil {
		do(p.sites[name])
	}
}

// AddIndex makes a composite index; fields are like "city ASCENDING".
func (g *Google) AddIndex(projectID, databaseID, group string, fields ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.project(projectID)
	if p == nil || p.databases[databaseID] == nil {
		return
	}
	d := p.databases[databaseID]
	index := &firestore.GoogleFirestoreAdminV1Index{
		Name:       fmt.Sprintf("%s/databases/%s/collectionGroups/%s/indexes/idx%d", p.name(), d.id, group, g.nextID()),
		QueryScope: "COLLECTION", State: "READY",
	}
	for _, f := range fields {
		path, order, _ := strings.Cut(f, " ")
		index.Fields = append(index.Fields, &firestore.GoogleFirestoreAdminV1IndexField{FieldPath: path, Order: order})
	}
	d.indexes = append(d.indexes, index)
}

// DropIndex deletes all indexes of a collection group, as a deploy with --force may.
func (g *Google) DropIndex(projectID, databaseID, group string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.project(projectID)
	if p == nil || p.databases[databaseID] == nil {
		return
	}
	d := p.databases[databaseID]
	var kept []*firestore.GoogleFirestoreAdminV1Index
	for _, i := range d.indexes {
		if !strings.Contains(i.Name, "/collectionGroups/"+group+"/") {
			kept = append(kept, i)
		}
	}
	d.indexes = kept
}

// DeployService deploys a service to Cloud Run that is no function, as gcloud does.
func (g *Google) DeployService(projectID, region, name, commit string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.project(projectID)
	if p == nil {
		return
	}
	s := p.services[region+"/"+name]
	if s == nil {
		s = p.addService(region, name, "")
	}
	s.addRevision(p.repository(region).push(name, []byte(commit)), commit, nil)
}

// DropImages deletes all images of a region, as an older CLI did after each deploy.
func (g *Google) DropImages(projectID, region string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.project(projectID); p != nil {
		p.repository(region).images = nil
	}
}
