package firebase

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/api/artifactregistry/v1"
)

const (
	roleRegistryRead  = "roles/artifactregistry.reader"
	roleRegistryAdmin = "roles/artifactregistry.admin"
	// functionsRepository is where Cloud Functions puts its images, one in each region.
	functionsRepository = "gcf-artifacts"
	// keepPolicy is the name of our policy; KEEP beats DELETE.
	keepPolicy = "gatehouse-keep"
)

// Repository is a region's store of function images.
type Repository struct {
	Name     string          `json:"name"` // Name is projects/P/locations/L/repositories/gcf-artifacts.
	Policies []CleanupPolicy `json:"policies,omitempty"`
}

// CleanupPolicy is a rule by which Google deletes or keeps images.
type CleanupPolicy struct {
	ID        string `json:"id"`
	Action    string `json:"action"` // Action is DELETE or KEEP.
	OlderThan string `json:"older_than,omitempty"`
	Keep      int64  `json:"keep,omitempty"` // Keep is how many newest versions of each image stay.
}

// Keeps says how many older images of each function stay, however old; 0 when some policy may delete all but the newest.
func (r *Repository) Keeps() int64 {
	most := int64(0)
	for _, policy := range r.Policies {
		if policy.Action == "KEEP" {
			most = max(most, policy.Keep)
		}
	}
	return most
}

// Deletes says that images are deleted by age.
func (r *Repository) Deletes() bool {
	return slices.ContainsFunc(r.Policies, func(c CleanupPolicy) bool { return c.Action == "DELETE" })
}

// Repositories reads the stores of function images in these regions. A region without one is left out.
func (p *Project) Repositories(ctx context.Context, locations []string) ([]Repository, error) {
	found, err := each(ctx, locations, p.repository)
	return slices.DeleteFunc(found, func(r Repository) bool { return r.Name == "" }), err
}

func (p *Project) repository(ctx context.Context, location string) (Repository, error) {
	raw, err := p.rawRepository(ctx, location)
	if isNotFound(err) {
		return Repository{}, nil
	}
	if err != nil {
		return Repository{}, err
	}
	r := Repository{Name: raw.Name}
	for id, policy := range raw.CleanupPolicies {
		c := CleanupPolicy{ID: id, Action: policy.Action}
		if policy.Condition != nil {
			c.OlderThan = policy.Condition.OlderThan
		}
		if policy.MostRecentVersions != nil {
			c.Keep = policy.MostRecentVersions.KeepCount
		}
		r.Policies = append(r.Policies, c)
	}
	slices.SortFunc(r.Policies, func(a, b CleanupPolicy) int { return strings.Compare(a.ID, b.ID) })
	return r, nil
}

func (p *Project) repositoryName(location string) string {
	return p.name() + "/locations/" + location + "/repositories/" + functionsRepository
}

func (p *Project) rawRepository(ctx context.Context, location string) (*artifactregistry.Repository, error) {
	return do(ctx, p, operation{"read the image repository of " + location, hostRegistry, reads, roleRegistryRead}, func(ctx context.Context) (*artifactregistry.Repository, error) {
		return p.registry.Projects.Locations.Repositories.Get(p.repositoryName(location)).Context(ctx).Do()
	})
}

// KeepImages adds the policy that keeps the newest images of every function of a region, so that older revisions can serve again
// after a day. It changes no other policy, and says whether it had to change anything.
func (p *Project) KeepImages(ctx context.Context, location string, count int64) (changed bool, err error) {
	raw, err := p.rawRepository(ctx, location)
	if err != nil {
		return false, err
	}
	mine, has := raw.CleanupPolicies[keepPolicy]
	if has && mine.Action == "KEEP" && mine.MostRecentVersions != nil && mine.MostRecentVersions.KeepCount >= count {
		return false, nil
	}
	policies := map[string]artifactregistry.CleanupPolicy{}
	for id, policy := range raw.CleanupPolicies {
		policies[id] = policy
	}
	policies[keepPolicy] = artifactregistry.CleanupPolicy{
		Id: keepPolicy, Action: "KEEP", MostRecentVersions: &artifactregistry.CleanupPolicyMostRecentVersions{KeepCount: count},
	}
	_, err = do(ctx, p, operation{"set the keep policy of " + location, hostRegistry, again, roleRegistryAdmin}, func(ctx context.Context) (*artifactregistry.Repository, error) {
		body := &artifactregistry.Repository{Name: raw.Name, CleanupPolicies: policies}
		return p.registry.Projects.Locations.Repositories.Patch(p.repositoryName(location), body).UpdateMask("cleanupPolicies").Context(ctx).Do()
	})
	return err == nil, err
}

// image is a reference taken apart: LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/NAME[:TAG][@DIGEST].
type image struct{ location, project, repository, name, tag, digest string }

func parseImage(reference string) (image, bool) {
	var i image
	reference, i.digest, _ = strings.Cut(reference, "@")
	parts := strings.SplitN(reference, "/", 4)
	if len(parts) < 4 || !strings.HasSuffix(parts[0], "-docker.pkg.dev") {
		return image{}, false
	}
	i.location, i.project, i.repository = strings.TrimSuffix(parts[0], "-docker.pkg.dev"), parts[1], parts[2]
	i.name, i.tag, _ = strings.Cut(parts[3], ":")
	return i, i.name != "" && i.digest+i.tag != ""
}

// ImageExists says whether a revision's image is still in Artifact Registry. Invalid means that the reference is to no such place.
func (p *Project) ImageExists(ctx context.Context, reference string) (bool, error) {
	what := "look for the image " + last(reference)
	i, ours := parseImage(reference)
	if !ours {
		return false, invalid(p.id, what, "%q is not in Artifact Registry", reference)
	}
	repository := "projects/" + i.project + "/locations/" + i.location + "/repositories/" + i.repository
	_, err := do(ctx, p, operation{what, hostRegistry, reads, roleRegistryRead}, func(ctx context.Context) (none, error) {
		if i.digest == "" {
			return noneOf(p.registry.Projects.Locations.Repositories.Packages.Tags.Get(repository + "/packages/" + url.PathEscape(i.name) + "/tags/" + i.tag).Context(ctx).Do())
		}
		return noneOf(p.registry.Projects.Locations.Repositories.DockerImages.Get(repository + "/dockerImages/" + url.PathEscape(i.name) + "@" + i.digest).Context(ctx).Do())
	})
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}
