package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"goldenthread/api/rest"
)

// nodesCommand lists the nodes of a cluster, and retires one that will not come back.
func nodesCommand() *cobra.Command {
	c, retired := &client{}, ""
	cmd := &cobra.Command{
		Use: "nodes", Short: "List the nodes of a cluster and their releases, or retire one", GroupID: "run",
		Long: "Nodes says which nodes the cluster has, which release each runs, and whether it answers. It needs the operator's token.\n\n" +
			"What a release adds to events is recorded once every node knows it. A node that is down counts, as it may come back: if it will not,\n" +
			"say so with --retire. If it is started again, it counts again.",
		Example: "  GOLDENTHREAD_TOKEN=$(cat data/operator-token) goldenthread nodes\n" +
			"  goldenthread nodes --retire node-5b1c2f5e",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if retired != "" {
				if _, err := c.post(cmd.Context(), "/v1/nodes/"+url.PathEscape(retired)+"/retire", nil, ""); err != nil {
					return err
				}
				_, err := fmt.Fprintln(cmd.OutOrStdout(), "It is retired: nothing waits for it any more.")
				return err
			}
			answer, err := c.get(cmd.Context(), "/v1/nodes", nil)
			if err != nil {
				return err
			}
			return show(cmd, c, answer, func(p *page, n *rest.Nodes) {
				if len(n.Nodes) == 0 {
					p.say("This server is alone.")
					return
				}
				p.table("node", "machine", "release", "format", "last heard of", "at work")
				for _, node := range n.Nodes {
					p.row(node.Name, node.Host, node.Release, node.Format, momentWords(node.Heard), map[bool]string{true: "yes", false: "no"}[node.AtWork])
				}
				p.say("Format %d of events is in use.", n.InUse)
			})
		},
	}
	cmd.Flags().StringVar(&retired, "retire", "", "name or id of a node that will not come back")
	c.flags(cmd)
	return cmd
}
