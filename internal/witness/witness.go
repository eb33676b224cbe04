package witness

import (
	"fmt"
	"slices"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
)

// World is a story as the sandbox saw it, and who was who in it.
type World struct {
	Calls    []sandbox.Call
	Repo     sandbox.Snapshot
	Messages []sandbox.SlackMessage // of the channel that releases are announced in
	Discord  []sandbox.DiscordMessage

	TellsDiscord bool // the runs of the story are to be told in Discord too

	Staging, Release string // the commits
	Version          string // of the release
	Environment      string // where the release went
	Gate             string // reviewers, rule or none
	Approvers        []string
	Author           string // of the release, who must not approve it
}

// Violation is a broken rule and what was seen of it.
type Violation struct {
	Rule string `json:"rule"`
	Saw  string `json:"saw"`
}

// The ways to protect an environment, as the demo names them.
const (
	gateReviewers = "reviewers"
	gateRule      = "rule"
	gateNone      = "none"
)

// The names that a story in the sandbox always has.
const (
	appSlug    = "gatehouse"
	appLogin   = appSlug + "[bot]"
	actions    = "github-actions"
	staging    = "staging"
	deployFile = "deploy.yml"
)

// rule is one promise; judge says what was seen against it.
type rule struct {
	name  string
	judge func(*facts) []string
}

func rules() []rule {
	return []rule{
		{"world", worldIsTold},
		{"door-once", doorOpenedOnce},
		{"door-other", noOtherDoor},
		{"door-foreign", noForeignDoor},
		{"door-both", oneVerdict},
		{"policy-first", policyCameFirst},
		{"dispatch-once", dispatchedOnce},
		{"dispatch-name", dispatchNamesDiffer},
		{"dispatch-sha", dispatchedCommit},
		{"deployment-once", oneDeployment},
		{"deployment-order", deploymentOrder},
		{"deployment-turns", deploymentTurns},
		{"deployment-end", deploymentEnd},
		{"job-after-door", jobAfterDoor},
		{"probe-hit", probesHit},
		{"probe-early", probesWaited},
		{"check-names", checkNames},
		{"check-once", checkMadeOnce},
		{"check-green", checksGreen},
		{"check-link", checksLink},
		{"check-gate", gateWasShown},
		{"slack-once", toldOnce},
		{"slack-edited", toldInPlace},
		{"slack-button", buttonLed},
		{"slack-final", toldTheEnd},
		{"slack-quiet", toldNothingElse},
		{"discord-once", discordOnce},
		{"discord-true", discordTrue},
		{"hook-answered", hooksAnswered},
		{"no-guessing", noGuessing},
	}
}

// Rules lists the names of all rules, in the order they are judged.
func Rules() []string {
	var names []string
	for _, r := range rules() {
		names = append(names, r.name)
	}
	return names
}

// Release judges a push to staging and a release; nothing means that all of it went well.
func Release(w World) []Violation {
	f := gather(w)
	var out []Violation
	for _, r := range rules() {
		for _, saw := range r.judge(f) {
			out = append(out, Violation{Rule: r.name, Saw: saw})
		}
	}
	return out
}

// worldIsTold: a judge who was not told what to look for would find nothing.
func worldIsTold(f *facts) []string {
	var saw []string
	w := f.w
	for what, value := range map[string]string{
		"commit of staging": w.Staging, "commit of the release": w.Release, "version": w.Version,
		"environment": w.Environment, "author": w.Author,
	} {
		if value == "" {
			saw = append(saw, "the "+what+" was not told")
		}
	}
	slices.Sort(saw)
	if !slices.Contains([]string{gateReviewers, gateRule, gateNone}, w.Gate) {
		saw = append(saw, fmt.Sprintf("the gate is %q; reviewers, rule or none is expected", w.Gate))
	}
	if len(w.Approvers) == 0 {
		saw = append(saw, "nobody may approve")
	}
	if len(w.Calls) == 0 {
		saw = append(saw, "the record is empty")
	}
	return saw
}
