package main

import (
	"net/url"

	"github.com/spf13/cobra"

	"goldenthread/api/rest"
	"goldenthread/domain"
)

// remainsQuestion asks what the ledger says of a person beside their name,
// email and phone (rule L7).
var remainsQuestion = question[rest.Remains]{
	use: "remains PERSON", short: "What would remain of a person, or does, after an erasure",
	example: "  goldenthread remains lmc-chair",
	below:   "/people/%s/remains", argument: func(s string) string { return s },
	show: showRemains,
}

func showRemains(p *page, r *rest.Remains) {
	p.say("%s (%s), since %s.", r.Office, r.Handle, r.Since.Words())
	p.unless(r.Erased == 0, "Erased on %s.", r.Erased.Words())
	p.unless(!r.KeyLeft, "Their key is not known to be destroyed yet; the server tries again every minute.")
	for _, node := range r.OldNodes {
		p.item("%s", oldNode(node))
	}
	p.head("What stays readable")
	p.item("A random id (%s), the handle and the office, and %d events that name them:", r.ID, len(r.Events))
	p.table("event", "on", "part", "what")
	for _, e := range r.Events {
		part := "named"
		if e.Acted {
			part = "acted"
		}
		p.row(e.Index, e.On, part, e.Text)
	}
	p.list("To know", r.Notes)
}

// oldNode says what to do for a node that does not have the wrapping key of after an erasure.
func oldNode(node string) string {
	return node + " still has an earlier wrapping key, and can't read names until you copy wrapping.key to it from a node that has the new one."
}

// sayOldNodes names the nodes to which the new wrapping key must be copied, on standard error.
func (c *client) sayOldNodes(cmd *cobra.Command, below string) error {
	remains, err := fetchBelow[rest.Remains](cmd.Context(), c, below)
	if err != nil {
		return err
	}
	for _, node := range remains.OldNodes {
		cmd.PrintErrln(oldNode(node))
	}
	return nil
}

// eraseCommand erases a person's name, email and phone for good (rule L7).
func eraseCommand() *cobra.Command {
	c, yes := &client{}, false
	cmd := &cobra.Command{
		Use: "erase-person PERSON", Short: "Erase a person's name, email and phone for good, everywhere", GroupID: "act",
		Long: "Erase-person destroys the key under which a person's name, email and phone are sealed: from then on nobody can read them, here or in\n" +
			"any copy of the ledger, and everything still verifies. Their passkeys, sessions, tokens, invitations and feeds end at once, and the server\n" +
			"forgets the names of their devices. It can't be undone. Without --yes it shows what would remain, and does nothing.\n\n" +
			"Afterwards: make a new backup, back up the new wrapping.key, destroy older backups and older keys, and copy the new key to the other nodes.",
		Example: "  goldenthread erase-person cd-west\n  goldenthread erase-person cd-west --yes", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			below := "/people/" + url.PathEscape(args[0]) + "/remains"
			remains, err := fetchBelow[rest.Remains](cmd.Context(), c, below)
			if err != nil {
				return err
			}
			if yes {
				if err := c.do(cmd, "erase-person", &domain.ErasePerson{Person: remains.ID}, ""); err != nil {
					return err
				}
				return c.sayOldNodes(cmd, below)
			}
			p := newPage()
			showRemains(p, remains)
			p.head("Nothing was done. To erase their name, email and phone for good: the same again with --yes")
			return c.finish(cmd, p, remains)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do it; it can't be undone")
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}
