package google

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	firestore "google.golang.org/api/firestore/v1"
)

// database is a Firestore database as far as its administration goes. It holds no documents.
type database struct {
	id      string
	made    time.Time
	pitr    bool
	indexes []*firestore.GoogleFirestoreAdminV1Index
	fields  []*firestore.GoogleFirestoreAdminV1Field
	exports []*operation
}

func firestoreRoutes() []route {
	const api, m, base = "firestore/v1", "firestore.projects.databases.", "v1/projects/{project}/databases"
	const one, groups = base + "/{database}", base + "/{database}/collectionGroups/{group}"
	return []route{
		{hostFirestore, api, m + "list", "GET", base, "datastore.databases.list", listDatabases},
		{hostFirestore, api, m + "get", "GET", one, "datastore.databases.get", getDatabase},
		{hostFirestore, api, m + "patch", "PATCH", one, "datastore.databases.update", patchDatabase},
		{hostFirestore, api, m + "exportDocuments", "POST", one + ":exportDocuments", "datastore.databases.export", exportDocuments},
		{hostFirestore, api, m + "operations.list", "GET", one + "/operations", "datastore.operations.list", listOperations},
		{hostFirestore, api, m + "operations.get", "GET", one + "/operations/{operation}", "datastore.operations.get", getOperation},
		{hostFirestore, api, m + "collectionGroups.indexes.list", "GET", groups + "/indexes", "datastore.indexes.list", listIndexes},
		{hostFirestore, api, m + "collectionGroups.indexes.create", "POST", groups + "/indexes", "datastore.indexes.create", createIndex},
		{hostFirestore, api, m + "collectionGroups.indexes.delete", "DELETE", groups + "/indexes/{index}", "datastore.indexes.delete", deleteIndex},
		{hostFirestore, api, m + "collectionGroups.fields.list", "GET", groups + "/fields", "datastore.indexes.list", listFields},
	}
}

func (q *request) database() (*database, *refusal) {
	if d := q.p.databases[q.args["database"]]; d != nil {
		return d, nil
	}
	return nil, notFound("Project '" + q.p.id + "' or database '" + q.args["database"] + "' does not exist.")
}

func (p *project) databaseShape(d *database) *firestore.GoogleFirestoreAdminV1Database {
	keep, state := retention, "POINT_IN_TIME_RECOVERY_DISABLED"
	if d.pitr {
		keep, state = 7*24*time.Hour, "POINT_IN_TIME_RECOVERY_ENABLED"
	}
	earliest := p.g.now().Add(-keep)
	if earliest.Before(d.made) {
		earliest = d.made
	}
	return &firestore.GoogleFirestoreAdminV1Database{
		Name: p.name() + "/databases/" + d.id, LocationId: "eur3", Type: "FIRESTORE_NATIVE", DatabaseEdition: "STANDARD", ConcurrencyMode: "PESSIMISTIC",
		CreateTime: stamp(d.made), EarliestVersionTime: stamp(earliest), PointInTimeRecoveryEnablement: state,
		VersionRetentionPeriod: fmt.Sprintf("%ds", int(keep.Seconds())), DeleteProtectionState: "DELETE_PROTECTION_DISABLED",
	}
}

func listDatabases(q *request) (any, *refusal) {
	list := &firestore.GoogleFirestoreAdminV1ListDatabasesResponse{}
	for _, id := range slices.Sorted(maps.Keys(q.p.databases)) {
		list.Databases = append(list.Databases, q.p.databaseShape(q.p.databases[id]))
	}
	return list, nil
}

func getDatabase(q *request) (any, *refusal) {
	d, no := q.database()
	if no != nil {
		return nil, no
	}
	return q.p.databaseShape(d), nil
}

func patchDatabase(q *request) (any, *refusal) {
	d, no := q.database()
	if no != nil {
		return nil, no
	}
	body, no := decode[firestore.GoogleFirestoreAdminV1Database](q)
	if no != nil {
		return nil, no
	}
	if q.query.Get("updateMask") == "pointInTimeRecoveryEnablement" {
		d.pitr = body.PointInTimeRecoveryEnablement == "POINT_IN_TIME_RECOVERY_ENABLED"
	}
	return q.p.begin(q.p.databaseOperation(d), 0, nil, func(op *operation) {
		op.response = typed("google.firestore.admin.v1.Database", q.p.databaseShape(d))
	}), nil
}

func (p *project) databaseOperation(d *database) string {
	return fmt.Sprintf("%s/databases/%s/operations/%016x", p.name(), d.id, p.g.nextID())
}

func exportDocuments(q *request) (any, *refusal) {
	d, no := q.database()
	if no != nil {
		return nil, no
	}
	body, no := decode[firestore.GoogleFirestoreAdminV1ExportDocumentsRequest](q)
	if no != nil {
		return nil, no
	}
	if !strings.HasPrefix(body.OutputUriPrefix, "gs://") {
		return nil, invalid("The output URI prefix must be a Cloud Storage location.")
	}
	if no := q.p.snapshotTime(d, body.SnapshotTime); no != nil {
		return nil, no
	}
	meta := map[string]any{
		"@type": "type.googleapis.com/google.firestore.admin.v1.ExportDocumentsMetadata", "startTime": stamp(q.g.now()), "operationState": "PROCESSING",
		"outputUriPrefix": body.OutputUriPrefix, "progressDocuments": map[string]any{"estimatedWork": "1200", "completedWork": "400"},
	}
	if body.SnapshotTime != "" {
		meta["snapshotTime"] = body.SnapshotTime
	}
	op := q.p.begin(q.p.databaseOperation(d), q.g.opt.Export, meta, func(op *operation) {
		meta["operationState"], meta["endTime"] = "SUCCESSFUL", stamp(q.g.now())
		meta["progressDocuments"] = map[string]any{"estimatedWork": "1200", "completedWork": "1200"}
		op.response = map[string]any{"@type": "type.googleapis.com/google.firestore.admin.v1.ExportDocumentsResponse", "outputUriPrefix": body.OutputUriPrefix}
	})
	d.exports = append(d.exports, op)
	return op, nil
}

// snapshotTime must be a whole minute that can still be read.
func (p *project) snapshotTime(d *database, text string) *refusal {
	if text == "" {
		return nil
	}
	at, err := time.Parse(time.RFC3339, text)
	earliest, _ := time.Parse(time.RFC3339, p.databaseShape(d).EarliestVersionTime)
	switch {
	case err != nil || !at.Equal(at.Truncate(time.Minute)):
		return invalid("The snapshot time must be a whole minute.")
	case at.Before(earliest) || at.After(p.g.now()):
		return invalid("The snapshot time is too old or in the future.")
	}
	return nil
}

func listOperations(q *request) (any, *refusal) {
	d, no := q.database()
	if no != nil {
		return nil, no
	}
	list := &firestore.GoogleLongrunningListOperationsResponse{}
	for _, op := range d.exports {
		s := op.shape()
		list.Operations = append(list.Operations, &firestore.GoogleLongrunningOperation{Name: s.Name, Done: s.Done, Metadata: s.Metadata, Response: s.Response})
	}
	return list, nil
}

func listIndexes(q *request) (any, *refusal) {
	d, no := q.database()
	if no != nil {
		return nil, no
	}
	return &firestore.GoogleFirestoreAdminV1ListIndexesResponse{Indexes: d.indexes}, nil
}

func listFields(q *request) (any, *refusal) {
	d, no := q.database()
	if no != nil {
		return nil, no
	}
	return &firestore.GoogleFirestoreAdminV1ListFieldsResponse{Fields: d.fields}, nil
}

func createIndex(q *request) (any, *refusal) {
	d, no := q.database()
	if no != nil {
		return nil, no
	}
	body, no := decode[firestore.GoogleFirestoreAdminV1Index](q)
	if no != nil {
		return nil, no
	}
	body.Name = fmt.Sprintf("%s/databases/%s/collectionGroups/%s/indexes/idx%d", q.p.name(), d.id, q.args["group"], q.g.nextID())
	body.State = "CREATING"
	d.indexes = append(d.indexes, body)
	return q.p.begin(q.p.databaseOperation(d), q.g.opt.Index, nil, func(op *operation) {
		body.State = "READY"
		op.response = typed("google.firestore.admin.v1.Index", body)
	}), nil
}

func deleteIndex(q *request) (any, *refusal) {
	d, no := q.database()
	if no != nil {
		return nil, no
	}
	before := len(d.indexes)
	d.indexes = slices.DeleteFunc(d.indexes, func(i *firestore.GoogleFirestoreAdminV1Index) bool { return last(i.Name) == q.args["index"] })
	if len(d.indexes) == before {
		return nil, notFound("Requested entity was not found.")
	}
	return struct{}{}, nil
}
