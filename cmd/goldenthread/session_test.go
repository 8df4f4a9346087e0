package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var rewrite = flag.Bool("rewrite", false, "write what the session shows anew")

// TestSession runs the command line as people would, on the example place, and
// compares all that it prints. `go test ./cmd/goldenthread -run Session
// -rewrite` writes what it prints anew; read every line of the difference.
//
//	cd-altrincham$ check --forum locality-board …     as that person
//	   what it prints; ! before what goes to standard error
//	(exit 10)                                          unless it is 0
func TestSession(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	const name = "testdata/session.txt"
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	var got strings.Builder
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			got.WriteString("\n" + line)
		}
		person, command, ok := strings.Cut(strings.TrimSpace(line), "$ ")
		if !ok || strings.HasPrefix(line, " ") || strings.HasPrefix(line, "#") {
			continue
		}
		got.WriteString("\n" + line + p.session(person, command))
	}
	printed := strings.TrimPrefix(got.String(), "\n")
	if *rewrite {
		require.NoError(t, os.WriteFile(name, []byte(printed), 0o644))
		return
	}
	require.Equal(t, string(text), printed)
}

var (
	token   = regexp.MustCompile(`gt_[A-Za-z0-9_-]{43}`)
	address = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	eventID = regexp.MustCompile(`"id":"[0-9a-f-]{36}"`)
	random  = regexp.MustCompile(`\b(token|passkey|account|invitation)/[0-9a-f]{32}`) // a way in: its id is new each time
	today   = regexp.MustCompile(`For \d+ \w+ \d{4}, as known after event \d+\.\n$`)  // as ways says of now
	begun   = regexp.MustCompile(`("goldenthread.access.begun.v1".*?"commandhash":)"[0-9a-f]{64}"`)
)

// session runs one line and gives all that it printed.
func (p *program) session(person, command string) string {
	args, err := words(command)
	require.NoError(p.T, err)
	out, errs, code := p.Run(person, args...)
	var b strings.Builder
	for line := range strings.Lines(out) {
		b.WriteString("   " + line)
	}
	for line := range strings.Lines(errs) {
		b.WriteString(" ! " + line)
	}
	if code != 0 {
		fmt.Fprintf(&b, "(exit %d)\n", code)
	}
	s := address.ReplaceAllString(token.ReplaceAllString(b.String(), "gt_…"), "127.0.0.1:…")
	if args[0] == "ways" {
		s = today.ReplaceAllString(s, "For today, as known after event ….\n")
	}
	s = begun.ReplaceAllString(random.ReplaceAllString(eventID.ReplaceAllString(s, `"id":"…"`), `$1/…`), `$1"…"`)
	return strings.ReplaceAll(s, "   \n", "\n")
}

var word = regexp.MustCompile(`'([^']*)'|(\S+)`)

// words takes a line apart: at spaces, but not within '…'.
func words(line string) ([]string, error) {
	var args []string
	for _, m := range word.FindAllStringSubmatch(line, -1) {
		if m[2] != "" && strings.Contains(m[2], "'") {
			return nil, fmt.Errorf("%q: put the whole word into '…'", line)
		}
		args = append(args, m[1]+m[2])
	}
	return args, nil
}
