package identity

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-webauthn/webauthn/protocol"

	"goldenthread/api/caller"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web/signin"
	"goldenthread/domain"
	"goldenthread/eventstore"
)

// Signing in proves who somebody is. What they may do is in the ledger alone.

// SignIn is who can sign in and who is signed in, at whichever node.
type SignIn struct {
	Passkeys    *passkeys
	Accounts    *accounts
	Invitations *invitations
	Sessions    *sessions
	journal     *kept[JournalLine]
	ceremonies  *ceremonies
	first       *kept[firstLink]
	letters     *kept[letterCode]
}

// OpenSignIn reads who can sign in; the first time nobody does.
func OpenSignIn(ctx context.Context, store *eventstore.Store) (*SignIn, error) {
	r, err := store.Shared(ctx)
	if err != nil {
		return nil, err
	}
	in, dir := &SignIn{first: openFirstLinks(r)}, store.Dir()
	if in.Passkeys, err = openPasskeys(r, dir); err != nil {
		return nil, err
	}
	if in.Accounts, err = openAccounts(r, dir); err != nil {
		return nil, err
	}
	if in.letters, err = openLetters(r, dir); err != nil {
		return nil, err
	}
	if in.Invitations, err = openInvitations(r, dir); err != nil {
		return nil, err
	}
	if in.journal, err = openJournal(r, dir); err != nil {
		return nil, err
	}
	if in.ceremonies, err = openCeremonies(r); err != nil {
		return nil, err
	}
	in.Sessions, err = openSessions(r, dir)
	return in, err
}

// SignInPages are the pages on which people sign in and look after it.
func (s *Identity) SignInPages() map[string]http.HandlerFunc {
	account, passkeys, organisation := &accountPages{s}, &passkeyPages{s}, &organisationPages{s}
	pages := map[string]http.HandlerFunc{
		"GET /sign-in":                       s.atOrigin(s.frontPage),
		"POST /sign-in":                      s.tried(s.frontPage),
		"POST /sign-in/begin":                s.tried(passkeys.beginSignIn),
		"POST /sign-in/finish":               s.tried(passkeys.finishSignIn),
		"GET /sign-in/passkey.js":            script,
		"POST /sign-out":                     s.tried(s.signOut),
		"GET /invitation":                    s.atOrigin(passkeys.codePage),
		"POST /invitation":                   s.tried(passkeys.takeCode),
		"GET /invitation/{code}":             s.atOrigin(passkeys.invitationPage),
		"POST /invitation/{code}/begin":      s.tried(passkeys.beginInvited),
		"POST /invitation/{code}/finish":     s.tried(passkeys.finishRegistering),
		"GET /account":                       s.SignedIn(s.tried(account.accountPage)),
		"POST /account/passkeys/begin":       s.SignedIn(s.tried(passkeys.beginAnother)),
		"POST /account/passkeys/finish":      s.SignedIn(s.tried(passkeys.finishRegistering)),
		"POST /account/passkeys/{id}/remove": s.SignedIn(s.tried(account.removePasskey)),
		"GET /account/passkeys/{id}/remove":  s.SignedIn(s.tried(account.confirm(account.confirmPasskey))),
		"GET /account/ways/end":              s.SignedIn(s.tried(account.confirm(account.confirmWay))),
		"GET /account/feeds/{id}/replace":    s.SignedIn(s.tried(account.confirm(account.confirmFeedReplacement))),
		"GET /account/feeds/{id}/end":        s.SignedIn(s.tried(account.confirm(account.confirmFeedEnd))),
		"POST /account/sessions/{id}/end":    s.SignedIn(s.tried(account.endSession)),
		"POST /account/ways/end":             s.SignedIn(s.tried(account.endWay)),
		"POST /account/passkeys/seen":        s.SignedIn(s.tried(account.seeKeys)),
		"POST /account/feeds/{id}/replace":   s.SignedIn(s.tried(account.replaceFeed)),
		"POST /account/feeds":                s.SignedIn(s.tried(account.makeFeed)),
		"POST /account/feeds/{id}/end":       s.SignedIn(s.tried(account.endOwnFeed)),
	}
	operator := map[string]http.HandlerFunc{
		"GET " + firstPages + "{code}":                    s.atOrigin(s.firstRunPage),
		"POST " + firstPages + "{code}":                   s.tried(s.beginFirstRun),
		"POST " + OperatorPages + "/passkeys/begin":       s.tried(passkeys.beginOperator),
		"POST " + OperatorPages + "/passkeys/finish":      s.tried(passkeys.finishOperator),
		"GET " + OperatorPages + "/passkeys/{id}/remove":  s.tried(passkeys.confirmOperator),
		"POST " + OperatorPages + "/passkeys/{id}/remove": s.tried(passkeys.removeOperator),
	}
	maps.Copy(pages, operator)
	if !s.noTokens {
		pages["POST /sign-in/token"] = s.tried(s.signInByToken)
	}
	if s.SingleSignOn != nil {
		pages["GET /sign-in/oidc"] = s.atOrigin(organisation.beginSingleSignOn)
		pages["GET "+oidcCallback] = s.tried(organisation.finishSingleSignOn)
	}
	return pages
}

func (s *Identity) offerSignIn() {
	for pattern, page := range s.SignInPages() {
		s.api.Mux.HandleFunc(pattern, page)
	}
}

// SignedIn lets only those through who have a session or a token; a page is
// redirected to where people sign in, and comes back.
func (s *Identity) SignedIn(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, err := caller.Of(r.Context())
		if err == nil {
			next(w, r)
			return
		}
		if problem.Of(r.Context(), s.log, err).Status != http.StatusUnauthorized { // this node can't tell who it is
			s.tried(func(http.ResponseWriter, *http.Request) error { return err })(w, r)
			return
		}
		if caller.Safe(r.Method) {
			http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		p := problem.Unauthorized("Please sign in first.")
		if !takesPages(r) {
			p.Write(w)
			return
		}
		s.leadOn(w, r, p, "/account", "You are not signed in any more, so nothing was changed. Sign in to go on.")
	}
}

// takesPages says whether a person asks, in a browser.
func takesPages(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// leadOn shows the page of signing in, with why somebody is not signed in and all ways to do it.
func (s *Identity) leadOn(w http.ResponseWriter, r *http.Request, p *problem.Problem, next, say string) {
	if err := s.showFront(w, p.Status, signin.Front{Next: next, Wrong: say}); err != nil {
		s.log.InfoContext(r.Context(), "a page broke off", "error", err)
	}
}

// A stranded is why somebody who was on the way to a page is not signed in.
type stranded struct {
	error
	next string // that page's path
}

func (s *stranded) Unwrap() error { return s.error }

// tried answers what goes wrong as a problem: to people as a page.
func (s *Identity) tried(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := s.newestFor(r)
		if err == nil {
			err = f(w, r)
		}
		if err == nil {
			return
		}
		p := problem.Of(r.Context(), s.log, err)
		if signsIn(r) {
			s.logRefused(r, p)
		}
		if !takesPages(r) {
			p.Write(w)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/sign-in/oidc") {
			on := &stranded{next: LocalPath(r.URL.Query().Get("next"))}
			errors.As(err, &on)
			s.leadOn(w, r, p, on.next, p.Detail)
			return
		}
		html(w, p.Status)
		if err := (signin.Problem{Title: p.Title, Detail: p.Detail, Rule: p.Rule, RuleText: p.Text}).Render(w); err != nil {
			s.log.InfoContext(r.Context(), "a page broke off", "error", err)
		}
	}
}

func (s *Identity) logRefused(r *http.Request, p *problem.Problem) {
	s.log.InfoContext(r.Context(), "a sign-in was refused", "status", p.Status, "say", p.Detail)
}

// atOrigin sends whoever came by another name to the one to which passkeys are
// bound: 127.0.0.1 has none. Behind a name of its own a server is known by no
// other, or by names that its proxy made up.
func (s *Identity) atOrigin(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return s.tried(func(w http.ResponseWriter, r *http.Request) error {
		if origin := s.guard.Origin(r); s.guard.Reach.Origin == "" && !strings.EqualFold(strings.SplitN(origin, "://", 2)[1], r.Host) {
			http.Redirect(w, r, origin+r.URL.RequestURI(), http.StatusSeeOther)
			return nil
		}
		return f(w, r)
	})
}

func html(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
}

func script(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Write(signin.Script)
}

// passkeyPages sign people in with passkeys, and register them by an invitation.
type passkeyPages struct{ *Identity }

// beginSignIn sends a challenge that any passkey of ours can answer.
func (s *passkeyPages) beginSignIn(w http.ResponseWriter, r *http.Request) error {
	party, err := relyingParty(s.guard.Origin(r))
	if err != nil {
		return err
	}
	options, data, err := party.BeginDiscoverableLogin()
	if err != nil {
		return err
	}
	return s.challenge(w, r, ceremony{Data: *data}, forSignIn, options)
}

// challenge begins the ceremony and sends what the device needs for it.
func (s *passkeyPages) challenge(w http.ResponseWriter, r *http.Request, is ceremony, purpose string, options any) error {
	if err := s.begin(w, r, is, purpose, http.SameSiteStrictMode); err != nil {
		return err
	}
	return writeJSON(w, options)
}

// ErrBeginAgain says that what was begun is over, or was used before.
var ErrBeginAgain = problem.New(http.StatusForbidden, "This took too long, or was sent twice. Please begin again.")

// A passkeyAnswer is what the device said.
type passkeyAnswer struct {
	Name       string         `json:"name,omitempty"` // of the device
	Credential jsontext.Value `json:"credential"`
}

func readAnswer(w http.ResponseWriter, r *http.Request) (a passkeyAnswer, err error) {
	var body operation.JSONBody
	if err := body.Read(w, r); err != nil {
		return a, err
	}
	if err := operation.Decode(body.Bytes, &a); err != nil {
		return a, err
	}
	if len(a.Name) > 60 || !problem.Plain(a.Name) {
		err = problem.Invalid("L5", "The name of a device is up to 60 characters in one line.")
	}
	return a, err
}

// errKind is said of a passkey that could not sign what others can check later.
var errKind = problem.NotYours("L5", "This kind of passkey can't be used here: what it signs can't be proved to others. Please make one with another device or browser.")

var errPasskey = problem.New(http.StatusForbidden, "This passkey does not sign anybody in here. Please try another, or ask for a new invitation.")

// finishSignIn checks the device's answer and begins a session.
func (s *passkeyPages) finishSignIn(w http.ResponseWriter, r *http.Request) error {
	is, err := s.begun(w, r, forSignIn)
	if err != nil {
		return err
	}
	answer, err := readAnswer(w, r)
	if err != nil {
		return err
	}
	party, err := relyingParty(s.guard.Origin(r))
	if err != nil {
		return err
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(answer.Credential)
	if err != nil {
		return s.refusedPasskey(r.Context(), err)
	}
	user, credential, err := party.ValidatePasskeyLogin(s.SignIn.Passkeys.owner, is.Data, said)
	if err != nil {
		return s.refusedPasskey(r.Context(), err)
	}
	if credential.Authenticator.CloneWarning {
		return s.refusedPasskey(r.Context(), errors.New("its counter went back: there may be a copy of it"))
	}
	a := user.(*Account)
	if err := s.SignIn.ceremonies.complete(&is, a.Group, a.Person, s.clock()); err != nil {
		return err
	}
	used, err := s.SignIn.Passkeys.used(a, party.Config.RPID, credential, s.clock())
	if err != nil {
		return err
	}
	if a.ofOperator() {
		return s.signedIn(w, r, a, used)
	}
	if err := s.may(r.Context(), &Session{Group: a.Group, Person: a.Person, Passkey: used}, false); err != nil {
		return err
	}
	s.tellKey(r.Context(), a, credential, party.Config.RPID)
	return s.signedIn(w, r, a, used)
}

// What stands before the id of what a session was begun by, if that was no passkey.
const (
	byToken   = "token/"
	byAccount = "oidc/"
)

// holds says whether what the session rests on still holds.
func (s *ways) holds(is Session) bool {
	if is.ofOperator() {
		return s.operatorHolds(&is)
	}
	if id, token := strings.CutPrefix(is.Passkey, byToken); token {
		return !s.noTokens && s.tokens.inForce(id, s.clock())
	}
	if id, account := strings.CutPrefix(is.Passkey, byAccount); account {
		return s.SingleSignOn != nil && s.SingleSignOn.holders.has(id)
	}
	return true
}

// refusedPasskey logs why, and tells the browser no more than that it is so.
func (s *passkeyPages) refusedPasskey(ctx context.Context, err error) error {
	why := err.Error()
	var p *protocol.Error
	if errors.As(err, &p) {
		why = p.Details + ": " + p.DevInfo
	}
	s.log.InfoContext(ctx, "a passkey was refused", "why", domain.ClipTo(why, 300))
	return errPasskey
}

// BeginSession begins a session in place of the one that the browser had.
func (s *Identity) BeginSession(w http.ResponseWriter, r *http.Request, is Session) error {
	if before, ok := s.SignIn.Sessions.Of(r, s.guard.Encrypted(r)); ok {
		if err := s.SignIn.Sessions.End(func(o *Session) bool { return o.ID == before.ID }); err != nil {
			return err
		}
	}
	if err := s.SignIn.Sessions.Begin(w, r, s.guard.Encrypted(r), is); err != nil {
		return err
	}
	s.logSignIn(r.Context(), "signed in", &is)
	return nil
}

// logSignIn logs what became of somebody's session: who by handle, and how. The
// log has no secret of theirs, no name, and no address (ASVS 5.0, 16.2.5, 16.3.1).
func (s *Identity) logSignIn(ctx context.Context, what string, is *Session) {
	person, way := is.Person, "passkey"
	if g, err := s.groups.Now(ctx, is.Group, nil); err == nil { // where the group can't be read, the id says who it is
		if p := g.State().Person(person); p != nil {
			person = p.Handle
		}
	}
	switch {
	case strings.HasPrefix(is.Passkey, byToken):
		way = "token"
	case strings.HasPrefix(is.Passkey, byAccount):
		way = "organisation"
	case strings.HasPrefix(is.Passkey, byLink):
		way = "link"
	}
	s.log.InfoContext(ctx, what, "group", is.Group, "person", person, "way", way)
}

// signsIn says whether somebody tries to sign in there, or is let in.
func signsIn(r *http.Request) bool {
	return r.URL.Path == oidcCallback || !caller.Safe(r.Method) && (strings.HasPrefix(r.URL.Path, "/sign-in") || strings.HasPrefix(r.URL.Path, "/invitation") || strings.HasPrefix(r.URL.Path, firstPages))
}

// signedIn begins a session and tells the page's script.
func (s *passkeyPages) signedIn(w http.ResponseWriter, r *http.Request, a *Account, passkey string) error {
	if err := s.BeginSession(w, r, Session{Group: a.Group, Person: a.Person, Passkey: passkey}); err != nil {
		return err
	}
	return writeJSON(w, struct {
		SignedIn bool `json:"signedIn"`
	}{true})
}

func writeJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.MarshalWrite(w, v)
}

func (s *Identity) signOut(w http.ResponseWriter, r *http.Request) error {
	if is, ok := s.SignIn.Sessions.Of(r, s.guard.Encrypted(r)); ok {
		if err := s.SignIn.Sessions.End(func(o *Session) bool { return o.ID == is.ID }); err != nil {
			return err
		}
		s.logSignIn(r.Context(), "signed out", &is)
	}
	forget(w, s.guard.Encrypted(r))
	w.Header().Set("Clear-Site-Data", `"storage"`) // the card that was kept for where there is no signal
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	return nil
}

// Invitations.

// sessionOf is the session that asks: what is done about passkeys is done with
// a passkey, or it would outlast the token or the account.
func (s *knowing) sessionOf(r *http.Request) (Session, error) {
	is, err := s.anySession(r)
	if err == nil && (strings.HasPrefix(is.Passkey, byToken) || strings.HasPrefix(is.Passkey, byAccount)) {
		err = problem.Unauthorized("Please sign in with your passkey for this.")
	}
	if err == nil {
		err = s.may(r.Context(), &is, true)
	}
	return is, err
}

// anySession is the session that asks, however it was begun.
func (s *knowing) anySession(r *http.Request) (Session, error) {
	if is, ok := s.SignIn.Sessions.Of(r, s.guard.Encrypted(r)); ok && s.holds(is) && r.Header.Get("Authorization") == "" {
		return is, s.may(r.Context(), &is, false)
	}
	return Session{}, problem.Unauthorized("Please sign in with your passkey for this.")
}

func (s *Identity) note(group, person, by, what string) error {
	return s.SignIn.journal.Add(JournalLine{s.clock().UTC(), group, person, by, what})
}

// LocalPath is the path if it is one on this server; else the front page.
func LocalPath(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, `\`) || !problem.Plain(path) {
		return "/"
	}
	return path
}
