package domain

import (
	"cmp"
	"slices"
	"strings"
)

// Interests (rule R7): what somebody declares, by kind and matter; there they
// commit to nothing outright. An interest is declared anew each year; one that
// is not still counts. Only whoever declared it ends it, and only from that day on.

// InterestKind is what sort of interest it is.
type InterestKind string

const (
	MoneyInterest  InterestKind = "money"
	OfficeInterest InterestKind = "office"
	FamilyInterest InterestKind = "family"
	OtherInterest  InterestKind = "other"
)

// DeclareInterest is a person's own word that they have an interest in matters:
// there they commit to nothing outright (rule R7).
type DeclareInterest struct {
	Kind    InterestKind `json:"kind,omitempty" enum:"money,office,family,other" doc:"none: other" rule:"R7" else:"An interest is of money, of an office, of family or other: %q is none of them." ask:"What kind of interest is it?"`
	Matters []string     `json:"matters" maxItems:"200" of:"matter" else:"Name the matters in which you have an interest." ask:"What is it about?"`
	Words   string       `json:"words" maxLength:"2000" call:"the interest" ask:"What is the interest?"`
	Span
}

func (c *DeclareInterest) may(w *who) (Permission, *Refusal) { return w.mustBeMember("R7") }

func (c *DeclareInterest) decide(t *turn) *Refusal {
	span, r := t.span("R7", c.Span)
	if r != nil {
		return r
	}
	kind := cmp.Or(c.Kind, OtherInterest)
	if r := t.s.Charter().checkAllKnown(c.Matters).at("matters"); r != nil {
		return r
	}
	t.recordOn(span.From, &InterestDeclared{Interest: t.number('I'), Person: t.actor.ID, Kind: kind, Matters: c.Matters, Words: c.Words, Span: span})
	return nil
}

// RenewInterest declares one's own interest anew, as is done each year (rule R7).
type RenewInterest struct {
	Interest string `json:"interest" doc:"such as I1" maxLength:"60" rule:"R7" of:"interest" ask:"Which interest?"`
	Words    string `json:"words,omitempty" doc:"none: as before" maxLength:"2000" call:"the interest" ask:"Has anything changed about it?" hint:"Leave it empty if it is as before."`
}

func (c *RenewInterest) may(w *who) (Permission, *Refusal) { return w.mustHaveDeclared(c.Interest) }

func (c *RenewInterest) decide(t *turn) *Refusal {
	i, r := t.runningInterest(c.Interest)
	if r != nil {
		return r
	}
	if i.lastSaid(t.day) == t.day && strings.TrimSpace(c.Words) == "" {
		return notNow("R7", "%s was already declared today.", i.Number)
	}
	t.recordBecause(i.Index, t.day, &InterestRenewed{Interest: i.Number, Person: i.Person, Words: strings.TrimSpace(c.Words)})
	return nil
}

// EndInterest says which is the last day of one's own interest. It reaches
// forward only: on the days before, the interest counts as it did (rule R7).
type EndInterest struct {
	Interest string `json:"interest" doc:"such as I1" maxLength:"60" rule:"R7" of:"interest" ask:"Which interest?"`
	Until    Day    `json:"until,omitzero" doc:"last day; none: today" ask:"What is its last day?" hint:"Today or later. Leave it empty for today."`
	Words    string `json:"words,omitempty" doc:"why it ends" maxLength:"2000" call:"why it ends" kind:"text" ask:"Why does it end?"`
}

func (c *EndInterest) may(w *who) (Permission, *Refusal) { return w.mustHaveDeclared(c.Interest) }

func (c *EndInterest) decide(t *turn) *Refusal {
	i, r := t.runningInterest(c.Interest)
	if r != nil {
		return r
	}
	until := cmp.Or(c.Until, t.day)
	switch {
	case until < t.day:
		return invalid("R7", "An interest ends today or later: what it touched before stays as it was.").at("until")
	case until < i.From:
		return invalid("R7", "%s begins on %s: it can't end before that.", i.Number, i.From.Words()).at("until")
	case i.Until != 0 && until >= i.Until:
		return notNow("R7", "%s already ends on %s. If the interest goes on after that, declare it again.", i.Number, i.Until.Words()).at("until")
	}
	t.recordBecause(i.Index, until, &InterestEnded{Interest: i.Number, Person: i.Person, Until: until, Words: strings.TrimSpace(c.Words)})
	return nil
}

// mustHaveDeclared is the permission of whoever declared the interest (rule R7).
func (w *who) mustHaveDeclared(number string) (Permission, *Refusal) {
	i := w.s.interest(number)
	if i == nil {
		return Permission{}, notFound("R7", "There is no interest %q here.", Clip(number)).at("interest")
	}
	return anyOf(notYours("R7", "%s is an interest of %s: only they can say what becomes of it.", i.Number, w.s.office(i.Person)), w.is(i.Person))
}

// runningInterest finds an interest that has not ended.
func (t *asking) runningInterest(number string) (*Interest, *Refusal) {
	i := t.s.interest(number)
	if i.Until != 0 && i.Until < t.day {
		return nil, notNow("R7", "%s ended on %s. If there is an interest again, declare it.", i.Number, i.Until.Words())
	}
	return i, nil
}

// InterestDeclared: somebody has an interest in matters.
type InterestDeclared struct {
	Interest string       `json:"interest,omitempty" doc:"its number; an earlier ledger says none, and they are numbered in order"`
	Person   string       `json:"person"`
	Kind     InterestKind `json:"kind,omitempty"`
	Matters  []string     `json:"matters"`
	Words    string       `json:"words"`
	Span
}

func (e *InterestDeclared) Subject() string { return "person/" + e.Person }
func (e *InterestDeclared) made() string    { return e.Interest }
func (e *InterestDeclared) apply(s *State, ev *Event) {
	number := e.Interest
	if number == "" {
		number = s.nextNumber('I')
	}
	s.took(number)
	s.Interests = append(s.Interests, &Interest{
		Number: number, Person: e.Person, Kind: cmp.Or(e.Kind, OtherInterest), Matters: e.Matters, Words: e.Words, Span: e.Span, Declared: DayOf(ev.Time), Index: ev.Index,
	})
}

// InterestRenewed: somebody declared their interest anew.
type InterestRenewed struct {
	Interest string `json:"interest"`
	Person   string `json:"person"`
	Words    string `json:"words,omitempty" doc:"none: as before"`
}

func (e *InterestRenewed) Subject() string { return "person/" + e.Person }
func (e *InterestRenewed) apply(s *State, ev *Event) {
	i := s.editInterest(e.Interest)
	i.Renewals = with(i.Renewals, Remark{By: e.Person, Words: e.Words, On: DayOf(ev.Time), Index: ev.Index})
	i.Words = cmp.Or(e.Words, i.Words)
}

// InterestEnded: somebody's interest has a last day.
type InterestEnded struct {
	Interest string `json:"interest"`
	Person   string `json:"person"`
	Until    Day    `json:"until"`
	Words    string `json:"words,omitempty"`
}

func (e *InterestEnded) Subject() string { return "person/" + e.Person }
func (e *InterestEnded) apply(s *State, ev *Event) {
	i := s.editInterest(e.Interest)
	i.Until, i.Ended = e.Until, &Remark{By: e.Person, Words: e.Words, On: DayOf(ev.Time), Index: ev.Index}
}

// An Interest is a person's own interest in matters. It stays readable after it
// has ended.
type Interest struct {
	Number   string
	Person   string
	Kind     InterestKind
	Matters  []string
	Words    string // newest
	Span            // days on which it counts
	Declared Day    // on which it was declared first
	Renewals []Remark
	Ended    *Remark // who said that it ends, and when; nil: nobody has
	Index    uint64
}

// interest is the interest of that number; nil if there is none.
func (s *representation) interest(number string) *Interest {
	for _, i := range s.Interests {
		if i.Number == number {
			return i
		}
	}
	return nil
}

// editInterest puts a copy of the interest in its place and gives it out to be changed.
func (s *representation) editInterest(number string) *Interest {
	s.Interests = slices.Clone(s.Interests)
	for n, i := range s.Interests {
		if i.Number == number {
			c := *i
			s.Interests[n] = &c
			return &c
		}
	}
	panic("domain: no interest " + number + " to be changed")
}

// hasInterest says whether the person has declared an interest that counts on
// that day and takes in the matter. One that is due to be declared anew counts
// until it is ended (rule R7).
func (s *representation) hasInterest(person, matter string, d Day) bool {
	return slices.ContainsFunc(s.Interests, func(i *Interest) bool {
		return i.Person == person && i.Covers(d) && withinAny(matter, i.Matters)
	})
}

// lastSaid is the newest day, up to the given one, on which the interest was
// declared.
func (i *Interest) lastSaid(d Day) Day {
	last := i.Declared
	for _, r := range i.Renewals {
		if r.On <= d {
			last = r.On
		}
	}
	return last
}

// RenewBy is the day on which the interest is due to be declared anew, as it
// stands on the given day; 0 if it does not count on that day, or ends before
// (rule R7).
func (i *Interest) RenewBy(d Day) Day {
	by := i.lastSaid(d).AddYears(1)
	if !i.Covers(d) || (i.Until != 0 && i.Until < by) {
		return 0
	}
	return by
}

// InterestsTouching are the interests that count on that day and have to do with
// the matter: with all of it, or with a part of it.
func (s *representation) InterestsTouching(matter string, d Day) []*Interest {
	var touching []*Interest
	for _, i := range s.Interests {
		if i.Covers(d) && slices.ContainsFunc(i.Matters, func(m string) bool { return Within(matter, m) || Within(m, matter) }) {
			touching = append(touching, i)
		}
	}
	return touching
}

// interestsDue adds the interests that are to be declared anew, for whoever
// declared them.
func (s *authority) interestsDue(d Day, add addDue) {
	for _, i := range s.Interests {
		add(i.Number, DueInterest, i.RenewBy(d), 0, "The interest of "+s.office(i.Person)+" in "+ListMatters(i.Matters)+" ("+i.Number+"), last declared on "+i.lastSaid(d).Words()+
			", is to be declared anew, or ended. Until it is ended it counts.")
	}
}
