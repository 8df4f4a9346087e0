package identity

import "sync"

// ended tells those who listen to live streams that some way in has ended, of whomever:
// each then looks whether it was their own. The zero ended has told nobody yet.
type ended struct {
	mu   sync.Mutex
	next chan struct{}
}

// wait is closed when the next way in ends.
func (e *ended) wait() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next == nil {
		e.next = make(chan struct{})
	}
	return e.next
}

func (e *ended) tell() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next != nil {
		close(e.next)
		e.next = nil
	}
}

// Ended is closed when a session or a token ends because somebody ended it. One that ends
// by its time, or with its line in the file of accounts, tells nobody.
func (s *ways) Ended() <-chan struct{} { return s.ended.wait() }
