package templates

import (
	"fmt"
	"time"

	"github.com/gatehouse-app/gatehouse/pipeline"
)

// states are the situations that every surface must find words for.
func states() map[string]func() pipeline.State {
	return map[string]func() pipeline.State{
		"running": func() pipeline.State {
			s := build()
			set(s, "lint", pipeline.StagePassed, time.Second, 41*time.Second, 101)
			set(s, "test", pipeline.StageRunning, time.Second, 0, 102).Deadline = after(30 * time.Minute)
			return s
		},
		"not-started": func() pipeline.State {
			s := build()
			sr := set(s, "lint", pipeline.StageRunning, time.Second, 0, 101)
			sr.Workflow.Status, sr.Unstarted = "queued", true
			return s
		},
		"hindered-dispatch":     hinderedDispatch,
		"hindered-check":        hinderedCheck,
		"hindered-installation": suspendedAtGate,
		"just-started": func() pipeline.State {
			s := build()
			s.Run.Release.Read, s.Run.Release.Commits, s.Run.Release.Total, s.Run.Reading = false, nil, 0, "release/read/1"
			return s
		},
		"gate-native": func() pipeline.State {
			return atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
		},
		"gate-native-without-reviewers": func() pipeline.State { return atGate(pipeline.GateByEnvironment) },
		"gate-gatehouse":                func() pipeline.State { return atGate(pipeline.GateByGatehouse) },
		"gate-many-commits":             manyCommitsAtGate,
		"gate-one-of-two":               oneOfTwo,
		"gate-one-click-remains": func() pipeline.State {
			s := atGate(pipeline.GateByEnvironment, "dora")
			approve(s, alice, pipeline.SurfaceComment)
			return s
		},
		"gate-author-disregarded": authorDisregarded,
		"gate-behind":             behindItsBranch,
		"gate-escalates":          escalates,
		"gate-escalated":          escalated,
		"rejected":                rejected,
		"expired":                 expired,
		"superseded":              superseded,
		"workflow-failed":         workflowFailed,
		"timed-out":               timedOut,
		"deploying":               opened,
		"smoke-running": func() pipeline.State {
			s := deployed()
			set(s, "smoke", pipeline.StageRunning, 15*time.Minute, 0, 0).Deadline = after(20 * time.Minute)
			return s
		},
		"smoke-failed":        smokeFailed,
		"incident-unanswered": held,
		"waiting-for-lane":    waitingForLane,
		"locked":              locked,
		"locked-at-gate":      lockedAtGate,
		"frozen":              frozen,
		"notifying": func() pipeline.State {
			s := smoked()
			set(s, "notify", pipeline.StageRunning, 16*time.Minute, 0, 0)
			return s
		},
		"succeeded": func() pipeline.State {
			s := smoked()
			set(s, "notify", pipeline.StagePassed, 16*time.Minute, 16*time.Minute+2*time.Second, 0)
			s.Run.Status, s.Run.EndedAt = pipeline.RunSucceeded, after(16*time.Minute+2*time.Second)
			return s
		},
		"observed":                observedState,
		"deploy-verified":         deployVerified,
		"rolled-back":             rolledBack,
		"rollback-final-approval": rollbackAtApproval,
		"rollback-moving":         rollbackMoving,
		"rollback-glass":          glassBroken,
		"rollback-partly":         rollbackPartly,
		"nasty":                   nasty,
	}
}

// hindrance is what a withdrawn permission says.
func hindrance(key, permission, what string) pipeline.Hindrance {
	return pipeline.Hindrance{Key: key, Since: after(2 * time.Minute), Why: pipeline.Refusal{
		Code: pipeline.CodePermission, Reason: "GitHub does not let Gatehouse " + what + ": the App lacks the permission " + permission + ".",
		Fix: "Grant the App " + permission + ": its owner adds it under Settings → Developer settings → GitHub Apps → Permissions & events, " +
			"and an owner of avalo accepts it under Settings → GitHub Apps. It goes on by itself then.",
	}}
}

func hinderedDispatch() pipeline.State {
	s := build()
	set(s, "lint", pipeline.StageRunning, time.Second, 0, 0)
	s.Run.Hindered = []pipeline.Hindrance{hindrance("lint/dispatch/2", "actions: write", "start a workflow")}
	return s
}

func hinderedCheck() pipeline.State {
	s := build()
	set(s, "lint", pipeline.StageRunning, time.Second, 0, 101)
	s.Run.Hindered = []pipeline.Hindrance{hindrance("show/check/lint/1", "checks: write", "write a check run")}
	return s
}

func suspendedAtGate() pipeline.State {
	s := atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
	s.Run.Hindered = []pipeline.Hindrance{{Key: pipeline.WholeInstallation, Since: after(20 * time.Minute), Why: pipeline.Refusal{
		Code: pipeline.CodeSuspended, Reason: "The installation of the Gatehouse App was suspended on GitHub.",
		Fix: "An owner of the account unsuspends it under Settings → GitHub Apps → Gatehouse. It goes on by itself then.",
	}}}
	return s
}

func observedState() pipeline.State {
	s := build()
	s.Run.Status, s.Run.EndedAt = pipeline.RunObserved, after(3*time.Second)
	s.Run.Decisions = []pipeline.Decision{
		{Refused: &pipeline.Refusal{Code: "x", Reason: "The kind watch is not available in this version of Gatehouse.", Fix: "Remove it."}},
		{Stage: "lint", Text: "Would start the workflow lint.yml on release/v1.2.0."},
		{Stage: "approval", Text: "Would ask 1 of @release-approvers. Not counted, as authors of this release: bob."},
		{Stage: "deploy", Refused: &pipeline.Refusal{Code: "y", Reason: "No deploy.yml", Fix: "Paste this:", Lines: "on:\n  workflow_dispatch:"}},
	}
	return s
}

func manyCommitsAtGate() pipeline.State {
	s := atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
	s.Run.Release.Commits = nil
	for i := range 30 {
		s.Run.Release.Commits = append(s.Run.Release.Commits, pipeline.Commit{
			SHA: fmt.Sprintf("%07dabc", i+1), Message: fmt.Sprintf("Change %d", i+1), Authors: []pipeline.Person{bob},
		})
	}
	s.Run.Release.Total, s.Run.Release.Truncated = 300, true
	return s
}

func oneOfTwo() pipeline.State {
	s := atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
	s.Run.Gate.Policy = &pipeline.Policy{Need: []pipeline.Need{
		{Team: "avalo/release-approvers", Count: 1}, {Users: []string{"dora", "emil"}, Count: 1},
	}}
	approve(s, alice, pipeline.SurfaceReview)
	s.Run.Gate.Approvals[0].Comment = "read the diff"
	s.Run.Gate.Reviewed = true
	return s
}

func authorDisregarded() pipeline.State {
	s := atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
	approve(s, bob, pipeline.SurfaceReview)
	a := &s.Run.Gate.Approvals[0]
	a.Refused = pipeline.Admit(*s.Run.Gate.Policy, s.Run.Release, *a.Standing)
	s.Run.Notes = []pipeline.Note{{At: a.At, Who: "bob", Text: "approval by bob does not count: " + a.Refused.Reason}}
	return s
}

func rejected() pipeline.State {
	s := atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
	why := &pipeline.Refusal{Code: "rejected", Reason: "alice rejected the release: prices are wrong on /beta", Fix: "Mend what was asked for and push the release branch again."}
	s.Run.Gate.Door = pipeline.DoorClosed
	set(s, "approval", pipeline.StageFailed, 82*time.Second, 20*time.Minute, 0).Reason = why
	s.Run.Notes = []pipeline.Note{{At: after(20 * time.Minute), Who: "alice", Text: "rejected the release (GitHub review)"}}
	end(s, pipeline.RunRejected, 20*time.Minute, why)
	return s
}

func expired() pipeline.State {
	s := atGate(pipeline.GateByGatehouse)
	why := &pipeline.Refusal{Code: "expired", Reason: "Nobody opened the gate within 72h.", Fix: "Push the release branch again to ask anew."}
	s.Run.Gate.Door = pipeline.DoorClosed
	set(s, "approval", pipeline.StageFailed, 82*time.Second, 72*time.Hour, 0).Reason = why
	end(s, pipeline.RunExpired, 72*time.Hour, why)
	return s
}

func superseded() pipeline.State {
	s := atGate(pipeline.GateByEnvironment, "@avalo/release-approvers")
	s.Run.SupersededBy, s.Run.Gate.Door = "6925000000000002", pipeline.DoorClosed
	end(s, pipeline.RunSuperseded, 30*time.Minute, &pipeline.Refusal{
		Code: "superseded", Reason: "Superseded by v1.2.1: v1.2.1, which is newer, has reached the gate.", Fix: "Nothing is to be done here; follow the newer run.",
	})
	return s
}

func workflowFailed() pipeline.State {
	s := build()
	set(s, "lint", pipeline.StagePassed, time.Second, 41*time.Second, 101)
	set(s, "test", pipeline.StageFailed, time.Second, 3*time.Second, 0).Reason = &pipeline.Refusal{
		Code: "inputs-missing", Reason: "The workflow test.yml does not declare the inputs that Gatehouse gives it.",
		Fix: "Add these lines to .github/workflows/test.yml under on:", Who: []string{"carol", "@avalo/developers"},
		Lines:  "workflow_dispatch:\n  inputs:\n    gatehouse_run: {type: string}\n    sha: {type: string}",
		Source: "https://github.com/avalo/app/blob/5e1f0c3/.github/workflows/test.yml",
	}
	why := *s.Run.Stages["test"].Reason
	why.Reason = "Test: " + why.Reason
	end(s, pipeline.RunFailed, 45*time.Second, &why)
	for _, id := range []string{"approval", "deploy", "smoke", "notify"} {
		s.Run.Stages[id].Reason = &pipeline.Refusal{Code: "skipped", Reason: "Not started: a stage failed."}
	}
	return s
}

func timedOut() pipeline.State {
	s := build()
	set(s, "lint", pipeline.StagePassed, time.Second, 41*time.Second, 101)
	sr := set(s, "test", pipeline.StageFailed, time.Second, 30*time.Minute, 102)
	sr.Attempt = 2
	sr.Reason = &pipeline.Refusal{Code: "timed-out", Reason: "Test did not end within 30m.", Fix: "See where it hangs; press Retry, or give the stage a longer timeout in .github/gatehouse.yml."}
	end(s, pipeline.RunFailed, 30*time.Minute, sr.Reason)
	return s
}

func smoked() pipeline.State {
	s := deployed()
	set(s, "smoke", pipeline.StagePassed, 15*time.Minute, 15*time.Minute+3*time.Second, 0).Probes = []pipeline.ProbeResult{
		{Get: "/", OK: true, Critical: true, Status: 200, Took: 120 * time.Millisecond, Tries: 1},
		{Get: "/beta", Status: 404, Took: 90 * time.Millisecond, Tries: 3, Reason: "the status is 404, expected was 200"},
	}
	return s
}

func smokeFailed() pipeline.State {
	s := smoked()
	sr := s.Run.Stages["smoke"]
	sr.Status = pipeline.StageFailed
	sr.Probes[0] = pipeline.ProbeResult{Get: "/", Critical: true, Status: 503, Took: 2 * time.Second, Tries: 3, Reason: "the status is 503, expected was 200"}
	sr.Reason = &pipeline.Refusal{
		Code: "smoke-failed", Reason: "The probe of / failed: the status is 503, expected was 200",
		Fix: "production has this release but it is not verified. Look at it now; press Retry to probe again.",
	}
	why := *sr.Reason
	why.Reason = "Smoke tests: " + why.Reason
	end(s, pipeline.RunFailed, 16*time.Minute, &why)
	return s
}

func waitingForLane() pipeline.State {
	s := atGate(pipeline.GateByGatehouse)
	approve(s, alice, pipeline.SurfaceButton)
	set(s, "approval", pipeline.StagePassed, 82*time.Second, 10*time.Minute, 0)
	set(s, "deploy", pipeline.StageWaiting, 10*time.Minute, 0, 0).Reason = &pipeline.Refusal{
		Code: "lane-held", Reason: "production is held by run 6924f00000000001 (v1.1.10).", Fix: "This deploy starts by itself when that run ends.",
	}
	s.Lane.Holder = "6924f00000000001"
	return s
}

const horror = "<!channel> @here @avalo/team **x** [l](https://evil.example) <img src=x> --> ```\n# h | & `c` www.evil.example #12 \u202egnp"

// nasty has what people can write wherever people can write.
func nasty() pipeline.State {
	s := atGate(pipeline.GateByGatehouse)
	approve(s, pipeline.Person{ID: 8, Login: horror}, pipeline.SurfaceComment)
	s.Run.Gate.Approvals[0].Comment = horror
	approve(s, bob, pipeline.SurfaceComment)
	s.Run.Gate.Approvals[1].Refused = &pipeline.Refusal{Code: "author", Reason: horror, Fix: horror}
	s.Run.Release.Version, s.Run.Release.Message = horror, horror
	s.Run.Release.Ref = "refs/heads/release/" + horror
	s.Run.Release.Commits[1] = pipeline.Commit{SHA: horror, Message: horror, Authors: []pipeline.Person{{Name: horror}}}
	s.Run.Release.Sensitive, s.Run.Release.Compare = []string{horror}, "javascript:alert(1)"
	s.Run.StartedBy = pipeline.Person{Name: horror}
	s.Run.Notes = []pipeline.Note{{At: noon, Who: "mallory", Text: horror}}
	s.Run.Plan().Stages[0].Title = horror
	set(s, "notify", pipeline.StageRunning, time.Hour, 0, 0)
	why := &pipeline.Refusal{Code: "rejected", Reason: "mallory rejected the release: " + horror, Fix: horror, Lines: horror, Who: []string{horror}, Source: "https://evil.example/)](x"}
	set(s, "approval", pipeline.StageFailed, 82*time.Second, time.Hour, 0).Reason = why
	end(s, pipeline.RunRejected, time.Hour, why)
	return s
}
