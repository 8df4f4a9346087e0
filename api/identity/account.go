package identity

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/api/web/signin"
	"goldenthread/domain"
	"goldenthread/eventstore/signature"
	"goldenthread/eventstore/trace"
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
	page.NewKeys = is.News
	mine := s.SignIn.Passkeys.account(is.Group, is.Person)
	if page.Recorded, err = s.keysOnRecord(r.Context(), is.Group, &mine); err != nil {
		return err
	}
	for _, k := range mine.Passkeys {
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
	lines, err := s.SignIn.journal.about(group, person)
	if err != nil {
		return nil, err
	}
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
	if err := s.SignIn.Passkeys.Remove(is.Group, is.Person, id); err != nil {
		return err
	}
	s.TellLedger(r.Context(), is.Group, is.Person, s.way(&is), false)
	if err := s.SignIn.Sessions.End(func(o *Session) bool { return o.Group == is.Group && o.Person == is.Person && o.Passkey == id }); err != nil {
		return err
	}
	if err := s.note(is.Group, is.Person, is.Person, "passkey "+a.Passkeys[i].Name+" removed"); err != nil {
		return err
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// TellLedger has the ledger say, as the person, which passkeys they have: with
// them they sign. What can't be recorded now, since a crash came between or the
// group has stopped, is at the next sign-in; nobody is kept out for it, and a
// passkey that is removed here signs nothing here meanwhile.
func (s *Identity) TellLedger(ctx context.Context, group, person string, by domain.Way, alone bool) {
	for _, c := range s.untold(ctx, group, person, alone) {
		name := domain.CommandName(c)
		req := domain.Request{Group: group, ID: uuid.Must(uuid.NewV7()), Hash: domain.HashOf(c), Actor: person, Way: by, Trace: trace.Sent(ctx), Command: c}
		if _, err := s.store.Execute(ctx, req); err != nil {
			s.log.WarnContext(ctx, "the ledger could not be told of a passkey", "group", group, "person", person, "command", name, "error", err)
		}
	}
}

// untold are the commands that the ledger lacks to know the person's passkeys.
// Those that it knows and this node does not were made at another node; they
// stay, unless those here are to be alone.
func (s *Identity) untold(ctx context.Context, group, person string, alone bool) (cs []domain.Command) {
	next := s.store.Next(group)
	if next == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.ledgers.Patience)
	defer cancel()
	newest := next - 1
	g, err := s.groups.Now(ctx, group, &newest)
	if err == nil && g.State().Person(person) == nil {
		err = noPerson(person)
	}
	if err != nil {
		s.log.WarnContext(ctx, "which passkeys the ledger knows could not be read", "group", group, "person", person, "error", err)
		return nil
	}
	p, here := g.State().Person(person), s.SignIn.Passkeys.account(group, person)
	for _, k := range p.Passkeys {
		if here.gone(k.Credential) || alone && !here.has(k.Credential) {
			cs = append(cs, &domain.RemovePasskey{Credential: k.Credential})
		}
	}
	for _, k := range here.Passkeys {
		if signature.CheckPasskey(k.Credential.PublicKey, k.Party) == nil && p.Passkey(k.Credential.ID) == nil {
			cs = append(cs, &domain.RegisterPasskey{Credential: k.Credential.ID, PublicKey: k.Credential.PublicKey, RelyingParty: k.Party})
		}
	}
	return cs
}

func (s *accountPages) endSession(w http.ResponseWriter, r *http.Request) error {
	is, err := s.anySession(r)
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
