package witness_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
)

const (
	repoPath   = "/api/v3/repos/avalo/avaloapp"
	stagingSHA = "1111111111111111111111111111111111111111"
	releaseSHA = "2222222222222222222222222222222222222222"
	stageRun   = 501 // deploys staging
	testRun    = 502 // tests the release
	deployRun  = 503 // deploys the release
	deployJob  = 603
	gateCheck  = 702
	mainTS     = "200.000001"
)

type obj = map[string]any

// story writes a world down as the sandbox would, one call every 400 ms.
type story struct {
	t   *testing.T
	w   witness.World
	now time.Time
	ids int64
}

// rightWorld is a story in which everything went well.
func rightWorld(t *testing.T, gate string) witness.World {
	t.Helper()
	s := &story{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), ids: 800}
	s.w = witness.World{
		Staging: stagingSHA, Release: releaseSHA, Version: "v1.2.0", Environment: "production",
		Gate: gate, Approvers: []string{"ada", "omar"}, Author: "dana", TellsDiscord: true,
	}
	s.w.Repo = sandbox.Snapshot{
		Owner: "avalo", Name: "avaloapp",
		Workflows: []sandbox.Workflow{{ID: 401, Path: ".github/workflows/deploy.yml"}, {ID: 402, Path: ".github/workflows/test.yml"}},
	}
	s.staging()
	s.release()
	return s.w
}

func (s *story) staging() {
	s.push("main", stagingSHA)
	s.post("r1", "100.000001", "1111111")
	s.discord("r1", "staging 1111111")
	s.discordEdit("r1", "staging 1111111: running")
	s.dispatch(stageRun, "deploy.yml", stagingSHA, "staging", "r1/deploy/1")
	s.runs(stageRun, 601, stagingSHA, "staging", nil)
	s.site("/sites/staging/")
	s.site("/sites/staging/api/health")
	s.finish(stagingSHA)
	s.update("r1", "100.000001", "1111111 went to staging and is verified.", "")
	s.discordEdit("r1", "staging 1111111: succeeded")
}

func (s *story) release() {
	s.push("release/v1.2.0", releaseSHA)
	s.check(701, "production / Test", "")
	s.post("r2", mainTS, "v1.2.0")
	s.discord("r2", "production v1.2.0")
	s.discordEdit("r2", "production v1.2.0: running")
	s.dispatch(testRun, "test.yml", releaseSHA, "production", "r2/test/1")
	s.patch(701, "success")
	if s.w.Gate == "none" {
		s.gate("")
		s.approve()
		s.dispatch(deployRun, "deploy.yml", releaseSHA, "production", "r2/deploy/1")
		s.patch(gateCheck, "success")
		s.runs(deployRun, deployJob, releaseSHA, "production", nil)
	} else {
		s.dispatch(deployRun, "deploy.yml", releaseSHA, "production", "r2/deploy/1")
		s.gate("http://town/avalo/avaloapp/actions/runs/503")
		s.approve()
		s.patch(gateCheck, "success")
		s.verdict(deployRun, "approved", 204)
		s.runs(deployRun, deployJob, releaseSHA, "production", &sandbox.Gate{NeedsRule: true, RulePassed: true})
	}
	for _, path := range []string{"/", "/api/health", "/beta"} {
		s.site("/sites/production" + path)
	}
	s.notice()
	s.finish(releaseSHA)
	s.update("r2", mainTS, "v1.2.0 went to production and is verified.", "")
	s.discordEdit("r2", "production v1.2.0: succeeded")
}

// gate shows that the release waits, on the commit and in Slack.
func (s *story) gate(page string) {
	s.check(gateCheck, "production / Approval", "action_required")
	s.update("r2", mainTS, "v1.2.0 waits for approval", page)
}

// approve does what a person does at each kind of gate.
func (s *story) approve() {
	switch s.w.Gate {
	case "reviewers":
		s.act("ada", "review approved", "run 503 [production] Looks good")
		run := &s.w.Repo.Runs[len(s.w.Repo.Runs)-1]
		run.Reviews = append(run.Reviews, sandbox.Review{By: "ada", State: "approved", Environments: []string{"production"}})
	case "rule":
		s.act("ada", "press approve", "production / Approval")
		s.hook("check_run", "requested_action", obj{
			"check_run": obj{"head_sha": releaseSHA, "name": "production / Approval"}, "sender": obj{"login": "ada"},
		})
	default:
		s.comment("ada", "/approve\nGood.", releaseSHA)
	}
}

func (s *story) comment(by, body, sha string) {
	s.act(by, "commit comment", body)
	s.w.Repo.Comments = append(s.w.Repo.Comments, sandbox.Comment{By: by, Body: body, SHA: sha})
}

func (s *story) add(c sandbox.Call) {
	s.now = s.now.Add(400 * time.Millisecond)
	c.Seq, c.At, c.Phase = len(s.w.Calls)+1, s.now, sandbox.Done
	s.w.Calls = append(s.w.Calls, c)
}

func (s *story) json(v any) []byte {
	s.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		s.t.Fatal(err)
	}
	return b
}

func (s *story) act(by, action, detail string) {
	s.add(sandbox.Call{Kind: sandbox.KindAct, By: by, Action: action, Detail: detail})
}

func (s *story) hook(event, action string, body obj) {
	s.ids++
	s.add(sandbox.Call{
		Kind: sandbox.KindWebhook, Method: "POST", Event: event, Action: action, Status: 202,
		GUID: fmt.Sprintf("guid-%d", s.ids), Body: s.json(body),
	})
}

func (s *story) push(branch, sha string) {
	s.act("dana", "push", "refs/heads/"+branch+" "+sha)
	s.hook("push", "", obj{"after": sha})
}

func (s *story) api(method, route, path string, body any, status int, answer any) {
	s.add(sandbox.Call{
		Kind: sandbox.KindGitHub, Method: method, Route: "/repos/{owner}/{repo}" + route, Path: repoPath + path,
		As: "installation:7", Body: s.json(body), Status: status, TrueStatus: status, Answer: s.json(answer),
	})
}

func (s *story) dispatch(run int64, file, sha, environment, name string) {
	inputs := map[string]string{"gatehouse_run": name, "sha": sha, "environment": environment}
	s.api("POST", "/actions/workflows/{workflow_id}/dispatches", "/actions/workflows/"+file+"/dispatches",
		obj{"ref": "x", "inputs": inputs}, 200, obj{"workflow_run_id": run})
	s.w.Repo.Runs = append(s.w.Repo.Runs, sandbox.WorkflowRun{
		ID: run, Path: ".github/workflows/" + file, HeadSHA: sha, Actor: "gatehouse[bot]", Inputs: inputs,
	})
}

func (s *story) verdict(run int64, state string, status int) {
	s.api("POST", "/actions/runs/{run_id}/deployment_protection_rule",
		fmt.Sprintf("/actions/runs/%d/deployment_protection_rule", run), obj{"environment_name": "production", "state": state}, status, nil)
}

// runs plays the job of a deploy and its Deployment as Actions writes it.
func (s *story) runs(run, job int64, sha, environment string, gate *sandbox.Gate) {
	j := &sandbox.Job{
		ID: job, RunID: run, Environment: environment, Gate: gate, Status: "completed", Conclusion: "success",
		StartedAt: s.now.Truncate(time.Second),
	}
	for i := range s.w.Repo.Runs {
		if s.w.Repo.Runs[i].ID == run {
			s.w.Repo.Runs[i].Jobs = []*sandbox.Job{j}
		}
	}
	d := sandbox.Deployment{ID: run + 1000, SHA: sha, Environment: environment, Via: "github-actions", RunID: run}
	states := []string{"queued", "in_progress", "success"}
	if gate != nil {
		states = append([]string{"waiting"}, states...)
	}
	for _, state := range states {
		d.Statuses = append(d.Statuses, sandbox.DeploymentStatus{State: state, Via: "github-actions", LogURL: "http://town/job"})
	}
	s.w.Repo.Deployments = append(s.w.Repo.Deployments, d)
	s.hook("workflow_job", "in_progress", obj{"workflow_job": obj{"id": job}})
	s.hook("workflow_run", "completed", obj{"workflow_run": obj{"id": run, "status": "completed"}})
}

// finish adds what the app says of a Deployment when all was looked at.
func (s *story) finish(sha string) {
	for i := range s.w.Repo.Deployments {
		if d := &s.w.Repo.Deployments[i]; d.SHA == sha {
			for _, state := range []string{"in_progress", "success"} {
				d.Statuses = append(d.Statuses, sandbox.DeploymentStatus{State: state, Via: "gatehouse", LogURL: "http://gatehouse/runs/1"})
			}
		}
	}
}

func (s *story) check(id int64, name, conclusion string) {
	s.api("POST", "/check-runs", "/check-runs", obj{"name": name, "head_sha": releaseSHA, "conclusion": conclusion}, 201, obj{"id": id})
	s.w.Repo.CheckRuns = append(s.w.Repo.CheckRuns, sandbox.CheckRun{
		ID: id, App: "gatehouse", Name: name, HeadSHA: releaseSHA, Status: "completed", Conclusion: "success", DetailsURL: "http://gatehouse/runs/r2",
	})
}

func (s *story) patch(id int64, conclusion string) {
	s.api("PATCH", "/check-runs/{check_run_id}", fmt.Sprintf("/check-runs/%d", id), obj{"conclusion": conclusion}, 200, obj{"id": id})
}

func (s *story) site(path string) {
	s.add(sandbox.Call{Kind: sandbox.KindSite, Method: "GET", Path: path, Status: 200, TrueStatus: 200})
}

func (s *story) slack(method string, form url.Values, ts string) {
	s.add(sandbox.Call{
		Kind: sandbox.KindSlack, Method: "POST", Route: "/slack/api/" + method, As: "slack:gatehouse", Body: []byte(form.Encode()),
		Status: 200, TrueStatus: 200, Answer: s.json(obj{"ok": true, "ts": ts}),
	})
}

func metadata(run, role string) sandbox.SlackMetadata {
	return sandbox.SlackMetadata{EventType: "gatehouse_run", EventPayload: obj{"run": run, "role": role}}
}

func (s *story) say(run, role, ts, text string) {
	meta := metadata(run, role)
	s.slack("chat.postMessage", url.Values{"channel": {"C1"}, "text": {text}, "metadata": {string(s.json(meta))}}, ts)
	s.w.Messages = append(s.w.Messages, sandbox.SlackMessage{TS: ts, Text: text, Metadata: &meta})
}

func (s *story) post(run, ts, version string) { s.say(run, "main", ts, version+" is on its way") }

// whisper asks one person alone, in his conversation.
func (s *story) whisper(to string) {
	meta := metadata("r2", "asks")
	s.slack("chat.postMessage", url.Values{"channel": {to}, "text": {"v1.2.0 asks for you"}, "metadata": {string(s.json(meta))}}, "200.000009")
}

func (s *story) notice() { s.say("r2", "notice", "200.000002", "v1.2.0 is live in production.") }

func (s *story) update(run, ts, text, button string) {
	blocks := []obj{{"type": "section", "text": obj{"type": "mrkdwn", "text": text}}}
	if button != "" {
		blocks = append(blocks, obj{"type": "actions", "elements": []obj{{"type": "button", "url": button}}})
	}
	s.slack("chat.update", url.Values{
		"channel": {"C1"}, "ts": {ts}, "text": {text}, "blocks": {string(s.json(blocks))}, "metadata": {string(s.json(metadata(run, "main")))},
	}, ts)
	for i := range s.w.Messages {
		if m := &s.w.Messages[i]; m.TS == ts {
			m.Text, m.Blocks, m.Edits = text, s.json(blocks), m.Edits+1
		}
	}
}

func discordPage(run string) string { return "http://gatehouse/runs/" + run }

// discord posts the card of a run.
func (s *story) discord(run, title string) {
	embeds := []sandbox.DiscordEmbed{{Title: title, URL: discordPage(run)}}
	id := fmt.Sprint(13000 + len(s.w.Discord))
	s.add(sandbox.Call{
		Kind: sandbox.KindDiscord, Method: "POST", Route: "/discord/webhooks/{id}/{token}", Path: "/discord/api/webhooks/1/TOKEN",
		Body: s.json(obj{"embeds": embeds}), Status: 200, TrueStatus: 200, Answer: s.json(obj{"id": id}),
	})
	s.w.Discord = append(s.w.Discord, sandbox.DiscordMessage{ID: id, Embeds: embeds})
}

func (s *story) discordEdit(run, title string) {
	for i := range s.w.Discord {
		if m := &s.w.Discord[i]; m.Embeds[0].URL == discordPage(run) {
			m.Embeds, m.Edits = []sandbox.DiscordEmbed{{Title: title, URL: discordPage(run)}}, m.Edits+1
			s.add(sandbox.Call{
				Kind: sandbox.KindDiscord, Method: "PATCH", Route: "/discord/webhooks/{id}/{token}/messages/{message}",
				Path: "/discord/api/webhooks/1/TOKEN/messages/" + m.ID, Body: s.json(obj{"embeds": m.Embeds}), Status: 200, TrueStatus: 200,
			})
		}
	}
}

// at finds the first call whose path, action or body holds the words.
func at(t *testing.T, w *witness.World, words ...string) int {
	t.Helper()
	for i, c := range w.Calls {
		all := strings.Join([]string{string(c.Kind), c.Method, c.Path, c.Event, c.Action, c.Route, string(c.Body)}, " ")
		found := true
		for _, word := range words {
			found = found && strings.Contains(all, word)
		}
		if found {
			return i
		}
	}
	t.Fatalf("the world has no call with %q", words)
	return -1
}

// move takes a call out of the record and puts it before another; times and numbers stay in order.
func move(w *witness.World, from, to int) {
	c := w.Calls[from]
	rest := append(append([]sandbox.Call{}, w.Calls[:from]...), w.Calls[from+1:]...)
	w.Calls = append(append(append([]sandbox.Call{}, rest[:to]...), c), rest[to:]...)
	renumber(w)
}

func drop(w *witness.World, i int) {
	w.Calls = append(append([]sandbox.Call{}, w.Calls[:i]...), w.Calls[i+1:]...)
	renumber(w)
}

func renumber(w *witness.World) {
	start := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for i := range w.Calls {
		w.Calls[i].Seq, w.Calls[i].At = i+1, start.Add(time.Duration(i+1)*400*time.Millisecond)
	}
}

// more goes on with a world where it ended.
func more(t *testing.T, w *witness.World, do func(*story)) {
	t.Helper()
	s := &story{t: t, w: *w, now: w.Calls[len(w.Calls)-1].At, ids: 900}
	do(s)
	*w = s.w
}
