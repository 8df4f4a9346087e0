package feeds

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
)

// Live updates (server-sent events): the feed of a group's events, and what tells
// an open page that there is something new. Both go on until the client goes, the
// server stops, or whoever listens may do so no longer.

const (
	feedType = "text/event-stream"

	// unbuffered asks a proxy, such as nginx with its defaults, to hand each piece on as it comes.
	unbuffered = "X-Accel-Buffering"
	heartbeat  = 15 * time.Second
	mostFeeds  = 20_000 // listening at once; 10,000 idle ones were measured to take 31 KB each
)

// A Stream is one listener's.
type Stream struct {
	Group string
	Beat  <-chan time.Time                              // after which it is looked again, with nothing recorded
	May   func(ctx context.Context, group string) error // the error says why the caller may not listen
	Write func() (more bool, err error)                 // writes what is new, and says whether there is more
}

// listen counts one more listener, until leave is called; the error says that there
// are too many.
func (s *Feeds) listen() (leave func(), err error) {
	if s.listening.Add(1) > mostFeeds {
		s.listening.Add(-1)
		return nil, problem.Unavailable("Too many are listening at the moment. Please try again later.")
	}
	return func() { s.listening.Add(-1) }, nil
}

// Follow writes the stream until it ends. Before anything is written it is looked
// whether the token or the session still holds, and the caller may still listen.
func (s *Feeds) Follow(w http.ResponseWriter, r *http.Request, f *Stream) {
	h, shift, leave := s.join(f.Group)
	defer leave()
	out := http.NewResponseController(w)
	out.SetReadDeadline(time.Time{}) // which would end the request
	say := ": listening\n\n"
	for {
		changed, ended := h.wait(shift), s.identity.Ended() // before it is looked what is new
		if !s.mayStill(r, f) {
			return
		}
		out.SetWriteDeadline(time.Now().Add(operation.WriteTimeout))
		if _, err := io.WriteString(w, say); err != nil {
			return
		}
		more, err := f.Write()
		if err != nil || out.Flush() != nil {
			return
		}
		if say = ""; more {
			continue
		}
		select {
		case <-changed:
		case <-ended:
		case <-f.Beat:
			say = ": still here\n\n"
		case <-s.stopping:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// mayStill says whether whoever sent the request is known and may listen now.
func (s *Feeds) mayStill(r *http.Request, f *Stream) bool {
	c, unknown := s.identity.Who(r)
	if unknown != nil { // the token was revoked, or the session ended
		return false
	}
	ctx := (&caller.Asker{Caller: &c, Origin: caller.AskerOf(r.Context()).Origin}).In(r.Context())
	return f.May(ctx, f.Group) == nil
}

// live tells a page that something was recorded: the number of events there are,
// and nothing of them.
func (s *Feeds) live(w http.ResponseWriter, r *http.Request) {
	group := r.PathValue("group")
	if err := s.ledgers.MayFollow(r.Context(), group); err != nil {
		s.fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	from, err := access.ReadIndex("from", r.URL.Query().Get("from"))
	if err != nil {
		s.fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	leave, err := s.listen()
	if err != nil {
		s.fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	defer leave()
	w.Header().Set("Content-Type", feedType)
	w.Header().Set(unbuffered, "no")
	seen := s.store.Next(group)
	if from != nil {
		seen = *from
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	s.Follow(w, r, &Stream{group, beat.C, s.ledgers.MayFollow, func() (more bool, err error) {
		if next := s.store.Next(group); next > seen {
			seen = next
			_, err = fmt.Fprintf(w, "data: %d\n\n", next)
		}
		return false, err
	}})
}
