package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-app/gatehouse/internal/demo"
)

// autoTime bounds a story that plays every part itself; faultsTime that of the
// faults, which tells many.
const (
	autoTime   = 2 * time.Minute
	faultsTime = 5 * time.Minute
)

func demoCommand(s streams) *cobra.Command {
	p := demo.Play{Out: s.out, Now: time.Now}
	var gate string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play a release on this machine, with no account",
		Long: "Starts a sandbox GitHub and Slack with a team's repository in it, and Gatehouse beside them, all on\n" +
			"this machine. Tells a release: a push to staging, a release branch, the gate that you open by clicking\n" +
			"Review deployments, the deploy, the smoke tests. Ctrl-C ends it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.Gate = demo.Gate(gate)
			if verbose {
				p.Log = s.err
			}
			return play(cmd.Context(), p)
		},
	}
	cmd.Flags().StringVar(&p.Story, "story", demo.StoryRelease, "the story: "+strings.Join(demo.Stories(), ", "))
	cmd.Flags().BoolVar(&p.Auto, "auto", false, "play every part, the approver's too")
	cmd.Flags().BoolVar(&p.JSON, "json", false, "end with one line of figures and print nothing else")
	cmd.Flags().StringVar(&gate, "gate", string(demo.GateReviewers), "how production is protected: reviewers, rule or none")
	cmd.Flags().StringVar(&p.Addr, "addr", "", "where the sandbox listens (default: a free port of 127.0.0.1)")
	cmd.Flags().StringVar(&p.Keep, "keep", "", "leave a copy of what Gatehouse stored in this new file, to look into it")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "print the app's log to standard error")
	return cmd
}

func play(ctx context.Context, p demo.Play) error {
	switch p.Gate {
	case demo.GateReviewers, demo.GateRule, demo.GateNone:
	default:
		return usage(fmt.Errorf("--gate: expected reviewers, rule or none, got %q", p.Gate))
	}
	if !slices.Contains(demo.Stories(), p.Story) {
		return usage(fmt.Errorf("--story: there is no story %q; there are: %s", p.Story, strings.Join(demo.Stories(), ", ")))
	}
	if p.Story == demo.StoryApprovals {
		p.Auto, p.Gate = true, demo.GateReviewers
	}
	limit := autoTime
	if p.Story == demo.StoryFaults {
		p.Auto, limit = true, faultsTime
	}
	if p.Auto {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	fig, err := demo.Run(ctx, p)
	switch {
	case errors.Is(err, context.Canceled) && !p.Auto:
		return nil // somebody pressed Ctrl-C
	case err != nil:
		return err
	case !fig.OK:
		return errors.New("the witness objects to what happened")
	}
	return nil
}
