package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type deployOptions struct {
	environment string
	ref         string
	repo        string // owner/name; empty: where one stands
	wait        time.Duration
	json        bool
}

func deployCommand(s streams) *cobra.Command {
	var o deployOptions
	cmd := &cobra.Command{
		Use:   "deploy ENVIRONMENT [REF]",
		Short: "Start a release of a branch, tag or commit, as /deploy in a comment does",
		Long: "Gives the server the command /deploy, as the person whose key GATEHOUSE_TOKEN is. The same rules\n" +
			"hold as for a comment. GATEHOUSE_PUBLIC_URL says where the server is.\n\n" +
			"Exit code 0: it was taken; 1: it was refused; 4: you may not; 8: there is no answer yet.",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.environment = args[0]
			if len(args) == 2 {
				o.ref = args[1]
			}
			return deploy(cmd.Context(), s, o)
		},
	}
	cmd.Flags().StringVarP(&o.repo, "repo", "R", "", "the repository OWNER/NAME (default: that of the clone here)")
	cmd.Flags().DurationVar(&o.wait, "wait", 30*time.Second, "how long to wait for the answer")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the answer as JSON")
	return cmd
}

func deploy(ctx context.Context, s streams, o deployOptions) error {
	srv, err := dial(s)
	if err != nil {
		return err
	}
	if o.repo == "" {
		if o.repo = remote("."); o.repo == "" {
			return usage(errors.New("which repository? Stand in a clone of it, or say --repo OWNER/NAME"))
		}
	}
	line := strings.TrimSpace("/deploy " + o.environment + " " + o.ref)
	g, err := srv.command(ctx, map[string]string{"repository": o.repo, "command": line}, o.wait)
	if err != nil {
		return err
	}
	if o.json {
		_, err = s.out.Write(g.raw)
		return firstOf(err, g.outcome())
	}
	if g.Refused == nil && g.Status != "waiting" {
		fmt.Fprintln(s.out, firstLineOf(g.Text, "Taken."))
		if g.Run != "" {
			fmt.Fprintf(s.out, "%s/runs/%s\n", srv.base, g.Run)
		}
	}
	return g.outcome()
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func firstLineOf(text, otherwise string) string {
	if text = strings.TrimSpace(text); text == "" {
		return otherwise
	}
	return text
}
