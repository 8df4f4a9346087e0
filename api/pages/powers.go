package pages

import (
	"slices"

	"goldenthread/api/access"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Powers and the mandate that they rest on (rules D1–D9, M1–M5).

func powersPage(a *asked) (web.Body, error) {
	asks := a.r.URL.Query()
	days := access.Between{From: asks.Get("from"), To: asks.Get("to")}
	from, to, err := days.Days()
	if err != nil {
		return nil, err
	}
	body := &web.Powers{Powers: a.PowersBetween(from, to, a.At), Held: map[string][]domain.Held{}}
	for _, d := range body.Delegations {
		body.Held[d.Ref] = a.State().HeldSpans(d.Ref, a.At)
	}
	if !a.today() || a.me == nil {
		return body, nil
	}
	for _, d := range body.Delegations {
		for _, x := range d.Exercises {
			a.offerExercise(d.Ref, &x)
		}
		if a.may(&domain.RecordExercise{Delegation: d.Ref, On: a.State().HeldUntil(d.Ref, a.me.ID, a.At)}) {
			a.offer(offered{
				id: "record-" + d.Ref, command: &domain.RecordExercise{Delegation: d.Ref}, given: []string{"delegation"}, without: []string{"payer"}, filtered: true,
				options: map[string][]web.Option{"matter": web.PowerOptions(d)},
				Sheet: web.Sheet{
					Fold: "Record a decision under " + d.Ref, FoldID: "recording-" + d.Ref,
					Say: []string{"Record it as it happened. Whether it is within is worked out for you; what is beyond is recorded too, binds nobody, and waits for " + a.State().ShortName + "."},
				},
			})
		}
		if d.State == domain.InForce {
			a.offerSuspension(d.Ref, "It stops at once, until the others have settled it. Any seat can do that, once for the same reason.")
		}
		a.offerFeedback(d.Ref)
	}
	return body, nil
}

// schemePage is who may agree what without asking the group.
func schemePage(a *asked) (web.Body, error) {
	body := &web.Scheme{SinceAsked: a.r.URL.Query().Get("since")}
	since, err := access.ReadSince(body.SinceAsked, a.At)
	if err != nil {
		return nil, err
	}
	body.Scheme = a.Scheme(a.At, since)
	return body, nil
}

// offerExercise offers what can be said of what was decided under the power.
func (a *offering) offerExercise(delegation string, x *projections.ExerciseLine) {
	if x.Standing == domain.XUnconfirmed || x.Standing == domain.XCalledIn && len(x.ToConfirm) > 0 {
		a.offerAnswer(x.Ref, slices.Contains(a.State().Exercises[x.Ref].StillToConfirm(a.At), a.me.ID), "Yes, we decided this", exerciseRefusal)
	}
	given, settled := []string{"exercise"}, "suspended until "+a.State().ShortName+" has settled it."
	if (x.Standing == domain.XWithin || x.Standing == domain.XUnconfirmed) && x.CalledIn == nil && a.At <= x.CallInBy {
		if a.seats() != nil {
			a.offer(offered{
				id: "call-in-" + x.Ref, command: &domain.CallIn{Exercise: x.Ref}, given: given, filtered: true,
				Sheet: web.Sheet{
					Fold: "Call " + x.Ref + " in", FoldID: "calling-" + x.Ref, Say: []string{"It is " + settled + " You can until " + x.CallInBy.Words() + "."}, Button: "Call it in", Class: "warning",
				},
			})
		}
		for _, b := range a.consultedAs(x.Ref) {
			a.offer(offered{
				id: "deny-" + x.Ref + "-" + b.Value, command: &domain.DenyConsultation{Exercise: x.Ref, Body: b.Value}, given: []string{"exercise", "body"},
				Sheet: web.Sheet{
					Fold: "Say that " + b.Words + " was not consulted on " + x.Ref, FoldID: "denying-" + x.Ref + "-" + b.Value, Say: []string{"That calls it in: it is " + settled}, Button: "Say so", Class: "warning",
				},
			})
		}
	}
	held := a.State().HeldUntil(delegation, a.me.ID, a.At)
	if x.TellBy != 0 && x.ToldOn == 0 && x.TellBody != nil && a.may(&domain.TellExercise{Exercise: x.Ref, On: held}) {
		a.offer(offered{
			id: "tell-" + x.Ref, command: &domain.TellExercise{Exercise: x.Ref, Body: x.TellBody.Code}, given: []string{"exercise", "body"}, filtered: true,
			Sheet: web.Sheet{Fold: "Record that " + x.TellBody.Name + " was told of " + x.Ref, FoldID: "telling-" + x.Ref, Class: "secondary"},
		})
	}
}

// offerAnswer offers to say that what somebody else recorded is right, or is not.
func (a *offering) offerAnswer(ref string, asked bool, yes string, no refusalWords) {
	if asked {
		a.offer(offered{id: "confirm-" + ref, command: &domain.ConfirmRecord{Records: []string{ref}}, given: []string{"records"}, Sheet: web.Sheet{Button: yes}})
	}
	a.offerRefusing(ref, no)
}

// refusalWords are how a page offers to refuse a record: what opens it, followed by the
// reference, what follows, and the button.
type refusalWords struct{ fold, then, button string }

var (
	exerciseRefusal   = refusalWords{"Say that you did not decide ", "That ends it, for good.", "Say so"}
	commitmentRefusal = refusalWords{"Say that you did not say ", "It is then shown as disputed, and binds nobody.", "Say so"}
)

// offerRefusing offers to say that what somebody else recorded is not right.
func (a *offering) offerRefusing(ref string, words refusalWords) {
	a.offer(offered{
		id: "refuse-" + ref, command: &domain.RefuseRecord{Records: []string{ref}}, given: []string{"records"},
		Sheet: web.Sheet{Fold: words.fold + ref, FoldID: "refusing-" + ref, Say: []string{words.then}, Button: words.button, Class: "warning"},
	})
}

// consultedAs are the bodies that are said to have been consulted, and for which
// the person can say otherwise.
func (a *offering) consultedAs(exercise string) []web.Option {
	var os []web.Option
	for _, code := range a.State().ConsultedOn(exercise, a.At) {
		if a.may(&domain.DenyConsultation{Exercise: exercise, Body: code}) {
			os = append(os, web.Option{Value: code, Words: a.State().Organisations[code].Name})
		}
	}
	return os
}

// bodies are the open organisations that can be consulted: not practices.
func (a *choosing) bodies() []web.Option {
	var os []web.Option
	for _, o := range a.Register(a.At).Organisations {
		if o.Open && o.Kind != domain.Practice && o.Kind != domain.PlaceKind {
			os = append(os, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	return os
}

func mandatePage(a *asked) (web.Body, error) {
	matter := domain.ReadMatter(a.r.URL.Query().Get("matter"))
	m, err := access.OrRefused(a.Mandate(matter, a.At))
	if err != nil {
		return nil, err
	}
	history, err := access.OrRefused(a.MandateHistory(matter, a.At))
	if err != nil {
		return nil, err
	}
	body := &web.Mandate{Mandate: m, All: m, History: history, Matters: a.matters(), Practices: a.withdrawers(), Powers: a.sees(access.Powers)}
	grid := a.CoverageGrid(a.At)
	first, err := a.mandateRows(body, max(len(grid.Rows), len(m.Inside), len(m.Entries)))
	if err != nil {
		return nil, err
	}
	body.Inside, body.Entries = shown(m.Inside, first), shown(m.Entries, first)
	if len(grid.Rows) > 0 {
		body.Grid = &web.Grid{CoverageGrid: grid, Shown: shown(grid.Rows, first)}
	}
	if body.If = a.r.URL.Query().Get("if"); body.If != "" {
		w, refused := a.WhatIf(body.If, matter, a.At)
		if refused != nil {
			return nil, refused
		}
		body.WhatIf = &w
	}
	var asks []web.Option
	var pcns []web.Option
	for _, o := range a.Register(a.At).Organisations {
		one := web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"}
		if o.Open && o.Kind == domain.PCN && a.may(&domain.GrantMandate{Organisation: o.Code}) {
			pcns = append(pcns, one)
		}
		if o.Open && (o.Kind == domain.PCN || o.Kind == domain.Practice) {
			asks = append(asks, one)
		}
	}
	a.offer(offered{
		id: "asking", command: &domain.AskMandate{}, options: map[string][]web.Option{"organisation": asks},
		Sheet: web.Sheet{Fold: "Ask a practice or PCN for a mandate", FoldID: "asks", Button: "Ask them"},
	})
	if pcns != nil {
		a.offerMandates(pcns, "")
	}
	return body, nil
}

// mandateRowsEach is how many rows of each of its lists the page of the mandate shows.
const mandateRowsEach = 50

// mandateRows says which row of its lists, the longest of which has so many, is the first
// that the page shows: that of the page, or of the entry, that the address asks for.
func (a *asked) mandateRows(body *web.Mandate, longest int) (first int, err error) {
	_, body.Pager, err = part(a, make([]struct{}, longest), mandateRowsEach)
	entry := a.r.URL.Query().Get("entry")
	if n := slices.IndexFunc(body.All.Entries, func(e projections.MandateLine) bool { return e.Ref == entry }); n >= 0 && !a.r.URL.Query().Has("page") {
		body.This = n/mandateRowsEach + 1
		if body.After = body.This + 1; body.After > body.Pages {
			body.After = 0
		}
	}
	return (body.This - 1) * mandateRowsEach, err
}

// shown are the rows from that one on, as many as the page of the mandate shows.
func shown[T any](rows []T, first int) []T {
	first = min(first, len(rows))
	return rows[first:min(first+mandateRowsEach, len(rows))]
}

// offerMandates offers to give and to withdraw a mandate: for a PCN's practices, one
// of those; or for the organisation of that code, whose page it is.
func (a *offering) offerMandates(of []web.Option, code string) {
	give := offered{
		id: "grant", command: &domain.GrantMandate{}, filtered: true, options: map[string][]web.Option{"organisation": of},
		Sheet: web.Sheet{Fold: "Give a mandate", FoldID: "granting", Button: "Give the mandate"},
	}
	withdraw := offered{
		id: "withdrawing", command: &domain.WithdrawMandate{}, filtered: true, options: map[string][]web.Option{"organisation": of},
		Sheet: web.Sheet{Fold: "Withdraw mandate", FoldID: "taking", Say: []string{"It is never refused. What was agreed before stands."}, Button: "Withdraw mandate", Class: "warning"},
	}
	if code == "" {
		give.Fold, give.Say, withdraw.Fold = "Give a mandate for a PCN's practices", []string{"A practice gives its own on its own page."}, "Withdraw a PCN's mandate"
		give.without, withdraw.without = []string{"to", "answers"}, []string{"from"}
	} else {
		give.options["to"], withdraw.options["from"] = a.standsThrough(code), a.standsThrough(code)
		give.options["answers"] = a.askedOf(code)
	}
	a.offer(give)
	a.offer(withdraw)
}

// standsThrough are the group, and the PCNs through which the practice can stand
// behind it; none if it is in no PCN.
func (a *offering) standsThrough(code string) []web.Option {
	os := []web.Option{{Words: a.State().Name}}
	for _, m := range a.organisation(code).Memberships {
		if o := a.State().Organisations[m.In.Code]; m.Now && o != nil && o.Kind == domain.PCN {
			os = append(os, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	if len(os) == 1 {
		return []web.Option{}
	}
	return os
}

// askedOf is what the group asked of the organisation, to be answered.
func (a *choosing) askedOf(code string) []web.Option {
	os := []web.Option{}
	for _, asked := range a.State().Asked {
		if asked.Organisation == code {
			os = append(os, web.Option{Value: asked.Number, Words: asked.Number + ": " + domain.Clip(asked.Words)})
		}
	}
	return os
}

// withdrawers are the open practices and PCNs of the place, of which one can ask what
// if they withdrew.
func (a *choosing) withdrawers() []web.Option {
	var os []web.Option
	s := a.State()
	for _, o := range slices.Concat(s.PCNsOn(a.At), s.PracticesOn(a.At)) {
		os = append(os, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
	}
	return os
}
