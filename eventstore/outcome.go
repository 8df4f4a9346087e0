package eventstore

import (
	"errors"
	"fmt"

	"github.com/google/uuid"

	"goldenthread/domain"
)

// A Result is what the caller of Execute is told once the events are safe.
type Result struct {
	domain.Answer
	Next uint64 // the group's next index: a read at this or more sees the events
}

// Refused says that the rules forbid the command. Nothing of it was written.
type Refused struct {
	*domain.Refusal
	Index uint64 // it was judged on the group's events before this index
}

func (r *Refused) Unwrap() error { return r.Refusal }

// Unsettled says that it is not known yet whether the command's events were
// written. They may still be: the same command id will then get their answer.
type Unsettled struct {
	Command uuid.UUID
}

func (u *Unsettled) Error() string {
	return fmt.Sprintf("It is not known yet whether command %s was recorded. Send it again with the same id.", u.Command)
}

// Stopped says that a group's ledger is damaged, or that deciding on it
// failed: it is read up to At and not written to.
type Stopped struct {
	Group string
	At    uint64 // index of the first event that was not applied
	Why   error
}

func (s *Stopped) Error() string {
	return fmt.Sprintf("The ledger of %s stopped at %d: %v", s.Group, s.At, s.Why)
}

func (s *Stopped) Unwrap() error { return s.Why }

// nothing says whether nothing of the ledger can be relied on.
func (s *Stopped) nothing() bool {
	var altered *Altered
	return errors.As(s.Why, &altered)
}

var (
	// ErrClosed says that the store has been closed.
	ErrClosed = errors.New("the store is closed")
	// ErrNotReady says that nothing can be written at the moment. The error
	// that wraps it says why, in a sentence.
	ErrNotReady = errors.New("nothing can be recorded at the moment")
	// ErrNoEvent says that the group has no event at that index (yet).
	ErrNoEvent = errors.New("there is no such event")
)

func notReady(why string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNotReady, fmt.Sprintf(why, args...))
}

// tooLarge is the refusal of a command whose events don't fit (rule L2: they
// are appended together or not at all).
func tooLarge(what string) *domain.Refusal {
	return &domain.Refusal{Rule: "L2", Say: "This is too much for one command: " + what + ". Please split it.", Class: domain.Invalid}
}
