package google

import (
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/api/cloudfunctions/v2"
	run "google.golang.org/api/run/v2"
)

func storageRoutes() []route {
	return []route{
		{hostStorage, "", "put an archive", "PUT", "{project}.uploads/{object}", public, putObject},
		{hostStorage, "", "get an archive", "GET", "{project}.sources/{object}", public, getObject},
	}
}

// signature is the query of a signed address: whoever has it may use it.
const signature = "?GoogleAccessId=sandbox%40example.com&Expires=4102444800&Signature=c2FuZGJveA%3D%3D"

// place is a signed address to put an archive.
func (p *project) place() string {
	return p.g.url(hostStorage, fmt.Sprintf("%s.uploads/%d.zip", p.id, p.g.nextID())) + signature
}

// lend is a signed address to get an archive from.
func (p *project) lend(zip []byte) string {
	name := fmt.Sprintf("%s.sources/%d.zip", p.id, p.g.nextID())
	p.objects[name] = zip
	return p.g.url(hostStorage, name) + signature
}

func (q *request) signed() *refusal {
	if q.query.Get("Signature") == "" {
		return &refusal{status: http.StatusForbidden, code: "PERMISSION_DENIED", message: "The address is not signed."}
	}
	return nil
}

func putObject(q *request) (any, *refusal) {
	if no := q.signed(); no != nil {
		return nil, no
	}
	if q.http.Header.Get("Content-Type") != "application/zip" {
		return nil, &refusal{status: http.StatusForbidden, code: "PERMISSION_DENIED", message: "SignatureDoesNotMatch: the content type is part of the signature."}
	}
	name := q.p.id + ".uploads/" + q.args["object"]
	q.p.objects[q.g.url(hostStorage, name)+signature] = q.body // as sourceUploadUrl of the first generation
	q.p.objects[name] = q.body                                 // as storageSource of the second
	return []byte{}, nil
}

func getObject(q *request) (any, *refusal) {
	if no := q.signed(); no != nil {
		return nil, no
	}
	zip := q.p.objects[q.p.id+".sources/"+q.args["object"]]
	if zip == nil {
		return nil, notFound("The specified key does not exist.")
	}
	q.reply.Set("Content-Type", "application/zip")
	return zip, nil
}

func uploadAddress(q *request) (any, *refusal) {
	address := q.p.place()
	object := last(strings.TrimSuffix(address, signature))
	return &cloudfunctions.GenerateUploadUrlResponse{
		UploadUrl: address, StorageSource: &cloudfunctions.StorageSource{Bucket: q.p.id + ".uploads", Object: object},
	}, nil
}

// archiveIn is what a body says to build.
func (p *project) archiveIn(f *cloudfunctions.Function) ([]byte, *refusal) {
	if f.BuildConfig == nil || f.BuildConfig.Source == nil || f.BuildConfig.Source.StorageSource == nil {
		return nil, invalid("The function has no source.")
	}
	s := f.BuildConfig.Source.StorageSource
	zip := p.objects[s.Bucket+"/"+s.Object]
	if zip == nil {
		zip = p.objects[fmt.Sprintf("%s/%s#%d", s.Bucket, s.Object, s.Generation)]
	}
	if zip == nil {
		return nil, invalid("The source was not uploaded.")
	}
	return zip, nil
}

func downloadAddress(q *request) (any, *refusal) {
	f, no := q.function()
	if no != nil {
		return nil, no
	}
	return &cloudfunctions.GenerateDownloadUrlResponse{DownloadUrl: q.p.lend(f.zip)}, nil
}

func latest() *run.GoogleCloudRunV2TrafficTarget {
	return &run.GoogleCloudRunV2TrafficTarget{Type: toLatest, Percent: 100}
}
