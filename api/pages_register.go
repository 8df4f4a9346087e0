package api

import (
	"slices"
	"strings"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
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
	body.Evidence = a.has(domain.Registrar)
	keeps := a.has(domain.Registrar, domain.Manager, domain.Chair)
	speaks := func(code string) bool { return a.State().SpeaksFor(a.me.ID, code, a.At) }
	for _, s := range body.Seats {
		holds := s.Holder != nil && s.Holder.Handle == a.me.Handle
		if body.Evidence || holds || speaks(s.Seat.Code) {
			body.Names = append(body.Names, web.Option{Value: s.Seat.Code, Words: s.Seat.Name})
		}
		for _, t := range s.History {
			own := t.Person.Handle == a.me.Handle
			if (t.Until == 0 || t.Until >= a.At) && (body.Evidence || own || speaks(s.Seat.Code) || holds && t.Role == domain.Deputy) {
				body.Leaves = append(body.Leaves, web.Option{
					Value: s.Seat.Code + " " + t.Person.Handle + " " + string(t.Role), Words: t.Person.Office + ", " + string(t.Role) + " for " + s.Seat.Name,
				})
			}
		}
	}
	for _, o := range body.Organisations {
		if !o.Open {
			continue
		}
		if o.Kind != domain.PlaceKind && (keeps || speaks(o.Code)) {
			body.Speak = append(body.Speak, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
			for _, t := range o.Spokespeople {
				body.Silent = append(body.Silent, web.Option{Value: o.Code + " " + t.Person.Handle, Words: t.Person.Office + ", for " + o.Name})
			}
		}
		if a.has(domain.Chair, domain.Manager) && a.State().Seats[o.Code] == nil && o.Kind != domain.PlaceKind && o.Kind != domain.Practice {
			body.Invites = append(body.Invites, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	body.People = a.people()
	return body, nil
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
	still := a.people()
	body.Leaving = slices.DeleteFunc(slices.Clone(still), func(o web.Option) bool { return o.Value != a.me.Handle })
	if body.Keeps = a.has(domain.Registrar, domain.Manager, domain.Chair); body.Keeps {
		body.Leaving = still
		for _, o := range a.Register(a.At).Organisations {
			if o.Open && o.Kind != domain.PlaceKind {
				body.Organisations = append(body.Organisations, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
			}
		}
	}
	return body, nil
}
