package engine_test

import (
	"testing"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/engine/enginetest"
	"github.com/gatehouse-app/gatehouse/internal/storetest"
)

// TestMemStore holds the store of these tests to what every store promises.
func TestMemStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) engine.Store { return enginetest.NewMemStore() })
}
