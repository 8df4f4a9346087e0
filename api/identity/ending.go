package identity

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"goldenthread/api/problem"
	"goldenthread/api/web/signin"
	"goldenthread/domain"
)

// Before something of the account page ends for good, a page at the same address says what
// ends with it. What is sent from there ends it.

// confirm shows the page to somebody who is signed in.
func (s *accountPages) confirm(of func(*http.Request, *Session) (signin.Confirm, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		is, err := s.sessionOf(r)
		if err != nil {
			return err
		}
		page, err := of(r, &is)
		if err != nil {
			return err
		}
		return showConfirm(w, r, page, "/account")
	}
}

func showConfirm(w http.ResponseWriter, r *http.Request, page signin.Confirm, back string) error {
	page.Action, page.Back = (&url.URL{Path: r.URL.Path}).String(), back
	html(w, http.StatusOK)
	return page.Render(w)
}

// confirmOperator is that page for a passkey of the operator's.
func (s *passkeyPages) confirmOperator(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.mustBeOperator(r); err != nil {
		return err
	}
	for _, k := range s.SignIn.Passkeys.account("", operatorName).Passkeys {
		if k.ID == r.PathValue("id") {
			return showConfirm(w, r, signin.Confirm{
				Title: fmt.Sprintf("Remove the passkey “%s”?", cmp.Or(k.Name, "without a name")), Button: "Remove passkey",
				Says: []string{"It can’t sign the operator in any more, and signs out where it did. To sign in with that device again, make a new passkey on it."},
			}, OperatorPages)
		}
	}
	return problem.NotFound("L5", "You have no such passkey.")
}

func (s *accountPages) confirmPasskey(r *http.Request, is *Session) (signin.Confirm, error) {
	a := s.SignIn.Passkeys.account(is.Group, is.Person)
	for _, k := range a.Passkeys {
		if k.ID != r.PathValue("id") {
			continue
		}
		says := []string{"It can’t sign you in any more. To sign in with that device again, make a new passkey on it."}
		signed, here := 0, ""
		for _, o := range s.SignIn.Sessions.List(is.Group, is.Person) {
			if o.Passkey == k.ID {
				signed++
			}
			if o.Passkey == k.ID && o.ID == is.ID {
				here = ", and this is one of them"
			}
		}
		if signed > 0 {
			says = append(says, fmt.Sprintf("Browsers in which it signed you in: %d%s. You are signed out there.", signed, here))
		}
		return signin.Confirm{Title: fmt.Sprintf("Remove the passkey “%s”?", cmp.Or(k.Name, "without a name")), Says: says, Button: "Remove passkey"}, nil
	}
	return signin.Confirm{}, problem.NotFound("L5", "You have no such passkey.")
}

func (s *accountPages) confirmWay(r *http.Request, is *Session) (signin.Confirm, error) {
	a := s.SignIn.Passkeys.account(is.Group, is.Person)
	lines, err := s.waysOnRecord(r.Context(), &a)
	if err != nil {
		return signin.Confirm{}, err
	}
	way := r.URL.Query().Get("way")
	i := slices.IndexFunc(lines, func(l signin.Recorded) bool { return l.Way == way && l.InForce })
	if i < 0 {
		return signin.Confirm{}, problem.NotFound("L10", "You have no such way to sign in, or it has ended.")
	}
	return signin.Confirm{
		Title: fmt.Sprintf("End this way to sign in: %s?", lines[i].Name), Button: "End it", Fields: map[string]string{"way": way},
		Says: []string{fmt.Sprintf("It was made on %s by %s.", domain.DayOf(lines[i].Began).Words(), lines[i].By), "It lets nobody in any more. Browsers that it signed in are signed out.", "That it ended, and that you ended it, stays on the group’s record."},
	}, nil
}

func (s *accountPages) confirmFeedEnd(r *http.Request, is *Session) (signin.Confirm, error) {
	return s.confirmFeed(r, is, signin.Confirm{Title: "End this link?", Button: "End link", Says: []string{"Calendars and feed readers that have it get nothing more from it. You can create another link, with another address."}})
}

func (s *accountPages) confirmFeedReplacement(r *http.Request, is *Session) (signin.Confirm, error) {
	return s.confirmFeed(r, is, signin.Confirm{Title: "Replace this link?", Button: "Replace link", Says: []string{"You get a new address for the same, which is shown once. Calendars and feed readers that have the old one get nothing more from it."}})
}

func (s *accountPages) confirmFeed(r *http.Request, is *Session, page signin.Confirm) (signin.Confirm, error) {
	for _, f := range s.feedsOf(is.Group, is.Person) {
		if f.ID == r.PathValue("id") {
			page.Says = append([]string{f.Address}, page.Says...)
			return page, nil
		}
	}
	return page, problem.NotFound("L5", "You have no such link.")
}
