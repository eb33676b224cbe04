package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/joho/godotenv"
	"github.com/spf13/cobra"

	"github.com/gatehouse-app/gatehouse/app"
)

func serveCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the GitHub App",
		Long: "Runs the GitHub App until it is stopped. Configured by environment variables, and by\n" +
			"a file .env in the working directory (the environment wins); .env.example lists them.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			env, err := withDotEnv(s.env)
			if err != nil {
				return usage(err)
			}
			if env, err = app.WithSecrets(cmd.Context(), env); err != nil {
				return usage(fmt.Errorf("a secret cannot be read:\n%w", err))
			}
			cfg, err := app.LoadConfig(env)
			if err != nil {
				return usage(fmt.Errorf("the configuration is wrong:\n%w", err))
			}
			log := slog.New(slog.NewJSONHandler(s.err, nil))
			return app.Serve(cmd.Context(), cfg, log)
		},
	}
}

// withDotEnv reads .env; what the environment says wins over it.
func withDotEnv(env func(string) string) (func(string) string, error) {
	file, err := godotenv.Read(".env")
	switch {
	case os.IsNotExist(err):
		return env, nil
	case err != nil:
		return nil, errors.New(".env cannot be read: it must hold lines NAME=value") // the cause would repeat a line of it
	}
	if err := exportStandard(env, file); err != nil {
		return nil, err
	}
	return func(name string) string {
		if v := env(name); v != "" {
			return v
		}
		return file[name]
	}, nil
}

// exportStandard puts the variables of OpenTelemetry, which its library reads by
// itself, from .env into the environment.
func exportStandard(env func(string) string, file map[string]string) error {
	for name, v := range file {
		if strings.HasPrefix(name, "OTEL_") && env(name) == "" {
			if err := os.Setenv(name, v); err != nil {
				return fmt.Errorf(".env: %s cannot be set", name) // the cause would repeat its value
			}
		}
	}
	return nil
}
