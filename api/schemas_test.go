package api

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// The schema of each command, and of what it is made of, says what its description in the
// rules says: what is asked, what it means, what can be chosen, how much fits and what is
// needed.
func TestCommandSchemasAreTheDescription(t *testing.T) {
	w := newWorld(t)
	type schema struct {
		Ref                string `json:"$ref"`
		Title, Description string
		MaxLength          int
		MaxItems           int
		Maximum            float64
		Enum               []string
		Required           []string
		Items              *schema
		Properties         map[string]*schema
	}
	var doc struct {
		Components struct{ Schemas map[string]*schema }
		Paths      map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct{ Schema *schema }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(w.must(200, w.send(w.request("", "GET", "/openapi.json", ""))).body, &doc))
	resolve := func(s *schema) *schema {
		if s.Ref == "" {
			return s
		}
		return doc.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	members := 0
	var compare func(at string, s *schema, f *domain.Form)
	compare = func(at string, s *schema, f *domain.Form) {
		var required []string
		require.Len(t, s.Properties, len(f.Fields), at)
		for i := range f.Fields {
			field := &f.Fields[i]
			if field.Needed {
				required = append(required, field.Name)
			}
			m, at := s.Properties[field.Name], at+"."+field.Name
			require.NotNil(t, m, at)
			members++
			if field.Doc != "" {
				require.Equal(t, field.Doc, m.Description, at)
			}
			if m.Ref == "" {
				require.Equal(t, field.Ask, m.Title, at)
			}
			require.Equal(t, field.Most, max(m.MaxLength, m.MaxItems), at)
			if _, most, bounded := field.Range(); bounded {
				require.Equal(t, float64(most), m.Maximum, at)
			}
			each := cmp.Or(m.Items, m)
			for _, c := range field.Choices {
				require.True(t, field.Kind == domain.YesField || slices.Contains(each.Enum, c.Value), at)
			}
			if field.Each != nil {
				compare(at, resolve(each), field.Each)
			}
		}
		require.ElementsMatch(t, required, s.Required, at)
	}
	for _, kind := range domain.Commands {
		of := doc.Paths["/v1/groups/{group}/commands/"+kind.Name].Post.RequestBody.Content["application/json"].Schema
		require.NotNil(t, of, kind.Name)
		compare(kind.Name, resolve(of), domain.Describe(kind.New()))
	}
	require.Greater(t, members, 300)
}

// Every example of an answer has what its schema requires, and nothing that the schema does not
// have. They are written anew by go test ./cmd/goldenthread -run Examples -rewrite.
func TestExamplesFitTheirSchemas(t *testing.T) {
	w := newWorld(t)
	var doc struct {
		Components struct{ Schemas map[string]*exampleSchema }
		Paths      map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct {
					Schema  *exampleSchema
					Example any
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal(w.must(200, w.send(w.request("", "GET", "/openapi.json", ""))).body, &doc))
	fitted := 0
	for path, methods := range doc.Paths {
		for _, op := range methods {
			for status, response := range op.Responses {
				is := response.Content["application/json"]
				if strings.HasPrefix(status, "2") && is.Example != nil {
					is.Schema.fits(t, doc.Components.Schemas, path, is.Example)
					fitted++
				}
			}
		}
	}
	require.Greater(t, fitted, 100)
}

// An exampleSchema is as much of a schema as examples are held against.
type exampleSchema struct {
	Ref        string `json:"$ref"`
	Required   []string
	Items      *exampleSchema
	Properties map[string]*exampleSchema
}

func (s *exampleSchema) fits(t *testing.T, all map[string]*exampleSchema, at string, v any) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		s = all[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range s.Required {
			require.Contains(t, v, name, at)
		}
		for name, member := range v {
			if s.Properties != nil {
				require.Contains(t, s.Properties, name, at)
			}
			s.Properties[name].fits(t, all, at+"."+name, member)
		}
	case []any:
		for _, one := range v {
			s.Items.fits(t, all, at+"[]", one)
		}
	}
}
