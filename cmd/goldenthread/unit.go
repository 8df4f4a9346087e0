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

// systemdSettings are the settings that the unit names, to begin with.
//
//go:embed goldenthread.conf
var systemdSettings string

func unitCommand() *cobra.Command {
	var settings bool
	cmd := &cobra.Command{
		Use: "systemd-unit", Short: "Print a hardened unit for systemd", GroupID: "run",
		Long: "Systemd-unit prints a unit that serves as a user of its own who can write one folder and nothing else, with its settings in\n" +
			"/etc/goldenthread/goldenthread.conf. How to install it stands at its head. The Debian package has both.",
		Example: "  goldenthread systemd-unit > /etc/systemd/system/goldenthread.service\n" +
			"  goldenthread systemd-unit --settings > /etc/goldenthread/goldenthread.conf",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text := systemdUnit
			if settings {
				text = systemdSettings
			}
			_, err := fmt.Fprint(cmd.OutOrStdout(), text)
			return err
		},
	}
	cmd.Flags().BoolVar(&settings, "settings", false, "print the file of settings to begin with")
	return cmd
}
