package main

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"
)

// licences are those of everything in this program that others wrote. A test writes the file
// (go test ./cmd/goldenthread -run Licences -rewrite), and holds it against what is built in.
//
//go:embed licences.txt
var licences string

func licencesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "licences", Short: "Print the licences of what others wrote in this program", GroupID: "run", Aliases: []string{"licenses"},
		Long:    "Licences prints, of every library in this program, of Go and of the pages' stylesheet, the version and the whole licence.",
		Example: "  goldenthread licences | less",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), licences)
			return err
		},
	}
}
