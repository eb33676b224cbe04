package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-app/gatehouse/app"
	"github.com/gatehouse-app/gatehouse/internal/audit"
)

func auditCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Export the audit trail, or prove that it is whole",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(auditExport(s), auditVerify(s))
	return cmd
}

func auditExport(s streams) *cobra.Command {
	var since, form string
	var ask bool
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write every decision and refusal: who, from where, when, for which release, under which policy",
		Long: "Reads the store that GATEHOUSE_STORE names, without the server, and writes the audit trail of\n" +
			"every lane, oldest first, as JSON lines or CSV.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := sinceWhen(since, time.Now())
			if err != nil {
				return usage(err)
			}
			w, err := audit.NewWriter(form, s.out)
			if err != nil {
				return usage(err)
			}
			if ask {
				return exportRemote(cmd.Context(), s, from, form)
			}
			return withRecords(cmd.Context(), s, func(r *app.Records) error {
				return errors.Join(audit.Export(cmd.Context(), r, from, w.Write), w.Close())
			})
		},
	}
	cmd.Flags().BoolVar(&ask, "server", false, askServer)
	cmd.Flags().StringVar(&since, "since", "", "leave out what is older: a date (2026-11-01), a time (RFC 3339), or how long ago (720h)")
	cmd.Flags().StringVar(&form, "format", "jsonl", "jsonl or csv")
	return cmd
}

func auditVerify(s streams) *cobra.Command {
	var asJSON, ask bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Find a changed, missing or reordered entry of the audit trail",
		Long: "Walks the hash chain of every lane in the store that GATEHOUSE_STORE names, without the server.\n" +
			"Exit code 1 if a chain does not hold.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if ask {
				return verifyRemote(cmd.Context(), s, asJSON)
			}
			return withRecords(cmd.Context(), s, func(r *app.Records) error {
				lanes, err := audit.Verify(cmd.Context(), r)
				if err != nil {
					return err
				}
				return printVerified(s, lanes, asJSON)
			})
		},
	}
	cmd.Flags().BoolVar(&ask, "server", false, askServer)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each lane as JSON, one a line")
	return cmd
}

func printVerified(s streams, lanes []audit.Lane, asJSON bool) error {
	wrong, entries := 0, 0
	enc := json.NewEncoder(s.out)
	for _, l := range lanes {
		entries += l.Entries
		if l.Wrong != "" {
			wrong++
		}
		switch {
		case asJSON:
			if err := enc.Encode(l); err != nil {
				return err
			}
		case l.Wrong != "":
			fmt.Fprintf(s.out, "broken  %s of installation %d: %s\n", l.Lane, l.Installation, l.Wrong)
		default:
			fmt.Fprintf(s.out, "whole   %s of installation %d: %d entries\n", l.Lane, l.Installation, l.Entries)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("the audit trail of %d of %d lanes does not hold: somebody changed the store", wrong, len(lanes))
	}
	if !asJSON {
		fmt.Fprintf(s.out, "%d entries in %d lane%s are as they were written.\n", entries, len(lanes), plural(len(lanes)))
	}
	return nil
}

// withRecords opens the store for reading and gives it back.
func withRecords(ctx context.Context, s streams, do func(*app.Records) error) error {
	env, err := withDotEnv(s.env)
	if err != nil {
		return usage(err)
	}
	r, err := app.OpenRecords(ctx, env, slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	return errors.Join(do(r), r.Close())
}

// sinceWhen reads a date, a time, or how long ago.
func sinceWhen(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %q: expected a date (2026-11-01), a time (2026-11-01T12:00:00Z) or how long ago (720h)", text)
}
