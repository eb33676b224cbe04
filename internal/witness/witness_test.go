package witness_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

func TestRightWorldsPass(t *testing.T) {
	for _, gate := range []string{"reviewers", "rule", "none"} {
		t.Run(gate, func(t *testing.T) {
			for _, v := range witness.Release(rightWorld(t, gate)) {
				t.Errorf("%s: %s", v.Rule, v.Saw)
			}
		})
	}
}

// planted is a world with one thing wrong in it.
type planted struct {
	rule string
	name string
	gate string // default reviewers
	do   func(*testing.T, *witness.World)
}

func production(w *witness.World) *sandbox.Deployment { return &w.Repo.Deployments[1] }

func release(w *witness.World) *sandbox.WorkflowRun { return &w.Repo.Runs[2] }

func door(t *testing.T, w *witness.World) int {
	t.Helper()
	return at(t, w, "runs/503/deployment_protection_rule")
}

func dispatchCall(t *testing.T, w *witness.World) *sandbox.Call {
	t.Helper()
	return &w.Calls[at(t, w, "deploy.yml/dispatches", releaseSHA)]
}

func worlds() []planted {
	return slices.Concat(worldsOfDoors(), worldsOfPolicy(), worldsOfDispatches(), worldsOfDeployments(), worldsOfProbes(), worldsOfChecks(), worldsOfSlack(), worldsOfDiscord(), worldsOfManners())
}

func worldsOfDoors() []planted {
	return []planted{
		{"world", "unknown gate", "", func(_ *testing.T, w *witness.World) { w.Gate = "maybe" }},
		{"world", "no approvers", "none", func(_ *testing.T, w *witness.World) { w.Author = "" }},
		{"door-once", "opened twice", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.verdict(deployRun, "approved", 204) })
		}},
		{"door-once", "opened by a verdict whose answer was lost, and again", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.verdict(deployRun, "approved", 204) })
			last := &w.Calls[len(w.Calls)-1]
			last.Fault, last.Status = "status502", 502
		}},
		{"door-once", "never opened", "", func(t *testing.T, w *witness.World) { drop(w, door(t, w)) }},
		{"door-once", "refused", "", func(t *testing.T, w *witness.World) {
			c := &w.Calls[door(t, w)]
			c.Status, c.TrueStatus = 404, 404
		}},
		{"door-once", "a door where there is none", "none", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.verdict(deployRun, "approved", 204) })
		}},
		{"door-other", "another run passed too", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.verdict(testRun, "approved", 204) })
		}},
		{"door-foreign", "a person's run was approved", "", func(t *testing.T, w *witness.World) {
			w.Repo.Runs = append(w.Repo.Runs, sandbox.WorkflowRun{ID: 599, Path: ".github/workflows/deploy.yml", HeadSHA: releaseSHA, Actor: "dana"})
			more(t, w, func(s *story) { s.verdict(599, "approved", 204) })
		}},
		{"door-both", "rejected after it was approved", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.verdict(deployRun, "rejected", 404) })
		}},
		{"job-after-door", "the webhook came first", "", func(t *testing.T, w *witness.World) {
			move(w, at(t, w, "workflow_job", "in_progress", "603"), door(t, w))
		}},
		{"job-after-door", "the job's own time is earlier", "", func(t *testing.T, w *witness.World) {
			release(w).Jobs[0].StartedAt = w.Calls[door(t, w)].At.Add(-2 * time.Second)
		}},
	}
}

func worldsOfPolicy() []planted {
	return []planted{
		{"policy-first", "nobody approved", "", func(t *testing.T, w *witness.World) { drop(w, at(t, w, "review approved")) }},
		{"policy-first", "the approval came later", "", func(t *testing.T, w *witness.World) { move(w, door(t, w), at(t, w, "review approved")) }},
		{"policy-first", "the author approved", "", func(_ *testing.T, w *witness.World) { w.Author = "ada" }},
		{"policy-first", "somebody else approved", "", func(_ *testing.T, w *witness.World) { w.Approvers = []string{"omar"} }},
		{"policy-first", "GitHub refused the review", "", func(_ *testing.T, w *witness.World) { release(w).Reviews = nil }},
		{"policy-first", "the review was of another environment", "", func(_ *testing.T, w *witness.World) {
			release(w).Reviews[0].Environments = []string{"staging"}
		}},
		{"policy-first", "the review was of another run", "", func(t *testing.T, w *witness.World) {
			w.Calls[at(t, w, "review approved")].Detail = "run 50 [production] ok"
		}},
		{"policy-first", "the review was overtaken by the verdict on its way", "", func(t *testing.T, w *witness.World) {
			w.Calls[at(t, w, "review approved")].At = w.Calls[door(t, w)].At.Add(time.Millisecond)
		}},
		{"policy-first", "the button was of another commit", "rule", func(t *testing.T, w *witness.World) {
			c := &w.Calls[at(t, w, "requested_action")]
			c.Body = []byte(strings.ReplaceAll(string(c.Body), releaseSHA, stagingSHA))
		}},
		{"policy-first", "a button that rejects", "rule", func(t *testing.T, w *witness.World) { w.Calls[at(t, w, "press approve")].Action = "press reject" }},
		{"policy-first", "the comment was on another commit", "none", func(_ *testing.T, w *witness.World) { w.Repo.Comments[0].SHA = stagingSHA }},
		{"policy-first", "the command is not on the first line", "none", func(t *testing.T, w *witness.World) {
			w.Calls[at(t, w, "commit comment")].Detail, w.Repo.Comments[0].Body = "Well\n/approve", "Well\n/approve"
		}},
		{"policy-first", "dispatched before the approval", "none", func(t *testing.T, w *witness.World) {
			move(w, at(t, w, "deploy.yml/dispatches", releaseSHA), at(t, w, "commit comment"))
		}},
		{"policy-first", "approved before it was pushed", "none", func(t *testing.T, w *witness.World) {
			move(w, at(t, w, "commit comment"), 0)
		}},
	}
}

func worldsOfDispatches() []planted {
	return []planted{
		{"dispatch-once", "deployed twice", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.dispatch(504, "deploy.yml", releaseSHA, "production", "r2/deploy/2") })
		}},
		{"dispatch-once", "tested twice, once by the workflow's id", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.dispatch(504, "402", releaseSHA, "production", "r2/test/2") })
		}},
		{"dispatch-once", "started twice because the first answer was lost", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.dispatch(504, "test.yml", releaseSHA, "production", "r2/test/2") })
			last := &w.Calls[len(w.Calls)-1]
			last.Fault, last.Status, last.Answer = "status502", 502, []byte("oops")
		}},
		{"dispatch-name", "two runs of one name", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.dispatch(504, "lint.yml", releaseSHA, "production", "r2/test/1") })
		}},
		{"dispatch-name", "a run without a name", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.dispatch(504, "lint.yml", releaseSHA, "production", "") })
		}},
		{"dispatch-sha", "another commit was asked for", "", func(t *testing.T, w *witness.World) {
			c := dispatchCall(t, w)
			c.Body = []byte(strings.ReplaceAll(string(c.Body), releaseSHA, stagingSHA))
		}},
		{"dispatch-sha", "no run came of it", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.dispatch(504, "lint.yml", releaseSHA, "production", "r2/lint/1") })
			w.Repo.Runs = w.Repo.Runs[:3]
		}},
	}
}

func worldsOfDeployments() []planted {
	return []planted{
		{"deployment-once", "two of one release", "", func(_ *testing.T, w *witness.World) {
			w.Repo.Deployments = append(w.Repo.Deployments, *production(w))
		}},
		{"deployment-once", "none of staging", "", func(_ *testing.T, w *witness.World) { w.Repo.Deployments = w.Repo.Deployments[1:] }},
		{"deployment-order", "back to the queue", "", func(_ *testing.T, w *witness.World) { production(w).Statuses[2].State = "waiting" }},
		{"deployment-order", "failed in between", "", func(_ *testing.T, w *witness.World) { production(w).Statuses[3].State = "failure" }},
		{"deployment-order", "success without work", "", func(_ *testing.T, w *witness.World) { production(w).Statuses[0].State = "success" }},
		{"deployment-turns", "the app spoke too early", "", func(_ *testing.T, w *witness.World) { production(w).Statuses[2].Via = "gatehouse" }},
		{"deployment-end", "still in progress", "", func(_ *testing.T, w *witness.World) {
			d := production(w)
			d.Statuses = d.Statuses[:len(d.Statuses)-1]
		}},
		{"deployment-end", "the app said nothing", "", func(_ *testing.T, w *witness.World) { production(w).Statuses = production(w).Statuses[:4] }},
		{"deployment-end", "no states at all", "", func(_ *testing.T, w *witness.World) { production(w).Statuses = nil }},
		{"deployment-end", "no link", "", func(_ *testing.T, w *witness.World) { production(w).Statuses[5].LogURL = "" }},
	}
}

func worldsOfProbes() []planted {
	return []planted{
		{"probe-hit", "not looked at beta", "", func(t *testing.T, w *witness.World) { drop(w, at(t, w, "/sites/production/beta")) }},
		{"probe-hit", "not looked at staging", "", func(t *testing.T, w *witness.World) { drop(w, at(t, w, "/sites/staging/")) }},
		{"probe-hit", "the last look was bad", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.site("/sites/production/api/health") })
			w.Calls[len(w.Calls)-1].Status = 500
		}},
		{"probe-early", "looked while it was deployed", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.site("/sites/production/") })
			move(w, len(w.Calls)-1, at(t, w, "workflow_run", "completed", "503"))
		}},
		{"probe-early", "looked at staging before the push", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.site("/sites/staging/api/health") })
			move(w, len(w.Calls)-1, 0)
		}},
	}
}

func worldsOfChecks() []planted {
	last := func(w *witness.World) *sandbox.CheckRun { return &w.Repo.CheckRuns[len(w.Repo.CheckRuns)-1] }
	return []planted{
		{"check-names", "two of one name", "", func(_ *testing.T, w *witness.World) {
			w.Repo.CheckRuns = append(w.Repo.CheckRuns, w.Repo.CheckRuns[0])
		}},
		{"check-once", "made twice", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.check(799, "production / Test", "") })
			w.Repo.CheckRuns = w.Repo.CheckRuns[:2]
		}},
		{"check-once", "never made", "", func(t *testing.T, w *witness.World) { drop(w, at(t, w, "check-runs", "production / Test")) }},
		{"check-green", "left open", "", func(_ *testing.T, w *witness.World) { last(w).Status, last(w).Conclusion = "in_progress", "" }},
		{"check-green", "failed", "", func(_ *testing.T, w *witness.World) { last(w).Conclusion = "failure" }},
		{"check-link", "no details_url", "", func(_ *testing.T, w *witness.World) { last(w).DetailsURL = "" }},
		{"check-gate", "never asked", "", func(t *testing.T, w *witness.World) {
			c := &w.Calls[at(t, w, "check-runs", "action_required")]
			c.Body = []byte(strings.ReplaceAll(string(c.Body), "action_required", "neutral"))
		}},
		{"check-gate", "asked when it was too late", "", func(t *testing.T, w *witness.World) {
			move(w, at(t, w, "check-runs", "action_required"), door(t, w)+1)
		}},
	}
}

func worldsOfSlack() []planted {
	return []planted{
		{"slack-once", "nothing was said", "", func(_ *testing.T, w *witness.World) { w.Messages = w.Messages[:1] }},
		{"slack-once", "said twice", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.post("r2", "200.000003", "v1.2.0") })
		}},
		{"slack-once", "said again before the deploy", "", func(t *testing.T, w *witness.World) {
			move(w, at(t, w, "chat.postMessage", "notice"), door(t, w))
		}},
		{"slack-once", "one person asked twice", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.whisper("D1"); s.whisper("D1") })
		}},
		{"slack-once", "not in the record", "", func(t *testing.T, w *witness.World) {
			drop(w, at(t, w, "chat.postMessage", "notice"))
			drop(w, at(t, w, "chat.postMessage", "v1.2.0"))
		}},
		{"slack-edited", "never edited", "", func(_ *testing.T, w *witness.World) { w.Messages[1].Edits = 0 }},
		{"slack-button", "no button", "", func(t *testing.T, w *witness.World) {
			c := &w.Calls[at(t, w, "chat.update", "runs%2F503")]
			c.Body = []byte(strings.ReplaceAll(string(c.Body), "runs%2F503", "runs%2F1"))
		}},
		{"slack-button", "the button came too late", "", func(t *testing.T, w *witness.World) {
			move(w, at(t, w, "chat.update", "runs%2F503"), door(t, w)+1)
		}},
		{"slack-button", "the button was refused", "", func(t *testing.T, w *witness.World) {
			w.Calls[at(t, w, "chat.update", "runs%2F503")].Answer = []byte(`{"ok":false,"error":"invalid_blocks"}`)
		}},
		{"slack-final", "ended as waiting", "", func(_ *testing.T, w *witness.World) {
			w.Messages[1].Text, w.Messages[1].Blocks = "v1.2.0 waits for approval", nil
		}},
		{"slack-quiet", "something else", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.say("r3", "main", "300.000001", "By the way") })
		}},
		{"slack-quiet", "something without a run", "", func(_ *testing.T, w *witness.World) {
			w.Messages = append(w.Messages, sandbox.SlackMessage{TS: "300.000001", Text: "Hello"})
		}},
	}
}

func worldsOfDiscord() []planted {
	return []planted{
		{"discord-once", "said twice", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.discord("r2", "production v1.2.0: succeeded") })
		}},
		{"discord-once", "said twice, and one taken away", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.discord("r2", "production v1.2.0: succeeded") })
			w.Discord = w.Discord[:2]
		}},
		{"discord-once", "said again because the first answer was lost", "", func(t *testing.T, w *witness.World) {
			c := &w.Calls[at(t, w, "discord", "POST", "v1.2.0")]
			c.Fault, c.Status = "status502", 502
			more(t, w, func(s *story) { s.discord("r2", "production v1.2.0: succeeded") })
		}},
		{"discord-once", "not in the record", "", func(t *testing.T, w *witness.World) { drop(w, at(t, w, "discord", "POST", "v1.2.0")) }},
		{"discord-true", "ended as waiting", "", func(_ *testing.T, w *witness.World) {
			w.Discord[1].Embeds = []sandbox.DiscordEmbed{{Title: "production v1.2.0: waits for approval", URL: discordPage("r2")}}
		}},
		{"discord-true", "staging was never told to its end", "", func(_ *testing.T, w *witness.World) {
			w.Discord[0].Embeds = []sandbox.DiscordEmbed{{Title: "staging 1111111", URL: discordPage("r1")}}
		}},
		{"discord-true", "nothing was said", "", func(t *testing.T, w *witness.World) {
			drop(w, at(t, w, "discord", "POST", "v1.2.0"))
			w.Discord = w.Discord[:1]
		}},
	}
}

func worldsOfManners() []planted {
	return []planted{
		{"hook-answered", "a webhook was refused", "", func(t *testing.T, w *witness.World) {
			w.Calls[at(t, w, "workflow_job", "603")].Status = 503
		}},
		{"hook-answered", "no push was delivered", "", func(t *testing.T, w *witness.World) {
			drop(w, at(t, w, "webhook", "push"))
			drop(w, at(t, w, "webhook", "push"))
		}},
		{"no-guessing", "an invalid request", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.api("POST", "/statuses/{sha}", "/statuses/x", obj{}, 422, obj{"message": "no"}) })
		}},
		{"no-guessing", "bad credentials", "", func(t *testing.T, w *witness.World) {
			more(t, w, func(s *story) { s.api("GET", "/commits", "/commits", nil, 401, nil) })
			w.Calls[len(w.Calls)-1].As = ""
		}},
	}
}

func TestPlantedWorldsFail(t *testing.T) {
	reached := map[string]bool{}
	for _, p := range worlds() {
		t.Run(p.rule+"/"+p.name, func(t *testing.T) {
			gate := p.gate
			if gate == "" {
				gate = "reviewers"
			}
			w := rightWorld(t, gate)
			p.do(t, &w)
			found := witness.Release(w)
			if len(found) == 0 {
				t.Fatal("nothing was found")
			}
			for _, v := range found {
				reached[v.Rule] = true
				if v.Rule != p.rule {
					t.Errorf("%s: %s", v.Rule, v.Saw)
				}
			}
		})
	}
	for _, name := range witness.Rules() {
		if !reached[name] {
			t.Errorf("no planted world reaches the rule %s", name)
		}
	}
}

func TestNothingDoesNotPass(t *testing.T) {
	full := rightWorld(t, "reviewers")
	for name, w := range map[string]witness.World{
		"nothing":   {},
		"no record": {Repo: full.Repo, Messages: full.Messages, Staging: stagingSHA, Release: releaseSHA, Version: "v1.2.0", Environment: "production", Gate: "reviewers", Approvers: full.Approvers, Author: "dana"},
		"no state":  {Calls: full.Calls, Staging: stagingSHA, Release: releaseSHA, Version: "v1.2.0", Environment: "production", Gate: "none", Approvers: full.Approvers, Author: "dana"},
	} {
		if len(witness.Release(w)) < 5 {
			t.Errorf("%s: only %v was found", name, witness.Release(w))
		}
	}
}

// A prefix of a good record is a story that is not over, so it must never pass.
func TestHalfAStoryDoesNotPass(t *testing.T) {
	full := rightWorld(t, "reviewers")
	last := at(t, &full, "/sites/production/beta")
	for n := range last + 1 {
		w := full
		w.Calls = full.Calls[:n]
		if len(witness.Release(w)) == 0 {
			t.Errorf("the first %d calls were enough", n)
		}
	}
}

func TestExcusedWorldsPass(t *testing.T) {
	for name, do := range map[string]func(*witness.World){
		"a webhook that was delivered again": func(w *witness.World) {
			i := at(t, w, "workflow_job", "603")
			again := w.Calls[i]
			w.Calls[i].Status = 502
			again.Seq = len(w.Calls) + 1
			w.Calls = append(w.Calls, again)
		},
		"a person who was refused": func(w *witness.World) {
			more(t, w, func(s *story) { s.api("POST", "/x", "/x", obj{}, 422, nil) })
			w.Calls[len(w.Calls)-1].As = "ada"
		},
		"a dispatch that never arrived": func(w *witness.World) {
			more(t, w, func(s *story) { s.dispatch(504, "test.yml", releaseSHA, "production", "r2/test/2") })
			last := &w.Calls[len(w.Calls)-1]
			last.Fault, last.Status, last.TrueStatus = "status502", 502, 0
		},
		"no Discord": func(w *witness.World) {
			w.TellsDiscord, w.Discord = false, nil
			w.Calls = slices.DeleteFunc(w.Calls, isDiscord)
		},
		"an alert in Discord":         func(w *witness.World) { w.Discord = append(w.Discord, sandbox.DiscordMessage{Content: "It failed."}) },
		"two people asked alone":      func(w *witness.World) { more(t, w, func(s *story) { s.whisper("D1"); s.whisper("D2") }) },
		"no closing notice":           func(w *witness.World) { drop(w, at(t, w, "chat.postMessage", "notice")); w.Messages = w.Messages[:2] },
		"a message of a person":       func(w *witness.World) { w.Messages = append(w.Messages, sandbox.SlackMessage{By: "ada", Text: "Nice"}) },
		"beta is not critical":        func(w *witness.World) { w.Calls[at(t, w, "/sites/production/beta")].Status = 404 },
		"the end was read, not heard": func(w *witness.World) { i := at(t, w, "workflow_run", "503"); readEnd(&w.Calls[i]) },
		"another CI on the commit": func(w *witness.World) {
			w.Repo.CheckRuns = append(w.Repo.CheckRuns, sandbox.CheckRun{App: "other", HeadSHA: releaseSHA, Name: "x", Conclusion: "failure"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := rightWorld(t, "reviewers")
			do(&w)
			for _, v := range witness.Release(w) {
				t.Errorf("%s: %s", v.Rule, v.Saw)
			}
		})
	}
}

func isDiscord(c sandbox.Call) bool { return c.Kind == sandbox.KindDiscord }

// readEnd makes a call a list of runs that says what the webhook would have said.
func readEnd(c *sandbox.Call) {
	c.Kind, c.Method, c.Route, c.As = sandbox.KindGitHub, "GET", "/repos/{owner}/{repo}/actions/runs", "installation:7"
	c.Answer, c.Body = []byte(`{"workflow_runs":[{"id":503,"status":"completed"}]}`), nil
}

func TestFigures(t *testing.T) {
	w := rightWorld(t, "reviewers")
	f := witness.Measure("release", w)
	if !f.OK || f.Violations != nil {
		t.Fatalf("got %+v", f)
	}
	// The push is followed by its webhook and then by the first check, 400 ms apart.
	if f.PushToCheckMS != 800 || f.GitHubCalls != 8 || f.GitHubWrites != 8 || f.Probes != 5 || f.SlackCalls != 6 || f.Webhooks != 6 {
		t.Errorf("got %+v", f)
	}
	line, err := json.Marshal(f)
	if err != nil || !strings.HasPrefix(string(line), `{"story":"release","ok":true,"github_calls":8,`) {
		t.Errorf("got %s, %v", line, err)
	}
	if empty := witness.Measure("release", witness.World{}); empty.OK || empty.PushToCheckMS != -1 {
		t.Errorf("an empty world got %+v", empty)
	}
}

func TestCount(t *testing.T) {
	w := rightWorld(t, "reviewers")
	const checks = "POST /repos/{owner}/{repo}/check-runs"
	if got := witness.Count(w.Calls, 0); got[checks] != 2 || len(got) != 4 {
		t.Errorf("got %v", got)
	}
	gate := w.Calls[at(t, &w, "check-runs", "action_required")].Seq
	if got := witness.Count(w.Calls, gate); got[checks] != 0 || got["PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}"] != 1 {
		t.Errorf("got %v", got)
	}
}
