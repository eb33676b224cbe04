package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// A surface may have its Remote stored before it shows the state, and what a
// failed try has made is kept.
func TestRemoteComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var saw []string
		w.setShow(func(_ context.Context, job engine.ShowJob) (engine.Shown, error) {
			if job.Slot != pipeline.SlotSlack {
				return engine.Shown{Remote: "r"}, nil
			}
			saw = append(saw, fmt.Sprintf("%q %d", job.Remote, job.Tries))
			switch job.Remote {
			case "":
				return engine.Shown{Remote: "lost"}, errors.New("half way")
			case "lost":
				return engine.Shown{Remote: "posted", Again: true}, nil
			}
			return engine.Shown{Remote: job.Remote, Hash: "h"}, nil
		})
		stop := w.serve()
		w.receive("g", push("slack"))
		time.Sleep(time.Minute)
		synctest.Wait()
		stop()
		if want := []string{`"" 0`, `"lost" 1`, `"posted" 0`}; !slices.Equal(saw, want) {
			t.Errorf("shown with %q, want %q", saw, want)
		}
		_, info, err := w.eng.Run(context.Background(), inst, "run-slack")
		if err != nil || info.Slots[pipeline.SlotSlack].Behind {
			t.Errorf("the slot is behind: %+v, %v", info, err)
		}
	})
}
