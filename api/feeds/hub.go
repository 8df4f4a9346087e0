package feeds

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"goldenthread/eventstore/stream"
)

// A hub is what all who listen to one group share. It alone waits for new events, and
// wakes the others, the less often the more listen; and of the newest events it keeps what
// is written to feeds, so that each is read once, however many listen.
type hub struct {
	listeners, joined int // now, and ever; guarded by hubs.mu
	end               func()

	mu    sync.Mutex
	next  [shifts]chan struct{} // closed when there is something new for those of that shift
	first uint64                // index of the first of the pieces
	tail  [][]byte              // the newest events as they are written to a feed; nobody changes them
	bytes int                   // of the tail
}

// shifts are how many parts of those who listen are woken one after the other.
const shifts = 64

const (
	paceEach  = 200 * time.Microsecond // between two wake-ups, for each who listens
	mostPace  = time.Second
	mostTail  = 1024    // events that a hub keeps
	mostBytes = 4 << 20 // of them
	readsOnce = 4       // how many who are far behind read at once
	readFor   = 10 * time.Second
)

// hubs are those of the groups to which somebody listens.
type hubs struct {
	mu sync.Mutex
	of map[string]*hub
}

// join is the group's hub, until leave is called, and the shift of whoever joins.
func (s *Feeds) join(group string) (h *hub, shift int, leave func()) {
	s.hubs.mu.Lock()
	defer s.hubs.mu.Unlock()
	h = s.hubs.of[group]
	if h == nil {
		ctx, cancel := context.WithCancel(context.Background())
		h = &hub{end: cancel}
		for i := range h.next {
			h.next[i] = make(chan struct{})
		}
		s.hubs.of[group] = h
		changed, unwatch := s.groups.Watch(group)
		go func() {
			defer unwatch()
			h.run(ctx, changed, s.Listeners)
		}()
	}
	h.listeners++
	h.joined++
	return h, h.joined % shifts, func() {
		s.hubs.mu.Lock()
		defer s.hubs.mu.Unlock()
		if h.listeners--; h.listeners == 0 {
			delete(s.hubs.of, group)
			h.end()
		}
	}
}

// run wakes those who listen until ctx ends.
func (h *hub) run(ctx context.Context, changed <-chan struct{}, listeners func() int) {
	for {
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
		pause := min(time.Duration(listeners())*paceEach, mostPace) / shifts
		for i := range h.next {
			h.wake(i)
			if stream.Pause(ctx, pause) != nil {
				return
			}
		}
	}
}

// wake wakes those of a shift.
func (h *hub) wake(shift int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.next[shift])
	h.next[shift] = make(chan struct{})
}

// wait is closed when there is something new for those of the shift.
func (h *hub) wait(shift int) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.next[shift]
}

// since are the group's events from the index from up to end, as they are written to a
// feed; false if it does not keep them any more.
func (s *Feeds) since(h *hub, group string, from, end uint64) ([][]byte, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	have := h.first + uint64(len(h.tail))
	if len(h.tail) == 0 || end > have+mostTail {
		if end > from+feedBatch {
			return nil, false, nil
		}
		h.first, h.tail, h.bytes, have = from, nil, 0, from
	}
	if from < h.first {
		return nil, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), readFor)
	defer cancel()
	for entry, err := range s.store.Entries(ctx, group, have, end) {
		if err != nil {
			return nil, false, err
		}
		piece := fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", entry.Event.Index, entry.Event.Kind(), entry.Line)
		h.tail, h.bytes = append(h.tail, piece), h.bytes+len(piece)
	}
	pieces := h.tail[min(from-h.first, uint64(len(h.tail))):]
	for len(h.tail) > mostTail || h.bytes > mostBytes && len(h.tail) > 1 {
		h.bytes -= len(h.tail[0])
		h.tail, h.first = h.tail[1:], h.first+1
	}
	return pieces, true, nil
}

// A reader is one who listens to a group's events.
type reader struct {
	group string
	next  uint64 // index of the next event
	hub   *hub
	live  bool // it has had all there was
}

// write writes what has been recorded, and says whether there is more. Whoever was up to
// date and fell behind what the hub keeps is turned away (errTooSlow), and comes back.
func (r *reader) write(ctx context.Context, s *Feeds, w io.Writer) (more bool, err error) {
	end := s.store.Next(r.group)
	pieces, kept, err := s.since(r.hub, r.group, r.next, end)
	if err != nil {
		return false, err
	}
	if !kept && r.live {
		return false, errTooSlow
	}
	if !kept {
		return true, r.readOn(ctx, s, w, min(end, r.next+feedBatch))
	}
	r.live = true
	for _, piece := range pieces {
		if _, err := w.Write(piece); err != nil {
			return false, err
		}
		r.next++
	}
	return false, nil
}

// readOn reads events for itself, a few readers at once, so that commands go on beside them.
func (r *reader) readOn(ctx context.Context, s *Feeds, w io.Writer, to uint64) error {
	select {
	case s.reading <- struct{}{}:
		defer func() { <-s.reading }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for entry, err := range s.store.Entries(ctx, r.group, r.next, to) {
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", entry.Event.Index, entry.Event.Kind(), entry.Line); err != nil {
			return err
		}
		r.next = entry.Event.Index + 1
	}
	return nil
}
