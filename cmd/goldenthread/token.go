package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"goldenthread/api/identity"
	"goldenthread/domain"
)

// tokenCommand is about people's tokens.
func tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Make, list and revoke the tokens of people and machines", GroupID: "act"}
	cmd.AddCommand(newTokenCommand(), listTokensCommand(), revokeTokenCommand())
	return cmd
}

func newTokenCommand() *cobra.Command {
	c, ask := &client{}, identity.TokenFor{}
	cmd := &cobra.Command{
		Use: "new", Short: "Make a token for somebody of a group; it is shown this once",
		Long: "New makes a token for somebody of a group and prints it, this once: the server keeps only its hash. It is for the operator, whose own\n" +
			"token is in the file operator-token of the data folder.",
		Example: "  GOLDENTHREAD_TOKEN=$(cat data/operator-token) goldenthread token new --group trafford --person lmc-chair\n" +
			"  goldenthread token new --person cd-altrincham --name phone --scope check --days 90",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := c.path("/tokens")
			if err != nil {
				return err
			}
			body, err := json.Marshal(ask)
			if err != nil {
				return err
			}
			answer, err := c.post(cmd.Context(), path, body, "")
			if err != nil {
				return err
			}
			return show(cmd, c, answer, func(p *page, made *identity.Token) { p.say("%s", made.Token) })
		},
	}
	cmd.Flags().StringVar(&ask.Person, "person", "", "handle, such as lmc-chair")
	cmd.Flags().StringVar(&ask.Name, "name", "", "what it is for, such as phone; the day if not said")
	cmd.Flags().StringVar((*string)(&ask.Scope), "scope", "", "what it may do: check, read or act; act if not said")
	cmd.Flags().IntVar(&ask.Days, "days", 0, "after how many days it ends; a year if not said")
	completeFrom(cmd, "scope", func(context.Context) []string { return []string{"check", "read", "act"} })
	must(cmd.MarkFlagRequired("person"))
	completeFrom(cmd, "person", c.personNames)
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}

func listTokensCommand() *cobra.Command {
	c := &client{}
	cmd := &cobra.Command{
		Use: "list", Short: "Your tokens; all of the group, for the operator", Example: "  goldenthread token list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := c.path("/tokens")
			if err != nil {
				return err
			}
			answer, err := c.get(cmd.Context(), path, nil)
			if err != nil {
				return err
			}
			return show(cmd, c, answer, func(p *page, list *identity.TokenList) {
				p.table("id", "person", "may", "ends", "last used", "name")
				for _, t := range list.Tokens {
					p.row(t.ID, t.Person, t.Scope, domain.DayOf(t.Expires).Words(), momentWords(t.Used), t.Name)
				}
			})
		},
	}
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}

func revokeTokenCommand() *cobra.Command {
	c := &client{}
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "End a token at once", Example: "  goldenthread token revoke 1f0c33aa", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := c.path("/tokens/" + url.PathEscape(args[0]) + "/revoke")
			if err != nil {
				return err
			}
			if _, err := c.post(cmd.Context(), path, nil, ""); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "It is revoked.")
			return err
		},
	}
	c.serverFlags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// inviteCommand lets somebody sign in with a passkey.
func inviteCommand() *cobra.Command {
	c, ask := &client{}, identity.InvitationFor{}
	cmd := &cobra.Command{
		Use: "invite", Short: "Invite somebody to sign in with a passkey", GroupID: "act",
		Long: "Invite makes an invitation that can be used once: a link, and a code to read out. Whoever opens it registers a passkey on their own\n" +
			"device. It is for the manager and the operator.",
		Example: "  goldenthread invite --person cd-altrincham\n  goldenthread invite --person cd-altrincham --replace", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := c.path("/invitations")
			if err != nil {
				return err
			}
			body, err := json.Marshal(ask)
			if err != nil {
				return err
			}
			answer, err := c.post(cmd.Context(), path, body, "")
			if err != nil {
				return err
			}
			return show(cmd, c, answer, func(p *page, made *identity.InvitationMade) {
				p.say("For %s, once, until %s.", made.Office, momentWords(made.Expires))
				p.say("Link: %s", made.Link)
				p.say("Code to read out: %s", made.Code)
			})
		},
	}
	cmd.Flags().StringVar(&ask.Person, "person", "", "handle, such as cd-altrincham")
	cmd.Flags().BoolVar(&ask.Replace, "replace", false, "all of their passkeys end when it is used: for a device that is lost")
	must(cmd.MarkFlagRequired("person"))
	completeFrom(cmd, "person", c.personNames)
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// commandPath is the address to which a command is sent.
func (c *client) commandPath(name string) (string, error) {
	return c.path("/commands/" + url.PathEscape(name))
}
