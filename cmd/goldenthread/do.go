package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"goldenthread/api/access"
	"goldenthread/domain"
)

// doCommand has one command for each line of domain.Commands. Each member of a
// command is a flag; a file can hold it whole.
func doCommand() *cobra.Command {
	do := &cobra.Command{
		Use: "do", Short: "Have something recorded: consent, object, raise a proposal, grant a mandate …", GroupID: "act",
		Long: "Do asks for something to be recorded. What a command takes can be given by flags, or as a JSON object in a file, or both: flags come\n" +
			"after the file. A flag whose value is JSON takes what the file would hold there. Refused is refused whole: nothing was recorded.",
		Example: "  goldenthread do consent --proposal P1 --version 2\n" +
			"  goldenthread do object --proposal P1 --version 1 --grade block --why \"too much unseen\" --would-resolve \"a notice within five days\"\n" +
			"  goldenthread do raise-proposal --file proposal.json",
	}
	for _, kind := range domain.Commands {
		do.AddCommand(doOne(kind))
	}
	return do
}

func doOne(kind domain.CommandKind) *cobra.Command {
	c, command := &client{}, kind.New()
	file, key := "", ""
	cmd := &cobra.Command{Use: kind.Name, Short: kind.Say, Args: cobra.NoArgs}
	flags := flagsOf(command)
	cmd.Example = exampleOf(kind.Name, flags)
	cmd.Flags().StringVarP(&file, "file", "f", "", "JSON object with what the command takes; - reads it from standard input")
	cmd.Flags().StringVar(&key, "key", "", "id of the command: sent again with the same id it is recorded once; a new one if not said")
	for _, f := range flags {
		cmd.Flags().Var(f, f.name(), f.usage())
		if f.Kind == domain.YesField {
			cmd.Flags().Lookup(f.name()).NoOptDefVal = "true"
		}
		completeFrom(cmd, f.name(), f.completions(c))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fill(cmd, command, flags, file); err != nil {
			return err
		}
		return c.do(cmd, kind.Name, command, key)
	}
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// fill reads the file, if there is one, and then the flags into the command.
func fill(cmd *cobra.Command, command domain.Command, flags []*commandFlag, file string) error {
	if file != "" {
		body, err := readFile(file, cmd.InOrStdin())
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, command, json.RejectUnknownMembers(true)); err != nil {
			return usagef("%s does not hold what the command takes: %v", file, err)
		}
		domain.NoteZeros(command, body)
	}
	for _, f := range flags {
		if f.given == nil {
			continue
		}
		if err := f.set(*f.given); err != nil {
			return usagef("--%s: %v", f.name(), err)
		}
	}
	return nil
}

func readFile(name string, in io.Reader) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(name)
}

// do sends the command and says what was recorded. It goes under an id of its
// own, so that it can be sent again.
func (c *client) do(cmd *cobra.Command, name string, command domain.Command, key string) error {
	path, err := c.commandPath(name)
	if err != nil {
		return err
	}
	body, err := json.Marshal(command, jsonv1.OmitEmptyWithLegacySemantics(true)) // which leaves out a number that was not given
	if err != nil {
		return err
	}
	if key == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		key = id.String()
	}
	answer, err := c.post(cmd.Context(), path, body, key)
	if err != nil {
		return err
	}
	return show(cmd, c, answer, showRecorded)
}

func showRecorded(p *page, r *access.Recorded) {
	p.say("%s", recordedWords(r))
	if r.Erased != nil {
		p.list("What is to be done now", r.Erased.Todo)
	}
}

func recordedWords(r *access.Recorded) string {
	if !r.Recorded {
		return "There was nothing to add."
	}
	say := fmt.Sprintf("Recorded as event %d", *r.First)
	if *r.Last > *r.First {
		say = fmt.Sprintf("Recorded as events %d to %d", *r.First, *r.Last)
	}
	if r.Repeat {
		say = "This had been recorded before, as event " + strconv.FormatUint(*r.First, 10)
	}
	if len(r.Refs) > 0 {
		say += ": " + strings.Join(r.Refs, ", ")
	}
	return say + "."
}

// A commandFlag is one field of a command on the command line.
type commandFlag struct {
	*domain.Field
	into  reflect.Value
	given *string
}

// flagsOf are the command's fields as flags.
func flagsOf(command domain.Command) []*commandFlag {
	var flags []*commandFlag
	form, v := domain.Describe(command), reflect.ValueOf(command).Elem()
	for i := range form.Fields {
		f := &form.Fields[i]
		flags = append(flags, &commandFlag{Field: f, into: v.FieldByIndex(f.Index)})
	}
	return flags
}

// name turns amountPence into amount, and needNotWait into need-not-wait.
func (f *commandFlag) name() string {
	var b strings.Builder
	for _, r := range strings.TrimSuffix(f.Name, "Pence") {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Set, String and Type make it a pflag.Value. What is given is read once the
// file has been.
func (f *commandFlag) Set(s string) error { f.given = &s; return nil }

func (f *commandFlag) String() string {
	if f == nil || f.given == nil {
		return ""
	}
	return *f.given
}

// flagTypes are how the help calls a kind; words else.
var flagTypes = map[domain.FieldKind]string{
	domain.DateField: "date", domain.TimeField: "time", domain.MoneyField: "pounds", domain.NumberField: "number", domain.YesField: "bool",
	domain.ChoicesField: "list", domain.RefsField: "list", domain.RankedField: "list", domain.LinesField: "list",
	domain.RowsField: "JSON", domain.GroupField: "JSON", domain.BytesField: "JSON",
}

// Type is how the help calls what it takes.
func (f *commandFlag) Type() string {
	if f.Each != nil {
		return "JSON"
	}
	return cmp.Or(flagTypes[f.Kind], "words")
}

func (f *commandFlag) usage() string {
	say := []string{f.Doc}
	if f.Doc == "" && f.Ask != "" {
		say[0] = strings.TrimRight(strings.ToLower(f.Ask[:1])+f.Ask[1:], "?")
	}
	switch f.Type() {
	case "list":
		say = append(say, "with commas between")
	case "JSON":
		say = append(say, "as JSON")
	}
	if f.Choices != nil && f.Kind != domain.YesField {
		say = append(say, "one of "+strings.Join(f.choices(), ", "))
	}
	if f.Needed {
		say = append(say, "needed")
	}
	return strings.TrimPrefix(strings.Join(say, "; "), "; ")
}

func (f *commandFlag) choices() []string {
	return texts(f.Choices, func(c domain.Choice) string { return c.Value })
}

func (f *commandFlag) completions(c *client) func(context.Context) []string {
	switch {
	case f.Choices != nil && f.Kind != domain.YesField:
		return func(context.Context) []string { return f.choices() }
	case slices.Contains(f.Of, "person"):
		return c.personNames
	case slices.Contains(f.Of, "forum"):
		return c.forumNames
	case slices.Contains(f.Of, "matter"), slices.Contains(f.Of, "charter"):
		return c.matterNames
	}
	return func(context.Context) []string { return nil }
}

// set reads what was given into the command.
func (f *commandFlag) set(s string) error {
	switch f.Type() {
	case "list":
		f.into.SetZero()
		for one := range strings.SplitSeq(s, ",") {
			if err := f.Read(f.into, one); err != nil {
				return err
			}
		}
		return nil
	case "JSON":
		err := json.Unmarshal([]byte(s), f.into.Addr().Interface(), json.RejectUnknownMembers(true))
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) {
			return errors.New("this is not JSON; see --help of the command, or /openapi.json")
		}
		domain.NoteZeros(f.into.Addr().Interface(), []byte(s))
		return err
	}
	return f.Read(f.into, s)
}

// exampleOf shows the command with what it can't do without.
func exampleOf(name string, flags []*commandFlag) string {
	line := "  goldenthread do " + name
	for _, f := range flags {
		if !f.Needed {
			continue
		}
		if f.Type() == "JSON" {
			return "  goldenthread do " + name + " --file " + name + ".json"
		}
		line += " --" + f.name() + " " + f.sample()
	}
	return line
}

// samples are what examples give for what a flag refers to.
var samples = map[string]string{
	"proposal": "P1", "agreement": "P1", "objection": "O1", "delegation": "D1", "inforce": "D1", "exercise": "E1", "action": "T1", "approach": "A1", "departure": "X1", "question": "Q1", "interest": "I1",
	"round": "W1", "priority": "Y1", "choice": "Y1", "grant": "D1", "notice": "P1", "matter": "workforce", "forum": "locality-board", "person": "cd-altrincham", "gatekeeper": "cd-altrincham",
	"organisation": "P91003", "practice": "P91003", "mandator": "P91003", "payer": "P91003", "anyseat": "U42898", "unseated": "LMC", "body": "LMC", "system": "QOP", "ours": "U42898",
}

func (f *commandFlag) sample() string {
	for _, of := range f.Of {
		if samples[of] != "" {
			return samples[of]
		}
	}
	switch {
	case f.Choices != nil:
		return f.Choices[0].Value
	case f.Type() == "date":
		return "2026-03-09"
	case f.Type() == "pounds":
		return "12000"
	case f.Type() == "number":
		return "1"
	}
	return `"…"`
}
