package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/eventstore/commit"
)

// Lines reads a group's lines from the stream. It ends at the first error. Lines whose
// positions are forgotten are searched for from the beginning of the stream.
func (s *Stream) Lines(ctx context.Context, group string, from, to uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var m *jetstream.RawStreamMsg
		for index := from; index < to; index++ {
			at, err := s.Positions.Find(group, index)
			if base := s.Positions.base(group); err == nil && index < base {
				for line, err := range s.linesAnywhere(ctx, group, index, min(to, base)) {
					if !yield(line, err) || err != nil {
						return
					}
				}
				index = min(to, base) - 1
				continue
			}
			if err == nil && at.Sequence == 0 {
				err = fmt.Errorf("the stream no longer has event %d of %s", index, group)
			}
			if err == nil && (m == nil || m.Sequence != at.Sequence) {
				m, err = s.message(ctx, at.Sequence)
			}
			var line []byte
			if err == nil {
				line, err = lineAt(m, at)
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// linesAnywhere searches the whole stream for lines of one group.
func (s *Stream) linesAnywhere(ctx context.Context, group string, from, to uint64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for m, err := range s.Messages(ctx, 1, s.Applied.Load()) {
			if err != nil {
				yield(nil, err)
				return
			}
			pieces, err := commit.Cut(m.Header, m.Body)
			if err != nil {
				continue // its header is damaged; if lines of this group were in it, they are missed below
			}
			for i := range pieces {
				p := &pieces[i]
				if p.Group != group || p.Index != from {
					continue
				}
				if from++; !yield(p.Entry.Line, nil) || from == to {
					return
				}
			}
		}
		yield(nil, fmt.Errorf("the stream no longer has event %d of %s", from, group))
	}
}

// Messages reads the messages from the first sequence up to the last. It leaves out those
// that the server no longer has, and ends at the first error.
func (s *Stream) Messages(ctx context.Context, first, last uint64) iter.Seq2[*Message, error] {
	return func(yield func(*Message, error) bool) {
		f := Follower{js: s.JS, next: first, patience: RequestTimeout}
		for tries := 0; f.next <= last; {
			for m, err := range f.messages(ctx) {
				if errors.Is(err, nats.ErrTimeout) {
					break // the server says nothing about a message that is lost, or damaged at the end
				}
				if m != nil && m.Sequence > last || !yield(m, err) || err != nil || m.Sequence == last {
					return
				}
				tries = 0
			}
			tries++
			if gone, _ := s.isGone(ctx, last); gone {
				if err := CheckFiles(s.Dir); err != nil {
					yield(nil, err)
				}
				return
			}
			if tries == streamTries {
				yield(nil, &Silent{s.Applied.Load(), fmt.Errorf("it does not deliver message %d", f.next)})
				return
			}
			s.log.Info("the stream is asked again", "from", f.next)
		}
	}
}

// ReadLines is what Lines reads, all at once.
func (s *Stream) ReadLines(ctx context.Context, group string, from, to uint64) ([][]byte, error) {
	var lines [][]byte
	for line, err := range s.Lines(ctx, group, from, to) {
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (s *Stream) message(ctx context.Context, sequence uint64) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	m, err := s.ledger.GetMsg(ctx, sequence)
	if err != nil {
		return nil, fmt.Errorf("read message %d of the stream: %w", sequence, cmp.Or(CheckFiles(s.Dir), s.silent(err)))
	}
	return m, nil
}

// streamTries is how often the next message is requested.
const streamTries = 5

func lineAt(m *jetstream.RawStreamMsg, at position) ([]byte, error) {
	end := int(at.offset) + int(at.length)
	if end > len(m.Data) {
		return nil, fmt.Errorf("message %d of the stream is shorter than it was", m.Sequence)
	}
	return m.Data[at.offset:end:end], nil
}

// Entries reads a group's events from the stream. A line that can't be read is a
// *commit.BadLine.
func (s *Stream) Entries(ctx context.Context, group string, from, to uint64) iter.Seq2[commit.Entry, error] {
	return func(yield func(commit.Entry, error) bool) {
		for line, err := range s.Lines(ctx, group, from, to) {
			e := commit.Entry{Line: line}
			if err == nil {
				if e.Event, err = commit.Decode(line); err != nil {
					err = &commit.BadLine{Err: err}
				}
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
