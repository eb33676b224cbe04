package main

import (
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version and the commit it was built from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			version, commit := buildInfo()
			if asJSON {
				return json.NewEncoder(s.out).Encode(map[string]string{"version": version, "commit": commit})
			}
			_, err := fmt.Fprintf(s.out, "gatehouse %s (%s)\n", version, commit)
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func buildInfo() (version, commit string) {
	version, commit = "development", "unknown commit"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, commit
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		version = v
	}
	for _, kv := range info.Settings {
		if kv.Key == "vcs.revision" {
			commit = kv.Value
		}
	}
	return version, commit
}
