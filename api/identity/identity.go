package identity

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/guard"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/stream"
	"goldenthread/projections"
)

// Options are what an Identity knows people by.
type Options struct {
	Tokens       *Tokens
	Feeds        *FeedKeys
	SignIn       *SignIn       // who signs in with passkeys; nil: nobody does
	SingleSignOn *SingleSignOn // nil: nobody signs in with their organisation's account
	Idle         time.Duration // after which a session that is not used ends; 0: an hour
	NoTokens     bool          // nobody signs in to the pages with a token
}

// An Identity says who asks, and lets people sign in. It is safe for concurrent use. It
// stands in layers, each on those below.
type Identity struct{ knowing } // lets people in: the first run, invitations, letters, signing in

// Knowing says who asks.
type knowing struct{ ways }

// Ways are what people get in by, and what the ledgers say of it.
type ways struct {
	api          *operation.API
	guard        *guard.Guard
	ledgers      *access.Ledgers
	store        *eventstore.Store
	groups       *projections.Groups
	clock        func() time.Time
	log          *slog.Logger
	tokens       *Tokens
	FeedKeys     *FeedKeys
	SignIn       *SignIn
	SingleSignOn *SingleSignOn
	noTokens     bool
	statements   statements
	ended        ended
}

// New knows people by what the options say, and offers its pages and operations.
func New(o Options, api *operation.API, g *guard.Guard, l *access.Ledgers) *Identity {
	s := &Identity{knowing{ways{
		api: api, guard: g, ledgers: l, store: l.Store, groups: l.Groups, clock: l.Clock, log: l.Log,
		tokens: o.Tokens, FeedKeys: o.Feeds, SignIn: o.SignIn, SingleSignOn: o.SingleSignOn, noTokens: o.NoTokens,
	}}}
	s.statements = openStatements(s.tokens.Tokens.records)
	s.tokens.Tokens.dropped = s.ended.tell
	if s.SignIn != nil {
		s.SignIn.Sessions.Kept.dropped = s.ended.tell
	}
	if s.SignIn != nil && o.Idle > 0 {
		s.SignIn.Sessions.Idle = o.Idle
	}
	(&statementOperations{s}).offerStatements()
	(&tokenOperations{s}).offerTokens()
	(&feedOperations{s}).offerFeedKeys()
	if s.SignIn != nil {
		(&invitationOperations{s}).offerInvitations()
		s.offerSignIn()
	}
	s.store.OnErased(s.forgetErased)
	return s
}

// byItself is the header that marks a background request of a page, as when others
// recorded something. It doesn't extend the session.
const byItself = "Goldenthread-By-Itself"

// Used keeps the session of whoever asks from ending unused, and notes when it ends now.
// What a browser asks for by itself does not keep it.
func (s *knowing) Used(r *http.Request, c *caller.Caller) {
	if c.Session == "" {
		return
	}
	defer func() { c.Until, c.Left = s.SignIn.Sessions.until(c.Session) }()
	if r.Header.Get(byItself) != "" || strings.HasSuffix(r.URL.Path, "/live") || strings.HasSuffix(r.URL.Path, "/feed") {
		return
	}
	if err := s.SignIn.Sessions.use(c.Session); err != nil {
		s.log.WarnContext(r.Context(), "the use of a session could not be noted", "error", err)
	}
}

// Who is whoever a token stands for or, where none is sent, whoever is
// signed in.
func (s *knowing) Who(r *http.Request) (caller.Caller, *problem.Problem) {
	sent := r.Header.Get("Authorization") != "" || r.URL.Query().Has("key")
	if !sent && s.SignIn != nil {
		_, err := r.Cookie(caller.CookieName(caller.SessionCookie, s.guard.Encrypted(r)))
		sent = err == nil
	}
	inGroup := strings.HasPrefix(r.URL.Path, "/v1/groups/")
	if inGroup { // the pages of signing in ask for it themselves
		if err := s.newestFor(r); err != nil {
			return caller.Caller{}, problem.Of(r.Context(), s.log, err)
		}
	}
	c, unknown := s.onTheNewest(r.Context(), sent, func() (caller.Caller, *problem.Problem) { return s.who(r) })
	if unknown != nil && unknown.Status == http.StatusServiceUnavailable && !inGroup && !guard.IsPage(r.URL.Path) {
		if c, unknown := s.who(r); unknown == nil && c.Operator && c.Session == "" {
			return c, nil // whoever runs this server sees how it is, whatever it can reach
		}
	}
	return c, unknown
}

// ByToken is whoever the token stands for.
func (s *knowing) ByToken(ctx context.Context, token string) (caller.Caller, *problem.Problem) {
	return s.onTheNewest(ctx, true, func() (caller.Caller, *problem.Problem) { return s.byToken(ctx, token) })
}

// onTheNewest finds out who asks. Where other nodes let people in too, nobody gets in
// while this node can't tell whether they ended it; and who is not known, and sent
// something to be known by, is looked up again on all that the others have done.
func (s *knowing) onTheNewest(ctx context.Context, sent bool, find func() (caller.Caller, *problem.Problem)) (caller.Caller, *problem.Problem) {
	c, unknown := find()
	if s.store.Alone() || unknown != nil && !sent {
		return c, unknown
	}
	err := s.CheckCurrent()
	if unknown != nil {
		if err = s.Newest(ctx); err == nil {
			c, unknown = find()
		}
	}
	if err != nil {
		return caller.Caller{}, problem.Of(ctx, s.log, err)
	}
	return c, unknown
}

// CheckCurrent says why nobody gets in just now: this node can't tell what the others have
// recorded and ended. nil: it can.
func (s *knowing) CheckCurrent() error {
	return cmp.Or(s.store.CheckCurrent(), s.tokens.Tokens.records.Check())
}

// Newest waits until all is here that other nodes recorded, made and ended before the call;
// the error says that this node can't tell.
func (s *knowing) Newest(ctx context.Context) error {
	if s.store.Alone() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, stream.CurrentFor)
	defer cancel()
	return cmp.Or(s.store.CatchUp(ctx), s.tokens.Tokens.records.CatchUp(ctx))
}

// newestFor is Newest, before somebody signs in, takes up an invitation, or looks after ways
// in: what they mean may have been made at another node a moment ago.
func (s *knowing) newestFor(r *http.Request) error {
	path := r.URL.Path
	if !caller.Safe(r.Method) && !strings.Contains(path, "/commands/") && !guard.IsPage(path) || signsIn(r) || strings.HasPrefix(path, "/invitation/") || strings.HasPrefix(path, firstPages) {
		return s.Newest(r.Context())
	}
	return nil
}

// who is whoever sent the request, by what is here.
func (s *knowing) who(r *http.Request) (caller.Caller, *problem.Problem) {
	if c, ended, ok := s.feedCaller(r); ok {
		return c, cmp.Or(ended, s.mayGetIn(r.Context(), c))
	}
	sent := r.Header.Values("Authorization")
	if len(sent) == 0 && s.SignIn != nil {
		if is, ok := s.SignIn.Sessions.Of(r, s.guard.Encrypted(r)); ok && s.holds(is) {
			if is.ofOperator() {
				return caller.Caller{Operator: true, Scope: caller.ScopeAct, Way: domain.ByOperator, Session: is.ID}, nil
			}
			token, _ := strings.CutPrefix(is.Passkey, byToken)
			if token == is.Passkey {
				token = ""
			}
			c, refused := s.admitted(r.Context(), caller.Caller{Group: is.Group, Person: is.Person, Scope: caller.ScopeAct, Way: s.way(&is), Session: is.ID, Token: token})
			if state, err := s.store.State(r.Context(), is.Group); refused == nil && err == nil {
				c.News = s.newWays(state, &is)
			}
			return c, refused
		}
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || len(sent) != 1 {
		return caller.Caller{}, problem.Unauthorized("Please say who you are: sign in, or send your token in the header Authorization, as Bearer and the token.")
	}
	return s.byToken(r.Context(), strings.TrimSpace(token))
}

// byToken is whoever the token stands for, by what is here.
func (s *knowing) byToken(ctx context.Context, token string) (caller.Caller, *problem.Problem) {
	c, ok, err := s.tokens.Caller(token, s.clock())
	if err != nil {
		s.log.WarnContext(ctx, "the use of a token could not be noted", "error", err)
	}
	if !ok {
		s.log.InfoContext(ctx, "a token was refused")
		return c, problem.Unauthorized("This token is not known here. Please ask whoever runs this server for a new one.")
	}
	return s.admitted(ctx, c)
}
