package recovery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/tilelog"
)

// Rules kept here: L1, L9. A ledger that was exported elsewhere is imported into a store
// that has none of that name, byte by byte: its root stays the same.

// ErrOtherLedger says that the store holds another ledger of the same name.
var ErrOtherLedger = errors.New("there is another ledger of this name here")

// Lines are the lines of one group's ledger, in order from the first.
type Lines = iter.Seq2[[]byte, error]

// An Imported is a ledger that was imported.
type Imported struct {
	Group string
	Tree  tlog.Tree // size and root of what is recorded
}

// Import imports a ledger into the store of these options, which must not be in use.
// Before it writes anything it applies all events in memory and compares their tree with
// the signed one (tilelog.ErrForked). If it is broken off, nothing else opens the store
// until the same import is run again, which completes it. If the store has another ledger
// of that name, the error is ErrOtherLedger.
func Import(ctx context.Context, o eventstore.Options, lines Lines, signed tlog.Tree) (done Imported, err error) {
	entries, tree, err := foldLines(lines)
	if err != nil {
		return done, err
	}
	if tree != signed {
		return done, fmt.Errorf("%w: it has %d events under the root %s, and signed were %d under %s", tilelog.ErrForked, tree.N, tree.Hash, signed.N, signed.Hash)
	}
	done = Imported{entries[0].Event.Group, tree}
	s, err := eventstore.OpenToImport(ctx, o)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	if err := checkBegins(ctx, s.Store, entries); err != nil {
		return done, err
	}
	if err := s.Begin(done.Group); err != nil {
		return done, err
	}
	for rest := entries[s.Next(done.Group):]; len(rest) > 0; {
		portion := rest[:portionOf(rest)]
		if err := s.Append(ctx, done.Group, portion); err != nil {
			return done, err
		}
		rest = rest[len(portion):]
	}
	if _, err := s.AwaitSigned(ctx, done.Group, uint64(done.Tree.N)); err != nil {
		return done, err
	}
	return done, s.Done()
}

// checkBegins returns ErrOtherLedger unless the store's events of the group are the first of
// these.
func checkBegins(ctx context.Context, s *eventstore.Store, entries []commit.Entry) error {
	group := entries[0].Event.Group
	have := s.Next(group)
	if have > uint64(len(entries)) {
		return fmt.Errorf("%w: it has %d events, and %d are brought", ErrOtherLedger, have, len(entries))
	}
	for e, err := range s.Entries(ctx, group, 0, have) {
		if err == nil && !bytes.Equal(e.Line, entries[e.Event.Index].Line) {
			err = fmt.Errorf("%w: event %d is another", ErrOtherLedger, e.Event.Index)
		}
		if err != nil {
			return err
		}
	}
	return s.Stopped(group)
}

// portionOf is how many of the entries go into one commit.
func portionOf(entries []commit.Entry) int {
	size := 0
	for i := range entries {
		if size += len(entries[i].Line) + 1; i > 0 && (size > commit.MostBytes || i >= commit.MostEvents) {
			return i
		}
	}
	return len(entries)
}

// foldLines decodes and checks the lines, applies them to a ledger, and returns their
// entries and their tree.
func foldLines(lines Lines) (entries []commit.Entry, tree tlog.Tree, err error) {
	var built tilelog.Compact
	var ledger *domain.Ledger
	var check LineCheck
	for line, err := range lines {
		if err == nil {
			err = check.Line(int64(len(entries)), line)
		}
		if err != nil {
			return nil, tree, fmt.Errorf("line %d: %w", len(entries)+1, err)
		}
		e, err := commit.Decode(line)
		if err != nil {
			return nil, tree, err
		}
		if ledger == nil {
			ledger = domain.NewLedger(e.Group)
		}
		if err := ledgers.Apply(ledger, &e); err != nil {
			return nil, tree, fmt.Errorf("line %d: %w", len(entries)+1, err)
		}
		built.Add(tlog.RecordHash(line))
		entries = append(entries, commit.Entry{Event: e, Line: line})
	}
	if len(entries) == 0 {
		return nil, tree, errors.New("there are no events in it")
	}
	if last := entries[len(entries)-1].Event.Time; last.After(time.Now().Add(eventstore.ClockBehind)) {
		return nil, tree, fmt.Errorf("its last event is of %s, which is still to come", last.Format(commit.TimeLayout))
	}
	return entries, built.Tree(), nil
}
