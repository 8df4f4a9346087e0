package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"goldenthread/api/doctor"
	"goldenthread/cmd/internal/folder"
	"goldenthread/eventstore"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/recovery"
)

// Commands for whoever keeps a data folder. Its server must be stopped.

func storeCommands() []*cobra.Command {
	cmds := []*cobra.Command{checkStoreCommand(), repairCommand(), keysCommand()}
	for _, cmd := range cmds {
		cmd.GroupID = "run"
	}
	return cmds
}

// dataFlag adds the folder that is meant.
func dataFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("data", "data", "data folder; its server must be stopped")
}

// mustBeThere refuses a folder that is not one: opening it would make one.
func mustBeThere(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return usagef("there is no folder %s", dir)
	}
	return checkWhole(dir)
}

func checkStoreCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check-store", Short: "Hold stream, signed log and checkpoint against each other",
		Long: "Check-store reads everything in a data folder and holds the stream, the signed log and the last checkpoint of each group against\n" +
			"each other. What is damaged of a log is made anew from the stream, once the root proves the stream right. It names everybody who is\n" +
			"not erased and whose key can't be read. The server does the same at its start.\n\nExit code: 0 if all is well or mended, 20 if something needs repair or can't be mended.",
		Example: "  goldenthread check-store --data ./data", Args: cobra.NoArgs,
	}
	dir := dataFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if err := mustBeThere(*dir); err != nil {
			return err
		}
		log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn})) // what opening mends, it says
		store, err := eventstore.Open(cmd.Context(), eventstore.Options{Dir: *dir, Log: log})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, folder.Close(store)) }()
		p := newPage()
		err = store.CheckCopies(cmd.Context(), func(r logs.CopyReport) error {
			cmd.PrintErrln(r.Group + " is checked")
			p.say("%s", r.String())
			if why := cmp.Or[error](store.Stopped(r.Group), r.Err); why != nil {
				p.exit = exitDamaged
				p.item("→ %s", doctor.Remedy(why))
			}
			return nil
		})
		if err != nil {
			return err
		}
		missing, err := store.CheckKeys(cmd.Context())
		if err != nil {
			return err
		}
		for _, m := range missing {
			p.exit = exitDamaged
			p.say("%s: the key of %s can't be read, and they are not erased: %s", m.Group, m.Handle, m.Why)
		}
		return (&client{}).finish(cmd, p, nil)
	}
	return cmd
}

func repairCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "repair", Short: "Write a damaged stream anew from the signed logs",
		Long: "Repair writes the streams of a data folder anew: what the stream lacks or has otherwise comes from the logs, once the root proves\n" +
			"it. Nothing is changed if some group has lost events that no log has. The old files stay beside the new ones; remove them when all is\n" +
			"well: they hold keys of people who may be erased later.",
		Example: "  goldenthread repair --data ./data", Args: cobra.NoArgs,
	}
	dir := dataFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := mustBeThere(*dir); err != nil {
			return err
		}
		r, err := recovery.Repair(cmd.Context(), eventstore.Options{Dir: *dir})
		if err != nil {
			return err
		}
		p := newPage()
		p.say("%d events are in a new stream.", r.Events)
		for _, group := range slices.Sorted(maps.Keys(r.Taken)) {
			p.item("%s: %d of them came from its log.", group, len(r.Taken[group]))
		}
		p.say("The old streams are in %s; remove them when all is well.", r.Aside)
		return (&client{}).finish(cmd, p, nil)
	}
	return cmd
}

func keysCommand() *cobra.Command {
	keys := &cobra.Command{Use: "keys", Short: "Change the key that signs the logs"}
	for _, c := range []struct {
		use, short, long string
		change           func(string) error
		say              string
	}{
		{
			"add", "Add a signing key: both sign from the next start on",
			"Add makes a new signing key beside the present one. From the next start on both sign, and every ledger says so: whoever trusts the old\n" +
				"key learns of the new one by what the old one signed. Once everybody has taken over the new verifier key, retire the old one.",
			logs.AddSigningKey, "A new key was added to signing.key: back it up. Both keys sign from the next start on.",
		},
		{
			"retire", "Take the oldest signing key away",
			"Retire takes the oldest signing key away. The next start records that in every ledger. The last key stays.",
			logs.RetireSigningKey, "The oldest key was taken out of signing.key.",
		},
	} {
		cmd := &cobra.Command{Use: c.use, Short: c.short, Long: c.long, Example: "  goldenthread keys " + c.use + " --data ./data", Args: cobra.NoArgs}
		dir := dataFlag(cmd)
		cmd.RunE = func(cmd *cobra.Command, _ []string) error {
			err := mustBeThere(*dir)
			if err == nil {
				err = c.change(*dir)
			}
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), c.say)
			}
			return err
		}
		keys.AddCommand(cmd)
	}
	return keys
}
