package firebase

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/api/firestore/v1"
)

const (
	roleDatabases = "roles/datastore.owner"
	roleExport    = "roles/datastore.importExportAdmin"
)

// Index is a composite index; one that a deploy deleted takes minutes to hours to come back, and old code may need it.
type Index struct {
	Name   string   `json:"name"`
	Group  string   `json:"group"`
	Scope  string   `json:"scope"`
	Fields []string `json:"fields"` // Fields are like "city ASCENDING".
	State  string   `json:"state"`
}

// Key is equal for indexes that serve the same queries.
func (i Index) Key() string { return i.Group + " " + i.Scope + " " + strings.Join(i.Fields, ", ") }

// Database is a Firestore database, as far as it can be looked back into.
type Database struct {
	Name     string `json:"name"` // Name is projects/P/databases/D.
	Location string `json:"location,omitempty"`
	// Earliest is the oldest moment that can still be read: an hour ago, or seven days with point-in-time recovery.
	Earliest    time.Time `json:"earliest,omitzero"`
	PointInTime bool      `json:"point_in_time"`
	Indexes     []Index   `json:"indexes,omitempty"`
}

// ID is the database's id, such as (default).
func (d *Database) ID() string { return last(d.Name) }

// Databases lists the Firestore databases with their indexes, and the locations that did not answer.
func (p *Project) Databases(ctx context.Context) (databases []Database, unreachable []string, err error) {
	list, err := do(ctx, p, operation{"list the Firestore databases", hostFirestore, reads, roleDatabases}, func(ctx context.Context) (*firestore.GoogleFirestoreAdminV1ListDatabasesResponse, error) {
		return p.firestore.Projects.Databases.List(p.name()).Context(ctx).Do()
	})
	if err != nil {
		return nil, nil, err
	}
	databases, err = each(ctx, list.Databases, func(ctx context.Context, raw *firestore.GoogleFirestoreAdminV1Database) (Database, error) {
		d := Database{
			Name: raw.Name, Location: raw.LocationId, Earliest: at(raw.EarliestVersionTime),
			PointInTime: raw.PointInTimeRecoveryEnablement == "POINT_IN_TIME_RECOVERY_ENABLED",
		}
		var err error
		d.Indexes, err = p.indexes(ctx, d.ID())
		return d, err
	})
	return databases, list.Unreachable, err
}

func (p *Project) indexes(ctx context.Context, database string) (indexes []Index, err error) {
	parent := p.name() + "/databases/" + database + "/collectionGroups/-"
	for token, first := "", true; first || token != ""; first = false {
		page, err := do(ctx, p, operation{"list the indexes of the database " + database, hostFirestore, reads, roleDatabases}, func(ctx context.Context) (*firestore.GoogleFirestoreAdminV1ListIndexesResponse, error) {
			return p.firestore.Projects.Databases.CollectionGroups.Indexes.List(parent).PageSize(200).PageToken(token).Context(ctx).Do()
		})
		if err != nil {
			return nil, err
		}
		for _, raw := range page.Indexes {
			indexes = append(indexes, indexOf(raw))
		}
		token = page.NextPageToken
	}
	slices.SortFunc(indexes, func(a, b Index) int { return strings.Compare(a.Key(), b.Key()) })
	return indexes, nil
}

func indexOf(raw *firestore.GoogleFirestoreAdminV1Index) Index {
	i := Index{Name: raw.Name, Group: segment(raw.Name, "collectionGroups"), Scope: raw.QueryScope, State: raw.State}
	for _, f := range raw.Fields {
		how := f.Order + f.ArrayConfig
		if f.VectorConfig != nil {
			how = "VECTOR"
		}
		i.Fields = append(i.Fields, f.FieldPath+" "+how)
	}
	return i
}

// Export is what to write of a database, and where.
type Export struct {
	Database    string   // Database is an id; empty means (default).
	To          string   // To is gs://BUCKET/PATH; an existing export there is refused by Google.
	Collections []string // Collections are collection groups; none means all.
	// At is the moment to export, a whole minute not before Database.Earliest: then the export is of one point in time, and may
	// be asked for afterwards. Zero exports document by document as they are.
	At time.Time
}

// Export asks Google to export a database: a read is paid for every document, and it takes minutes to hours. Two calls make two
// exports: store the Operation before anything else.
func (p *Project) Export(ctx context.Context, e Export) (*Operation, error) {
	if e.Database == "" {
		e.Database = "(default)"
	}
	what := "export the Firestore database " + e.Database
	if !strings.HasPrefix(e.To, "gs://") || len(e.To) < len("gs://abc") {
		return nil, invalid(p.id, what, "%q is no bucket: write gs://BUCKET or gs://BUCKET/PATH", e.To)
	}
	req := &firestore.GoogleFirestoreAdminV1ExportDocumentsRequest{OutputUriPrefix: e.To, CollectionIds: e.Collections}
	if !e.At.IsZero() {
		req.SnapshotTime = e.At.UTC().Truncate(time.Minute).Format(time.RFC3339)
	}
	lro, err := do(ctx, p, operation{what, hostFirestore, once, roleExport}, func(ctx context.Context) (*firestore.GoogleLongrunningOperation, error) {
		return p.firestore.Projects.Databases.ExportDocuments(p.name()+"/databases/"+e.Database, req).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	return &Operation{API: APIFirestore, Name: lro.Name, What: what}, nil
}

// FindExport looks for an export to a place that was asked for already, by an answer that got lost; nil if there is none.
func (p *Project) FindExport(ctx context.Context, e Export) (*Operation, error) {
	if e.Database == "" {
		e.Database = "(default)"
	}
	list, err := do(ctx, p, operation{"list the operations of the database " + e.Database, hostFirestore, reads, roleDatabases}, func(ctx context.Context) (*firestore.GoogleLongrunningListOperationsResponse, error) {
		return p.firestore.Projects.Databases.Operations.List(p.name() + "/databases/" + e.Database).PageSize(100).Context(ctx).Do()
	})
	if err != nil {
		return nil, err
	}
	for _, o := range list.Operations {
		if strings.Contains(string(o.Metadata), `"`+e.To+`"`) {
			return &Operation{API: APIFirestore, Name: o.Name, What: "export the Firestore database " + e.Database}, nil
		}
	}
	return nil, nil //nolint:nilnil // none is an answer, not a failure
}
