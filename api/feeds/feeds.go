package feeds

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"goldenthread/api/access"
	"goldenthread/api/identity"
	"goldenthread/api/mail"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/eventstore"
	"goldenthread/projections"
)

// Feeds are what goes out by itself.
type Feeds struct {
	api       *operation.API
	ledgers   *access.Ledgers
	identity  *identity.Identity
	store     *eventstore.Store
	groups    *projections.Groups
	log       *slog.Logger
	mail      *mail.Post
	fail      func(http.ResponseWriter, *http.Request, *problem.Problem)
	listening atomic.Int32
	hubs      hubs
	reading   chan struct{} // holds one for each who reads events for itself
	stopping  chan struct{} // closed when streams must end
}

// New offers the feeds. Mail is nil where there is no mail server; fail answers that a request of a page was not done.
func New(api *operation.API, l *access.Ledgers, who *identity.Identity, post *mail.Post, fail func(http.ResponseWriter, *http.Request, *problem.Problem)) *Feeds {
	s := &Feeds{
		api: api, ledgers: l, identity: who, store: l.Store, groups: l.Groups, log: l.Log, mail: post, fail: fail, stopping: make(chan struct{}),
		hubs: hubs{of: map[string]*hub{}}, reading: make(chan struct{}, readsOnce),
	}
	const at = "/v1/groups/{group}"
	s.offerPracticeFeed(at)
	s.offerCalendar(at)
	s.offerLetters(at)
	s.offerFeed()
	api.Mux.HandleFunc("GET /g/{group}/live", s.live)
	s.offerChoices()
	return s
}

// Stop ends all streams.
func (s *Feeds) Stop() { close(s.stopping) }

// Listeners are how many listen to live feeds now.
func (s *Feeds) Listeners() int { return int(s.listening.Load()) }
