package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"goldenthread/api/mail"
	"goldenthread/eventstore"
	"goldenthread/eventstore/trace"
	"goldenthread/projections"
)

const (
	readTimeout  = 15 * time.Second // of a whole request
	idleTimeout  = 2 * time.Minute
	headerBytes  = 32 << 10
	drainTimeout = 10 * time.Second
)

// Options are what a Server answers from.
type Options struct {
	Store        *eventstore.Store
	Groups       *projections.Groups // which follow the store
	Tokens       *Tokens
	Feeds        *FeedKeys
	Mail         *mail.Post       // nil: there is no mail server
	Copies       int              // of documents, on an existing NATS; none: 1
	SignIn       *SignIn          // who signs in with passkeys; nil: nobody does
	SingleSignOn *SingleSignOn    // nil: nobody signs in with their organisation's account
	Reach        Reach            // checked; none: plain HTTP on localhost
	Clock        func() time.Time // for "today"; nil is time.Now
	Idle         time.Duration    // after which a session that is not used ends; 0: an hour
	Reads        int              // a second, of one caller; 0: 200, less than 0: any number
	NoTokens     bool             // nobody signs in to the pages with a token
	Log          *slog.Logger     // nil is slog.Default
}

// A Server answers over HTTP. It is safe for concurrent use.
type Server struct {
	api      *API
	guard    *Guard
	ledgers  *Ledgers
	identity *Identity
	feeds    *Feeds
	rest     *Rest
	pages    *Pages
	log      *slog.Logger
}

// New is a server that answers from the store and its projections.
func New(o Options) *Server {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	s := &Server{log: trace.Logger(o.Log), guard: NewGuard(o.Reach, o.Reads)}
	s.api = NewAPI(s.log)
	s.ledgers = NewLedgers(o.Store, o.Groups, o.Clock, s.log)
	s.identity = NewIdentity(IdentityOptions{
		Tokens: o.Tokens, Feeds: o.Feeds, SignIn: o.SignIn, SingleSignOn: o.SingleSignOn, Idle: o.Idle, NoTokens: o.NoTokens,
	}, s.api, s.guard, s.ledgers)
	s.ledgers.signed = s.identity.checkSignature
	s.pages = NewPages(s.api, s.ledgers)
	s.feeds = NewFeeds(s.api, s.ledgers, s.identity, o.Mail, s.pages.fail)
	s.rest = NewRest(s.api, s.ledgers, s.identity, o.Copies, s.feeds.listeners)
	s.api.offerOpenAPI()
	return s
}

// Serve answers on the listener until ctx ends; then it lets those finish who
// are being answered, for at most ten seconds.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := s.patient()
	l = gathering(srv, l)
	ended := make(chan error, 1)
	go func() {
		if srv.TLSConfig != nil {
			ended <- srv.ServeTLS(l, "", "")
		} else {
			ended <- srv.Serve(l)
		}
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	s.feeds.stop()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("some requests were cut off: %w", err), srv.Close())
	}
	return nil
}

// patient waits so long for slow clients, and no longer.
func (s *Server) patient() *http.Server {
	return &http.Server{
		Handler: s, ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), TLSConfig: s.guard.reach.TLS,
	}
}

// ServeHTTP says who is asking and hands on. Whatever goes wrong below it is
// answered as a problem.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	is := &asker{origin: func() string { return s.guard.origin(r) }}
	r = r.WithContext(is.in(trace.From(r.Context(), r.Header.Values(trace.Header))))
	defer s.recovered(w, r)
	s.guard.guardHeaders(w.Header(), r)
	if err := checkAddress(r.URL); err != nil {
		s.pages.fail(w, r, problemOf(r.Context(), s.log, err))
		return
	}
	if refused := s.admit(is, r); refused != nil {
		s.pages.fail(w, r, refused)
		return
	}
	if h, pattern := s.api.mux.Handler(r); pattern == "" {
		s.pages.fail(w, r, unmatched(h, r))
		return
	}
	s.api.mux.ServeHTTP(w, r)
}

// recovered answers for whoever panicked below.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	switch why := recover(); why {
	case nil:
	case http.ErrAbortHandler:
		panic(why)
	default:
		s.pages.fail(w, r, problemOf(r.Context(), s.log, fmt.Errorf("panic: %v\n%s", why, debug.Stack())))
	}
}

// admit says who is asking and refuses whoever may not even ask.
func (s *Server) admit(is *asker, r *http.Request) *Problem {
	if p := s.guard.checkOrigin(r); p != nil {
		return p
	}
	c, unknown := s.identity.caller(r)
	if is.unknown = unknown; unknown == nil {
		if isPage(r.URL.Path) && !c.Scope.allows(scopeOf(r)) {
			return outOfScope(c.Scope)
		}
		is.caller = &c
		s.identity.used(r, c)
	} else if r.URL.Path == "/v1" || strings.HasPrefix(r.URL.Path, "/v1/") || isPage(r.URL.Path) {
		return cmp.Or(s.guard.reads.check(s.guard.client(r), time.Now()), unknown)
	}
	return s.guard.checkPace(r, is.caller)
}

// scopeOf is the least scope with which somebody may have a page.
func scopeOf(r *http.Request) Scope {
	if safe(r.Method) {
		return ScopeRead
	}
	return ScopeAct
}

// Offer answers the check on the subject goldenthread.check, as the NATS
// service goldenthread, until the service is stopped.
func (s *Server) Offer(nc *nats.Conn) (micro.Service, error) { return s.rest.Offer(nc) }
