package setup

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/doctor"
	"goldenthread/api/guard"
	"goldenthread/api/identity"
	"goldenthread/api/lists"
	"goldenthread/api/mail"
	"goldenthread/api/operation"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/eventstore"
	"goldenthread/eventstore/archive"
)

// Options are what the pages of the operator work with, beside the rooms below them.
type Options struct {
	Example      Example             // to look at; nil: there is none
	ShowsExample bool                // all that is here is the example
	Backups      Backups             // that this server makes by itself; nil: it makes none
	Mail         *mail.Post          // nil: there is no mail server
	BackupKey    archive.Key         // nil: backups hold the ledgers alone
	Installation doctor.Installation // what the doctor looks at, but for the store
	Dir          string              // the data folder, in which drafts are kept
	Fail         func(http.ResponseWriter, *http.Request, *problem.Problem)
}

// A Setup answers on the operator's pages. It is safe for concurrent use.
type Setup struct {
	o        Options
	api      *operation.API
	guard    *guard.Guard
	ledgers  *access.Ledgers
	identity *identity.Identity
	store    *eventstore.Store
	drafts   *drafts
	log      *slog.Logger
}

// New offers the pages.
func New(o Options, api *operation.API, g *guard.Guard, l *access.Ledgers, who *identity.Identity) *Setup {
	s := &Setup{o: o, api: api, guard: g, ledgers: l, identity: who, store: l.Store, log: l.Log}
	s.drafts = &drafts{dir: o.Dir, store: l.Store, clock: l.Clock}
	if who.SignIn == nil {
		return s // nobody signs in here
	}
	for pattern, page := range s.Patterns() {
		api.Mux.HandleFunc(pattern, page)
	}
	return s
}

// Patterns are the pages of the operator, by pattern.
func (s *Setup) Patterns() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET " + identity.OperatorPages:              s.operators(s.operatorPage),
		"GET " + identity.OperatorPages + "/server":  s.operators(s.serverPage),
		"GET " + identity.OperatorPages + "/backup":  s.operators(s.backup),
		"POST " + identity.OperatorPages + "/backup": s.operators(s.makeBackup),
		"GET " + exampleAt:                           s.operators(s.examplePage),
		"POST " + exampleAt:                          s.operators(s.showExample),
		"POST " + exampleAt + "/take-away":           s.operators(s.takeExampleAway),
		"GET " + groupsAt + "/{group}":               s.operators(s.joiningPage),
		"POST " + groupsAt + "/{group}":              s.operators(s.invitePeople),
		"GET /g/{group}/joining":                     s.members(s.joiningPage),
		"POST /g/{group}/joining":                    s.members(s.invitePeople),
		"POST /g/{group}/mandates/letters":           s.members(s.writeLetters),
		"GET /letter":                                s.strangers(s.letterCodePage),
		"POST /letter":                               s.strangers(s.takeLetterCode),
		"POST " + identity.LetterPages + "pdf":       s.strangers(s.lettersPDF),
		"GET " + identity.LetterPages + "{code}":     s.strangers(s.letterPage),
		"POST " + identity.LetterPages + "{code}":    s.strangers(s.answerLetter),
		"POST " + draftsAt:                           s.operators(s.beginDraft),
		"GET " + draftsAt + "/{id}":                  s.operators(s.taskList),
		"POST " + draftsAt + "/{id}/give-up":         s.operators(s.giveUp),
		"GET " + draftsAt + "/{id}/lists":            s.operators(s.chooseFromLists),
		"POST " + draftsAt + "/{id}/lists":           s.operators(s.takeFromLists),
		"POST " + draftsAt + "/{id}/table":           s.operators(s.peopleTable),
		"GET " + draftsAt + "/people.csv":            s.operators(template("people.csv", lists.PeopleTemplate)),
		"POST " + draftsAt + "/{id}/before/table":    s.operators(s.beforeTable),
		"GET " + draftsAt + "/before.csv":            s.operators(template("before.csv", lists.BeforeTemplate)),
		"POST " + draftsAt + "/{id}/evidence":        s.operators(s.changeEvidence),
		"GET " + draftsAt + "/{id}/check":            s.operators(s.checkAnswers),
		"POST " + draftsAt + "/{id}/check":           s.operators(s.foundGroup),
		"GET " + draftsAt + "/{id}/{page}":           s.operators(s.draftPage),
		"POST " + draftsAt + "/{id}/{page}":          s.operators(s.saveDraftPage),
	}
}

// operators lets the operator through, and nobody else. What others typed into a form, such
// as an operator whose session has ended, is theirs to send again.
func (s *Setup) operators(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := caller.Of(r.Context())
		switch {
		case err == nil && c.Operator:
			err = f(w, r)
		case err == nil:
			err = problem.NotYours("L10", "This page is for the operator of this server.")
		case caller.Safe(r.Method) && problem.Of(r.Context(), s.log, err).Status == http.StatusUnauthorized:
			http.Redirect(w, r, "/sign-in?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		case !caller.Safe(r.Method):
			err = s.keepTyped(w, r)
		}
		if err != nil {
			s.o.Fail(w, r, problem.Of(r.Context(), s.log, err))
		}
	}
}

// members lets those through who are known in the group; the page says who may do what.
func (s *Setup) members(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			s.o.Fail(w, r, problem.Of(r.Context(), s.log, err))
		}
	}
}

// strangers lets everybody through: what they may see hangs on the code in the address,
// which may have been made, or used, at another node a moment ago.
func (s *Setup) strangers(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := s.identity.Newest(r.Context())
		if err == nil {
			err = f(w, r)
		}
		if err == nil {
			return
		}
		p := problem.Of(r.Context(), s.log, err)
		if err := s.show(w, r, p.Status, web.Problem{Heading: p.Title, Say: p.Detail, Rule: p.Rule}, nil, nil); err != nil {
			s.log.ErrorContext(r.Context(), "a problem could not be shown", "error", err)
		}
	}
}

// keepTyped shows what somebody sent whose session has ended, to be sent again once they
// have signed in in another tab.
func (s *Setup) keepTyped(w http.ResponseWriter, r *http.Request) error {
	form, _, err := readDraftForm(w, r)
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusUnauthorized, &web.SignedOut{At: r.URL.Path, Typed: form}, nil, nil)
}

func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, operation.MostBody)
	err := r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, problem.New(http.StatusRequestEntityTooLarge, fmt.Sprintf("That is too much for one page: at most %d KB fit.", operation.MostBody>>10))
	case err != nil:
		return nil, problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	return r.PostForm, nil
}

// show writes a page of the operator, with its forms and what is wrong in one of them.
func (s *Setup) show(w http.ResponseWriter, r *http.Request, status int, body web.Body, filled *web.Filled, sheets map[string]*web.Sheet) error {
	c, err := caller.Of(r.Context())
	return write(w, status, &web.Page{Frame: web.Frame{SignedIn: err == nil && c.Session != "", Example: s.o.ShowsExample}, Body: body, Filled: filled, Sheets: sheets})
}

func write(w http.ResponseWriter, status int, page *web.Page) error {
	b, err := page.Render()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	w.Write(b)
	return nil
}
