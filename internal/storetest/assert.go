package storetest

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
)

// same fails the test unless the stored item is the wanted one, field by field.
func same(t *testing.T, got, want engine.Item) {
	t.Helper()
	sameHead(t, got, want)
	if !bytes.Equal(got.Body, want.Body) {
		t.Errorf("%v: body of %d bytes differs from the stored one of %d bytes", want.Ref, len(got.Body), len(want.Body))
	}
}

// sameHead compares everything except the body.
func sameHead(t *testing.T, got, want engine.Item) {
	t.Helper()
	if got.Ref != want.Ref || got.Rev != want.Rev || got.Scope != want.Scope || got.State != want.State {
		t.Errorf("got %v rev %q scope %q state %q, want %v rev %q scope %q state %q",
			got.Ref, got.Rev, got.Scope, got.State, want.Ref, want.Rev, want.Scope, want.State)
	}
	sameTime(t, "WakeAt", got.WakeAt, want.WakeAt)
	sameTime(t, "Expires", got.Expires, want.Expires)
}

// sameTime compares to the microsecond and asks for UTC; zero stays zero.
func sameTime(t *testing.T, field string, got, want time.Time) {
	t.Helper()
	if got.IsZero() != want.IsZero() || !got.Equal(want.Truncate(time.Microsecond)) {
		t.Errorf("%s came back as %v, want %v", field, got, want)
	}
	if got.Location() != time.UTC {
		t.Errorf("%s came back in %v, want UTC", field, got.Location())
	}
}

// isError fails the test unless err is the wanted one.
func isError(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", doing, err, want)
	}
}

// isMisuse fails the test unless err blames the caller: neither a conflict,
// which would be tried again, nor an outage.
func isMisuse(t *testing.T, doing string, err error) {
	t.Helper()
	if err == nil || errors.Is(err, engine.ErrConflict) || errors.Is(err, engine.ErrUnavailable) || errors.Is(err, engine.ErrNotFound) {
		t.Errorf("%s: got error %v, want an error of the caller", doing, err)
	}
}

// absent fails the test if any of the refs is stored.
func absent(t *testing.T, s engine.Store, refs ...engine.Ref) {
	t.Helper()
	for _, ref := range refs {
		if _, err := s.Get(t.Context(), ref); !errors.Is(err, engine.ErrNotFound) {
			t.Errorf("Get %v: got error %v, want ErrNotFound", ref, err)
		}
	}
}

// sameIDs compares a listing with the wanted order.
func sameIDs(t *testing.T, doing string, items []engine.Item, want ...string) {
	t.Helper()
	if got := ids(items); !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", doing, got, want)
	}
}
