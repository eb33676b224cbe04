package handlers

import (
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

type checkPayload struct {
	CheckRun struct {
		HeadSHA    string `json:"head_sha"`
		ExternalID string `json:"external_id"`
		App        app    `json:"app"`
	} `json:"check_run"`
	CheckSuite struct {
		HeadSHA string `json:"head_sha"`
		App     app    `json:"app"`
	} `json:"check_suite"`
	RequestedAction struct {
		Identifier string `json:"identifier"`
	} `json:"requested_action"`
}

// checkRun hears our buttons and Re-run, and of others that they have ended.
func (n *news) checkRun() ([]engine.Signal, string, error) {
	var p checkPayload
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	check := p.CheckRun
	switch n.Action {
	case "completed":
		return n.othersEnded(check.App, check.HeadSHA)
	case "requested_action", "rerequested":
	default:
		return ignore("only check runs that end, and buttons, matter")
	}
	if !n.ours(check.App) {
		return ignore("the check run is another App's")
	}
	run, stage, attempt, ok := parseExternalID(check.ExternalID)
	if !ok {
		return ignore("the check run is of no stage of a run")
	}
	by := n.Sender.person()
	if by.ID <= 0 {
		return fail(malformed("the sender is missing"))
	}
	if n.Action == "rerequested" {
		return one(engine.Signal{Run: run, Fact: pipeline.RerunRequested{Stage: stage, Attempt: attempt, By: by}})
	}
	button := pipeline.Button(p.RequestedAction.Identifier)
	switch button {
	case pipeline.ButtonApprove, pipeline.ButtonWithdraw, pipeline.ButtonReject, pipeline.ButtonRetry:
		return one(engine.Signal{Run: run, Fact: pipeline.Pressed{Stage: stage, Attempt: attempt, Button: button, By: by}})
	default:
		return ignore("there is no such button")
	}
}

// checkSuite hears Re-run all of our suite, and of others that they have ended.
func (n *news) checkSuite() ([]engine.Signal, string, error) {
	var p checkPayload
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	suite := p.CheckSuite
	switch {
	case n.Action == "completed":
		return n.othersEnded(suite.App, suite.HeadSHA)
	case n.Action != "rerequested":
		return ignore("a push starts runs, not a check suite")
	case !n.ours(suite.App):
		return ignore("the check suite is another App's")
	case !isSHA(suite.HeadSHA):
		return fail(malformed("the check suite names no commit"))
	case n.Sender.ID <= 0:
		return fail(malformed("the sender is missing"))
	}
	return one(engine.Signal{Commit: suite.HeadSHA, Fact: pipeline.RerunRequested{By: n.Sender.person()}})
}

// status is the older kind of check; Gatehouse sets none.
func (n *news) status() ([]engine.Signal, string, error) {
	var p struct {
		SHA string `json:"sha"`
	}
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	return n.othersEnded(app{}, p.SHA)
}

func (n *news) othersEnded(by app, sha string) ([]engine.Signal, string, error) {
	if n.ours(by) {
		return ignore("Gatehouse did it itself")
	}
	if !isSHA(sha) {
		return fail(malformed("the check names no commit"))
	}
	return one(engine.Signal{Commit: sha, Fact: pipeline.ChecksChanged{SHA: sha}})
}

// parseExternalID is the reverse of [pipeline.ExternalID]: exactly what that
// writes is accepted.
func parseExternalID(s string) (run pipeline.RunID, stage string, attempt int, ok bool) {
	parts := strings.Split(s, "/")
	if len(parts) != 3 || !isRunID(parts[0]) || parts[1] == "" {
		return "", "", 0, false
	}
	run, stage = pipeline.RunID(parts[0]), parts[1]
	attempt, err := strconv.Atoi(parts[2])
	ok = err == nil && attempt > 0 && pipeline.ExternalID(run, stage, attempt) == s
	return run, stage, attempt, ok
}

func isRunID(s string) bool {
	return len(s) == 16 && strings.Trim(s, "0123456789abcdef") == ""
}
