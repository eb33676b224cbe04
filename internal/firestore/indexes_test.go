package firestore

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

type indexFile struct {
	Indexes []struct {
		CollectionGroup, QueryScope string
		Fields                      []struct{ FieldPath, Order string }
	}
	FieldOverrides []struct {
		CollectionGroup, FieldPath string
		TTL                        bool
		Indexes                    []struct{ Order, QueryScope string }
	}
}

func readIndexes(t *testing.T) (f indexFile) {
	t.Helper()
	src, err := os.ReadFile("../../firestore.indexes.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(src, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// needs is the index of a query: what must be equal, then the order.
func needs(t *testing.T, q firestore.Query) string {
	t.Helper()
	src, err := q.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	var request pb.RunQueryRequest
	if err := proto.Unmarshal(src, &request); err != nil {
		t.Fatal(err)
	}
	query := request.GetStructuredQuery()
	filters := query.GetWhere().GetCompositeFilter().GetFilters()
	if one := query.GetWhere().GetFieldFilter(); one != nil {
		filters = []*pb.StructuredQuery_Filter{query.GetWhere()}
	}
	fields := []string{query.GetFrom()[0].GetCollectionId()}
	for _, filter := range filters {
		if f := filter.GetFieldFilter(); f.GetOp() == pb.StructuredQuery_FieldFilter_EQUAL {
			fields = append(fields, f.GetField().GetFieldPath()+" ASCENDING")
		}
	}
	for _, order := range query.GetOrderBy() {
		fields = append(fields, order.GetField().GetFieldPath()+" "+order.GetDirection().String())
	}
	return strings.Join(fields, ", ")
}

// TestIndexes: each form of List has its index, and each index its query. The
// emulator demands none, so that nothing else would notice.
func TestIndexes(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1") // nothing is called
	client, err := firestore.NewClient(t.Context(), "demo-indexes")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	s := &Store{client: client, items: client.Collection(itemsName)}
	if n := reflect.TypeFor[engine.Query]().NumField(); n != 6 {
		t.Fatalf("a query has %d fields: look which of them need an index", n)
	}
	var want, got []string
	for _, scope := range []string{"", "7/o/r"} {
		for _, state := range []string{"", "open"} {
			for _, prefix := range []string{"", "7/"} {
				q := engine.Query{Kind: "run", Prefix: prefix, Scope: scope, State: state, Limit: 10}
				want = append(want, needs(t, s.where(q)))
			}
		}
	}
	for _, index := range readIndexes(t).Indexes {
		fields := []string{index.CollectionGroup}
		for _, f := range index.Fields {
			fields = append(fields, f.FieldPath+" "+f.Order)
		}
		got = append(got, strings.Join(fields, ", "))
		if index.QueryScope != "COLLECTION" {
			t.Errorf("the scope of %v is %s", fields, index.QueryScope)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if want = slices.Compact(want); !slices.Equal(want, got) {
		t.Errorf("the queries need\n%s\nand firestore.indexes.json has\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
}

// TestFieldIndexes: what is only stored is not indexed, what a query orders by
// is, and what expires is deleted.
func TestFieldIndexes(t *testing.T) {
	stored, ttl := []string{}, []string{}
	for _, o := range readIndexes(t).FieldOverrides {
		name := o.CollectionGroup + "." + o.FieldPath
		if o.TTL {
			ttl = append(ttl, name)
		}
		if len(o.Indexes) == 0 {
			stored = append(stored, name)
		}
	}
	slices.Sort(stored)
	slices.Sort(ttl)
	if want := []string{itemsName + ".blob", itemsName + ".body", itemsName + ".salt"}; !slices.Equal(stored, want) {
		t.Errorf("not indexed: %v, want %v", stored, want)
	}
	if want := []string{itemsName + ".expires"}; !slices.Equal(ttl, want) {
		t.Errorf("deleted by their age: %v, want %v", ttl, want)
	}
}
