package demo

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/sandbox"
	"github.com/gatehouse-app/gatehouse/internal/sandbox/google"
	"github.com/gatehouse-app/gatehouse/templates"
)

// The people and places of the town.
const (
	Org       = "avalo"
	Repo      = "avalo/avaloapp"
	Dana      = "dana" // writes code
	Ada       = "ada"  // release-approvers
	Omar      = "omar" // release-approvers
	Ivan      = "ivan" // incident-commanders
	Kim       = "kim"  // incident-commanders
	Eve       = "eve"  // may read only
	Channel   = "releases"
	appID     = 4711
	appSlug   = "gatehouse"
	secret    = "demo-webhook-secret"
	botToken  = "xoxb-demo-token"
	signing   = "demo-signing-secret"
	hookToken = "demo-discord-token"
	clientID  = "Iv1.demo"
	clientKey = "demo-client-secret"
	alarms    = "alerts" // the channel of Slack's incoming webhook
)

// Options are what a town may be given.
type Options struct {
	Step      time.Duration     // how long a job of Actions takes; 0 means 300 ms
	Gate      Gate              // how production is protected; default GateReviewers
	Files     map[string]string // over those of the starter
	HookURL   string            // where webhooks go; SetHook may say it later
	Logger    *slog.Logger
	Google    google.Options // how slow Google is; the zero value answers at once
	RateLimit int            // of the sandbox's GitHub; 0 means GitHub's 5000 an hour
	SignIn    bool           // people sign in to the pages, which are then public
	Clock     sandbox.Clock  // of everything outside; nil means the machine's
}

// Gate is how the production environment is protected.
type Gate string

// The protections.
const (
	GateReviewers Gate = "reviewers" // required reviewers and Gatehouse's rule
	GateRule      Gate = "rule"      // Gatehouse's rule alone
	GateNone      Gate = "none"
)

// Town is a running sandbox with the team in it.
type Town struct {
	World   *sandbox.World
	Slack   *sandbox.Slack
	Discord *sandbox.Discord
	Google  *google.Google
	URL     string // of everything, without a slash at the end
	alerts  string // path of Slack's incoming webhook
	key     []byte
	srv     *http.Server
	opt     Options
	mu      sync.Mutex
	hooks   []func(sandbox.Call)
}

// Open builds the town and serves it on listener, which it owns from then on.
func Open(listener net.Listener, opt Options) (*Town, error) {
	key, private, err := sandbox.NewAppKey()
	if err != nil {
		return nil, err
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	if opt.Gate == "" {
		opt.Gate = GateReviewers
	}
	t := &Town{URL: "http://" + listener.Addr().String(), key: key, opt: opt}
	t.World = sandbox.New(sandbox.Options{
		BaseURL: t.URL, HookURL: opt.HookURL, WebhookSecret: secret, AppID: appID, AppKey: private,
		Step: opt.Step, Logger: opt.Logger, RateLimit: opt.RateLimit, ClientID: clientID, ClientSecret: clientKey,
		Clock: opt.Clock,
	})
	t.Slack = sandbox.NewSlack(t.World, sandbox.SlackOptions{Token: botToken, SigningSecret: signing})
	t.Discord = sandbox.NewDiscord(t.World, sandbox.DiscordOptions{Token: hookToken})
	opt.Google.BaseURL = t.URL
	t.Google = google.New(t.World, opt.Google)
	t.World.AddProgram("firebase-tools", t.Google.Program(opt.Step))
	t.Slack.SetInteractions(interactions(opt.HookURL))
	t.World.OnCall(t.called)
	if err := t.settle(); err != nil {
		return nil, err
	}
	t.srv = &http.Server{Handler: t.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := t.srv.Serve(listener); err != nil && err != http.ErrServerClosed {
			opt.Logger.Error("the sandbox stopped serving", "error", err)
		}
	}()
	return t, nil
}

// Handler serves everything of the town.
func (t *Town) Handler() http.Handler { return t.Google.Handler(t.Discord.Handler(t.Slack.Handler())) }

// OnCall adds somebody who hears of every call twice: when it arrives, and when
// it is done but not yet answered. He may end the process of the one who called.
func (t *Town) OnCall(hook func(sandbox.Call)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hooks = append(t.hooks, hook)
}

func (t *Town) called(c sandbox.Call) {
	t.mu.Lock()
	hooks := t.hooks
	t.mu.Unlock()
	for _, h := range hooks {
		h(c)
	}
}

// Watch returns a function that waits until something happens in the town, or
// its context ends.
func (t *Town) Watch() func(context.Context) error {
	news := make(chan struct{}, 1)
	t.OnCall(func(c sandbox.Call) {
		if c.Phase == sandbox.Done {
			select {
			case news <- struct{}{}:
			default: // there is news already
			}
		}
	})
	return func(ctx context.Context) error {
		select {
		case <-news:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// SetHook says where the app hears webhooks, and clicks in Slack beside them.
func (t *Town) SetHook(url string) {
	t.World.SetURLs(t.URL, url)
	t.Slack.SetInteractions(interactions(url))
}

// interactions is where the app hears clicks in Slack, beside its webhooks.
func interactions(hook string) string {
	base, ok := strings.CutSuffix(hook, "/api/github/hook")
	if !ok {
		return ""
	}
	return base + "/api/slack/interactions"
}

// Close stops everything of the town.
func (t *Town) Close() {
	t.World.Close()
	_ = t.srv.Close()
}

// Env is the environment of an app that lives in this town.
func (t *Town) Env(addr, dbPath string) map[string]string {
	env := map[string]string{
		"GATEHOUSE_ADDR":            addr,
		"GATEHOUSE_PAGES_ADDR":      "127.0.0.1:0",
		"GATEHOUSE_STORE":           "sqlite:" + dbPath,
		"GATEHOUSE_GOOGLE_API_URL":  t.URL + google.Prefix,
		"GATEHOUSE_PROBE_ALLOW":     strings.TrimPrefix(t.URL, "http://"),
		"GITHUB_APP_INTEGRATION_ID": fmt.Sprint(appID),
		"GITHUB_APP_PRIVATE_KEY":    string(t.key),
		"GITHUB_APP_WEBHOOK_SECRET": secret,
		"GITHUB_WEB_URL":            t.URL,
		"GITHUB_V3_API_URL":         t.URL + "/api/v3/",
		"SLACK_BOT_TOKEN":           botToken,
		"SLACK_API_URL":             t.URL + "/slack/api/",
		"SLACK_SIGNING_SECRET":      signing,
		"SLACK_WEBHOOK_URL":         t.URL + t.alerts,
		"DISCORD_WEBHOOK_URL":       t.URL + t.Discord.WebhookPath(),
	}
	if t.opt.SignIn {
		env["GITHUB_OAUTH_CLIENT_ID"], env["GITHUB_OAUTH_CLIENT_SECRET"] = clientID, clientKey
		t.World.SetCallbacks("http://" + addr + "/api/github/auth")
	}
	return env
}

func (t *Town) settle() error {
	w := t.World
	w.AddOrg(Org, Ivan)
	for login, name := range map[string]string{Dana: "Dana Developer", Ada: "Ada Approver", Omar: "Omar Approver", Ivan: "Ivan Commander", Kim: "Kim Commander", Eve: "Eve Reader"} {
		w.AddUser(login, name)
	}
	w.AddTeam(Org, "release-approvers", Ada, Omar)
	w.AddTeam(Org, "incident-commanders", Ivan, Kim)
	w.AddRepo(Org, strings.TrimPrefix(Repo, Org+"/"), sandbox.RepoOptions{Private: true, DefaultBranch: "main"})
	for login, role := range map[string]string{Dana: "write", Ada: "write", Omar: "write", Ivan: "admin", Kim: "write", Eve: "read"} {
		if err := w.SetRole(Repo, login, role); err != nil {
			return err
		}
	}
	if err := w.SetEnvironment(Repo, sandbox.Environment{Name: "staging"}); err != nil {
		return err
	}
	if err := w.SetEnvironment(Repo, t.production()); err != nil {
		return err
	}
	t.Slack.AddChannel(sandbox.SlackChannel{Name: Channel})
	t.Slack.AddChannel(sandbox.SlackChannel{Name: alarms})
	var err error
	if t.alerts, err = t.Slack.AddWebhook(alarms); err != nil {
		return err
	}
	if err := t.firebase(); err != nil {
		return err
	}
	w.AddSite("staging", nil)
	w.AddSite("production", nil)
	return t.seed()
}

// The Firebase projects of the team.
const (
	StagingProject    = "avalo-staging"
	ProductionProject = "avalo-c8c46"
)

// firebase makes the projects, in which somebody deployed by hand before.
func (t *Town) firebase() error {
	for _, id := range []string{StagingProject, ProductionProject} {
		t.Google.AddProject(google.ProjectSpec{
			ID:         id,
			Functions:  []google.FunctionSpec{{Name: "api", Region: "europe-west1"}, {Name: "onPayment", Region: "europe-west1"}},
			Parameters: map[string]string{"ai_companions_enabled": "false"},
		})
		if _, err := t.Google.Deploy(id, google.Deployment{Commit: "by-hand"}); err != nil {
			return err
		}
	}
	return nil
}

func (t *Town) production() sandbox.Environment {
	e := sandbox.Environment{Name: "production", BranchPatterns: []string{"release/*"}}
	switch t.opt.Gate {
	case GateReviewers:
		e.Reviewers, e.CustomRule = []string{Org + "/release-approvers"}, true
	case GateRule:
		e.CustomRule = true
	case GateNone:
		e.BranchPatterns = nil
	}
	return e
}

// seed makes the repository's first commit before the app is installed, so that
// it starts nothing.
func (t *Town) seed() error {
	files, err := t.starter()
	if err != nil {
		return err
	}
	if _, err := t.World.Push(Repo, sandbox.Push{Branch: "main", By: Ivan, Message: "Take up Gatehouse", Files: files}); err != nil {
		return err
	}
	if _, err := t.World.AddIssue(Repo, Dana, "Release v1.2.0", false); err != nil {
		return err
	}
	t.World.Install(Org)
	return nil
}

// starter is the tree of templates/starter with the addresses of this town.
func (t *Town) starter() (map[string]string, error) {
	files := map[string]string{
		"README.md":                   "# Avalo\n",
		"CHANGELOG.md":                "# Changes\n\n## 1.1.9\n\n- The last release.\n",
		"package.json":                "{\"name\": \"avalo\", \"version\": \"1.1.9\"}\n",
		"legal/terms.md":              "# Terms\n",
		"legal/privacy.md":            "# Privacy\n",
		"firestore.rules":             "rules_version = '2';\n",
		"functions/index.js":          "exports.health = () => ({ok: true});\n",
		"app-web/index.html":          "<h1>Avalo</h1>\n",
		"app-mobile/app.json":         "{\"expo\": {\"name\": \"Avalo\"}}\n",
		"migrations/.gitkeep":         "",
		"scripts/migrate-database.js": "// runs migrations\n",
	}
	err := fs.WalkDir(templates.Starter, "starter", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(templates.Starter, path)
		files[strings.TrimPrefix(path, "starter/")] = string(b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the starter: %w", err)
	}
	const config = ".github/gatehouse.yml"
	for from, to := range map[string]string{"https://staging.avalo.app": t.URL + "/sites/staging", "https://avalo.app": t.URL + "/sites/production"} {
		files[config] = strings.ReplaceAll(files[config], from, to)
	}
	maps.Copy(files, t.opt.Files)
	return files, nil
}
