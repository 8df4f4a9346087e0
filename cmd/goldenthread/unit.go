package main

import (
	_ "embed"
	"fmt"

	"github.com/spf13/cobra"
)

// systemdUnit is how systemd runs the server with as little as it needs.
//
//go:embed goldenthread.service
var systemdUnit string

func unitCommand() *cobra.Command {
	return &cobra.Command{
		Use: "systemd-unit", Short: "Print a hardened unit for systemd", GroupID: "run",
		Long: "Systemd-unit prints a unit that serves behind a proxy with TLS, as a user of its own who can write one folder and nothing else. How\n" +
			"to install it stands at its head.",
		Example: "  goldenthread systemd-unit > /etc/systemd/system/goldenthread.service",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), systemdUnit)
			return err
		},
	}
}
