package identity

import (
	"net/http"
	"strings"

	"goldenthread/api/caller"
	"goldenthread/api/guard"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/api/web/signin"
)

// The page on which people sign in, and signing in with a token. What somebody typed
// before their session ended travels with it.

// frontPage is where people sign in: to go on to a page or, where the form that they sent
// found nobody signed in any more, with that.
func (s *Identity) frontPage(w http.ResponseWriter, r *http.Request) error {
	if caller.Safe(r.Method) {
		return s.showFront(w, http.StatusOK, signin.Front{Next: LocalPath(r.URL.Query().Get("next"))})
	}
	next, draft, err := readDraft(w, r)
	if err != nil {
		return err
	}
	return s.showFront(w, http.StatusOK, signin.Front{Next: next, Draft: draft})
}

func (s *Identity) showFront(w http.ResponseWriter, status int, f signin.Front) error {
	f.SingleSignOn, f.Tokens = s.SingleSignOn != nil, !s.noTokens
	html(w, status)
	return f.Render(w)
}

// readDraft reads a form of the pages of signing in: where to go on to and, of a group's
// page, with what.
func readDraft(w http.ResponseWriter, r *http.Request) (next string, draft signin.Draft, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, operation.MostForm+mostForm)
	if err := r.ParseForm(); err != nil {
		return "", "", problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	next = LocalPath(r.PostForm.Get("next"))
	if guard.IsPage(next) && next != "/" {
		draft = signin.Draft(r.PostForm.Get(web.DraftField))
	}
	return next, draft, nil
}

// signInByToken begins a session for whoever has a token that may act: where
// there is no passkey yet, as in the example. The session ends with the token.
func (s *Identity) signInByToken(w http.ResponseWriter, r *http.Request) error {
	next, draft, err := readDraft(w, r)
	if err != nil {
		return err
	}
	c, unknown := s.ByToken(r.Context(), strings.TrimSpace(r.PostForm.Get("token")))
	switch {
	case unknown != nil:
		return s.refuseToken(w, r, unknown)
	case c.Operator:
		return s.beginOperatorByToken(w, r)
	case c.Scope != caller.ScopeAct && c.Waits == nil:
		return s.refuseToken(w, r, problem.New(http.StatusForbidden, "This token is not for signing in. Please use one of a person that may act."))
	}
	p, err := s.personIn(r.Context(), c, c.Group, "")
	if err != nil {
		return err
	}
	if err := s.BeginSession(w, r, Session{Group: c.Group, Person: p.ID, Passkey: byToken + c.Token}); err != nil {
		return err
	}
	if draft != "" {
		html(w, http.StatusOK)
		return signin.Resume{Next: next, Draft: draft}.Render(w)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// refuseToken shows people the page again, with why the token does not sign them in.
func (s *Identity) refuseToken(w http.ResponseWriter, r *http.Request, p *problem.Problem) error {
	if !takesPages(r) {
		return p
	}
	s.logRefused(r, p)
	next, draft, err := readDraft(w, r)
	if err != nil {
		return err
	}
	return s.showFront(w, p.Status, signin.Front{Next: next, Draft: draft, WrongToken: p.Detail})
}
