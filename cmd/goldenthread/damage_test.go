package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/api"
	"goldenthread/api/access"
	"goldenthread/api/identity"
	"goldenthread/cmd/internal/folder"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
	"goldenthread/eventstore/keys"
)

// damageEnv has every damage be tried where it is set. Otherwise one of damageSome is, and each to
// what is kept of people's ways in.
const (
	damageEnv  = "GOLDENTHREAD_FLIPS"
	damageSome = 24
)

// damages are what is done to a file. The other is one of the same sort.
var damages = map[string]func(is, other []byte, blocks bool) []byte{
	"a flipped byte near the start": func(is, _ []byte, blocks bool) []byte { return flipped(is, len(is)/9, blocks) },
	"a flipped byte near the end":   func(is, _ []byte, blocks bool) []byte { return flipped(is, len(is)*8/9, blocks) },
	"cut in half":                   func(is, _ []byte, _ bool) []byte { return is[:len(is)/2] },
	"doubled":                       func(is, _ []byte, _ bool) []byte { return slices.Concat(is, is) },
	"swapped":                       func(_, other []byte, _ bool) []byte { return other },
	"deleted":                       func([]byte, []byte, bool) []byte { return nil },
}

// flipped has one bit flipped at that place. In a block of messages it is none of the upper
// bytes of a sequence number: the stream server (2.15.2) sets aside memory for as many messages
// as seem to be missing, without bound.
func flipped(b []byte, at int, blocks bool) []byte {
	b = bytes.Clone(b)
	for record := 0; blocks && record+12 < len(b); {
		if at >= record+7 && at < record+12 {
			at = record + 12
		}
		length := int(binary.LittleEndian.Uint32(b[record:]) &^ (1 << 31))
		if length == 0 {
			break
		}
		record += length
	}
	if at < len(b) {
		b[at] ^= 4
	}
	return b
}

// TestDamageToEveryFileOfAnInstallation damages each file of a data folder, in every way, and each
// file of the ledgers' stream together with each of the log. What is answered then is right, or it is refused
// and said so; nothing is missing without a word. It prints the table.
func TestDamageToEveryFileOfAnInstallation(t *testing.T) {
	if testing.Short() {
		t.Skip("it is long")
	}
	base := unpacked(t, "testdata/releases/0.1.0.tar.gz")
	keepDocument(t, base)
	want := lookedAt(t, base)
	require.Empty(t, want.said, "nothing is damaged yet")
	require.Len(t, want.tokens, 2)
	files := filesIn(t, base)
	var ledger []string
	for _, name := range files {
		if strings.Contains(name, "/LEDGER/") {
			ledger = append(ledger, name)
		}
	}
	require.Len(t, ledger, 4)
	all := os.Getenv(damageEnv) != ""
	table := map[string]map[string]int{}
	tried := 0
	try := func(kind, how string, names ...string) {
		if tried++; !all && tried%damageSome != 0 && kind != "ACCESS 1.blk" {
			return
		}
		dir := t.TempDir()
		require.NoError(t, os.CopyFS(dir, os.DirFS(base)))
		for _, name := range names {
			damageFile(t, base, dir, name, otherOf(files, name), how)
		}
		came := want.heldAgainst(lookedAt(t, dir))
		if table[kind] == nil {
			table[kind] = map[string]int{}
		}
		table[kind][came]++
		if strings.HasPrefix(came, "WRONG") {
			t.Errorf("%s %s: %s", strings.Join(names, " and "), how, came)
		}
		require.NoError(t, os.RemoveAll(dir))
	}
	for _, how := range slices.Sorted(maps.Keys(damages)) {
		for _, name := range files {
			try(kindOfFile(name), how, name)
			for _, stream := range ledger {
				if strings.HasPrefix(name, "log/") {
					try(kindOfFile(stream)+" and "+kindOfFile(name), how, stream, name)
				}
			}
		}
	}
	var text strings.Builder
	for _, kind := range slices.Sorted(maps.Keys(table)) {
		for _, came := range slices.Sorted(maps.Keys(table[kind])) {
			fmt.Fprintf(&text, "\n%-38s %4d  %s", kind, table[kind][came], came)
		}
	}
	t.Logf("damage, and what came of it:%s", &text)
}

// filesIn are the folder's files that hold anything.
func filesIn(t *testing.T, dir string) (names []string) {
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = d.Info(); err == nil && info.Size() > 0 {
				names = append(names, name)
			}
		}
		return err
	}))
	return names
}

// otherOf is another file of the same name, or else of the same ending.
func otherOf(files []string, name string) string {
	for _, like := range []func(string) string{filepath.Base, filepath.Ext} {
		for _, other := range files {
			if other != name && like(other) == like(name) {
				return other
			}
		}
	}
	return files[0]
}

// kindOfFile is what the table says of a file: streams by their names, the log's files by their sorts.
func kindOfFile(name string) string {
	parts := strings.Split(name, "/")
	switch {
	case strings.Contains(name, "/streams/"):
		return parts[4] + " " + parts[len(parts)-1]
	case strings.Contains(name, "tile/entries"):
		return "log bundle"
	case strings.Contains(name, "tile/"):
		return "log tile"
	}
	return strings.TrimPrefix(name, "log/example/")
}

func damageFile(t *testing.T, base, dir, name, other, how string) {
	is, err := os.ReadFile(filepath.Join(base, name))
	require.NoError(t, err)
	instead, err := os.ReadFile(filepath.Join(base, other))
	require.NoError(t, err)
	path := filepath.Join(dir, name)
	if becomes := damages[how](is, instead, strings.HasSuffix(name, ".blk")); becomes != nil {
		require.NoError(t, os.WriteFile(path, becomes, 0o600))
		return
	}
	require.NoError(t, os.Remove(path))
}

// A look is what an installation answers when it is opened.
type look struct {
	refused  error // it does not start
	stopped  error // the group is stopped
	lines    string
	chair    domain.PersonalData
	chairErr error
	tokens   []string
	operator string
	document string // how its bytes are found
	said     string // warnings and errors in its log
}

// lookedAt opens the folder as serve does, and asks.
func lookedAt(t *testing.T, dir string) (l look) {
	for _, secret := range []string{"wrapping.key", "signing.key", "backup.key", "operator-token", "tokens.json"} {
		if err := os.Chmod(filepath.Join(dir, secret), 0o600); !errors.Is(err, fs.ErrNotExist) {
			require.NoError(t, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var said logBuffer
	defer func() { l.said = said.String() }()
	if l.refused = checkWhole(dir); l.refused != nil {
		return l
	}
	log := slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelWarn}))
	store, groups, err := folder.Open(ctx, eventstore.Options{Dir: dir, ClockConfirmed: true, Log: log})
	if err != nil {
		return look{refused: err}
	}
	defer func() { require.NoError(t, folder.Close(store)) }()
	tokens, err := identity.OpenTokens(ctx, store)
	if err != nil {
		return look{refused: err}
	}
	feeds, err := identity.OpenFeedKeys(ctx, store)
	if err != nil {
		return look{refused: err}
	}
	signIn, err := identity.OpenSignIn(ctx, store)
	if err != nil {
		return look{refused: err}
	}
	key, err := archive.OpenKey(filepath.Join(dir, backupKeyFile))
	if err != nil {
		return look{refused: err}
	}
	server := api.New(api.Options{Store: store, Groups: groups, Tokens: tokens, Feeds: feeds, SignIn: signIn, BackupKey: key, OnRecord: true, Log: log})
	if l.stopped = store.Stopped("example"); l.stopped == nil {
		if err := server.BeginAccess(ctx); err != nil {
			log.Warn("ways in", "error", err)
		}
	}
	l.operator = tokens.Operator()
	for _, k := range tokens.Tokens.All {
		l.tokens = append(l.tokens, k.Hash)
	}
	if l.stopped != nil {
		return l
	}
	l.document = documentHeld(ctx, store)
	var lines bytes.Buffer
	for e, err := range store.Entries(ctx, "example", 0, store.Next("example")) {
		if err != nil {
			l.stopped = err
			return l
		}
		lines.Write(e.Line)
	}
	l.lines = lines.String()
	g, err := groups.Now(ctx, "example", nil)
	if err != nil {
		l.stopped = err
		return l
	}
	if chair := g.State().Person("chair"); chair != nil {
		l.chair, l.chairErr = store.OpenPersonal(chair.ID, chair.Sealed)
	}
	return l
}

// attached is a document that the folder keeps.
var (
	attached      = []byte("%PDF-1.7 The minutes of the meeting of 5 January.")
	attachedNamed = &domain.Document{Name: "minutes.pdf", SHA256: access.HashOf(attached), MediaType: "application/pdf", Bytes: int64(len(attached))}
)

const otherBytes = "here, with other bytes"

func documentsOf(store *eventstore.Store) *access.Documents {
	return access.NewDocuments(func() (jetstream.JetStream, error) { return jetstream.New(store.Conn()) }, 1)
}

// keepDocument has the folder keep the document.
func keepDocument(t *testing.T, dir string) {
	store, _, err := folder.Open(t.Context(), eventstore.Options{Dir: dir, ClockConfirmed: true, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	kept, err := documentsOf(store).Mend(t.Context(), "example", attachedNamed, attached)
	require.NoError(t, err)
	require.True(t, kept)
	require.NoError(t, folder.Close(store))
}

// documentHeld is where the document's bytes are, or why that can't be said.
func documentHeld(ctx context.Context, store *eventstore.Store) string {
	b, held, err := documentsOf(store).Bytes(ctx, "example", attachedNamed)
	switch {
	case err != nil:
		return err.Error()
	case held == access.HeldHere && !bytes.Equal(b, attached):
		return otherBytes
	}
	return string(held)
}

// heldAgainst says in words what came of damage, given what was answered before.
func (l *look) heldAgainst(now look) string {
	var unreadable *keys.Unreadable
	switch said := now.said != ""; {
	case now.refused != nil:
		return "refused at start, in a sentence"
	case now.stopped != nil:
		return "the group is stopped, and named"
	case now.lines != l.lines:
		return "WRONG: other events"
	case errors.As(now.chairErr, &unreadable):
		return "a name can't be read, which is said"
	case now.chairErr != nil:
		return "WRONG: a name is gone: " + now.chairErr.Error()
	case now.chair != l.chair:
		return "WRONG: another name"
	case !slices.Equal(now.tokens, l.tokens) && !said:
		return "WRONG: tokens are others, without a word"
	case !slices.Equal(now.tokens, l.tokens):
		return "who gets in is lost, which is said"
	case now.document == otherBytes:
		return "WRONG: another document"
	case now.document != l.document:
		return "a document is missing or damaged, which is said"
	case now.operator != l.operator:
		return "the operator has another token"
	case said:
		return "mended, and said"
	}
	return "of no effect: all is as it was"
}

// A logBuffer is a log that is written to by many.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
