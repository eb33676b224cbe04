package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// wakeRound is how soon a wake that is asked for again may be a new one.
const wakeRound = 20 * time.Second

// WakeName is what a queue knows a wake by. Wakes that ask for the same thing
// have one name, so that the queue holds them once: many processes that sweep a
// backlog do not flood it. Since a queue may remember the names of what it has
// done, or of what died under way, an overdue wake has another name in each
// round of 20 seconds.
func WakeName(item Item, now time.Time) string {
	round := max(0, now.Sub(item.WakeAt)/wakeRound)
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%s\x00%d\x00%d", item.Kind, item.ID, item.Rev, item.WakeAt.UnixMicro(), round))
	return hex.EncodeToString(sum[:16])
}

// Waker has an item advanced at or soon after its WakeAt, at least once. A wake
// is a hint: the stored WakeAt is the truth, and the sweep finds what was lost.
// internal/storetest says exactly what a waker promises.
type Waker interface {
	Wake(ctx context.Context, item Item) error
}
