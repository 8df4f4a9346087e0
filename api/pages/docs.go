package pages

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
)

// The pages that describe the API to people are made of the description that programs
// read. They are for anybody: they say nothing of any group.

// docsPages are those pages, by pattern.
func (s *Pages) docsPages() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET " + web.DocsAt:             s.docs,
		"GET " + web.DocsAt + "/{name}": s.docsOfOperation,
	}
}

func (s *Pages) docs(w http.ResponseWriter, r *http.Request) {
	doc := s.api.Described()
	body := &web.Docs{About: doc.Info.Description, Origin: caller.AskerOf(r.Context()).Origin()}
	for _, tag := range doc.Tags {
		body.Parts = append(body.Parts, web.DocsPart{ID: tag.Name, Say: tag.Description, Operations: linesOf(doc, tag.Name)})
	}
	for _, c := range problem.Codes {
		body.Errors = append(body.Errors, web.DocsError(c))
	}
	s.answerPublic(w, r, body)
}

// answerPublic answers with a page that is the same for everybody.
func (s *Pages) answerPublic(w http.ResponseWriter, r *http.Request, body web.Body) {
	b, err := (&web.Page{Frame: web.Frame{SignedIn: signedIn(r), Example: s.Example}, Body: body}).Render()
	if err != nil {
		s.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	writePage(w, r, http.StatusOK, b)
}

// linesOf are the operations with that tag, by path.
func linesOf(doc *huma.OpenAPI, tag string) []web.DocsLine {
	var lines []web.DocsLine
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for method, op := range operation.OperationsOf(doc.Paths[path]) {
			if slices.Contains(op.Tags, tag) {
				lines = append(lines, web.DocsLine{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary})
			}
		}
	}
	slices.SortStableFunc(lines, func(a, b web.DocsLine) int { return cmp.Compare(a.Path, b.Path) })
	return lines
}

func (s *Pages) docsOfOperation(w http.ResponseWriter, r *http.Request) {
	doc := s.api.Described()
	for path, item := range doc.Paths {
		for method, op := range operation.OperationsOf(item) {
			if op.OperationID == r.PathValue("name") {
				d := &operationPage{doc, op, &web.DocsOperation{
					DocsLine: web.DocsLine{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary}, About: op.Description, Token: len(op.Security) > 0,
				}}
				d.fill(caller.AskerOf(r.Context()).Origin())
				s.answerPublic(w, r, d.page)
				return
			}
		}
	}
	s.Fail(w, r, problem.New(http.StatusNotFound, "There is no operation of this name."))
}

// An operationPage is the page of one operation being filled.
type operationPage struct {
	doc  *huma.OpenAPI
	op   *huma.Operation
	page *web.DocsOperation
}

func (d *operationPage) fill(origin string) {
	var body any
	if d.op.RequestBody != nil {
		for _, media := range d.op.RequestBody.Content {
			body = media.Example
			d.page.Body = &web.DocsType{Members: d.members(d.schema(media.Schema))}
			d.types(media.Schema, false)
		}
	}
	for _, p := range d.op.Parameters {
		f := d.field(p.Name, p.Schema)
		f.In, f.Needed, f.Say, f.Example = p.In, p.Required, p.Description, inAddress(p.Example)
		d.page.Parameters = append(d.page.Parameters, f)
	}
	for _, status := range slices.Sorted(maps.Keys(d.op.Responses)) {
		answer := d.op.Responses[status]
		if answer.Ref != "" {
			answer = d.doc.Components.Responses[status]
		}
		d.page.Answers = append(d.page.Answers, web.DocsAnswer{Status: status, Say: answer.Description})
		for mediaType, media := range answer.Content {
			if status[0] == '2' && d.page.AnswerType == "" {
				d.page.AnswerType, d.page.Answer = mediaType, pretty(media.Example)
				d.types(media.Schema, true)
			}
		}
	}
	d.page.Call = d.call(origin, body)
}

// call is the operation with curl, with what must be said and what is usually said.
func (d *operationPage) call(origin string, body any) string {
	path, asked := d.page.Path, []string{}
	for _, p := range d.op.Parameters {
		switch value := inAddress(p.Example); {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
		case p.In == "query" && (p.Required || slices.Contains(usuallyAsked, p.Name)):
			asked = append(asked, p.Name+"="+url.QueryEscape(value))
		}
	}
	if len(asked) > 0 {
		path += "?" + strings.Join(asked, "&")
	}
	call := "curl"
	if d.page.Token {
		call += ` -H "Authorization: Bearer $GOLDENTHREAD_TOKEN"`
	}
	switch {
	case body != nil:
		call += ` -H "Content-Type: application/json" \` + "\n  -d '" + strings.ReplaceAll(pretty(body), "'", `'\''`) + `' \` + "\n "
	case d.page.Method != http.MethodGet:
		call += " -X " + d.page.Method
	}
	return call + " '" + origin + path + "'"
}

// usuallyAsked are parameters that an example shows though none of them must be given.
var usuallyAsked = []string{"forum", "matter", "amountPence", "months"}

func inAddress(example any) string {
	switch v := example.(type) {
	case nil:
		return ""
	case []any:
		all := make([]string, len(v))
		for i := range v {
			all[i] = fmt.Sprint(v[i])
		}
		return strings.Join(all, ",")
	}
	return fmt.Sprint(example)
}

func pretty(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	if v == nil {
		return ""
	}
	b, _ := json.MarshalIndent(v, "", "  ") // it came from JSON
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(b))
}

func nameOf(s *huma.Schema) string { return strings.TrimPrefix(s.Ref, "#/components/schemas/") }

func (d *operationPage) schema(s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return d.doc.Components.Schemas.Map()[nameOf(s)]
	}
	return s
}

func (d *operationPage) members(s *huma.Schema) []web.DocsField {
	var fields []web.DocsField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		f := d.field(name, s.Properties[name])
		f.Needed = slices.Contains(s.Required, name)
		fields = append(fields, f)
	}
	return fields
}

func (d *operationPage) field(name string, s *huma.Schema) web.DocsField {
	f := web.DocsField{Name: name, Say: s.Description, Type: cmp.Or(s.Format, s.Type)}
	if len(s.Examples) > 0 {
		f.Example = inAddress(s.Examples[0])
	}
	of := s
	if s.Type == huma.TypeArray {
		of, f.Type = s.Items, "list of "+s.Items.Type
	}
	if of.Ref != "" {
		f.TypeLink = nameOf(of)
		f.Type = strings.TrimSuffix(f.Type, of.Type) + f.TypeLink
	}
	if len(of.Enum) > 0 {
		f.Type += ": " + inAddress(of.Enum)
	}
	return f
}

// types adds the schema, with those that it is made of, to what the page explains.
func (d *operationPage) types(s *huma.Schema, itself bool) {
	if s == nil {
		return
	}
	if name := nameOf(s); s.Ref != "" {
		s = d.schema(s)
		if itself {
			if slices.ContainsFunc(d.page.Types, func(t web.DocsType) bool { return t.Name == name }) {
				return
			}
			d.page.Types = append(d.page.Types, web.DocsType{Name: name, Members: d.members(s)})
		}
	}
	d.types(s.Items, true)
	for _, member := range slices.Sorted(maps.Keys(s.Properties)) {
		d.types(s.Properties[member], true)
	}
}
