package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/doctor"
	"goldenthread/api/feeds"
	"goldenthread/api/guard"
	"goldenthread/api/identity"
	"goldenthread/api/mail"
	"goldenthread/api/operation"
	"goldenthread/api/pages"
	"goldenthread/api/problem"
	"goldenthread/api/rest"
	"goldenthread/api/setup"
	"goldenthread/api/traffic"
	"goldenthread/api/webhooks"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
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
	Tokens       *identity.Tokens
	Feeds        *identity.FeedKeys
	Mail         *mail.Post             // nil: there is no mail server
	Webhooks     *webhooks.Hooks        // nil: none are set
	Copies       int                    // of documents, on an existing NATS; none: 1
	SignIn       *identity.SignIn       // who signs in with passkeys; nil: nobody does
	SingleSignOn *identity.SingleSignOn // nil: nobody signs in with their organisation's account
	Reach        guard.Reach            // checked; none: plain HTTP on localhost
	Clock        func() time.Time       // for "today"; nil is time.Now
	Idle         time.Duration          // after which a session that is not used ends; 0: an hour
	Reads        int                    // a second, of one caller; 0: 200, less than 0: any number
	NoTokens     bool                   // nobody signs in to the pages with a token
	BackupKey    archive.Key            // with which backups are made; nil: they hold the ledgers alone
	OnRecord     bool                   // access is on a group's record from its founding on, not only from the first invitation, token or passkey on
	AccessLog    bool                   // every request is logged
	Addresses    bool                   // with the address of whoever sent it
	MetricsToken string                 // lets whoever sends it read /metrics, and nothing else; "": there is none
	Backups      setup.Backups          // that this server makes by itself; nil: it makes none
	Example      setup.Example          // that the operator can look at; nil: there is none
	ShowsExample bool                   // all that is here is the example, and its pages say so
	Contact      string                 // whom to tell of a weakness, as mailto: or https:; "": nobody is named
	Log          *slog.Logger           // nil is slog.Default
}

// A Server answers over HTTP. It is safe for concurrent use.
type Server struct {
	api      *operation.API
	guard    *guard.Guard
	ledgers  *access.Ledgers
	identity *identity.Identity
	feeds    *feeds.Feeds
	rest     *rest.Rest
	pages    *pages.Pages
	setup    *setup.Setup
	traffic  *traffic.Traffic
	store    *eventstore.Store
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
	s := &Server{store: o.Store, log: trace.Logger(o.Log), guard: guard.New(o.Reach, o.Reads)}
	if !o.Store.Alone() {
		if err := s.guard.ShareSignIns(o.Store.Conn(), s.log); err != nil {
			s.log.Error("sign-ins are counted by this node alone", "error", err)
		}
	}
	s.api = operation.New(s.log)
	s.traffic = s.countTraffic(&o)
	s.ledgers = access.New(o.Store, o.Groups, o.Clock, s.log)
	s.ledgers.Documents = access.NewDocuments(func() (jetstream.JetStream, error) { return jetstream.New(o.Store.Conn()) }, o.Copies)
	s.identity = identity.New(identity.Options{
		Tokens: o.Tokens, Feeds: o.Feeds, SignIn: o.SignIn, SingleSignOn: o.SingleSignOn, Idle: o.Idle, NoTokens: o.NoTokens,
	}, s.api, s.guard, s.ledgers)
	s.ledgers.Signed = s.identity.Signed
	if o.OnRecord {
		s.ledgers.Founded = s.identity.BeginAccess
	}
	s.pages = pages.New(s.api, s.ledgers)
	s.pages.Contact, s.pages.Example, s.pages.Mail = o.Contact, o.ShowsExample, o.Mail
	s.feeds = feeds.New(s.api, s.ledgers, s.identity, o.Mail, s.pages.Fail)
	s.rest = rest.New(s.api, s.ledgers, s.identity, s.feeds.Listeners, s.traffic)
	s.rest.BackupKey, s.rest.MetricsToken = o.BackupKey, o.MetricsToken
	s.rest.Installation = doctor.Installation{Dir: o.Tokens.Dir, Certificate: doctor.Leaf(o.Reach.TLS), Mail: o.Mail, Webhooks: o.Webhooks, LostWays: s.identity.LostWays, LostDocuments: s.ledgers.Documents.Lost}
	s.setup = setup.New(setup.Options{Mail: o.Mail, Backups: o.Backups, Example: o.Example, ShowsExample: o.ShowsExample, Installation: s.rest.Installation, BackupKey: o.BackupKey, Dir: o.Tokens.Dir, Fail: s.pages.Fail}, s.api, s.guard, s.ledgers, s.identity)
	s.api.Offer()
	s.traffic.Know(s.api.Mux.Patterns)
	return s
}

// countTraffic counts requests, and logs them as the options say.
func (s *Server) countTraffic(o *Options) *traffic.Traffic {
	var log *slog.Logger
	var address func(*http.Request) string
	if o.AccessLog {
		log = s.log
	}
	if o.Addresses {
		address = s.guard.Address
	}
	return traffic.New(log, address)
}

// Backup writes a backup with all credentials, under the key of backups.
func (s *Server) Backup(ctx context.Context, w io.Writer) error {
	credentials, err := s.identity.Credentials()
	if err != nil {
		return err
	}
	return s.store.Backup(ctx, w, s.rest.BackupKey, credentials)
}

// Serve answers on the listener until ctx ends; then it lets those finish who
// are being answered, for at most ten seconds.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	srv := s.patient()
	l = operation.Gathering(srv, s.guard.Connections(l))
	s.store.OnErased(func([]string) { // idle connections hold what was last sent on them
		srv.SetKeepAlivesEnabled(false)
		srv.SetKeepAlivesEnabled(true)
	})
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
	s.feeds.Stop()
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
		Handler: s, ReadHeaderTimeout: readTimeout, ReadTimeout: readTimeout, WriteTimeout: operation.WriteTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), TLSConfig: s.guard.Reach.TLS,
	}
}

// ServeHTTP says who is asking and hands on. Whatever goes wrong below it is
// answered as a problem.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	is := &caller.Asker{Origin: func() string { return s.guard.Origin(r) }, From: s.guard.Client(r)}
	r = r.WithContext(is.In(trace.From(r.Context(), r.Header.Values(trace.Header))))
	h, pattern := s.api.Mux.Handler(r)
	w, end := s.traffic.Begin(w, r, pattern)
	defer end()
	defer s.recovered(w, r)
	s.guard.Headers(w.Header(), r)
	if err := guard.CheckAddress(r.URL); err != nil {
		s.pages.Fail(w, r, problem.Of(r.Context(), s.log, err))
		return
	}
	if refused := s.admit(is, r); refused != nil {
		s.pages.Fail(w, r, refused)
		return
	}
	if pattern == "" {
		s.pages.Fail(w, r, guard.Unmatched(h, r))
		return
	}
	s.api.Mux.ServeHTTP(w, r)
}

// recovered answers for whoever panicked below.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	switch why := recover(); why {
	case nil:
	case http.ErrAbortHandler:
		panic(why)
	default:
		s.pages.Fail(w, r, problem.Of(r.Context(), s.log, fmt.Errorf("panic: %v\n%s", why, debug.Stack())))
	}
}

// admit says who is asking and refuses whoever may not even ask.
func (s *Server) admit(is *caller.Asker, r *http.Request) *problem.Problem {
	if p := s.guard.CheckOrigin(r); p != nil {
		return p
	}
	c, unknown := s.identity.Who(r)
	if is.Unknown = unknown; unknown == nil {
		if guard.IsPage(r.URL.Path) && !c.Scope.Allows(scopeOf(r)) {
			is.Caller = &c
			return c.OutOfScope()
		}
		if c.Operator && c.Session != "" && !identity.OperatorsOwn(r.URL.Path) {
			return problem.Of(r.Context(), s.log, identity.ErrOperatorOnly)
		}
		is.Caller = &c
		s.identity.Used(r, &c)
	} else if r.URL.Path == "/v1" || strings.HasPrefix(r.URL.Path, "/v1/") || guard.IsPage(r.URL.Path) {
		return cmp.Or(s.guard.CheckStranger(r), unknown)
	}
	return s.guard.CheckPace(r, is.Caller)
}

// scopeOf is the least scope with which somebody may have a page.
func scopeOf(r *http.Request) caller.Scope {
	if caller.Safe(r.Method) {
		return caller.ScopeRead
	}
	return caller.ScopeAct
}

// BeginAccess puts on the record of each group that has none which ways in there are from
// before (rule L10). A group that can't be written goes without until the next start.
func (s *Server) BeginAccess(ctx context.Context) error {
	var errs []error
	for _, group := range s.ledgers.Store.Groups() {
		if err := s.identity.BeginAccess(ctx, group); err != nil {
			errs = append(errs, fmt.Errorf("access to %s is not on its record: %w", group, err))
		} else if err := s.identity.SayLostWays(ctx, group); err != nil {
			errs = append(errs, fmt.Errorf("whether ways in to %s are lost is not known: %w", group, err))
		}
	}
	return errors.Join(errs...)
}

// FirstLink is the path of the link with which whoever starts this server on an empty folder
// begins, good once and for half an hour; "" where something is here already.
func (s *Server) FirstLink() (string, error) { return s.identity.MakeFirstLink() }

// Offer answers the check over NATS, as the service goldenthread, until it is stopped.
func (s *Server) Offer(nc *nats.Conn) (rest.Services, error) { return s.rest.Offer(nc) }
