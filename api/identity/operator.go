package identity

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/api/web/signin"
)

// The operator signs in to the operator's pages with the token of the data folder, with
// a passkey of their own, or, where nothing is there yet, with the link that the start
// printed. Such a session reads no group's pages and says nothing in a group (rule L10).

const (
	byLink         = "link/" // stands before what a session rests on that the first link began
	firstLinkLasts = 30 * time.Minute
	// OperatorPages is where the pages of the operator begin.
	OperatorPages = "/operator"
	firstPages    = "/first-run/"
)

// ofOperator says whether it is the operator who is signed in.
func (is *Session) ofOperator() bool { return is.Group == "" && is.Person == operatorName }

func (a *Account) ofOperator() bool { return a.is("", operatorName) }

// operatorID is by what a session knows that it rests on the operator's token as it is.
func (t *Tokens) operatorID() string { return "operator-" + t.operatorHash[:8] }

// operatorHolds says whether what an operator's session rests on still holds.
func (s *Identity) operatorHolds(is *Session) bool {
	if id, token := strings.CutPrefix(is.Passkey, byToken); token {
		return !s.noTokens && id == s.tokens.operatorID()
	}
	if id, link := strings.CutPrefix(is.Passkey, byLink); link {
		return id == s.tokens.operatorID()
	}
	for _, k := range s.SignIn.Passkeys.account("", operatorName).Passkeys {
		if k.ID == is.Passkey {
			return true
		}
	}
	return false
}

// OperatorsOwn says whether an operator who is signed in may ask for the address: only for
// what is no group's. Programs of the operator send the token, and are held by the rules alone.
func OperatorsOwn(path string) bool {
	return path != "/v1" && !strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/g/") && path != "/account" && !strings.HasPrefix(path, "/account/")
}

// ErrOperatorOnly is said to an operator who is signed in and asks for a group's page.
var ErrOperatorOnly = problem.NotYours("L10", "You are signed in as the operator of this server, who is nobody of a group. Sign in as yourself to see its pages.")

// A firstLink lets whoever starts this server on an empty folder in, once. It is kept in
// memory: another start makes another one.
type firstLink struct {
	mu   sync.Mutex
	hash string // of its code; "": there is none, or it was used
	ends time.Time
}

// isNew says whether nothing is here yet: no group, and no passkey of the operator's.
func (s *Identity) isNew() bool {
	return s.SignIn != nil && len(s.store.Groups()) == 0 && len(s.OperatorPasskeys()) == 0
}

// MakeFirstLink is the path behind which the first run of this server goes on, good once and
// for half an hour; "" where something is here already.
func (s *Identity) MakeFirstLink() string {
	if !s.isNew() {
		return ""
	}
	code := rand.Text()
	s.first.mu.Lock()
	defer s.first.mu.Unlock()
	s.first.hash, s.first.ends = HashOf(code), s.clock().Add(firstLinkLasts)
	return firstPages + code
}

// open says whether that is the code of a link that still lets somebody in.
func (f *firstLink) open(code string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hash != "" && same(HashOf(code), f.hash) && now.Before(f.ends)
}

// use uses the link up: whoever comes second gets false.
func (f *firstLink) use(code string, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hash == "" || !same(HashOf(code), f.hash) || !now.Before(f.ends) {
		return false
	}
	f.hash = ""
	return true
}

// firstRunPage shows a button: a program that looks at links in messages uses nothing up.
func (s *Identity) firstRunPage(w http.ResponseWriter, r *http.Request) error {
	if code := r.PathValue("code"); s.isNew() && s.first.open(code, s.clock()) {
		html(w, http.StatusOK)
		return signin.FirstRun{Code: code}.Render(w)
	}
	s.log.InfoContext(r.Context(), "a link of the first run was refused")
	html(w, http.StatusNotFound)
	return signin.FirstRun{}.Render(w)
}

// beginFirstRun uses the link up and signs the operator in.
func (s *Identity) beginFirstRun(w http.ResponseWriter, r *http.Request) error {
	if !s.isNew() || !s.first.use(r.PathValue("code"), s.clock()) {
		return s.firstRunPage(w, r)
	}
	if err := s.note("", operatorName, operatorName, "first run begun with the link that the start printed"); err != nil {
		return err
	}
	if err := s.BeginSession(w, r, operatorSession(byLink+s.tokens.operatorID())); err != nil {
		return err
	}
	http.Redirect(w, r, OperatorPages+"/server", http.StatusSeeOther)
	return nil
}

func operatorSession(by string) Session { return Session{Person: operatorName, Passkey: by} }

// beginOperatorByToken signs the operator in who has given the operator's token.
func (s *Identity) beginOperatorByToken(w http.ResponseWriter, r *http.Request) error {
	if err := s.BeginSession(w, r, operatorSession(byToken+s.tokens.operatorID())); err != nil {
		return err
	}
	next := LocalPath(r.PostForm.Get("next"))
	if !strings.HasPrefix(next, OperatorPages) {
		next = OperatorPages
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// mustBeOperator is the session of the operator who asks; anybody else is refused.
func (s *Identity) mustBeOperator(r *http.Request) (Session, error) {
	is, ok := s.SignIn.Sessions.Of(r, s.guard.Encrypted(r))
	if c, err := caller.Of(r.Context()); err != nil || !c.Operator || !ok || c.Session != is.ID {
		return Session{}, problem.Unauthorized("Please sign in as the operator for this.")
	}
	return is, nil
}

// OperatorPasskeys are the devices with which the operator signs in.
func (s *Identity) OperatorPasskeys() []web.Device {
	var all []web.Device
	for _, k := range s.SignIn.Passkeys.account("", operatorName).Passkeys {
		all = append(all, web.Device{ID: k.ID, Name: k.Name, Used: k.Used})
	}
	return all
}

func (s *passkeyPages) beginOperator(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.mustBeOperator(r); err != nil {
		return err
	}
	a := s.SignIn.Passkeys.account("", operatorName)
	a.office = "Operator, " + caller.PartyOf(s.guard.Origin(r))
	return s.sendRegistration(w, r, &a, forOperator)
}

// finishOperator keeps a passkey of the operator's. It is on no group's record: it lets
// nobody in to a group.
func (s *passkeyPages) finishOperator(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.mustBeOperator(r); err != nil {
		return err
	}
	is, name, credential, err := s.readRegistration(w, r, forOperator)
	if err != nil {
		return err
	}
	account := is.account()
	if !account.ofOperator() {
		return errSpent
	}
	k, err := s.SignIn.Passkeys.add(&account, name, caller.PartyOf(s.guard.Origin(r)), credential, s.clock())
	if err != nil {
		return err
	}
	if err := s.note("", operatorName, operatorName, "passkey "+k.Name+" added"); err != nil {
		return err
	}
	return writeJSON(w, struct {
		Added string `json:"added"`
	}{k.ID})
}

// removeOperator takes a passkey of the operator's away, and signs out where it signed in.
func (s *passkeyPages) removeOperator(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.mustBeOperator(r); err != nil {
		return err
	}
	id := r.PathValue("id")
	if err := s.SignIn.Passkeys.Remove("", operatorName, id); err != nil {
		return err
	}
	if err := s.SignIn.Sessions.End(func(o *Session) bool { return o.ofOperator() && o.Passkey == id }); err != nil {
		return err
	}
	if err := s.note("", operatorName, operatorName, "passkey removed"); err != nil {
		return err
	}
	http.Redirect(w, r, OperatorPages, http.StatusSeeOther)
	return nil
}
