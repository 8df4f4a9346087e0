package identity

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/webauthn"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/api/web/signin"
	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

// A person's own page: their passkeys, where they are signed in, and what was
// done about it.

// accountPages are the pages on which people look after how they sign in.
type accountPages struct{ *Identity }

func (s *accountPages) accountPage(w http.ResponseWriter, r *http.Request) error {
	is, err := s.anySession(r)
	if err != nil {
		return err
	}
	page := signin.Account{}
	if page.Office, page.Group, err = s.names(r.Context(), is.Group, is.Person); err != nil {
		return err
	}
	if c, err := caller.Of(r.Context()); err == nil {
		page.NewKeys = c.News
	}
	mine := s.SignIn.Passkeys.account(is.Group, is.Person)
	if page.Recorded, err = s.waysOnRecord(r.Context(), &mine); err != nil {
		return err
	}
	for _, k := range mine.Passkeys {
		way := string(domain.WayOfPasskey(k.Credential.ID))
		if slices.ContainsFunc(page.Recorded, func(on signin.Recorded) bool { return on.Way == way && !on.InForce }) {
			continue // it lets nobody in any more
		}
		page.Passkeys = append(page.Passkeys, signin.Passkey{ID: k.ID, Name: k.Name, Registered: k.Registered, Used: k.Used})
	}
	for _, o := range s.SignIn.Sessions.List(is.Group, is.Person) {
		page.Sessions = append(page.Sessions, signin.Session{ID: o.ID, Agent: o.Agent, Began: o.Began, This: o.ID == is.ID})
	}
	for _, f := range s.feedsOf(is.Group, is.Person) {
		now := s.clock()
		page.Feeds = append(page.Feeds, signin.Feed{
			ID: f.ID, Address: f.Address, Made: f.Made, Ends: f.Expires, Soon: now.After(f.Expires.Add(-caller.FeedKeySoon)), Over: !now.Before(f.Expires),
		})
	}
	if page.Journal, err = s.journalOf(r.Context(), is.Group, is.Person); err != nil {
		return err
	}
	html(w, http.StatusOK)
	return page.Render(w)
}

// journalOf is what was done about the person's signing in, newest first.
func (s *accountPages) journalOf(ctx context.Context, group, person string) ([]signin.Line, error) {
	lines := s.SignIn.journal.those(func(l *JournalLine) bool { return l.Group == group && l.Person == person })
	g, err := s.groups.Now(ctx, group, nil)
	if err != nil {
		return nil, err
	}
	var said []signin.Line
	for _, line := range slices.Backward(lines) {
		by := "the operator of this server"
		switch p := g.State().Person(line.By); {
		case line.By == person:
			by = "you"
		case p != nil:
			by = p.Office
		}
		said = append(said, signin.Line{Time: line.Time, What: line.What, By: by})
	}
	return said, nil
}

// removePasskey takes a passkey away, and signs out where it signed in. The
// last one stays: without it nobody gets in but by a fresh invitation.
func (s *accountPages) removePasskey(w http.ResponseWriter, r *http.Request) error {
	is, err := s.sessionOf(r)
	if err != nil {
		return err
	}
	id, a := r.PathValue("id"), s.SignIn.Passkeys.account(is.Group, is.Person)
	i := slices.IndexFunc(a.Passkeys, func(k passkey) bool { return k.ID == id })
	if i < 0 {
		return problem.NotFound("L5", "You have no such passkey.")
	}
	if len(a.Passkeys) == 1 {
		return problem.NotNow("L5", "This is your only passkey. Please add another before you remove it.")
	}
	way := domain.WayOfPasskey(a.Passkeys[i].Credential.ID)
	if err := s.endOnRecord(r.Context(), is.Group, caller.Caller{Person: is.Person, Way: s.way(&is)}, way); err != nil {
		return err
	}
	if err := s.SignIn.Passkeys.Remove(is.Group, is.Person, id); err != nil {
		return err
	}
	if err := s.SignIn.Sessions.End(func(o *Session) bool { return o.Group == is.Group && o.Person == is.Person && o.Passkey == id }); err != nil {
		return err
	}
	if err := s.note(is.Group, is.Person, is.Person, "passkey "+a.Passkeys[i].Name+" removed"); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// tellKey has the ledger say, as the person, which key a passkey has that it only knows
// by name, from before. Nobody is kept out for it: it is tried again at the next sign-in.
func (s *ways) tellKey(ctx context.Context, a *Account, k *webauthn.Credential, party string) {
	state, err := s.store.State(ctx, a.Group)
	if err == nil && state.Person(a.Person).Passkey(k.ID) == nil && signature.CheckPasskey(k.PublicKey, party) == nil {
		command := &domain.RegisterPasskey{Credential: k.ID, PublicKey: k.PublicKey, RelyingParty: party}
		err = s.execute(ctx, a.Group, caller.Caller{Person: a.Person, Way: domain.WayOfPasskey(k.ID)}, command)
	}
	if err != nil {
		s.log.WarnContext(ctx, "the ledger could not be told of a passkey", "group", a.Group, "person", a.Person, "error", err)
	}
}

func (s *accountPages) endSession(w http.ResponseWriter, r *http.Request) error {
	is, err := s.anySession(r)
	if err == nil {
		err = s.may(r.Context(), &is, true)
	}
	if err != nil {
		return err
	}
	err = s.SignIn.Sessions.End(func(o *Session) bool {
		return o.Group == is.Group && o.Person == is.Person && o.ID == r.PathValue("id")
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// makeFeed shows the address of a new feed, this once.
func (s *accountPages) makeFeed(w http.ResponseWriter, r *http.Request) error {
	is, err := s.sessionOf(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		return problem.New(http.StatusBadRequest, "The form could not be read.")
	}
	ask := FeedFor{Feed: "calendar"}
	switch r.PostForm.Get("feed") {
	case "mine":
		ask.Person = is.Person
	case "group":
	default:
		ask = FeedFor{Feed: "notices", Practice: strings.ToUpper(strings.TrimSpace(r.PostForm.Get("practice")))}
	}
	feed, err := s.addFeed(is.Group, is.Person, ask)
	if err != nil {
		return err
	}
	if err := s.note(is.Group, is.Person, is.Person, "a feed was made"); err != nil {
		return err
	}
	html(w, http.StatusOK)
	return signin.Feed{ID: feed.ID, Address: s.guard.Origin(r) + feed.Address, Ends: feed.Expires}.Render(w)
}

// replaceFeed shows the new address of a feed, this once, and ends the old one.
func (s *accountPages) replaceFeed(w http.ResponseWriter, r *http.Request) error {
	is, err := s.sessionOf(r)
	if err != nil {
		return err
	}
	feed, err := s.renewFeed(is.Group, is.Person, r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.note(is.Group, is.Person, is.Person, "a feed was replaced"); err != nil {
		return err
	}
	html(w, http.StatusOK)
	return signin.Feed{ID: feed.ID, Address: s.guard.Origin(r) + feed.Address, Ends: feed.Expires}.Render(w)
}

func (s *accountPages) endOwnFeed(w http.ResponseWriter, r *http.Request) error {
	is, err := s.sessionOf(r)
	if err != nil {
		return err
	}
	if err := s.endFeed(is.Group, is.Person, r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}
