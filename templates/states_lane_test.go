package templates

import (
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

func lock(s pipeline.State) {
	s.Lane.Lock = &pipeline.Lock{By: bob, At: after(-2 * time.Hour), Until: after(6 * time.Hour), Why: "checkout fails for <b>some</b>"}
}

func lockedAtGate() pipeline.State {
	s := atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
	lock(s)
	return s
}

// locked is an approved release that waits for a lock, second in the queue.
func locked() pipeline.State {
	s := waitingForLane()
	lock(s)
	s.Run.Stages["deploy"].Reason = &pipeline.Refusal{
		Code: "locked", Reason: "production is locked by bob since 2026-11-24 10:00 UTC: checkout fails for <b>some</b>.",
		Fix: "It goes by itself at 2026-11-24 18:00 UTC, or after /unlock production.", Who: []string{"bob"},
	}
	s.Lane.Holder, s.Lane.Queue = "", []pipeline.RunID{"6924f00000000001", s.Run.ID}
	s.Lane.Runs = map[pipeline.RunID]*pipeline.LaneRun{"6924f00000000001": {Version: "v1.1.10", Seq: 1}, s.Run.ID: {Version: "v1.2.0", Seq: 2}}
	return s
}

// frozen is an approved release that waits for the end of a freeze.
func frozen() pipeline.State {
	s := waitingForLane()
	s.Lane.Holder = ""
	s.Run.Frozen = &pipeline.Frozen{Until: after(48 * time.Hour), Reason: "weekend", Local: "MON 08:00 Europe/Warsaw"}
	s.Lane.Thaw = &pipeline.Thaw{By: alice, At: after(-2 * time.Hour), Until: after(-time.Hour), Why: "over"}
	s.Run.Stages["deploy"].Reason = &pipeline.Refusal{
		Code: "frozen", Reason: "production is frozen until 2026-11-26 12:00 UTC (MON 08:00 Europe/Warsaw): weekend.",
		Fix: "It goes by itself then. To let it go before, with a reason: /unfreeze production REASON.",
		Who: []string{"people with the role maintain", "@incident-commanders"},
	}
	return s
}
