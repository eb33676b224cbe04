package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"
)

// streams are what a command may touch of its process.
type streams struct {
	out, err io.Writer
	env      func(string) string
}

// The exit codes, the same for every command.
const (
	exitGood    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitDenied  = 4
	exitWaiting = 8
)

// coded is an error with its exit code.
type coded struct {
	code int
	error
}

func (c coded) Unwrap() error { return c.error }

func exitCode(err error) int {
	var c coded
	switch {
	case err == nil:
		return exitGood
	case errors.As(err, &c):
		return c.code
	}
	return exitFailed
}

func usage(err error) error { return coded{code: exitUsage, error: err} }

func root(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gatehouse",
		Short: "Takes a commit from a push to production, through gates that people open",
		Long: "Gatehouse is a GitHub App. It hears pushes, runs a team's pipeline as checks and\n" +
			"deployments, and holds the door of production until the right people approved.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetOut(s.out)
	cmd.SetErr(s.err)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(err) })
	cmd.AddCommand(serveCommand(s), checkCommand(s), initCommand(s), demoCommand(s), schemaCommand(s), explainCommand(s), deployCommand(s), rollbackCommand(s), auditCommand(s), versionCommand(s))
	cmd.SetHelpCommand(helpCommand())
	misuse(cmd)
	return cmd
}

// misuse gives wrong arguments their exit code, in every command.
func misuse(cmd *cobra.Command) {
	args := cmd.Args
	cmd.Args = func(cmd *cobra.Command, given []string) error {
		if err := args(cmd, given); err != nil {
			return usage(err)
		}
		return nil
	}
	for _, c := range cmd.Commands() {
		misuse(c)
	}
}
