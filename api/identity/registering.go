package identity

import (
	"context"
	"net/http"
	"net/url"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/api/web/signin"
	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

// Registering a passkey: with the code of an invitation, or another one beside the first.

func (s *passkeyPages) codePage(w http.ResponseWriter, _ *http.Request) error {
	html(w, http.StatusOK)
	return signin.RenderCode(w)
}

func (s *passkeyPages) takeCode(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	http.Redirect(w, r, "/invitation/"+url.PathEscape(r.PostForm.Get("code")), http.StatusSeeOther)
	return nil
}

const mostForm = 4 << 10 // bytes

func (s *passkeyPages) invitationPage(w http.ResponseWriter, r *http.Request) error {
	i, ok := s.SignIn.Invitations.Find(r.PathValue("code"), s.clock())
	if !ok {
		s.log.InfoContext(r.Context(), "an invitation was refused")
		html(w, http.StatusNotFound)
		return signin.RenderSpent(w)
	}
	office, group, err := s.names(r.Context(), i.Group, i.Person)
	if err != nil {
		return err
	}
	next, err := s.afterInvitation(r.Context(), &i)
	if err != nil {
		return err
	}
	html(w, http.StatusOK)
	code := r.PathValue("code")
	return signin.Invitation{
		Code: code, Next: next, Office: office, Group: group, Replace: i.Replace, Picture: web.Picture(caller.Origin(r.Context()) + "/invitation/" + code),
	}.Render(w)
}

// afterInvitation is where whoever takes the invitation up goes on: to the charter, if they
// are asked to consent to it.
func (s *ways) afterInvitation(ctx context.Context, i *invitation) (string, error) {
	state, err := s.store.State(ctx, i.Group)
	if err != nil {
		return "", err
	}
	for seat := range state.Seats {
		if state.AwaitsConsent(seat, i.Person, s.ledgers.Today()) {
			return "/g/" + url.PathEscape(i.Group) + "/charter", nil
		}
	}
	return "/account", nil
}

// names are the office and the group in words.
func (s *ways) names(ctx context.Context, group, person string) (office, name string, err error) {
	g, err := s.groups.Now(ctx, group, nil)
	if err != nil {
		return "", "", err
	}
	p := g.State().Person(person)
	if p == nil {
		return "", "", noPerson(person)
	}
	return p.Office, g.State().Name, nil
}

func noPerson(ref string) *domain.Refusal {
	return problem.NotFound("L5", "%q is not a person of this group.", domain.Clip(ref))
}

func (s *passkeyPages) beginInvited(w http.ResponseWriter, r *http.Request) error {
	i, ok := s.SignIn.Invitations.Find(r.PathValue("code"), s.clock())
	if !ok {
		return errSpent
	}
	return s.beginRegistering(w, r, s.SignIn.Passkeys.account(i.Group, i.Person), &i)
}

func (s *passkeyPages) beginAnother(w http.ResponseWriter, r *http.Request) error {
	is, err := s.sessionOf(r)
	if err != nil {
		return err
	}
	return s.beginRegistering(w, r, s.SignIn.Passkeys.account(is.Group, is.Person), nil)
}

func (s *passkeyPages) beginRegistering(w http.ResponseWriter, r *http.Request, a Account, by *invitation) error {
	office, group, err := s.names(r.Context(), a.Group, a.Person)
	if err != nil {
		return err
	}
	a.office = office + ", " + group
	purpose := forAnother
	if by != nil {
		purpose = forInvitation + by.Hash
	}
	return s.sendRegistration(w, r, &a, purpose)
}

// sendRegistration begins to register a passkey for the account.
func (s *passkeyPages) sendRegistration(w http.ResponseWriter, r *http.Request, a *Account, purpose string) error {
	party, err := relyingParty(s.guard.Origin(r))
	if err != nil {
		return err
	}
	options, data, err := party.BeginRegistration(a, webauthn.WithExclusions(webauthn.Credentials(a.WebAuthnCredentials()).CredentialDescriptors()),
		webauthn.WithCredentialParameters(credentialParameters()))
	if err != nil {
		return err
	}
	return s.challenge(w, r, ceremony{Data: *data, Group: a.Group, Person: a.Person, Handle: a.Handle}, purpose, options)
}

// finishRegistering checks the device's answer, keeps the new passkey, and
// signs in whoever came by an invitation.
func (s *passkeyPages) finishRegistering(w http.ResponseWriter, r *http.Request) error {
	by, purpose := invitation{}, forAnother
	if code := r.PathValue("code"); code != "" {
		var open bool
		if by, open = s.SignIn.Invitations.Find(code, s.clock()); !open {
			return errSpent
		}
		purpose = forInvitation + by.Hash
	}
	is, name, credential, err := s.readRegistration(w, r, purpose)
	if err != nil {
		return err
	}
	if refused := s.mayGetIn(r.Context(), caller.Caller{Group: is.Group, Person: is.Person}); refused != nil {
		return refused
	}
	account := is.account()
	if purpose == forAnother {
		return s.addAnother(w, r, &account, name, credential)
	}
	return s.takeUp(w, r, &account, &by, name, credential)
}

// readRegistration checks the device's answer to a registration that was begun for that
// purpose, which can be answered once. It gives the name of the device and its new passkey.
func (s *passkeyPages) readRegistration(w http.ResponseWriter, r *http.Request, purpose string) (is ceremony, name string, credential *webauthn.Credential, err error) {
	is, err = s.begun(w, r, purpose)
	if err != nil {
		return is, "", nil, err
	}
	answer, err := readAnswer(w, r)
	if err != nil {
		return is, "", nil, err
	}
	party, err := relyingParty(s.guard.Origin(r))
	if err != nil {
		return is, "", nil, err
	}
	said, err := protocol.ParseCredentialCreationResponseBytes(answer.Credential)
	if err != nil {
		return is, "", nil, s.refusedPasskey(r.Context(), err)
	}
	account := is.account()
	credential, err = party.CreateCredential(&account, is.Data, said)
	if err != nil {
		return is, "", nil, s.refusedPasskey(r.Context(), err)
	}
	if err := signature.CheckPasskey(credential.PublicKey, caller.PartyOf(s.guard.Origin(r))); err != nil {
		s.log.InfoContext(r.Context(), "a passkey was refused", "why", err)
		return is, "", nil, errKind
	}
	if err := s.SignIn.ceremonies.complete(&is, is.Group, is.Person, s.clock()); err != nil {
		return is, "", nil, err
	}
	return is, answer.Name, credential, nil
}

// takeUp uses the invitation up. It is spent first: a crash before the passkey
// is kept costs a fresh invitation, and never lets two in by one.
func (s *passkeyPages) takeUp(w http.ResponseWriter, r *http.Request, a *Account, by *invitation, name string, credential *webauthn.Credential) error {
	i, err := s.SignIn.Invitations.use(by.Hash, s.clock())
	if err != nil {
		return err
	}
	k, err := s.register(r, caller.Caller{Person: i.Person, Way: i.way()}, a, name, credential)
	if err != nil {
		return err
	}
	what := "invitation taken up with the passkey " + k.Name
	if i.Replace {
		what += ", in place of all others once it acts"
	}
	if err := s.note(i.Group, i.Person, i.Person, what); err != nil {
		return err
	}
	return s.signedIn(w, r, a, k.ID)
}

// register puts a passkey on the record as the person's, known by the way that the caller
// came, and then keeps it. A crash between the two leaves one that signs nobody in.
func (s *passkeyPages) register(r *http.Request, c caller.Caller, to *Account, name string, credential *webauthn.Credential) (passkey, error) {
	party := caller.PartyOf(s.guard.Origin(r))
	if err := s.SignIn.Passkeys.mayAdd(to, credential); err != nil {
		return passkey{}, err
	}
	command := &domain.RegisterPasskey{Credential: credential.ID, PublicKey: credential.PublicKey, RelyingParty: party}
	if err := s.onRecord(r.Context(), to.Group, c, command); err != nil {
		return passkey{}, err
	}
	return s.SignIn.Passkeys.add(to, name, party, credential, s.clock())
}

func (s *passkeyPages) addAnother(w http.ResponseWriter, r *http.Request, a *Account, name string, credential *webauthn.Credential) error {
	me, err := s.sessionOf(r)
	if err != nil || !a.is(me.Group, me.Person) {
		return errSpent
	}
	k, err := s.register(r, caller.Caller{Person: me.Person, Way: s.way(&me)}, a, name, credential)
	if err != nil {
		return err
	}
	if err := s.note(a.Group, a.Person, a.Person, "passkey "+k.Name+" added"); err != nil {
		return err
	}
	return writeJSON(w, struct {
		Added string `json:"added"`
	}{k.ID})
}
