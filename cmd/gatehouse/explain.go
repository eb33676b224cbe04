package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/engine"
	"github.com/gatehouse-app/gatehouse/internal/stage"
	"github.com/gatehouse-app/gatehouse/pipeline"
	"github.com/gatehouse-app/gatehouse/templates"
)

type explainOptions struct {
	run     pipeline.RunID
	suppose string // approved-by=LOGIN,…
	config  string
	offline bool
	json    bool
}

func explainCommand(s streams) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain RUN",
		Short: "Say why a run waits, who can move it, and what comes next",
		Long: "Says what the page, /status and the check say: why the run waits, who can move it and how, and\n" +
			"what comes next. Exit code 0: it ended well; 1: it ended otherwise; 8: it waits.\n\n" +
			"With --if or --config it says what would happen, by the rules that decide in earnest, and does nothing.\n" +
			"A person of whom only the login is known is taken to be in every team that the policy names.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.run = pipeline.RunID(args[0])
			if !o.offline {
				return explainRemote(cmd.Context(), s, o)
			}
			return explain(cmd.Context(), s, o)
		},
	}
	cmd.Flags().StringVar(&o.suppose, "if", "", "approved-by=LOGIN,…: what would happen if they approved, in this order")
	cmd.Flags().StringVar(&o.config, "config", "", "what would happen under the approval policy of this file")
	cmd.Flags().BoolVar(&o.offline, "offline", false, "read the store that GATEHOUSE_STORE names, on the machine that has it, with the server stopped")
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	return cmd
}

func explain(ctx context.Context, s streams, o explainOptions) error {
	logins, err := supposed(o.suppose)
	if err != nil {
		return usage(err)
	}
	return withRecords(ctx, s, func(r *app.Records) error {
		state, err := findRun(ctx, r, o.run)
		if err != nil {
			return err
		}
		return sayExplained(s, o, state, logins, r.Zones, r.Links)
	})
}

// explainRemote asks the running server for the run, and explains it here.
func explainRemote(ctx context.Context, s streams, o explainOptions) error {
	logins, err := supposed(o.suppose)
	if err != nil {
		return usage(err)
	}
	srv, err := dial(s)
	if err != nil {
		return err
	}
	b, err := srv.ask(ctx, http.MethodGet, "/api/v1/runs/"+url.PathEscape(string(o.run))+"/state", "application/json", nil)
	if err != nil {
		return err
	}
	var state pipeline.State
	if err := json.Unmarshal(b, &state); err != nil || state.Run == nil || state.Lane == nil {
		return fmt.Errorf("%s does not answer like a Gatehouse of this version", srv.base)
	}
	if state.Run.V != pipeline.RunVersion {
		return fmt.Errorf("the server at %s is of another version: use its own program", srv.base)
	}
	return sayExplained(s, o, state, logins, app.Zones(), templates.Links{Public: srv.base, Web: githubWeb(s)})
}

func githubWeb(s streams) string {
	if v := s.env("GITHUB_WEB_URL"); v != "" {
		return strings.TrimRight(v, "/")
	}
	return "https://github.com"
}

// sayExplained says why the run waits or, if something is imagined, what would happen.
func sayExplained(s streams, o explainOptions, state pipeline.State, logins []string, zones pipeline.Zones, links templates.Links) error {
	if len(logins) == 0 && o.config == "" {
		return printExplained(s, o, state, links)
	}
	sup, err := suppose(state, o, logins)
	if err != nil {
		return err
	}
	sup.Zones = zones
	return printSupposed(s, o, pipeline.WhatIf(state, time.Now(), sup), links)
}

// findRun looks into every installation: a run's id is enough.
func findRun(ctx context.Context, r *app.Records, id pipeline.RunID) (pipeline.State, error) {
	all, err := r.Installations(ctx)
	if err != nil {
		return pipeline.State{}, err
	}
	for _, installation := range all {
		state, err := r.Run(ctx, installation, id)
		if errors.Is(err, engine.ErrNotFound) {
			continue
		}
		return state, err
	}
	return pipeline.State{}, fmt.Errorf("the store has no run %s: its id is in the address of its page and of its checks", id)
}

func suppose(state pipeline.State, o explainOptions, logins []string) (pipeline.Suppose, error) {
	var sup pipeline.Suppose
	if o.config != "" {
		policy, err := policyOf(o.config, state.Run.Environment)
		if err != nil {
			return sup, err
		}
		sup.Policy = policy
		state.Run = withPolicy(state.Run, policy)
	}
	for _, login := range logins {
		sup.Approve = append(sup.Approve, state.Run.Assume(login))
	}
	return sup, nil
}

// withPolicy has people assumed to be in the teams of the imagined policy.
func withPolicy(run *pipeline.Run, p *pipeline.Policy) *pipeline.Run {
	if run.Gate == nil {
		return run
	}
	r, g := *run, *run.Gate
	g.Policy = p
	r.Gate = &g
	return &r
}

func policyOf(file, environment string) (*pipeline.Policy, error) {
	src, err := os.ReadFile(file) //nolint:gosec // the caller names the file to try
	if err != nil {
		return nil, usage(fmt.Errorf("--config: %w", err))
	}
	expr, err := stage.NewExpr()
	if err != nil {
		return nil, err
	}
	spec, problems := pipeline.Parse(src, pipeline.Options{File: file, Expr: expr.Check, Location: checkLocation})
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s has %d problem%s, the first: %s", file, len(problems), plural(len(problems)), problems[0].String())
	}
	env := spec.Environments[environment]
	if env == nil || env.Approval == nil {
		return nil, fmt.Errorf("%s has no approval policy for %s: the gate would be gone, and a run that waits at it would end", file, environment)
	}
	return env.Approval, nil
}

// supposed reads approved-by=LOGIN,….
func supposed(text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	list, ok := strings.CutPrefix(text, "approved-by=")
	var logins []string
	for login := range strings.SplitSeq(list, ",") {
		if login = strings.TrimPrefix(strings.TrimSpace(login), "@"); login != "" {
			logins = append(logins, login)
		}
	}
	if !ok || len(logins) == 0 {
		return nil, fmt.Errorf("--if %q: expected approved-by=LOGIN, or several logins with commas between them", text)
	}
	return logins, nil
}

func printExplained(s streams, o explainOptions, state pipeline.State, links templates.Links) error {
	if o.json {
		if err := json.NewEncoder(s.out).Encode(struct {
			Run    pipeline.RunID     `json:"run"`
			Status pipeline.RunStatus `json:"status"`
			Trace  string             `json:"trace"`
			pipeline.Explanation
		}{state.Run.ID, state.Run.Status, state.Run.TraceID(), pipeline.Explain(state)}); err != nil {
			return err
		}
	} else {
		fmt.Fprint(s.out, templates.Text(templates.NewView(state, time.Now(), links)))
	}
	return standing(state.Run.Status)
}

// standing is the exit code of where a run stands; the text has said it.
func standing(status pipeline.RunStatus) error {
	switch status {
	case pipeline.RunSucceeded, pipeline.RunObserved:
		return nil
	case pipeline.RunActive:
		return coded{code: exitWaiting, error: errors.New("the run is under way")}
	case pipeline.RunFailed, pipeline.RunCanceled, pipeline.RunSuperseded, pipeline.RunRejected, pipeline.RunExpired:
	}
	return fmt.Errorf("the run ended: %s", status)
}

func printSupposed(s streams, o explainOptions, got pipeline.Supposed, links templates.Links) error {
	then := pipeline.Explain(got.State)
	if o.json {
		return json.NewEncoder(s.out).Encode(struct {
			Answers []pipeline.Answer    `json:"answers"`
			Met     bool                 `json:"met"`
			Opens   bool                 `json:"opens"`
			Then    pipeline.Explanation `json:"then"`
		}{got.Answers, got.Met, got.Opens, then})
	}
	for _, a := range got.Answers {
		if a.Refused != nil {
			fmt.Fprintf(s.out, "%s would be refused: %s\n", a.By.Login, a.Refused.Error())
		} else {
			fmt.Fprintf(s.out, "%s would be counted.\n", a.By.Login)
		}
	}
	switch {
	case got.Opens:
		fmt.Fprintln(s.out, "The gate would be passed, and the door would open.")
	case got.Met:
		fmt.Fprintln(s.out, "The gate would be passed. Then:")
	default:
		fmt.Fprintln(s.out, "The gate would stay shut. Then:")
	}
	fmt.Fprint(s.out, "\n"+templates.Text(templates.NewView(got.State, time.Now(), links)))
	return nil
}
