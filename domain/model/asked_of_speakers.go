package model

import (
	"slices"
	"strings"

	"goldenthread/domain"
)

// What those who speak for organisations, and those who see to the group, are asked (T4).

// mandates: who speaks for whoever gave a mandate, or else the manager, sees to its end
// or its review (M5), unless another one outlasts it for all of its matters.
func (t *tasks) mandates() {
	for i, e := range t.m.events {
		g, ok := e.Data.(*domain.MandateGranted)
		if !ok || g.From > t.d {
			continue
		}
		last := g.Until
		if g.Review != 0 && (last == 0 || g.Review < last) {
			last = g.Review
		}
		if last == 0 || t.d < last-remindedDays || g.Until != 0 && t.d > g.Until || !t.m.open(g.Organisation, t.d) {
			continue
		}
		if t.outlasted(i, g) {
			continue
		}
		mine := t.m.speaksFor(t.person, g.Organisation, t.d)
		if !t.m.anySpeaker(g.Organisation, t.d) {
			mine = t.manages()
		}
		if mine {
			t.add("renew the mandate", "mandate of "+t.m.name(g.Organisation), last)
		}
	}
}

// name is the organisation's, as it is called now.
func (m model) name(code string) string {
	name := code
	for _, e := range m.events {
		switch x := e.Data.(type) {
		case *domain.OrganisationRegistered:
			if x.Code == code {
				name = x.Name
			}
		case *domain.OrganisationChanged:
			if x.Code == code && x.Name != "" {
				name = x.Name
			}
		default:
		}
	}
	return name
}

// outlasted says whether another grant to the same holds for all of its matters, and longer.
func (t *tasks) outlasted(at int, g *domain.MandateGranted) bool {
	for i, e := range t.m.events {
		x, ok := e.Data.(*domain.MandateGranted)
		if !ok || i == at || x.Organisation != g.Organisation || x.To != g.To {
			continue
		}
		longer := x.Until == 0 || g.Until != 0 && x.Until > g.Until
		joined := x.From <= g.Until+1
		all := len(x.Matters) == 0 || len(g.Matters) > 0 && !slices.ContainsFunc(g.Matters, func(m string) bool {
			return !slices.ContainsFunc(x.Matters, func(of string) bool { return below(m, of) })
		})
		if longer && joined && all {
			return true
		}
	}
	return false
}

// seatTimes: who holds a seat whose time ends with nobody named after it, and who speaks
// for its organisation (F5).
func (t *tasks) seatTimes() {
	for seat := range t.m.seatsOn(t.d) {
		for _, x := range t.m.terms(seat) {
			if x.Role != domain.Holder || !t.m.sits(x, t.d) || x.Until == 0 || t.d < x.Until-remindedDays {
				continue
			}
			next := slices.ContainsFunc(t.m.terms(seat), func(y term) bool {
				return y.Role == domain.Holder && covers(y.Span, x.Until+1)
			})
			if !next && (x.Person == t.person || t.m.speaksFor(t.person, seat, t.d)) {
				t.add("name who holds the seat", "seat/"+seat, x.Until)
			}
		}
	}
}

// interests: whoever declared one declares it anew each year (R7).
func (t *tasks) interests() {
	for _, e := range t.m.events {
		x, ok := e.Data.(*domain.InterestDeclared)
		if !ok || x.Person != t.person {
			continue
		}
		said, ended := e.Effective, day(0)
		for _, other := range t.m.events {
			switch y := other.Data.(type) {
			case *domain.InterestRenewed:
				if y.Interest == x.Interest {
					said = other.Effective
				}
			case *domain.InterestEnded:
				if y.Interest == x.Interest {
					ended = y.Until
				}
			default:
			}
		}
		over := ended != 0 && t.d > ended || x.Until != 0 && t.d > x.Until
		if again := yearsLater(said, 1); !over && t.d >= again {
			t.add("declare anew", x.Interest, again)
		}
	}
}

// agreements: the manager communicates each as often as the charter says (T1).
func (t *tasks) agreements() {
	if !t.manages() {
		return
	}
	for _, e := range t.m.events {
		x, ok := e.Data.(*domain.AgreementReached)
		if !ok || e.Effective > t.d {
			continue
		}
		sent := 0
		for _, other := range t.m.events {
			if y, ok := other.Data.(*domain.NoticeSent); ok && has(y.About, x.Proposal) && len(y.Practices) == 0 {
				sent++
			}
		}
		charter, _ := t.m.charterOn(e.Effective)
		if sent < charter.Communications {
			t.add("communicate", x.Proposal, e.Effective+day(charter.SettleWithin))
		}
	}
}

// notices: who speaks for a practice marks what it was told as seen (T1).
func (t *tasks) notices() {
	for _, practice := range t.m.practicesOn(t.d) {
		if !t.m.speaksFor(t.person, practice, t.d) {
			continue
		}
		unseen := 0
		for _, about := range t.m.told(t.d) {
			seen := slices.ContainsFunc(t.m.events, func(e *domain.Event) bool {
				x, ok := e.Data.(*domain.NoticeAcknowledged)
				return ok && x.About == about && x.Practice == practice
			})
			if !seen {
				unseen++
			}
		}
		if unseen > 0 {
			t.all = append(t.all, Task{What: "mark as seen", About: "practice/" + practice, Count: unseen})
		}
	}
}

// told are what makes a notice (T1): agreements, delegations, appointments, what was said in
// the group's name, and departures.
func (m model) told(d day) []string {
	var about []string
	add := func(ref string) {
		if !slices.Contains(about, ref) {
			about = append(about, ref)
		}
	}
	for _, e := range m.events {
		if e.Effective > d && londonDay(e.Time) > d {
			continue
		}
		switch x := e.Data.(type) {
		case *domain.AgreementReached:
			add(x.Proposal)
		case *domain.DelegationGranted:
			add(x.Delegation)
		case *domain.RepresentativeAppointed:
			add(x.Appointment)
		case *domain.CommitmentRecorded:
			add(x.Commitment)
		case *domain.Departed:
			add(x.Departure)
		default:
		}
	}
	return about
}

// records: what a keeper recorded waits for a second person (O3). Whoever speaks or sits
// for the organisation confirms or refuses it and, where that is nobody else, a seat holder.
func (t *tasks) records() {
	type record struct {
		kept *domain.RecordKept
		by   string
		on   day
		left []string
	}
	var waiting []*record
	for _, e := range t.m.events {
		switch x := e.Data.(type) {
		case *domain.RecordKept:
			waiting = append(waiting, &record{x, personOf(e), londonDay(e.Time), slices.Clone(x.Of)})
		case *domain.RecordConfirmed, *domain.RecordRefused:
			number, of := "", []string(nil)
			if c, ok := x.(*domain.RecordConfirmed); ok {
				number, of = c.Record, c.Of
			} else if r, ok := x.(*domain.RecordRefused); ok {
				number, of = r.Record, r.Of
			}
			for _, w := range waiting {
				if w.kept.Record == number {
					w.left = without(w.left, of)
				}
			}
		default:
		}
	}
	for _, w := range waiting {
		if w.by != t.person && slices.ContainsFunc(w.left, func(of string) bool { return t.answers(of, w.kept, w.by, w.on) }) {
			charter, _ := t.m.charterOn(w.on)
			t.add("is this right?", w.kept.Record, w.on+day(max(charter.Window, 1)))
		}
	}
}

// answers says whether the person is asked about that part of the record.
func (t *tasks) answers(of string, kept *domain.RecordKept, by string, on day) bool {
	if who, ok := strings.CutPrefix(of, "person/"); ok {
		return who == t.person
	}
	if of == "seats" {
		return t.actsForSome()
	}
	if t.m.speaksFor(t.person, of, t.d) || t.acts(of) {
		return !has(kept.Named, t.person)
	}
	if kept.Command.WithdrawMandate != nil {
		return false // nobody but the practice can confirm it sooner (M1)
	}
	others := slices.ContainsFunc(t.m.everybody(), func(who string) bool {
		x := &tasks{m: t.m, person: who, d: t.d}
		return who != by && !has(kept.Named, who) && (t.m.speaksFor(who, of, t.d) || x.acts(of))
	})
	charter, _ := t.m.charterOn(on)
	return (!others || t.d >= on+day(max(charter.Window, 1))) && t.actsForSome() && !has(kept.Named, t.person)
}

func (m model) everybody() []string {
	var ids []string
	for _, e := range m.events {
		if x, ok := e.Data.(*domain.PersonRegistered); ok {
			ids = append(ids, x.Person)
		}
	}
	return ids
}
