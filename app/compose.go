package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gatehouse-app/gatehouse/internal/slack"
	"github.com/gatehouse-app/gatehouse/internal/stage"
)

// buildPerformers puts together what carries out effects.
func (a *App) buildPerformers(ctx context.Context) (*stage.Performers, error) {
	expr, err := stage.NewExpr()
	if err != nil {
		return nil, err
	}
	bindings, err := a.cfg.bindings()
	if err != nil {
		return nil, err
	}
	prober, err := stage.NewProber(stage.ProberOptions{Allow: a.cfg.ProbeAllow, Clock: clock{}.Now, Pause: pause, Wrap: a.probes})
	if err != nil {
		return nil, fmt.Errorf("GATEHOUSE_PROBE_ALLOW: %w", err)
	}
	o := stage.Options{
		Repos: stage.ReposOf(a.github), As: a.as, App: a.github, Prober: prober, Bindings: bindings,
		Expr: expr.Check, Links: a.links(), Clock: clock{}.Now, Logger: a.log,
	}
	if a.cfg.SlackToken != "" {
		o.Slack = a.slack()
	}
	if a.cfg.clicks() {
		o.Invite, o.Accounts, o.NoAccounts = a.invite, a.slackAccounts, a.pairings().Empty
	}
	if err := a.google(ctx, &o); err != nil {
		return nil, err
	}
	if err := a.webhooks(&o); err != nil {
		return nil, err
	}
	return stage.New(o)
}

// slack makes the adapter to Slack; the token must be set.
func (c Config) slack(o slack.Options) *slack.Client {
	return slack.New(slack.Config{Token: c.SlackToken.Reveal(), APIURL: c.SlackAPIURL}, o)
}

func (a *App) slack() *slack.Client {
	return a.cfg.slack(slack.Options{Clock: clock{}.Now, Logger: a.log, HTTPClient: client(a.calls("slack", lastPart), slack.DefaultTimeout)})
}

// bindings reads the operator's bindings: from a file, or from the value itself,
// which begins as a list in YAML does and no path.
func (c Config) bindings() (*stage.Bindings, error) {
	if c.Bindings == "" {
		return nil, nil //nolint:nilnil // no bindings is a state of its own: a single installation is accepted
	}
	src := []byte(c.Bindings)
	if !strings.ContainsAny(c.Bindings[:1], "-[#\n") {
		var err error
		if src, err = os.ReadFile(c.Bindings); err != nil {
			return nil, fmt.Errorf("GATEHOUSE_BINDINGS: the file cannot be read: %w", err)
		}
	}
	b, err := stage.ParseBindings(src)
	if err != nil {
		return nil, fmt.Errorf("GATEHOUSE_BINDINGS: %w", err)
	}
	return b, nil
}

// pause waits between two tries of a probe.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// learnBot asks GitHub for the App's own login until it is known.
func (a *App) learnBot(ctx context.Context) {
	if a.botLogin() != "" {
		return
	}
	self, err := a.github.Self(ctx)
	if err != nil {
		a.log.WarnContext(ctx, "GitHub does not say who this App is; its number and key must belong together", "error", err)
		return
	}
	a.bot.Store(&self.BotLogin)
}

func (a *App) botLogin() string {
	if login := a.bot.Load(); login != nil {
		return *login
	}
	return ""
}
