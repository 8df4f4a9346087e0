package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"goldenthread/api/web"
)

// feedKeySoon is how long before its end a feed says that its key ends.
const feedKeySoon = 30 * 24 * time.Hour

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// originOf is the origin of the request that is being answered.
func originOf(ctx context.Context) string { return askerOf(ctx).origin() }

// An asker is what is known of whoever asks.
type asker struct {
	caller  *Caller       // nil: nobody is known
	origin  func() string // of this server, as they know it
	unknown *Problem      // why nobody is known
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

// callerOf is whoever asks; an operation that nobody asks for is refused.
func callerOf(ctx context.Context) (Caller, error) {
	is := askerOf(ctx)
	switch {
	case is.caller != nil:
		return *is.caller, nil
	case is.unknown != nil:
		return Caller{}, is.unknown
	}
	return Caller{}, unauthorized("Please say who you are.")
}

func outOfScope(s Scope) *Problem {
	return newProblem(http.StatusForbidden, "This token may be used to "+string(s)+" only.")
}

// sessionCookie is the cookie of a session.
const sessionCookie = "goldenthread"

// cookieName is the name under which a browser keeps a cookie. Over TLS it says
// that the cookie is this very host's, sent over TLS alone: a neighbour can't
// plant one (RFC 6265bis, section 4.1.3.2). Over plain HTTP, on this machine,
// browsers refuse such names.
func cookieName(name string, secure bool) string {
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

// allows says whether the scope is enough for what needs the other.
func (s Scope) allows(need Scope) bool {
	order := []Scope{ScopeCheck, ScopeRead, ScopeAct}
	return slices.Index(order, s) >= slices.Index(order, need)
}

func (s Scope) known() bool { return s == ScopeCheck || s == ScopeRead || s == ScopeAct }

// A Caller is whoever a token or a session stands for.
type Caller struct {
	Group    string // in which they are somebody; "" for the operator
	Person   string // handle or id
	Operator bool   // runs this server: founds groups, makes invitations and tokens, and is nobody's member
	Scope    Scope
	news     []web.NewKey // that the session has not been told of
	feedEnds time.Time    // when the key of a feed ends that asks; none for others
	session  string       // id of the session; "" for a token
	token    string       // id of the token, or of the one by which the session was begun
}
