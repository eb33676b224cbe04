package google

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	registry "google.golang.org/api/artifactregistry/v1"
)

const imageRepository = "gcf-artifacts"

// repository holds the images of a region's functions.
type repository struct {
	p      *project
	region string
	shape  registry.Repository
	images []*stored // the newest last.
}

// stored is one image.
type stored struct {
	name, digest string
	at           time.Time
}

func registryRoutes() []route {
	const api, m, base = "artifactregistry/v1", "artifactregistry.projects.locations.repositories.", "v1/projects/{project}/locations/{location}/repositories/{repository}"
	return []route{
		{hostRegistry, api, m + "get", "GET", base, "artifactregistry.repositories.get", getRepository},
		{hostRegistry, api, m + "patch", "PATCH", base, "artifactregistry.repositories.update", patchRepository},
		{hostRegistry, api, m + "dockerImages.get", "GET", base + "/dockerImages/{image+}", "artifactregistry.dockerimages.get", getImage},
		{hostRegistry, api, m + "packages.tags.get", "GET", base + "/packages/{image+}/tags/{tag}", "artifactregistry.tags.get", getTag},
	}
}

func (p *project) repository(region string) *repository {
	r := p.repos[region]
	if r == nil {
		r = &repository{p: p, region: region}
		r.shape = registry.Repository{
			Name: p.location(region) + "/repositories/" + imageRepository, Format: "DOCKER", Mode: "STANDARD_REPOSITORY",
			CreateTime: stamp(p.g.now()), UpdateTime: stamp(p.g.now()),
		}
		p.repos[region] = r
	}
	return r
}

func (q *request) repository() (*repository, *refusal) {
	if r := q.p.repos[q.args["location"]]; r != nil && q.args["repository"] == imageRepository {
		return r, nil
	}
	return nil, notFound("Requested entity was not found.")
}

func getRepository(q *request) (any, *refusal) {
	r, no := q.repository()
	if no != nil {
		return nil, no
	}
	return &r.shape, nil
}

func patchRepository(q *request) (any, *refusal) {
	r, no := q.repository()
	if no != nil {
		return nil, no
	}
	if _, no := decode[registry.Repository](q); no != nil {
		return nil, no
	}
	if no := merge(&r.shape, q.body, q.query.Get("updateMask")); no != nil {
		return nil, no
	}
	r.shape.UpdateTime = stamp(q.g.now())
	return &r.shape, nil
}

// push stores an image and gives its reference.
func (r *repository) push(name string, content []byte) string {
	image := &stored{name: name, digest: "sha256:" + hashOf(fmt.Appendf(content[:len(content):len(content)], "%d", r.p.g.nextID())), at: r.p.g.now()}
	r.images = append(r.images, image)
	return r.reference(image)
}

func (r *repository) reference(i *stored) string {
	return fmt.Sprintf("%s-docker.pkg.dev/%s/%s/%s@%s", r.region, r.p.id, imageRepository, i.name, i.digest)
}

func (p *project) hasImage(reference string) bool {
	for _, r := range p.repos {
		if slices.ContainsFunc(r.images, func(i *stored) bool { return r.reference(i) == reference }) {
			return true
		}
	}
	return false
}

func (q *request) image() string {
	plain, err := url.PathUnescape(q.args["image"])
	if err != nil {
		return q.args["image"]
	}
	return plain
}

func getImage(q *request) (any, *refusal) {
	r, no := q.repository()
	if no != nil {
		return nil, no
	}
	for _, i := range r.images {
		if i.name+"@"+i.digest == q.image() {
			return &registry.DockerImage{
				Name: r.shape.Name + "/dockerImages/" + url.PathEscape(i.name) + "@" + i.digest, Uri: r.reference(i), UploadTime: stamp(i.at), UpdateTime: stamp(i.at),
			}, nil
		}
	}
	return nil, notFound("Requested entity was not found.")
}

// getTag knows the tag latest alone.
func getTag(q *request) (any, *refusal) {
	r, no := q.repository()
	if no != nil {
		return nil, no
	}
	for _, i := range slices.Backward(r.images) {
		if i.name == q.image() && q.args["tag"] == "latest" {
			pack := r.shape.Name + "/packages/" + url.PathEscape(i.name)
			return &registry.Tag{Name: pack + "/tags/latest", Version: pack + "/versions/" + i.digest}, nil
		}
	}
	return nil, notFound("Requested entity was not found.")
}

// clean deletes images as the policies say: too old, unless one keeps the newest of each name.
func (r *repository) clean(now time.Time) {
	if r.shape.CleanupPolicyDryRun {
		return
	}
	keep, oldest := int64(0), time.Duration(0)
	for _, id := range slices.Sorted(maps.Keys(r.shape.CleanupPolicies)) {
		policy := r.shape.CleanupPolicies[id]
		switch {
		case policy.Action == "KEEP" && policy.MostRecentVersions != nil:
			keep = max(keep, policy.MostRecentVersions.KeepCount)
		case policy.Action == "DELETE" && policy.Condition != nil:
			if d, err := time.ParseDuration(policy.Condition.OlderThan); err == nil {
				oldest = d
			}
		}
	}
	if oldest == 0 {
		return
	}
	newer := map[string]int64{}
	var kept []*stored
	for _, i := range slices.Backward(r.images) {
		newer[i.name]++
		if newer[i.name] <= keep || now.Sub(i.at) <= oldest {
			kept = append(kept, i)
		}
	}
	slices.Reverse(kept)
	r.images = kept
}

// imageName is how Cloud Functions calls a function's image.
func imageName(p *project, region, function string) string {
	dashed := strings.NewReplacer("-", "--", "_", "__")
	return dashed.Replace(p.id) + "__" + dashed.Replace(region) + "__" + dashed.Replace(strings.ToLower(function))
}

// cleanAfterADay is what the CLI's --force sets where a repository has no policy at all.
func (r *repository) cleanAfterADay() {
	if len(r.shape.CleanupPolicies) > 0 {
		return
	}
	const id = "firebase-functions-cleanup"
	r.shape.CleanupPolicies = map[string]registry.CleanupPolicy{
		id: {Id: id, Action: "DELETE", Condition: &registry.CleanupPolicyCondition{OlderThan: "86400s", TagState: "ANY"}},
	}
}
