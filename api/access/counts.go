package access

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
)

// What became of commands, as metrics tell them apart.
const (
	wasRecorded  = "recorded"
	wasRepeated  = "repeated"
	wasRefused   = "refused"
	wasUnsettled = "unsettled"
	wasNotReady  = "not-ready"
	wasFailed    = "failed"
)

// Counts are how long commands took, by what became of them.
type Counts struct {
	*prometheus.HistogramVec // seconds
}

func newCounts() *Counts {
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "goldenthread_command_seconds", Help: "From a command's coming to its answer, by what became of it.",
		Buckets: []float64{.0005, .001, .002, .004, .008, .016, .032, .064, .128, .256, 1, 5, 30},
	}, []string{"outcome"})
	for _, outcome := range []string{wasRecorded, wasRepeated, wasRefused, wasUnsettled, wasNotReady, wasFailed} {
		took.WithLabelValues(outcome)
	}
	return &Counts{took}
}

// note notes what became of a command that came then.
func (c *Counts) note(came time.Time, r eventstore.Result, err error) {
	c.WithLabelValues(became(r, err)).Observe(time.Since(came).Seconds())
}

func became(r eventstore.Result, err error) string {
	switch {
	case err == nil && r.Repeat:
		return wasRepeated
	case err == nil:
		return wasRecorded
	case errors.As(err, new(*eventstore.Refused)):
		return wasRefused
	case errors.As(err, new(*eventstore.Unsettled)):
		return wasUnsettled
	case errors.Is(err, commit.ErrNotReady), errors.Is(err, commit.ErrClosed), errors.As(err, new(*commit.Stopped)):
		return wasNotReady
	}
	return wasFailed
}
