package identity

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/api/web/signin"
	"goldenthread/eventstore/shared"
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
	firstList     = "first"
)

// ofOperator says whether it is the operator who is signed in.
func (is *Session) ofOperator() bool { return is.Group == "" && is.Person == operatorName }

func (a *Account) ofOperator() bool { return a.is("", operatorName) }

// operatorID is by what a session knows that it rests on the operator's token as it is.
func (t *Tokens) operatorID() string { return "operator-" + t.operatorHash[:8] }

// operatorHolds says whether what an operator's session rests on still holds.
func (s *ways) operatorHolds(is *Session) bool {
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

// A firstLink lets whoever starts a server on an empty folder in, once. Each start makes
// another one.
type firstLink struct {
	Hash string    `json:"hash"` // of its code
	Ends time.Time `json:"ends"`
}

func openFirstLinks(r *shared.Records) *kept[firstLink] {
	return openKept(r, firstList, func(f *firstLink) string { return f.Hash }, func(*firstLink) time.Duration { return firstLinkLasts })
}

// isNew says whether nothing is here yet: no group, and no passkey of the operator's.
func (s *Identity) isNew() bool {
	return s.SignIn != nil && len(s.store.Groups()) == 0 && len(s.OperatorPasskeys()) == 0
}

// MakeFirstLink is the path behind which the first run of this server goes on, good once and
// for half an hour; "" where something is here already.
func (s *Identity) MakeFirstLink() (string, error) {
	if !s.isNew() {
		return "", nil
	}
	code := rand.Text()
	return firstPages + code, s.SignIn.first.Add(firstLink{HashOf(code), s.clock().Add(firstLinkLasts)})
}

// isFirst says whether that is the code of a link that still lets somebody in.
func (s *Identity) isFirst(code string) bool {
	f, ok := s.SignIn.first.get(HashOf(code))
	return ok && s.clock().Before(f.Ends)
}

// useFirst uses the link up: whoever comes second is refused.
func (s *Identity) useFirst(code string) error {
	return s.SignIn.first.change(func(all []firstLink) ([]firstLink, error) {
		i := slices.IndexFunc(all, func(f firstLink) bool { return f.Hash == HashOf(code) && s.clock().Before(f.Ends) })
		if i < 0 {
			return nil, errSpent
		}
		return slices.Delete(all, i, i+1), nil
	})
}

// firstRunPage shows a button: a program that looks at links in messages uses nothing up.
func (s *Identity) firstRunPage(w http.ResponseWriter, r *http.Request) error {
	if code := r.PathValue("code"); s.isNew() && s.isFirst(code) {
		html(w, http.StatusOK)
		return signin.FirstRun{Code: code}.Render(w)
	}
	s.log.InfoContext(r.Context(), "a link of the first run was refused")
	html(w, http.StatusNotFound)
	return signin.FirstRun{}.Render(w)
}

// beginFirstRun uses the link up and signs the operator in.
func (s *Identity) beginFirstRun(w http.ResponseWriter, r *http.Request) error {
	if !s.isNew() {
		return s.firstRunPage(w, r)
	}
	if err := s.useFirst(r.PathValue("code")); errors.Is(err, errSpent) {
		return s.firstRunPage(w, r)
	} else if err != nil {
		return err
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
