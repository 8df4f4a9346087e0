package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sort"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/domain"
	"goldenthread/eventstore/tilelog"
)

// What a ledger says is read from the group's tile log, in order and proved, as
// far as the log is signed; the rest from the stream. If the log's files are not
// what was signed, the stream is read instead: it is the truth.

// decodeAhead is how many bundles are decoded beside the one that is read.
const decodeAhead = 2

// Line is the exact stored bytes of an event. ErrNoEvent says that there is
// none (yet), *Stopped that the ledger ends before it.
func (s *Store) Line(ctx context.Context, group string, index uint64) ([]byte, error) {
	at, err := s.places.find(group, index)
	if err != nil {
		return nil, err
	}
	if at.sequence == 0 {
		return s.logLine(group, index)
	}
	lines, err := s.streamLines(ctx, group, index, index+1)
	if err != nil {
		return nil, err
	}
	return lines[0], nil
}

// logLine is an event's line as the log proves it.
func (s *Store) logLine(group string, index uint64) (line []byte, err error) {
	log, err := s.Log(group)
	if err != nil {
		return nil, err
	}
	for line, err = range log.Entries(int64(index), int64(index)+1) {
	}
	return line, err
}

// IndexAt is the number of the group's events that were recorded at or before
// t: the ledger as known at t holds the events before that index.
func (s *Store) IndexAt(group string, t time.Time) (uint64, error) {
	n, ok := s.places.recordedBy(group, t)
	if ok {
		return n, nil
	}
	var failed error
	i := sort.Search(int(n), func(i int) bool {
		line, err := s.logLine(group, uint64(i))
		e, bad := decodeProved(line, &domain.Event{})
		failed = cmp.Or(failed, err, bad)
		return failed != nil || e.Time.After(t)
	})
	return uint64(i), failed
}

// Entries reads the group's events from the index from up to, not including, to.
// It ends at the first error.
func (s *Store) Entries(ctx context.Context, group string, from, to uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		next := from
		for entries, err := range s.proved(ctx, group, from, min(to, s.Next(group))) {
			if err != nil {
				s.log.Warn("a log can't be read; reading the stream", "group", group, "from", next, "error", err)
				s.logs.mendSoon(group)
				break
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
				next++
			}
		}
		s.streamEntries(ctx, group, next, to)(yield)
	}
}

// streamEntries reads events as the stream holds them. A line that can't be read
// is a *badLine.
func (s *Store) streamEntries(ctx context.Context, group string, from, to uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for line, err := range s.linesFrom(ctx, group, from, to) {
			e := Entry{Line: line}
			if err == nil {
				if e.Event, err = Decode(line); err != nil {
					err = &badLine{err}
				}
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// A badLine says that an event is there and can't be read.
type badLine struct{ error }

func (b *badLine) Unwrap() error { return b.error }

// linesFrom reads lines as the stream holds them. It ends at the first error.
// Those whose places are forgotten are looked for from the beginning of the stream.
func (s *Store) linesFrom(ctx context.Context, group string, from, to uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var m *jetstream.RawStreamMsg
		for index := from; index < to; index++ {
			at, err := s.places.find(group, index)
			if base := s.places.base(group); err == nil && index < base {
				for line, err := range s.linesAnywhere(ctx, group, index, min(to, base)) {
					if !yield(line, err) || err != nil {
						return
					}
				}
				index = min(to, base) - 1
				continue
			}
			if err == nil && at.sequence == 0 {
				err = fmt.Errorf("the stream no longer has event %d of %s", index, group)
			}
			if err == nil && (m == nil || m.Sequence != at.sequence) {
				m, err = s.message(ctx, at.sequence)
			}
			var line []byte
			if err == nil {
				line, err = cut(m, at)
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// linesAnywhere reads all of the stream for lines of one group.
func (s *Store) linesAnywhere(ctx context.Context, group string, from, to uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for m, err := range s.streamed(ctx, 1, s.applied.Load()) {
			if err != nil {
				yield(nil, err)
				return
			}
			pieces, err := cutCommit(m.header, m.body)
			if err != nil {
				continue // whose lines these were can't be said: they are missed below
			}
			for i := range pieces {
				p := &pieces[i]
				if p.group != group || p.index != from {
					continue
				}
				if from++; !yield(p.entry.Line, nil) || from == to {
					return
				}
			}
		}
		yield(nil, fmt.Errorf("the stream no longer has event %d of %s", from, group))
	}
}

// streamed reads the messages of the stream from the first sequence up to the
// last; those that the server no longer has are left out. It ends at the first
// error.
func (s *Store) streamed(ctx context.Context, first, last uint64) iter.Seq2[*message, error] {
	return func(yield func(*message, error) bool) {
		f := follower{js: s.js, next: first, patience: requestTimeout}
		for tries := 0; f.next <= last; {
			for m, err := range f.messages(ctx) {
				if errors.Is(err, nats.ErrTimeout) {
					break // what was on its way may be lost, or damaged at the end: of that the server says nothing
				}
				if m != nil && m.sequence > last || !yield(m, err) || err != nil || m.sequence == last {
					return
				}
				tries = 0
			}
			if tries++; !canRead(ctx, s.appender.ledger, last) {
				return
			}
			if tries == streamTries {
				yield(nil, fmt.Errorf("the stream does not deliver message %d", f.next))
				return
			}
			s.log.Info("the stream is asked again", "from", f.next)
		}
	}
}

// streamTries is how often the stream is asked for its next message.
const streamTries = 5

func (s *Store) streamLines(ctx context.Context, group string, from, to uint64) ([][]byte, error) {
	var lines [][]byte
	for line, err := range s.linesFrom(ctx, group, from, to) {
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (s *Store) message(ctx context.Context, sequence uint64) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	m, err := s.appender.ledger.GetMsg(ctx, sequence)
	if err != nil {
		return nil, fmt.Errorf("read message %d of the stream: %w", sequence, err)
	}
	return m, nil
}

func cut(m *jetstream.RawStreamMsg, at place) ([]byte, error) {
	end := int(at.offset) + int(at.length)
	if end > len(m.Data) {
		return nil, fmt.Errorf("message %d of the stream is shorter than it was", m.Sequence)
	}
	return m.Data[at.offset:end:end], nil
}

// decoded is what one bundle holds, once it is decoded.
type decoded struct {
	entries []Entry
	err     error
}

// proved reads events from the group's log, those of one bundle at a time, as
// far as it is signed. Bundles are decoded beside each other.
func (s *Store) proved(ctx context.Context, group string, from, to uint64) iter.Seq2[[]Entry, error] {
	return func(yield func([]Entry, error) bool) {
		log, err := s.Log(group)
		if err != nil {
			return // none is kept here
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ahead := make(chan chan decoded, decodeAhead)
		go decodeBundles(ctx, log, from, min(to, uint64(log.Tree().N)), ahead)
		for next := range ahead {
			d := <-next
			if !yield(d.entries, d.err) || d.err != nil {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// decodeBundles sends what will hold the bundles, in order.
func decodeBundles(ctx context.Context, log *tilelog.Log, from, to uint64, ahead chan<- chan decoded) {
	defer close(ahead)
	if from >= to {
		return
	}
	for lines, err := range log.Bundles(int64(from), int64(to)) {
		next := make(chan decoded, 1)
		select {
		case ahead <- next:
		case <-ctx.Done():
			return
		}
		go func() {
			if err != nil {
				next <- decoded{err: err}
				return
			}
			next <- decodeLines(lines)
		}()
	}
}

func decodeLines(lines [][]byte) (d decoded) {
	d.entries = make([]Entry, len(lines))
	like := &domain.Event{}
	for i, line := range lines {
		e := &d.entries[i]
		if e.Event, d.err = decodeProved(line, like); d.err != nil {
			return d
		}
		e.Line, like = line, &e.Event
	}
	return d
}
