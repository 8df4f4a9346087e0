package eventstore

import (
	"sync"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
)

// Rule kept here: L4. The ledger's time never goes back, so one event that was recorded
// under a clock that is a year ahead keeps everything from being recorded for a year.

const (
	// ClockBehind is how far this computer's clock may be behind the newest event for
	// commands to be recorded.
	ClockBehind = time.Minute
	// ClockAhead is how far it may be ahead of the newest event, unless this process has
	// run for that long, or the operator confirms that the clock is right. If it were further
	// ahead, a command that is sent again would not be recognised.
	ClockAhead = domain.AnswersKept
)

// Times hold the clock against the newest event of all groups. They are safe for
// concurrent use.
type times struct {
	ahead time.Duration // ClockAhead; 0: however far

	mu    sync.Mutex
	last  time.Time // recorded time of the newest event; zero: there is none
	since time.Time // when this process read or recorded it, by its own running time
}

func newTimes(ahead time.Duration) *times { return &times{ahead: ahead, since: time.Now()} }

// note notes an event's recorded time.
func (t *times) note(recorded time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last, t.since = later(t.last, recorded), time.Now()
}

func (t *times) newest() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// check says why nothing is recorded at that time of the clock (ErrNotReady); nil if the
// clock may be right.
func (t *times) check(now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	written := func(at time.Time) string { return at.UTC().Format(commit.TimeLayout) }
	switch {
	case t.last.IsZero():
	case now.Before(t.last.Add(-ClockBehind)):
		return commit.NotReady("this computer's clock says %s, and the ledger was written to at %s; set the clock right", written(now), written(t.last))
	case t.ahead > 0 && now.Sub(t.last) > t.ahead && now.Sub(t.last) > t.ahead+time.Since(t.since): // time.Since is by a clock that nobody sets
		return commit.NotReady("this computer's clock says %s, which is %s after the newest event, of %s. If the clock is wrong, set it right. If it is right, start the server once with --clock-is-right",
			written(now), domain.Count(int(now.Sub(t.last)/(24*time.Hour)), "day"), written(t.last))
	}
	return nil
}
