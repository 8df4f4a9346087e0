package main

import (
	"fmt"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"goldenthread/api"
)

// tokenCommand is about people's tokens.
func tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Give people their tokens, as the operator", GroupID: "act"}
	cmd.AddCommand(newTokenCommand())
	return cmd
}

func newTokenCommand() *cobra.Command {
	c, person := &client{}, ""
	cmd := &cobra.Command{
		Use: "new", Short: "Make a token for somebody of a group; it is shown this once",
		Long: "New makes a token for somebody of a group and prints it, this once: the server keeps only its hash. It is for the operator, whose own\n" +
			"token is in the file operator-token of the data folder.",
		Example: "  GOLDENTHREAD_TOKEN=$(cat data/operator-token) goldenthread token new --group trafford --person lmc-chair", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := c.path("/tokens")
			if err != nil {
				return err
			}
			body, err := json.Marshal(api.TokenFor{Person: person})
			if err != nil {
				return err
			}
			answer, err := c.post(cmd.Context(), path, body, "")
			if err != nil {
				return err
			}
			if c.json {
				_, err = cmd.OutOrStdout().Write(answer)
				return err
			}
			made, err := read[api.Token](answer)
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), made.Token)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&person, "person", "", "handle, such as lmc-chair")
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
