package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
)

const configPath = ".github/gatehouse.yml"

type checkOptions struct {
	file string
	live string // owner/name
	json bool
}

func checkCommand(s streams) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check a configuration and say everything that is wrong with it",
		Long: "Reads .github/gatehouse.yml, or FILE (- for standard input), and prints every problem\n" +
			"with file, line, column and what to write instead. Exit code 1 if there is any.\n\n" +
			"With --live it reads that repository on GitHub, as the App that the environment variables\n" +
			"name sees it, and says everything that would make its first release fail. It changes nothing.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("live") {
				return checkLive(cmd.Context(), s, o, args)
			}
			o.file = configPath
			if len(args) == 1 {
				o.file = args[0]
			}
			return check(s, cmd.InOrStdin(), o)
		},
	}
	cmd.Flags().StringVar(&o.live, "live", "", "look at the repository OWNER/REPO on GitHub instead of a file")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the problems as JSON, one a line")
	return cmd
}

func check(s streams, in io.Reader, o checkOptions) error {
	src, err := readConfig(in, o.file)
	if err != nil {
		return usage(err)
	}
	expr, err := stage.NewExpr()
	if err != nil {
		return err
	}
	spec, problems := pipeline.Parse(src, pipeline.Options{File: o.file, Expr: expr.Check, Location: checkLocation})
	for _, p := range problems {
		if err := printProblem(s.out, p, o.json); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s has %d problem%s", o.file, len(problems), plural(len(problems)))
	}
	if o.json {
		return nil
	}
	return printGood(s.out, o.file, spec)
}

// printGood says that the file is right, and what of it this version lacks.
func printGood(w io.Writer, file string, spec *pipeline.Spec) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is right: %d environment%s, %d pipeline%s.\n", file,
		len(spec.Environments), plural(len(spec.Environments)), len(spec.Pipelines), plural(len(spec.Pipelines)))
	for _, p := range spec.Pipelines {
		for _, r := range spec.Unavailable(p) {
			fmt.Fprintf(&b, "%s: %s\n", p.Name, r.Error())
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func readConfig(in io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(in)
	}
	src, err := os.ReadFile(file) //nolint:gosec // the caller names the file to check
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist; name the file, or stand in the repository that has it", file)
	}
	return src, err
}

func checkLocation(name string) error {
	_, err := time.LoadLocation(name)
	return err
}

func printProblem(w io.Writer, p pipeline.Problem, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(p)
	}
	_, err := fmt.Fprintln(w, p.String())
	return err
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
