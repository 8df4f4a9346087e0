package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Mutation testing of the rules: one condition of package domain is reversed at a
// time, and a test of the rules or of the read models must fail. A change that none notices is printed, to be
// looked at: a test is missing, or the condition has no effect.

const (
	mutantsEnv     = "GOLDENTHREAD_MUTANTS"      // how many
	mutantsSeed    = "GOLDENTHREAD_MUTANTS_SEED" // another seed is another choice
	mutantsIn      = "GOLDENTHREAD_MUTANTS_IN"   // files of package domain, as a pattern; else all
	mutantsPassing = 0.9                         // of them at least this share must be noticed
)

// stages are the tests that a mutant goes through, the quick ones first.
var stages = [][]string{
	{"./domain", "-run", "Minutes"},
	{"./domain", "-skip", "Minutes"},
	{"./domain/model"},
	{"./projections"},
}

func TestMutantsAreNoticed(t *testing.T) {
	wanted, err := strconv.Atoi(os.Getenv(mutantsEnv))
	if err != nil {
		t.Skip("set " + mutantsEnv + " to how many, or run make mutants")
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv(mutantsSeed), "0"), 10, 64)
	require.NoError(t, err)
	all := mutantsOf(t, "../../domain/"+cmp.Or(os.Getenv(mutantsIn), "*")+".go")
	rand.New(rand.NewPCG(seed, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	tried, noticed := 0, 0
	for _, m := range all {
		if tried == wanted {
			break
		}
		switch by := m.noticedBy(t); by {
		case "no program":
		case "":
			tried++
			t.Logf("not noticed: %s", m.say)
		default:
			tried++
			noticed++
			t.Logf("noticed by %s: %s", by, m.say)
		}
	}
	t.Logf("%d of %d mutants were noticed, of %d that could be made", noticed, tried, len(all))
	require.GreaterOrEqual(t, float64(noticed), mutantsPassing*float64(tried))
}

// A mutant is one file of the program with one condition reversed.
type mutant struct {
	file string // its absolute path
	text []byte
	say  string // where, and what became what
}

// noticedBy are the tests that fail with the mutant: "" if none do, and "no program" if
// it can't be built.
func (m *mutant) noticedBy(t *testing.T) string {
	changed := filepath.Join(t.TempDir(), "changed.go")
	require.NoError(t, os.WriteFile(changed, m.text, 0o600))
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	text, err := json.Marshal(map[string]map[string]string{"Replace": {m.file: changed}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(overlay, text, 0o600))
	for _, stage := range stages {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute) // a mutant can loop for ever
		c := exec.CommandContext(ctx, "go", append([]string{"test", "-overlay", overlay, "-vet=off", "-failfast", "-count=1"}, stage...)...)
		c.Dir, c.WaitDelay = "../..", time.Second
		out, err := c.CombinedOutput()
		timedOut := ctx.Err() != nil
		cancel()
		var exit *exec.ExitError
		switch {
		case err == nil:
		case bytes.Contains(out, []byte("[build failed]")):
			return "no program"
		case timedOut:
			return "running out of time, " + strings.Join(stage, " ")
		case errors.As(err, &exit):
			return strings.Join(stage, " ")
		default:
			require.NoError(t, err)
		}
	}
	return ""
}

// reversed says what each operator becomes.
var reversed = map[token.Token]token.Token{
	token.EQL: token.NEQ, token.NEQ: token.EQL, token.LSS: token.LEQ, token.LEQ: token.LSS,
	token.GTR: token.GEQ, token.GEQ: token.GTR, token.LAND: token.LOR, token.LOR: token.LAND,
}

// mutantsOf are all mutants of the files, tests left out.
func mutantsOf(t *testing.T, pattern string) (all []*mutant) {
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		file, err := filepath.Abs(name)
		require.NoError(t, err)
		positions := token.NewFileSet()
		parsed, err := parser.ParseFile(positions, name, text, 0)
		require.NoError(t, err)
		replace := func(at token.Pos, was, becomes string) {
			p := positions.Position(at)
			line := strings.TrimSpace(strings.Split(string(text), "\n")[p.Line-1])
			all = append(all, &mutant{
				file: file, text: bytes.Join([][]byte{text[:p.Offset], []byte(becomes), text[p.Offset+len(was):]}, nil),
				say: fmt.Sprintf("%s:%d:%d: %s became %q in: %s", filepath.Base(name), p.Line, p.Column, was, becomes, line),
			})
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if other, ok := reversed[n.Op]; ok {
					replace(n.OpPos, n.Op.String(), other.String())
				}
			case *ast.IfStmt:
				replace(n.Body.Lbrace, "{", "== false {")
			case *ast.UnaryExpr:
				if n.Op == token.NOT {
					replace(n.OpPos, "!", "")
				}
			case *ast.Ident:
				if n.Name == "true" || n.Name == "false" {
					replace(n.Pos(), n.Name, map[string]string{"true": "false", "false": "true"}[n.Name])
				}
			}
			return true
		})
	}
	return all
}
