package google

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	hosting "google.golang.org/api/firebasehosting/v1beta1"
)

func listVersions(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	list := &hosting.ListVersionsResponse{}
	for _, v := range slices.Backward(s.versions) {
		list.Versions = append(list.Versions, &v.Version)
	}
	return list, nil
}

func createVersion(q *request) (any, *refusal) {
	s, no := q.site()
	if no != nil {
		return nil, no
	}
	body, no := decode[hosting.Version](q)
	if no != nil {
		return nil, no
	}
	return &s.add(q.g, body, q.as).Version, nil
}

func (s *site) add(g *Google, of *hosting.Version, by string) *version {
	v := &version{Version: hosting.Version{
		Name: fmt.Sprintf("sites/%s/versions/%016x", s.name, g.nextID()), Status: "CREATED", Labels: of.Labels, Config: of.Config,
		CreateTime: stamp(g.now()), CreateUser: &hosting.ActingUser{Email: mail(by)},
	}, made: g.now(), files: map[string]string{}, here: map[string]bool{}}
	s.versions = append(s.versions, v)
	return v
}

func getVersion(q *request) (any, *refusal) {
	_, v, no := q.version()
	if no != nil {
		return nil, no
	}
	return &v.Version, nil
}

func patchVersion(q *request) (any, *refusal) {
	s, v, no := q.version()
	if no != nil {
		return nil, no
	}
	body, no := decode[hosting.Version](q)
	if no != nil {
		return nil, no
	}
	for _, field := range strings.Split(q.query.Get("updateMask"), ",") {
		switch field {
		case "config":
			v.Config = body.Config
		case "labels":
			v.Labels = body.Labels
		case "status":
			if no := s.finalize(q, v, body.Status); no != nil {
				return nil, no
			}
		}
	}
	return &v.Version, nil
}

func (s *site) finalize(q *request, v *version, status string) *refusal {
	if v.Status == status {
		return nil
	}
	if v.Status != "CREATED" || status != "FINALIZED" {
		return precondition(fmt.Sprintf("Version %s cannot go from %s to %s.", v.Name, v.Status, status))
	}
	for path, hash := range v.files {
		if !v.here[hash] {
			return precondition("The file " + path + " was not uploaded.")
		}
	}
	v.Status, v.FinalizeTime, v.FinalizeUser = status, stamp(q.g.now()), &hosting.ActingUser{Email: mail(q.as)}
	v.FileCount = int64(len(v.files))
	s.retain()
	return nil
}

// retain takes the content of the oldest finalized versions beyond the site's maximum, never of the live one.
func (s *site) retain() {
	kept := int64(0)
	for _, v := range slices.Backward(s.versions) {
		if v.Status != "FINALIZED" {
			continue
		}
		kept++
		if s.config.MaxVersions > 0 && kept > s.config.MaxVersions && v != s.live() {
			v.Status, v.files = "EXPIRED", nil
		}
	}
}

func deleteVersion(q *request) (any, *refusal) {
	s, v, no := q.version()
	if no != nil {
		return nil, no
	}
	if v == s.live() {
		return nil, precondition("The version is live.")
	}
	v.Status, v.DeleteTime = "DELETED", stamp(q.g.now())
	return struct{}{}, nil
}

func populateFiles(q *request) (any, *refusal) {
	s, v, no := q.version()
	if no != nil {
		return nil, no
	}
	body, no := decode[hosting.PopulateVersionFilesRequest](q)
	if no != nil {
		return nil, no
	}
	if v.Status != "CREATED" {
		return nil, precondition("The version is " + v.Status + ".")
	}
	need := map[string]bool{}
	for path, hash := range body.Files {
		v.files[path] = hash
		if s.knows(hash) {
			v.here[hash] = true
		} else {
			need[hash] = true
		}
	}
	return &hosting.PopulateVersionFilesResponse{
		UploadRequiredHashes: slices.Sorted(maps.Keys(need)),
		UploadUrl:            q.g.url(hostUpload, "upload/"+v.Name+"/files"),
	}, nil
}

// knows says that the site was given a file by that hash before.
func (s *site) knows(hash string) bool {
	return slices.ContainsFunc(s.versions, func(v *version) bool { return v.here[hash] })
}

func uploadFile(q *request) (any, *refusal) {
	_, v, no := q.version()
	if no != nil {
		return nil, no
	}
	if hashOf(q.body) != q.args["hash"] {
		return nil, &refusal{status: http.StatusBadRequest, code: "INVALID_ARGUMENT", message: "The hash does not match the content."}
	}
	v.here[q.args["hash"]] = true
	return struct{}{}, nil
}

func listFiles(q *request) (any, *refusal) {
	_, v, no := q.version()
	if no != nil {
		return nil, no
	}
	list := &hosting.ListVersionFilesResponse{}
	for _, path := range slices.Sorted(maps.Keys(v.files)) {
		status := "EXPECTED"
		if v.here[v.files[path]] {
			status = "ACTIVE"
		}
		if want := q.query.Get("status"); want == "" || want == status || want == "STATUS_UNSPECIFIED" {
			list.Files = append(list.Files, &hosting.VersionFile{Path: path, Hash: v.files[path], Status: status})
		}
	}
	return list, nil
}

// tidyHosting gives up versions that were never finalized.
func (p *project) tidyHosting(now time.Time) {
	for _, s := range p.sites {
		for _, v := range s.versions {
			if v.Status == "CREATED" && now.Sub(v.made) > abandoned {
				v.Status = "ABANDONED"
			}
		}
	}
}
