package pipeline

import (
	"fmt"
	"strings"
)

// rollback begins the run of a rollback as an intake would.
func (w *theatre) rollback(args []string) []string {
	name, env, by := args[0], w.spec.Environments[args[1]], w.who(args[2])
	x := Restore{By: by, Asked: &Ask{Verb: VerbRollback, By: by, Where: ByComment(CommentRef{ID: 9, Issue: 1})}}
	for _, a := range args[3:] {
		if to, ok := strings.CutPrefix(a, "to="); ok {
			x.To = to
		} else if a == "glass" {
			x.BreakGlass = true
		} else if a == "offline" {
			x.By, x.BreakGlass, x.Offline = Operator(), true, true
		} else {
			x.Why = strings.TrimSpace(x.Why + " " + a)
		}
	}
	in := Intake{At: w.at, Cause: name, Repo: Repo{Installation: 7, ID: 1, Owner: "acme", Name: "app"}}
	return w.begin(name, NewRollback(w.spec, env, in, "fallback", x))
}

// begin lets a run enter its lane.
func (w *theatre) begin(name string, run *Run) []string {
	run.ID = RunID(name)
	if w.lanes[run.Lane] == nil {
		w.lanes[run.Lane] = &Lane{V: RunVersion, ID: run.Lane, Installation: 7}
	}
	w.runs[name] = run
	w.names = append(w.names, name)
	return w.event(name, Started{})
}

// recorded is a snapshot that was taken.
func (w *theatre) recorded() SnapshotRef {
	w.snapshots++
	return SnapshotRef{Blob: fmt.Sprintf("snapshot-%d", w.snapshots), Digest: fmt.Sprintf("digest-%d", w.snapshots), At: w.at, Parts: 3}
}

func part(key string) Component {
	kind, id, _ := strings.Cut(key, "/")
	return Component{Kind: ComponentKind(kind), ID: id, Pointer: "old"}
}

// loadTarget finds the named release, or the last verified one that is not live.
func (w *theatre) loadTarget(e LoadTarget) Outcome {
	for i := len(e.History) - 1; i >= 0; i-- {
		r := e.History[i]
		named := e.To != "" && r.Version == e.To
		usual := e.To == "" && r.Verified && r.Bad == "" && (e.Live == nil || r.Run != e.Live.Run)
		if !named && !usual {
			continue
		}
		plan := RestorePlan{Target: r}
		for _, key := range w.parts {
			c := part(key)
			mv := Move{Kind: c.Kind, ID: c.ID, To: c, How: MovePointer, Wave: 1}
			if c.Kind == ComponentFlags {
				mv.Wave = 0
			}
			plan.Moves = append(plan.Moves, mv)
		}
		return TargetLoaded{Plan: plan}
	}
	return Failed{Refusal: Refusal{Code: "unknown-version", Reason: "No such release."}}
}

func (w *theatre) verifyDeploy() Outcome {
	o := DeployVerified{After: w.recorded()}
	for _, key := range w.live {
		c := part(key)
		o.Changes = append(o.Changes, Change{Kind: c.Kind, ID: c.ID, To: c})
	}
	if w.problem != "" {
		o.Problems, w.problem = []Refusal{{Code: "half", Reason: w.problem + "."}}, ""
	}
	return o
}

func (w *theatre) judge() Outcome {
	if w.judged == "" || w.judged == TroubleRestore {
		return TroubleJudged{Action: TroubleRestore}
	}
	return TroubleJudged{Action: w.judged, Why: &Refusal{Code: "test", Reason: "It was decided to " + string(w.judged) + "."}}
}
