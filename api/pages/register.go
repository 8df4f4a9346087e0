package pages

import (
	"slices"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Organisations, seats and people: who sits for whom, who speaks for whom, and
// who they are (rules O3, F3, F5, L7).

var registerForms = map[string]reading{
	"name-holder": func(f *filling) domain.Command {
		return &domain.NameHolder{
			Seat: f.words("seat"), Person: f.words("person"), Role: domain.SeatRole(f.words("role")), Evidence: f.words("evidence"), Span: f.span(),
		}
	},
	"leave-seat": func(f *filling) domain.Command {
		who := f.several("tenure", 3)
		return &domain.LeaveSeat{Seat: who[0], Person: who[1], Role: domain.SeatRole(who[2]), Until: f.day("until"), Evidence: f.words("evidence")}
	},
	"invite": func(f *filling) domain.Command {
		return &domain.Invite{Organisation: f.words("organisation"), Span: f.span()}
	},
	"record-spokesperson": func(f *filling) domain.Command {
		return &domain.RecordSpokesperson{Organisation: f.words("organisation"), Person: f.words("person"), Evidence: f.words("evidence"), Span: f.span()}
	},
	"end-spokesperson": func(f *filling) domain.Command {
		who := f.several("tenure", 2)
		return &domain.EndSpokesperson{Organisation: who[0], Person: who[1], Until: f.day("until")}
	},
}

var peopleForms = map[string]reading{
	"register-person": func(f *filling) domain.Command {
		c := &domain.RegisterPerson{PersonEntry: domain.PersonEntry{Handle: f.words("handle"), Office: f.words("office"), Organisation: f.words("organisation")}}
		if p := f.personal(); p != (domain.PersonalData{}) {
			c.Personal = &p
		}
		return c
	},
	"update-person": func(f *filling) domain.Command {
		return &domain.UpdatePerson{Person: f.words("person"), Personal: f.personal()}
	},
	"leave-office": func(f *filling) domain.Command {
		return &domain.LeaveOffice{Person: f.words("person"), Until: f.day("until")}
	},
}

func (f *filling) span() domain.Span { return domain.Span{From: f.day("from"), Until: f.day("until")} }

func (f *filling) personal() domain.PersonalData {
	return domain.PersonalData{Name: f.words("name"), Email: f.words("email"), Phone: f.words("phone")}
}

// several reads an option that stands for several words.
func (f *filling) several(name string, n int) []string {
	words := strings.Fields(f.words(name))
	if len(words) != n {
		f.wrong(name, "Choose one of them.")
		return make([]string, n)
	}
	return words
}

func registerPage(a *asked) (web.Body, error) {
	body := &web.Register{Register: a.Register(a.At)}
	if a.me == nil || !a.today() {
		return body, nil
	}
	for _, seat := range body.Seats {
		a.holders(body, &seat)
	}
	for _, o := range body.Organisations {
		if !o.Open {
			continue
		}
		if o.Kind != domain.PlaceKind && a.may(&domain.RecordSpokesperson{Organisation: o.Code}) {
			body.Speak = append(body.Speak, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
		}
		for _, t := range o.Spokespeople {
			if a.may(&domain.EndSpokesperson{Organisation: o.Code, Person: t.Person.Handle}) {
				body.Silent = append(body.Silent, web.Option{Value: o.Code + " " + t.Person.Handle, Words: t.Person.Office + ", for " + o.Name})
			}
		}
		if a.State().Seats[o.Code] == nil && o.Kind != domain.PlaceKind && o.Kind != domain.Practice && a.may(&domain.Invite{Organisation: o.Code}) {
			body.Invites = append(body.Invites, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	body.People = a.people()
	return body, nil
}

// holders fills in for which roles at the seat one can name people, and whose time one
// can end.
func (a *asked) holders(body *web.Register, seat *projections.SeatLine) {
	code := seat.Seat.Code
	holder, deputy := &domain.NameHolder{Seat: code, Role: domain.Holder}, &domain.NameHolder{Seat: code, Role: domain.Deputy}
	body.NamesHolder = body.NamesHolder || a.may(holder)
	body.Evidence = body.Evidence || a.evidence(holder)
	if a.may(deputy) {
		body.Names = append(body.Names, web.Option{Value: code, Words: seat.Seat.Name})
	}
	for _, t := range seat.History {
		leave := &domain.LeaveSeat{Seat: code, Person: t.Person.Handle, Role: t.Role}
		if (t.Until == 0 || t.Until >= a.At) && a.may(leave) {
			body.Leaves = append(body.Leaves, web.Option{Value: code + " " + t.Person.Handle + " " + string(t.Role), Words: t.Person.Office + ", " + string(t.Role) + " for " + seat.Seat.Name})
		}
	}
}

func peoplePage(a *asked) (web.Body, error) {
	all, err := a.server.ledgers.People(a.Question, &access.PlainInput{})
	if err != nil {
		return nil, err
	}
	body := &web.People{}
	for _, p := range all.People {
		body.People = append(body.People, web.Person{PersonLine: p.PersonLine, Personal: p.Personal})
		if a.me != nil && a.today() && p.ID == a.me.ID {
			body.Own = &body.People[len(body.People)-1]
		}
	}
	if body.Own == nil {
		return body, nil
	}
	own := *body.Own // People may have been moved since
	body.Own = &own
	body.Leaving = slices.DeleteFunc(a.people(), func(o web.Option) bool { return !a.may(&domain.LeaveOffice{Person: o.Value}) })
	if body.Keeps = a.may(&domain.RegisterPerson{}); body.Keeps {
		for _, o := range a.Register(a.At).Organisations {
			if o.Open && o.Kind != domain.PlaceKind {
				body.Organisations = append(body.Organisations, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
			}
		}
	}
	return body, nil
}
