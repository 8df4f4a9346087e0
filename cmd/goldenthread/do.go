package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"goldenthread/api"
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
	fields := fieldsOf(reflect.ValueOf(command).Elem())
	cmd.Example = exampleOf(kind.Name, fields)
	cmd.Flags().StringVarP(&file, "file", "f", "", "JSON object with what the command takes; - reads it from standard input")
	cmd.Flags().StringVar(&key, "key", "", "id of the command: sent again with the same id it is recorded once; a new one if not said")
	for _, f := range fields {
		cmd.Flags().Var(f, f.name, f.usage())
		if f.value.Kind() == reflect.Bool {
			cmd.Flags().Lookup(f.name).NoOptDefVal = "true"
		}
		completeFrom(cmd, f.name, f.completions(c))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fill(cmd, command, fields, file); err != nil {
			return err
		}
		return c.do(cmd, kind.Name, command, key)
	}
	c.flags(cmd)
	c.groupFlag(cmd)
	return cmd
}

// fill reads the file, if there is one, and then the flags into the command.
func fill(cmd *cobra.Command, command domain.Command, fields []*field, file string) error {
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
	for _, f := range fields {
		if f.given == nil {
			continue
		}
		if err := f.set(*f.given); err != nil {
			return usagef("--%s: %v", f.name, err)
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
	return show(cmd, c, answer, func(p *page, r *api.Recorded) { p.say("%s", recordedWords(r)) })
}

func recordedWords(r *api.Recorded) string {
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

// A field is one member of a command as a flag.
type field struct {
	name  string // of the flag
	tag   reflect.StructTag
	value reflect.Value
	given *string
}

// fieldsOf are the members of a command's struct, those of embedded ones too.
func fieldsOf(v reflect.Value) []*field {
	var fields []*field
	for i := range v.NumField() {
		t := v.Type().Field(i)
		name, _, _ := strings.Cut(t.Tag.Get("json"), ",")
		switch {
		case t.Anonymous && name == "":
			fields = append(fields, fieldsOf(v.Field(i))...)
		case name != "" && name != "-":
			fields = append(fields, &field{name: flagName(name), tag: t.Tag, value: v.Field(i)})
		}
	}
	return fields
}

// flagName turns amountPence into amount, and needNotWait into need-not-wait.
func flagName(member string) string {
	var b strings.Builder
	for _, r := range strings.TrimSuffix(member, "Pence") {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Set, String and Type make it a pflag.Value. What is given is read once the
// file has been.
func (f *field) Set(s string) error { f.given = &s; return nil }

func (f *field) String() string {
	if f == nil || f.given == nil {
		return ""
	}
	return *f.given
}

var (
	dayType   = reflect.TypeFor[domain.Day]()
	penceType = reflect.TypeFor[domain.Pence]()
)

func (f *field) Type() string {
	t := f.value.Type()
	if t.Kind() == reflect.Pointer && t.Elem().Kind() != reflect.Struct {
		t = t.Elem()
	}
	switch {
	case t == dayType:
		return "date"
	case t == penceType:
		return "pounds"
	case t == reflect.TypeFor[[]string]():
		return "list"
	}
	switch t.Kind() {
	case reflect.String:
		return "words"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Uint64:
		return "number"
	}
	return "JSON"
}

func (f *field) usage() string {
	doc := f.tag.Get("doc")
	switch f.Type() {
	case "list":
		doc += "; with commas between"
	case "JSON":
		doc += "; as JSON"
	}
	if enum := f.tag.Get("enum"); enum != "" {
		doc += "; one of " + strings.ReplaceAll(enum, ",", ", ")
	}
	if !strings.Contains(f.tag.Get("json"), ",omit") && f.value.Kind() != reflect.Bool {
		doc += "; needed"
	}
	return strings.TrimPrefix(doc, "; ")
}

func (f *field) completions(c *client) func(context.Context) []string {
	enum := f.tag.Get("enum")
	switch {
	case enum != "":
		return func(context.Context) []string { return strings.Split(enum, ",") }
	case f.name == "person" || strings.Contains(f.tag.Get("doc"), "handle or id"):
		return c.personNames
	case f.name == "forum":
		return c.forumNames
	case f.name == "matter" || f.name == "matters":
		return c.matterNames
	}
	return func(context.Context) []string { return nil }
}

// set reads what was given into the command.
func (f *field) set(s string) error {
	into := f.value
	if f.Type() != "JSON" && into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	switch f.Type() {
	case "pounds":
		pence, err := parsePounds(s)
		into.SetInt(int64(pence))
		return err
	case "date":
		day, err := domain.ParseDay(s)
		into.SetInt(int64(day))
		return err
	case "list":
		into.Set(reflect.ValueOf(strings.Split(s, ",")))
	case "words":
		into.SetString(s)
	case "bool":
		yes, err := strconv.ParseBool(s)
		into.SetBool(yes)
		return err
	case "number":
		return json.Unmarshal([]byte(s), into.Addr().Interface())
	default:
		err := json.Unmarshal([]byte(s), into.Addr().Interface(), json.RejectUnknownMembers(true))
		var syntax *jsontext.SyntacticError
		if errors.As(err, &syntax) {
			return errors.New("this is not JSON; see --help of the command, or /openapi.json")
		}
		domain.NoteZeros(into.Addr().Interface(), []byte(s))
		return err
	}
	return nil
}

// exampleOf shows the command with what it can't do without.
func exampleOf(name string, fields []*field) string {
	line := "  goldenthread do " + name
	for _, f := range fields {
		if !strings.HasSuffix(f.usage(), "; needed") && f.usage() != "needed" {
			continue
		}
		if f.Type() == "JSON" {
			return "  goldenthread do " + name + " --file " + name + ".json"
		}
		line += " --" + f.name + " " + f.sample()
	}
	return line
}

// samples are what examples give for a flag; its name in capitals else.
var samples = map[string]string{
	"proposal": "P1", "objection": "O1", "delegation": "D1", "exercise": "E1", "version": "1", "matter": "workforce", "matters": "workforce",
	"forum": "locality-board", "person": "cd-altrincham", "organisation": "P91003", "seat": "U42898", "stand": "consent", "what": "D1", "body": "LMC",
}

func (f *field) sample() string {
	enum, _, _ := strings.Cut(f.tag.Get("enum"), ",")
	switch {
	case samples[f.name] != "":
		return samples[f.name]
	case enum != "":
		return enum
	case f.Type() == "date":
		return "2026-03-09"
	case f.Type() == "pounds":
		return "12000"
	case f.Type() == "number":
		return "1"
	}
	return `"…"`
}
