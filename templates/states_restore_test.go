package templates

import (
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// deployVerified is a deploy that knows what it changed, in a project that
// somebody else had changed before.
func deployVerified() pipeline.State {
	s := deployed()
	hosting := func(v string) pipeline.Component {
		return pipeline.Component{Kind: pipeline.ComponentHosting, ID: "avalo", Pointer: v}
	}
	rules := func(v string) pipeline.Component {
		return pipeline.Component{Kind: pipeline.ComponentRules, ID: "cloud.firestore", Pointer: v}
	}
	ref := pipeline.SnapshotRef{At: after(10 * time.Minute), Parts: 7, Drift: []pipeline.Change{
		{Kind: pipeline.ComponentRules, ID: "cloud.firestore", From: rules("a1"), To: rules("by-hand")},
	}}
	s.Run.Stages["deploy"].Check = &pipeline.DeployCheck{
		Before:  &ref,
		After:   &pipeline.SnapshotRef{At: after(14 * time.Minute), Parts: 7, Fragile: []pipeline.Left{{Kind: pipeline.ComponentFunction, ID: "europe-west1/api", Why: sourceLost}}},
		Changes: []pipeline.Change{{Kind: pipeline.ComponentHosting, ID: "avalo", From: hosting("v7"), To: hosting("v8")}},
	}
	return s
}

var sourceLost = pipeline.Refusal{Code: "source-not-kept", Reason: "The source of europe-west1/api could not be kept.", Fix: "Grant roles/cloudfunctions.developer."}

func rolledBack() pipeline.State {
	s := smokeFailed()
	s.Run.RolledBack = &pipeline.RolledBack{By: "6925000000000009", To: "v1.1.10", Why: "checkout fails for 12 % of users"}
	return s
}

// rollback is the run of one, with its plan loaded.
func rollback() pipeline.State {
	base := build()
	env := base.Run.Env()
	env.Commanders = []pipeline.Principal{{Team: "avalo/incident-commanders"}}
	run := pipeline.NewRollback(base.Run.Spec, env, pipeline.Intake{At: noon, Cause: "c", Repo: base.Run.Repo}, base.Run.Release.SHA, pipeline.Restore{
		By: alice, Why: "checkout fails for 12 % of users", Leaves: &pipeline.Shipped{Run: "6925000000000001", Version: "v1.2.0", SHA: base.Run.Release.SHA},
	})
	run.ID, run.CreatedAt, run.Seq = base.Run.ID, noon, 9
	move := func(k pipeline.ComponentKind, id, from, to string, wave int, how pipeline.MoveHow) pipeline.Move {
		return pipeline.Move{
			Kind: k, ID: id, From: pipeline.Component{Kind: k, ID: id, Pointer: from}, To: pipeline.Component{Kind: k, ID: id, Pointer: to}, How: how, Wave: wave,
			Takes: time.Second, Reaches: time.Minute,
		}
	}
	flags := move(pipeline.ComponentFlags, "firebase", "12", "11", 0, pipeline.MovePointer)
	flags.Flags, flags.Reaches = []string{"ai_companions_enabled"}, 12*time.Hour
	run.Restore.Plan = &pipeline.RestorePlan{
		Target: pipeline.Released{Shipped: pipeline.Shipped{Run: "6925000000000000", Version: "v1.1.10"}, Verified: true},
		Moves: []pipeline.Move{
			flags, move(pipeline.ComponentRules, "cloud.firestore", "b2", "a1", 1, pipeline.MoveRecreate),
			move(pipeline.ComponentHosting, "avalo", "v8", "v7", 1, pipeline.MovePointer), move(pipeline.ComponentFunction, "europe-west1/api", "api-00008", "api-00007", 1, pipeline.MovePointer),
		},
		Left: []pipeline.Left{{Kind: pipeline.ComponentFunction, ID: "europe-west1/new", Why: pipeline.Refusal{
			Code: "added-since", Reason: "function europe-west1/new did not exist in the target. It is left as it is.", Fix: "If it does harm, take it away in the Firebase console.",
		}}},
		Same: 2, Migrations: []string{"003_add_new_feature"},
	}
	run.Restore.Moves = map[string]*pipeline.MoveState{}
	for _, mv := range run.Restore.Plan.Moves {
		run.Restore.Moves[mv.Key()] = &pipeline.MoveState{Status: pipeline.MovePending}
	}
	run.Release.Version = "v1.1.10"
	s := pipeline.State{Lane: base.Lane, Run: run}
	for i, id := range []string{pipeline.StageRequest, pipeline.StageBackup, pipeline.StageTarget} {
		set(s, id, pipeline.StagePassed, time.Duration(i)*time.Second, time.Duration(i+1)*time.Second, 0)
	}
	run.Stages[pipeline.StageBackup].Snapshot = &pipeline.SnapshotRef{At: after(time.Second), Parts: 7}
	return s
}

func rollbackAtApproval() pipeline.State {
	s := rollback()
	set(s, pipeline.StageFinal, pipeline.StageWaiting, 3*time.Second, 0, 0)
	s.Run.Gate = &pipeline.Gate{
		Stage: pipeline.StageFinal, Deploy: pipeline.StageRestore, Environment: "production", Kind: pipeline.GateByGatehouse, Door: pipeline.DoorShut,
		Policy: &pipeline.Policy{Need: []pipeline.Need{{AnyOf: s.Run.Env().Commanders, Count: 1}}}, OpenAt: after(3 * time.Second), ExpiresAt: after(time.Hour),
	}
	return s
}

// glassBroken goes without a final approval.
func glassBroken() pipeline.State {
	s := rollbackMoving()
	s.Run.Gate, s.Run.Restore.BreakGlass = nil, true
	return s
}

func rollbackMoving() pipeline.State {
	s := rollbackAtApproval()
	set(s, pipeline.StageFinal, pipeline.StagePassed, 3*time.Second, 40*time.Second, 0)
	s.Run.Gate.Door, s.Run.Gate.DoorAt = pipeline.DoorOpen, after(40*time.Second)
	approve(s, bob, pipeline.SurfaceComment)
	set(s, pipeline.StageRestore, pipeline.StageRunning, 40*time.Second, 0, 0)
	s.Run.Restore.ApprovedAt = after(40 * time.Second)
	moves := s.Run.Restore.Moves
	*moves["remote-config/firebase"] = pipeline.MoveState{Status: pipeline.MoveMoved, StartedAt: after(40 * time.Second), EndedAt: after(41 * time.Second)}
	moves["rules/cloud.firestore"].Status, moves["hosting/avalo"].Status = pipeline.MoveMoving, pipeline.MoveMoving
	return s
}

func rollbackPartly() pipeline.State {
	s := rollbackMoving()
	moves := s.Run.Restore.Moves
	for _, key := range []string{"rules/cloud.firestore", "hosting/avalo"} {
		*moves[key] = pipeline.MoveState{Status: pipeline.MoveMoved, StartedAt: after(41 * time.Second), EndedAt: after(43 * time.Second)}
	}
	why := pipeline.Refusal{Code: "google-gone", Reason: "The image of api-00007 was deleted.", Fix: "Deploy the commit again."}
	*moves["function/europe-west1/api"] = pipeline.MoveState{Status: pipeline.MoveFailed, StartedAt: after(41 * time.Second), EndedAt: after(44 * time.Second), Reason: &why}
	all := &pipeline.Refusal{
		Code: "partly-restored", Reason: "1 of 4 components could not be moved back: function/europe-west1/api: The image of api-00007 was deleted.",
		Fix: "Press Retry: only these are tried again. What has moved stays.",
	}
	set(s, pipeline.StageRestore, pipeline.StageFailed, 40*time.Second, 44*time.Second, 0).Reason = all
	end(s, pipeline.RunFailed, 44*time.Second, all)
	return s
}
