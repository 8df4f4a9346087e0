package domain

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestEveryTextIsRead: of every command that any script has recorded, every text
// is set to nothing but an unseen character, and then has a character put into it
// that turns the order of what follows. Neither may be recorded, whatever it is
// that the text names.
func TestEveryTextIsRead(t *testing.T) {
	tried := map[string]bool{}
	for _, path := range scripts(t) {
		m := newMinutes(t)
		m.accepted = func(r *Request) {
			if m.name != filepath.Base(path) {
				return // given, and tried in its own script
			}
			for _, text := range textsOf(reflect.ValueOf(r.Command).Elem(), "") {
				was := text.get()
				for _, odd := range []string{"\u200b", was + "\u202e"} {
					tried[text.path] = true
					text.set(odd)
					if d := m.ledger.Decide(r, m.now); d.Refusal == nil {
						t.Errorf("%s:%d: %s is recorded as %+q", m.name, m.line, text.path, odd)
					}
				}
				text.set(was)
			}
		}
		m.runFile(path)
	}
	for _, k := range Commands {
		for _, path := range pathsOf(reflect.TypeOf(k.New()).Elem(), "", 0) {
			if path != "Signature.statement" && !tried[path] { // which is compared with what was to be signed
				t.Errorf("no script records a command with %s", path)
			}
		}
	}
}

// A text is one string in a command.
type text struct {
	path string
	get  func() string
	set  func(string)
}

func textsOf(v reflect.Value, path string) []text {
	var all []text
	switch v.Kind() {
	case reflect.String:
		all = append(all, text{path, v.String, v.SetString})
	case reflect.Pointer:
		if !v.IsNil() {
			all = textsOf(v.Elem(), path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				all = append(all, textsOf(v.Field(i), pathTo(path, v.Type(), f))...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, textsOf(v.Index(i), path+"[]")...)
		}
		if v.Type().Elem().Kind() == reflect.String {
			was := reflect.ValueOf(v.Interface())
			all = append(all, text{path + "[]", func() string { return "" }, func(s string) {
				if v.Set(was); s != "" {
					v.Set(reflect.Append(was.Slice3(0, was.Len(), was.Len()), reflect.ValueOf(s).Convert(v.Type().Elem())))
				}
			}})
		}
	}
	return all
}

// pathTo is the member's name in the type that holds it: what one type reads is
// read alike wherever it is part of a command.
func pathTo(path string, in reflect.Type, f reflect.StructField) string {
	if f.Anonymous {
		return path
	}
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return in.Name() + "." + name
}

func pathsOf(t reflect.Type, path string, deep int) []string {
	switch {
	case deep > 12:
		return nil
	case t.Kind() == reflect.String:
		return []string{path}
	case t.Kind() == reflect.Pointer:
		return pathsOf(t.Elem(), path, deep+1)
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		return pathsOf(t.Elem(), path+"[]", deep+1)
	case t.Kind() != reflect.Struct:
		return nil
	}
	var all []string
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
			all = append(all, pathsOf(f.Type, pathTo(path, t, f), deep+1)...)
		}
	}
	return all
}
