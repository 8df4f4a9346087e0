package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/api/mail"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/trace"
	"goldenthread/projections"
)

const (
	readTimeout  = 15 * time.Second // of a whole request
	writeTimeout = 30 * time.Second // of an answer, or of one piece of a stream
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
	store        *eventstore.Store
	groups       *projections.Groups
	tokens       *Tokens
	feedKeys     *FeedKeys
	mail         *mail.Post
	documents    documents
	signIn       *SignIn
	singleSignOn *SingleSignOn
	reach        Reach
	clock        func() time.Time
	log          *slog.Logger
	mux          *http.ServeMux
	api          huma.API
	feeds        atomic.Int32
	metrics      *metrics
	turns        *turns        // of those whose answers take long
	patience     time.Duration // with which a question waits for what is not known yet
	statements   statements
	stopping     chan struct{} // closed when streams must end

	crossOrigin *http.CrossOriginProtection
	writes      *limits
	signIns     *limits
	reads       *limits
	noTokens    bool
}

// New is a server that answers from the store and its projections.
func New(o Options) *Server {
	s := &Server{
		store: o.Store, groups: o.Groups, tokens: o.Tokens, feedKeys: o.Feeds, mail: o.Mail, clock: o.Clock, log: o.Log,
		signIn: o.SignIn, singleSignOn: o.SingleSignOn, reach: o.Reach, mux: http.NewServeMux(), patience: patience, stopping: make(chan struct{}), turns: newTurns(),
		crossOrigin: http.NewCrossOriginProtection(), writes: newLimits(writesEach, writesBurst), signIns: newLimits(signInsEach, signInsBurst),
		reads: readLimits(o.Reads), noTokens: o.NoTokens,
	}
	if s.signIn != nil && o.Idle > 0 {
		s.signIn.sessions.idle = o.Idle
	}
	if s.reach.Origin != "" {
		if err := s.crossOrigin.AddTrustedOrigin(s.reach.Origin); err != nil {
			panic("api: the origin was not checked: " + err.Error())
		}
	}
	s.documents = documents{copies: o.Copies, patience: bucketPatience, connect: func() (jetstream.JetStream, error) { return jetstream.New(o.Store.Conn()) }}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.log = trace.Logger(s.log)
	s.metrics = newMetrics(s)
	s.api = humago.New(s.mux, humaConfig())
	s.offerHealth()
	s.offerCommands()
	s.offerStatements()
	s.offerQuestions()
	s.offerEvents()
	s.offerLog()
	s.offerFeed()
	s.offerTokens()
	s.offerMetrics()
	s.offerBackup()
	s.offerFeedKeys()
	if s.signIn != nil {
		s.offerInvitations()
		s.offerSignIn()
	}
	s.offerPages()
	s.offerOpenAPI()
	return s
}

func (s *Server) today() domain.Day { return domain.DayOf(s.clock()) }

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
	close(s.stopping)
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
		MaxHeaderBytes: headerBytes, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), TLSConfig: s.reach.TLS,
	}
}

// ServeHTTP says who is asking and hands on. Whatever goes wrong below it is
// answered as a problem.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	is := &asker{origin: func() string { return s.origin(r) }}
	r = r.WithContext(is.in(trace.From(r.Context(), r.Header.Values(trace.Header))))
	defer s.recovered(w, r)
	s.guardHeaders(w.Header(), r)
	if err := checkAddress(r.URL); err != nil {
		s.fail(w, r, s.problem(r.Context(), err))
		return
	}
	if refused := s.admit(is, r); refused != nil {
		s.fail(w, r, refused)
		return
	}
	if h, pattern := s.mux.Handler(r); pattern == "" {
		s.fail(w, r, unmatched(h, r))
		return
	}
	s.mux.ServeHTTP(w, r)
}

// recovered answers for whoever panicked below.
func (s *Server) recovered(w http.ResponseWriter, r *http.Request) {
	switch why := recover(); why {
	case nil:
	case http.ErrAbortHandler:
		panic(why)
	default:
		s.fail(w, r, s.problem(r.Context(), fmt.Errorf("panic: %v\n%s", why, debug.Stack())))
	}
}

// An asker is what is known of whoever asks.
type asker struct {
	caller *Caller       // nil: nobody is known
	origin func() string // of this server, as they know it
}

type askerKey struct{}

func (a *asker) in(ctx context.Context) context.Context { return context.WithValue(ctx, askerKey{}, a) }

var nobody = asker{origin: func() string { return "" }}

// askerOf is what is known of whoever asks.
func askerOf(ctx context.Context) *asker {
	if a, ok := ctx.Value(askerKey{}).(*asker); ok {
		return a
	}
	return &nobody
}

// admit says who is asking and refuses whoever may not even ask.
func (s *Server) admit(is *asker, r *http.Request) *Problem {
	if p := s.checkOrigin(r); p != nil {
		return p
	}
	c, unknown := s.caller(r)
	if unknown == nil {
		if isPage(r.URL.Path) && !c.Scope.allows(scopeOf(r)) {
			return outOfScope(c.Scope)
		}
		is.caller = &c
		s.used(r, c)
	} else if r.URL.Path == "/v1" || strings.HasPrefix(r.URL.Path, "/v1/") || isPage(r.URL.Path) {
		return cmp.Or(s.reads.check(s.client(r), time.Now()), unknown)
	}
	return s.checkPace(r, is.caller)
}

// byItself is the header in which a page says that it asks by itself, as when
// others recorded something: nobody uses it then.
const byItself = "Goldenthread-By-Itself"

// used keeps the session of whoever asks from ending unused. What a browser asks
// for by itself does not.
func (s *Server) used(r *http.Request, c Caller) {
	if c.session == "" || r.Header.Get(byItself) != "" || strings.HasSuffix(r.URL.Path, "/live") || strings.HasSuffix(r.URL.Path, "/feed") {
		return
	}
	if err := s.signIn.sessions.use(c.session); err != nil {
		s.log.WarnContext(r.Context(), "the use of a session could not be noted", "error", err)
	}
}

// caller is whoever a token stands for or, where none is sent, whoever is
// signed in.
func (s *Server) caller(r *http.Request) (Caller, *Problem) {
	if c, problem, ok := s.feedCaller(r); ok {
		return c, problem
	}
	sent := r.Header.Values("Authorization")
	if len(sent) == 0 && s.signIn != nil {
		if is, ok := s.signIn.sessions.of(r, s.encrypted(r)); ok && s.holds(is) {
			token, _ := strings.CutPrefix(is.Passkey, byToken)
			if token == is.Passkey {
				token = ""
			}
			return Caller{Group: is.Group, Person: is.Person, Scope: ScopeAct, session: is.ID, token: token, news: is.News}, nil
		}
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || len(sent) != 1 {
		return Caller{}, unauthorized("Please say who you are: sign in, or send your token in the header Authorization, as Bearer and the token.")
	}
	return s.callerBy(r.Context(), strings.TrimSpace(token))
}

// callerBy is whoever the token stands for.
func (s *Server) callerBy(ctx context.Context, token string) (Caller, *Problem) {
	c, ok, err := s.tokens.caller(token, s.clock())
	if err != nil {
		s.log.WarnContext(ctx, "the use of a token could not be noted", "error", err)
	}
	if !ok {
		s.log.InfoContext(ctx, "a token was refused")
		return c, unauthorized("This token is not known here. Please ask whoever runs this server for a new one.")
	}
	return c, nil
}

func unauthorized(say string) *Problem {
	return newProblem(http.StatusUnauthorized, say).with("WWW-Authenticate", `Bearer realm="goldenthread"`)
}

// callerOf is whoever asks; an operation that nobody asks for is refused.
func callerOf(ctx context.Context) (Caller, error) {
	if c := askerOf(ctx).caller; c != nil {
		return *c, nil
	}
	return Caller{}, unauthorized("Please say who you are.")
}

// checkAddress refuses an address that is not plain text.
func checkAddress(u *url.URL) error {
	if !plain(u.Path) {
		return newProblem(http.StatusNotFound, "There is nothing at this address.")
	}
	return checkQuery(u.RawQuery)
}

const mostParameters = 50 // of one address

// checkQuery refuses what would otherwise be dropped silently: a question that
// is asked in another way than was meant must not be answered.
func checkQuery(raw string) error {
	refused := func(say string, args ...any) error {
		return newProblem(http.StatusUnprocessableEntity, fmt.Sprintf(say, args...))
	}
	seen := make([]string, 0, mostParameters)
	for part := range strings.SplitSeq(raw, "&") {
		before, after, _ := strings.Cut(part, "=")
		name, bad := url.QueryUnescape(before)
		value, worse := url.QueryUnescape(after)
		switch {
		case part == "":
			continue
		case bad != nil || worse != nil || strings.Contains(part, ";") || !plain(part):
			return refused("The part of the address after ? can't be read.")
		case !plain(name) || !plain(value):
			return refused("%q in the address is not plain text.", clip(name))
		case slices.Contains(seen, name):
			return refused("%q is given twice in the address.", clip(name))
		case len(seen) == mostParameters:
			return refused("There is too much in the address after ?.")
		}
		seen = append(seen, name)
	}
	return nil
}

// unmatched turns what net/http would say in plain text into a problem.
func unmatched(h http.Handler, r *http.Request) *Problem {
	said := &discard{header: http.Header{}}
	h.ServeHTTP(said, r)
	if said.status == http.StatusMethodNotAllowed {
		return newProblem(said.status, "This address takes "+said.header.Get("Allow")+" only.").with("Allow", said.header.Get("Allow"))
	}
	return newProblem(http.StatusNotFound, "There is nothing at this address. What there is: /openapi.json.")
}

// discard keeps what a handler says but not what it writes.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// operation registers a handler, whose errors become problems.
func operation[I, O any](s *Server, op huma.Operation, handler func(context.Context, *I) (*O, error)) *huma.Operation {
	op.Errors = append(op.Errors, http.StatusInternalServerError, http.StatusServiceUnavailable)
	if strings.HasPrefix(op.Path, "/v1/") {
		op.Security = []map[string][]string{{"bearer": {}}, {"session": {}}}
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity)
	}
	if op.Method == http.MethodPost {
		op.Errors = append(op.Errors, http.StatusTooManyRequests)
	}
	op.RejectUnknownQueryParameters = true
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		if c := askerOf(ctx).caller; c != nil && !c.Scope.allows(scopeFor(&op)) {
			return nil, outOfScope(c.Scope)
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, err)
		}
		return out, nil
	})
	item := s.api.OpenAPI().Paths[op.Path]
	if op.Method == http.MethodPost {
		return item.Post
	}
	return item.Get
}

// scopeOf is the least scope with which somebody may have a page.
func scopeOf(r *http.Request) Scope {
	if safe(r.Method) {
		return ScopeRead
	}
	return ScopeAct
}

// scopeFor is the least scope with which somebody may do the operation.
func scopeFor(op *huma.Operation) Scope {
	switch {
	case op.Method == http.MethodPost:
		return ScopeAct
	case op.OperationID == "check":
		return ScopeCheck
	}
	return ScopeRead
}

func outOfScope(s Scope) *Problem {
	return newProblem(http.StatusForbidden, "This token may be used to "+string(s)+" only.")
}

func humaConfig() huma.Config {
	format := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return json.MarshalWrite(w, v, json.Deterministic(true)) },
		Unmarshal: func(b []byte, v any) error { return json.Unmarshal(b, v) },
	}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Golden Thread", Version: "1",
				Description: "A decision and mandate ledger for organisations that decide together without a hierarchy. " +
					"Everything is recorded by commands and read by questions. Every question takes at (the day that is asked about) " +
					"and known (what was known by then). Money is in integer pence; days are London days.",
			},
			Servers:      []*huma.Server{{URL: "/"}},
			ExternalDocs: &huma.ExternalDocs{URL: web.RulesAt, Description: "The rule book: what each rule's number in an answer stands for"},
			Tags: []*huma.Tag{
				{Name: "commands", Description: "Ask for something to be recorded. The same Idempotency-Key again gets the same answer again."},
				{Name: "questions", Description: "Read what the ledger says."},
				{Name: "events", Description: "The ledger itself, as it is stored."},
				{Name: "log", Description: "The signed log of a ledger, to be checked with anybody's software."},
				{Name: "server", Description: "About this server."},
			},
			Components: &huma.Components{
				Schemas: newRegistry("#/components/schemas/"),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"bearer":  {Type: "http", Scheme: "bearer"},
					"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "of people who signed in at /sign-in; over TLS it is called " + cookieName(sessionCookie, true)},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
	}
}

// offerOpenAPI describes, last of all, what has been registered.
func (s *Server) offerOpenAPI() {
	b, err := s.api.OpenAPI().MarshalJSON()
	if err != nil {
		panic(fmt.Sprintf("api: describe the operations: %v", err))
	}
	tag := tagOf(b)
	s.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Content-Type", "application/openapi+json")
		if matches(r.Header.Get("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(b)
	})
}

var tagSeed = maphash.MakeSeed()

// tagOf is the strong entity tag of these bytes, keyed by this process: another
// one has others, and sends everything once more.
func tagOf(b []byte) string { return `"` + strconv.FormatUint(maphash.Bytes(tagSeed, b), 16) + `"` }

// matches says whether an If-None-Match header names the tag (RFC 9110, weak comparison).
func matches(header, tag string) bool {
	for item := range strings.SplitSeq(header, ",") {
		item = strings.TrimSpace(item)
		if item == "*" || item != "" && strings.TrimPrefix(item, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}
