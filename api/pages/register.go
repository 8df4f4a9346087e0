package pages

import (
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Organisations, seats and people: who sits for whom, who speaks for whom, and
// who they are (rules O3, F3, F5, L7).

func registerPage(a *asked) (web.Body, error) {
	body := &web.Register{Register: a.Register(a.At), Brings: a.may(&domain.ImportOrganisations{})}
	a.offerSeats(body.Seats)
	var speak, silent, invites []web.Option
	for _, o := range body.Organisations {
		if !o.Open || a.me == nil {
			continue
		}
		if o.Kind != domain.PlaceKind && a.may(&domain.RecordSpokesperson{Organisation: o.Code}) {
			speak = append(speak, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
		}
		for _, t := range o.Spokespeople {
			if a.may(&domain.EndSpokesperson{Organisation: o.Code, Person: t.Person.Handle}) {
				silent = append(silent, web.Option{Value: o.Code + " " + t.Person.Handle, Words: t.Person.Office + ", for " + o.Name})
			}
		}
		if a.State().Seats[o.Code] == nil && o.Kind != domain.PlaceKind && o.Kind != domain.Practice && a.may(&domain.Invite{Organisation: o.Code}) {
			invites = append(invites, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	if speak != nil {
		a.offer(offered{
			id: "speak", command: &domain.RecordSpokesperson{}, filtered: true, options: map[string][]web.Option{"organisation": speak},
			Sheet: web.Sheet{Fold: "Say who speaks for an organisation", FoldID: "speaking", Say: []string{"They can give and withdraw its mandate, and say that it disagrees. Who sits at the table is another matter."}},
		})
	}
	if silent != nil {
		a.offer(offered{
			id: "silent", command: &domain.EndSpokesperson{}, filtered: true, joined: map[string]string{"organisation": "organisation+person"}, without: []string{"person"},
			options: map[string][]web.Option{"organisation": silent}, ask: map[string]string{"organisation": "Who?"},
			Sheet: web.Sheet{Fold: "Say that somebody no longer speaks for an organisation", FoldID: "silencing", Class: "warning"},
		})
	}
	if invites != nil {
		a.offer(offered{
			id: "invite", command: &domain.Invite{}, filtered: true, without: []string{"from"}, options: map[string][]web.Option{"organisation": invites},
			Sheet: web.Sheet{Fold: "Let an organisation without a seat follow the work", FoldID: "inviting", Say: []string{"Its people see what the charter does not keep to members. They never consent or object."}, Button: "Invite it"},
		})
	}
	return body, nil
}

// offerSeats offers to say who holds a seat or deputises, and to end somebody's
// time, for those seats and roles for which the person may.
func (a *offering) offerSeats(seats []projections.SeatLine) {
	var names, leaves []web.Option
	holders, records := false, false
	for _, seat := range seats {
		code := seat.Seat.Code
		holder := &domain.NameHolder{Seat: code, Role: domain.Holder}
		holders, records = holders || a.may(holder), records || a.evidence(holder)
		if a.may(&domain.NameHolder{Seat: code, Role: domain.Deputy}) {
			names = append(names, web.Option{Value: code, Words: seat.Seat.Name})
		}
		for _, t := range seat.History {
			if (t.Until == 0 || t.Until >= a.At) && a.may(&domain.LeaveSeat{Seat: code, Person: t.Person.Handle, Role: t.Role}) {
				leaves = append(leaves, web.Option{Value: code + " " + t.Person.Handle + " " + string(t.Role), Words: t.Person.Office + ", " + string(t.Role) + " for " + seat.Seat.Name})
			}
		}
	}
	var without []string
	if !records {
		without = []string{"evidence"}
	}
	if names != nil {
		o := offered{
			id: "name", command: &domain.NameHolder{Role: domain.Deputy}, filtered: true, without: without, options: map[string][]web.Option{"seat": names},
			Sheet: web.Sheet{Fold: "Say who holds a seat, or deputises", FoldID: "naming"},
		}
		if holders {
			o.Say = []string{"A new holder takes the place of the one before, from that day."}
		} else {
			o.given = []string{"role"}
		}
		a.offer(o)
	}
	if leaves != nil {
		a.offer(offered{
			id: "leave", command: &domain.LeaveSeat{}, filtered: true, without: append(without, "person", "role"), joined: map[string]string{"seat": "seat+person+role"},
			options: map[string][]web.Option{"seat": leaves}, ask: map[string]string{"seat": "Who?"},
			Sheet: web.Sheet{
				Fold: "Stand down from a seat, or end somebody's time", FoldID: "leaving", Class: "warning",
				Say: []string{"A seat without a holder or deputy is vacant: it is not outvoted, and nothing is agreed without it."},
			},
		})
	}
}

func peoplePage(a *asked) (web.Body, error) {
	asked := access.PeopleInput{Paging: access.Paging{Page: a.r.URL.Query().Get("page")}}
	all, err := a.server.ledgers.People(a.Question, &asked)
	if err != nil {
		return nil, err
	}
	body := &web.People{Pager: pagerOf(a, all.Paged)}
	for _, p := range all.People {
		known := a.State().Person(p.ID).Erased == 0
		body.People = append(body.People, web.Person{
			PersonLine: p.PersonLine, Personal: p.Personal, Erases: known && a.may(&domain.ErasePerson{Person: p.ID}),
			Leaves: known && a.sees(access.Everything) && (p.Left != 0 || a.may(&domain.LeaveOffice{Person: p.ID})),
		})
		if a.me != nil && p.ID == a.me.ID {
			own := &domain.UpdatePerson{Person: p.ID}
			if p.Personal != nil {
				own.Personal = *p.Personal
			}
			a.offer(offered{
				id: "own", command: own, given: []string{"person"},
				Sheet: web.Sheet{Fold: "Change your name, email or phone", FoldID: "own-details", Say: []string{"They are sealed under a key of your own. What you leave empty is taken away."}, Button: "Save them"},
			})
		}
	}
	a.offer(offered{
		id: "new", command: &domain.RegisterPerson{},
		Sheet: web.Sheet{Fold: "Introduce somebody", FoldID: "new-person", Say: []string{"Everybody is known by their office. The name and how to reach them are sealed, and can be erased."}, Button: "Introduce them"},
	})
	leaving := slices.DeleteFunc(a.people(), func(o web.Option) bool { return !a.may(&domain.LeaveOffice{Person: o.Value}) })
	if len(leaving) > 0 {
		a.offer(offered{
			id: "left", command: &domain.LeaveOffice{}, filtered: true, options: map[string][]web.Option{"person": leaving},
			Sheet: web.Sheet{Fold: "Record that somebody leaves their office", FoldID: "left-office", Say: []string{"All that they hold here ends with that day: their seat, powers, duties and appointments, and speaking for an organisation. Once the day has passed, recording it again gives nothing back."}, Class: "warning"},
		})
	}
	return body, nil
}
