package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type rollbackOptions struct {
	environment string
	to          string
	phrase      string
	reason      string
	repo        string // owner/name; empty: where one stands
	plan        bool
	breakGlass  bool
	offline     bool // GitHub is away: the operator's token is authority
	json        bool
	wait        time.Duration
}

func rollbackCommand(s streams) *cobra.Command {
	var o rollbackOptions
	cmd := &cobra.Command{
		Use:   "rollback ENVIRONMENT",
		Short: "Take an environment back to an earlier release, as /rollback in a comment does",
		Long: "Gives the server the command /rollback, as the person whose key GATEHOUSE_TOKEN is. It takes the phrase\n" +
			"ROLLBACK ENVIRONMENT and a reason, and then the final approval of a second commander. With --plan it says\n" +
			"what would move from where to where, and what would not, and moves nothing.\n\n" +
			"With --offline-github it is given by GATEHOUSE_OPERATOR_TOKEN, asks nothing of GitHub, and is always break-glass:\n" +
			"no final approval, everybody is told.\n\n" +
			"Exit code 0: it was taken; 1: it was refused; 4: you may not; 8: there is no answer yet.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.environment = args[0]
			return rollBack(cmd.Context(), s, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "version, tag, commit or run (default: the last verified release before what is live)")
	f.StringVar(&o.phrase, "phrase", "", "ROLLBACK ENVIRONMENT, in capitals")
	f.StringVar(&o.reason, "reason", "", "what is broken, and for whom")
	f.BoolVar(&o.plan, "plan", false, "say what would move, and move nothing")
	f.BoolVar(&o.breakGlass, "break-glass", false, "without the final approval, where the configuration allows it")
	f.BoolVar(&o.offline, "offline-github", false, "while GitHub is away: by the operator's token, and always break-glass")
	f.StringVarP(&o.repo, "repo", "R", "", "the repository OWNER/NAME (default: that of the clone here)")
	f.DurationVar(&o.wait, "wait", 30*time.Second, "how long to wait for the answer")
	f.BoolVar(&o.json, "json", false, "print the answer as JSON")
	return cmd
}

// comment is the command as it would be written in one.
func (o rollbackOptions) comment() (string, error) {
	first := "/rollback " + o.environment
	if o.to != "" {
		first += " to " + o.to
	}
	switch {
	case strings.ContainsAny(o.environment+o.to+o.phrase+o.reason, "\r\n"):
		return "", usage(errors.New("a line break is in none of these"))
	case o.plan:
		return first + " --plan", nil
	case o.breakGlass:
		first += " --break-glass"
	}
	return first + "\n" + o.phrase + "\nreason: " + o.reason, nil
}

func rollBack(ctx context.Context, s streams, o rollbackOptions) error {
	command, err := o.comment()
	if err != nil {
		return err
	}
	token := personToken
	if o.offline {
		token = operatorToken
	}
	srv, err := dialAs(s, token)
	if err != nil {
		return err
	}
	if o.repo == "" {
		if o.repo = remote("."); o.repo == "" {
			return usage(errors.New("which repository? Stand in a clone of it, or say --repo OWNER/NAME"))
		}
	}
	g, err := srv.command(ctx, map[string]any{"repository": o.repo, "command": command, "offline_github": o.offline}, o.wait)
	if err != nil {
		return err
	}
	if o.json {
		_, err = s.out.Write(g.raw)
		return firstOf(err, g.outcome())
	}
	if g.Refused == nil && g.Status != "waiting" {
		fmt.Fprintln(s.out, firstLineOf(g.Text, o.next()))
		if g.Run != "" {
			fmt.Fprintf(s.out, "%s/runs/%s\n", srv.base, g.Run)
		}
	}
	return g.outcome()
}

// next is what happens now, where the server says no more than that it was taken.
func (o rollbackOptions) next() string {
	if o.offline || o.breakGlass {
		return "The rollback goes on without a final approval; everybody is told."
	}
	return "The rollback waits for its final approval by a second commander."
}
