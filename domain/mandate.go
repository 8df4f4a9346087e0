package domain

import (
	"cmp"
	"maps"
	"slices"
)

// Mandate (rules M1–M5): authority comes up from practices, directly or
// through their PCN, and can be taken back.

// GrantMandate gives the group, or for a practice its PCN, authority over
// matters, or over all (rule M1).
type GrantMandate struct {
	Organisation string   `json:"organisation" doc:"who grants: a practice, or a PCN for its practices" rule:"M1" of:"mandator" ask:"Which practice or PCN?"`
	To           string   `json:"to,omitempty" doc:"the PCN's code; none: the group itself" of:"pcn" ask:"To whom?"`
	Matters      []string `json:"matters,omitempty" doc:"none: all" maxItems:"200" of:"charter" ask:"For which subjects?" hint:"Tick none for everything."`
	Conditions   string   `json:"conditions,omitempty" maxLength:"2000" call:"the conditions" ask:"On any condition?"`
	Review       Day      `json:"review,omitzero" doc:"a mandate has an end or a review" rule:"M5" ask:"Review date" hint:"A mandate has an end or a review."`
	Evidence     string   `json:"evidence,omitempty" doc:"a minute's reference; needed from a registrar" maxLength:"2000" rule:"M1" call:"the evidence" kind:"text" ask:"Which minute says so?"`
	Answers      string   `json:"answers,omitempty" doc:"the group's request that this confirms, such as M3" rule:"M5" of:"asked" ask:"Does it answer what the group asked for?" none:"No"`
	Span
}

func (c *GrantMandate) may(w *who) (Permission, *Refusal) { return w.mustMandate(c.Organisation) }

func (c *GrantMandate) concerns(*State, []Event) []string { return []string{c.Organisation} }
func (c *GrantMandate) names() []string                   { return nil }

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
	if r := t.s.checkPeriod(o, c.To, span.From, t.day); r != nil {
		return r
	}
	if span.Until == 0 && c.Review == 0 {
		return invalid("M5", "A mandate has an end or a review: give one of them.").at("until")
	}
	if c.Review != 0 && c.Review < span.From {
		return invalid("M5", "The review would be before the mandate begins.").at("review")
	}
	if c.Answers != "" && !slices.ContainsFunc(t.s.Asked, func(a MandateAsked) bool { return a.Number == c.Answers && a.Organisation == o.Code }) {
		return notFound("M5", "The group has not asked %s for a mandate under the number %s.", o.Name, Clip(c.Answers))
	}
	if g := t.s.grantedBefore(c, t.day); g != nil {
		return t.saidBefore(g.Index, g.Number)
	}
	t.recordOn(span.From, &MandateGranted{
		Mandate: t.number('M'), Organisation: o.Code, To: c.To, Matters: c.Matters, Conditions: c.Conditions,
		Review: c.Review, Evidence: c.Evidence, Answers: c.Answers, Span: span,
	})
	return nil
}

// grantedBefore is the grant that says already what the command says: it has not
// ended in any of its matters, and nothing was withdrawn since; nil if there is
// none. A command that names no first day says from today on, what the grant says
// already (rule M1).
func (s *backing) grantedBefore(c *GrantMandate, today Day) *MandateEntry {
	var before *MandateEntry
	for _, m := range s.mandatesOf[c.Organisation] {
		switch {
		case m.Withdrawal:
			before = nil
		case m.To == c.To && sameMatters(m.Matters, c.Matters) && m.Conditions == c.Conditions && m.Review == c.Review && m.Evidence == c.Evidence &&
			m.Answers == c.Answers && m.Until == c.Until && (m.From == c.From || (c.From == 0 && m.From <= today)) && s.wholeOn(m, max(today, m.From)):
			before = m
		}
	}
	return before
}

// wholeOn says whether the grant is in force for all of its matters on that day.
func (s *backing) wholeOn(g *MandateEntry, d Day) bool {
	matters := g.Matters
	if len(matters) == 0 {
		matters = s.CharterOn(d).Charter.Matters
	}
	return !slices.ContainsFunc(matters, func(one string) bool {
		return !slices.Contains(s.grantsOn(g.Organisation, g.To, one, d), g)
	})
}

// sameMatters says whether both name the same matters, in whatever order.
func sameMatters(a, b []string) bool {
	in := func(of []string) func(string) bool {
		return func(m string) bool { return !slices.Contains(of, m) }
	}
	return (len(a) == 0) == (len(b) == 0) && !slices.ContainsFunc(a, in(b)) && !slices.ContainsFunc(b, in(a))
}

// WithdrawMandate takes authority back, everything or some matters, with the
// charter's notice. It says which of both. It is never refused for its reason (rule M2).
type WithdrawMandate struct {
	Organisation string   `json:"organisation" rule:"M2" of:"mandator" ask:"Which practice or PCN?"`
	From         string   `json:"from,omitempty" doc:"the PCN's code; none: the group itself" of:"pcn" ask:"Who are you withdrawing from?" hint:"A withdrawal from the group closes both ways; one from the PCN only that one."`
	Everything   bool     `json:"everything,omitzero" doc:"it withdraws everything; else say which matters" ask:"What is withdrawn?" yes:"Everything" no:"Only these subjects"`
	Matters      []string `json:"matters,omitempty" doc:"it withdraws these; a matter takes in everything below it" maxItems:"200" of:"charter" ask:"Which subjects?" hint:"Only if not everything is withdrawn. Each takes in what lies below it."`
	Given        Day      `json:"given,omitzero" doc:"day on which notice was given; none: today" ask:"When was notice given?" hint:"Leave it empty for today."`
	Effective    Day      `json:"effective,omitzero" doc:"a later day than the notice asks for" ask:"From when, if later than the notice asks for?"`
	Reason       string   `json:"reason,omitempty" maxLength:"2000" call:"the reason" ask:"Why, if you want to say?"`
	Evidence     string   `json:"evidence,omitempty" doc:"needed from a registrar, and for notice given earlier" maxLength:"2000" rule:"M1" call:"the evidence" kind:"text" ask:"Which minute or letter says so?"`
}

func (c *WithdrawMandate) may(w *who) (Permission, *Refusal) { return w.mustMandate(c.Organisation) }

func (c *WithdrawMandate) concerns(*State, []Event) []string { return []string{c.Organisation} }
func (c *WithdrawMandate) names() []string                   { return nil }

func (c *WithdrawMandate) decide(t *turn) *Refusal {
	o, r := t.mandateBy(c.Organisation, c.From, c.Evidence)
	if r != nil {
		return r
	}
	if c.Everything == (len(c.Matters) > 0) {
		return invalid("M2", "Say what is withdrawn: everything, or only some subjects, and which.").at("matters")
	}
	if r := t.s.Charter().checkAllKnown(c.Matters).at("matters"); r != nil {
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
	if w := t.s.withdrawnBefore(c, given, from); w != nil {
		return t.saidBefore(w.Index, w.Number)
	}
	t.recordOn(from, &MandateWithdrawn{
		Mandate: t.number('M'), Organisation: o.Code, From: c.From, Matters: c.Matters, Given: given, Reason: c.Reason, Evidence: c.Evidence,
	})
	return nil
}

// withdrawnBefore is the withdrawal that says already what the command says, where
// nothing was given since; nil if there is none.
func (s *mandates) withdrawnBefore(c *WithdrawMandate, given, from Day) *MandateEntry {
	var before *MandateEntry
	for _, m := range s.mandatesOf[c.Organisation] {
		switch {
		case !m.Withdrawal:
			before = nil
		case m.To == c.From && sameMatters(m.Matters, c.Matters) && m.Given == given && m.From == from && m.Reason == c.Reason && m.Evidence == c.Evidence:
			before = m
		}
	}
	return before
}

// AskMandate is the group asking a practice or PCN for a mandate; a grant that
// names the number confirms it (rule M5).
type AskMandate struct {
	Organisation string   `json:"organisation" rule:"M1" of:"mandator" ask:"Which practice or PCN?"`
	Matters      []string `json:"matters,omitempty" doc:"none: all" maxItems:"200" of:"charter" ask:"For which subjects?" hint:"Tick none for everything."`
	Words        string   `json:"words" maxLength:"2000" rule:"M5" call:"what the group asks" ask:"What do you ask them?"`
}

func (c *AskMandate) may(w *who) (Permission, *Refusal) {
	return w.mustHave("M5", Chair, Manager, Registrar)
}

func (c *AskMandate) decide(t *turn) *Refusal {
	o, r := t.s.openOrganisation("M5", c.Organisation, t.day)
	if r != nil {
		return r
	}
	if o.Kind != Practice && o.Kind != PCN {
		return invalid("M1", "Mandates come from practices and PCNs.")
	}
	if r := t.s.Charter().checkAllKnown(c.Matters).at("matters"); r != nil {
		return r
	}
	t.record(&MandateRequested{Mandate: t.number('M'), Organisation: o.Code, Matters: c.Matters, Words: c.Words})
	return nil
}

// mustMandate is the permission of whoever grants or withdraws for the organisation:
// somebody who speaks for it, or the registrar on named evidence (rules M1, O3).
func (w *who) mustMandate(code string) (Permission, *Refusal) {
	o, r := w.s.openOrganisation("O1", code, w.day)
	if r != nil {
		return Permission{}, r
	}
	return anyOf(
		notYours("M1", "Only somebody who speaks for %s, or the registrar on named evidence, can record this.", o.Name),
		w.speaksFor(o.Code), w.has(Registrar).onEvidence(),
	)
}

// mandateBy checks who grants or withdraws to whom, and the evidence.
func (t *asking) mandateBy(code, to, evidence string) (*Organisation, *Refusal) {
	o := t.s.Organisations[code]
	if o.Kind != Practice && o.Kind != PCN {
		return nil, invalid("M1", "A mandate comes from a practice, or from a PCN for its practices.")
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
	return o, t.checkEvidence("M1", "the evidence, such as a minute's reference", evidence)
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
		Review: e.Review, Evidence: e.Evidence, Answers: e.Answers, BroughtIn: e.BroughtIn, Span: e.Span, Index: ev.Index,
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

func (s *mandates) addMandate(m *MandateEntry) {
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

// mandates are what practices and PCNs gave and took back.
type mandates struct {
	Mandates   []*MandateEntry // grants and withdrawals in order of recording
	Asked      []MandateAsked
	mandatesOf map[string][]*MandateEntry // Mandates, by organisation
	letters
}

func newMandates() mandates {
	return mandates{mandatesOf: map[string][]*MandateEntry{}, letters: newLetters()}
}

func (s mandates) copy() mandates {
	s.Mandates, s.Asked, s.mandatesOf, s.letters = slices.Clip(s.Mandates), slices.Clip(s.Asked), maps.Clone(s.mandatesOf), s.letters.copy()
	return s
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
	Answers      string // number of the group's request that a grant confirms
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

// takesIn says whether the entry reaches the matter: one of everything does, and
// one of some matters reaches those and what lies below them (rule M2).
func (m *MandateEntry) takesIn(matter string) bool {
	return len(m.Matters) == 0 || withinAny(matter, m.Matters)
}

// givenAnew says whether the grant was given after the withdrawal: it was recorded
// after it, and holds from no day before notice was given. What was given before
// ends with the withdrawal, whenever it was recorded and begins (rule M2).
func (m *MandateEntry) givenAnew(withdrawal *MandateEntry) bool {
	return m.Index > withdrawal.Index && m.From >= withdrawal.Given
}

// withdrawnBy is the withdrawal that ends the grant for the matter, the first to
// take effect, by that day; nil if there is none. One from the group itself ends
// what was given to the group and to a PCN; one from a PCN only what was given to
// that PCN (rules M2, M3).
func (s *backing) withdrawnBy(g *MandateEntry, matter string, d Day) *MandateEntry {
	var first *MandateEntry
	for _, w := range s.mandatesOf[g.Organisation] {
		if w.Withdrawal && w.From <= d && s.isFrom(w, g) && w.takesIn(matter) && !g.givenAnew(w) && (first == nil || w.From < first.From) {
			first = w
		}
	}
	return first
}

// WithdrawnFrom are the withdrawals that end the grant, in whole or in part, in the
// order in which they take effect; see TakesAll for which do so in whole.
func (s *backing) WithdrawnFrom(g *MandateEntry) []*MandateEntry {
	var ws []*MandateEntry
	for _, w := range s.mandatesOf[g.Organisation] {
		if w.Withdrawal && s.isFrom(w, g) && !g.givenAnew(w) && w.takesPartOf(g) {
			ws = append(ws, w)
		}
	}
	slices.SortStableFunc(ws, func(a, b *MandateEntry) int { return cmp.Compare(a.From, b.From) })
	return ws
}

// Withdrawal is the withdrawal with that number; nil if there is none.
func (s *mandates) Withdrawal(number string) *MandateEntry {
	for _, m := range s.Mandates {
		if m.Withdrawal && m.Number == number {
			return m
		}
	}
	return nil
}

// TookBack says whether the withdrawal took anything back: a grant that had not
// ended by itself before.
func (s *backing) TookBack(w *MandateEntry) bool {
	return slices.ContainsFunc(s.mandatesOf[w.Organisation], func(g *MandateEntry) bool {
		return !g.Withdrawal && (g.Until == 0 || g.Until >= w.From) && slices.Contains(s.WithdrawnFrom(g), w)
	})
}

// takesPartOf says whether the withdrawal reaches any of the grant's matters, or
// anything below them.
func (m *MandateEntry) takesPartOf(g *MandateEntry) bool {
	return m.TakesAll(g) || len(g.Matters) == 0 || slices.ContainsFunc(g.Matters, m.takesIn) || slices.ContainsFunc(m.Matters, g.takesIn)
}

// TakesAll says whether the withdrawal reaches every matter of the grant.
func (m *MandateEntry) TakesAll(g *MandateEntry) bool {
	return len(m.Matters) == 0 || (len(g.Matters) > 0 && !slices.ContainsFunc(g.Matters, func(one string) bool { return !m.takesIn(one) }))
}

// ExceptedOn are the matters that were withdrawn from the grant by that day, while
// others were left; none if nothing was, or all of it.
func (s *backing) ExceptedOn(g *MandateEntry, d Day) []string {
	var except []string
	for _, w := range s.WithdrawnFrom(g) {
		if w.From > d || (g.Until != 0 && w.From > g.Until) {
			continue
		}
		if w.TakesAll(g) {
			return nil
		}
		for _, one := range w.PartOf(g) {
			except = appendNew(except, one)
		}
	}
	return except
}

// PartOf are the matters that the withdrawal takes from the grant, as far as either
// of them names them; none if it takes everything of a grant of everything.
func (m *MandateEntry) PartOf(g *MandateEntry) []string {
	var part []string
	for _, one := range m.Matters {
		if g.takesIn(one) {
			part = append(part, one)
		}
	}
	for _, one := range g.Matters {
		if m.takesIn(one) {
			part = appendNew(part, one)
		}
	}
	return part
}
