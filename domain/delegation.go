package domain

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Delegated powers (rules D1–D4, D8, D9): the executive, what it may do, its
// limits, conditions, review and end.

// ToExecutive is the delegate that is the executive as a body.
const ToExecutive = "executive"

// What a power lets somebody do.
const (
	MayDecide = "decide"
	MayCommit = "commit"
)

// A Power is a matter, and all below it, with what may be done about it.
type Power struct {
	Matter     string      `json:"matter" maxLength:"120" rule:"F6" of:"matter" ask:"For which subject?" hint:"And all below it. One of the charter's subjects, or a path below one."`
	May        []string    `json:"may" doc:"decide, commit" maxItems:"2" rule:"D1" any:"decide,commit" else:"Say whether the power is to decide, to commit or both." ask:"What may they do?"`
	ItemLimit  Pence       `json:"itemLimitPence,omitempty" doc:"most for one item, whole cost over the whole term; none: carries no money unless a year's limit is given" rule:"D4" ask:"Most for one item" hint:"The whole cost over the whole term, with VAT that can't be recovered. Leave it empty if the power carries no money."`
	YearLimit  Pence       `json:"yearLimitPence,omitempty" doc:"most in a year of the delegation" ask:"Most in a year, in all" hint:"Years run from the first day of the power."`
	Months     int         `json:"months,omitempty" doc:"longest term" unit:"months" ask:"Longest term" hint:"How long what they commit to may run."`
	Acting     int         `json:"acting,omitempty" doc:"how many must act together; none: two, or one for a named person" rule:"D1" unit:"people" ask:"How many must act together?" hint:"Two if you leave it empty; a named person acts alone."`
	Conditions []Condition `json:"conditions,omitempty" maxItems:"10" one:"condition" least:"0" ask:"Conditions"`
}

// A Condition is something to do before or after (rule D6).
type Condition struct {
	When string `json:"when" enum:"before,after" rule:"D6" ask:"What must they do?"`
	Body string `json:"body" doc:"code of the organisation to consult or tell; the group's own code name is group" maxLength:"60" of:"body,group" ask:"Whom?"`
	Days int    `json:"days,omitempty" doc:"after: within so many days" unit:"days" ask:"Afterwards: within how long?"`
}

// When a condition is to be met.
const (
	Before = "before"
	After  = "after"
)

// ToGroup is the body of a condition that is the group itself.
const ToGroup = "group"

// Words say the condition: "after consulting Trafford LMC".
func (c *Condition) Words(s *State) string {
	body := s.ShortName
	if c.Body != ToGroup {
		body = s.name(c.Body)
	}
	if c.When == Before {
		return "after consulting " + body
	}
	return "telling " + body + " within " + count(c.Days, "day")
}

// Words say the power in a sentence.
func (p *Power) Words(s *State) string {
	w := strings.Join(p.May, " and ") + " on " + p.Matter
	var limits []string
	if p.ItemLimit != 0 {
		limits = append(limits, p.ItemLimit.String()+" an item")
	}
	if p.YearLimit != 0 {
		limits = append(limits, p.YearLimit.String()+" a year")
	}
	if p.Months != 0 {
		limits = append(limits, count(p.Months, "month"))
	}
	if len(limits) > 0 {
		w += " up to " + list(limits)
	}
	if p.Acting > 1 {
		w += ", " + strconv.Itoa(p.Acting) + " acting together"
	}
	for _, c := range p.Conditions {
		w += ", " + c.Words(s)
	}
	return w
}

func (p *Power) money() bool { return p.ItemLimit != 0 || p.YearLimit != 0 }

func (p *Power) check(s *State, ch *Charter) *Refusal {
	if r := ch.checkKnown(p.Matter).at("matter"); r != nil {
		return r
	}
	if ch.Reserves(p.Matter) {
		return notNow("D2", "%s is reserved: the group decides it itself and can't delegate it.", p.Matter).at("matter")
	}
	if p.Acting < 1 || p.Acting > 20 {
		return invalid("D1", "Say how many must act together, at least one.").at("acting")
	}
	for i := range p.Conditions {
		c := &p.Conditions[i]
		if (c.When != Before && c.When != After) || c.Days < 0 || c.Days > 365 || (c.When == After && c.Days == 0) {
			return invalid("D6", "A condition is to consult before, or to tell within a number of days after.").at("days").at(nth("conditions", i))
		}
		if c.Body == ToGroup && c.When == After {
			continue
		}
		if _, r := s.organisation("D6", c.Body); r != nil {
			return r.at("body").at(nth("conditions", i))
		}
	}
	return nil
}

func checkPowers(s *State, d Day, powers []Power) *Refusal {
	if len(powers) == 0 || len(powers) > 50 {
		return invalid("D1", "A delegation has between one and 50 powers.")
	}
	for i := range powers {
		if r := powers[i].check(s, &s.CharterOn(d).Charter); r != nil {
			return r.at(nth("powers", i))
		}
	}
	return nil
}

// checkReview refuses a review that is further away than the charter allows
// (rules D3, R1).
func checkReview(s *State, review, d Day) *Refusal {
	if within := s.CharterOn(d).Charter.ReviewWithin; review < d || review > d.Add(within) {
		return invalid("D3", "The review is at most %s away: by %s.", count(within, "day"), d.Add(within).Words()).at("review")
	}
	return nil
}

// FormExecutive names the executive: two or more people, with dates (rule D1).
type FormExecutive struct {
	Members []string `json:"members" doc:"handles or ids" maxItems:"20" rule:"D1" of:"person" ask:"Who is in it?" hint:"Two or more people."`
	Span
}

func (c *FormExecutive) check(t *turn, e enacting) *Refusal {
	ids, r := t.s.people("D1", c.Members)
	if r != nil {
		return r.at("members")
	}
	if len(ids) < 2 {
		return invalid("D1", "The executive is two or more named people.").at("members")
	}
	if c.Until != 0 && c.Until < max(c.From, e.day) {
		return invalid("D1", "The executive would end before it begins.").at("until")
	}
	return nil
}

func (c *FormExecutive) enact(t *turn, e enacting) {
	ids, _ := t.s.people("D1", c.Members)
	from := max(c.From, e.day)
	t.recordBecause(e.cause, from, &ExecutiveFormed{Members: ids, Source: e.source, Span: Span{from, c.Until}})
}

// GrantDelegation gives powers to the executive or to a named person (rule D1).
type GrantDelegation struct {
	To     string  `json:"to" doc:"executive, or a person's handle or id" rule:"D1" of:"executive,person" ask:"To whom?"`
	Powers []Power `json:"powers" maxItems:"50" one:"power" ask:"What they may do"`
	Payer  string  `json:"payer,omitempty" doc:"organisation that pays, by code; needed where a power carries money" of:"payer" ask:"Who pays?" hint:"Needed where a power carries money. They have to agree to it too." none:"Nobody: it carries no money"`
	Review Day     `json:"review,omitzero" doc:"none: as late as the charter allows" of:"review" ask:"Review date" hint:"Leave it empty for the latest day."`
	Span
}

func (c *GrantDelegation) check(t *turn, e enacting) *Refusal {
	if c.To != ToExecutive {
		if _, r := t.s.person("D1", c.To); r != nil {
			return r.at("to")
		}
	} else if len(t.s.ExecutiveOn(max(c.From, e.day))) == 0 {
		return notNow("D1", "There is no executive to delegate to: form it in the same proposal.").at("to")
	}
	from := max(c.From, e.day)
	if c.Until != 0 && c.Until < from {
		return invalid("D3", "The delegation would end before it begins.").at("until")
	}
	return firstRefusal(
		checkPowers(t.s.State, e.day, SettledPowers(c.Powers, c.To)),
		checkPayer(t.s.State, c.Payer, c.Powers, e.day),
		checkReview(t.s.State, c.review(t.s.State, e.day), e.day),
	)
}

func checkPayer(s *State, payer string, powers []Power, d Day) *Refusal {
	if payer == "" {
		if slices.ContainsFunc(powers, func(p Power) bool { return p.money() }) {
			return invalid("C1", "Whatever costs money names the organisation that pays.").at("payer")
		}
		return nil
	}
	_, r := s.openOrganisation("C1", s.successorOrganisation(payer, d), d)
	return r.at("payer")
}

// SettledPowers are the powers as they hold for whom they are given to, with
// what was not said: two act together, a named person alone (rule D1).
func SettledPowers(powers []Power, to string) []Power {
	powers = slices.Clone(powers)
	for i := range powers {
		if to == ToExecutive {
			powers[i].Acting = cmp.Or(powers[i].Acting, 2)
		} else {
			powers[i].Acting = 1
		}
	}
	return powers
}

func (c *GrantDelegation) review(s *State, d Day) Day {
	return cmp.Or(c.Review, earlier(d.Add(s.CharterOn(d).Charter.ReviewWithin), c.Until))
}

func (c *GrantDelegation) enact(t *turn, e enacting) {
	to := c.To
	if to != ToExecutive {
		to = t.s.Person(to).ID
	}
	from := max(c.From, e.day)
	t.recordBecause(e.cause, from, &DelegationGranted{
		Delegation: t.number('D'), To: to, Powers: SettledPowers(c.Powers, c.To), Payer: c.Payer, Review: c.review(t.s.State, e.day), Source: e.source, Span: Span{from, c.Until},
	})
}

// VaryDelegation changes a delegation's powers from then on; varying does not
// restart its year (rules D4, D8, D9).
type VaryDelegation struct {
	Delegation string  `json:"delegation" rule:"D8" of:"delegation" ask:"Which power?"`
	Version    int     `json:"version" doc:"the version that it changes"`
	Powers     []Power `json:"powers" maxItems:"50" one:"power" ask:"What they may do"`
	Payer      string  `json:"payer,omitempty" doc:"none: as before" of:"payer" ask:"Who pays?" none:"As before"`
	Until      Day     `json:"until,omitzero" doc:"none: as before" ask:"Until when?" hint:"The last day. Leave it empty for as before."`
	Review     Day     `json:"review" doc:"next review" of:"review" ask:"Review date"`
	Feedback   string  `json:"feedback,omitempty" maxLength:"2000" rule:"D9" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *VaryDelegation) check(t *turn, e enacting) *Refusal {
	d, r := t.s.changeable(c.Delegation, c.Version, e.day)
	if r != nil {
		return r
	}
	if c.Until != 0 && c.Until < e.day {
		return invalid("D8", "To end the delegation, say so.").at("until")
	}
	return firstRefusal(
		checkPowers(t.s.State, e.day, SettledPowers(c.Powers, d.To)),
		checkPayer(t.s.State, cmp.Or(c.Payer, d.newest().Payer), c.Powers, e.day),
		checkReview(t.s.State, c.Review, e.day),
	)
}

func (c *VaryDelegation) enact(t *turn, e enacting) {
	d := t.s.Delegations[c.Delegation]
	t.recordBecause(e.cause, max(e.day, d.From()), &DelegationVaried{
		Delegation: d.Number, Version: c.Version + 1, Powers: SettledPowers(c.Powers, d.To), Payer: cmp.Or(c.Payer, d.newest().Payer),
		Until: cmp.Or(c.Until, d.newest().Until), Review: c.Review, Feedback: c.Feedback, Source: e.source,
	})
}

// ConfirmDelegation reviews a delegation and leaves its powers as they are (rule D9).
type ConfirmDelegation struct {
	Delegation string `json:"delegation" rule:"D8" of:"delegation" ask:"Which power?"`
	Version    int    `json:"version" doc:"the version that is confirmed"`
	Review     Day    `json:"review" doc:"next review" of:"review" ask:"Review date"`
	Feedback   string `json:"feedback" maxLength:"2000" rule:"D9" optional:"true" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *ConfirmDelegation) check(t *turn, e enacting) *Refusal {
	_, r := t.s.changeable(c.Delegation, c.Version, e.day)
	return firstRefusal(r, checkReview(t.s.State, c.Review, e.day))
}

func (c *ConfirmDelegation) enact(t *turn, e enacting) {
	now := t.s.Delegations[c.Delegation].newest()
	t.recordBecause(e.cause, max(e.day, now.From), &DelegationVaried{
		Delegation: c.Delegation, Version: c.Version + 1, Powers: now.Powers, Payer: now.Payer, Until: now.Until,
		Review: c.Review, Feedback: c.Feedback, Source: e.source,
	})
}

// EndDelegation ends a delegation (rules D8, D9).
type EndDelegation struct {
	Delegation string `json:"delegation" rule:"D8" of:"delegation" ask:"Which power?"`
	Version    int    `json:"version" doc:"the version that ends"`
	Feedback   string `json:"feedback,omitempty" maxLength:"2000" rule:"D9" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *EndDelegation) check(t *turn, e enacting) *Refusal {
	_, r := t.s.changeable(c.Delegation, c.Version, e.day)
	return r
}

func (c *EndDelegation) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &DelegationEnded{Delegation: c.Delegation, Feedback: c.Feedback, Source: e.source})
}

// changeable finds a delegation that has not ended, at that version (rule C9).
func (s *State) changeable(number string, version int, day Day) (*Delegation, *Refusal) {
	d := s.Delegations[number]
	if d == nil {
		return nil, notFound("C9", "There is no delegation %q here.", clip(number))
	}
	if state, _ := s.DelegationOn(d, max(day, d.newest().From)); state == Ended || state == Expired {
		return nil, notNow("D8", "%s has ended.", number)
	}
	if now := len(d.Versions); version != now {
		return nil, notNow("C9", "This changes version %d of %s, and version %d is in force: amend it.", version, number, now)
	}
	return d, nil
}

// Suspend stops a delegation or an appointment at once, with a reason, for the
// charter's settlement days; not again for the same reason (rule D8).
type Suspend struct {
	What   string `json:"what" doc:"a delegation or an appointment, such as D1 or R1" rule:"D8" of:"inforce" ask:"Which power or appointment?"`
	Seat   string `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" of:"seat" ask:"Which seat?"`
	Reason string `json:"reason" maxLength:"2000" call:"the reason" ask:"Why?"`
}

func (c *Suspend) may(w *who) (Permission, *Refusal) { return w.mustSit("D8", c.Seat) }

func (c *Suspend) decide(t *turn) *Refusal {
	seat := t.permission.seat
	had, ok := t.s.suspensionsOf(c.What)
	if !ok {
		return notFound("D8", "There is no delegation or appointment %q here.", clip(c.What)).at("what")
	}
	for _, sus := range had {
		if strings.EqualFold(strings.Join(strings.Fields(sus.Reason), " "), strings.Join(strings.Fields(c.Reason), " ")) {
			return notNow("D8", "%s was already suspended for this reason on %s.", c.What, sus.From.Words()).at("reason")
		}
	}
	if r := t.s.checkAgain(c.What, had, seat.ID, t.day); r != nil {
		return r
	}
	until := t.day.Add(t.s.CharterOn(t.day).Charter.SettleWithin)
	t.record(&PowerSuspended{What: c.What, Seat: seat.ID, Reason: c.Reason, Until: until})
	return nil
}

// suspensionsOf are the suspensions of a delegation or an appointment, in order;
// false if there is none with that number.
func (s *State) suspensionsOf(what string) ([]Suspension, bool) {
	if d := s.Delegations[what]; d != nil {
		return d.Suspensions, true
	}
	if a := s.Appointments[what]; a != nil {
		return a.Suspensions, true
	}
	return nil, false
}

// checkAgain refuses a seat that suspended the same thing less than a year ago,
// unless a second seat joins: one that suspended it since, and whose suspension
// still runs (rule D8). A successor's seat is the seat that it follows.
func (s *State) checkAgain(what string, had []Suspension, seat string, d Day) *Refusal {
	var last *Suspension
	for i := range had {
		if s.successor(had[i].Seat, d) == seat {
			last = &had[i]
		}
	}
	if last == nil || d >= last.From.AddYears(1) {
		return nil
	}
	for i := range had {
		if had[i].Index > last.Index && s.Suspends(what, &had[i], d) {
			return nil // of another seat, since last is this one's newest
		}
	}
	return notNow("D8", "%s suspended %s on %s. It can do so again before %s only if a second seat joins: ask another seat to suspend %s first, then join it.",
		s.name(seat), what, last.From.Words(), last.From.AddYears(1).Words(), what)
}

// EndSuspension ends a suspension before its days have run out, and changes
// nothing else about what was suspended (rule D8).
type EndSuspension struct {
	What  string `json:"what" doc:"the delegation or appointment that is suspended, such as D1 or R1" maxLength:"20" of:"suspended" ask:"What is suspended?"`
	Event uint64 `json:"event" doc:"index of the event that suspended it"`
}

func (c *EndSuspension) check(t *turn, e enacting) *Refusal {
	sus := t.s.SuspensionAt(c.What, c.Event)
	switch {
	case sus == nil:
		return notFound("D8", "Event %d does not suspend %q.", c.Event, clip(c.What)).at("event")
	case !t.s.Suspends(c.What, sus, e.day):
		return notNow("D8", "That suspension of %s has ended.", c.What).at("event")
	}
	return nil
}

// SuspensionAt is the suspension of a delegation or an appointment that the
// event with that index recorded; nil if it recorded none.
func (s *State) SuspensionAt(what string, event uint64) *Suspension {
	had, _ := s.suspensionsOf(what)
	for i := range had {
		if had[i].Index == event {
			return &had[i]
		}
	}
	return nil
}

func (c *EndSuspension) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &SuspensionEnded{What: c.What, Suspended: c.Event, Source: e.source})
}

// ExecutiveFormed: the executive has these members.
type ExecutiveFormed struct {
	Members []string `json:"members"`
	Source  string   `json:"source"`
	Span
}

func (e *ExecutiveFormed) Subject() string { return "executive" }
func (e *ExecutiveFormed) apply(s *State, ev *Event) {
	s.Executive = append(s.Executive, ExecutiveTerm{e.Members, e.Source, e.Span, ev.Index})
}

// DelegationGranted: powers were delegated.
type DelegationGranted struct {
	Delegation string  `json:"delegation"`
	To         string  `json:"to"`
	Powers     []Power `json:"powers"`
	Payer      string  `json:"payer,omitempty"`
	Review     Day     `json:"review"`
	Source     string  `json:"source"`
	Span
}

func (e *DelegationGranted) Subject() string { return "delegation/" + e.Delegation }
func (e *DelegationGranted) made() string    { return e.Delegation }
func (e *DelegationGranted) apply(s *State, ev *Event) {
	s.makeNotice(ev)
	s.took(e.Delegation)
	s.Delegations[e.Delegation] = &Delegation{
		Number: e.Delegation, To: e.To, Source: e.Source, Index: ev.Index,
		Versions: []DelegationVersion{{Number: 1, Powers: e.Powers, Payer: e.Payer, Review: e.Review, Source: e.Source, Span: e.Span, Index: ev.Index}},
	}
}

// DelegationVaried: a review varied or confirmed a delegation.
type DelegationVaried struct {
	Delegation string  `json:"delegation"`
	Version    int     `json:"version"`
	Powers     []Power `json:"powers"`
	Payer      string  `json:"payer,omitempty"`
	Until      Day     `json:"until,omitzero"`
	Review     Day     `json:"review"`
	Feedback   string  `json:"feedback,omitempty"`
	Source     string  `json:"source"`
	Back       int     `json:"back,omitzero" doc:"version to which it goes back, the agreement that changed it having been set aside"`
}

func (e *DelegationVaried) Subject() string { return "delegation/" + e.Delegation }
func (e *DelegationVaried) apply(s *State, ev *Event) {
	d := edit(s.Delegations, e.Delegation)
	v := DelegationVersion{
		Number: e.Version, Powers: e.Powers, Payer: e.Payer, Review: e.Review, Source: e.Source, Feedback: e.Feedback,
		Span: Span{ev.Effective, e.Until}, Index: ev.Index,
	}
	if e.Back != 0 {
		v.Source, v.Back, v.BackBy = d.Versions[e.Back-1].Source, e.Back, e.Source
	}
	d.Versions = append(slices.Clip(d.Versions), v)
}

// DelegationEnded: a delegation ended; from that day it holds no more.
type DelegationEnded struct {
	Delegation string `json:"delegation"`
	Feedback   string `json:"feedback,omitempty"`
	Source     string `json:"source"`
}

func (e *DelegationEnded) Subject() string { return "delegation/" + e.Delegation }
func (e *DelegationEnded) apply(s *State, ev *Event) {
	d := edit(s.Delegations, e.Delegation)
	d.Ended, d.EndedBy, d.Feedback = ev.Effective, e.Source, e.Feedback
}

// PowerSuspended: a seat stopped a delegation or an appointment at once.
type PowerSuspended struct {
	What   string `json:"what"`
	Seat   string `json:"seat"`
	Reason string `json:"reason"`
	Until  Day    `json:"until"`
}

func (e *PowerSuspended) Subject() string { return suspendedSubject(e.What) }
func (e *PowerSuspended) apply(s *State, ev *Event) {
	sus := s.editSuspensions(e.What)
	*sus = append(*sus, Suspension{Seat: e.Seat, Reason: e.Reason, Span: Span{ev.Effective, e.Until}, Index: ev.Index})
}

// SuspensionEnded: an agreement ended a suspension before its days had run out.
type SuspensionEnded struct {
	What      string `json:"what"`
	Suspended uint64 `json:"suspended" doc:"index of the event that suspended it"`
	Source    string `json:"source"`
}

func (e *SuspensionEnded) Subject() string { return suspendedSubject(e.What) }
func (e *SuspensionEnded) apply(s *State, ev *Event) {
	ss := *s.editSuspensions(e.What)
	for i := range ss {
		if ss[i].Index == e.Suspended {
			ss[i].Ended, ss[i].EndedBy = ev.Effective, e.Source
		}
	}
}

func suspendedSubject(what string) string {
	if what[0] == 'D' {
		return "delegation/" + what
	}
	return "appointment/" + what
}

// editSuspensions gives out a copy of the suspensions, to be changed.
func (s *State) editSuspensions(what string) *[]Suspension {
	var ss *[]Suspension
	if s.Delegations[what] != nil {
		ss = &edit(s.Delegations, what).Suspensions
	} else {
		ss = &edit(s.Appointments, what).Suspensions
	}
	*ss = slices.Clone(*ss)
	return ss
}

// An ExecutiveTerm is the executive for a time.
type ExecutiveTerm struct {
	Members []string
	Source  string
	Span
	Index uint64
}

// powers are what the group gave to the executive and to named people, and what
// they did with it.
type powers struct {
	Executive   []ExecutiveTerm
	Delegations map[string]*Delegation
	Exercises   map[string]*Exercise
	Reviews     []Review
}

func newPowers() powers {
	return powers{Delegations: map[string]*Delegation{}, Exercises: map[string]*Exercise{}}
}

func (p powers) copy() powers {
	p.Executive, p.Reviews = slices.Clip(p.Executive), slices.Clip(p.Reviews)
	p.Delegations, p.Exercises = maps.Clone(p.Delegations), maps.Clone(p.Exercises)
	return p
}

// A Delegation is powers given by an agreement.
type Delegation struct {
	Number      string
	To          string // ToExecutive, or a person's id
	Source      string // the proposal by which it was agreed
	Versions    []DelegationVersion
	Suspensions []Suspension
	Ended       Day // first day on which it no longer holds; 0: not ended
	EndedBy     string
	Feedback    string // on ending
	Index       uint64
}

// A DelegationVersion is what a delegation allows from a day on.
type DelegationVersion struct {
	Number   int
	Powers   []Power
	Payer    string
	Review   Day
	Source   string // the agreement whose words it is
	Feedback string
	Span
	Back   int    // version to which it went back; 0: it is new
	BackBy string // the agreement that set the other aside
	Index  uint64
}

// By is the agreement by which the version came into force.
func (v *DelegationVersion) By() string { return cmp.Or(v.BackBy, v.Source) }

// A Suspension stops a power for a time, or until an agreement ends it.
type Suspension struct {
	Seat   string
	Reason string
	Span
	Ended   Day    // first day on which an agreement that named it had ended it; 0: none did
	EndedBy string // that agreement
	Index   uint64
}

func (d *Delegation) newest() *DelegationVersion { return &d.Versions[len(d.Versions)-1] }

// From is the delegation's first day, from which its years run (rule D4).
func (d *Delegation) From() Day { return d.Versions[0].From }

// VersionOn is the version in force on that day; nil before the first.
func (d *Delegation) VersionOn(day Day) *DelegationVersion {
	for i := len(d.Versions) - 1; i >= 0; i-- {
		if d.Versions[i].From <= day {
			return &d.Versions[i]
		}
	}
	return nil
}

// yearOf is the delegation's year in which the day falls (rule D4).
func (d *Delegation) yearOf(day Day) Span {
	for n := 0; ; n++ {
		y := Span{d.From().AddYears(n), d.From().AddYears(n+1) - 1}
		if day <= y.Until {
			return y
		}
	}
}

// PowerState is whether a power holds on a day and, if not, why.
type PowerState string

const (
	InForce   PowerState = "in force"
	NotYet    PowerState = "not yet in force"
	Expired   PowerState = "expired"
	Ended     PowerState = "ended"
	Suspended PowerState = "suspended"
	Paused    PowerState = "paused" // its review was missed
)

// rule is the rule by which a power that has begun and not ended does not hold.
func (p PowerState) rule() string {
	if p == Suspended {
		return "D8"
	}
	return "D3"
}

// pausing is the state of what those reasons pause, in a sentence that names
// them all; in force where there are none.
func pausing(reasons []Reason) (PowerState, string) {
	if len(reasons) == 0 {
		return InForce, ""
	}
	state, why := Paused, make([]string, len(reasons))
	for i, r := range reasons {
		why[i] = strings.TrimRight(r.Text, ".")
		if r.Rule != "D3" {
			state = Suspended
		}
	}
	return state, strings.Join(why, "; ")
}

// DelegationOn says whether the delegation holds on that day, with a sentence where
// it does not.
func (s *State) DelegationOn(d *Delegation, day Day) (PowerState, string) {
	v := d.VersionOn(day)
	switch {
	case v == nil:
		return NotYet, d.Number + " begins on " + d.From().Words()
	case d.Ended != 0 && d.Ended <= day:
		return Ended, d.Number + " ended on " + d.Ended.Words()
	case !s.AgreementHolds(d.Source, day) || !s.AgreementHolds(v.Source, day):
		return Ended, d.Number + " ended when the agreement that it rests on was set aside"
	case v.Until != 0 && v.Until < day:
		return Expired, d.Number + " expired on " + v.Until.Words()
	}
	return pausing(d.pausedBy(s, day))
}

// pausedBy is everything for which the delegation does not hold on that day
// though it has begun and not ended: each suspension, and a review that was
// missed (rules D3, D8). Each is a sentence. There is nothing where it is in
// force, and nothing where it has not begun or has ended: ask DelegationOn.
func (d *Delegation) pausedBy(s *State, day Day) []Reason {
	v := d.VersionOn(day)
	if v == nil {
		return nil
	}
	var reasons []Reason
	for i := range d.Suspensions {
		if sus := &d.Suspensions[i]; s.Suspends(d.Number, sus, day) {
			reasons = append(reasons, sus.reason(d.Number))
		}
	}
	return append(reasons, s.missedReview(d.Number, v.Review, day)...)
}

// reason says what the suspension pauses, until when and why.
func (sus *Suspension) reason(number string) Reason {
	return Reason{"D8", sentence(number + " is suspended until " + sus.Until.Words() + ": " + sus.Reason)}
}

// Suspends says whether the suspension still stops the delegation or appointment
// on that day: its days have not run out, and no agreement ended it, whether one
// that names it, or one that confirms or varies the thing and whose words were
// put to the seats after it, so that whoever consented knew of it (rule D8). An
// agreement that was set aside lifts nothing any more.
func (s *State) Suspends(what string, sus *Suspension, day Day) bool {
	if !sus.Covers(day) || (sus.Ended != 0 && sus.Ended <= day && s.AgreementHolds(sus.EndedBy, day)) {
		return false
	}
	lifts := func(agreement string, from Day) bool {
		p := s.Proposals[agreement]
		return p != nil && from <= day && p.putAfter(sus.Index) && s.AgreementHolds(agreement, day)
	}
	if d := s.Delegations[what]; d != nil {
		return !slices.ContainsFunc(d.Versions, func(v DelegationVersion) bool { return v.Index > sus.Index && v.Back == 0 && lifts(v.Source, v.From) })
	}
	return !slices.ContainsFunc(s.Appointments[what].Versions, func(v AppointmentVersion) bool { return v.Index > sus.Index && v.Back == 0 && lifts(v.Source, v.From) })
}

// missedReview is the reason where a review was missed by more than the charter's
// grace (rule D3); nothing where it was not.
func (s *State) missedReview(number string, review, day Day) []Reason {
	if review == 0 || day <= review.Add(s.CharterOn(day).Charter.Grace) {
		return nil
	}
	return []Reason{{"D3", number + " is paused: its review was due on " + review.Words() + "."}}
}

// ExecutiveOn are the ids of the executive's members on that day.
func (s *State) ExecutiveOn(d Day) []string {
	for i := len(s.Executive) - 1; i >= 0; i-- {
		if e := &s.Executive[i]; e.From <= d && !s.undoneBefore(e.Source, e.From) {
			if e.Covers(d) && s.AgreementHolds(e.Source, d) {
				return e.Members
			}
			return nil
		}
	}
	return nil
}

// delegates are the ids of those who may act under the delegation on that day.
func (s *State) delegates(d *Delegation, day Day) []string {
	if d.To == ToExecutive {
		return s.ExecutiveOn(day)
	}
	return []string{d.To}
}

func (s *State) people(rule string, refs []string) ([]string, *Refusal) {
	if len(refs) > 50 {
		return nil, invalid(rule, "That is more than 50 people.")
	}
	var ids []string
	for _, ref := range refs {
		p, r := s.person(rule, ref)
		if r != nil {
			return nil, r
		}
		ids = appendNew(ids, p.ID)
	}
	return ids, nil
}

// sortedNumbers are the map's short numbers, in the order in which they were given.
func sortedNumbers[V any](m map[string]V) []string {
	ns := make([]string, 0, len(m))
	for n := range m {
		ns = append(ns, n)
	}
	slices.SortFunc(ns, compareNumbers)
	return ns
}

// compareNumbers orders short numbers as they were given.
func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}
