package google

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	functions1 "google.golang.org/api/cloudfunctions/v1"
	"google.golang.org/api/cloudfunctions/v2"
)

// function is a Cloud Function of either generation. Only the shape of its generation is kept.
type function struct {
	p      *project
	region string
	name   string

	first  *functions1.CloudFunction
	past   map[int64]*functions1.CloudFunction // past are the older versions of one of the first generation.
	zips   map[int64][]byte
	second *cloudfunctions.Function
	zip    []byte // zip is what it was built from last.
	commit string
}

func functionRoutes() []route {
	const m, base = "cloudfunctions.projects.locations.functions.", "/projects/{project}/locations/{location}/functions"
	const view, change, one = "cloudfunctions.functions.get", "cloudfunctions.functions.update", "/{function}"
	const second, first = "cloudfunctions/v2", "cloudfunctions/v1"
	return []route{
		{hostFunctions, second, m + "list", "GET", "v2" + base, "cloudfunctions.functions.list", listFunctions},
		{hostFunctions, second, m + "create", "POST", "v2" + base, "cloudfunctions.functions.create", createFunction},
		{hostFunctions, second, m + "generateUploadUrl", "POST", "v2" + base + ":generateUploadUrl", "cloudfunctions.functions.sourceCodeSet", uploadAddress},
		{hostFunctions, second, m + "get", "GET", "v2" + base + one, view, getFunction},
		{hostFunctions, second, m + "patch", "PATCH", "v2" + base + one, change, patchFunction},
		{hostFunctions, second, m + "delete", "DELETE", "v2" + base + one, "cloudfunctions.functions.delete", deleteFunction},
		{hostFunctions, second, m + "generateDownloadUrl", "POST", "v2" + base + one + ":generateDownloadUrl", "cloudfunctions.functions.sourceCodeGet", downloadAddress},
		{hostFunctions, second, "cloudfunctions.projects.locations.operations.get", "GET", "v2/projects/{project}/locations/{location}/operations/{operation}", "cloudfunctions.operations.get", getOperation},
		{hostFunctions, first, m + "list", "GET", "v1" + base, "cloudfunctions.functions.list", listFunctions1},
		{hostFunctions, first, m + "create", "POST", "v1" + base, "cloudfunctions.functions.create", createFunction1},
		{hostFunctions, first, m + "setIamPolicy", "POST", "v1" + base + one + ":setIamPolicy", "cloudfunctions.functions.setIamPolicy", setFunctionPolicy1},
		{hostFunctions, first, m + "generateUploadUrl", "POST", "v1" + base + ":generateUploadUrl", "cloudfunctions.functions.sourceCodeSet", uploadAddress1},
		{hostFunctions, first, m + "get", "GET", "v1" + base + one, view, getFunction1},
		{hostFunctions, first, m + "patch", "PATCH", "v1" + base + one, change, patchFunction1},
		{hostFunctions, first, m + "generateDownloadUrl", "POST", "v1" + base + one + ":generateDownloadUrl", "cloudfunctions.functions.sourceCodeGet", downloadAddress1},
		{hostFunctions, first, "cloudfunctions.operations.get", "GET", "v1/operations/{operation}", "cloudfunctions.operations.get", getOperation1},
	}
}

func (f *function) id() string { return f.region + "/" + f.name }

func (f *function) full() string { return f.p.location(f.region) + "/functions/" + f.name }

func (q *request) function() (*function, *refusal) {
	if f := q.p.functions[q.args["location"]+"/"+q.args["function"]]; f != nil {
		return f, nil
	}
	return nil, notFound(fmt.Sprintf("Resource '%s/functions/%s' was not found", q.p.location(q.args["location"]), q.args["function"]))
}

// serving is what answers all requests of a function, and the commit that it comes from.
func (f *function) serving() (pointer, commit string) {
	if f.first != nil {
		return fmt.Sprint("version ", f.first.VersionId), f.commit
	}
	s := f.service()
	if s == nil {
		return "", ""
	}
	for _, r := range s.revisions {
		if s.share(last(r.Name)) == 100 {
			return last(r.Name), r.commit
		}
	}
	return "split", ""
}

func (f *function) service() *service { return f.p.services[f.region+"/"+serviceID(f.name)] }

func serviceID(function string) string {
	return strings.ReplaceAll(strings.ToLower(function), "_", "-")
}

// shape is the function as the newer API shows it, which shows both generations.
func (f *function) shape() *cloudfunctions.Function {
	if f.second != nil {
		shown := *f.second
		return &shown
	}
	state := map[string]string{"ACTIVE": "ACTIVE", "DEPLOY_IN_PROGRESS": "DEPLOYING", "OFFLINE": "FAILED"}[f.first.Status]
	return &cloudfunctions.Function{
		Name: f.full(), Environment: "GEN_1", State: state, Labels: f.first.Labels, UpdateTime: f.first.UpdateTime,
		BuildConfig: &cloudfunctions.BuildConfig{Runtime: f.first.Runtime, EntryPoint: f.first.EntryPoint},
	}
}

func (p *project) inLocation(q *request, f *function) bool {
	return !p.silent[f.region] && (q.args["location"] == "-" || q.args["location"] == f.region)
}

func listFunctions(q *request) (any, *refusal) {
	list := &cloudfunctions.ListFunctionsResponse{Unreachable: q.p.unreachable()}
	var found []*cloudfunctions.Function
	for _, id := range slices.Sorted(maps.Keys(q.p.functions)) {
		f := q.p.functions[id]
		if q.p.inLocation(q, f) && (f.second != nil || q.query.Get("filter") != `environment="GEN_2"`) {
			found = append(found, f.shape())
		}
	}
	start, size, no := q.page(len(found))
	if no != nil {
		return nil, no
	}
	list.Functions, list.NextPageToken = found[start:min(start+size, len(found))], nextPage(start, size, len(found))
	return list, nil
}

func getFunction(q *request) (any, *refusal) {
	f, no := q.function()
	if no != nil {
		return nil, no
	}
	return f.shape(), nil
}

func createFunction(q *request) (any, *refusal) {
	body, no := decode[cloudfunctions.Function](q)
	if no != nil {
		return nil, no
	}
	id := q.query.Get("functionId")
	f := &function{p: q.p, region: q.args["location"], name: id}
	if q.p.functions[f.id()] != nil {
		return nil, &refusal{status: 409, code: "ALREADY_EXISTS", message: "Function already exists."}
	}
	body.Name, body.Environment, body.CreateTime = f.full(), "GEN_2", stamp(q.g.now())
	f.second = body
	q.p.functions[f.id()] = f
	zip, no := q.p.archiveIn(body)
	if no != nil {
		return nil, no
	}
	return f.build(zip), nil
}

func patchFunction(q *request) (any, *refusal) {
	f, no := q.function()
	if no != nil {
		return nil, no
	}
	body, no := decode[cloudfunctions.Function](q)
	if no != nil {
		return nil, no
	}
	if f.second == nil {
		return nil, invalid("The function is of the first generation.")
	}
	if f.second.State == "DEPLOYING" {
		return nil, &refusal{status: 409, code: "ABORTED", message: "An operation on the function is in progress."}
	}
	if no := merge(f.second, q.body, q.query.Get("updateMask")); no != nil {
		return nil, no
	}
	if !strings.Contains(q.query.Get("updateMask"), "source") {
		return f.build(f.zip), nil
	}
	zip, no := q.p.archiveIn(body)
	if no != nil {
		return nil, no
	}
	return f.build(zip), nil
}

func deleteFunction(q *request) (any, *refusal) {
	f, no := q.function()
	if no != nil {
		return nil, no
	}
	delete(q.p.functions, f.id())
	delete(q.p.services, f.region+"/"+serviceID(f.name))
	name := fmt.Sprintf("%s/operations/operation-%d", q.p.location(f.region), q.g.nextID())
	return q.p.begin(name, 0, nil, func(*operation) {}), nil
}

// build makes a new revision from an archive, some time from now.
func (f *function) build(zip []byte) *operation {
	g, config := f.p.g, f.second.ServiceConfig
	if config == nil {
		config = &cloudfunctions.ServiceConfig{}
		f.second.ServiceConfig = config
	}
	f.second.State, f.second.UpdateTime = "DEPLOYING", stamp(g.now())
	name := fmt.Sprintf("%s/operations/operation-%d", f.p.location(f.region), g.nextID())
	meta := map[string]any{"@type": "type.googleapis.com/google.cloud.functions.v2.OperationMetadata", "target": f.full(), "apiVersion": "v2", "createTime": stamp(g.now())}
	return f.p.begin(name, g.opt.Build, meta, func(op *operation) {
		if commitIn(string(zip)) == "does-not-build" {
			f.second.State = "FAILED"
			f.second.StateMessages = []*cloudfunctions.GoogleCloudFunctionsV2StateMessage{{Severity: "ERROR", Type: "CloudBuild", Message: "Build failed."}}
			op.fail(3, "Build failed with status: FAILURE.")
			return
		}
		f.zip, f.commit = zip, commitIn(string(zip))
		f.publish()
		op.response = typed("google.cloud.functions.v2.Function", f.second)
	})
}

// publish makes a built archive the newest revision of the service behind the function.
func (f *function) publish() {
	g := f.p.g
	s := f.service()
	if s == nil {
		s = f.p.addService(f.region, serviceID(f.name), "cloudfunctions")
	}
	config := f.second.ServiceConfig
	if config.AllTrafficOnLatestRevision {
		s.unpin()
	}
	image := f.p.repository(f.region).push(imageName(f.p, f.region, f.name), f.zip)
	r := s.addRevision(image, f.commit, config.EnvironmentVariables)
	generation := g.nextID()
	bucket, object := fmt.Sprintf("gcf-v2-sources-%s-%s", f.p.number, f.region), f.name+"/function-source.zip"
	f.p.objects[fmt.Sprintf("%s/%s#%d", bucket, object, generation)] = f.zip
	if f.second.BuildConfig == nil {
		f.second.BuildConfig = &cloudfunctions.BuildConfig{}
	}
	f.second.BuildConfig.SourceProvenance = &cloudfunctions.SourceProvenance{
		ResolvedStorageSource: &cloudfunctions.StorageSource{Bucket: bucket, Object: object, Generation: generation},
	}
	config.Service, config.Revision, config.Uri = s.name(), last(r.Name), s.shape.Uri
	f.second.Url = fmt.Sprintf("https://%s-%s.cloudfunctions.net/%s", f.region, f.p.id, f.name)
	f.second.State, f.second.StateMessages, f.second.UpdateTime = "ACTIVE", nil, stamp(g.now())
}

// unpin sends everything to the newest revision and keeps the tags.
func (s *service) unpin() {
	traffic := s.shape.Traffic[:0:0]
	for _, t := range s.shape.Traffic {
		if t.Tag != "" {
			tagged := *t
			tagged.Percent = 0
			traffic = append(traffic, &tagged)
		}
	}
	s.shape.Traffic = append(traffic, latest())
}
