package eventstore

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
)

// A call is a request that waits for the writer, with a channel for its answer. Until the
// writer takes it, the caller can take it back (abandon).
type call struct {
	req    domain.Request                      // without a command: settle what is due
	trace  domain.Trace                        // that its log lines name
	log    func(*domain.State) domain.LogEvent // makes an event about the log that is recorded as well, unless nil
	ready  []commit.Entry                      // events to append as they are, for an import
	state  atomic.Int32
	answer chan callAnswer // takes one
}

const (
	waiting int32 = iota
	taken
	abandoned
)

type callAnswer struct {
	result Result
	err    error
}

func newCall(req domain.Request) *call { return &call{req: req, answer: make(chan callAnswer, 1)} }

// copyToQueue is a call with the same request, to be queued once more.
func (c *call) copyToQueue() *call {
	next := newCall(c.req)
	next.log, next.ready = c.log, c.ready
	return next
}

// decideSystem decides a call without a command: what is due, what other groups' ledgers
// said, and what is to be said about the log.
func (c *call) decideSystem(l *domain.Ledger, now time.Time, heard map[string]domain.Heard) []domain.Event {
	if c.log != nil {
		if e := c.log(l.State()); e != nil {
			return l.RecordLog(e, now)
		}
	}
	return l.Settle(now, heard)
}

// abandon takes the call back; false if the writer has it already, so that it
// may still be recorded.
func (c *call) abandon() bool { return c.state.CompareAndSwap(waiting, abandoned) }

// A queue holds the calls of each group in order of arrival.
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

// add queues a call; false if the queue has been closed.
func (q *queue) add(c *call) bool {
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
	q.wakeWriter()
	return true
}

// takeOldest takes the oldest call of each group out of the queue.
func (q *queue) takeOldest() []*call {
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
		q.wakeWriter()
	}
	return calls
}

// putBack puts calls that did not fit into the commit back to the front.
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
	q.wakeWriter()
}

// close refuses further calls. Those in the queue can still be taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wakeWriter()
}

// isDrained says whether the queue is closed and empty.
func (q *queue) isDrained() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed && len(q.order) == 0
}

func (q *queue) wakeWriter() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
