package demo

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/witness"
	"github.com/gatehouse-app/gatehouse/templates"
)

// Quinn is of the team quality, the second group of the story of approvals.
const Quinn = "quinn"

const (
	approvalCheck = "production / Approval"
	deployCheck   = "production / Deploy"
	endCheck      = "production / Notify"
)

// Approvals tells of five releases behind a gate of two groups: what each surface
// does, and who is refused, by what reason.
func (t *Teller) Approvals(ctx context.Context, gatehouse string) (witness.Approvals, error) {
	began := t.Now()
	s := &approvals{Teller: t, gatehouse: gatehouse, told: witness.Approvals{
		Groups: map[string][]string{"release-approvers": {Ada, Omar}, "quality": {Quinn}},
	}}
	for _, scene := range []func(context.Context) error{s.settle, s.selfApproval, s.removed, s.superseded, s.locked, s.frozen} {
		if err := scene(ctx); err != nil {
			return s.told, err
		}
	}
	t.Town.World.Drain()
	snap, err := t.Town.World.Snapshot(Repo)
	s.told.Calls, s.told.Repo, s.told.Took = t.Town.World.Record(), snap, t.Now().Sub(began)
	return s.told, err
}

type approvals struct {
	*Teller
	gatehouse string // where its pages are
	told      witness.Approvals
	sha       string // of the release that is spoken of
	guests    map[string]*guest
}

// config is the team's file; freeze is a line of it, or nothing.
func (s *approvals) config(freeze string) map[string]string {
	return map[string]string{".github/gatehouse.yml": `version: 1
environments:
  production:
    firebase: avalo-c8c46
    url: ` + s.Town.URL + `/sites/production
    approval: {need: [{team: release-approvers, count: 1}, {team: quality, count: 1}], expires: 72h}
` + freeze + `notify: {slack: "#releases"}
pipelines:
  production:
    on: {push: release/*}
    environment: production
    stages: [approval, {deploy: {workflow: deploy.yml}}, {smoke: [{get: /, status: 200}]}, notify]
`}
}

func (s *approvals) settle(ctx context.Context) error {
	w := s.Town.World
	w.AddUser(Quinn, "Quinn Quality")
	w.AddTeam(Org, "quality", Quinn)
	if err := w.SetRole(Repo, Quinn, "write"); err != nil {
		return err
	}
	if _, err := w.Push(Repo, sandbox.Push{Branch: "main", By: Ivan, Message: "Two groups approve", Files: s.config("")}); err != nil {
		return err
	}
	s.guests = map[string]*guest{}
	for _, login := range []string{Ada, Quinn} {
		g, err := signIn(ctx, s.gatehouse, login)
		if err != nil {
			return err
		}
		s.guests[login] = g
	}
	return nil
}

// release pushes a release and waits until its gate asks people.
func (s *approvals) release(ctx context.Context, version, by string, goes bool) error {
	s.say("%s pushes release/%s.", by, version)
	sha, err := s.Town.World.Push(Repo, sandbox.Push{
		Branch: "release/" + version, From: "main", By: by, Message: "Release " + version, Files: map[string]string{"CHANGELOG.md": "# " + version + "\n"},
	})
	if err != nil {
		return err
	}
	s.sha = sha
	s.told.Releases = append(s.told.Releases, witness.Expected{Commit: sha, Version: version, Author: by, Deployed: goes})
	return s.Until(ctx, version+" waits at its gate", func() bool { return s.conclusion(sha, approvalCheck) == "action_required" })
}

// did tells the witness what somebody does now.
func (s *approvals) did(who, surface, verb string) {
	s.told.Acts = append(s.told.Acts, witness.Act{After: len(s.Town.World.Record()), Who: who, Surface: surface, Verb: verb, Commit: s.sha})
}

// comment is what somebody writes below the release.
func (s *approvals) comment(who, text string) error {
	s.say("%s comments: %s", who, text)
	verb, _, _ := strings.Cut(strings.TrimPrefix(text, "/"), " ")
	s.did(who, "comment", verb)
	_, err := s.Town.World.CommitComment(who, Repo, s.sha, text)
	return err
}

// button is Approve on the check run.
func (s *approvals) button(who string) error {
	s.say("%s presses Approve on the check.", who)
	s.did(who, "check run button", "approve")
	for _, c := range s.checks(s.sha) {
		if c.Name == approvalCheck {
			return s.Town.World.PressCheckButton(who, Repo, c.ID, "approve")
		}
	}
	return fmt.Errorf("%w: there is no check %s", ErrStuck, approvalCheck)
}

// seen waits until people are told a reason somewhere, says what they read, and
// has the witness look for it as well.
func (s *approvals) seen(ctx context.Context, words ...string) error {
	reason, said := witness.Reason{Commit: s.sha, Words: words}, ""
	s.told.Reasons = append(s.told.Reasons, reason)
	if err := s.Until(ctx, "people are told: "+strings.Join(words, " … "), func() bool {
		said = s.told.Told(s.Town.World.Record(), reason)
		return said != ""
	}); err != nil {
		return err
	}
	s.say("    People read: %s", strings.ReplaceAll(said, "\n", "\n                 "))
	return nil
}

func (s *approvals) deployed(ctx context.Context) error {
	if err := s.Until(ctx, "it is deployed and verified", s.green(s.sha, endCheck)); err != nil {
		return err
	}
	return s.seen(ctx, "succeeded")
}

// selfApproval: ada may approve, and not what she wrote; omar reviews in GitHub,
// quinn comments.
func (s *approvals) selfApproval(ctx context.Context) error {
	if err := s.release(ctx, "v1.2.0", Ada, true); err != nil {
		return err
	}
	if err := s.button(Ada); err != nil {
		return err
	}
	if err := s.seen(ctx, "ada made commit", "authors do not approve their own work"); err != nil {
		return err
	}
	run := s.waiting(s.sha)
	s.say("omar presses Review deployments.")
	s.did(Omar, "GitHub review", "approve")
	if err := s.Town.World.Review(Omar, Repo, run, []string{"production"}, "approved", "Looks good"); err != nil {
		return err
	}
	if err := s.seen(ctx, "omar", "GitHub review", "1 place open"); err != nil {
		return err
	}
	if err := s.comment(Quinn, "/approve"); err != nil {
		return err
	}
	if err := s.deployed(ctx); err != nil {
		return err
	}
	// From here on Gatehouse's rule alone holds the door.
	return s.Town.World.SetEnvironment(Repo, sandbox.Environment{Name: "production", CustomRule: true})
}

// pairLink is where an unknown person in Slack is sent.
var pairLink = regexp.MustCompile(`/pair\?token=([A-Za-z0-9_.-]+)`)

// removed: ada approves in Slack, once Slack knows who she is, and leaves the team
// before the door opens; quinn approves on the page.
func (s *approvals) removed(ctx context.Context) error {
	if err := s.release(ctx, "v1.3.0", Dana, true); err != nil {
		return err
	}
	if err := s.slack(ctx, Ada); err != nil {
		return err
	}
	if err := s.seen(ctx, "ada", "Slack", "1 place open"); err != nil {
		return err
	}
	s.say("ada is taken out of release-approvers.")
	s.did(Ada, "release-approvers", "leave")
	s.Town.World.RemoveFromTeam(Org, "release-approvers", Ada)
	s.say("quinn presses Approve on the page of the run.")
	s.did(Quinn, "page", "approve")
	if err := s.guests[Quinn].decide(ctx, s.page(), "approve", ""); err != nil {
		return err
	}
	if err := s.seen(ctx, "ada approved at", "does not count any more"); err != nil {
		return err
	}
	if err := s.button(Omar); err != nil {
		return err
	}
	return s.deployed(ctx)
}

// slack presses Approve in Slack, twice: the first click leads to signing in.
func (s *approvals) slack(ctx context.Context, who string) error {
	s.say("%s presses Approve in Slack, is asked who that is on GitHub, says so, and presses again.", who)
	press := func() error {
		var ts string
		if err := s.Until(ctx, "Slack offers Approve", func() bool {
			ts = s.message()
			return ts != ""
		}); err != nil {
			return err
		}
		return s.Town.Slack.Press(who, Channel, ts, templates.PressApprove)
	}
	if err := press(); err != nil {
		return err
	}
	token := ""
	if err := s.Until(ctx, "Slack asks who it is", func() bool {
		for _, m := range s.Town.Slack.Messages(Channel) {
			if found := pairLink.FindStringSubmatch(m.Text + string(m.Blocks)); found != nil && m.Only == sandbox.SlackUserID(who) {
				token = found[1]
			}
		}
		return token != ""
	}); err != nil {
		return err
	}
	if err := s.guests[who].post(ctx, "/pair", map[string][]string{"token": {token}}); err != nil {
		return err
	}
	s.did(who, "Slack", "approve")
	return press()
}

// message is the newest message of a run that has the button.
func (s *approvals) message() string {
	for _, m := range slices.Backward(s.Town.Slack.Messages(Channel)) {
		if m.Thread == "" && m.Only == "" && strings.Contains(string(m.Blocks), `"`+templates.PressApprove+`"`) && strings.Contains(m.Text, s.version()) {
			return m.TS
		}
	}
	return ""
}

func (s *approvals) version() string { return s.told.Releases[len(s.told.Releases)-1].Version }

// page is the page of the release's run, where its checks lead.
func (s *approvals) page() string {
	for _, c := range s.checks(s.sha) {
		if c.Name == approvalCheck {
			return c.DetailsURL
		}
	}
	return "/"
}

// superseded: a release waits, half approved, when a newer one reaches the gate.
func (s *approvals) superseded(ctx context.Context) error {
	if err := s.release(ctx, "v1.4.0", Dana, false); err != nil {
		return err
	}
	if err := s.comment(Quinn, "/approve"); err != nil {
		return err
	}
	if err := s.seen(ctx, "quinn", "comment", "1 place open"); err != nil {
		return err
	}
	old := s.sha
	if err := s.release(ctx, "v1.4.1", Dana, true); err != nil {
		return err
	}
	s.sha, old = old, s.sha
	if err := s.seen(ctx, "Superseded by v1.4.1"); err != nil {
		return err
	}
	s.sha = old
	return nil
}

// locked: approved by both groups behind a lock, it waits; unlocked, it goes.
func (s *approvals) locked(ctx context.Context) error {
	if err := s.comment(Ivan, "/lock production the database is being moved for 2h"); err != nil {
		return err
	}
	if err := s.seen(ctx, "the database is being moved"); err != nil {
		return err
	}
	if err := s.closed(ctx, "locked"); err != nil {
		return err
	}
	if err := s.comment(Ivan, "/unlock production"); err != nil {
		return err
	}
	return s.deployed(ctx)
}

// closed has both groups approve while the lane is closed.
func (s *approvals) closed(ctx context.Context, word string) error {
	if err := s.button(Omar); err != nil {
		return err
	}
	if err := s.comment(Quinn, "/approve"); err != nil {
		return err
	}
	if err := s.Until(ctx, "both groups have approved", s.green(s.sha, approvalCheck)); err != nil {
		return err
	}
	return s.seen(ctx, "production is "+word)
}

// frozen: the configuration freezes production over today; ivan lets it go with a
// reason.
func (s *approvals) frozen(ctx context.Context) error {
	day := s.Now().UTC()
	freeze := fmt.Sprintf("    freeze: [{from: %s, until: %s, reason: the year is being closed}]\n", day.AddDate(0, 0, -1).Format(time.DateOnly), day.AddDate(0, 0, 1).Format(time.DateOnly))
	if _, err := s.Town.World.Push(Repo, sandbox.Push{Branch: "main", By: Ivan, Message: "Freeze production", Files: s.config(freeze)}); err != nil {
		return err
	}
	if err := s.release(ctx, "v1.5.0", Dana, true); err != nil {
		return err
	}
	s.did(Ivan, "configuration", "freeze")
	if err := s.closed(ctx, "frozen"); err != nil {
		return err
	}
	if err := s.comment(Ivan, "/unfreeze production a fix that cannot wait"); err != nil {
		return err
	}
	return s.deployed(ctx)
}
