package eventstore

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
)

// A call is a request on its way through the writer. It belongs to the queue,
// then to the writer, unless the caller gives up while it is still waiting.
type call struct {
	req    domain.Request                      // without a command: settle what is due
	trace  domain.Trace                        // of its log lines
	log    func(*domain.State) domain.LogEvent // and then say this about the log, unless nil
	ready  []commit.Entry                      // or append these as they are, which were written elsewhere
	state  atomic.Int32
	answer chan answer // takes one
}

const (
	waiting int32 = iota
	taken
	abandoned
)

type answer struct {
	result Result
	err    error
}

func newCall(req domain.Request) *call { return &call{req: req, answer: make(chan answer, 1)} }

// again is the same call, to be queued once more.
func (c *call) again() *call {
	next := newCall(c.req)
	next.log, next.ready = c.log, c.ready
	return next
}

// system is what the ledger records by itself.
func (c *call) system(l *domain.Ledger, now time.Time) []domain.Event {
	if c.log != nil {
		if e := c.log(l.State()); e != nil {
			return l.RecordLog(e, now)
		}
	}
	return l.Settle(now)
}

// abandon takes the call back; false if the writer has it already, so that it
// may still be recorded.
func (c *call) abandon() bool { return c.state.CompareAndSwap(waiting, abandoned) }

// A queue holds the calls in order of arrival for each group.
type queue struct {
	mu     sync.Mutex
	groups map[string][]*call
	order  []string // groups with calls waiting
	closed bool
	wake   chan struct{} // takes one
}

func newQueue() *queue {
	return &queue{groups: map[string][]*call{}, wake: make(chan struct{}, 1)}
}

// put queues a call; false if the queue has been closed.
func (q *queue) put(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	group := c.req.Group
	if len(q.groups[group]) == 0 {
		q.order = append(q.order, group)
	}
	q.groups[group] = append(q.groups[group], c)
	q.nudge()
	return true
}

// take is the oldest call of each group.
func (q *queue) take() []*call {
	q.mu.Lock()
	defer q.mu.Unlock()
	var calls []*call
	var rest []string
	for _, group := range q.order {
		calls = append(calls, q.groups[group][0])
		if q.groups[group] = q.groups[group][1:]; len(q.groups[group]) > 0 {
			rest = append(rest, group)
		} else {
			delete(q.groups, group)
		}
	}
	q.order = rest
	if len(rest) > 0 {
		q.nudge()
	}
	return calls
}

// putBack returns calls that didn't fit to where they were.
func (q *queue) putBack(calls []*call) {
	if len(calls) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	order, back := make([]string, 0, len(calls)), map[string]bool{}
	for _, c := range calls {
		group := c.req.Group
		q.groups[group] = append([]*call{c}, q.groups[group]...)
		order, back[group] = append(order, group), true
	}
	q.order = append(order, slices.DeleteFunc(q.order, func(g string) bool { return back[g] })...)
	q.nudge()
}

// close lets nothing more in. What is in is still taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.nudge()
}

// drained says whether the queue is closed and empty.
func (q *queue) drained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && len(q.order) == 0
}

func (q *queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
