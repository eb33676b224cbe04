package handlers

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

// callback is the path that GitHub offers for the verdict. Only the numbers and
// names in it are used; the address itself is never called.
var callback = regexp.MustCompile(`^/repos/([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)/actions/runs/([1-9][0-9]{0,18})/deployment_protection_rule$`)

// door hears that a job waits at our protection rule. The payload names the
// workflow run in its callback address only.
func (n *news) door() ([]engine.Signal, string, error) {
	var p struct {
		Environment string     `json:"environment"`
		Callback    string     `json:"deployment_callback_url"`
		Deployment  deployment `json:"deployment"`
	}
	if err := n.into(&p); err != nil {
		return fail(err)
	}
	if n.Action != "requested" {
		return ignore("it asks for nothing")
	}
	run, refused := n.callbackRun(p.Callback)
	switch {
	case refused != nil:
		return fail(refused)
	case p.Environment == "":
		return fail(malformed("the environment is missing"))
	}
	return one(engine.Signal{Workflow: run, Fact: pipeline.DoorRequested{
		Workflow: run, Environment: p.Environment, Deployment: p.Deployment.ID,
	}})
}

// callbackRun is the workflow run in a callback address that is, to the letter,
// the one of this repository at our API.
func (n *news) callbackRun(address string) (int64, *pipeline.Refusal) {
	foreign := func(why string) (int64, *pipeline.Refusal) {
		return 0, &pipeline.Refusal{
			Code: codeDoor, Reason: "The protection rule's callback address " + why + "; it is not used.",
			Fix: "GITHUB_V3_API_URL must be the API of the GitHub that sends the webhooks.",
		}
	}
	base := n.us.APIURL
	if base == "" || len(address) < len(base) || !strings.EqualFold(address[:len(base)], base) {
		return foreign("is not at the API of our GitHub")
	}
	parts := callback.FindStringSubmatch(address[len(base):])
	if parts == nil {
		return foreign("does not have GitHub's form")
	}
	if !strings.EqualFold(parts[1], n.Repository.FullName) {
		return foreign("names another repository")
	}
	run, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return foreign("does not name a workflow run")
	}
	return run, nil
}
