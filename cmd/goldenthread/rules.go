package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"goldenthread/domain"
)

// rulesCommand prints the rule book that is part of this program.
func rulesCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rules [NUMBER]", Short: "Read the rule that a refusal or an answer cites",
		Long: "Prints the text of a rule, by the number that refusals and answers cite. Without a number it lists the rules.\n" +
			"The server shows the whole rule book to people at /rules.",
		Example: "  goldenthread rules C5\n  goldenthread rules",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return texts(domain.Rules(), func(r domain.Rule) string { return r.Number + "\t" + r.Title }), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				p := newPage()
				p.table()
				for _, r := range domain.Rules() {
					p.row(r.Number, r.Title)
				}
				return p.print(cmd.OutOrStdout())
			}
			r, ok := domain.RuleByNumber(strings.ToUpper(args[0]))
			if !ok {
				return usagef("the rule book has no rule %q; goldenthread rules lists them", args[0])
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s. %s\n\n%s\n", r.Number, r.Title, withoutLinks(r.Text))
			return nil
		},
	}
}

var markdownLink = regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`)

// withoutLinks leaves of each link its words, and of bold type its words.
func withoutLinks(text string) string {
	return strings.ReplaceAll(markdownLink.ReplaceAllString(text, "$1"), "**", "")
}
