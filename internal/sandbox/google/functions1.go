package google

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	functions1 "google.golang.org/api/cloudfunctions/v1"
)

func listFunctions1(q *request) (any, *refusal) {
	list := &functions1.ListFunctionsResponse{Unreachable: q.p.unreachable()}
	for _, id := range slices.Sorted(maps.Keys(q.p.functions)) {
		if f := q.p.functions[id]; f.first != nil && q.p.inLocation(q, f) {
			list.Functions = append(list.Functions, f.first)
		}
	}
	return list, nil
}

func (q *request) function1() (*function, *refusal) {
	f, no := q.function()
	if no == nil && f.first == nil {
		return nil, notFound("Function is of the second generation.")
	}
	return f, no
}

func getFunction1(q *request) (any, *refusal) {
	f, no := q.function1()
	if no != nil {
		return nil, no
	}
	version, err := strconv.ParseInt(q.query.Get("versionId"), 10, 64)
	if err != nil || version == f.first.VersionId {
		return f.first, nil
	}
	if past := f.past[version]; past != nil {
		return past, nil
	}
	return nil, notFound("Version does not exist.")
}

func createFunction1(q *request) (any, *refusal) {
	body, no := decode[functions1.CloudFunction](q)
	if no != nil {
		return nil, no
	}
	f := &function{p: q.p, region: q.args["location"], name: last(body.Name)}
	if q.p.functions[f.id()] != nil {
		return nil, &refusal{status: 409, code: "ALREADY_EXISTS", message: "Function already exists."}
	}
	zip := q.p.objects[body.SourceUploadUrl]
	if zip == nil {
		return nil, invalid("The source was not uploaded.")
	}
	q.p.functions[f.id()], body.SourceUploadUrl = f, ""
	return f.build1(body, zip), nil
}

// setFunctionPolicy1 takes who may call a function; nobody asks the sandbox for it.
func setFunctionPolicy1(q *request) (any, *refusal) {
	if _, no := q.function1(); no != nil {
		return nil, no
	}
	body, no := decode[functions1.SetIamPolicyRequest](q)
	if no != nil {
		return nil, no
	}
	return body.Policy, nil
}

func patchFunction1(q *request) (any, *refusal) {
	f, no := q.function1()
	if no != nil {
		return nil, no
	}
	body, no := decode[functions1.CloudFunction](q)
	if no != nil {
		return nil, no
	}
	zip := q.p.objects[body.SourceUploadUrl]
	if zip == nil {
		return nil, invalid("The source was not uploaded.")
	}
	next := *f.first
	if no := merge(&next, q.body, q.query.Get("updateMask")); no != nil {
		return nil, no
	}
	next.SourceUploadUrl = ""
	return f.build1(&next, zip), nil
}

// build1 replaces a function of the first generation, which has no revisions; some older versions can be read.
func (f *function) build1(next *functions1.CloudFunction, zip []byte) *operation {
	g := f.p.g
	if f.first == nil {
		f.first = &functions1.CloudFunction{}
		f.past, f.zips = map[int64]*functions1.CloudFunction{}, map[int64][]byte{}
	}
	next.VersionId = f.first.VersionId + 1
	if f.first.VersionId > 0 {
		past := *f.first
		f.past[past.VersionId] = &past
	}
	f.zips[next.VersionId] = zip
	f.first.Name, f.first.Status, f.first.UpdateTime = f.full(), "DEPLOY_IN_PROGRESS", stamp(g.now())
	name := fmt.Sprintf("operations/operation-%d", g.nextID())
	meta := map[string]any{"@type": "type.googleapis.com/google.cloud.functions.v1.OperationMetadataV1", "target": f.full(), "type": "UPDATE_FUNCTION"}
	return f.p.begin(name, g.opt.Build, meta, func(op *operation) {
		next.Name, next.Status, next.UpdateTime = f.full(), "ACTIVE", stamp(g.now())
		f.first, f.zip, f.commit = next, zip, commitIn(string(zip))
		op.response = typed("google.cloud.functions.v1.CloudFunction", next)
	})
}

// getOperation1 looks through all projects, because the name of an operation of the first generation holds none.
func getOperation1(q *request) (any, *refusal) {
	for _, p := range q.g.projects {
		if op := p.ops["operations/"+q.args["operation"]]; op != nil {
			return op.shape(), nil
		}
	}
	return nil, notFound("Operation not found.")
}

func downloadAddress1(q *request) (any, *refusal) {
	f, no := q.function1()
	if no != nil {
		return nil, no
	}
	body, no := decode[functions1.GenerateDownloadUrlRequest](q)
	if no != nil {
		return nil, no
	}
	zip := f.zip
	if body.VersionId != 0 {
		zip = f.zips[int64(body.VersionId)] //nolint:gosec // versions are counted from one
	}
	if zip == nil {
		return nil, notFound("Version does not exist.")
	}
	return &functions1.GenerateDownloadUrlResponse{DownloadUrl: q.p.lend(zip)}, nil
}

func uploadAddress1(q *request) (any, *refusal) {
	return &functions1.GenerateUploadUrlResponse{UploadUrl: q.p.place()}, nil
}

// ForgetVersion makes Google lose an older version of a function of the first generation, as it may at any time.
func (g *Google) ForgetVersion(projectID, id string, version int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f := g.project(projectID).functions[id]; f != nil {
		delete(f.past, version)
		delete(f.zips, version)
	}
}
