package domain

import "slices"

// Spokespersons (rule O3): who may act for an organisation, with dates.

// RecordSpokesperson says who may speak for an organisation (grant a mandate,
// disagree), apart from who may act at the table (rule O3).
type RecordSpokesperson struct {
	Organisation string `json:"organisation" rule:"O3" of:"organisation" ask:"Which organisation?"`
	Person       string `json:"person" doc:"handle or id" of:"person" ask:"Who?"`
	Evidence     string `json:"evidence" doc:"how this is known: a minute, a letter" maxLength:"2000" call:"the evidence" kind:"text" ask:"How is this known?" hint:"Such as: the partners' letter of 5 May."`
	Span
}

func (c *RecordSpokesperson) may(w *who) (Permission, *Refusal) {
	o, r := w.s.openOrganisation("O3", c.Organisation, w.day)
	if r != nil {
		return Permission{}, r
	}
	if yes := w.speaksFor(o.Code); yes != nil {
		return *yes, nil
	}
	return w.mustKeepRegister("O3")
}

func (c *RecordSpokesperson) concerns(*State, []Event) []string { return []string{c.Organisation} }
func (c *RecordSpokesperson) names() []string                   { return []string{c.Person} }

func (c *RecordSpokesperson) decide(t *turn) *Refusal {
	o := t.s.Organisations[c.Organisation]
	span, r := t.span("O3", c.Span)
	if r != nil {
		return r
	}
	p, r := t.s.personInOffice("O3", c.Person, span.From)
	if r != nil {
		return r.at("person")
	}
	if !t.s.mayBeSpokenFor(o, p, t.day) {
		return notNow("G1", "Who speaks here for %s is said by an agreement of its own.", o.Name).at("person")
	}
	t.recordOn(span.From, &SpokespersonRecorded{Organisation: o.Code, Person: p.ID, Evidence: c.Evidence, Span: span})
	return nil
}

// nameSpeaker records who speaks for an organisation when the group is founded.
func (t *turn) nameSpeaker(c *RecordSpokesperson) *Refusal {
	if _, r := t.s.openOrganisation("O3", c.Organisation, t.day); r != nil {
		return r.at("organisation")
	}
	return c.decide(t)
}

// EndSpokesperson says that somebody no longer speaks for an organisation.
type EndSpokesperson struct {
	Organisation string `json:"organisation" rule:"O3" of:"organisation" ask:"Which organisation?"`
	Person       string `json:"person" doc:"handle or id" of:"person" ask:"Who?"`
	Until        Day    `json:"until" doc:"last day" ask:"The last day"`
}

func (c *EndSpokesperson) may(w *who) (Permission, *Refusal) {
	o, r := w.s.organisation("O3", c.Organisation)
	if r != nil {
		return Permission{}, r
	}
	return w.asThemself(w.speaksFor(o.Code) != nil).or(w.mustKeepRegister("O3"))
}

func (c *EndSpokesperson) concerns(*State, []Event) []string { return []string{c.Organisation} }
func (c *EndSpokesperson) names() []string                   { return []string{c.Person} }

func (c *EndSpokesperson) decide(t *turn) *Refusal {
	o := t.s.Organisations[c.Organisation]
	p, r := t.s.person("O3", c.Person)
	if r != nil {
		return r
	}
	if c.Until == 0 || !t.s.SpeaksFor(p.ID, o.Code, c.Until) {
		return notNow("O3", "%s does not speak for %s on that day.", p.Office, o.Name).at("until")
	}
	t.recordOn(c.Until, &SpokespersonEnded{Organisation: o.Code, Person: p.ID, Until: c.Until})
	return nil
}

// SpokespersonRecorded: somebody may speak for an organisation.
type SpokespersonRecorded struct {
	Organisation string `json:"organisation"`
	Person       string `json:"person"`
	Evidence     string `json:"evidence"`
	Span
}

func (e *SpokespersonRecorded) Subject() string { return "organisation/" + e.Organisation }

func (e *SpokespersonRecorded) apply(s *State, ev *Event) {
	o := edit(s.Organisations, e.Organisation)
	o.Spokespeople = append(slices.Clip(o.Spokespeople), Tenure{Person: e.Person, Span: e.Span, Index: ev.Index, Record: s.taken[ev.Cause], Alone: s.alone(e.Person, ev)})
}

// SpokespersonEnded: somebody no longer speaks for an organisation.
type SpokespersonEnded struct {
	Organisation string `json:"organisation"`
	Person       string `json:"person"`
	Until        Day    `json:"until"`
}

func (e *SpokespersonEnded) Subject() string { return "organisation/" + e.Organisation }

func (e *SpokespersonEnded) apply(s *State, _ *Event) {
	o := edit(s.Organisations, e.Organisation)
	o.Spokespeople = endTenure(o.Spokespeople, e.Person, e.Until)
}

// A Tenure is a person in a position for a time.
type Tenure struct {
	Person string
	Span
	Index  uint64
	Record string // that waited and by which it was taken up; none: it did not wait
	Alone  bool   // that person alone recorded it, of a seat or an organisation: it gives no say (rule F10)
	Waits  bool   // that person was named to hold a seat while the group forms again, and has not taken it (rule F1)
}

// alone says whether the event, which gives that person a say for a seat or an
// organisation, is their own record and nobody else's: it follows from nothing that
// somebody else did, and the group is past forming (rule F10).
func (s *founding) alone(person string, ev *Event) bool {
	return s.Established != 0 && ev.Cause == ev.Index && actorID(ev) == person
}

// holds says whether the tenure is somebody's on that day: its days have come and not run
// out, they haven't left their office (rule F5), and they didn't alone record it (F10).
func (s *register) holds(t Tenure, d Day) bool {
	return t.Covers(d) && !t.Alone && s.People[t.Person].inOffice(d)
}

// endTenure ends the person's tenures that are running on the day.
func endTenure(ts []Tenure, person string, until Day) []Tenure {
	ts = slices.Clone(ts)
	for i := range ts {
		if ts[i].Person == person && ts[i].Covers(until) {
			ts[i].Until = until
		}
	}
	return ts
}

// SpeaksFor says whether the person may speak for the organisation on that day
// (rule O3). Whoever spoke for it before it closed, or for an earlier contract
// holder, does not do so after. For another group speaks whom its own agreement names (rule G1).
func (s *roster) SpeaksFor(person, code string, d Day) bool {
	o := s.Organisations[code]
	return o != nil && s.mayBeSpokenFor(o, s.People[person], d) &&
		slices.ContainsFunc(o.Spokespeople, func(t Tenure) bool { return t.Person == person && o.speaks(t, d) && s.holds(t, d) })
}

func (o *Organisation) speaks(t Tenure, d Day) bool {
	return t.Covers(d) && o.endingsBefore(t.From) == o.endingsBefore(d)
}

// OnlyFor is the practice, by code, that the person comes from, if they are there for it
// alone: they may raise nothing, set no agenda and represent the group nowhere on that day.
// For anybody else it is "".
func (s *State) OnlyFor(person string, d Day) string {
	p := s.Person(person)
	if p == nil || s.Organisations[p.Organisation] == nil || s.Organisations[p.Organisation].Kind != Practice {
		return ""
	}
	if s.Allows(p.ID, &RaiseProposal{}, d) || s.Allows(p.ID, &SetAgenda{}, d) {
		return ""
	}
	for forum := range s.Forums {
		if s.Represents(p.ID, forum, d) {
			return ""
		}
	}
	return p.Organisation
}
