package main

import (
	"github.com/spf13/cobra"

	"github.com/gatehouse-app/gatehouse/internal/schema"
)

func schemaCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors",
		Long: "Prints the JSON Schema (draft 2020-12) of .github/gatehouse.yml. Write it to a file and name it in\n" +
			"the configuration's first line, so that editors complete keys and mark what is wrong:\n\n" +
			"  gatehouse schema > .github/gatehouse.schema.json\n" +
			"  # yaml-language-server: $schema=gatehouse.schema.json",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b, err := schema.JSON()
			if err != nil {
				return err
			}
			_, err = s.out.Write(b)
			return err
		},
	}
}
