package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"

	"goldenthread/api/identity"
	"goldenthread/domain"
)

const project = "../.." // from here

// assure runs the command on a folder with one ledger, and gives what it says to people and
// to programs.
func assure(t *testing.T, args ...string) (page string, is assurance) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "log", "trafford"), 0o700))
	said := func(more ...string) []byte {
		root := rootCommand()
		var out bytes.Buffer
		root.SetOut(&out)
		root.SetArgs(slices.Concat([]string{"assurance", "--data", dir}, args, more))
		require.NoError(t, root.Execute())
		return out.Bytes()
	}
	require.NoError(t, json.Unmarshal(said("--json"), &is))
	return string(said()), is
}

// everything is every setting that says more.
func everything(t *testing.T) []string {
	signer, err := torchwood.NewCosignatureSigner("lmc.example/witness", ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	require.NoError(t, err)
	return []string{
		"--behind-proxy", "--origin", "https://thread.example.org", "--listen", "0.0.0.0:8080", "--contact", "mailto:security@example.org", "--no-token-sign-in",
		"--mail-server", "smtp.example.org:587", "--mail-from", "board@example.org", "--backup-to", t.TempDir(),
		"--oidc-issuer", "https://accounts.example.org/tenant", "--oidc-client", "thread", "--oidc-people", "accounts.json",
		"--nats", "nats://me:s3cret@nats-1.example.org:4222,tls://nats-2.example.org:4222", "--replicas", "3",
		"--witness", "https://me:s3cret@lmc.example.org," + signer.Verifier().String(), "--quorum", "1",
		"--access-log", "--client-addresses", "--nats-listen", "127.0.0.1:4222", "--nats-listen-credentials", settingsFile(t, ""),
	}
}

// TestAssurance: each statement's place and test are in the tree, nothing personal is left
// out, and what is said follows the settings.
func TestAssurance(t *testing.T) {
	bare, little := assure(t)
	full, much := assure(t, everything(t)...)
	named := map[string]bool{}
	for _, a := range []assurance{little, much} {
		require.NotEmpty(t, a.OnlyYou)
		for _, s := range a.Sections {
			require.True(t, s.Intro != "" || len(s.Facts) > 0, s.Title)
			for _, f := range s.Facts {
				require.NotEmpty(t, f.Says)
				requireProved(t, f.proof, f.Says)
			}
			for _, d := range s.Personal {
				requireProved(t, d.proof, d.Data)
				require.NotContains(t, []string{d.Lies, d.Key, d.Erased, d.Kept}, "", d.Data)
				for _, name := range d.Names {
					named[name] = true
				}
			}
		}
	}
	for _, name := range append(append(personalMembers(t), identity.Files()...), identity.Passing()...) {
		require.True(t, named[name], "%s is not in the list of personal data", name)
	}

	for _, says := range []string{"nothing is mailed", "None by the settings", "**trafford**", "answers on this machine only", "--backup-to is not given", "It has no name, address, telephone number or device."} {
		require.Contains(t, bare, says)
	}
	for _, says := range []string{"smtp.example.org", "accounts.example.org", "nats-1.example.org:4222, nats-2.example.org:4222", "lmc.example/witness at lmc.example.org", "By you: take the line out", "TLS by a proxy", "24 hours to /",
		"NATS inside this program, at 127.0.0.1:4222", "network address that each request came from", "its network addresses are personal data"} {
		require.Contains(t, unbroken(full), says)
		require.NotContains(t, unbroken(bare), says)
	}
	require.NotContains(t, full, "s3cret")
	for _, only := range []string{"Cyber Essentials", "DSPT", "ICO registration", "Penetration test"} {
		require.Contains(t, bare, "-  "+only)
	}
}

// unbroken is the text with single spaces, however it is broken into lines.
func unbroken(text string) string { return strings.Join(strings.Fields(text), " ") }

// Settings that serve refuses are no facts.
func TestAssuranceRefusesWhatServeRefuses(t *testing.T) {
	for why, args := range map[string][]string{
		"other machines": {"--listen", "0.0.0.0:8080"},
		"--backup-to":    {"--backup-to", filepath.Join(t.TempDir(), "nowhere")},
		"--witness":      {"--witness", "nobody"},
		"no folder":      {"--data", filepath.Join(t.TempDir(), "nowhere")},
	} {
		root := rootCommand()
		root.SetArgs(append([]string{"assurance", "--data", t.TempDir()}, args...))
		require.ErrorContains(t, root.Execute(), why)
	}
}

// requireProved finds the place and the test in the tree.
func requireProved(t *testing.T, p proof, says string) {
	file, name, _ := strings.Cut(p.Place, " ")
	if strings.HasSuffix(file, ".go") && !strings.Contains(name, " ") {
		require.Contains(t, declared(t, filepath.Join(project, file)), name, "%s: %s", says, p.Place)
	} else {
		b, err := os.ReadFile(filepath.Join(project, file))
		require.NoError(t, err, says)
		require.True(t, name != "" && bytes.Contains(b, []byte(name)), "%s: %s", says, p.Place)
	}
	folder, name, _ := strings.Cut(p.Test, " ")
	files, err := filepath.Glob(filepath.Join(project, folder, "*_test.go"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(name, "Test") && slices.ContainsFunc(files, func(file string) bool { return slices.Contains(declared(t, file), name) }), "%s: %s", says, p.Test)
}

var parsed = map[string][]string{}

// declared are the names that a file of Go declares, methods among them.
func declared(t *testing.T, file string) []string {
	if names, ok := parsed[file]; ok {
		return names
	}
	f, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var names []string
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				switch s := s.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name.Name)
				case *ast.ValueSpec:
					for _, n := range s.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	parsed[file] = names
	return names
}

// personalMembers are the members of what is sealed, and of all events about a person.
func personalMembers(t *testing.T) (names []string) {
	add := func(_ reflect.Type, name string) { names = append(names, name) }
	sealed := reflect.TypeFor[domain.PersonalData]()
	eachMember(sealed, false, add)
	carries := 0
	for _, k := range domain.Commands {
		eachMember(reflect.TypeOf(k.New()), true, func(of reflect.Type, _ string) {
			if of == sealed {
				carries++
			}
		})
	}
	require.NotZero(t, carries)
	for _, k := range domain.Kinds {
		p := k.New()
		for _, member := range reflect.ValueOf(p).Elem().Fields() { // any of them can say what the event is about
			switch member.Kind() {
			case reflect.String:
				member.SetString("D1")
			case reflect.Slice:
				member.Set(reflect.MakeSlice(member.Type(), 1, 1))
			}
		}
		eachMember(reflect.TypeOf(p), true, func(of reflect.Type, name string) {
			require.NotEqual(t, sealed, of, "%s has %s in the clear", k.Name, name)
			if name == "sealed" {
				names = append(names, name)
			}
		})
		if strings.HasPrefix(p.Subject(), "person/") {
			eachMember(reflect.TypeOf(p), false, add)
		}
	}
	require.Subset(t, names, []string{"name", "email", "phone", "sealed", "handle", "publicKey", "way", "matters"})
	return names
}

// eachMember gives the type and the name in JSON of each member; with deep, of those within it too.
func eachMember(of reflect.Type, deep bool, f func(of reflect.Type, name string)) {
	eachWithin(of, deep, map[reflect.Type]bool{}, f)
}

func eachWithin(of reflect.Type, deep bool, seen map[reflect.Type]bool, f func(reflect.Type, string)) {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice || of.Kind() == reflect.Map {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || seen[of] {
		return
	}
	seen[of] = true
	for i := range of.NumField() {
		field := of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		inner := field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if name != "" && name != "-" {
			f(inner, name)
		}
		if deep || field.Anonymous && name == "" {
			eachWithin(inner, deep, seen, f)
		}
	}
}

// TestAssuranceOfNothingClinical: of patients the ledger has numbers alone.
func TestAssuranceOfNothingClinical(t *testing.T) {
	clinical := regexp.MustCompile(`(?i)patient|nhs.?number|clinic|diagnos|medic|symptom|treatment|birth`)
	found := 0
	look := func(of reflect.Type, name string) {
		if clinical.MatchString(name) && of.Kind() != reflect.Bool {
			found++
			require.Equal(t, reflect.Int, of.Kind(), name)
		}
	}
	for _, k := range domain.Commands {
		eachMember(reflect.TypeOf(k.New()), true, look)
	}
	for _, k := range domain.Kinds {
		eachMember(reflect.TypeOf(k.New()), true, look)
	}
	require.NotZero(t, found, "the test must see what is there")
}

// TestAssuranceOfConnections: the server opens connections only where the statements say.
func TestAssuranceOfConnections(t *testing.T) {
	opens := regexp.MustCompile(`http\.(Client\{|Get\(|Post\(|Head\(|DefaultClient|DefaultTransport|Transport\{)|(net|tls)\.Dial|nats\.Connect\(|smtp\.[A-Z]|gomail\.NewClient\(|TileFetcher\(|exec\.Command`)
	var found, said []string
	for _, room := range []string{"api", "domain", "eventstore", "projections", "cmd/internal/folder"} {
		require.NoError(t, filepath.WalkDir(filepath.Join(project, room), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "node_modules" {
				return errorOrSkip(err)
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			b, err := os.ReadFile(path)
			if opens.Match(b) {
				found = append(found, filepath.ToSlash(strings.TrimPrefix(path, filepath.Clean(project)+string(filepath.Separator))))
			}
			return err
		}))
	}
	for _, place := range outward {
		requireProved(t, proof{place, theTest}, "a connection")
		file, _, _ := strings.Cut(place, " ")
		said = append(said, file)
	}
	require.ElementsMatch(t, said, found)
}

func errorOrSkip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}
