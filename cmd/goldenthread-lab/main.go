// Command goldenthread-lab is the laboratory: what makes up a history of England
// to measure and practise on, what brings up a cluster on one machine to try
// things on, and what makes the image of a release. Its tests break the real program from outside and measure it; `make
// bench`, `make kill`, `make faults` and `make cluster-test` run them. Nothing of
// it is in the program that people install.
//
// Start reading at generate.go and history.go for the made-up England, at
// cluster.go for the cluster, at image.go for the image, at siege_test.go for the tests.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	root := &cobra.Command{
		Use: "goldenthread-lab", Short: "Made-up histories and clusters, to measure Golden Thread and try things on",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(generateCommand(), clusterCommand(), imageCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		root.PrintErrln("goldenthread-lab:", err)
		os.Exit(1)
	}
}

// must is for what only a mistake in this program can break.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
