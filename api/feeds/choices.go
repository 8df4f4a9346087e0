package feeds

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"goldenthread/api/caller"
	"goldenthread/api/mail"
	"goldenthread/api/problem"
	"goldenthread/api/web/signin"
	"goldenthread/domain"
	"goldenthread/projections"
)

// What somebody is mailed is chosen behind the link in their letters, without signing in,
// and by one press of their mail program (RFC 8058). Nothing else can be done there: the
// link neither shows nor says anything of the group's.

const (
	choicesPattern = "/mail/{group}/{person}/{key}"
	mostChoices    = 4 << 10 // bytes of a form
)

var kindWords = map[projections.ErrandKind]string{
	projections.ErrandAsked: "what I am asked to say, confirm or report",
	projections.ErrandDue:   "what is due and mine to see to",
	projections.ErrandTold:  "what was agreed and done in my practice’s name",
}

// aheads are the days before a last one on which people can be reminded, as the page offers
// them.
var aheads = []int{0, 1, 2, 3, 7, 14, 30, mail.MostAhead, -1}

func aheadWords(days int) string {
	switch {
	case days < 0:
		return "never"
	case days == 0:
		return "30 and 7 days before the last day, and when it is overdue"
	}
	return domain.Count(days, "day") + " before the last day, and when it is overdue"
}

// offerChoices offers the pages of what somebody is mailed.
func (s *Feeds) offerChoices() {
	page := func(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var err error = errNoMail
			if s.mail != nil {
				err = f(w, r)
			}
			if errors.Is(err, mail.ErrNoDrawer) {
				err = errWrongLink
			}
			if err != nil {
				s.fail(w, r, problem.Of(r.Context(), s.log, err))
			}
		}
	}
	s.api.Mux.HandleFunc("GET "+choicesPattern, page(s.showChoices))
	s.api.Mux.HandleFunc("POST "+choicesPattern, page(s.saveChoices))
	s.api.Mux.HandleFunc("GET /account/mail", s.identity.SignedIn(page(s.ownChoices)))
}

var (
	errNoMail    = problem.NotNow("T1", "This server sends no mail.")
	errWrongLink = problem.NotFound("T1", "This link is not in any letter. Sign in and open My account to choose what you are mailed.")
)

// ownChoices leads somebody who is signed in to where they choose.
func (s *Feeds) ownChoices(w http.ResponseWriter, r *http.Request) error {
	c, err := caller.Of(r.Context())
	if err != nil {
		return err
	}
	p, err := s.addressee(r.Context(), c.Group, c.Person)
	if err != nil {
		return err
	}
	path, err := s.mail.ChoicesPath(r.Context(), c.Group, p.ID)
	if err == nil {
		http.Redirect(w, r, path, http.StatusSeeOther)
	}
	return err
}

// addressee is the person of the group; errWrongLink if there is none.
func (s *Feeds) addressee(ctx context.Context, group, person string) (*domain.Person, error) {
	if s.store.Next(group) == 0 {
		return nil, errWrongLink
	}
	g, err := s.groups.Now(ctx, group, nil)
	if err != nil {
		return nil, err
	}
	if p := g.State().Person(person); p != nil {
		return p, nil
	}
	return nil, errWrongLink
}

func (s *Feeds) showChoices(w http.ResponseWriter, r *http.Request) error {
	c, err := s.mail.Chosen(r.Context(), r.PathValue("group"), r.PathValue("person"), r.PathValue("key"))
	if err != nil {
		return err
	}
	return s.renderChoices(w, r, c, false)
}

func (s *Feeds) saveChoices(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, mostChoices)
	if err := r.ParseMultipartForm(mostChoices); err != nil && !errors.Is(err, http.ErrNotMultipart) { // RFC 8058 allows both
		return problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	c := mail.Choices{Stopped: mail.Kinds}
	oneClick := r.PostForm.Get("List-Unsubscribe") == "One-Click"
	if !oneClick {
		ahead, err := strconv.Atoi(r.PostForm.Get("ahead"))
		if err != nil || !slices.Contains(aheads, ahead) {
			return problem.New(http.StatusUnprocessableEntity, "Choose when you are reminded.")
		}
		c = mail.Choices{Ahead: ahead}
		for _, kind := range mail.Kinds {
			if !slices.Contains(r.PostForm["kind"], string(kind)) {
				c.Stopped = append(c.Stopped, kind)
			}
		}
	} else if was, err := s.mail.Chosen(r.Context(), r.PathValue("group"), r.PathValue("person"), r.PathValue("key")); err != nil {
		return err
	} else {
		c.Ahead = was.Ahead
	}
	if err := s.mail.Choose(r.Context(), r.PathValue("group"), r.PathValue("person"), r.PathValue("key"), c); err != nil {
		return err
	}
	return s.renderChoices(w, r, c, true)
}

func (s *Feeds) renderChoices(w http.ResponseWriter, r *http.Request, c mail.Choices, saved bool) error {
	p, err := s.addressee(r.Context(), r.PathValue("group"), r.PathValue("person"))
	if err != nil {
		return err
	}
	g, err := s.groups.Now(r.Context(), r.PathValue("group"), nil)
	if err != nil {
		return err
	}
	page := signin.Mail{Office: p.Office, Group: g.State().Name, Path: r.URL.EscapedPath(), Saved: saved}
	for _, kind := range mail.Kinds {
		page.Kinds = append(page.Kinds, signin.MailKind{Kind: string(kind), Say: kindWords[kind], On: !slices.Contains(c.Stopped, kind)})
	}
	for _, days := range aheads {
		page.Ahead = append(page.Ahead, signin.MailAhead{Days: days, Say: aheadWords(days), On: days == c.Ahead})
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return page.Render(w)
}
