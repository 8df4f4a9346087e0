package domain

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "goldenthread"

// mayImport is the one way through: cmd → api → {projections, eventstore} → domain.
var mayImport = map[string][]string{
	"domain":      {},
	"eventstore":  {"domain"},
	"projections": {"domain"},
	"api":         {"projections", "eventstore", "domain"},
	"cmd":         {"api", "projections", "eventstore", "domain"},
}

// mayImportRooms is what the rooms of eventstore and of api may import of each other:
// only what stands above them in the table. "" is the folder itself.
var mayImportRooms = map[string][]string{
	"eventstore/trace":     {},
	"eventstore/commit":    {},
	"eventstore/ledgers":   {"commit"},
	"eventstore/tilelog":   {},
	"eventstore/witness":   {},
	"eventstore/signature": {},
	"eventstore/evidence":  {"signature", "witness"},
	"eventstore/storetest": {},
	"eventstore/stream":    {"commit"},
	"eventstore/keys":      {"commit", "stream"},
	"eventstore/shared":    {"stream", "keys"},
	"eventstore/archive":   {"stream", "keys", "shared"},
	"eventstore/logs":      {"commit", "stream", "keys", "tilelog", "witness", "evidence"},
	"eventstore":           {"commit", "ledgers", "stream", "keys", "shared", "archive", "logs", "tilelog", "witness", "evidence", "trace"},
	"eventstore/recovery":  {"", "commit", "ledgers", "stream", "logs", "tilelog", "signature"},

	"eventstore/simulation": {"", "commit", "stream", "keys", "logs", "tilelog", "witness"},

	"api/mail":       {"web"},
	"api/webhooks":   {"web"},
	"api/lists":      {},
	"api/version":    {},
	"api/paper":      {},
	"api/doctor":     {"mail", "webhooks", "version"},
	"api/web":        {"version"},
	"api/web/signin": {"web"},
	"api/problem":    {"web"},
	"api/traffic":    {},
	"api/caller":     {"web", "problem"},
	"api/operation":  {"web", "problem", "caller"},
	"api/guard":      {"problem", "caller"},
	"api/access":     {"problem", "caller", "operation"},
	"api/registers":  {"problem", "access"},
	"api/identity":   {"web", "web/signin", "problem", "caller", "operation", "guard", "access"},
	"api/feeds":      {"mail", "web", "web/signin", "problem", "caller", "operation", "access", "identity"},
	"api/rest":       {"doctor", "version", "paper", "problem", "caller", "operation", "access", "registers", "identity"},
	"api/pages":      {"mail", "web", "lists", "problem", "caller", "operation", "guard", "access", "registers"},
	"api/setup":      {"doctor", "version", "mail", "web", "lists", "paper", "problem", "caller", "operation", "guard", "access", "identity", "pages"},
	"api":            {"doctor", "webhooks", "version", "paper", "mail", "lists", "web", "problem", "caller", "operation", "guard", "access", "identity", "feeds", "rest", "pages", "setup", "traffic"},
}

// TestRoomsImportOnlyDownward holds every file of eventstore and of api against the
// table. Tests may also use what they share.
func TestRoomsImportOnlyDownward(t *testing.T) {
	seen := map[string]bool{}
	for _, house := range []string{"eventstore", "api"} {
		err := filepath.WalkDir("../"+house, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") {
				return err
			}
			room := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
			allowed, known := mayImportRooms[room]
			if !known {
				t.Errorf("%s lies in no room", path)
				return nil
			}
			seen[room] = true
			for _, imported := range imports(t, path) {
				within, ours := strings.CutPrefix(imported, module+"/"+house)
				to := strings.TrimPrefix(within, "/")
				if !ours || slices.Contains(allowed, to) || strings.HasSuffix(to, "test") && strings.HasSuffix(path, "_test.go") {
					continue
				}
				t.Errorf("%s imports %s: %s may import %v only", path, imported, room, allowed)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != len(mayImportRooms) {
		t.Fatalf("%d rooms of %d were looked at", len(seen), len(mayImportRooms))
	}
}

// TestImportBans reads what every file of the module imports. Test files may
// stand on more than the package itself, but never on what lies above it.
func TestImportBans(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") {
			return err
		}
		layer := strings.Split(filepath.ToSlash(path), "/")[1]
		allowed, known := mayImport[layer]
		if !known {
			t.Errorf("%s lies in no layer", path)
			return nil
		}
		found[layer] = true
		for _, imported := range imports(t, path) {
			within, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			to, _, _ := strings.Cut(within, "/")
			if to != layer && !slices.Contains(allowed, to) {
				t.Errorf("%s imports %s: %s may import %v only", path, imported, layer, allowed)
			}
		}
		return nil
	})
	if err != nil || !found["domain"] {
		t.Fatal("nothing was looked at", err)
	}
}

// TestDomainIsPure: domain stands on the standard library and uuid alone, and
// on no part of it that has a clock of its own, chance, context or I/O.
func TestDomainIsPure(t *testing.T) {
	for _, path := range sources(t) {
		for _, imported := range imports(t, path) {
			first, _, _ := strings.Cut(imported, "/")
			if strings.Contains(first, ".") && imported != "github.com/google/uuid" {
				t.Errorf("%s imports %s", path, imported)
			}
			if slices.Contains([]string{"context", "os", "io", "net", "log", "math/rand", "math/rand/v2", "crypto/rand", "sync"}, imported) || first == "net" {
				t.Errorf("%s imports %s: time, ids and the person who acts come in", path, imported)
			}
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, ban := range []string{"time.Now", "time.Since", "time.Until", "uuid.New()", "uuid.NewRandom", "uuid.NewV7", "uuid.NewV6", "uuid.NewUUID"} {
			if strings.Contains(string(text), ban) {
				t.Errorf("%s has %s", path, ban)
			}
		}
	}
}

func imports(t *testing.T, path string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, i := range f.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, p)
	}
	return paths
}

func sources(t *testing.T) []string {
	all, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(p string) bool { return strings.HasSuffix(p, "_test.go") })
}

// withMethod are the exported types of the package that have the method, by
// what the sources say.
func withMethod(t *testing.T, method string) []string {
	types := map[string]bool{}
	for _, path := range sources(t) {
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range f.Decls {
			fn, ok := decl.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != method {
				continue
			}
			recv := fn.Recv.List[0].Type
			if star, ok := recv.(*ast.StarExpr); ok {
				recv = star.X
			}
			if id, ok := recv.(*ast.Ident); ok && id.IsExported() {
				types[id.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(types))
}

// TestTablesAreWhole: every command is in the table of Commands, every payload
// in that of Kinds, every instrument in Instrument, each once.
func TestTablesAreWhole(t *testing.T) {
	var commands, names, payloads, kinds, instruments []string
	for _, c := range Commands {
		commands, names = append(commands, reflect.TypeOf(c.New()).Elem().Name()), append(names, c.Name)
		if made, ok := NewCommand(c.Name); !ok || CommandName(made) != c.Name {
			t.Errorf("%s can't be found by its name", c.Name)
		}
		if !strings.HasSuffix(c.Say, ".") || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz-") != "" {
			t.Errorf("%s: a name in lower case, and a sentence", c.Name)
		}
	}
	for _, k := range Kinds {
		payloads, kinds = append(payloads, reflect.TypeOf(k.New()).Elem().Name()), append(kinds, k.Name)
		if p, ok := NewPayload(k.Name); !ok || KindOf(p) != k.Name {
			t.Errorf("%s can't be found by its name", k.Name)
		}
		if !strings.HasPrefix(k.Name, "goldenthread.") || !strings.Contains(k.Name, ".v") {
			t.Errorf("%s has no version", k.Name)
		}
	}
	for f := range reflect.TypeFor[Instrument]().Fields() {
		instruments = append(instruments, f.Type.Elem().Name())
	}
	same(t, "commands", withMethod(t, "decide"), commands)
	same(t, "payloads", withMethod(t, "apply"), payloads)
	same(t, "instruments", withMethod(t, "enact"), instruments)
	same(t, "names of commands", slices.Compact(slices.Sorted(slices.Values(names))), names)
	same(t, "names of kinds", slices.Compact(slices.Sorted(slices.Values(kinds))), kinds)
	if _, ok := NewPayload("goldenthread.unknown.v1"); ok {
		t.Error("an unknown kind must stop whoever meets it")
	}
	if _, ok := NewCommand("unknown"); ok {
		t.Error("an unknown command was made")
	}
}

// TestInstrumentsAreAllEnacted: each field of Instrument reaches all().
func TestInstrumentsAreAllEnacted(t *testing.T) {
	var i Instrument
	v := reflect.ValueOf(&i).Elem()
	for n := range v.NumField() {
		v.Field(n).Set(reflect.New(v.Field(n).Type().Elem()))
	}
	if got := len(i.all()); got != v.NumField() {
		t.Errorf("%d of %d instruments would be enacted", got, v.NumField())
	}
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	got = slices.Sorted(slices.Values(got))
	want = slices.DeleteFunc(slices.Clone(want), func(n string) bool { return n == "State" || n == "Ledger" })
	if !slices.Equal(want, got) {
		missing := slices.DeleteFunc(slices.Clone(want), func(n string) bool { return slices.Contains(got, n) })
		t.Errorf("%s: the sources have %d, the table %d; missing %v", what, len(want), len(got), missing)
	}
}
