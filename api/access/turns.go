package access

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// brief is how long an answer may take to work out that waits for no turn.
const brief = time.Millisecond

// Turns leave a processor free while long answers are worked out. A command passes
// through several goroutines, and at each of them it would wait behind every answer
// that is being worked out: with 24 readers of a large group, for most of a second.
//
// An answer is long if it took longer than brief the last time. Of the long ones as
// many are worked out at once as there are processors but one, and at least one;
// of those that wait the next is the one that would have ended first, had it not had
// to wait, so that a short one seldom waits and no long one waits for ever. One that
// takes far longer than the last time no longer counts, so that nothing that is stuck
// holds up the rest.
type turns struct {
	mu      sync.Mutex
	free    int                          // turns
	took    map[answerKind]time.Duration // the last time; none: brief or not known
	waiting []*turn
}

// A turn is waited for, and then taken.
type turn struct {
	ends  time.Time     // when the answer would be there, without waiting
	taken chan struct{} // closed when the turn is
}

// Turn waits for a turn to answer the question of that name, if that takes long.
// Call done at its end. The error is the context's.
func (s *Ledgers) Turn(ctx context.Context, q *Question, name string) (done func(), err error) {
	return s.turns.take(ctx, q.kind(name))
}

func newTurns() *turns {
	return &turns{free: max(1, runtime.GOMAXPROCS(0)-1), took: map[answerKind]time.Duration{}}
}

// take waits for a turn to work out what is asked, if that takes long. Call done
// at its end. The error is the context's.
func (t *turns) take(ctx context.Context, kind answerKind) (done func(), err error) {
	expected := t.expected(kind)
	if expected == 0 {
		began := time.Now()
		return func() {
			if took := time.Since(began); took > brief {
				t.note(kind, took)
			}
		}, nil
	}
	turn := t.queue(expected)
	select {
	case <-turn.taken:
	case <-ctx.Done():
		t.abandon(turn)
		return nil, ctx.Err()
	}
	began := time.Now()
	release := sync.OnceFunc(t.release)
	timeout := time.AfterFunc(2*expected+100*brief, release)
	return func() {
		t.note(kind, time.Since(began))
		timeout.Stop()
		release()
	}, nil
}

// expected is how long the answer will take if it is long; 0 if it is brief.
func (t *turns) expected(kind answerKind) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.took[kind]
}

func (t *turns) note(kind answerKind, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if took > brief {
		t.took[kind] = took
	} else {
		delete(t.took, kind)
	}
}

func (t *turns) queue(expected time.Duration) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	turn := &turn{time.Now().Add(expected), make(chan struct{})}
	t.waiting = append(t.waiting, turn)
	t.next()
	return turn
}

// next gives out the turns that are free.
func (t *turns) next() {
	for t.free > 0 && len(t.waiting) > 0 {
		first := 0
		for i, turn := range t.waiting {
			if turn.ends.Before(t.waiting[first].ends) {
				first = i
			}
		}
		close(t.waiting[first].taken)
		t.waiting = slices.Delete(t.waiting, first, first+1)
		t.free--
	}
}

func (t *turns) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free++
	t.next()
}

// abandon takes back a turn that nobody waits for any more, or frees it.
func (t *turns) abandon(gone *turn) {
	t.mu.Lock()
	i := slices.Index(t.waiting, gone)
	if i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 {
		t.release()
	}
}
