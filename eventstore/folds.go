package eventstore

import (
	"cmp"
	"context"
	"errors"
	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/ledgers"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Of each group the writer knows how many events it has. Ledgers that were used
// lately are in memory, once for the writer and for readers (package ledgers). A
// command or a question for which a ledger is missing has it read up first, from its
// log: beside the writer, which only takes it over when nothing was recorded
// meanwhile. Those used longest ago are evicted.

// mostFolded is how many events the ledgers kept folded may have together.
const mostFolded = 1_500_000

// readUps is how many ledgers are read up at once.
const readUps = 2

// unfolded says that the ledger of the group must be read up first.
type unfolded struct{ group string }

func (u *unfolded) Error() string { return u.group + " is not folded" }

// A fold is a ledger that was read up.
type fold struct {
	name   string
	ledger *domain.Ledger
	err    error     // why it can't be folded further; nil for a ledger in order
	taken  chan bool // false: there is more to fold by now; takes one
}

// A readUp is a ledger being read up, for all who wait for it.
type readUp struct {
	done chan struct{}
	err  error
}

// folds are the ledgers being read up.
type folds struct {
	stream  *stream.Stream
	logs    *logs.Logs
	health  *health
	ledgers *ledgers.Cache
	known   *known
	evicted atomic.Pointer[func(group string)]
	life    context.Context // until the store ends
	log     *slog.Logger

	mu     sync.Mutex
	under  map[string]*readUp
	unread map[string]bool // something may be due in them

	room   chan struct{} // readUps at once
	folded chan *fold    // to the writer
	wake   chan struct{} // takes one
}

func newFolds(s *stream.Stream, l *logs.Logs, h *health, log *slog.Logger) *folds {
	return &folds{
		stream: s, logs: l, health: h, log: log, ledgers: ledgers.New(), known: newKnown(),
		under: map[string]*readUp{}, unread: map[string]bool{},
		room: make(chan struct{}, readUps), folded: make(chan *fold), wake: make(chan struct{}, 1),
	}
}

// State is the group's state as it stands, after every event that was
// acknowledged before the call; with no events it is the empty state. It never
// changes, and nobody may change it: the writer waits for no reader. Errors: *Stopped for a ledger of which nothing
// can be relied on, ErrClosed, the context's, or what reading it met.
func (f *folds) State(ctx context.Context, group string) (*domain.State, error) {
	var stopped *commit.Stopped
	if err := f.stream.Stopped(group); errors.As(err, &stopped) && stopped.Unreliable {
		return nil, stopped
	}
	for {
		if state := f.ledgers.Snapshot(group); state != nil {
			return state, nil
		}
		if f.stream.Next(group) == 0 {
			return domain.NewState(group), nil
		}
		if err := f.readUp(ctx, group); err != nil {
			return nil, err
		}
	}
}

// readUp has the group's ledger read up, and returns when the writer has it.
func (f *folds) readUp(ctx context.Context, group string) error {
	f.mu.Lock()
	u := f.under[group]
	if u == nil {
		u = &readUp{done: make(chan struct{})}
		f.under[group] = u
		go func() {
			u.err = f.foldUp(f.life, group)
			f.mu.Lock()
			delete(f.under, group)
			f.mu.Unlock()
			close(u.done)
		}()
	}
	f.mu.Unlock()
	select {
	case <-u.done:
		return u.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// foldUp folds the group's ledger until the writer takes it.
func (f *folds) foldUp(ctx context.Context, group string) error {
	select {
	case f.room <- struct{}{}:
		defer func() { <-f.room }()
	case <-ctx.Done():
		return f.health.closedBecause()
	}
	up := &fold{name: group, ledger: domain.NewLedger(group), taken: make(chan bool, 1)}
	for {
		var bad *commit.BadLine
		up.err = f.foldOn(ctx, up.ledger, f.stream.Next(group))
		if up.err != nil && !errors.As(up.err, &bad) {
			return up.err
		}
		select {
		case f.folded <- up:
		case <-f.health.written:
			return f.health.closedBecause()
		}
		if <-up.taken {
			return nil
		}
	}
}

// foldOn applies the events from where the ledger stands up to next. What can't
// be read or applied is a *badLine.
func (f *folds) foldOn(ctx context.Context, l *domain.Ledger, next uint64) error {
	state := l.State()
	for e, err := range f.logs.Entries(ctx, state.Group, state.Next, next) {
		if err != nil {
			return err
		}
		if err := ledgers.Apply(l, &e.Event); err != nil {
			return &commit.BadLine{Err: err}
		}
	}
	return nil
}

// unreadNow notes that a ledger should be read up when there is time: something
// may be due in it.
func (f *folds) unreadNow(group string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unread[group] = true
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// nextUnread is one of those; false if there is none.
func (f *folds) nextUnread() (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for group := range f.unread {
		delete(f.unread, group)
		return group, true
	}
	return "", false
}

// reader reads up, one after the other, what is noted as unread.
func (f *folds) reader(ctx context.Context) {
	for {
		group, ok := f.nextUnread()
		if !ok {
			select {
			case <-f.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if err := f.readUp(ctx, group); err != nil && ctx.Err() == nil {
			f.log.Warn("a ledger can't be read up; it is tried again", "group", group, "error", err)
			f.unreadNow(group)
			stream.Pause(ctx, time.Second)
		}
	}
}

// take puts a ledger that was read up in its place, unless there is more of it
// by now. One that can't be folded stops its group there.
func (w *writer) take(f *fold) {
	g := w.group(f.name)
	switch {
	case g.ledger() != nil:
		f.taken <- true
		return
	case f.err == nil && f.ledger.State().Next < g.next:
		f.taken <- false
		return
	}
	g.cached.Put(f.ledger)
	state := f.ledger.State()
	w.folded += state.Next
	if f.err != nil {
		w.stopAt(g, state.Next, f.err)
	}
	g.due = state.NextDue(state.Last)
	if w.caught == nil && !w.importing && w.health.broken() == nil {
		w.nudgeOne(g, w.clock())
	}
	w.makeRoom(g)
	f.taken <- true
}

// Watch wakes the channel after every commit of the group, and when it stops;
// several that come before the channel is read are one. Call cancel at the end.
func (f *folds) Watch(group string) (changed <-chan struct{}, cancel func()) {
	return f.ledgers.Watch(group)
}

// OnEvict has f called with the name of each group whose ledger is evicted from
// memory. It holds the writer up, so it must be quick.
func (f *folds) OnEvict(do func(group string)) { f.evicted.Store(&do) }

// makeRoom evicts ledgers, those used longest ago first, but for one.
func (w *writer) makeRoom(but *group) {
	if w.folded <= w.mostFolded {
		return
	}
	var all []*group
	for _, g := range w.groups {
		if g != but && g.ledger() != nil && g.stopped == nil {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b *group) int { return cmp.Compare(a.cached.Used(), b.cached.Used()) })
	for _, g := range all {
		if w.folded <= w.mostFolded {
			return
		}
		w.evict(g)
	}
}

func (w *writer) evict(g *group) {
	events := g.ledger().State().Next
	if !g.cached.Evict() { // it is being read
		return
	}
	w.folded -= events
	if f := w.folds.evicted.Load(); f != nil {
		(*f)(g.name)
	}
}
