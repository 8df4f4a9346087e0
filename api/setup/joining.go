package setup

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/identity"
	"goldenthread/api/mail"
	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// How far a new group is: who has come in, who has consented, what it lacks to be
// established. Invitations are made here, by whoever may make them (rule L10): by mail, or
// on a sheet for each person.

// groupsAt is where the operator sees to a group's beginning.
const groupsAt = identity.OperatorPages + "/groups"

// joins is a group that is looked at, by whom.
type joins struct {
	g     *projections.Group
	frame web.Frame
	today domain.Day
}

// joining is the group, for its operator and for those who may see its work.
func (s *Setup) joining(r *http.Request) (*joins, error) {
	group := r.PathValue("group")
	c, err := caller.Of(r.Context())
	if err != nil {
		return nil, err
	}
	j := &joins{today: s.ledgers.Today(), frame: web.Frame{SignedIn: c.Session != "", Example: s.o.ShowsExample}}
	if c.Operator {
		if s.store.Next(group) == 0 {
			return nil, problem.NoGroup(group)
		}
		j.g, err = s.ledgers.Groups.Now(r.Context(), group, nil)
		return j, err
	}
	q, err := s.ledgers.See(r.Context(), &access.Terms{Group: group}, access.Worklist) // who has come in is no system body's business (rule F3)
	if err != nil {
		return nil, err
	}
	j.g = q.Group
	state := j.g.State()
	j.frame = web.Frame{
		Example: s.o.ShowsExample,
		Group:   group, Name: state.Name, ShortName: state.ShortName, Me: q.Member(c.Person, j.today), SignedIn: c.Session != "", NewKeys: c.News, At: j.today, Today: j.today,
		Known: q.Known, Live: true, Next: state.Next, Path: "joining", Sent: r.Method == http.MethodPost, Key: uuid.NewString(),
	}
	return j, nil
}

func (s *Setup) joiningPage(w http.ResponseWriter, r *http.Request) error {
	j, err := s.joining(r)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, &web.Page{Frame: j.frame, Body: s.joiningBody(r.Context(), r.PathValue("group"), j)})
}

func (s *Setup) joiningBody(ctx context.Context, group string, j *joins) *web.Joining {
	view := j.g.State()
	state := view.State
	coverage := view.CoverageOn("", j.today)
	body := &web.Joining{
		Name: state.Name, ShortName: state.ShortName, Established: state.Established, Missing: view.MissingToEstablish(j.today), Mail: s.o.Mail != nil,
		Invites: s.identity.MayInvite(ctx, group) == nil, Practices: coverage.Practices, OfPractices: coverage.OfPractices,
	}
	for _, seat := range j.g.Register(j.today).Seats {
		if !seat.Entitled {
			continue
		}
		line := web.JoiningSeat{Name: seat.Seat.Name, Holder: "nobody yet"}
		if seat.Holder != nil {
			line.Holder = seat.Holder.Office
			line.Consented = state.Established != 0 || !state.AwaitsConsent(seat.Seat.Code, seat.Holder.Handle, j.today)
		}
		body.Seats = append(body.Seats, line)
	}
	for _, p := range j.g.People(j.today).People {
		if (p.Left == 0 || p.Left >= j.today) && p.Erased == 0 {
			body.People = append(body.People, joiningPerson(j, &p))
		}
	}
	slices.SortFunc(body.People, func(a, b web.JoiningPerson) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.ID, b.ID))
	})
	return body
}

// joiningPerson says whether the person has come in, or is invited; to the operator also by
// which ways, who let them in, and when.
func joiningPerson(j *joins, p *projections.PersonLine) web.JoiningPerson {
	line := web.JoiningPerson{ID: p.ID, Office: p.Office, Index: p.Index, State: "not invited"}
	ways := j.g.WaysOf(p.ID, j.today).Ways
	if j.frame.Group == "" { // the operator looks after them
		for _, way := range ways {
			line.Ways = append(line.Ways, strings.Replace(way.Say, "that you had", "that they had", 1)) // it is told to its owner elsewhere
		}
	}
	for _, way := range ways {
		switch {
		case !way.InForce:
		case way.Way.Kind() != domain.InvitationWay:
			line.State, line.Until = "has come", 0
			return line
		case line.Until < way.Until:
			line.State, line.Until = "invited", way.Until
		}
	}
	return line
}

// invitePeople makes an invitation for each who was ticked: mailed where that was asked
// for, and shown on a sheet to print where it was not, or could not be.
func (s *Setup) invitePeople(w http.ResponseWriter, r *http.Request) error {
	group := r.PathValue("group")
	j, err := s.joining(r)
	if err != nil {
		return err
	}
	if err := s.identity.MayInvite(r.Context(), group); err != nil {
		return err
	}
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	if len(form["person"]) == 0 {
		body := s.joiningBody(r.Context(), group, j)
		return write(w, http.StatusUnprocessableEntity, &web.Page{Frame: j.frame, Body: body, Filled: &web.Filled{Form: "invite", Faults: []web.Fault{{Say: "Tick whom to invite."}}}})
	}
	body := &web.Invitations{Back: r.URL.Path, Group: j.g.State().Name}
	for _, id := range form["person"] {
		if err := s.inviteOne(r.Context(), group, j.g.State().State, id, form.Get("by") == "mail", body); err != nil {
			return err
		}
	}
	return write(w, http.StatusOK, &web.Page{Frame: j.frame, Body: body})
}

// inviteOne makes an invitation, and mails it or puts it on a sheet.
func (s *Setup) inviteOne(ctx context.Context, group string, state *domain.State, person string, byMail bool, body *web.Invitations) error {
	p := state.Person(person)
	if p == nil {
		return problem.NotFound("L5", "%q is not a person of this group.", domain.Clip(person))
	}
	made, err := s.identity.Invite(ctx, group, identity.InvitationFor{Person: p.ID})
	if err != nil {
		return err
	}
	why := ""
	if byMail && s.o.Mail != nil {
		if why = s.o.Mail.Invite(ctx, &mail.Invitation{Group: state.Name, Person: *p, Link: made.Link, Code: made.Code, Until: made.Expires}); why == "" {
			body.Mailed = append(body.Mailed, p.Office)
			return nil
		}
		why = "It was not mailed. " + why
	}
	body.Sheets = append(body.Sheets, web.InvitationSheet{
		Office: p.Office, Link: made.Link, Code: made.Code, Picture: web.Picture(made.Link), Until: domain.DayOf(made.Expires), Why: why,
	})
	return nil
}
