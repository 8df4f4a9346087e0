// Command goldenthread is a decision and mandate ledger for organisations that
// decide together without a hierarchy: the server, and the client's commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, rootCommand()))
}

// Exit codes. A check has its own for each verdict; see check.go.
const (
	exitFailed  = 1 // something went wrong here
	exitUsage   = 2 // the command line can't be understood
	exitRefused = 3 // the server refused: a rule, a name that is not known, a token
	exitNotNow  = 4 // the server can't be reached, or asks to be asked again
)

// An exitCode ends the program with that code after everything has been said.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// run runs the command line, says on standard error what went wrong, and gives
// the exit code.
func run(ctx context.Context, root *cobra.Command) int {
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	cmd, err := root.ExecuteContextC(ctx)
	var code exitCode
	if err == nil || errors.As(err, &code) {
		return int(code)
	}
	root.PrintErrln("goldenthread:", err)
	if !understood || cmd.ValidateRequiredFlags() != nil || cmd.ValidateFlagGroups() != nil {
		root.PrintErrln("Try --help.")
		return exitUsage
	}
	return exitCodeOf(err)
}

// exitCodeOf is the exit code of a command that was understood and failed.
func exitCodeOf(err error) int {
	var code exitCode
	var said *refusedError
	switch {
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &said):
		return said.exitCode()
	case errors.Is(err, errUnreachable):
		return exitNotNow
	case errors.As(err, new(usageError)):
		return exitUsage
	}
	return exitFailed
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "goldenthread",
		Short: "A decision and mandate ledger for organisations that decide together without a hierarchy",
		Long: "Golden Thread records who agreed what, when and on which wording; what the executive may do; and whether a representative may\n" +
			"sign up to something. Everything is an immutable event in one ledger.\n\n" +
			"Exit codes: 0 done or yes, 1 failed, 2 not understood, 3 refused (a rule says why), 4 not now: try again.\n" +
			"A check also has 10 subject to the group, 11 no, 12 a view only.",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.AddGroup(
		&cobra.Group{ID: "ask", Title: "Ask:"},
		&cobra.Group{ID: "act", Title: "Act:"},
		&cobra.Group{ID: "run", Title: "Run:"},
	)
	root.AddCommand(serveCommand())
	root.AddCommand(questionCommands()...)
	root.AddCommand(storeCommands()...)
	root.AddCommand(doCommand(), importCommand(), tokenCommand(), inviteCommand(), attachCommand(), proofCommand(), verifyCommand(), exportCommand(), importLedgerCommand(), witnessCommand(), eraseCommand(), unitCommand(), natsConfigCommand(), backupCommand(), restoreCommand(), doctorCommand(), nodesCommand(), assuranceCommand(), versionCommand(), licencesCommand())
	root.InitDefaultCompletionCmd()
	nameWhatIsNear(root)
	refuseUnknownTopics(root)
	return root
}

// refuseUnknownTopics has help refuse the name of no command. By itself cobra shows another help then, and
// succeeds.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, err := root.Find([]string{"help"})
	must(err)
	help.Run, help.RunE = nil, func(_ *cobra.Command, args []string) error {
		cmd, left, err := root.Find(args)
		if err != nil || len(left) > 0 {
			return usagef("goldenthread %s is not known; goldenthread help lists what is", strings.Join(args, " "))
		}
		cmd.InitDefaultHelpFlag()
		return cmd.Help()
	}
}

// nameWhatIsNear has every command that only holds others refuse a name that is none of
// them, with those that are near. By itself cobra shows the help then, and succeeds.
func nameWhatIsNear(parent *cobra.Command) {
	for _, cmd := range parent.Commands() {
		if !cmd.HasSubCommands() || cmd.Runnable() {
			continue
		}
		nameWhatIsNear(cmd)
		cmd.SuggestionsMinimumDistance = 2
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			near := cmd.SuggestionsFor(args[0])
			if len(near) == 0 {
				return usagef("%s %s is not known; %s --help lists what is", cmd.CommandPath(), args[0], cmd.CommandPath())
			}
			return usagef("%s %s is not known; near it: %s", cmd.CommandPath(), args[0], strings.Join(near, ", "))
		}
	}
}
