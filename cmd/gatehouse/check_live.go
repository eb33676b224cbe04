package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/live"
)

// checkLive looks at a repository on GitHub. Warnings and notes leave the exit
// code alone.
func checkLive(ctx context.Context, s streams, o checkOptions, args []string) error {
	owner, name, err := liveRepo(o.live, args)
	if err != nil {
		return usage(err)
	}
	env, err := withDotEnv(s.env)
	if err != nil {
		return usage(err)
	}
	cfg, err := app.LoadClient(env)
	if err != nil {
		return usage(fmt.Errorf("--live asks GitHub as the App, and its settings in the environment are wrong:\n%w", err))
	}
	facts, err := app.Look(ctx, cfg, owner, name)
	if err != nil {
		return fmt.Errorf("nothing can be said of %s: %w", o.live, err)
	}
	found := live.Judge(facts)
	if err := printFound(s, o, found); err != nil {
		return err
	}
	if live.Failed(found) {
		return fmt.Errorf("a release of %s would fail", o.live)
	}
	return nil
}

func printFound(s streams, o checkOptions, found []live.Finding) error {
	if !o.json {
		return live.Report(s.out, o.live, found)
	}
	enc := json.NewEncoder(s.out)
	for _, f := range found {
		if err := enc.Encode(f); err != nil {
			return err
		}
	}
	return nil
}

// liveRepo splits OWNER/REPO, also out of the repository's address.
func liveRepo(given string, args []string) (owner, name string, err error) {
	if len(args) > 0 {
		return "", "", errors.New("--live reads the configuration of the repository; leave FILE out")
	}
	short := strings.TrimSuffix(given, ".git")
	if _, path, isURL := strings.Cut(short, "://"); isURL {
		_, short, _ = strings.Cut(path, "/")
	}
	part := regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)
	owner, name, _ = strings.Cut(strings.Trim(short, "/"), "/")
	if !part.MatchString(owner) || !part.MatchString(name) {
		return "", "", fmt.Errorf("--live: expected OWNER/REPO, such as acme/shop, got %q", given)
	}
	return owner, name, nil
}
