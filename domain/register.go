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
	Code    string           `json:"code" doc:"ODS code where there is one" maxLength:"60" rule:"O1" kind:"code" call:"an organisation's code" ask:"Its code" hint:"Its ODS code. Where it has none, a short name in letters, digits and hyphens."`
	Kind    OrganisationKind `json:"kind" enum:"practice,pcn,federation,provider,lmc,group,system-body,place,primary-care" ask:"What is it?"`
	Name    string           `json:"name" doc:"it may be left out, if the organisation is known" maxLength:"200" ask:"Its name"`
	Opened  Day              `json:"opened,omitzero" ask:"When did it open?" hint:"Leave it empty if you don’t know."`
	Closed  Day              `json:"closed,omitzero" doc:"last day of working; what it granted ends with it" ask:"Its last day"`
	Legal   Day              `json:"legalClose,omitzero" doc:"legal end, where it differs"`
	Parents []MembershipRow  `json:"memberships,omitempty" maxItems:"50" one:"membership" ask:"Where does it belong?" hint:"A practice belongs to its PCN and to the place, a PCN to the place. Others belong nowhere."`
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
	Rows     []OrganisationRow `json:"rows" maxItems:"500" one:"organisation"`
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

// check refuses what no list can say. A row may leave out the name of an
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
