package domain

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// Instruments (rules C1, C8, C9): what an agreement enacts. They take effect in
// the append that records the agreement, each naming it as its source. There is
// no other way to create a power, an appointment, a duty, a priority list or a
// charter version, but the exercise of rule C8.

// An Instrument is exactly one of these.
type Instrument struct {
	FormExecutive      *FormExecutive      `json:"formExecutive,omitempty"`
	GrantDelegation    *GrantDelegation    `json:"grantDelegation,omitempty"`
	VaryDelegation     *VaryDelegation     `json:"varyDelegation,omitempty"`
	ConfirmDelegation  *ConfirmDelegation  `json:"confirmDelegation,omitempty"`
	EndDelegation      *EndDelegation      `json:"endDelegation,omitempty"`
	Appoint            *Appoint            `json:"appoint,omitempty"`
	VaryAppointment    *VaryAppointment    `json:"varyAppointment,omitempty"`
	ConfirmAppointment *ConfirmAppointment `json:"confirmAppointment,omitempty"`
	EndAppointment     *EndAppointment     `json:"endAppointment,omitempty"`
	AssignDuty         *AssignDuty         `json:"assignDuty,omitempty"`
	OpenSeat           *OpenSeat           `json:"openSeat,omitempty"`
	ChangeCharter      *ChangeCharter      `json:"changeCharter,omitempty"`
	AdoptPosition      *AdoptPosition      `json:"adoptPosition,omitempty"`
	Ratify             *Ratify             `json:"ratify,omitempty"`
	Disavow            *Disavow            `json:"disavow,omitempty"`
	SetAside           *SetAside           `json:"setAside,omitempty"`
	EndDuty            *EndDuty            `json:"endDuty,omitempty"`
	CreateActions      *CreateActions      `json:"createActions,omitempty"`
	AdoptPriorities    *AdoptPriorities    `json:"adoptPriorities,omitempty"`
	EndSuspension      *EndSuspension      `json:"endSuspension,omitempty"`
	JoinGroup          *JoinGroup          `json:"joinGroup,omitempty"`
	LeaveGroup         *LeaveGroup         `json:"leaveGroup,omitempty"`
}

// instrument is what every instrument can do: be checked against the state of
// the day on which it would be enacted, and be enacted.
type instrument interface {
	check(*turn, enacting) *Refusal
	enact(*turn, enacting) // after check; records, and can't fail
}

// enacting says by what, and on which day, an instrument is enacted.
type enacting struct {
	source string // the proposal's number
	cause  uint64 // index of the agreement
	day    Day
}

func (i *Instrument) all() []instrument {
	var set []instrument
	set = appendSet(set, i.FormExecutive)
	set = appendSet(set, i.GrantDelegation)
	set = appendSet(set, i.VaryDelegation)
	set = appendSet(set, i.ConfirmDelegation)
	set = appendSet(set, i.EndDelegation)
	set = appendSet(set, i.Appoint)
	set = appendSet(set, i.VaryAppointment)
	set = appendSet(set, i.ConfirmAppointment)
	set = appendSet(set, i.EndAppointment)
	set = appendSet(set, i.AssignDuty)
	set = appendSet(set, i.OpenSeat)
	set = appendSet(set, i.ChangeCharter)
	set = appendSet(set, i.AdoptPosition)
	set = appendSet(set, i.Ratify)
	set = appendSet(set, i.Disavow)
	set = appendSet(set, i.SetAside)
	set = appendSet(set, i.EndDuty)
	set = appendSet(set, i.CreateActions)
	set = appendSet(set, i.AdoptPriorities)
	set = appendSet(set, i.EndSuspension)
	set = appendSet(set, i.JoinGroup)
	return appendSet(set, i.LeaveGroup)
}

// name is the instrument's member that is set, as JSON writes it.
func (i *Instrument) name() string {
	v := reflect.ValueOf(i).Elem()
	for n := range v.NumField() {
		if !v.Field(n).IsNil() {
			name, _, _ := strings.Cut(v.Type().Field(n).Tag.Get("json"), ",")
			return name
		}
	}
	return ""
}

func appendSet[T any, P interface {
	*T
	instrument
}](set []instrument, p P) []instrument {
	if p == nil {
		return set
	}
	return append(set, p)
}

func (i *Instrument) one() (instrument, *Refusal) {
	set := i.all()
	if len(set) != 1 {
		return nil, invalid("C1", "Each instrument does exactly one thing.")
	}
	return set[0], nil
}

// enactAll checks and enacts the instruments one after the other; the turn has
// its own state, so each is checked with those before it in force.
func (t *turn) enactAll(is []Instrument, e enacting) *Refusal {
	for i := range is {
		one, r := is[i].one()
		if r != nil {
			return r
		}
		if r = checkDescribed(one); r == nil {
			r = one.check(t, e)
		}
		if r != nil {
			return r.at(is[i].name()).at(nth("instruments", i))
		}
		one.enact(t, e)
	}
	return nil
}

// tryInstruments refuses instruments that the rules forbid, as of that day
// (rule C1). It leaves the turn as it was.
func (t *turn) tryInstruments(is []Instrument, proposal string, d Day) *Refusal {
	if len(is) == 0 {
		return nil // which needs no copy of the state to try them on
	}
	trial := &turn{asking: asking{s: t.s.copied(), req: t.req, now: t.now, day: d, actor: t.actor}, own: true, as: t.as}
	agreed := Proposal{Number: proposal, Versions: []Version{{Number: 1, Instruments: is, Put: d, PutIndex: t.nextIndex()}}} // put now
	if p := t.s.Proposals[proposal]; p != nil {
		agreed = *p
	}
	agreed.Stage, agreed.AgreedOn = Agreed, d // what comes first in the list holds for what rests on it
	trial.s.Proposals[proposal] = &agreed
	return trial.enactAll(is, enacting{proposal, t.nextIndex(), d})
}

// AssignDuty names a chair, co-chair, deputy chair, manager, registrar, gatekeeper or lead (rules F4, F9).
type AssignDuty struct {
	DutyEntry
}

func (c *AssignDuty) check(t *turn, e enacting) *Refusal {
	p, span, r := c.DutyEntry.check(t.s.State, e.day)
	if r == nil {
		_, r = t.s.personInOffice("F9", p.ID, span.From)
		r = r.at("person")
	}
	return r
}

func (c *AssignDuty) enact(t *turn, e enacting) { t.assignDuty(&c.DutyEntry, e) }

// EndDuty gives somebody's duty a last day without naming another (rules F9, A4).
type EndDuty struct {
	Duty   DutyName `json:"duty" enum:"chair,co-chair,deputy-chair,manager,registrar,gatekeeper,lead" rule:"F9" ask:"Which duty?"`
	Person string   `json:"person" doc:"handle or id" maxLength:"60" of:"person" ask:"Whose?"`
	Until  Day      `json:"until,omitzero" doc:"last day; none: the day before it is agreed" ask:"Their last day" hint:"Such as 9 March 2026. Leave it empty to end it the day before this is agreed."`
}

// last is the duty's last day: at the earliest the day before it is agreed.
func (c *EndDuty) last(e enacting) Day { return max(c.Until, e.day.Add(-1)) }

func (c *EndDuty) check(t *turn, e enacting) *Refusal {
	p, r := t.s.person("F9", c.Person)
	if r != nil {
		return r.at("person")
	}
	if !t.s.HasDuty(p.ID, c.Duty, c.last(e)) {
		return notNow("F9", "%s is not %s on %s.", p.Office, Clip(c.Duty.Words()), c.last(e).Words()).at("person")
	}
	return nil
}

func (c *EndDuty) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, c.last(e), &DutyEnded{Duty: c.Duty, Person: t.s.Person(c.Person).ID, Until: c.last(e), Source: e.source})
}

// OpenSeat gives an organisation a place at the table (rules F3, C6).
type OpenSeat struct {
	SeatEntry
}

func (c *OpenSeat) check(t *turn, e enacting) *Refusal {
	_, _, _, r := t.s.checkSeat(&c.SeatEntry, e.day)
	return r
}

func (c *OpenSeat) enact(t *turn, e enacting) { t.openSeat(&c.SeatEntry, e) }

// ChangeCharter replaces the charter (rule F7).
type ChangeCharter struct {
	Version int     `json:"version" doc:"the version that it replaces"`
	Charter Charter `json:"charter" ask:"The charter"`
}

func (c *ChangeCharter) check(t *turn, e enacting) *Refusal {
	if now := len(t.s.Charters); c.Version != now {
		return notNow("C9", "This changes version %d of the charter, and version %d is in force: amend it.", c.Version, now)
	}
	ch := c.Charter.settled()
	if r := ch.check(t.s.State, t.s.EntitledOn(e.day)); r != nil {
		return r.at("charter")
	}
	if n := t.s.mostGatekeepers(e.day); n > ch.Gatekeepers {
		return notNow("A4", "%s are named, and this charter would allow %d: end a duty first.", Count(n, "gatekeeper"), ch.Gatekeepers).at("gatekeepers").at("charter")
	}
	return nil
}

func (c *ChangeCharter) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &CharterAdopted{Version: c.Version + 1, Charter: c.Charter.settled(), Source: e.source})
}

// AdoptPosition sets the group's position on a matter; as a red line it binds
// every representative (rule R2). A position on the same matter that holds then is
// named as replaced, or the new one is refused (rule C9).
type AdoptPosition struct {
	Matter   string        `json:"matter" rule:"F6" of:"matter" ask:"On which subject?" hint:"And all below it."`
	Words    string        `json:"words" maxLength:"2000" rule:"C1" call:"the position in words" ask:"Our position, in words" hint:"What representatives say on it from then on."`
	RedLine  bool          `json:"redLine,omitempty" ask:"It is a red line for everybody who represents us"`
	Replaces []PositionRef `json:"replaces,omitempty" doc:"positions that end when this one begins" maxItems:"50" of:"position" ask:"What does it replace?" hint:"A position or red line on the same subject ends only if you choose it here. What you don't choose stays."`
	Span
}

// A PositionRef names a position that the group adopted.
type PositionRef struct {
	Agreement string `json:"agreement" doc:"the agreement that adopted it, such as P1" maxLength:"20" rule:"C9" of:"agreement"`
	Matter    string `json:"matter,omitempty" doc:"none: the same matter" maxLength:"120" of:"matter"`
}

// names says whether the reference, made where another position is adopted on
// that matter, means the position.
func (c PositionRef) names(p *AdoptedPosition, matter string) bool {
	return p.Source == c.Agreement && p.Matter == cmp.Or(c.Matter, matter)
}

func (c *AdoptPosition) check(t *turn, e enacting) *Refusal {
	if c.Until != 0 && c.Until < max(c.From, e.day) {
		return invalid("C1", "The position would end before it begins.").at("until")
	}
	return firstRefusal(t.s.CharterOn(e.day).Charter.checkKnown(c.Matter).at("matter"), c.checkReplaces(t.s.State, e))
}

// checkReplaces refuses to name what does not hold, and to leave unnamed what
// holds on the same matter (rule C9).
func (c *AdoptPosition) checkReplaces(s *State, e enacting) *Refusal {
	days := Span{max(c.From, e.day), c.Until}
	for i, ref := range c.Replaces {
		if !slices.ContainsFunc(s.Positions, func(p *AdoptedPosition) bool { return ref.names(p, c.Matter) && s.holdsWithin(p, days) }) {
			return notNow("C9", "No position on %s that %q adopted is in force then.", MatterWords(cmp.Or(ref.Matter, c.Matter)), Clip(ref.Agreement)).at("agreement").at(nth("replaces", i))
		}
	}
	for _, p := range s.Positions {
		if p.Matter == c.Matter && s.holdsWithin(p, days) && !slices.ContainsFunc(c.Replaces, func(ref PositionRef) bool { return ref.names(p, c.Matter) }) {
			if p.Source == e.source {
				return notNow("C9", "This proposal adopts two positions on %s for the same days.", MatterWords(p.Matter)).at("matter")
			}
			what := "position"
			if p.RedLine {
				what = "red line"
			}
			return notNow("C9", "%s has a %s on %s, adopted by %s. It ends only by an agreement that names it: name it as replaced, or set %s aside first.",
				FirstUpper(s.ShortName), what, MatterWords(p.Matter), p.Source, p.Source).at("replaces")
		}
	}
	return nil
}

func (c *AdoptPosition) enact(t *turn, e enacting) {
	from := max(c.From, e.day)
	t.recordBecause(e.cause, from, &PositionAdopted{Matter: c.Matter, Words: c.Words, RedLine: c.RedLine, Source: e.source, Replaces: c.Replaces, Span: Span{from, c.Until}})
}

// PositionAdopted: the group has a position on a matter.
type PositionAdopted struct {
	Matter   string        `json:"matter"`
	Words    string        `json:"words"`
	RedLine  bool          `json:"redLine,omitempty"`
	Source   string        `json:"source"`
	Replaces []PositionRef `json:"replaces,omitempty"`
	Span
}

func (e *PositionAdopted) Subject() string { return "matter/" + e.Matter }
func (e *PositionAdopted) apply(s *State, ev *Event) {
	s.Positions = slices.Clone(s.Positions)
	for i, p := range s.Positions {
		if slices.ContainsFunc(e.Replaces, func(ref PositionRef) bool { return ref.names(p, e.Matter) }) {
			replaced := *p
			replaced.Endings = with(p.Endings, Ending{ev.Effective, e.Source})
			s.Positions[i] = &replaced
		}
	}
	s.Positions = append(s.Positions, &AdoptedPosition{Matter: e.Matter, Words: e.Words, RedLine: e.RedLine, Source: e.Source, Span: e.Span, Index: ev.Index})
}

// An AdoptedPosition is the group's position on a matter and all below it.
type AdoptedPosition struct {
	Matter  string
	Words   string
	RedLine bool
	Source  string
	Span
	Endings []Ending // by later positions that named it
	Index   uint64
}

// An Ending is a day from which something no longer holds, by an agreement that
// named it.
type Ending struct {
	From   Day
	Source string
}

// PositionHolds says whether the position is in force on that day: its days have
// come and not run out, its agreement holds, and no later position that named it
// has begun (rules R2, C9). Where an old ledger has a later one on the same matter
// that named nothing, both are in force.
func (s *decisions) PositionHolds(p *AdoptedPosition, d Day) bool {
	return p.Covers(d) && s.AgreementHolds(p.Source, d) &&
		!slices.ContainsFunc(p.Endings, func(end Ending) bool { return end.From <= d && s.AgreementHolds(end.Source, end.From) })
}

// holdsWithin says whether the position is in force on one of the days: one that
// has ended does not begin again.
func (s *decisions) holdsWithin(p *AdoptedPosition, days Span) bool {
	d := max(days.From, p.From)
	return days.Covers(d) && s.PositionHolds(p, d)
}

// PositionOn is the group's position that takes in the matter on that day: a red
// line before plain words, which don't loosen it, then the one on the most specific
// matter, then the newest; nil if there is none.
func (s *remembering) PositionOn(matter string, d Day) *AdoptedPosition {
	var found *AdoptedPosition
	for _, p := range s.positionsOver(matter) {
		if !s.PositionHolds(p, d) || (found != nil && found.RedLine && !p.RedLine) {
			continue
		}
		if found == nil || (p.RedLine && !found.RedLine) || len(p.Matter) >= len(found.Matter) {
			found = p
		}
	}
	return found
}

// redLineOn is the red line that the group adopted for everybody and that
// takes in the matter on that day (rule R2); nil if there is none.
func (s *remembering) redLineOn(matter string, d Day) *AdoptedPosition {
	if p := s.PositionOn(matter, d); p != nil && p.RedLine {
		return p
	}
	return nil
}

// A ScheduleItem is something that stood before the ledger, with its evidence
// (rule F8). It is brought in when the group is established.
type ScheduleItem struct {
	Title       string        `json:"title" maxLength:"200" rule:"F8" call:"the title of what is brought in"`
	Evidence    string        `json:"evidence" maxLength:"2000" call:"its evidence"`
	On          Day           `json:"on" doc:"day since which it stands"`
	Matter      string        `json:"matter,omitempty" of:"matter"`
	Instruments []Instrument  `json:"instruments,omitempty" maxItems:"50"`
	Mandate     *GrantMandate `json:"mandate,omitempty"`
	Documents   []ProofFile   `json:"documents,omitempty" doc:"files that are its evidence" maxItems:"10" since:"2"`
}

// checkSchedule refuses a schedule that could not be brought in. Each item is
// tried with those before it in force, as it will be when the group is established.
func (t *turn) checkSchedule(items []ScheduleItem) *Refusal {
	trial := &turn{asking: asking{s: t.s.copied(), req: t.req, now: t.now, day: t.day, actor: t.actor}, own: true, as: t.as}
	for i := range items {
		if r := trial.tryItem(&items[i]); r != nil {
			return r.at(nth("schedule", i))
		}
	}
	return nil
}

func (t *turn) tryItem(item *ScheduleItem) *Refusal {
	if item.On == 0 || item.On > t.day {
		return invalid("F8", "Say since when %q stands.", Clip(item.Title)).at("on")
	}
	if (item.Mandate == nil) == (len(item.Instruments) == 0) {
		return invalid("F8", "What is brought in is a mandate or an agreement with its instruments.")
	}
	if r := checkProof(item.Documents); r != nil {
		return r
	}
	if item.Mandate != nil {
		return item.Mandate.checkBroughtIn(t).at("mandate")
	}
	p := t.number('P')
	if r := t.tryInstruments(item.Instruments, p, item.On); r != nil {
		return r
	}
	at := t.recordBecause(t.nextIndex(), item.On, &AgreementBroughtIn{Proposal: p, Title: item.Title, Matter: item.Matter, Evidence: item.Evidence})
	return t.enactAll(item.Instruments, enacting{p, at, item.On})
}

// checkBroughtIn refuses a mandate from before the ledger whose parties, matters
// or words can't be what they are meant to be. Its evidence is that of the
// schedule's item.
func (c *GrantMandate) checkBroughtIn(t *turn) *Refusal {
	if _, r := t.s.openOrganisation("F8", c.Organisation, t.day); r != nil {
		return r.at("organisation")
	}
	if c.To != "" {
		if _, r := t.s.openOrganisation("F8", c.To, t.day); r != nil {
			return r.at("to")
		}
	}
	if c.Answers != "" {
		return notFound("M5", "A mandate from before the ledger answers nothing that the group asked here.").at("answers")
	}
	if c.Until == 0 && c.Review == 0 {
		return invalid("M5", "A mandate has an end or a review: give one of them.").at("review")
	}
	return t.s.Charter().checkAllKnown(c.Matters).at("matters")
}

// bringIn records what stood before the ledger.
func (t *turn) bringIn(i int, cause uint64) {
	item := t.s.Schedule[i]
	if m := item.Mandate; m != nil {
		span, number := Span{cmp.Or(m.From, item.On), m.Until}, t.number('M')
		t.recordBecause(cause, span.From, &MandateGranted{
			Mandate: number, Organisation: m.Organisation, To: m.To, Matters: m.Matters, Conditions: m.Conditions,
			Review: m.Review, Evidence: item.Evidence, BroughtIn: true, Span: span,
		})
		t.attachProof(i, number, cause)
		return
	}
	p := t.number('P')
	at := t.recordBecause(cause, item.On, &AgreementBroughtIn{Proposal: p, Title: item.Title, Matter: item.Matter, Evidence: item.Evidence})
	t.attachProof(i, p, cause)
	// Checked when founding; a charter that no longer allows it leaves it out, visibly without effect.
	if t.tryInstruments(item.Instruments, p, item.On) == nil {
		t.enactAll(item.Instruments, enacting{p, at, item.On})
	}
}

// AgreementBroughtIn: an agreement from before the ledger came in with the charter.
type AgreementBroughtIn struct {
	Proposal string `json:"proposal"`
	Title    string `json:"title"`
	Matter   string `json:"matter,omitempty"`
	Evidence string `json:"evidence"`
}

func (e *AgreementBroughtIn) Subject() string { return "proposal/" + e.Proposal }
func (e *AgreementBroughtIn) made() string    { return e.Proposal }
func (e *AgreementBroughtIn) apply(s *State, ev *Event) {
	s.took(e.Proposal)
	s.Proposals[e.Proposal] = &Proposal{
		Number: e.Proposal, Matter: e.Matter, Stage: Agreed, BroughtIn: e.Evidence, AgreedOn: ev.Effective,
		Versions: []Version{{Number: 1, Title: e.Title, Text: e.Title, Index: ev.Index}}, Index: ev.Index, Agreement: ev.Index, LastIndex: ev.Index,
	}
}
