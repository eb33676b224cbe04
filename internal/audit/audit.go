package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// Trail is where the entries are kept.
type Trail interface {
	Installations(ctx context.Context) ([]int64, error)
	Lanes(ctx context.Context, installation int64) ([]*pipeline.Lane, error)
	Log(ctx context.Context, installation int64, lane pipeline.LaneID) ([]pipeline.Entry, error)
}

// Line is an entry with the installation that it belongs to.
type Line struct {
	Installation int64 `json:"installation"`
	pipeline.Entry
}

// Lane is what became of one lane's chain.
type Lane struct {
	Installation int64           `json:"installation"`
	Lane         pipeline.LaneID `json:"lane"`
	Entries      int             `json:"entries"`
	Wrong        string          `json:"wrong,omitempty"` // what is wrong with the chain; empty: it is whole
}

// Export gives every entry that is not older than since to keep, lane by lane,
// oldest first.
func Export(ctx context.Context, t Trail, since time.Time, keep func(Line) error) error {
	return each(ctx, t, func(installation int64, _ *pipeline.Lane, entries []pipeline.Entry) error {
		for _, e := range entries {
			if e.At.Before(since) {
				continue
			}
			if err := keep(Line{Installation: installation, Entry: e}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Verify walks every chain. An error means that the store could not be read; what
// is wrong with a chain is in its Lane.
func Verify(ctx context.Context, t Trail) ([]Lane, error) {
	var all []Lane
	err := each(ctx, t, func(installation int64, lane *pipeline.Lane, entries []pipeline.Entry) error {
		found := Lane{Installation: installation, Lane: lane.ID, Entries: len(entries)}
		if err := pipeline.VerifyLog(entries, lane.LogHead); err != nil {
			found.Wrong = err.Error()
		}
		all = append(all, found)
		return nil
	})
	return all, err
}

// each reads the lanes before their entries: what is written meanwhile makes the
// trail longer than the head that was read, so it is cut there.
func each(ctx context.Context, t Trail, do func(int64, *pipeline.Lane, []pipeline.Entry) error) error {
	installations, err := t.Installations(ctx)
	if err != nil {
		return err
	}
	for _, installation := range installations {
		lanes, err := t.Lanes(ctx, installation)
		if err != nil {
			return err
		}
		for _, lane := range lanes {
			entries, err := t.Log(ctx, installation, lane.ID)
			if err != nil {
				return fmt.Errorf("read the audit trail of %s: %w", lane.ID, err)
			}
			if err := do(installation, lane, upTo(entries, lane.LogSeq)); err != nil {
				return err
			}
		}
	}
	return nil
}

func upTo(entries []pipeline.Entry, last int64) []pipeline.Entry {
	for i, e := range entries {
		if e.Seq > last {
			return entries[:i]
		}
	}
	return entries
}
