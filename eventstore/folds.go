package eventstore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"goldenthread/domain"
)

// Of each group the writer knows how many events it has; its ledger it keeps
// folded while there is room. Of a ledger that is not folded a command, or a
// question, has it read up first, from its log: beside the writer, which only
// takes it over when nothing was recorded meanwhile. Those used longest ago make
// room again.

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

// A look asks the writer for a group's state as it stands.
type look struct {
	group string
	state chan *domain.State // takes one; nil: the ledger is not folded
}

// A readUp is a ledger being read up, for all who wait for it.
type readUp struct {
	done chan struct{}
	err  error
}

// folds are the ledgers being read up.
type folds struct {
	mu     sync.Mutex
	under  map[string]*readUp
	unread map[string]bool // something may be due in them

	room   chan struct{} // readUps at once
	folded chan *fold    // to the writer
	looks  chan *look    // likewise
	wake   chan struct{} // takes one
}

func newFolds() *folds {
	return &folds{
		under: map[string]*readUp{}, unread: map[string]bool{},
		room: make(chan struct{}, readUps), folded: make(chan *fold), looks: make(chan *look), wake: make(chan struct{}, 1),
	}
}

// State is the group's state as it stands, after every event that was
// acknowledged before the call; with no events it is the empty state. It is
// shared: nobody may change it. Errors: *Stopped for a ledger of which nothing
// can be relied on, ErrClosed, the context's, or what reading it met.
func (s *Store) State(ctx context.Context, group string) (*domain.State, error) {
	var stopped *Stopped
	if err := s.Stopped(group); errors.As(err, &stopped) && stopped.nothing() {
		return nil, stopped
	}
	for {
		l := &look{group, make(chan *domain.State, 1)}
		select {
		case s.folds.looks <- l:
		case <-s.written:
			return nil, s.closedBecause()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if state := <-l.state; state != nil {
			return state, nil
		}
		if err := s.readUp(ctx, group); err != nil {
			return nil, err
		}
	}
}

// readUp has the group's ledger read up, and returns when the writer has it.
func (s *Store) readUp(ctx context.Context, group string) error {
	f := s.folds
	f.mu.Lock()
	u := f.under[group]
	if u == nil {
		u = &readUp{done: make(chan struct{})}
		f.under[group] = u
		go func() {
			u.err = s.foldUp(s.life, group)
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
func (s *Store) foldUp(ctx context.Context, group string) error {
	select {
	case s.folds.room <- struct{}{}:
		defer func() { <-s.folds.room }()
	case <-ctx.Done():
		return s.closedBecause()
	}
	f := &fold{name: group, ledger: domain.NewLedger(group), taken: make(chan bool, 1)}
	for {
		var bad *badLine
		f.err = s.foldOn(ctx, f.ledger, s.Next(group))
		if f.err != nil && !errors.As(f.err, &bad) {
			return f.err
		}
		select {
		case s.folds.folded <- f:
		case <-s.written:
			return s.closedBecause()
		}
		if <-f.taken {
			return nil
		}
	}
}

// foldOn applies the events from where the ledger stands up to next. What can't
// be read or applied is a *badLine.
func (s *Store) foldOn(ctx context.Context, l *domain.Ledger, next uint64) error {
	state := l.State()
	for e, err := range s.Entries(ctx, state.Group, state.Next, next) {
		if err != nil {
			return err
		}
		if err := applyTo(l, &e.Event); err != nil {
			return &badLine{err}
		}
	}
	return nil
}

// A panicked is the error of an event that can't be applied; its stack is for
// the log alone.
type panicked struct {
	why   any
	stack string
}

func (p *panicked) Error() string {
	return fmt.Sprintf("the event does not follow from those before it: %v", p.why)
}

// applyTo folds an event into a ledger. An error means that it can't follow from
// those before it.
func applyTo(l *domain.Ledger, e *domain.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &panicked{r, string(debug.Stack())}
		}
	}()
	if e.Time.Before(l.State().Last) {
		return fmt.Errorf("event %d goes back in time", e.Index)
	}
	return l.Apply(e)
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
func (s *Store) reader(ctx context.Context) {
	for {
		group, ok := s.folds.nextUnread()
		if !ok {
			select {
			case <-s.folds.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if err := s.readUp(ctx, group); err != nil && ctx.Err() == nil {
			s.log.Warn("a ledger can't be read up; it is tried again", "group", group, "error", err)
			s.folds.unreadNow(group)
			pause(ctx, time.Second)
		}
	}
}

// take puts a ledger that was read up in its place, unless there is more of it
// by now. One that can't be folded stops its group there.
func (w *writer) take(f *fold) {
	g := w.group(f.name)
	switch {
	case g.ledger != nil:
		f.taken <- true
		return
	case f.err == nil && f.ledger.State().Next < g.next:
		f.taken <- false
		return
	}
	g.ledger = f.ledger
	state := g.ledger.State()
	w.folded += state.Next
	if f.err != nil {
		w.stopAt(g, state.Next, f.err)
	}
	g.due = state.NextDue(state.Last)
	if w.caught == nil && !w.store.importing && w.store.broken() == nil {
		w.nudgeOne(g, w.clock())
	}
	w.makeRoom(g)
	f.taken <- true
}

// show answers a look.
func (w *writer) show(l *look) {
	g := w.groups[l.group]
	switch {
	case g == nil:
		l.state <- domain.NewState(l.group)
	case g.ledger == nil:
		l.state <- nil
	default:
		w.use(g)
		l.state <- g.ledger.State().Copy()
	}
}

// use notes that the group's ledger was needed just now.
func (w *writer) use(g *group) {
	w.uses++
	g.used = w.uses
}

// makeRoom lets go of ledgers, those used longest ago first, but for one.
func (w *writer) makeRoom(but *group) {
	if w.folded <= w.store.mostFolded {
		return
	}
	var all []*group
	for _, g := range w.groups {
		if g != but && g.ledger != nil && g.stopped == nil {
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b *group) int { return int(a.used) - int(b.used) })
	for _, g := range all {
		if w.folded <= w.store.mostFolded {
			return
		}
		w.folded -= g.ledger.State().Next
		g.ledger = nil
	}
}
