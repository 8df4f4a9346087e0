package logs

import (
	"cmp"
	"context"
	"iter"
	"sort"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/tilelog"
)

// A group's events are read from its tile log, in order and proved, as far as the log is
// signed, and further ones from the stream. If files of the log are damaged, the stream is
// read instead.

// decodeAhead is how many bundles are decoded ahead of the one that is read.
const decodeAhead = 2

// Line is the exact stored bytes of an event. ErrNoEvent says that there is
// none (yet), *Stopped that the ledger ends before it.
func (l *Logs) Line(ctx context.Context, group string, index uint64) ([]byte, error) {
	at, err := l.stream.Positions.Find(group, index)
	if err != nil {
		return nil, err
	}
	if at.Sequence == 0 {
		return l.logLine(group, index)
	}
	lines, err := l.stream.ReadLines(ctx, group, index, index+1)
	if err != nil {
		return nil, err
	}
	return lines[0], nil
}

// logLine is an event's line from the log, proved.
func (l *Logs) logLine(group string, index uint64) (line []byte, err error) {
	log, err := l.Log(group)
	if err != nil {
		return nil, err
	}
	for line, err = range log.Entries(int64(index), int64(index)+1) {
	}
	return line, err
}

// IndexAt is the number of the group's events that were recorded at or before
// t: the ledger as known at t holds the events before that index.
func (l *Logs) IndexAt(group string, t time.Time) (uint64, error) {
	n, ok := l.stream.Positions.RecordedBy(group, t)
	if ok {
		return n, nil
	}
	var failed error
	i := sort.Search(int(n), func(i int) bool {
		line, err := l.logLine(group, uint64(i))
		e, bad := commit.DecodeProved(line, &domain.Event{})
		failed = cmp.Or(failed, err, bad)
		return failed != nil || e.Time.After(t)
	})
	return uint64(i), failed
}

// Entries reads the group's events from the index from up to, not including, to.
// It ends at the first error.
func (l *Logs) Entries(ctx context.Context, group string, from, to uint64) iter.Seq2[commit.Entry, error] {
	return func(yield func(commit.Entry, error) bool) {
		next := from
		for entries, err := range l.proved(ctx, group, from, min(to, l.stream.Next(group))) {
			if err != nil {
				l.log.Warn("a log can't be read; reading the stream", "group", group, "from", next, "error", err)
				break
			}
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
				next++
			}
		}
		l.stream.Entries(ctx, group, next, to)(yield)
	}
}

// decoded is the content of one bundle.
type decoded struct {
	entries []commit.Entry
	err     error
}

// proved reads events from the group's log, one bundle at a time, as far as it is signed.
// Several bundles are decoded in parallel.
func (l *Logs) proved(ctx context.Context, group string, from, to uint64) iter.Seq2[[]commit.Entry, error] {
	return func(yield func([]commit.Entry, error) bool) {
		log, err := l.Log(group)
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

// decodeBundles sends a channel for each bundle, in order, and the decoded bundle on it.
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
	d.entries = make([]commit.Entry, len(lines))
	like := &domain.Event{}
	for i, line := range lines {
		e := &d.entries[i]
		if e.Event, d.err = commit.DecodeProved(line, like); d.err != nil {
			return d
		}
		e.Line, like = line, &e.Event
	}
	return d
}
