package pages

import (
	"cmp"
	"slices"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// choicesOf are what a field that refers to one of those can name, today.
func (a *choosing) choicesOf(of []string) []web.Option {
	var all []web.Option
	for _, one := range of {
		if source := sources[one]; source != nil {
			all = append(all, source(a)...)
		}
	}
	return all
}

// sources are the options for what a field refers to. What is not among them is
// offered by the page itself.
var sources = map[string]func(*choosing) []web.Option{
	"agreement":    (*choosing).agreements,
	"anyseat":      (*choosing).allSeats,
	"appointment":  (*choosing).inForce,
	"body":         (*choosing).bodies,
	"charter":      (*choosing).charterMatters,
	"entitled":     (*choosing).entitled,
	"executive":    func(*choosing) []web.Option { return []web.Option{{Value: domain.ToExecutive, Words: "The executive"}} },
	"forum":        (*choosing).forumOptions,
	"gatekeeper":   (*choosing).gatekeepers,
	"group":        func(a *choosing) []web.Option { return []web.Option{{Value: domain.ToGroup, Words: a.State().Name}} },
	"mandator":     (*choosing).withdrawers,
	"matter":       (*choosing).matters,
	"notice":       (*choosing).noticeOptions,
	"organisation": (*choosing).organisations,
	"payer":        (*choosing).payers,
	"person":       (*choosing).people,
	"position":     (*choosing).positions,
	"practice":     (*choosing).practices,
	"priority":     (*choosing).listed,
	"round":        (*choosing).rounds,
	"seat":         (*choosing).seats,
	"settled":      (*choosing).settled,
	"system":       func(a *choosing) []web.Option { system, _ := a.parties(); return system },
	"ours":         func(a *choosing) []web.Option { _, ours := a.parties(); return ours },
	"unseated":     (*choosing).unseated,
	"wider":        (*choosing).widerGroups,
	"unsettled":    (*choosing).waitingForWord,
}

// people are those who are still in office.
func (a *choosing) people() []web.Option {
	all := slices.Clone(a.People(a.At).People)
	all = slices.DeleteFunc(all, func(p projections.PersonLine) bool { return p.Left != 0 && p.Left < a.At })
	return web.PeopleOptions(all)
}

// gatekeepers are those through whom approaches come in.
func (a *choosing) gatekeepers() []web.Option {
	var os []web.Option
	for _, w := range a.Approaches(a.At).Gatekeepers {
		os = append(os, web.Option{Value: w.Handle, Words: w.Office})
	}
	return os
}

// payers are the open organisations that can pay.
func (a *choosing) payers() []web.Option {
	var practices []web.Option
	for _, o := range a.Register(a.At).Organisations {
		if o.Open && o.Kind == domain.Practice {
			practices = append(practices, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
		}
	}
	return append(a.bodies(), practices...)
}

// organisations are the open ones but the place itself.
func (a *choosing) organisations() []web.Option {
	return a.open(func(o *projections.OrganisationLine) bool { return o.Kind != domain.PlaceKind })
}

// widerGroups are those that the group joined or was asked to join.
func (a *choosing) widerGroups() []web.Option {
	var os []web.Option
	for _, w := range a.Register(a.At).Wider {
		os = append(os, web.Option{Value: w.Ledger, Words: cmp.Or(w.Name, w.Ledger)})
	}
	return os
}

// unseated are the open organisations that could be given a seat and have none.
func (a *choosing) unseated() []web.Option {
	return a.open(func(o *projections.OrganisationLine) bool {
		return a.State().Seats[o.Code] == nil && o.Kind != domain.PlaceKind && o.Kind != domain.SystemBody
	})
}

func (a *choosing) open(is func(*projections.OrganisationLine) bool) []web.Option {
	var os []web.Option
	for _, o := range a.Register(a.At).Organisations {
		if o.Open && is(&o) {
			os = append(os, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
		}
	}
	return os
}

// allSeats are the seats, whoever holds them; entitled those that count.
func (a *choosing) allSeats() []web.Option { return a.seatsWhere(false) }
func (a *choosing) entitled() []web.Option { return a.seatsWhere(true) }

func (a *choosing) seatsWhere(entitled bool) []web.Option {
	var os []web.Option
	for _, s := range a.Register(a.At).Seats {
		if s.Entitled || !entitled {
			os = append(os, web.Option{Value: s.Seat.Code, Words: s.Seat.Name})
		}
	}
	return os
}

// forumOptions are the meetings of the system.
func (a *choosing) forumOptions() []web.Option {
	var os []web.Option
	for _, f := range a.Representation(a.At).Forums {
		os = append(os, web.Option{Value: f.Forum, Words: f.Name})
	}
	return os
}

// inForce are the appointments that hold.
func (a *choosing) inForce() []web.Option {
	var os []web.Option
	for _, r := range a.Representation(a.At).Appointments {
		if r.State == domain.InForce {
			os = append(os, web.Option{Value: r.Ref, Words: r.Person.Office + " at " + r.ForumName})
		}
	}
	return os
}

// positions are those that hold, as an instrument names them.
func (a *choosing) positions() []web.Option {
	var held []web.Option
	for _, p := range a.Representation(a.At).Positions {
		if p.Holds {
			what := "Position"
			if p.RedLine {
				what = "Red line"
			}
			held = append(held, web.Option{Value: p.Source + " " + p.Matter, Words: what + " on " + p.Matter + " (" + p.Source + "): " + domain.ClipTo(p.Words, 80)})
		}
	}
	return held
}

// rounds are those in which the practices were asked, the newest first.
func (a *choosing) rounds() []web.Option {
	var os []web.Option
	for _, r := range a.Priorities(a.At).Rounds {
		os = append(os, web.Option{Value: r.Ref, Words: r.Ref + ", asked on " + r.Asked.Words()})
	}
	slices.Reverse(os)
	return os
}

// listed are the priorities on the long list.
func (a *choosing) listed() []web.Option {
	var os []web.Option
	for _, p := range a.Priorities(a.At).LongList {
		os = append(os, web.Option{Value: p.Ref, Words: p.Ref + ": " + p.Title})
	}
	return os
}

// noticeOptions are what the practices are to be told of.
func (a *choosing) noticeOptions() []web.Option {
	var os []web.Option
	for _, n := range a.Notices(a.At).Notices {
		os = append(os, web.Option{Value: n.Ref, Words: n.Ref + ": " + domain.Clip(n.Text)})
	}
	return os
}
