package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Single sign-on: people sign in with the account that they have at their
// organisation (OpenID Connect Core 1.0, authorization code flow with PKCE).

const (
	oidcCallback = "/sign-in/oidc/callback"
	oidcEach     = 10 * time.Second // for one question to the issuer
	oidcWhole    = 20 * time.Second // for all of a sign-in; less than writeTimeout
)

// OIDC is what the operator says of the issuer and of its accounts.
type OIDC struct {
	Issuer string // its address, exactly as it names itself
	Client string // by which it knows this server
	Secret string // of the client
	People string // file that says whose account is whose
	// MaxAge is how long ago people may have signed in at the issuer; it is asked
	// for, and the answer is held to it. 0 asks for nothing: not every issuer says.
	MaxAge time.Duration
}

// SingleSignOn signs people in with accounts of one issuer.
type SingleSignOn struct {
	As      OIDC
	holders *holders
	Web     *http.Client
	Found   atomic.Pointer[oidc.Provider]
	now     func() time.Time
}

// clockSkew is how far the issuer's clock may be off.
const clockSkew = time.Minute

// OpenSingleSignOn checks what the operator said and reads the file of people.
// It does not ask the issuer: that may be away when this server starts.
func OpenSingleSignOn(as OIDC) (*SingleSignOn, error) {
	if err := checkIssuer(as.Issuer); err != nil {
		return nil, err
	}
	if as.Client == "" || as.Secret == "" {
		return nil, errors.New("single sign-on needs a client and its secret")
	}
	if as.MaxAge < 0 || as.MaxAge > 0 && as.MaxAge < time.Second {
		return nil, errors.New("the age of a sign-in is a time such as 12h")
	}
	// Nothing of what the issuer is asked goes anywhere else: the secret and the
	// code would follow a redirect.
	stays := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	o := &SingleSignOn{As: as, holders: &holders{file: as.People}, Web: &http.Client{Timeout: oidcEach, CheckRedirect: stays}, now: time.Now}
	_, err := o.holders.read()
	return o, err
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not an issuer; write it like https://accounts.example.org", issuer)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Scheme == "http" && u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s is not encrypted: an issuer needs https", issuer)
	}
	return nil
}

// asking is a context in which the issuer is asked.
func (o *SingleSignOn) asking(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(oidc.ClientContext(ctx, o.Web), oidcWhole)
}

// provider is the issuer as it describes itself. It is asked when somebody
// first signs in, and again until it answers.
func (o *SingleSignOn) provider(ctx context.Context) (*oidc.Provider, error) {
	if p := o.Found.Load(); p != nil {
		return p, nil
	}
	p, err := oidc.NewProvider(ctx, o.As.Issuer)
	if err == nil {
		err = o.checkEndpoints(p)
	}
	if err != nil {
		return nil, err
	}
	o.Found.Store(p)
	return p, nil
}

// A metadata is what of the issuer's own description is looked at here
// (OpenID Connect Discovery 1.0, section 3; RFC 9207, section 3).
type metadata struct {
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	SaysIssuer    bool     `json:"authorization_response_iss_parameter_supported"`
}

func metadataOf(p *oidc.Provider) (m metadata, err error) { return m, p.Claims(&m) }

// checkEndpoints refuses an issuer that would have secrets sent, or keys
// fetched, unencrypted, or that says that it knows no PKCE of SHA-256.
func (o *SingleSignOn) checkEndpoints(p *oidc.Provider) error {
	m, err := metadataOf(p)
	if err != nil {
		return err
	}
	for _, at := range []string{m.Authorization, m.Token, m.Keys, m.UserInfo} {
		u, err := url.Parse(at)
		if err != nil || at != "" && u.Scheme != "https" && checkIssuer(u.Scheme+"://"+u.Host) != nil {
			return fmt.Errorf("%s says to use %q, which is not encrypted", o.As.Issuer, domain.Clip(at))
		}
	}
	if len(m.Challenges) > 0 && !slices.Contains(m.Challenges, "S256") {
		return fmt.Errorf("%s does not take PKCE with S256 (RFC 7636)", o.As.Issuer)
	}
	return nil
}

// client is this server, at that origin, in the issuer's eyes.
func (o *SingleSignOn) client(p *oidc.Provider, origin string) *oauth2.Config {
	says, err := metadataOf(p)
	at := p.Endpoint()
	at.AuthStyle = oauth2.AuthStyleInHeader // where nothing is said (OpenID Connect Discovery 1.0, section 3)
	if err == nil && len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		at.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: o.As.Client, ClientSecret: o.As.Secret, Endpoint: at, RedirectURL: origin + oidcCallback, Scopes: []string{oidc.ScopeOpenID, oidc.ScopeEmail},
	}
}

// A signOn is what is kept, sealed, of a single sign-on that has begun.
type signOn struct {
	State      string `json:"state"`
	Nonce      string `json:"nonce"`
	Verifier   string `json:"verifier"`             // of PKCE (RFC 7636)
	Next       string `json:"next"`                 // path to go on to
	SaysIssuer bool   `json:"saysIssuer,omitempty"` // the answer must name its issuer
}

// An orgAccount is what the issuer says of somebody.
type orgAccount struct {
	Subject  string `json:"sub"`
	Email    string `json:"email"`
	Verified any    `json:"email_verified"` // said where the address is; the word "true" is not true
	Party    string `json:"azp"`
	SignedIn *int64 `json:"auth_time"` // seconds since 1970
}

// address is the address, if the issuer says that it is verified.
func (a *orgAccount) address() string {
	if a.Verified == true {
		return a.Email
	}
	return ""
}

// account exchanges the code for what the issuer says of whoever signed in.
func (o *SingleSignOn) account(ctx context.Context, origin, code string, begun *signOn) (a orgAccount, err error) {
	p, err := o.provider(ctx)
	if err != nil {
		return a, err
	}
	tokens, err := o.client(p, origin).Exchange(ctx, code, oauth2.VerifierOption(begun.Verifier))
	if err != nil {
		return a, err
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := p.Verifier(&oidc.Config{ClientID: o.As.Client}).Verify(ctx, raw)
	if err != nil {
		return a, err
	}
	if err := id.Claims(&a); err != nil {
		return a, err
	}
	switch {
	case !same(id.Nonce, begun.Nonce):
		return a, errors.New("the token is of another sign-in: its nonce is not ours")
	case a.Party != o.As.Client && (a.Party != "" || len(id.Audience) > 1):
		return a, errors.New("the token was issued to another client")
	case a.Subject == "":
		return a, errors.New("the token is about nobody")
	case o.As.MaxAge > 0 && !o.lately(a.SignedIn):
		return a, errors.New("they signed in at the issuer too long ago, or it does not say when")
	}
	if a.Email == "" && p.UserInfoEndpoint() != "" {
		err = a.ask(ctx, p, tokens)
	}
	return a, err
}

// lately says whether that moment is no older than was asked for (OpenID Connect
// Core 1.0, sections 2 and 3.1.3.7).
func (o *SingleSignOn) lately(signedIn *int64) bool {
	if signedIn == nil {
		return false
	}
	at, now := time.Unix(*signedIn, 0), o.now()
	return !at.Before(now.Add(-o.As.MaxAge-clockSkew)) && !at.After(now.Add(clockSkew))
}

// ask asks for the address, and whether it is verified, where the token does not have it,
// as it need not (OpenID Connect Core 1.0, section 5.4).
func (a *orgAccount) ask(ctx context.Context, p *oidc.Provider, tokens *oauth2.Token) error {
	info, err := p.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return err
	}
	if info.Subject != a.Subject {
		return errors.New("the issuer was asked about one person and answered about another")
	}
	var there orgAccount // what the token says of an address is about none that is here
	if err := info.Claims(&there); err != nil {
		return err
	}
	a.Email, a.Verified = there.Email, there.Verified
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// notSignedIn says why somebody's account did not sign them in.
func notSignedIn(status int, say string) *problem.Problem {
	p := problem.New(status, say)
	p.Title = "You are not signed in"
	return p
}

// Why somebody's account at their organisation did not sign them in.
var (
	ErrIssuerAway = notSignedIn(http.StatusServiceUnavailable, "Your organisation’s sign-in can’t be reached from here. Please try again later, or sign in with a passkey.")
	ErrAccount    = notSignedIn(http.StatusForbidden, "What your organisation’s sign-in said could not be accepted. Please try again. If it stays so, tell whoever runs this server.")
	ErrCancelled  = notSignedIn(http.StatusForbidden, "Your organisation’s sign-in did not let you through. Please try again, or sign in with a passkey.")
	ErrUnverified = notSignedIn(http.StatusForbidden, "Your organisation does not say that your email address is verified, so it signs nobody in here. Please ask whoever looks after your account.")
	ErrNobody     = notSignedIn(http.StatusForbidden, "Nobody here has your organisation’s account. Please ask the group’s manager for an invitation, or whoever runs this server to enter your account.")
	ErrNoHolders  = notSignedIn(http.StatusServiceUnavailable, "This server can’t read whose account is whose. Please tell whoever runs it, or sign in with a passkey.")
	ErrGone       = notSignedIn(http.StatusForbidden, "Your account belongs to somebody who is no longer in this group’s register. If you have a new office, please ask whoever runs this server to enter your account for it.")
)

// organisationPages sign people in with their organisation's account.
type organisationPages struct{ *Identity }

// beginSingleSignOn sends the browser to the issuer.
func (s *organisationPages) beginSingleSignOn(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := s.SingleSignOn.asking(r.Context())
	defer cancel()
	p, err := s.SingleSignOn.provider(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "the issuer of single sign-on can't be used", "error", domain.ClipTo(err.Error(), 300))
		return ErrIssuerAway
	}
	begun := &signOn{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: LocalPath(r.URL.Query().Get("next"))}
	if m, err := metadataOf(p); err == nil {
		begun.SaysIssuer = m.SaysIssuer
	}
	if err := s.begin(w, r, ceremony{SignOn: begun}, forSingleSign, http.SameSiteLaxMode); err != nil { // Strict would not come back from another site
		return err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(begun.Nonce), oauth2.S256ChallengeOption(begun.Verifier)}
	if age := s.SingleSignOn.As.MaxAge; age > 0 {
		options = append(options, oauth2.SetAuthURLParam("max_age", strconv.Itoa(int(age.Seconds()))))
	}
	to := s.SingleSignOn.client(p, s.guard.Origin(r)).AuthCodeURL(begun.State, options...)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// finishSingleSignOn takes the browser back from the issuer and begins a session. If that
// fails, the page of signing in offers the other ways, and leads on to the same page.
func (s *organisationPages) finishSingleSignOn(w http.ResponseWriter, r *http.Request) error {
	is, err := s.returned(w, r)
	if err != nil {
		return err
	}
	if err := s.signInReturned(w, r, is); err != nil {
		return &stranded{err, is.SignOn.Next}
	}
	return nil
}

func (s *organisationPages) signInReturned(w http.ResponseWriter, r *http.Request, is *ceremony) error {
	begun := is.SignOn
	if why := r.URL.Query().Get("error"); why != "" {
		return s.refusedAccount(r.Context(), ErrCancelled, errors.New("the issuer says: "+why))
	}
	ctx, cancel := s.SingleSignOn.asking(r.Context())
	defer cancel()
	a, err := s.SingleSignOn.account(ctx, s.guard.Origin(r), r.URL.Query().Get("code"), begun)
	var away *url.Error
	switch {
	case errors.As(err, &away):
		return s.refusedAccount(r.Context(), ErrIssuerAway, err)
	case err != nil:
		return s.refusedAccount(r.Context(), ErrAccount, err)
	}
	h, err := s.holderOf(r.Context(), &a)
	if err != nil {
		return err
	}
	p, err := s.Registered(r.Context(), h)
	if err != nil {
		return err
	}
	if err := s.SignIn.ceremonies.complete(is, h.Group, p.ID, s.clock()); err != nil {
		return err
	}
	if err := s.mapAccount(r.Context(), &h, p.ID); err != nil {
		return err
	}
	if err := s.note(h.Group, p.ID, p.ID, "signed in with the organisation’s account"); err != nil {
		return err
	}
	if err := s.BeginSession(w, r, Session{Group: h.Group, Person: p.ID, Passkey: byAccount + h.id()}); err != nil {
		return err
	}
	http.Redirect(w, r, begun.Next, http.StatusSeeOther)
	return nil
}

// mapAccount puts on the record, in the operator's name, that the account is the person's,
// as the operator's file says, the first time that it is used. One that the record has
// ended lets nobody in again.
func (s *organisationPages) mapAccount(ctx context.Context, h *Holder, person string) error {
	if err := s.BeginAccess(ctx, h.Group); err != nil {
		return err
	}
	way, err := s.SignIn.Accounts.name(h.Group, person, h.id())
	if err != nil {
		return err
	}
	state, err := s.store.State(ctx, h.Group)
	if err != nil {
		return err
	}
	if state.Ways[way] == nil {
		if err := s.execute(ctx, h.Group, operator, &domain.MakeWay{Person: person, Way: way}); err != nil {
			return err
		}
	}
	return s.may(ctx, &Session{Group: h.Group, Person: person, Passkey: byAccount + h.id()}, false)
}

// returned is the single sign-on that this browser began and comes back from.
func (s *organisationPages) returned(w http.ResponseWriter, r *http.Request) (*ceremony, error) {
	is, err := s.begun(w, r, forSingleSign)
	q := r.URL.Query()
	if err != nil || !same(q.Get("state"), is.SignOn.State) {
		return nil, ErrBeginAgain
	}
	iss, sent := q["iss"]
	switch { // RFC 9207, section 2.4
	case sent && iss[0] != s.SingleSignOn.As.Issuer:
		return nil, s.refusedAccount(r.Context(), ErrAccount, errors.New("another issuer answered"))
	case !sent && is.SignOn.SaysIssuer:
		return nil, s.refusedAccount(r.Context(), ErrAccount, errors.New("the issuer says that it names itself in its answers, and this does not"))
	}
	return &is, nil
}

// refusedAccount logs why, without what was sent, and gives what people are told.
func (s *organisationPages) refusedAccount(ctx context.Context, say *problem.Problem, err error) error {
	why := err.Error()
	var said *oauth2.RetrieveError
	if errors.As(err, &said) { // its words hold the whole answer
		why = said.Response.Status + " " + said.ErrorCode
	}
	s.log.InfoContext(ctx, "a single sign-on was refused", "why", domain.ClipTo(why, 300))
	return say
}

// holderOf says whose account it is.
func (s *organisationPages) holderOf(ctx context.Context, a *orgAccount) (Holder, error) {
	all, err := s.SingleSignOn.holders.read()
	if err != nil {
		s.log.ErrorContext(ctx, "whose account is whose can't be read", "error", err)
		return Holder{}, ErrNoHolders
	}
	h, ok := whose(all, a.Subject, a.address())
	switch {
	case ok:
		return h, nil
	case a.Email != "" && a.address() == "":
		return h, ErrUnverified
	}
	return h, ErrNobody
}

// Registered is the person in the group's register, if they are there today.
func (s *ways) Registered(ctx context.Context, h Holder) (is domain.Person, err error) {
	g, err := s.groups.Now(ctx, h.Group, nil)
	var none *projections.NotFound
	switch {
	case errors.As(err, &none):
		return is, ErrGone
	case err != nil:
		return is, err
	}
	p := g.State().Person(h.Person)
	if p == nil || p.Erased != 0 || p.Left != 0 && p.Left < s.ledgers.Today() {
		return is, ErrGone
	}
	return *p, nil
}
