package caller

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// FeedKeySoon is how long before its end a feed says that its key ends.
const FeedKeySoon = 30 * 24 * time.Hour

// Safe says whether a request of that method changes nothing (RFC 9110, section 9.2.1).
func Safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// Origin is the origin of the request that is being answered.
func Origin(ctx context.Context) string { return AskerOf(ctx).Origin() }

// An Asker says who sent the request that is being answered.
type Asker struct {
	Caller  *Caller          // nil: nobody is known
	Origin  func() string    // of this server, as they know it
	From    string           // the address, or of IPv6 the /64, that counts as theirs
	Unknown *problem.Problem // why nobody is known
}

type askerKey struct{}

// In is the context of a request that they sent.
func (a *Asker) In(ctx context.Context) context.Context { return context.WithValue(ctx, askerKey{}, a) }

// Nobody stands for a sender outside of HTTP, before it is known who they are.
var Nobody = Asker{Origin: func() string { return "" }}

// AskerOf says who sent the request of this context; Nobody if that was not noted.
func AskerOf(ctx context.Context) *Asker {
	if a, ok := ctx.Value(askerKey{}).(*Asker); ok {
		return a
	}
	return &Nobody
}

// Of is the caller of the request of this context, or a refusal if nobody is known.
func Of(ctx context.Context) (Caller, error) {
	is := AskerOf(ctx)
	switch {
	case is.Caller != nil:
		return *is.Caller, nil
	case is.Unknown != nil:
		return Caller{}, is.Unknown
	}
	return Caller{}, problem.Unauthorized("Please say who you are.")
}

// LogRefused notes in the log that a known caller was refused, by which rule and for which
// operation or page, with nothing of what they sent (ASVS 5.0, 16.3.2). What strangers ask
// in vain is not noted: they would fill the log.
func LogRefused(ctx context.Context, log *slog.Logger, what string, p *problem.Problem) {
	c := AskerOf(ctx).Caller
	if c == nil || p.Status != http.StatusForbidden && p.Status != http.StatusTooManyRequests {
		return
	}
	who := c.Person
	if c.Operator {
		who = "operator"
	}
	log.InfoContext(ctx, "a request was refused", "what", what, "status", p.Status, "rule", p.Rule, "group", c.Group, "person", who)
}

// OutOfScope says why the caller's scope is not enough: their way in waits, or it is a
// token for less.
func (c *Caller) OutOfScope() *problem.Problem {
	if c.Waits != nil {
		return c.Waits
	}
	return problem.New(http.StatusForbidden, "This token may be used to "+string(c.Scope)+" only.")
}

// SessionCookie is the cookie of a session.
const SessionCookie = "goldenthread"

// CookieName is the name under which a browser keeps a cookie. Over TLS it says
// that the cookie is this very host's, sent over TLS alone: a neighbour can't
// plant one (RFC 6265bis, section 4.1.3.2). Over plain HTTP, on this machine,
// browsers refuse such names.
func CookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

// A Scope is what a token may be used for.
type Scope string

const (
	ScopeCheck Scope = "check" // ask the check
	ScopeRead  Scope = "read"  // ask every question
	ScopeAct   Scope = "act"   // ask, and have things recorded
)

// Allows says whether the scope is enough for what needs the other.
func (s Scope) Allows(need Scope) bool {
	order := []Scope{ScopeCheck, ScopeRead, ScopeAct}
	return slices.Index(order, s) >= slices.Index(order, need)
}

// Known says whether there is such a scope.
func (s Scope) Known() bool { return s == ScopeCheck || s == ScopeRead || s == ScopeAct }

// A Caller is the person, or the operator, for whom a token or a session stands.
type Caller struct {
	Group    string // in which they are somebody; "" for the operator
	Person   string // handle or id
	Operator bool   // runs this server: founds groups, makes invitations and tokens, and is nobody's member
	Scope    Scope
	Way      domain.Way       // by which they are known
	Waits    *problem.Problem // why they can't act yet; nil: they can
	News     []web.NewKey     // ways in of theirs that they have not answered for
	FeedEnds time.Time        // when the key of a feed ends that asks; none for others
	Session  string           // id of the session; "" for a token
	Until    time.Time        // when the session ends if it is not used again; none for a token
	Left     time.Duration    // until then
	Token    string           // id of the token, or of the one by which the session was begun
}

// PartyOf is the name to which devices bind the passkeys of an origin.
func PartyOf(origin string) string {
	_, host, _ := strings.Cut(origin, "://")
	host, _, _ = strings.Cut(host, ":")
	return host
}
