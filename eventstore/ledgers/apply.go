package ledgers

import (
	"fmt"
	"runtime/debug"

	"goldenthread/domain"
)

// A Panicked is the error of an event that can't be applied; its stack is for
// the log alone.
type Panicked struct {
	Why   any    // with which it panicked
	Stack string // where
}

func (p *Panicked) Error() string {
	return fmt.Sprintf("the event does not follow from those before it: %v", p.Why)
}

// Apply folds an event into a ledger. An error means that it can't follow from
// those before it.
func Apply(l *domain.Ledger, e *domain.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Panicked{r, string(debug.Stack())}
		}
	}()
	if e.Time.Before(l.State().Last) {
		return fmt.Errorf("event %d goes back in time", e.Index)
	}
	return l.Apply(e)
}
