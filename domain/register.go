package domain

import (
	"cmp"
	"slices"
	"strings"
)

// The register of organisations, as lists bring it (rules O1, O2).
//
// What is typed says everything about the organisations that it names. An
// official list says what is so on its date: whoever it no longer places here has
// left, and whoever newly appears arrived then. It never undoes what a newer list
// said, and what it leaves out or contradicts is counted and named in the answer.

// An OrganisationRow is what a list says of one organisation.
type OrganisationRow struct {
	Code    string           `json:"code" doc:"ODS code where there is one" maxLength:"60" rule:"O1" kind:"code" call:"an organisation's code"`
	Kind    OrganisationKind `json:"kind" enum:"practice,pcn,federation,provider,lmc,group,system-body,place,primary-care"`
	Name    string           `json:"name" doc:"an official list may leave it out, if the organisation is known" maxLength:"200"`
	Opened  Day              `json:"opened,omitzero"`
	Closed  Day              `json:"closed,omitzero" doc:"last day of working; what it granted ends with it"`
	Legal   Day              `json:"legalClose,omitzero" doc:"legal end, where it differs"`
	Parents []MembershipRow  `json:"memberships,omitempty" maxItems:"50"`
	Lists   []ListRow        `json:"lists,omitempty" maxItems:"50"`
	Source  string           `json:"source,omitempty" doc:"where this was read" maxLength:"200" call:"the source"`
	Mistake bool             `json:"mistake,omitzero" doc:"that it closed, merged or was split was recorded by mistake: it goes on as if it had not, with all that ended by it"`
}

// A ListRow is a practice's number of registered patients on a day (rule O2).
type ListRow struct {
	On       Day `json:"on"`
	Patients int `json:"patients" minimum:"0" maximum:"1000000"`
}

// What an official list can hold all of.
const (
	AllPractices   = "practices"   // every practice of the place
	AllPCNs        = "pcns"        // every PCN of the place
	AllMemberships = "memberships" // the PCN of every practice that it names
)

// ImportOrganisations takes over a list of organisations. Only differences
// become events, so the same list can be imported again and again (rule O1).
type ImportOrganisations struct {
	Rows     []OrganisationRow `json:"rows" maxItems:"500"`
	On       Day               `json:"on,omitzero" doc:"date of an official list, which says what is so on that day; none: typed today"`
	Complete []string          `json:"complete,omitempty" doc:"what the official list holds all of: practices, pcns, memberships; whoever it then no longer places here has left" maxItems:"3"`
	Also     []string          `json:"also,omitempty" doc:"codes that the same list names in other portions" maxItems:"5000"`
	Source   string            `json:"source,omitempty" doc:"of an official list: where it was read" maxLength:"200" rule:"O1" call:"the source"`
}

const mostAlso = 5000

func (c *ImportOrganisations) may(w *who) (Permission, *Refusal) { return w.mustKeepRegister("O1") }

// concerns are the organisations that the list ends, opens again or moves, each for its
// part, and all seats for what else changes (rules O1, O3).
func (c *ImportOrganisations) concerns(s *State, would []Event) []string {
	var of []string
	var said []Payload
	for i := range would {
		said = append(said, would[i].Data)
	}
	for _, part := range listParts(said) {
		if part != "" {
			of = appendNew(of, part)
		}
	}
	return of
}

func (c *ImportOrganisations) names() []string { return nil }

// listParts say for each of what a list brings whose word it takes: that of the
// organisation which ends, opens again or moves; AllSeats; "" for nobody's. Nobody is
// asked about a new organisation that can't stand behind the group.
func listParts(said []Payload) []string {
	parts := make([]string, len(said))
	kinds := map[string]OrganisationKind{}
	about := func(code string) string {
		if kind, new := kinds[code]; new && kind != Practice && kind != PCN {
			return ""
		} else if new {
			return AllSeats
		}
		return code
	}
	for i, p := range said {
		switch p := p.(type) {
		case *OrganisationsListed:
		case *OrganisationRegistered:
			kinds[p.Code] = p.Kind
			parts[i] = about(p.Code)
		case *OrganisationClosed:
			parts[i] = about(p.Code)
		case *OrganisationSplit:
			parts[i] = about(p.Code)
		case *OrganisationReopened:
			parts[i] = about(p.Code)
		case *MembershipStarted:
			parts[i] = about(p.Member)
		case *MembershipEnded:
			parts[i] = about(p.Member)
		case *MembershipCorrected:
			parts[i] = about(p.Member)
		default:
			parts[i] = AllSeats
		}
	}
	return parts
}

func (c *ImportOrganisations) decide(t *turn) *Refusal {
	if r := c.check(t); r != nil {
		return r
	}
	reading := &listReading{t: t, on: cmp.Or(c.On, t.day), official: c.On != 0, complete: c.Complete, also: c.Also}
	if r := reading.read(c.Rows); r != nil {
		return r
	}
	reading.record(c.Source)
	if reading.official {
		t.list = &reading.outcome
	}
	if t.s.Established == 0 {
		t.establish() // the seat that was missing may be missing no longer (F2)
	}
	return nil
}

func (c *ImportOrganisations) check(t *turn) *Refusal {
	if r := t.notInFuture("O1", c.On); r != nil {
		return r
	}
	for _, what := range c.Complete {
		if what != AllPractices && what != AllPCNs && what != AllMemberships {
			return invalid("O1", "A list can hold all practices, pcns or memberships, not %q.", Clip(what)).at("complete")
		}
	}
	if c.On == 0 && (len(c.Complete) > 0 || len(c.Also) > 0) {
		return invalid("O1", "Give the list's date: only a dated list can say who has left.").at("on")
	}
	if len(c.Also) > mostAlso {
		return invalid("O1", "Name at most %s codes.", Thousands(mostAlso)).at("also")
	}
	for i, code := range c.Also {
		if r := checkRef("O1", "an organisation's code", code); r != nil {
			return r.at(nth("also", i))
		}
	}
	return nil
}

// importRows takes over what was typed, on a turn that goes on to decide about it.
func (t *turn) importRows(rows []OrganisationRow) *Refusal {
	reading := &listReading{t: t, on: t.day}
	if r := reading.read(rows); r != nil {
		return r
	}
	reading.record("")
	return nil
}

// A ListOutcome is what a list left out or said otherwise, in sentences.
type ListOutcome struct {
	Organisations int      `json:"organisations" doc:"that the list names"`
	LeftOut       []string `json:"leftOut" doc:"whom the list no longer places here, and since when"`
	Contradicted  []string `json:"contradicted" doc:"what the list says otherwise than the ledger, and was not taken over"`
}

// An officialList is one that was taken over: what it brought has its event as cause.
type officialList struct {
	index    uint64
	on       Day
	complete []string
}

// wordOf is the day of which the event is the word: the date of the official list
// that it came from or, if somebody typed it, the day on which it was recorded.
func (s *register) wordOf(ev *Event) (on Day, typed bool) {
	if i := slices.IndexFunc(s.lists, func(l officialList) bool { return l.index == ev.Cause }); i >= 0 {
		return s.lists[i].on, false
	}
	return DayOf(ev.Time), true
}

// listBefore is the date of the newest official list before that day that held
// all of these; 0 for none.
func (s *register) listBefore(what string, d Day) Day {
	on := Day(0)
	for _, l := range s.lists {
		if l.on < d && slices.Contains(l.complete, what) {
			on = max(on, l.on)
		}
	}
	return on
}

// lastList is the date of the newest official list of all the place's
// organisations of that kind; 0 for none.
func (s *register) lastList(kind OrganisationKind) Day {
	return s.listBefore(allOf(kind), lastDayKnown)
}

// lastDayKnown is after every day that can be written.
const lastDayKnown = Day(1<<31 - 1)

// allOf is how a list says that it holds all of the kind.
func allOf(kind OrganisationKind) string { return string(kind) + "s" }

// allIn is how a list says that it holds all of the kind's members in that one.
func (l *listReading) allIn(kind OrganisationKind, in string) string {
	if l.isPCN(in) {
		return AllMemberships
	}
	return allOf(kind)
}

// A listReading is a list being compared with the register.
type listReading struct {
	t        *turn
	on       Day // the list's date, or today
	official bool
	complete []string
	also     []string
	named    map[string]*OrganisationRow
	found    []difference
	outcome  ListOutcome
}

// A difference is an event that the list calls for.
type difference struct {
	effective Day
	cause     uint64 // the event that this one corrects; none if 0
	data      Payload
}

func (l *listReading) add(effective Day, data Payload) {
	l.found = append(l.found, difference{effective: effective, data: data})
}

func (l *listReading) contradicts(format string, args ...any) {
	l.outcome.Contradicted = append(l.outcome.Contradicted, invalid("O1", format, args...).Say)
}

// read compares the list with the register.
func (l *listReading) read(rows []OrganisationRow) *Refusal {
	s := l.t.s
	if len(rows) > 500 {
		return invalid("O1", "Import at most 500 organisations at a time.")
	}
	l.named = map[string]*OrganisationRow{}
	for i := range rows {
		if r := rows[i].check(l.official && s.Organisations[rows[i].Code] != nil, l.official); r != nil {
			return r
		}
		if l.named[rows[i].Code] != nil {
			return invalid("O1", "%s is in the list twice.", rows[i].Code)
		}
		if had := like(l.named, rows[i].Code); had != "" {
			return invalid("O1", "There is already an organisation %s%s.", had, onlyByCase(had, rows[i].Code))
		}
		l.named[rows[i].Code] = &rows[i]
	}
	for i := range rows {
		for _, m := range rows[i].Parents {
			if s.Organisations[m.In] == nil && l.named[m.In] == nil {
				return notFound("O1", "%s is said to be in %s, which is not known here.", rows[i].Code, Clip(m.In))
			}
		}
		if rows[i].Mistake && s.Organisations[rows[i].Code] == nil {
			return notFound("O1", "%s is not known here: no closing of it was a mistake.", rows[i].Code)
		}
		if old := s.Organisations[rows[i].Code]; old != nil && old.Kind != rows[i].Kind {
			return notNow("O1", "%s is recorded as a %s, not a %s.", rows[i].Code, old.Kind, rows[i].Kind)
		}
		if had := like(s.Organisations, rows[i].Code); s.Organisations[rows[i].Code] == nil && had != "" {
			return invalid("O1", "There is already an organisation %s%s.", had, onlyByCase(had, rows[i].Code))
		}
	}
	l.outcome = ListOutcome{Organisations: len(rows), LeftOut: []string{}, Contradicted: []string{}}
	for i := range rows {
		l.readRow(&rows[i])
	}
	for i := range rows {
		l.readMemberships(&rows[i])
	}
	l.readAbsent()
	return nil
}

// check refuses what no list can say. A list may leave out the name of an
// organisation that is known, and an official one the first day of a membership.
func (row *OrganisationRow) check(nameless, official bool) *Refusal {
	if r := row.checkName(nameless).at("name"); r != nil {
		return r
	}
	if !slices.Contains(organisationKinds, row.Kind) {
		return invalid("O1", "%q is not a kind of organisation known here.", Clip(string(row.Kind)))
	}
	if shape := odsShape[row.Kind]; shape != nil && !shape.MatchString(row.Code) {
		return invalid("O1", "%q is not the ODS code of a %s.", Clip(row.Code), strings.ReplaceAll(string(row.Kind), "pcn", "PCN"))
	}
	if row.Mistake && (official || row.Closed != 0) {
		return invalid("O1", "That %s closed by mistake is typed, on a day without a list, and gives no last day.", row.Code)
	}
	if row.Closed != 0 && row.Opened > row.Closed {
		return invalid("O1", "%s can't close before it opens.", row.Code)
	}
	for i, m := range row.Parents {
		if (m.From == 0 && !official) || (m.Until != 0 && m.Until < m.From) {
			return invalid("O1", "The membership of %s in %s needs a first day that is not after its last.", row.Code, Clip(m.In))
		}
		for _, o := range row.Parents[:i] {
			if o.In == m.In && o.overlaps(m.Span) {
				return invalid("O1", "%s can't be in %s twice at the same time.", row.Code, Clip(m.In))
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

func (row *OrganisationRow) checkName(nameless bool) *Refusal {
	if nameless && row.Name == "" {
		return nil
	}
	return checkWords("O1", "the organisation's name", row.Name, shortWords)
}

// outdated says whether a newer official list has spoken of such organisations.
// An older one changes nothing but list sizes, which have dates of their own.
func (l *listReading) outdated(kind OrganisationKind) bool {
	return l.official && l.on < l.t.s.lastList(kind)
}

// readRow compares what the list says of the organisation itself.
func (l *listReading) readRow(row *OrganisationRow) {
	old := l.t.s.Organisations[row.Code]
	switch {
	case l.outdated(row.Kind):
		l.readOutdated(row, old)
	case old == nil:
		l.add(cmp.Or(row.Opened, l.on), &OrganisationRegistered{Code: row.Code, Kind: row.Kind, Name: row.Name, Opened: row.Opened, Source: row.Source})
		if row.Closed != 0 {
			l.add(row.Closed, &OrganisationClosed{Code: row.Code, Last: row.Closed, Legal: row.Legal, Source: row.Source})
		}
	default:
		l.readChange(row, old)
		l.readClosing(row, old)
	}
	if old != nil || !l.outdated(row.Kind) {
		l.readSizes(row, old)
	}
}

func (l *listReading) readOutdated(row *OrganisationRow, old *Organisation) {
	switch newest := l.t.s.lastList(row.Kind); {
	case old == nil:
		l.contradicts("%s (%s) is not in the newer list of %s, so it was not taken over.", row.Name, row.Code, newest.Words())
	case row.Name != "" && !l.sameName(row.Name, old.NameOn(l.on)):
		l.contradicts("%s is called %s in this list. A newer one, of %s, has been taken over.", old.NameOn(l.on)+" ("+row.Code+")", row.Name, newest.Words())
	case row.Closed != 0 && !slices.ContainsFunc(old.Periods, func(p Period) bool { return p.Until == row.Closed }),
		row.Closed == 0 && !old.OpenOn(l.on) && (old.Opened == 0 || old.Opened <= l.on):
		l.contradicts("%s (%s) is open on other days by this list. A newer one, of %s, has been taken over.", old.Name, row.Code, newest.Words())
	}
}

// sameName says whether the list gives the name that is recorded: official lists
// are often all in capitals.
func (l *listReading) sameName(given, have string) bool {
	return given == have || (l.official && strings.EqualFold(given, have))
}

// readChange compares the name, and the first day.
func (l *listReading) readChange(row *OrganisationRow, old *Organisation) {
	have := old.NameOn(l.on)
	if !l.official {
		have = old.Name
	}
	name := row.Name
	if name == "" || l.sameName(name, have) {
		name = have
	}
	opened := row.Opened
	if opened == 0 || old.hasOpening(opened) || (old.Closed != 0 && old.Closed < opened) {
		opened = old.Opened
	}
	if name != have || opened != old.Opened {
		l.add(l.on, &OrganisationChanged{Code: row.Code, Name: name, Opened: opened, Source: row.Source})
	}
}

// readClosing compares the last day.
func (l *listReading) readClosing(row *OrganisationRow, old *Organisation) {
	newest := old.PeriodBy(l.on)
	switch {
	case row.Mistake && newest.Until != 0:
		l.found = append(l.found, difference{newest.Until, newest.ended, &OrganisationReopened{Code: row.Code, Source: row.Source, Mistake: true}})
	case row.Closed != 0 && (newest.Until != row.Closed || newest.Legal != row.Legal && (row.Legal != 0 || !l.official)):
		if newest.said > l.on {
			l.contradicts("%s (%s) closed on %s by the list. What was recorded on %s stands: %s.", old.Name, old.Code, row.Closed.Words(), newest.said.Words(), closingWords(newest))
			return
		}
		l.close(row, newest)
	case row.Closed == 0 && newest.Until != 0:
		l.readOpen(row, old, newest)
	}
}

func (l *listReading) close(row *OrganisationRow, newest *Period) {
	switch len(newest.Into) {
	case 0:
		l.add(row.Closed, &OrganisationClosed{Code: row.Code, Last: row.Closed, Legal: row.Legal, Source: row.Source})
	case 1:
		l.add(row.Closed, &OrganisationClosed{Code: row.Code, Last: row.Closed, Legal: row.Legal, Into: newest.Into[0].Organisation, Source: row.Source})
	default:
		l.add(row.Closed, &OrganisationSplit{Code: row.Code, Last: row.Closed, Legal: row.Legal, Among: newest.Into})
	}
}

// readOpen is a list that gives no closing for an organisation that has one.
func (l *listReading) readOpen(row *OrganisationRow, old *Organisation, newest *Period) {
	again := l.on
	if row.Opened > newest.Until {
		again = row.Opened
	}
	switch {
	case l.official && newest.Until >= l.on && row.Opened <= newest.Until:
		l.contradicts("%s (%s) has no closing in the list. What is recorded stands: %s.", old.Name, old.Code, closingWords(newest))
	case newest.said > l.on:
		l.contradicts("%s (%s) is open in the list. What was recorded on %s stands: %s.", old.Name, old.Code, newest.said.Words(), closingWords(newest))
	default:
		l.add(again, &OrganisationReopened{Code: row.Code, Source: row.Source})
	}
}

func closingWords(p *Period) string { return "its last day is " + p.Until.Words() }

// readSizes compares list sizes. Another figure for a day corrects the one before (L6).
func (l *listReading) readSizes(row *OrganisationRow, old *Organisation) {
	for _, size := range row.Lists {
		d := difference{effective: size.On, data: &ListSizeRecorded{Practice: row.Code, On: size.On, Patients: size.Patients, Source: row.Source}}
		if old != nil {
			if i := slices.IndexFunc(old.Lists, func(have ListSize) bool { return have.On == size.On }); i >= 0 {
				if old.Lists[i].Patients == size.Patients {
					continue
				}
				d.cause = old.Lists[i].Index
			}
		}
		l.found = append(l.found, d)
	}
}

// nameOf is how the row's organisation is named.
func (l *listReading) nameOf(row *OrganisationRow) string {
	return cmp.Or(row.Name, l.t.s.nameOn(row.Code, l.on))
}

func (l *listReading) sourceOf(code string) string {
	if row := l.named[code]; row != nil {
		return row.Source
	}
	return ""
}

// typed says whether somebody typed which organisations of the kind are in that one.
func (l *listReading) typed(kind OrganisationKind, in string) bool {
	return slices.ContainsFunc(l.t.s.members[in], func(code string) bool {
		o := l.t.s.Organisations[code]
		return o.Kind == kind && slices.ContainsFunc(o.Memberships, func(m Membership) bool { return m.In == in && m.typed })
	})
}

// readAbsent has those leave whom a complete list no longer places here.
func (l *listReading) readAbsent() {
	s := l.t.s
	for _, absent := range []struct {
		what string
		here []*Organisation
	}{{AllPCNs, s.PCNsOn(l.on)}, {AllPractices, s.PracticesOn(l.on)}} {
		if !slices.Contains(l.complete, absent.what) {
			continue
		}
		for _, o := range absent.here {
			if l.named[o.Code] == nil && !slices.Contains(l.also, o.Code) && !l.outdated(o.Kind) {
				l.leavePlace(o)
			}
		}
	}
}

// record puts what was found on the turn. What an official list brings follows
// from an event that names the list.
func (l *listReading) record(source string) {
	t := l.t
	l.leaveUnconfirmed()
	list := uint64(0)
	if l.official && len(l.found) > 0 {
		list = t.record(&OrganisationsListed{
			On: l.on, Complete: l.complete, Source: source, Organisations: l.outcome.Organisations,
			LeftOut: l.outcome.LeftOut, Contradicted: l.outcome.Contradicted,
		})
	}
	for _, d := range l.found {
		cause := d.cause
		if cause == 0 {
			cause = cmp.Or(t.because, t.nextIndex())
			if l.official {
				cause = list
			}
		}
		t.recordBecause(cause, d.effective, d.data)
	}
}

// leaveUnconfirmed leaves out what still waits for somebody, where a list takes effect
// that waited (rules O1, O3).
func (l *listReading) leaveUnconfirmed() {
	if l.t.parts == nil {
		return
	}
	var said []Payload
	for _, d := range l.found {
		said = append(said, d.data)
	}
	parts, found := listParts(said), l.found
	l.found = nil
	for i, d := range found {
		if slices.Contains(l.t.parts, parts[i]) || parts[i] == "" {
			l.found = append(l.found, d)
		}
	}
}

// OrganisationsListed: an official list that brought something new was taken
// over. It says in sentences what the list left out and what it said otherwise.
type OrganisationsListed struct {
	On            Day      `json:"on"`
	Complete      []string `json:"complete,omitempty"`
	Source        string   `json:"source,omitempty"`
	Organisations int      `json:"organisations"`
	LeftOut       []string `json:"leftOut,omitempty"`
	Contradicted  []string `json:"contradicted,omitempty"`
}

// outcome is what whoever imported the list was told.
func (e *OrganisationsListed) outcome() *ListOutcome {
	return &ListOutcome{e.Organisations, append([]string{}, e.LeftOut...), append([]string{}, e.Contradicted...)}
}

func (e *OrganisationsListed) Subject() string { return "register/" + e.On.String() }
func (e *OrganisationsListed) apply(s *State, ev *Event) {
	s.lists = with(s.lists, officialList{ev.Index, e.On, e.Complete})
}
