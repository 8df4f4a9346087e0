package main

import (
	"github.com/spf13/cobra"

	"goldenthread/api/version"
)

func versionCommand() *cobra.Command {
	var c client
	cmd := &cobra.Command{
		Use: "version", Short: "Print which release this program is, and of which commit", GroupID: "run",
		Long: "Version prints the number of the release, and the commit of its source and that commit's day, as Go noted them while building it. No\n" +
			"server is asked.",
		Example: "  goldenthread version\n  goldenthread version --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			this := version.This()
			p := newPage()
			p.say("Golden Thread %s", this)
			p.say("%s, %s", this.Go, this.Platform)
			return c.finish(cmd, p, this)
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print it as JSON")
	return cmd
}
