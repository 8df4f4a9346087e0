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

// An OrganisationRow is what a list says of one organisation.
type OrganisationRow struct {
	Code    string           `json:"code" doc:"ODS code where there is one" maxLength:"60"`
	Kind    OrganisationKind `json:"kind" enum:"practice,pcn,federation,provider,lmc,group,system-body,place,primary-care"`
	Name    string           `json:"name" maxLength:"200"`
	Opened  Day              `json:"opened,omitzero"`
	Closed  Day              `json:"closed,omitzero" doc:"last day of working; what it granted ends with it"`
	Legal   Day              `json:"legalClose,omitzero" doc:"legal end, where it differs"`
	Parents []MembershipRow  `json:"memberships,omitempty" maxItems:"50"`
	Lists   []ListRow        `json:"lists,omitempty" maxItems:"50"`
	Source  string           `json:"source,omitempty" doc:"where this was read" maxLength:"200"`
}

// A MembershipRow puts an organisation in another for a time.
type MembershipRow struct {
	In string `json:"in" doc:"code of the PCN or place" maxLength:"60"`
	Span
}

// A ListRow is a practice's number of registered patients on a day (rule O2).
type ListRow struct {
	On       Day `json:"on"`
	Patients int `json:"patients" minimum:"0" maximum:"1000000"`
}

// ImportOrganisations takes over a list of organisations. Only differences
// become events, so the same list can be imported again and again (rule O1).
type ImportOrganisations struct {
	Rows []OrganisationRow `json:"rows" maxItems:"500"`
}

func (c *ImportOrganisations) decide(t *turn) *Refusal {
	if r := t.mustKeepRegister("O1"); r != nil {
		return r
	}
	if r := t.importRows(c.Rows); r != nil {
		return r
	}
	if t.s.Established == 0 {
		t.establish() // the seat that was missing may be missing no longer (F2)
	}
	return nil
}

func (t *turn) importRows(rows []OrganisationRow) *Refusal {
	if len(rows) > 500 {
		return invalid("O1", "Import at most 500 organisations at a time.")
	}
	named := map[string]bool{}
	for i := range rows {
		if r := rows[i].check(); r != nil {
			return r
		}
		if named[rows[i].Code] {
			return invalid("O1", "%s is in the list twice.", rows[i].Code)
		}
		named[rows[i].Code] = true
	}
	for i := range rows {
		for _, m := range rows[i].Parents {
			if t.s.Organisations[m.In] == nil && !named[m.In] {
				return notFound("O1", "%s is said to be in %s, which is not known here.", rows[i].Code, clip(m.In))
			}
		}
	}
	for i := range rows {
		if r := t.importOne(&rows[i]); r != nil {
			return r
		}
	}
	for i := range rows {
		t.importMemberships(&rows[i])
	}
	return nil
}

func (row *OrganisationRow) check() *Refusal {
	if r := firstRefusal(
		checkRef("O1", "an organisation's code", row.Code),
		checkWords("O1", "the organisation's name", row.Name, shortWords).at("name"),
		checkOptional("O1", "the source", row.Source, shortWords).at("source"),
	); r != nil {
		return r
	}
	if !slices.Contains(organisationKinds, row.Kind) {
		return invalid("O1", "%q is not a kind of organisation known here.", clip(string(row.Kind)))
	}
	if shape := odsShape[row.Kind]; shape != nil && !shape.MatchString(row.Code) {
		return invalid("O1", "%q is not the ODS code of a %s.", clip(row.Code), strings.ReplaceAll(string(row.Kind), "pcn", "PCN"))
	}
	if row.Closed != 0 && row.Opened > row.Closed {
		return invalid("O1", "%s can't close before it opens.", row.Code)
	}
	for i, m := range row.Parents {
		if m.From == 0 || (m.Until != 0 && m.Until < m.From) {
			return invalid("O1", "The membership of %s in %s needs a first day that is not after its last.", row.Code, clip(m.In))
		}
		for _, o := range row.Parents[:i] {
			if o.In == m.In && o.overlaps(m.Span) {
				return invalid("O1", "%s can't be in %s twice at the same time.", row.Code, clip(m.In))
			}
		}
	}
	for _, l := range row.Lists {
		if l.Patients < 0 || l.Patients > 1_000_000 || l.On == 0 || row.Kind != Practice {
			return invalid("O2", "A list size belongs to a practice, has a date, and is between 0 and 1,000,000.")
		}
	}
	return nil
}

func (t *turn) importOne(row *OrganisationRow) *Refusal {
	old := t.s.Organisations[row.Code]
	if had := like(t.s.Organisations, row.Code); old == nil && had != "" {
		return invalid("O1", "There is already an organisation %s%s.", had, onlyByCase(had, row.Code))
	}
	switch {
	case old == nil:
		t.recordOn(cmp.Or(row.Opened, t.day), &OrganisationRegistered{Code: row.Code, Kind: row.Kind, Name: row.Name, Opened: row.Opened, Source: row.Source})
	case old.Kind != row.Kind:
		return notNow("O1", "%s is recorded as a %s, not a %s.", row.Code, old.Kind, row.Kind)
	case old.Name != row.Name || (row.Opened != 0 && old.Opened != row.Opened):
		t.record(&OrganisationChanged{Code: row.Code, Name: row.Name, Opened: cmp.Or(row.Opened, old.Opened), Source: row.Source})
	}
	switch {
	case row.Closed != 0 && (old == nil || old.Closed != row.Closed || old.LegalClose != row.Legal):
		into := ""
		if old != nil {
			into = old.Successor
		}
		t.recordOn(row.Closed, &OrganisationClosed{Code: row.Code, Last: row.Closed, Legal: row.Legal, Into: into, Source: row.Source})
	case row.Closed == 0 && old != nil && old.Closed != 0:
		t.record(&OrganisationReopened{Code: row.Code, Source: row.Source})
	}
	for _, l := range row.Lists {
		if old != nil && slices.ContainsFunc(old.Lists, func(have ListSize) bool { return have.On == l.On && have.Patients == l.Patients }) {
			continue
		}
		t.recordOn(l.On, &ListSizeRecorded{Practice: row.Code, On: l.On, Patients: l.Patients, Source: row.Source})
	}
	return nil
}

func (t *turn) importMemberships(row *OrganisationRow) {
	var have []Membership
	if old := t.s.Organisations[row.Code]; old != nil {
		have = old.Memberships
	}
	for _, m := range row.Parents {
		i := slices.IndexFunc(have, func(h Membership) bool { return h.In == m.In && h.From == m.From })
		if i < 0 {
			t.recordOn(m.From, &MembershipStarted{Member: row.Code, In: m.In, From: m.From, Source: row.Source})
		}
		if (i < 0 && m.Until != 0) || (i >= 0 && have[i].Until != m.Until) {
			t.recordOn(cmp.Or(m.Until, t.day), &MembershipEnded{Member: row.Code, In: m.In, From: m.From, Until: m.Until, Source: row.Source})
		}
	}
}

// MergeOrganisation records that one organisation went on as another: its
// seat's objections pass to the successor (rules O1, F5).
type MergeOrganisation struct {
	Organisation string `json:"organisation"`
	Into         string `json:"into"`
	Last         Day    `json:"last" doc:"last day of the one that ends"`
}

func (c *MergeOrganisation) decide(t *turn) *Refusal {
	if r := t.mustKeepRegister("O1"); r != nil {
		return r
	}
	o, r := t.s.organisation("O1", c.Organisation)
	if r != nil {
		return r
	}
	into, r := t.s.organisation("O1", c.Into)
	if r != nil {
		return r
	}
	if c.Last == 0 || o == into || o.Kind != into.Kind || o.Closed != 0 || !into.OpenOn(c.Last+1) {
		return invalid("O1", "An organisation merges, on a day, into another open one of its own kind.")
	}
	t.recordOn(c.Last, &OrganisationClosed{Code: o.Code, Last: c.Last, Into: into.Code})
	return nil
}

// RecordSpokesperson says who may speak for an organisation (grant a mandate,
// disagree), apart from who may act at the table (rule O3).
type RecordSpokesperson struct {
	Organisation string `json:"organisation"`
	Person       string `json:"person" doc:"handle or id"`
	Evidence     string `json:"evidence" doc:"how this is known: a minute, a letter" maxLength:"2000"`
	Span
}

func (c *RecordSpokesperson) decide(t *turn) *Refusal {
	o, r := t.s.openOrganisation("O3", c.Organisation, t.day)
	if r != nil {
		return r
	}
	p, r := t.s.person("O3", c.Person)
	if r != nil {
		return r
	}
	if !t.s.SpeaksFor(t.actor.ID, o.Code, t.day) {
		if r := t.mustKeepRegister("O3"); r != nil {
			return r
		}
	}
	if r := checkWords("O3", "the evidence", c.Evidence, someWords).at("evidence"); r != nil {
		return r
	}
	span, r := t.span("O3", c.Span)
	if r != nil {
		return r
	}
	t.as = "organisation/" + o.Code
	t.recordOn(span.From, &SpokespersonRecorded{Organisation: o.Code, Person: p.ID, Evidence: c.Evidence, Span: span})
	return nil
}

// EndSpokesperson says that somebody no longer speaks for an organisation.
type EndSpokesperson struct {
	Organisation string `json:"organisation"`
	Person       string `json:"person" doc:"handle or id"`
	Until        Day    `json:"until" doc:"last day"`
}

func (c *EndSpokesperson) decide(t *turn) *Refusal {
	o, r := t.s.organisation("O3", c.Organisation)
	if r != nil {
		return r
	}
	p, r := t.s.person("O3", c.Person)
	if r != nil {
		return r
	}
	if !t.s.SpeaksFor(t.actor.ID, o.Code, t.day) {
		if r := t.mustKeepRegister("O3"); r != nil {
			return r
		}
	}
	if c.Until == 0 || !t.s.SpeaksFor(p.ID, o.Code, c.Until) {
		return notNow("O3", "%s does not speak for %s on that day.", p.Office, o.Name).at("until")
	}
	t.recordOn(c.Until, &SpokespersonEnded{Organisation: o.Code, Person: p.ID, Until: c.Until})
	return nil
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
	s.Organisations[e.Code] = &Organisation{Code: e.Code, Kind: e.Kind, Name: e.Name, Opened: e.Opened, Index: ev.Index}
}

// OrganisationChanged: a list gives another name or opening day.
type OrganisationChanged struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Opened Day    `json:"opened,omitzero"`
	Source string `json:"source,omitempty"`
}

func (e *OrganisationChanged) Subject() string { return "organisation/" + e.Code }
func (e *OrganisationChanged) apply(s *State, _ *Event) {
	o := edit(s.Organisations, e.Code)
	o.Name, o.Opened = e.Name, e.Opened
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
func (e *OrganisationClosed) apply(s *State, _ *Event) {
	o := edit(s.Organisations, e.Code)
	o.Closed, o.LegalClose, o.Successor = e.Last, e.Legal, e.Into
}

// OrganisationReopened: a list says that a closed organisation is open after all.
type OrganisationReopened struct {
	Code   string `json:"code"`
	Source string `json:"source,omitempty"`
}

func (e *OrganisationReopened) Subject() string { return "organisation/" + e.Code }
func (e *OrganisationReopened) apply(s *State, _ *Event) {
	o := edit(s.Organisations, e.Code)
	o.Closed, o.LegalClose, o.Successor = 0, 0, ""
}

// MembershipStarted: an organisation belongs to a PCN or a place.
type MembershipStarted struct {
	Member string `json:"member"`
	In     string `json:"in"`
	From   Day    `json:"from"`
	Source string `json:"source,omitempty"`
}

func (e *MembershipStarted) Subject() string { return "organisation/" + e.Member }
func (e *MembershipStarted) apply(s *State, ev *Event) {
	o := edit(s.Organisations, e.Member)
	o.Memberships = append(slices.Clip(o.Memberships), Membership{In: e.In, Span: Span{From: e.From}, Index: ev.Index})
	s.members[e.In] = appendNew(s.members[e.In], e.Member)
}

// MembershipEnded: the membership that began on From has that last day; no
// Until takes an end back.
type MembershipEnded struct {
	Member string `json:"member"`
	In     string `json:"in"`
	From   Day    `json:"from"`
	Until  Day    `json:"until,omitzero"`
	Source string `json:"source,omitempty"`
}

func (e *MembershipEnded) Subject() string { return "organisation/" + e.Member }
func (e *MembershipEnded) apply(s *State, _ *Event) {
	o := edit(s.Organisations, e.Member)
	o.Memberships = slices.Clone(o.Memberships)
	for i := range o.Memberships {
		if m := &o.Memberships[i]; m.In == e.In && m.From == e.From {
			m.Until = e.Until
		}
	}
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
	o.Spokespeople = append(slices.Clip(o.Spokespeople), Tenure{Person: e.Person, Span: e.Span, Index: ev.Index})
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

// An Organisation is one that the ledger knows.
type Organisation struct {
	Code         string
	Kind         OrganisationKind
	Name         string
	Opened       Day
	Closed       Day // last day of working
	LegalClose   Day
	Successor    string // code of the organisation it merged into
	Memberships  []Membership
	Lists        []ListSize // by date
	Spokespeople []Tenure
	Index        uint64 // of the event that registered it
}

// A Membership is a stay in a PCN or a place.
type Membership struct {
	In string
	Span
	Index uint64
}

// A ListSize is a dated number of registered patients with its source (rule O2).
type ListSize struct {
	On       Day
	Patients int
	Source   string
	Index    uint64
}

// A Tenure is a person in a position for a time.
type Tenure struct {
	Person string
	Span
	Index uint64
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

func holds(ts []Tenure, person string, d Day) bool {
	return slices.ContainsFunc(ts, func(t Tenure) bool { return t.Person == person && t.Covers(d) })
}

// OpenOn says whether the organisation works on that day.
func (o *Organisation) OpenOn(d Day) bool {
	return (o.Opened == 0 || o.Opened <= d) && (o.Closed == 0 || d <= o.Closed)
}

// In says whether the organisation belongs to the other on that day.
func (o *Organisation) In(code string, d Day) bool {
	return slices.ContainsFunc(o.Memberships, func(m Membership) bool { return m.In == code && m.Covers(d) })
}

// PatientsOn is the number of registered patients in force on that day (rule O2).
func (o *Organisation) PatientsOn(d Day) int {
	n := 0
	for _, l := range o.Lists {
		if l.On <= d {
			n = l.Patients
		}
	}
	return n
}

// CountedOn says whether a number of registered patients is in force on that day (rule O2).
func (o *Organisation) CountedOn(d Day) bool {
	return slices.ContainsFunc(o.Lists, func(l ListSize) bool { return l.On <= d })
}

// SpeaksFor says whether the person may speak for the organisation on that day (rule O3).
func (s *State) SpeaksFor(person, code string, d Day) bool {
	o := s.Organisations[code]
	return o != nil && holds(o.Spokespeople, person, d)
}

// Members are the codes of those that ever belonged to that PCN or place, in
// the order in which they were recorded.
func (s *State) Members(code string) []string { return s.members[code] }

// PracticesOn are the open practices of the place on that day, by code (rule
// M3): those in the place itself or in one of its PCNs.
func (s *State) PracticesOn(d Day) []*Organisation {
	ps := make([]*Organisation, 0, len(s.members[s.Place]))
	add := func(code string) {
		for _, m := range s.members[code] {
			if o := s.Organisations[m]; o.Kind == Practice && o.OpenOn(d) && o.In(code, d) {
				ps = append(ps, o)
			}
		}
	}
	add(s.Place)
	for _, pcn := range s.PCNsOn(d) {
		add(pcn.Code)
	}
	slices.SortFunc(ps, func(a, b *Organisation) int { return strings.Compare(a.Code, b.Code) })
	return slices.Compact(ps)
}

// isPracticeOn says whether PracticesOn has the organisation.
func (s *State) isPracticeOn(o *Organisation, d Day) bool {
	return o.Kind == Practice && o.OpenOn(d) && slices.ContainsFunc(o.Memberships, func(m Membership) bool {
		return m.Covers(d) && (m.In == s.Place || s.isPCNOn(s.Organisations[m.In], d))
	})
}

// PCNsOn are the open PCNs of the place on that day, by code.
func (s *State) PCNsOn(d Day) []*Organisation {
	var ps []*Organisation
	for _, m := range s.members[s.Place] {
		if o := s.Organisations[m]; s.isPCNOn(o, d) {
			ps = append(ps, o)
		}
	}
	slices.SortFunc(ps, func(a, b *Organisation) int { return strings.Compare(a.Code, b.Code) })
	return ps
}

func (s *State) isPCNOn(o *Organisation, d Day) bool {
	return o.Kind == PCN && o.OpenOn(d) && o.In(s.Place, d)
}

func (s *State) organisation(rule, code string) (*Organisation, *Refusal) {
	if o := s.Organisations[code]; o != nil {
		return o, nil
	}
	return nil, notFound(rule, "No organisation with the code %q is known to this group.", clip(code))
}

func (s *State) openOrganisation(rule, code string, d Day) (*Organisation, *Refusal) {
	o, r := s.organisation(rule, code)
	if r != nil {
		return nil, r
	}
	if o.Closed != 0 && d > o.Closed {
		return nil, notNow("O1", "%s (%s) closed on %s.", o.Name, o.Code, o.Closed.Words())
	}
	if !o.OpenOn(d) {
		return nil, notNow("O1", "%s (%s) opens on %s.", o.Name, o.Code, o.Opened.Words())
	}
	return o, nil
}

// code is the same code in the memory that its organisation has anyway.
func (s *State) code(code string) string {
	if o := s.Organisations[code]; o != nil {
		return o.Code
	}
	return code
}

// name is how an organisation is named in sentences.
func (s *State) name(code string) string {
	if o := s.Organisations[code]; o != nil {
		return o.Name
	}
	return code
}
