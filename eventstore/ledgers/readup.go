package ledgers

import (
	"context"
	"errors"
	"sync"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
)

// A command or a question for which a ledger is missing has it read up first: beside
// the writer, which only takes it over when nothing was recorded meanwhile.

// readUps is how many ledgers are read up at once.
const readUps = 2

// A Fold is a ledger that was read up.
type Fold struct {
	Group  string
	Ledger *domain.Ledger // up to the newest event, or up to Err
	Err    error          // why it can't be folded further; nil for a ledger in order
	taken  chan bool      // false: there is more to fold by now; takes one
}

// Answer says whether the writer took the ledger: if not, there is more of it by now.
func (f *Fold) Answer(taken bool) { f.taken <- taken }

// A readUp is a ledger being read up, for all who wait for it.
type readUp struct {
	done chan struct{}
	err  error
}

// Reading is what is being read up.
type reading struct {
	mu     sync.Mutex
	under  map[string]*readUp // by group
	unread map[string]bool    // groups to be read up when there is time

	slots  chan struct{} // readUps at once
	folded chan *Fold    // to the writer
	wake   chan struct{} // takes one
}

func newReading() reading {
	return reading{
		under: map[string]*readUp{}, unread: map[string]bool{},
		slots: make(chan struct{}, readUps), folded: make(chan *Fold), wake: make(chan struct{}, 1),
	}
}

// Folded delivers the ledgers that were read up to the writer, which answers each.
func (c *Cache) Folded() <-chan *Fold { return c.reading.folded }

// ReadUp has the group's ledger read up, and returns when the writer has it. Errors
// as State.
func (c *Cache) ReadUp(ctx context.Context, group string) error {
	r := &c.reading
	r.mu.Lock()
	u := r.under[group]
	if u == nil {
		u = &readUp{done: make(chan struct{})}
		r.under[group] = u
		go func() {
			u.err = c.fold(group)
			r.mu.Lock()
			delete(r.under, group)
			r.mu.Unlock()
			close(u.done)
		}()
	}
	r.mu.Unlock()
	select {
	case <-u.done:
		return u.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// fold folds the group's ledger until the writer takes it.
func (c *Cache) fold(group string) error {
	select {
	case c.reading.slots <- struct{}{}:
		defer func() { <-c.reading.slots }()
	case <-c.life.Done():
		return context.Cause(c.life)
	}
	f := &Fold{Group: group, Ledger: domain.NewLedger(group), taken: make(chan bool, 1)}
	for {
		f.Err = c.foldOn(f.Ledger, c.source.Next(group))
		if c.life.Err() != nil {
			return context.Cause(c.life)
		}
		if f.Err != nil && !errors.As(f.Err, new(*commit.BadLine)) {
			return f.Err
		}
		select {
		case c.reading.folded <- f:
		case <-c.life.Done():
			return context.Cause(c.life)
		}
		select {
		case taken := <-f.taken:
			if taken {
				return nil
			}
		case <-c.life.Done():
			return context.Cause(c.life)
		}
	}
}

// foldOn applies the events from where the ledger stands up to next. What can't be
// read or applied is a *commit.BadLine.
func (c *Cache) foldOn(l *domain.Ledger, next uint64) error {
	state := l.State()
	for e, err := range c.source.Entries(c.life, state.Group, state.Next, next) {
		if err != nil {
			return err
		}
		if err := Apply(l, &e.Event); err != nil {
			return &commit.BadLine{Err: err}
		}
	}
	return nil
}

// ReadUpSoon has the group's ledger read up when there is time: something may be due
// in it.
func (c *Cache) ReadUpSoon(group string) {
	r := &c.reading
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unread[group] = true
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// nextUnread is a group whose ledger is to be read up; false if there is none.
func (r *reading) nextUnread() (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for group := range r.unread {
		delete(r.unread, group)
		return group, true
	}
	return "", false
}

// Run reads up, one after the other, what is to be read up when there is time, until
// the cache's life ends.
func (c *Cache) Run() {
	for c.life.Err() == nil {
		group, is := c.reading.nextUnread()
		if !is {
			select {
			case <-c.reading.wake:
			case <-c.life.Done():
			}
			continue
		}
		if err := c.ReadUp(c.life, group); err != nil && c.life.Err() == nil {
			c.log.Warn("a ledger can't be read up; it is tried again", "group", group, "error", err)
			c.ReadUpSoon(group)
			select {
			case <-time.After(time.Second):
			case <-c.life.Done():
			}
		}
	}
}
