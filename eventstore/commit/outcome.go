package commit

import (
	"errors"
	"fmt"
)

// Stopped says that a group's ledger is damaged, or that deciding on it
// failed: it is read up to At and not written to.
type Stopped struct {
	Group string
	At    uint64 // index of the first event that was not applied
	Why   error  // what was found
	// Unreliable says that nothing of the ledger can be relied on, not even before At.
	Unreliable bool
}

func (s *Stopped) Error() string {
	return fmt.Sprintf("The ledger of %s stopped at %d: %v", s.Group, s.At, s.Why)
}

// Unwrap gives out what was found.
func (s *Stopped) Unwrap() error { return s.Why }

var (
	// ErrClosed says that the store has been closed.
	ErrClosed = errors.New("the store is closed")
	// ErrNotReady says that nothing can be written at the moment. The error
	// that wraps it says why, in a sentence.
	ErrNotReady = errors.New("nothing can be recorded at the moment")
	// ErrNoEvent says that the group has no event at that index (yet).
	ErrNoEvent = errors.New("there is no such event")
)

// NotReady is an ErrNotReady that says why.
func NotReady(why string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotReady, fmt.Sprintf(why, args...))
}

// A BadLine says that an event is there and can't be read.
type BadLine struct{ Err error }

func (b *BadLine) Error() string { return b.Err.Error() }

// Unwrap gives out why it can't be read.
func (b *BadLine) Unwrap() error { return b.Err }
