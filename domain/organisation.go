package domain

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Organisations (rules O1–O3): practices, PCNs, the federation, the LMC and
// the system's bodies, keyed by code because names repeat. The code is the ODS
// code where there is one.

// OrganisationKind is kept beside the code and never read from it: shapes of
// codes are shared.
type OrganisationKind string

const (
	Practice    OrganisationKind = "practice"
	PCN         OrganisationKind = "pcn"
	Federation  OrganisationKind = "federation"
	Provider    OrganisationKind = "provider"
	LMC         OrganisationKind = "lmc"
	OtherGroup  OrganisationKind = "group"
	SystemBody  OrganisationKind = "system-body"
	PlaceKind   OrganisationKind = "place"
	PrimaryCare OrganisationKind = "primary-care" // other primary care: pharmacy, dentistry, optometry
)

var organisationKinds = []OrganisationKind{Practice, PCN, Federation, Provider, LMC, OtherGroup, SystemBody, PlaceKind, PrimaryCare}

// generalPractice says whether the kind belongs to general practice, so that
// it may hold a seat (rule F3).
func (k OrganisationKind) generalPractice() bool {
	return slices.Contains([]OrganisationKind{Practice, PCN, Federation, LMC, OtherGroup}, k)
}

var odsShape = map[OrganisationKind]*regexp.Regexp{
	Practice: regexp.MustCompile(`^[A-Z][0-9]{5}$`), // [A-HJ-NPY] in England, one known exception
	PCN:      regexp.MustCompile(`^U[0-9]{5}$`),
}

// OrganisationRegistered: an organisation became known.
type OrganisationRegistered struct {
	Code   string           `json:"code"`
	Kind   OrganisationKind `json:"kind"`
	Name   string           `json:"name"`
	Opened Day              `json:"opened,omitzero"`
	Source string           `json:"source,omitempty"`
}

func (e *OrganisationRegistered) Subject() string { return "organisation/" + e.Code }
func (e *OrganisationRegistered) apply(s *State, ev *Event) {
	s.Organisations[e.Code] = &Organisation{
		Code: e.Code, Kind: e.Kind, Name: e.Name, Index: ev.Index, Opened: e.Opened,
		Periods: []Period{{Span: Span{From: e.Opened}}}, Names: []DatedName{{0, e.Name}},
	}
}

// OrganisationChanged: from the event's effective day the organisation has that
// name, or its first day is another than was recorded.
type OrganisationChanged struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Opened Day    `json:"opened,omitzero"`
	Source string `json:"source,omitempty"`
}

func (e *OrganisationChanged) Subject() string { return "organisation/" + e.Code }
func (e *OrganisationChanged) apply(s *State, ev *Event) {
	o := edit(s.Organisations, e.Code)
	o.rename(e.Name, ev.Effective)
	o.correctOpening(e.Opened)
}

// OrganisationClosed: an organisation closed, or went on as another.
type OrganisationClosed struct {
	Code   string `json:"code"`
	Last   Day    `json:"last"`
	Legal  Day    `json:"legal,omitzero"`
	Into   string `json:"into,omitempty"`
	Source string `json:"source,omitempty"`
}

func (e *OrganisationClosed) Subject() string { return "organisation/" + e.Code }
func (e *OrganisationClosed) apply(s *State, ev *Event) {
	var into []Part
	if e.Into != "" {
		into = []Part{{Organisation: e.Into}}
	}
	s.closeOrganisation(e.Code, e.Last, e.Legal, into, ev)
}

// OrganisationReopened: a closed organisation is open again from the event's
// effective day. That begins another period, in which nothing that was granted
// in the one before holds (rule O1). If the last day of the one before is still
// to come then, that period goes on instead, and so does what was to end with it (L6).
type OrganisationReopened struct {
	Code    string `json:"code"`
	Source  string `json:"source,omitempty"`
	Mistake bool   `json:"mistake,omitzero" doc:"that it had closed was a mistake: it is effective on the last day that was recorded, so that the period goes on"`
}

func (e *OrganisationReopened) Subject() string { return "organisation/" + e.Code }
func (e *OrganisationReopened) apply(s *State, ev *Event) {
	o := edit(s.Organisations, e.Code)
	o.Periods = slices.Clone(o.Periods)
	switch last := &o.Periods[len(o.Periods)-1]; {
	case last.Until == 0:
		if n := len(o.Periods); n > 1 && o.Periods[n-2].Until < ev.Effective {
			last.From = min(last.From, ev.Effective)
		}
	case ev.Effective <= last.Until:
		*last = Period{Span: Span{From: last.From}}
	default:
		o.Periods = append(o.Periods, Period{Span: Span{From: ev.Effective}})
	}
	o.showNewestPeriod()
}

// ListSizeRecorded: a practice had that many registered patients on a day.
type ListSizeRecorded struct {
	Practice string `json:"practice"`
	On       Day    `json:"on"`
	Patients int    `json:"patients"`
	Source   string `json:"source,omitempty"`
}

func (e *ListSizeRecorded) Subject() string { return "organisation/" + e.Practice }
func (e *ListSizeRecorded) apply(s *State, ev *Event) {
	o := edit(s.Organisations, e.Practice)
	lists := slices.DeleteFunc(slices.Clone(o.Lists), func(l ListSize) bool { return l.On == e.On })
	lists = append(lists, ListSize{e.On, e.Patients, e.Source, ev.Index})
	slices.SortFunc(lists, func(a, b ListSize) int { return cmp.Compare(a.On, b.On) })
	o.Lists = lists
}

// An Organisation is one that the ledger knows. Opened, Closed, LegalClose and
// Successor are those of its newest period, and Name is its newest name: what it
// was on a day, ask PeriodOn and NameOn.
type Organisation struct {
	Code         string
	Kind         OrganisationKind
	Name         string
	Opened       Day // 0 where the first day is not known
	Closed       Day // last day of working; 0 while open
	LegalClose   Day
	Successor    string // code of the organisation that it merged into; of several, the first
	Periods      []Period
	Names        []DatedName // by date
	Contracts    []Day       // first days of new contract holders, in order
	Memberships  []Membership
	Lists        []ListSize // by date
	Spokespeople []Tenure
	Index        uint64 // of the event that registered it
}

// A Period is the time from an opening to a closing (rule O1).
type Period struct {
	Span
	Legal     Day    // legal end, where it differs
	Into      []Part // what it went on as: one organisation, or several; none if it just closed
	confirmed bool   // what it went on as was recorded or confirmed by its own people (rule F11)
	said      Day    // day of which the closing is the word: of the official list, or on which it was typed
	ended     uint64 // the event that gave it its last day
}

// A Part is one of the organisations that another went on as.
type Part struct {
	Organisation string `json:"organisation" doc:"code of the successor" maxLength:"60" rule:"O1" of:"organisation" ask:"Which organisation?"`
	Patients     int    `json:"patients,omitzero" doc:"of a practice's registered patients, how many went with this successor" minimum:"0" maximum:"1000000" ask:"How many of its patients go there?" hint:"Of a practice only. Together they are all of its patients."`
}

// A DatedName is a name and the first day on which it was used; 0 for the first name.
type DatedName struct {
	From Day
	Name string
}

// A ListSize is a dated number of registered patients with its source (rule O2).
type ListSize struct {
	On       Day
	Patients int
	Source   string
	Index    uint64
}

// rename gives the organisation that name from the day until its next one.
func (o *Organisation) rename(name string, from Day) {
	i, same := slices.BinarySearchFunc(o.Names, from, func(n DatedName, d Day) int { return cmp.Compare(n.From, d) })
	switch {
	case same:
		o.Names = slices.Clone(o.Names)
		o.Names[i].Name = name
	case o.Names[i-1].Name != name:
		o.Names = slices.Insert(slices.Clone(o.Names), i, DatedName{from, name})
	}
	o.Name = o.Names[len(o.Names)-1].Name
}

// NameOn is the name that the organisation had on that day.
func (o *Organisation) NameOn(d Day) string {
	name := o.Names[0].Name
	for _, n := range o.Names[1:] {
		if n.From <= d {
			name = n.Name
		}
	}
	return name
}

// correctOpening says that a period began on another day than was recorded: the
// newest, if the day is after the end of the one before, and else the first.
func (o *Organisation) correctOpening(opened Day) {
	if o.hasOpening(opened) {
		return
	}
	o.Periods = slices.Clone(o.Periods)
	newest := len(o.Periods) - 1
	if newest > 0 && opened > o.Periods[newest-1].Until {
		o.Periods[newest].From = opened
	} else {
		o.Periods[0].From = opened
	}
	o.showNewestPeriod()
}

func (o *Organisation) hasOpening(opened Day) bool {
	return slices.ContainsFunc(o.Periods, func(p Period) bool { return p.From == opened })
}

func (o *Organisation) showNewestPeriod() {
	p := &o.Periods[len(o.Periods)-1]
	o.Opened, o.Closed, o.LegalClose, o.Successor = p.From, p.Until, p.Legal, ""
	if len(p.Into) > 0 {
		o.Successor = p.Into[0].Organisation
	}
}

// closeOrganisation gives the organisation a last day, and says what it went on
// as. A period that was to begin after that day does not.
func (s *roster) closeOrganisation(code string, last, legal Day, into []Part, ev *Event) {
	o := edit(s.Organisations, code)
	o.Periods = slices.Clone(o.Periods)
	for len(o.Periods) > 1 && o.Periods[len(o.Periods)-1].From > last {
		o.Periods = o.Periods[:len(o.Periods)-1]
	}
	p := &o.Periods[len(o.Periods)-1]
	again := p.confirmed && slices.Equal(p.Into, into)
	p.confirmed = len(into) > 0 && (again || s.isOf(actorID(ev), code, DayOf(ev.Time)))
	p.Until, p.Legal, p.Into = last, legal, into
	p.said, _ = s.wordOf(ev)
	p.ended = ev.Index
	o.showNewestPeriod()
	for _, part := range into {
		s.predecessors[part.Organisation] = appendNew(s.predecessors[part.Organisation], code)
	}
}

// isOf says whether the person speaks for the organisation, or acts for its seat.
func (s *roster) isOf(person, code string, d Day) bool {
	seat := s.Seats[code]
	return s.People[person] != nil && (s.SpeaksFor(person, code, d) || seat != nil && s.RoleOn(seat, person, d) != "")
}

// PeriodOn is the period in which the organisation works on that day; nil if it
// does not.
func (o *Organisation) PeriodOn(d Day) *Period {
	for i := range o.Periods {
		if o.Periods[i].Covers(d) {
			return &o.Periods[i]
		}
	}
	return nil
}

// PeriodBy is the newest period that had begun by that day, or else the first.
func (o *Organisation) PeriodBy(d Day) *Period {
	for i := len(o.Periods) - 1; i > 0; i-- {
		if o.Periods[i].From <= d {
			return &o.Periods[i]
		}
	}
	return &o.Periods[0]
}

// OpenOn says whether the organisation works on that day.
func (o *Organisation) OpenOn(d Day) bool { return o.PeriodOn(d) != nil }

// endingsBefore counts how often, up to that day, the organisation had closed or
// its contract gone to somebody new. What was granted on one day holds on another
// only if the count is the same (rule O1).
func (o *Organisation) endingsBefore(d Day) int {
	n := 0
	for i := range o.Periods {
		if until := o.Periods[i].Until; until != 0 && until < d {
			n++
		}
	}
	for _, from := range o.Contracts {
		if from <= d {
			n++
		}
	}
	return n
}

// samePeriod says whether the two days lie in one period of the organisation:
// it neither closed nor changed hands between them (rule O1). A day before an
// opening belongs to the period that it opens.
func (s *bodies) samePeriod(code string, a, b Day) bool {
	o := s.Organisations[code]
	return o == nil || o.endingsBefore(a) == o.endingsBefore(b)
}

// In says whether the organisation belongs to the other on that day.
func (o *Organisation) In(code string, d Day) bool {
	return slices.ContainsFunc(o.Memberships, func(m Membership) bool { return m.In == code && m.Covers(d) })
}

// PatientsOn is the practice's own number of registered patients in force on that
// day, 0 where it is not known (rule O2). State.PatientsOn adds those of practices
// that merged into it.
func (o *Organisation) PatientsOn(d Day) int {
	if l := o.ListOn(d); l != nil {
		return l.Patients
	}
	return 0
}

// ListOn is the list size in force on that day; nil if none was known for it
// (rule O2).
func (o *Organisation) ListOn(d Day) *ListSize {
	var list *ListSize
	for i := range o.Lists {
		if o.Lists[i].On <= d {
			list = &o.Lists[i]
		}
	}
	return list
}

// Members are the codes of those that ever belonged to that PCN or place, in
// the order in which they were recorded.
func (s *bodies) Members(code string) []string { return s.members[code] }

// PracticesOn are the open practices of the place on that day, by code (rule
// M3): those in the place itself or in one of its PCNs, and those whose PCN closed.
func (s *roster) PracticesOn(d Day) []*Organisation {
	ps := make([]*Organisation, 0, len(s.members[s.Place]))
	for _, m := range s.members[s.Place] {
		if o := s.Organisations[m]; o.Kind == Practice && o.OpenOn(d) && o.In(s.Place, d) {
			ps = append(ps, o)
		}
	}
	for _, pcn := range s.PCNsOn(d) {
		ps = s.appendPracticesOf(ps, pcn.Code, d)
	}
	for _, m := range s.members[s.Place] {
		if s.Organisations[m].Kind != PCN {
			continue
		}
		for _, one := range s.members[m] { // whatever became of the PCN by then
			if p := s.Organisations[one]; s.isPracticeOn(p, d) {
				ps = append(ps, p)
			}
		}
	}
	slices.SortFunc(ps, func(a, b *Organisation) int { return strings.Compare(a.Code, b.Code) })
	return slices.Compact(ps)
}

// isPracticeOn says whether PracticesOn has the organisation.
func (s *roster) isPracticeOn(o *Organisation, d Day) bool {
	return o.Kind == Practice && o.OpenOn(d) && (o.In(s.Place, d) || slices.ContainsFunc(s.pcnsOf(o, d), func(pcn *Organisation) bool { return s.isPCNOn(pcn, d) }) || s.leftByItsPCN(o, d))
}

// PCNsOn are the open PCNs of the place on that day, by code.
func (s *roster) PCNsOn(d Day) []*Organisation {
	var ps []*Organisation
	for _, m := range s.members[s.Place] {
		if o := s.Organisations[m]; s.isPCNOn(o, d) {
			ps = append(ps, o)
		}
	}
	slices.SortFunc(ps, func(a, b *Organisation) int { return strings.Compare(a.Code, b.Code) })
	return ps
}

func (s *ground) isPCNOn(o *Organisation, d Day) bool {
	return o.Kind == PCN && o.OpenOn(d) && o.In(s.Place, d)
}

func (s *bodies) organisation(rule, code string) (*Organisation, *Refusal) {
	if o := s.Organisations[code]; o != nil {
		return o, nil
	}
	return nil, notFound(rule, "No organisation with the code %q is known to this group.", Clip(code))
}

func (s *bodies) openOrganisation(rule, code string, d Day) (*Organisation, *Refusal) {
	o, r := s.organisation(rule, code)
	if r != nil {
		return nil, r
	}
	if o.OpenOn(d) {
		return o, nil
	}
	for _, p := range o.Periods {
		if d < p.From {
			return nil, notNow("O1", "%s (%s) opens on %s.", o.Name, o.Code, p.From.Words())
		}
	}
	return nil, notNow("O1", "%s (%s) closed on %s.", o.Name, o.Code, o.Closed.Words())
}

// code is the same code in the memory that its organisation has anyway.
func (s *bodies) code(code string) string {
	if o := s.Organisations[code]; o != nil {
		return o.Code
	}
	return code
}

// nameOn is how an organisation was named on that day.
func (s *bodies) nameOn(code string, d Day) string {
	if o := s.Organisations[code]; o != nil {
		return o.NameOn(d)
	}
	return code
}

// name is how an organisation is named in sentences.
func (s *bodies) name(code string) string {
	if o := s.Organisations[code]; o != nil {
		return o.Name
	}
	return code
}
