package operation

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"goldenthread/domain"
)

// EventSchemas describes the data of every type of event: a JSON Schema for
// each, by the type's name.
func EventSchemas() ([]byte, error) {
	r := newRegistry("#/$defs/")
	types := map[string]*huma.Schema{}
	for _, k := range domain.Kinds {
		t := TypeOf(k.New())
		complete(r, r.Schema(t, false, ""), t)
		types[k.Name] = r.Schema(t, true, "")
	}
	return json.Marshal(map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": r.Map(), "types": types}, json.Deterministic(true))
}

// newRegistry names the schemas after their types. Where two packages have a
// type of the same name, the one that comes later has its package in front.
func newRegistry(prefix string) huma.Registry {
	taken := map[string]reflect.Type{}
	r := huma.NewMapRegistry(prefix, func(t reflect.Type, hint string) string {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		name := huma.DefaultSchemaNamer(t, hint)
		if other, ok := taken[name]; ok && other != t {
			name = huma.DefaultSchemaNamer(t, hint) + "Of" + huma.DefaultSchemaNamer(reflect.TypeFor[struct{}](), path.Base(t.PkgPath()))
		}
		taken[name] = t
		return name
	})
	r.RegisterTypeAlias(reflect.TypeFor[domain.Day](), reflect.TypeFor[day]())
	return r
}

// day describes a domain.Day.
type day string

func (day) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^([0-9]{4}-[0-9]{2}-[0-9]{2})?$`, Description: "a London day; empty: none", Examples: []any{"2026-03-09"},
	}
}

var dayType = reflect.TypeFor[domain.Day]()

// TypeOf is the type that the pointer points to.
func TypeOf(v any) reflect.Type { return reflect.TypeOf(v).Elem() }

// JSONRequest describes a request body of that type.
func JSONRequest(r huma.Registry, t reflect.Type) *huma.RequestBody {
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: r.Schema(t, true, "")}}}
}

// complete adds what huma leaves out: it tells the fields of embedded structs
// apart by their names in Go, JSON by their names in JSON.
func complete(r huma.Registry, s *huma.Schema, t reflect.Type) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			complete(r, s, f.Type)
		case name != "" && name != "-" && s.Properties[name] == nil:
			s.Properties[name] = huma.SchemaFromField(r, f, "")
			if !strings.Contains(options, "omit") {
				s.Required = append(s.Required, name)
			}
		}
	}
}

// JSONResponse describes an answer of that type, with what caching needs.
func JSONResponse(r huma.Registry, t reflect.Type) map[string]*huma.Response {
	complete(r, r.Schema(t, false, ""), t)
	return map[string]*huma.Response{
		"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: r.Schema(t, true, "")}}},
		"304": {Description: "Not changed since the entity tag in If-None-Match"},
	}
}
