package operation

import (
	"embed"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"goldenthread/api/problem"
	"goldenthread/domain"
)

// What huma makes of the Go types is filled in here, once somebody asks for it:
// sentences, examples, the types of parameters, and the answers to what goes wrong.

// examplesFile has what the example place really answers, and what is really sent to it:
// `go test ./cmd/goldenthread -run Examples -rewrite` writes it.
//
//go:embed examples.json
var examplesFile embed.FS

// An Exchange is a body that is sent to an operation and one that it answers.
type Exchange struct {
	Request any `json:"request,omitempty"`
	Answer  any `json:"answer,omitempty"`
}

// Examples are those of the example place, by the operation's id.
func Examples() (map[string]Exchange, error) {
	b, err := examplesFile.ReadFile("examples.json")
	if err != nil {
		return nil, err
	}
	var all map[string]Exchange
	return all, json.Unmarshal(b, &all)
}

// A describer fills in a description.
type describer struct {
	doc      *huma.OpenAPI
	examples map[string]Exchange
	members  map[string]any // an example of each Schema.member that the examples have
}

// describe fills in the description of all operations that are registered.
func describe(doc *huma.OpenAPI) error {
	examples, err := Examples()
	if err != nil {
		return fmt.Errorf("read the examples: %w", err)
	}
	d := &describer{doc, examples, map[string]any{}}
	doc.Components.Responses = d.errorAnswers()
	for _, kind := range domain.Commands {
		d.command(doc.Components.Schemas.Schema(TypeOf(kind.New()), false, ""), domain.Describe(kind.New()))
	}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for method, op := range OperationsOf(doc.Paths[path]) {
			d.operation(method, op)
		}
	}
	doc.Components.Responses = d.usedAnswers()
	for name, s := range doc.Components.Schemas.Map() {
		if s.Description == "" && !strings.HasPrefix(name, "ListOf") {
			s.Description = "See the operations that take or give it."
		}
		if s.Properties["Unknown"] != nil { // which takes what has no name here
			delete(s.Properties, "Unknown")
			s.PrecomputeMessages()
		}
		for member, of := range s.Properties {
			d.member(name, member, of)
		}
	}
	for _, item := range doc.Paths {
		for _, op := range OperationsOf(item) {
			if op.RequestBody != nil {
				d.compose(op.RequestBody.Content["application/json"])
			}
			for _, r := range op.Responses {
				d.compose(r.Content["application/json"])
			}
		}
	}
	return nil
}

// command has the schema say of each member what the description of the command says: what
// it is called and means, what can be chosen, how much fits, and whether it is needed.
func (d *describer) command(s *huma.Schema, f *domain.Form) {
	s.Required = nil
	defer s.PrecomputeMessages() // which notes what is required
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Needed {
			s.Required = append(s.Required, field.Name)
		}
		member := s.Properties[field.Name]
		if member == nil {
			continue
		}
		if member.Ref == "" {
			member.Title = field.Ask
		}
		if field.Doc != "" {
			member.Description = field.Doc
		}
		bound(member, field)
		if field.Each == nil {
			continue
		}
		if member.Items != nil {
			member = member.Items
		}
		if member = d.resolve(member); len(member.Properties) > 0 {
			d.command(member, field.Each)
		}
	}
}

// bound gives the member the choices and bounds of the field, and no others.
func bound(member *huma.Schema, field *domain.Field) {
	member.MaxLength, member.MaxItems, member.Enum = nil, nil, nil
	most := &member.MaxLength
	if field.Many() {
		most = &member.MaxItems
	}
	if field.Most > 0 {
		*most = &field.Most
	}
	if least, most, bounded := field.Range(); bounded {
		member.Minimum, member.Maximum = new(float64(least)), new(float64(most))
	}
	var choices []any
	for _, c := range field.Choices {
		choices = append(choices, c.Value)
	}
	switch field.Kind {
	case domain.ChoiceField:
		member.Enum = choices
	case domain.ChoicesField:
		member.Items.Enum = choices
	}
}

// resolve is the schema that a reference leads to; any other is itself.
func (d *describer) resolve(s *huma.Schema) *huma.Schema {
	if s.Ref == "" {
		return s
	}
	return d.doc.Components.Schemas.SchemaFromRef(s.Ref)
}

// OperationsOf are the path's operations, by method.
func OperationsOf(item *huma.PathItem) map[string]*huma.Operation {
	all := map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post}
	maps.DeleteFunc(all, func(_ string, op *huma.Operation) bool { return op == nil })
	return all
}

// errorAnswers are the answers to what goes wrong, by status; each shows its first code.
func (d *describer) errorAnswers() map[string]*huma.Response {
	all := map[string]*huma.Response{}
	for _, c := range problem.Codes {
		status := strconv.Itoa(c.Status)
		if r := all[status]; r != nil {
			r.Description += " " + c.Code + ": " + c.Means
			continue
		}
		example := map[string]any{"type": "about:blank", "title": http.StatusText(c.Status), "status": c.Status, "code": c.Code, "detail": c.Means}
		all[status] = &huma.Response{Description: c.Code + ": " + c.Means, Content: map[string]*huma.MediaType{
			problem.MediaType: {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}, Example: example},
		}}
	}
	return all
}

// usedAnswers are those that an operation can give.
func (d *describer) usedAnswers() map[string]*huma.Response {
	used := map[string]*huma.Response{}
	for _, item := range d.doc.Paths {
		for _, op := range OperationsOf(item) {
			for status, r := range op.Responses {
				if r.Ref != "" {
					used[status] = d.doc.Components.Responses[status]
				}
			}
		}
	}
	return used
}

func (d *describer) operation(method string, op *huma.Operation) {
	is := d.examples[op.OperationID]
	op.Description = strings.TrimSpace(op.Description + " " + says[op.OperationID])
	if kind, statement := strings.CutPrefix(op.OperationID, "statement-"); statement {
		op.Description, is.Request = statementsSay, d.examples[kind].Request
	} else if op.Description == "" && slices.Contains(op.Tags, "commands") {
		op.Description, is.Answer = commandsSay+op.OperationID+" --help.", d.examples["recorded"].Answer
	}
	for _, status := range []int{http.StatusTooManyRequests, http.StatusUnprocessableEntity} { // a pace, and unknown parameters
		op.Responses[strconv.Itoa(status)] = nil
	}
	for status, r := range op.Responses {
		if d.doc.Components.Responses[status] != nil {
			op.Responses[status] = &huma.Response{Ref: "#/components/responses/" + status}
		} else if status == "304" {
			r.Content, r.Headers = nil, nil
		}
	}
	if op.Security == nil {
		op.Security = []map[string][]string{}
	}
	for _, p := range op.Parameters {
		d.parameter(op.OperationID, p)
	}
	if is.Request != nil && op.RequestBody != nil {
		d.exchange(op.RequestBody.Content["application/json"], is.Request)
	}
	for status, r := range op.Responses {
		if is.Answer != nil && r.Content != nil && status[0] == '2' {
			for _, media := range r.Content {
				d.exchange(media, is.Answer)
			}
		}
	}
}

// compose gives each body that has none an example made of those of its members.
func (d *describer) compose(media *huma.MediaType) {
	if media != nil && media.Example == nil && media.Schema != nil {
		media.Example = d.exampleOf(media.Schema, 0)
	}
}

func (d *describer) exampleOf(s *huma.Schema, deep int) any {
	switch s = d.resolve(s); {
	case deep > 6:
		return nil
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Type == huma.TypeArray:
		return []any{}
	case s.Type == huma.TypeObject:
		example := map[string]any{}
		for _, member := range s.Required {
			example[member] = d.exampleOf(s.Properties[member], deep+1)
		}
		return example
	}
	return usual(s)
}

// exchange gives the body its example, and remembers the members that it has.
func (d *describer) exchange(media *huma.MediaType, example any) {
	if media == nil {
		return
	}
	media.Example = example
	d.remember(media.Schema, example)
}

// remember notes the value of each member, by the schema that the member is in.
func (d *describer) remember(s *huma.Schema, value any) {
	if s == nil {
		return
	}
	name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
	s = d.resolve(s)
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			d.remember(s.Items, item)
		}
	case map[string]any:
		for member, value := range v {
			if p := s.Properties[member]; p != nil {
				d.remember(p, value)
				if key := name + "." + member; isPlain(value) && d.members[key] == nil {
					d.members[key] = value
				}
			}
		}
	}
}

// isPlain says whether the value is worth showing as an example: a text, a number or a truth.
func isPlain(v any) bool {
	switch v := v.(type) {
	case string:
		return v != "" && len(v) < 200
	case float64, bool:
		return true
	}
	return false
}

// member fills in what a member of a schema says, and an example of it.
func (d *describer) member(schema, name string, s *huma.Schema) {
	is, ok := glossary[schema+"."+name]
	if !ok {
		is = glossary[name]
	}
	if s.Description == "" {
		s.Description = is.say
	}
	if s.Ref != "" || len(s.Examples) > 0 || s.Type == huma.TypeObject || s.Type == huma.TypeArray {
		return
	}
	for _, example := range []any{d.members[schema+"."+name], firstOf(s.Enum), is.example, usual(s)} {
		if d.fits(s, example) {
			s.Examples = []any{example}
			return
		}
	}
}

func firstOf(all []any) any {
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// fits says whether the schema takes the example.
func (d *describer) fits(s *huma.Schema, example any) bool {
	if example == nil {
		return false
	}
	s.PrecomputeMessages()
	var found huma.ValidateResult
	huma.Validate(d.doc.Components.Schemas, s, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, example, &found)
	return len(found.Errors) == 0
}

// usual is an example of what is known by its type alone.
func usual(s *huma.Schema) any {
	switch {
	case s.Type == huma.TypeBoolean:
		return false
	case s.Type == huma.TypeInteger:
		return 1
	case s.Format == "date-time":
		return "2026-03-09T17:30:00Z"
	case s.ContentEncoding == "base64":
		return "AQIDBA=="
	case s.Format == "uri-reference":
		return "/rules#C3"
	case s.Type == huma.TypeString:
		return "in words"
	}
	return nil
}

// parameter gives a parameter its type. Handlers read all of them as text, to say
// by which rule one is wrong.
func (d *describer) parameter(operation string, p *huma.Param) {
	typed := parameters[operation+"."+p.Name]
	if typed == nil {
		typed = parameters[p.Name]
	}
	said, s := p.Description, huma.Schema{Type: huma.TypeString}
	if p.Schema != nil {
		s = *p.Schema
	}
	if typed != nil {
		s = *typed
	}
	s.Description = "" // it stands beside it
	if said == "" && typed != nil {
		said = typed.Description
	}
	if len(s.Examples) == 0 && p.Schema != nil {
		s.Examples = p.Schema.Examples
	}
	p.Description, p.Schema = said, &s
	if len(s.Examples) > 0 {
		p.Example, s.Examples = s.Examples[0], nil
	}
	if s.Type == huma.TypeArray {
		p.Explode = new(false)
	}
	p.Required = p.Required || operation == "check" && p.Name == "matter" || operation == "check-evidence" && p.Name == "matter"
}

func whole(least float64, example, otherwise any) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &least, Examples: []any{example}, Default: otherwise}
}

func upTo(most float64, s *huma.Schema) *huma.Schema { s.Maximum = &most; return s }

func text(say string, example any) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Description: say, Examples: []any{example}}
}

func oneOf(otherwise any, values ...any) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: values, Default: otherwise, Examples: values[:1]}
}

func several(examples ...any) *huma.Schema {
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString}, Examples: []any{examples}}
}

// parameters are the types of parameters that are read as text, by operation.parameter
// where that differs from what the parameter is elsewhere.
var parameters = map[string]*huma.Schema{
	"amountPence":           whole(0, 1200000, nil),
	"months":                whole(0, 6, nil),
	"openEnded":             {Type: huma.TypeBoolean, Default: false, Examples: []any{false}},
	"consulted":             several("TRAFFORD-LMC"),
	"page":                  whole(1, 1, 1),
	"limit":                 upTo(500, whole(1, 200, 200)),
	"audit.limit":           upTo(500, whole(1, 50, 50)),
	"events.limit":          upTo(10_000, whole(1, 1000, 1000)),
	"atLeast":               whole(0, 231, nil),
	"events.from":           whole(0, 0, 0),
	"feed.from":             whole(0, 231, nil),
	"audit.from":            text("", "2026-03-01"),
	"log-consistency.from":  whole(1, 1, nil),
	"log-consistency.to":    whole(1, 231, nil),
	"to":                    text("", "2026-03-31"),
	"index":                 whole(0, 0, nil),
	"Last-Event-ID":         text("", "231"),
	"stage":                 oneOf(nil, "draft", "open", "agreed", "withdrawn", "lapsed"),
	"order":                 oneOf("oldest", "oldest", "newest"),
	"type":                  several("objection.raised"),
	"actor":                 text("", "cd-altrincham"),
	"subject":               text("", "proposal/P1"),
	"words":                 text("", "winter"),
	"cursor":                text("", "231"),
	"key":                   text("", "gf_example"),
	"group":                 text("name of the group in addresses", "trafford"),
	"number":                text("number of the proposal", "P1"),
	"id":                    text("id, as the list gives it", "1f0c33aa"),
	"check.matter":          text("the subject, as a path", "workforce"),
	"check-evidence.matter": text("the subject, as a path", "workforce"),
	"sha256":                {Type: huma.TypeString, Pattern: "^[0-9a-f]{64}$", Examples: []any{"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}},
	"If-None-Match":         text("entity tag of the answer that one has: nothing is sent again that has not changed", `"5d1f2c3b4a596877"`),
	"Idempotency-Key":       text("", "7c8d6c1e-6f0e-4b7f-9d0b-6b1c5f0e9a53"),
	"Content-Type":          text("what kind of file it is", "application/pdf"),
	"attach.about":          text("", "P1"),
	"attach.name":           text("", "minutes.pdf"),
	"X-Request-ID":          text("", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"),
}
