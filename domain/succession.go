package domain

import "slices"

// What organisations go on as (rules O1, M3, F5): mergers, splits, and contracts
// that go to somebody new.

// MergeOrganisation records that one organisation went on as another: its
// seat's objections pass to the successor, and so does what a PCN was given, for
// the practices that move with it (rules O1, F5, M3).
type MergeOrganisation struct {
	Organisation string `json:"organisation" rule:"O1" of:"organisation" ask:"Which organisation ends?"`
	Into         string `json:"into" of:"organisation" ask:"Which does it go on as?"`
	Last         Day    `json:"last" doc:"last day of the one that ends" ask:"Its last day"`
}

func (c *MergeOrganisation) may(w *who) (Permission, *Refusal) { return w.mustKeepRegister("O1") }

func (c *MergeOrganisation) concerns(*State, []Event) []string { return []string{c.Organisation} }
func (c *MergeOrganisation) names() []string                   { return nil }

func (c *MergeOrganisation) decide(t *turn) *Refusal {
	o, r := t.s.organisation("O1", c.Organisation)
	if r != nil {
		return r
	}
	if r := t.s.checkGoesOnAs(o, c.Into, c.Last); r != nil {
		return r
	}
	t.recordOn(c.Last, &OrganisationClosed{Code: o.Code, Last: c.Last, Legal: o.LegalClose, Into: c.Into})
	return nil
}

// checkGoesOnAs refuses a successor that the organisation can't have: it must be
// another one of the same kind, open on the day after. An organisation that a
// list says closed on that very day may still get its successor.
func (s *bodies) checkGoesOnAs(o *Organisation, into string, last Day) *Refusal {
	successor, r := s.organisation("O1", into)
	if r != nil {
		return r
	}
	if o.Closed != 0 && (o.Closed != last || o.Successor != "") {
		return notNow("O1", "%s (%s) closed on %s.", o.Name, o.Code, o.Closed.Words())
	}
	if last == 0 || o == successor || o.Kind != successor.Kind || !successor.OpenOn(last+1) || !o.OpenOn(last) {
		return invalid("O1", "An organisation merges, on a day, into another open one of its own kind.")
	}
	return nil
}

// SplitOrganisation records that an organisation was divided among several. What
// practices gave a PCN goes on with the successor that each of them moves to, and
// whatever names the organisation means all of its successors (rules O1, M3).
type SplitOrganisation struct {
	Organisation string `json:"organisation" rule:"O1" of:"organisation" ask:"Which organisation ends?"`
	Among        []Part `json:"among" doc:"its successors, at least two" maxItems:"20" one:"successor" least:"2" ask:"What does it go on as?"`
	Last         Day    `json:"last" doc:"last day of the one that ends" ask:"Its last day"`
}

func (c *SplitOrganisation) may(w *who) (Permission, *Refusal) { return w.mustKeepRegister("O1") }

func (c *SplitOrganisation) concerns(*State, []Event) []string { return []string{c.Organisation} }
func (c *SplitOrganisation) names() []string                   { return nil }

func (c *SplitOrganisation) decide(t *turn) *Refusal {
	o, r := t.s.organisation("O1", c.Organisation)
	if r != nil {
		return r
	}
	if len(c.Among) < 2 {
		return invalid("O1", "Name at least two organisations that %s is divided among. If there is one, record a merger.", o.Name).at("among")
	}
	patients := 0
	for i, part := range c.Among {
		if r := t.s.checkGoesOnAs(o, part.Organisation, c.Last); r != nil {
			return r.at(nth("among", i))
		}
		if slices.ContainsFunc(c.Among[:i], func(p Part) bool { return p.Organisation == part.Organisation }) {
			return invalid("O1", "%s is named twice.", part.Organisation).at(nth("among", i))
		}
		if part.Patients < 0 || part.Patients > 1_000_000 || (o.Kind != Practice && part.Patients != 0) {
			return invalid("O2", "Patients go with the successors of a practice only; give their number, between 0 and 1,000,000.").at("patients").at(nth("among", i))
		}
		patients += part.Patients
	}
	if had, known := t.s.PatientsOn(o, c.Last); o.Kind == Practice && known && had != patients {
		return invalid("O2", "%s has %s in all. Say how many of them go with each successor.", o.Name, Count(had, "registered patient")).at("among")
	}
	t.recordOn(c.Last, &OrganisationSplit{Code: o.Code, Last: c.Last, Legal: o.LegalClose, Among: c.Among})
	return nil
}

// ChangeContractHolder records that the contract of a practice went to somebody
// new who goes on under the same code. The practice's mandate ends with it, and
// is asked for again (rule O1).
type ChangeContractHolder struct {
	Practice string `json:"practice" rule:"O1" of:"practice" ask:"Which practice?"`
	From     Day    `json:"from" doc:"first day of the new contract holder" ask:"First day of the new contract holder"`
	Evidence string `json:"evidence" doc:"how this is known, such as a notice from the commissioner" maxLength:"2000" call:"the evidence" kind:"text" ask:"How is this known?"`
}

func (c *ChangeContractHolder) may(w *who) (Permission, *Refusal) { return w.mustKeepRegister("O1") }

func (c *ChangeContractHolder) concerns(*State, []Event) []string { return []string{c.Practice} }
func (c *ChangeContractHolder) names() []string                   { return nil }

func (c *ChangeContractHolder) decide(t *turn) *Refusal {
	o, r := t.s.organisation("O1", c.Practice)
	if r != nil {
		return r
	}
	if o.Kind != Practice {
		return invalid("O1", "%s is not a practice: only a practice's contract goes to a new holder.", o.Name).at("practice")
	}
	if c.From == 0 || !o.OpenOn(c.From) {
		return invalid("O1", "Give the new contract holder's first day, on which %s must be open.", o.Name).at("from")
	}
	if slices.Contains(o.Contracts, c.From) {
		return notNow("O1", "It is recorded already that %s has a new contract holder from %s.", o.Name, c.From.Words()).at("from")
	}
	t.recordOn(c.From, &ContractHolderChanged{Practice: o.Code, From: c.From, Evidence: c.Evidence})
	return nil
}

// OrganisationSplit: an organisation was divided among several.
type OrganisationSplit struct {
	Code  string `json:"code"`
	Last  Day    `json:"last"`
	Legal Day    `json:"legal,omitzero"`
	Among []Part `json:"among"`
}

func (e *OrganisationSplit) Subject() string { return "organisation/" + e.Code }
func (e *OrganisationSplit) apply(s *State, ev *Event) {
	s.closeOrganisation(e.Code, e.Last, e.Legal, e.Among, ev)
}

// ContractHolderChanged: a practice has a new contract holder under its old code.
type ContractHolderChanged struct {
	Practice string `json:"practice"`
	From     Day    `json:"from"`
	Evidence string `json:"evidence"`
}

func (e *ContractHolderChanged) Subject() string { return "organisation/" + e.Practice }
func (e *ContractHolderChanged) apply(s *State, _ *Event) {
	o := edit(s.Organisations, e.Practice)
	o.Contracts = with(o.Contracts, e.From)
	slices.Sort(o.Contracts)
}

// successorsOn are the organisations that are meant on that day where this one is
// named: itself while it works or if it just closed, and else what it went on as.
func (s *bodies) successorsOn(code string, d Day) []string {
	var meant, seen []string
	var follow func(code string)
	follow = func(code string) {
		if slices.Contains(seen, code) {
			return
		}
		seen = append(seen, code)
		p := s.endedBefore(code, d)
		if p == nil || len(p.Into) == 0 {
			meant = append(meant, code)
			return
		}
		for _, part := range p.Into {
			follow(part.Organisation)
		}
	}
	follow(code)
	if meant == nil {
		return []string{code}
	}
	return meant
}

// successorOrganisation is the one of successorsOn, and the first if there are several.
func (s *bodies) successorOrganisation(code string, d Day) string {
	return s.successorsOn(code, d)[0]
}

// means says whether the organisation is meant on that day where the name is given.
func (s *bodies) means(name, organisation string, d Day) bool {
	return name == organisation || slices.Contains(s.successorsOn(name, d), organisation)
}

// endedBefore is the organisation's newest period that ended before that day; nil
// if the organisation works on that day, or none had ended.
func (s *bodies) endedBefore(code string, d Day) *Period {
	o := s.Organisations[code]
	if o == nil || o.OpenOn(d) {
		return nil
	}
	for i := len(o.Periods) - 1; i >= 0; i-- {
		if p := &o.Periods[i]; p.Until != 0 && p.Until < d {
			return p
		}
	}
	return nil
}

// partOf is what the organisation handed on to that successor when it ended, and
// its last day; nil if it is open on the day or went on as others.
func (s *bodies) partOf(code, successor string, d Day) (*Part, Day) {
	p := s.endedBefore(code, d)
	if p == nil {
		return nil, 0
	}
	i := slices.IndexFunc(p.Into, func(part Part) bool { return part.Organisation == successor })
	if i < 0 {
		return nil, 0
	}
	return &p.Into[i], p.Until
}

// lasts says whether what the entry says lasts to that day, as far as that is for
// the register to say: the organisation, and the PCN that it is about, are still
// in the period in which it began (rule O1), or are PCNs that went on as others (M3).
func (s *bodies) lasts(m *MandateEntry, d Day) bool {
	return s.lastsAt(m.Organisation, m.From, d) && s.lastsAt(m.To, m.From, d)
}

func (s *bodies) lastsAt(code string, from, d Day) bool {
	if s.samePeriod(code, from, d) {
		return true
	}
	o, ended := s.Organisations[code], s.endedBefore(code, d)
	return o.Kind == PCN && ended != nil && len(ended.Into) > 0 && o.endingsBefore(from) == o.endingsBefore(ended.Until)
}

// periodEnd is the last day of the period in which the entry began, of its
// organisation or of the PCN that it is about, and how it ends in words; lastDay if
// no end is known. A PCN that goes on as another ends nothing (rules O1, M3).
func (s *bodies) periodEnd(m *MandateEntry) (Day, string) {
	end, how := lastDay, ""
	for _, code := range []string{m.Organisation, m.To} {
		o := s.Organisations[code]
		if o == nil {
			continue
		}
		it := "it"
		if code == m.To {
			it = o.Name
		}
		for i := range o.Periods {
			if p := &o.Periods[i]; p.Until != 0 && p.Until >= m.From && p.Until < end && (o.Kind != PCN || len(p.Into) == 0) {
				end, how = p.Until, it+" closed"
			}
		}
		for _, from := range o.Contracts {
			if from > m.From && from-1 < end {
				end, how = from-1, "its contract went to a new holder"
			}
		}
	}
	return end, how
}

// checkPeriod refuses a mandate that would begin in an earlier period of the
// organisation, in which it could not hold today, or be given to a PCN that has
// closed (rule O1).
func (s *bodies) checkPeriod(o *Organisation, to string, from, today Day) *Refusal {
	if today > from && !s.samePeriod(o.Code, from, today) {
		return notNow("O1", "%s closed and opened again, or its contract went to somebody new, after %s. Give the mandate from %s or later.",
			o.Name, from.Words(), o.periodBegan(today).Words()).at("from")
	}
	if to == "" {
		return nil
	}
	_, r := s.openOrganisation("O1", s.successorOrganisation(to, from), from)
	return r.at("to")
}

// periodBegan is the first day of the period of the organisation, or of its
// contract holder, in which the day lies; 0 if that is not known.
func (o *Organisation) periodBegan(d Day) Day {
	began := o.PeriodBy(d).From
	for _, from := range o.Contracts {
		if from <= d {
			began = max(began, from)
		}
	}
	return began
}

// isTo says whether the grant is to that PCN, or to the group if there is none: it
// names it, or one that had gone on as it when the grant began.
func (s *bodies) isTo(g *MandateEntry, to string) bool {
	return g.To == to || (g.To != "" && to != "" && slices.Contains(s.successorsOn(g.To, g.From), to))
}

// isFrom says whether the withdrawal is from whom the grant is to: from the group
// itself, or from that PCN, or one of the two has gone on as the other (rule M3).
func (s *bodies) isFrom(w, g *MandateEntry) bool {
	if w.To == "" || w.To == g.To {
		return true
	}
	if g.To == "" {
		return false
	}
	is := s.successorsOn(g.To, w.From)
	return slices.ContainsFunc(s.successorsOn(w.To, w.From), func(code string) bool { return slices.Contains(is, code) })
}

// PatientsOn is the number of the practice's registered patients in force on that
// day, and whether it is known (rule O2). Patients of a practice that merged into
// it are added until a figure comes that is dated after the merger (rule O1).
func (s *bodies) PatientsOn(o *Organisation, d Day) (patients int, known bool) {
	figure := Day(0)
	if l := o.ListOn(d); l != nil {
		patients, known, figure = l.Patients, true, l.On
	}
	for _, was := range s.predecessors[o.Code] {
		part, last := s.partOf(was, o.Code, d)
		if part == nil || figure > last {
			continue
		}
		moved, had := part.Patients, part.Patients != 0
		if period := s.endedBefore(was, d); len(period.Into) == 1 {
			moved, had = s.PatientsOn(s.Organisations[was], last)
		}
		patients, known = patients+moved, known || had
	}
	return patients, known
}
