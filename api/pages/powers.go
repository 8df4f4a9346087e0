package pages

import (
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
)

// Powers and the mandate that they rest on (rules D1–D9, M1–M5).

var powerForms = map[string]reading{
	"record-exercise": readExercise,
	"call-in": func(f *filling) domain.Command {
		return &domain.CallIn{Exercise: f.words("exercise"), Seat: f.words("seat"), Reason: f.words("reason")}
	},
	"tell-exercise": func(f *filling) domain.Command {
		return &domain.TellExercise{Exercise: f.words("exercise"), Body: f.words("body"), On: f.day("on"), How: f.words("how")}
	},
	"deny-consultation": func(f *filling) domain.Command {
		return &domain.DenyConsultation{Exercise: f.words("exercise"), Body: f.words("body"), Words: f.words("words")}
	},
	"suspend":       readSuspend,
	"give-feedback": readFeedback,
}

func readSuspend(f *filling) domain.Command {
	return &domain.Suspend{What: f.words("what"), Seat: f.words("seat"), Reason: f.words("reason")}
}

func readFeedback(f *filling) domain.Command {
	return &domain.GiveFeedback{On: f.words("on"), Worked: f.words("worked"), Overstep: f.words("overstep"), ThinReport: f.words("thinReport")}
}

func readExercise(f *filling) domain.Command {
	c := &domain.RecordExercise{
		Delegation: f.words("delegation"), Matter: f.words("matter"), What: f.words("what"), OpenEnded: f.ticked("openEnded"),
		Acting: f.chosen("acting"), On: f.day("on"),
	}
	if amount := f.pounds("amount"); amount != nil {
		c.Amount = *amount
	}
	if months := f.months("months"); months != nil {
		c.Months = *months
	}
	if body := f.words("consulted"); body != "" {
		c.Consulted = []domain.Consultation{{Body: body, On: f.day("consultedOn"), How: f.words("consultedHow")}}
	}
	return c
}

func powersPage(a *asked) (web.Body, error) {
	body := &web.Powers{Powers: a.Powers(a.At), Records: map[string]bool{}, Callin: map[string]bool{}, Denies: map[string][]web.Option{}, Tells: map[string]bool{}, Feedback: map[string]bool{}, Seats: a.seats()}
	if !a.today() || a.me == nil {
		return body, nil
	}
	for _, d := range body.Delegations {
		held := a.State().HeldUntil(d.Ref, a.me.ID, a.At)
		body.Feedback[d.Ref] = a.may(&domain.GiveFeedback{On: d.Ref})
		body.Records[d.Ref] = a.may(&domain.RecordExercise{Delegation: d.Ref, On: held})
		for _, x := range d.Exercises {
			open := x.Standing == domain.XWithin && x.CalledIn == nil && a.At <= x.CallInBy
			body.Callin[x.Ref] = open && a.may(&domain.CallIn{Exercise: x.Ref})
			if open {
				body.Denies[x.Ref] = a.consultedAs(x.Ref)
			}
			body.Tells[x.Ref] = x.TellBy != 0 && x.ToldOn == 0 && a.may(&domain.TellExercise{Exercise: x.Ref, On: held})
		}
	}
	body.People, body.Bodies = web.PeopleOptions(a.People(a.At).People), a.bodies()
	return body, nil
}

// consultedAs are the bodies that are said to have been consulted, and for which
// the person can say otherwise.
func (a *asked) consultedAs(exercise string) []web.Option {
	var os []web.Option
	for _, code := range a.State().ConsultedOn(exercise, a.At) {
		if a.may(&domain.DenyConsultation{Exercise: exercise, Body: code}) {
			os = append(os, web.Option{Value: code, Words: a.State().Organisations[code].Name})
		}
	}
	return os
}

// bodies are the open organisations that can be consulted: not practices.
func (a *asked) bodies() []web.Option {
	var os []web.Option
	for _, o := range a.Register(a.At).Organisations {
		if o.Open && o.Kind != domain.Practice && o.Kind != domain.PlaceKind {
			os = append(os, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	return os
}

func mandatePage(a *asked) (web.Body, error) {
	matter := a.r.URL.Query().Get("matter")
	m, err := access.OrRefused(a.Mandate(matter, a.At))
	if err != nil {
		return nil, err
	}
	history, err := access.OrRefused(a.MandateHistory(matter, a.At))
	if err != nil {
		return nil, err
	}
	body := &web.Mandate{Mandate: m, History: history, Matters: a.matters(), Practices: a.withdrawers(), Powers: a.sees(access.Powers)}
	if body.If = a.r.URL.Query().Get("if"); body.If != "" {
		w, refused := a.WhatIf(body.If, matter, a.At)
		if refused != nil {
			return nil, refused
		}
		body.WhatIf = &w
	}
	if a.me == nil || !a.today() {
		return body, nil
	}
	body.Charter = a.charterMatters()
	asks := a.may(&domain.AskMandate{})
	for _, o := range a.Register(a.At).Organisations {
		one := web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"}
		if o.Open && o.Kind == domain.PCN && a.may(&domain.GrantMandate{Organisation: o.Code}) {
			body.PCNs = append(body.PCNs, one)
		}
		if o.Open && asks && (o.Kind == domain.PCN || o.Kind == domain.Practice) {
			body.Asks = append(body.Asks, one)
		}
	}
	return body, nil
}

// withdrawers are the open practices and PCNs of the place, of which one can ask what
// if they withdrew.
func (a *asked) withdrawers() []web.Option {
	var os []web.Option
	s := a.State()
	for _, o := range slices.Concat(s.PCNsOn(a.At), s.PracticesOn(a.At)) {
		os = append(os, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
	}
	return os
}

var mandateForms = map[string]reading{
	"ask-mandate": func(f *filling) domain.Command {
		return &domain.AskMandate{Organisation: f.words("organisation"), Matters: f.chosen("matters"), Words: f.words("words")}
	},
	"grant-mandate":    func(f *filling) domain.Command { return f.grant(f.words("organisation")) },
	"withdraw-mandate": func(f *filling) domain.Command { return f.withdrawal(f.words("organisation")) },
}
