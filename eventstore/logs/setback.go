package logs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/witness"
)

// Rule kept here: L9. A folder that was set back to last week is in order by itself. That
// more was recorded and signed is known elsewhere: by witnesses, by a note beside the
// backups, and by files of the log that a backup which was copied over them did not replace. A group of which more is known
// stops before anything is recorded, since somebody may have seen the rest.
//
// Where several nodes write, a witness may have heard of a checkpoint before this node has:
// there only another history stops a group.

const (
	askingLongest = 3 * time.Second // the longest that a start waits for the witnesses
	askingAtOnce  = 16
)

// AskWitnesses shows every witness the checkpoints of all groups, and returns when all have
// answered, or after three seconds. What they say is then known to SetBack.
func (l *Logs) AskWitnesses(ctx context.Context) {
	w := l.witnesses
	if len(w.all) == 0 || !l.Signs() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, askingLongest)
	defer cancel()
	slots := make(chan struct{}, askingAtOnce)
	var asking sync.WaitGroup
	for _, group := range l.stream.Groups() {
		p, err := w.pusher(group)
		if err != nil || ctx.Err() != nil {
			continue // said when the pusher is to run
		}
		slots <- struct{}{}
		asking.Go(func() {
			defer func() { <-slots }()
			p.Ask(ctx)
		})
	}
	asking.Wait()
}

// SetBack says that more is known of the group than the events that there are (*Loss), or
// that a witness has cosigned another history (tilelog.ErrForked); nil if neither is known.
func (l *Logs) SetBack(group string, events uint64) error {
	if l.folder == nil {
		return nil // this node keeps no logs
	}
	if l.stream.Alone {
		if n := uint64(l.folder.Extent(group, int64(events))); n > events {
			return &Loss{Signed: n, Left: events, Elsewhere: true, Why: fmt.Errorf("the files of its log have %d events", n)}
		}
		if log, err := l.Log(group); err == nil && l.known[log.Origin()] > events {
			n := l.known[log.Origin()]
			return &Loss{Signed: n, Left: events, Elsewhere: true, Why: fmt.Errorf("it is noted beside its backups that it had %d events", n)}
		}
	}
	l.witnesses.mu.Lock()
	defer l.witnesses.mu.Unlock()
	return l.witnesses.verdict(l.witnesses.ahead[group], events)
}

// verdict is what a witness's word means for a group with so many events.
func (w *witnesses) verdict(a *witness.Ahead, events uint64) error {
	switch {
	case a == nil:
	case a.Forked():
		return fmt.Errorf("%w: witness %s has cosigned %d events that are not those here; restore the backup of the history that it saw", tilelog.ErrForked, a.Witness, a.Size)
	case w.logs.stream.Alone && uint64(a.Size) > events:
		return &Loss{Signed: uint64(a.Size), Left: events, Elsewhere: true, Why: fmt.Errorf("witness %s has cosigned %d events", a.Witness, a.Size)}
	}
	return nil
}

// noteAhead notes what a witness said, and stops a group that is recording already: the
// witness did not answer at the start.
func (w *witnesses) noteAhead(group string, a *witness.Ahead) {
	w.mu.Lock()
	if was := w.ahead[group]; was == nil || a.Forked() || a.Size > was.Size {
		w.ahead[group] = a
	}
	w.mu.Unlock()
	why := w.verdict(a, w.logs.stream.Next(group))
	if why == nil || !w.isRunning(group) || w.logs.stream.Stopped(group) != nil {
		return
	}
	w.logs.log.Error("group stopped", "group", group, "why", why)
	w.logs.stream.Positions.Stop(&commit.Stopped{Group: group, At: w.logs.stream.Next(group), Why: why})
}

func (w *witnesses) isRunning(group string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.running[group]
}

// LostEvents is how many events the group lacks of those that were signed for, as the reason
// for which it is stopped says.
func LostEvents(stopped error) uint64 {
	var loss *Loss
	if !errors.As(stopped, &loss) {
		return 0
	}
	return loss.Signed - loss.Left
}
