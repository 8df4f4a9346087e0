package main

import (
	"context"
	"fmt"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"goldenthread/api/access"
	"goldenthread/api/rest"
)

// A question is one that the server answers about a group: its address and
// flags, and how the answer is shown to people.
type question[T any] struct {
	use, short, long, example string
	below                     string              // address below the group; %s takes the argument
	argument                  func(string) string // from what is typed to what the address takes; nil: there is none
	params                    []param
	show                      func(*page, *T)
}

// A param is a flag that goes into the query of a question.
type param struct {
	flag, query, usage string
	read               func(string) (string, error) // nil: as it is typed
	names              func(*client, context.Context) []string
	words              []string // what it can be, where that is a short list
}

// pageParam asks for another page of a list.
var pageParam = param{flag: "page", query: "page", usage: "page of the list; the first if not said"}

// more says that the list goes on.
func (p *page) more(is access.Paged) {
	p.unless(is.Next == 0, "This is not all: --page %d shows the next of %d pages.", is.Next, is.Pages)
}

// questionCommands are the commands that ask and change nothing.
func questionCommands() []*cobra.Command {
	cmds := []*cobra.Command{
		checkQuestion.command(),
		mandateQuestion.command(),
		whatIfQuestion.command(),
		powersQuestion.command(),
		schemeQuestion.command(),
		registerQuestion.command(),
		searchQuestion.command(),
		proposalsQuestion.command(),
		proposalQuestion.command(),
		commitmentsQuestion.command(),
		representationQuestion.command(),
		todoQuestion.command(),
		worklistQuestion.command(),
		recordsQuestion.command(),
		waysQuestion.command(),
		approachesQuestion.command(),
		prioritiesQuestion.command(),
		actionsQuestion.command(),
		departuresQuestion.command(),
		noticesQuestion.command(),
		questionsQuestion.command(),
		practiceQuestion.command(),
		agendaQuestion.command(),
		auditQuestion.command(),
		groupQuestion.command(),
		charterQuestion.command(),
		scheduleQuestion.command(),
		peopleQuestion.command(),
		remainsQuestion.command(),
		witnessesQuestion.command(),
		mailQuestion.command(),
		documentsQuestion.command(), minutesCommand(),
		groupsCommand(), eventCommand(), eventsCommand(), followCommand(), rulesCommand(),
	}
	for _, cmd := range cmds {
		cmd.GroupID = "ask"
	}
	return cmds
}

// command makes the question a command.
func (q question[T]) command() *cobra.Command {
	c, values := &client{}, url.Values{}
	cmd := &cobra.Command{Use: q.use, Short: q.short, Long: q.long, Example: q.example, Args: cobra.NoArgs}
	if q.argument != nil {
		cmd.Args = cobra.ExactArgs(1)
	}
	c.flags(cmd)
	c.groupFlag(cmd)
	for _, p := range append(q.params, asOf...) {
		p.addTo(cmd, c)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		below := q.below
		if q.argument != nil {
			below = fmt.Sprintf(below, url.PathEscape(q.argument(args[0])))
		}
		path, err := c.path(below)
		if err != nil {
			return err
		}
		for _, p := range append(q.params, asOf...) {
			if err := p.into(values, cmd); err != nil {
				return err
			}
		}
		answer, err := c.get(cmd.Context(), path, values)
		if err != nil {
			return err
		}
		return show(cmd, c, answer, q.show)
	}
	return cmd
}

// asOf are the flags of every question: which day it is about, and what was
// known by then (rule L4).
var asOf = []param{
	{flag: "at", query: "at", usage: "day that you ask about, such as 2026-03-09, or a moment; today if not said"},
	{flag: "known", query: "known", usage: "as was known at the end of that day, at that moment, or after that index"},
}

func (p *param) addTo(cmd *cobra.Command, c *client) {
	cmd.Flags().String(p.flag, "", p.usage)
	switch {
	case p.names != nil:
		completeFrom(cmd, p.flag, func(ctx context.Context) []string { return p.names(c, ctx) })
	case p.words != nil:
		completeFrom(cmd, p.flag, func(context.Context) []string { return p.words })
	default:
		completeFrom(cmd, p.flag, func(context.Context) []string { return nil })
	}
}

func (p *param) into(values url.Values, cmd *cobra.Command) error {
	flag := cmd.Flags().Lookup(p.flag)
	if !flag.Changed {
		return nil
	}
	v := flag.Value.String()
	if p.read != nil {
		var err error
		if v, err = p.read(v); err != nil {
			return usagef("--%s: %v", p.flag, err)
		}
	}
	values.Set(p.query, v)
	return nil
}

// show prints the answer, as JSON or for people. What showing returns by way
// of a page's exit code ends the program.
func show[T any](cmd *cobra.Command, c *client, answer []byte, f func(*page, *T)) error {
	v, err := read[T](answer)
	if err != nil {
		return err
	}
	p := newPage()
	f(p, v)
	return c.finish(cmd, p, jsontext.Value(answer))
}

// finish prints the page, or the answer as JSON, and ends with the page's exit code.
func (c *client) finish(cmd *cobra.Command, p *page, answer any) (err error) {
	if c.json {
		err = json.MarshalWrite(cmd.OutOrStdout(), answer)
		fmt.Fprintln(cmd.OutOrStdout())
	} else {
		err = p.print(cmd.OutOrStdout())
	}
	if err == nil && p.exit != 0 {
		return p.exit
	}
	return err
}

func groupsCommand() *cobra.Command {
	c := &client{}
	cmd := &cobra.Command{
		Use: "groups", Short: "The groups that you belong to", Example: "  goldenthread groups", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			answer, err := c.get(cmd.Context(), "/v1/groups", nil)
			if err != nil {
				return err
			}
			return show(cmd, c, answer, func(p *page, list *rest.GroupList) {
				p.table("group", "name", "newest event")
				for _, g := range list.Groups {
					p.row(g.Group, g.Name, g.Index)
				}
			})
		},
	}
	c.flags(cmd)
	return cmd
}
