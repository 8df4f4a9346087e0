package domain

import (
	"cmp"
	"slices"
	"strings"
)

// Mandate (rules M1–M5): authority comes up from practices, directly or
// through their PCN, and can be taken back.

// GrantMandate gives the group, or for a practice its PCN, authority over
// matters, or over all (rule M1).
type GrantMandate struct {
	Organisation string   `json:"organisation" doc:"who grants: a practice, or a PCN for its practices"`
	To           string   `json:"to,omitempty" doc:"the PCN's code; none: the group itself"`
	Matters      []string `json:"matters,omitempty" doc:"none: all" maxItems:"200"`
	Conditions   string   `json:"conditions,omitempty" maxLength:"2000"`
	Review       Day      `json:"review,omitzero" doc:"a mandate has an end or a review"`
	Evidence     string   `json:"evidence,omitempty" doc:"a minute's reference; needed from a registrar" maxLength:"2000"`
	Answers      string   `json:"answers,omitempty" doc:"the group's request that this confirms, such as M3"`
	Span
}

func (c *GrantMandate) decide(t *turn) *Refusal {
	o, r := t.mandateBy(c.Organisation, c.To, c.Evidence)
	if r != nil {
		return r
	}
	if r := t.s.Charter().checkAllKnown(c.Matters).at("matters"); r != nil {
		return r
	}
	span, r := t.span("M1", c.Span)
	if r != nil {
		return r
	}
	if o.Closed != 0 && span.From > o.Closed {
		return notNow("O1", "%s closed on %s.", o.Name, o.Closed.Words())
	}
	if span.Until == 0 && c.Review == 0 {
		return invalid("M5", "A mandate has an end or a review: give one of them.").at("until")
	}
	if c.Review != 0 && c.Review < span.From {
		return invalid("M5", "The review would be before the mandate begins.").at("review")
	}
	if r := checkOptional("M1", "the conditions", c.Conditions, someWords).at("conditions"); r != nil {
		return r
	}
	if c.Answers != "" && !slices.ContainsFunc(t.s.Asked, func(a MandateAsked) bool { return a.Number == c.Answers && a.Organisation == o.Code }) {
		return notFound("M5", "The group has not asked %s for a mandate under the number %s.", o.Name, clip(c.Answers))
	}
	t.recordOn(span.From, &MandateGranted{
		Mandate: t.number('M'), Organisation: o.Code, To: c.To, Matters: c.Matters, Conditions: c.Conditions,
		Review: c.Review, Evidence: c.Evidence, Answers: c.Answers, Span: span,
	})
	return nil
}

// WithdrawMandate takes authority back, wholly or for some matters, with the
// charter's notice. It is never refused for its reason (rule M2).
type WithdrawMandate struct {
	Organisation string   `json:"organisation"`
	From         string   `json:"from,omitempty" doc:"the PCN's code; none: the group itself"`
	Matters      []string `json:"matters,omitempty" doc:"none: all; a matter takes in everything below it" maxItems:"200"`
	Given        Day      `json:"given,omitzero" doc:"day on which notice was given; none: today"`
	Effective    Day      `json:"effective,omitzero" doc:"a later day than the notice asks for"`
	Reason       string   `json:"reason,omitempty" maxLength:"2000"`
	Evidence     string   `json:"evidence,omitempty" doc:"needed from a registrar, and for notice given earlier" maxLength:"2000"`
}

func (c *WithdrawMandate) decide(t *turn) *Refusal {
	o, r := t.mandateBy(c.Organisation, c.From, c.Evidence)
	if r != nil {
		return r
	}
	if r := t.s.Charter().checkAllKnown(c.Matters).at("matters"); r != nil {
		return r
	}
	if r := checkOptional("M2", "the reason", c.Reason, someWords).at("reason"); r != nil {
		return r
	}
	given := cmp.Or(c.Given, t.day)
	if given > t.day {
		return invalid("M2", "Notice can't have been given on a day still to come.").at("given")
	}
	if given < t.day {
		if r := checkWords("M2", "the evidence for notice given earlier", c.Evidence, someWords).at("evidence"); r != nil {
			return r
		}
	}
	from := max(given.Add(t.s.Charter().Notice), c.Effective)
	t.recordOn(from, &MandateWithdrawn{
		Mandate: t.number('M'), Organisation: o.Code, From: c.From, Matters: c.Matters, Given: given, Reason: c.Reason, Evidence: c.Evidence,
	})
	return nil
}

// AskMandate is the group asking a practice or PCN for a mandate; a grant that
// names the number confirms it (rule M5).
type AskMandate struct {
	Organisation string   `json:"organisation"`
	Matters      []string `json:"matters,omitempty" doc:"none: all" maxItems:"200"`
	Words        string   `json:"words" maxLength:"2000"`
}

func (c *AskMandate) decide(t *turn) *Refusal {
	if r := t.mustHaveDuty("M5", Chair, Manager, Registrar); r != nil {
		return r
	}
	o, r := t.s.openOrganisation("M5", c.Organisation, t.day)
	if r != nil {
		return r
	}
	if o.Kind != Practice && o.Kind != PCN {
		return invalid("M1", "Mandates come from practices and PCNs.")
	}
	if r := firstRefusal(t.s.Charter().checkAllKnown(c.Matters).at("matters"), checkWords("M5", "what the group asks", c.Words, someWords).at("words")); r != nil {
		return r
	}
	t.record(&MandateRequested{Mandate: t.number('M'), Organisation: o.Code, Matters: c.Matters, Words: c.Words})
	return nil
}

// mandateBy checks who grants or withdraws to whom, and that the actor may say
// so: somebody who speaks for the organisation, or the registrar on named
// evidence (rules M1, O3).
func (t *turn) mandateBy(code, to, evidence string) (*Organisation, *Refusal) {
	o, r := t.s.openOrganisation("O1", code, t.day)
	if r != nil {
		return nil, r
	}
	if o.Kind != Practice && o.Kind != PCN {
		return nil, invalid("M1", "A mandate comes from a practice, or from a PCN for its practices.")
	}
	if r := checkOptional("M1", "the evidence", evidence, someWords).at("evidence"); r != nil {
		return nil, r
	}
	if to != "" {
		pcn, r := t.s.organisation("M3", to)
		if r != nil {
			return nil, r
		}
		if pcn.Kind != PCN || o.Kind != Practice {
			return nil, invalid("M3", "A practice's mandate goes to the group or to its PCN.")
		}
	}
	if t.s.SpeaksFor(t.actor.ID, o.Code, t.day) {
		t.as = "organisation/" + o.Code
		return o, nil
	}
	if t.s.HasDuty(t.actor.ID, Registrar, t.day) {
		t.as = "duty/" + string(Registrar)
		return o, checkWords("M1", "the evidence, such as a minute's reference", evidence, someWords).at("evidence")
	}
	return nil, notYours("M1", "Only somebody who speaks for %s, or the registrar on named evidence, can record this.", o.Name)
}

// MandateGranted: an organisation gave authority.
type MandateGranted struct {
	Mandate      string   `json:"mandate"`
	Organisation string   `json:"organisation"`
	To           string   `json:"to,omitempty"`
	Matters      []string `json:"matters,omitempty"`
	Conditions   string   `json:"conditions,omitempty"`
	Review       Day      `json:"review,omitzero"`
	Evidence     string   `json:"evidence,omitempty"`
	Answers      string   `json:"answers,omitempty"`
	BroughtIn    bool     `json:"broughtIn,omitempty"`
	Span
}

func (e *MandateGranted) Subject() string { return "organisation/" + e.Organisation }
func (e *MandateGranted) made() string    { return e.Mandate }
func (e *MandateGranted) apply(s *State, ev *Event) {
	s.took(e.Mandate)
	s.addMandate(&MandateEntry{
		Number: e.Mandate, Organisation: e.Organisation, To: e.To, Matters: e.Matters, Conditions: e.Conditions,
		Review: e.Review, Evidence: e.Evidence, BroughtIn: e.BroughtIn, Span: e.Span, Index: ev.Index,
	})
}

// MandateWithdrawn: an organisation takes authority back from the event's
// effective day on.
type MandateWithdrawn struct {
	Mandate      string   `json:"mandate"`
	Organisation string   `json:"organisation"`
	From         string   `json:"from,omitempty"`
	Matters      []string `json:"matters,omitempty"`
	Given        Day      `json:"given"`
	Reason       string   `json:"reason,omitempty"`
	Evidence     string   `json:"evidence,omitempty"`
}

func (e *MandateWithdrawn) Subject() string { return "organisation/" + e.Organisation }
func (e *MandateWithdrawn) made() string    { return e.Mandate }
func (e *MandateWithdrawn) apply(s *State, ev *Event) {
	s.took(e.Mandate)
	s.addMandate(&MandateEntry{
		Number: e.Mandate, Organisation: e.Organisation, To: e.From, Matters: e.Matters, Withdrawal: true,
		Evidence: e.Evidence, Reason: e.Reason, Given: e.Given, Span: Span{From: ev.Effective}, Index: ev.Index,
	})
}

func (s *State) addMandate(m *MandateEntry) {
	s.Mandates = append(s.Mandates, m)
	s.mandatesOf[m.Organisation] = append(slices.Clip(s.mandatesOf[m.Organisation]), m)
}

// MandateRequested: the group asked for a mandate.
type MandateRequested struct {
	Mandate      string   `json:"mandate"`
	Organisation string   `json:"organisation"`
	Matters      []string `json:"matters,omitempty"`
	Words        string   `json:"words"`
}

func (e *MandateRequested) Subject() string { return "organisation/" + e.Organisation }
func (e *MandateRequested) made() string    { return e.Mandate }
func (e *MandateRequested) apply(s *State, ev *Event) {
	s.took(e.Mandate)
	s.Asked = append(s.Asked, MandateAsked{e.Mandate, e.Organisation, e.Matters, e.Words, ev.Effective, ev.Index})
}

// A MandateEntry is a grant or a withdrawal.
type MandateEntry struct {
	Number       string
	Organisation string
	To           string // PCN; "" is the group
	Matters      []string
	Conditions   string
	Review       Day
	Evidence     string
	Reason       string // of a withdrawal
	Given        Day    // notice of a withdrawal
	Withdrawal   bool
	BroughtIn    bool
	Span
	Index uint64
}

// MandateAsked is the group's request for a mandate.
type MandateAsked struct {
	Number       string
	Organisation string
	Matters      []string
	Words        string
	On           Day
	Index        uint64
}

// takesIn says whether the entry reaches the matter. Asked about no matter in
// particular, any grant does, and only a withdrawal of everything.
func (m *MandateEntry) takesIn(matter string) bool {
	if matter == "" {
		return !m.Withdrawal || len(m.Matters) == 0
	}
	return len(m.Matters) == 0 || withinAny(matter, m.Matters)
}

// grantOn is the newest grant of the organisation to that receiver that is in
// force for the matter on that day, and nil if there is none or it has been
// withdrawn since (rule M2).
func (s *State) grantOn(org, to, matter string, d Day) *MandateEntry {
	var grant *MandateEntry
	for _, m := range s.mandatesOf[org] {
		switch {
		case m.To != to || !m.Covers(d):
		case matter == "":
			if s.holdsOn(m, d) {
				grant = m
			}
		case !m.takesIn(matter):
		case m.Withdrawal:
			grant = nil
		default:
			grant = m
		}
	}
	return grant
}

// holdsOn says whether the grant is in force on that day for any of its
// matters: neither withdrawn since nor granted anew.
func (s *State) holdsOn(g *MandateEntry, d Day) bool {
	if g.Withdrawal || !g.Covers(d) {
		return false
	}
	if len(g.Matters) > 0 {
		return slices.ContainsFunc(g.Matters, func(one string) bool { return s.grantOn(g.Organisation, g.To, one, d) == g })
	}
	return !slices.ContainsFunc(s.mandatesOf[g.Organisation], func(m *MandateEntry) bool {
		return m.Index > g.Index && m.To == g.To && m.Covers(d) && len(m.Matters) == 0
	})
}

// leftGroup is the practice's withdrawal from the group that closes every
// route on that day, unless it granted anew since; nil if there is none (rule M3).
func (s *State) leftGroup(org, matter string, d Day) *MandateEntry {
	var left *MandateEntry
	for _, m := range s.mandatesOf[org] {
		switch {
		case !m.takesIn(matter):
		case m.Withdrawal && m.To == "" && m.From <= d:
			left = m
		case !m.Withdrawal && m.Covers(d):
			left = nil
		}
	}
	return left
}

// Standing says whether, and on what, a practice stands behind the group.
type Standing struct {
	Practice *Organisation
	Patients int
	Grants   []*MandateEntry // direct: one; through a PCN: the practice's, then the PCN's
	Via      string          // PCN's code, if it is through the PCN
	Since    Day             // outside: since when, where that is known
	Why      string          // outside: why, in words
}

// StandsOn says on what the practice stands behind the group for the matter on
// that day; no Grants means that it stands outside (rules M2, M3).
func (s *State) StandsOn(p *Organisation, matter string, d Day) Standing {
	st := Standing{Practice: p, Patients: p.PatientsOn(d)}
	if g := s.grantOn(p.Code, "", matter, d); g != nil {
		st.Grants = []*MandateEntry{g}
		return st
	}
	if left := s.leftGroup(p.Code, matter, d); left != nil {
		st.Since, st.Why = left.From, "withdrew"
		return st
	}
	for _, m := range p.Memberships {
		pcn := s.Organisations[m.In]
		if pcn == nil || pcn.Kind != PCN || !m.Covers(d) || !pcn.OpenOn(d) {
			continue
		}
		up, on := s.grantOn(p.Code, pcn.Code, matter, d), s.grantOn(pcn.Code, "", matter, d)
		if up != nil && on != nil {
			st.Grants, st.Via = []*MandateEntry{up, on}, pcn.Code
			return st
		}
	}
	st.Why = "has given no mandate that holds"
	return st
}

// Coverage is what stands behind the group for a matter on a day (rule M3).
type Coverage struct {
	Practices   int        `json:"practices"`
	OfPractices int        `json:"ofPractices"`
	Patients    int        `json:"patients"`
	OfPatients  int        `json:"ofPatients"`
	Outside     []Outsider `json:"outside"`
	Conditions  []string   `json:"conditions,omitempty" doc:"conditions of mandates, read out with coverage"`
	Places      []Place    `json:"places,omitempty" doc:"of a wider group: each place, and whether it has agreed"`
	inside      []Standing
	mandates    []Link // of those inside; nil: not worked out
}

// An Outsider is a practice that does not stand behind the group.
type Outsider struct {
	ODS   string `json:"ods"`
	Name  string `json:"name"`
	Since Day    `json:"since,omitzero"`
	Why   string `json:"why"`
}

// CoverageOn is the coverage for the matter on that day; no matter means
// standing behind the group at all.
func (s *State) CoverageOn(matter string, d Day) Coverage { return s.coverageBy(matter, "", d) }

// coverageBy is the coverage for the matter under that agreement; which one
// makes a difference only where places stand behind a wider group (rule G1).
func (s *State) coverageBy(matter, agreement string, d Day) Coverage {
	c := remember(s.memo.coverage, mostCoverages, s.periodOf(matter, d), func() Coverage {
		c := s.practicesCovered(matter, d)
		if s.remembers() {
			c.mandates = s.mandateLinks(&c)
		}
		return c
	})
	s.addPlaces(&c, matter, agreement, d)
	return c
}

// practicesCovered is the coverage by the practices of the place itself.
func (s *State) practicesCovered(matter string, d Day) Coverage {
	c := Coverage{Outside: []Outsider{}}
	for _, p := range s.PracticesOn(d) {
		st := s.StandsOn(p, matter, d)
		c.OfPractices++
		c.OfPatients += st.Patients
		if len(st.Grants) == 0 {
			c.Outside = append(c.Outside, Outsider{p.Code, p.Name, st.Since, st.Why})
			continue
		}
		c.Practices++
		c.Patients += st.Patients
		c.inside = append(c.inside, st)
		for _, g := range st.Grants {
			if g.Conditions != "" {
				c.Conditions = appendNew(c.Conditions, s.name(g.Organisation)+": "+g.Conditions)
			}
		}
	}
	c.Outside, c.inside = slices.Clip(c.Outside), slices.Clip(c.inside)
	return c
}

// Inside are the practices that stand behind the group, and on what.
func (c *Coverage) Inside() []Standing { return c.inside }

// above says whether more than the charter's least part of practices, and of
// patients, is covered (rule M4).
func (c *Coverage) above(least int) bool {
	return c.Practices*100 > least*c.OfPractices && c.Patients*100 > least*c.OfPatients
}

// Words are the coverage in a sentence.
func (c *Coverage) Words() string {
	w := thousands(c.Practices) + " of " + count(c.OfPractices, "practice") + ", " + thousands(c.Patients) + " of " + count(c.OfPatients, "patient")
	if len(c.Outside) == 0 {
		return w
	}
	var names []string
	for _, o := range c.Outside {
		names = append(names, o.Name+" ("+o.ODS+")")
	}
	return w + "; outside: " + strings.Join(names, ", ")
}
