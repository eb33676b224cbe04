package app

import (
	"sync"
	"time"
	_ "time/tzdata" // where the machine has no zones of its own, the program brings them

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Zones reads each time zone once.
func Zones() pipeline.Zones {
	var known sync.Map
	return func(name string) (*time.Location, error) {
		if loc, ok := known.Load(name); ok {
			if loc, ok := loc.(*time.Location); ok {
				return loc, nil
			}
		}
		loc, err := time.LoadLocation(name)
		if err == nil {
			known.Store(name, loc)
		}
		return loc, err
	}
}
