package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"goldenthread/api/operation"
	"goldenthread/api/problem"
)

// Every operation, parameter and member says what it is and shows an example, and
// whatever is shown is what its schema takes.
func TestDescriptionIsWhole(t *testing.T) {
	w := newWorld(t)
	doc := w.server.api.Described()
	fits := func(where string, s *huma.Schema, example any) {
		b, err := json.Marshal(example)
		require.NoError(t, err)
		var v any
		require.NoError(t, json.Unmarshal(b, &v))
		var found huma.ValidateResult
		s.PrecomputeMessages()
		huma.Validate(doc.Components.Schemas, s, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, v, &found)
		for _, err := range found.Errors {
			t.Errorf("the example of %s: %v", where, err)
		}
	}
	shown := func(where string, content map[string]*huma.MediaType) {
		for mediaType, media := range content {
			if mediaType == "application/json" || strings.HasPrefix(mediaType, "application/json;") {
				require.NotNil(t, media.Example, where)
				fits(where, media.Schema, media.Example)
			}
		}
	}
	for path, item := range doc.Paths {
		for method, op := range operation.OperationsOf(item) {
			where := method + " " + path
			require.NotEmpty(t, op.Summary, where)
			require.NotEmpty(t, op.Description, "%s has no sentence: see says.go", where)
			require.NotEmpty(t, op.Tags, where)
			for _, p := range op.Parameters {
				require.NotEmpty(t, p.Description, "%s: %s", where, p.Name)
				require.NotNil(t, p.Example, "%s: %s has no example: see parameters in describe.go", where, p.Name)
				fits(where+": "+p.Name, p.Schema, p.Example)
			}
			if op.RequestBody != nil {
				shown(where, op.RequestBody.Content)
			}
			for status, r := range op.Responses {
				shown(where+" "+status, r.Content)
			}
		}
	}
	for name, s := range doc.Components.Schemas.Map() {
		for member, of := range s.Properties {
			require.NotEmpty(t, of.Description, "%s.%s says nothing: give it a doc tag, or a line in glossary.go", name, member)
			if of.Ref == "" && of.Type != huma.TypeArray && of.Type != huma.TypeObject {
				require.NotEmpty(t, of.Examples, "%s.%s", name, member)
				fits(name+"."+member, of, of.Examples[0])
			}
		}
	}
}

// The pages for people name every operation, with a call that can be made, and load nothing from elsewhere.
func TestDocsPages(t *testing.T) {
	w := newWorld(t)
	list := string(w.must(200, w.send(w.request("", "GET", "/docs", ""))).body)
	for path, item := range w.server.api.Described().Paths {
		for method, op := range operation.OperationsOf(item) {
			require.Contains(t, list, `<a href="/docs/`+op.OperationID+`">`)
			page := string(w.must(200, w.send(w.request("", "GET", "/docs/"+op.OperationID, ""))).body)
			require.Contains(t, page, method+" "+path)
			require.Contains(t, page, "curl ")
			require.NotContains(t, page, "<script")
			require.NotRegexp(t, `(src|href)="(https?:)?//`, page)
		}
	}
	for _, c := range problem.Codes {
		require.Contains(t, list, "<code>"+c.Code+"</code>")
	}
	require.Equal(t, http.StatusNotFound, w.send(w.request("", "GET", "/docs/nothing", "")).StatusCode)
	check := string(w.must(200, w.send(w.request("", "GET", "/docs/check", ""))).body)
	require.Contains(t, check, "/v1/groups/trafford/check?forum=locality-board&amp;matter=workforce&amp;amountPence=1200000&amp;months=6")
	require.Contains(t, check, `<a href="#type-Coverage">`)
	require.Contains(t, check, `id="type-Coverage"`)
}

// The description is there for tools that read 3.0 alone.
func TestOlderDescription(t *testing.T) {
	w := newWorld(t)
	var doc struct{ OpenAPI string }
	require.NoError(t, json.Unmarshal(w.must(200, w.send(w.request("", "GET", "/openapi-3.0.json", ""))).body, &doc))
	require.Equal(t, "3.0.3", doc.OpenAPI)
}
