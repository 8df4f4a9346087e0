package domain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The group (rules F1, F2, F8): it begins forming, and is established when
// every seat has consented to its charter.

// Found begins a group: its charter with its settings, its people, the
// organisations that they come from and the first seats (rule F1).
type Found struct {
	Name          string               `json:"name" doc:"such as Trafford GP Board" maxLength:"200" rule:"F1" call:"the group's name" ask:"What is the group called?"`
	ShortName     string               `json:"shortName,omitempty" doc:"in sentences, such as the board" maxLength:"60" call:"the group's short name" ask:"What is it called in sentences?"`
	Place         string               `json:"place" doc:"code of the organisation that is the place" maxLength:"60" kind:"code" call:"the place's code" of:"organisation" ask:"Which organisation is the place?"`
	PlaceName     string               `json:"placeName" doc:"in sentences, such as Trafford" maxLength:"60" call:"the place's name" ask:"What is the place called?"`
	Founder       string               `json:"founder" doc:"handle of the person who founds, among the people" maxLength:"60" kind:"code" call:"the founder's handle" of:"person" ask:"Who founds it?"`
	Charter       Charter              `json:"charter"`
	Organisations []OrganisationRow    `json:"organisations" doc:"the place, those that hold seats, and the practices of the place" maxItems:"500"`
	People        []PersonEntry        `json:"people" maxItems:"100"`
	Seats         []SeatEntry          `json:"seats" doc:"at least two different people hold them, or the group can't be established; each consents to the charter under a sign-in of their own" maxItems:"50"`
	Duties        []DutyEntry          `json:"duties" maxItems:"20"`
	Forums        []RegisterForum      `json:"forums,omitempty" doc:"system meeting bodies, so that the schedule can bring appointments in" maxItems:"50"`
	Speakers      []RecordSpokesperson `json:"speakers,omitempty" doc:"who speaks for organisations, apart from who sits for them" maxItems:"100"`
	Schedule      []ScheduleItem       `json:"schedule,omitempty" doc:"what stood before the ledger, each with its evidence" maxItems:"150"`
}

func (c *Found) personals(r *Request) []Personal {
	var ps []Personal
	for i := range c.People {
		ps = append(ps, c.People[i].personal(r)...)
	}
	return ps
}

func (c *Found) may(w *who) (Permission, *Refusal) {
	if w.s.Next != 0 {
		return Permission{}, notNow("F1", "%s has already been founded.", w.s.Name)
	}
	return Permission{}, nil // who founds is among the people that the command names
}

func (c *Found) decide(t *turn) *Refusal {
	t.ownState()
	t.actor = &Person{ID: NewPersonID(t.s.Group, t.req.ID, c.Founder)}
	t.as = "person/" + t.actor.ID
	charter := c.Charter.settled()
	t.record(&GroupFounded{
		Name: c.Name, ShortName: cmp.Or(c.ShortName, "the group"), Place: c.Place, PlaceName: c.PlaceName,
		Founder: t.actor.ID, Charter: charter, Schedule: c.Schedule,
	})
	if r := t.importRows(c.Organisations); r != nil {
		return r
	}
	for i := range c.People {
		if r := t.registerPerson(&c.People[i]); r != nil {
			return r
		}
	}
	if t.s.ByHandle(c.Founder) == nil {
		return invalid("F1", "The founder must be among the people.")
	}
	for i := range c.Seats {
		if r := t.openSeat(&c.Seats[i], enacting{Founding, t.nextIndex(), t.day}); r != nil {
			return r
		}
	}
	if p := t.s.Organisations[c.Place]; p == nil || p.Kind != PlaceKind {
		return invalid("F1", "Name the place among the organisations, with the kind place.")
	}
	if r := charter.check(t.s.State, slices.Concat(t.s.EntitledOn(t.day), t.s.UnansweredOn(t.day))); r != nil {
		return r.at("charter")
	}
	for i := range c.Duties {
		if r := t.assignDuty(&c.Duties[i], enacting{Founding, t.nextIndex(), t.day}); r != nil {
			return r
		}
	}
	for i := range c.Speakers {
		if r := t.nameSpeaker(&c.Speakers[i]); r != nil {
			return r.at(nth("speakers", i))
		}
	}
	for i := range c.Forums {
		if r := t.registerForum(&c.Forums[i]); r != nil {
			return r.at(nth("forums", i))
		}
	}
	return t.checkSchedule(c.Schedule)
}

// ConsentToCharter is a seat's consent to the first charter (rule F1).
type ConsentToCharter struct {
	Seat  string   `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" of:"seat" ask:"Which seat?"`
	Rests *RestsOn `json:"rests,omitempty" doc:"of another group's seat: the agreement to join, in its own ledger"`
}

func (c *ConsentToCharter) may(w *who) (Permission, *Refusal) {
	if w.s.formsAgain() {
		return w.mustTakeSeat(c.Seat)
	}
	yes, r := w.mustSit("F1", c.Seat)
	if r == nil && w.s.Established == 0 && w.s.holderOn(yes.seat, w.day) != w.person.ID {
		r = notYours("F1", "Whoever holds the seat of %s consents to the charter themself. A deputy can't.", w.s.name(yes.seat.ID))
	}
	return yes, r
}

func (c *ConsentToCharter) decide(t *turn) *Refusal {
	seat := t.permission.seat
	if before := t.s.consentOf(seat.ID, t.actor.ID); before != nil {
		return t.saidBefore(before.Index)
	}
	if t.s.Established != 0 && !t.s.formsAgain() {
		return notNow("F1", "%s was established on %s.", t.s.Name, t.s.Established.Words())
	}
	if r := t.checkOwnSignIn(); r != nil {
		return r
	}
	if r := t.checkRests(seat.ID, c.Rests, membership); r != nil {
		return r
	}
	version := t.s.CharterOn(t.day).Version
	consent := t.record(&CharterConsented{Version: version, Seat: seat.ID, Person: t.actor.ID})
	t.proveConsent(consent, seat.ID, ToCharter, version, c.Rests)
	t.ownState()
	if r := t.checkLastConsent(); r != nil {
		return r
	}
	t.establish()
	return nil
}

// missingMembers names the seats that least membership asks for and that are
// not there (rule F2).
func (s *beside) missingMembers(d Day) []string {
	var missing []string
	for _, pcn := range s.PCNsOn(d) {
		if seat := s.Seats[pcn.Code]; seat == nil || !s.entitled(seat, d) {
			missing = append(missing, "a seat for "+pcn.Name)
		}
	}
	if s.seatsGroups() && len(s.PCNsOn(d)) == 0 {
		return missing // a group of places has its PCNs and committees through them (G1)
	}
	have := map[OrganisationKind]bool{}
	for _, id := range s.EntitledOn(d) {
		have[s.Organisations[id].Kind] = true
	}
	if !have[PCN] && len(s.PCNsOn(d)) == 0 {
		missing = append(missing, "a primary care network")
	}
	if !have[LMC] {
		missing = append(missing, "a seat for the local medical committee")
	}
	for _, o := range s.Organisations {
		if o.Kind == Federation && o.OpenOn(d) && !have[Federation] {
			missing = append(missing, "a seat for "+o.Name)
		}
	}
	slices.Sort(missing)
	return slices.Compact(missing)
}

// Incomplete says what least membership lacks on that day; "" if nothing (rule F2).
func (s *remembering) Incomplete(d Day) string {
	return remember(s.memo.incomplete, mostRemembered, s.periodOf("", d), func() string {
		var say string
		if m := s.missingMembers(d); len(m) > 0 {
			say = FirstUpper(s.ShortName) + " is incomplete: it lacks " + List(m) + "."
		}
		quorum := s.quorumUnmet(d)
		if quorum != "" && say == "" {
			say = FirstUpper(s.ShortName) + " is incomplete."
		}
		return strings.TrimSpace(say + " " + quorum)
	})
}

// quorumUnmet says what the charter's quorum asks for and that can't be had on that day:
// organisations without a seat, or more seats than there are; "" if nothing. Neither is
// asked for, and the charter has to be changed (rules C5, F2).
func (s *consensus) quorumUnmet(d Day) string {
	if !s.EstablishedOn(d) {
		return ""
	}
	ch, seats := &s.CharterOn(d).Charter, s.EntitledOn(d)
	var without, say []string
	for _, code := range ch.QuorumOf {
		if !slices.ContainsFunc(s.successorsOn(code, d), func(is string) bool { return slices.Contains(seats, is) }) {
			without = append(without, s.name(code))
		}
	}
	if len(without) > 0 {
		say = append(say, "names "+List(without)+" (no seat any more)")
	}
	if ch.Quorum > len(seats) {
		say = append(say, "asks for "+Count(ch.Quorum, "seat")+" of "+strconv.Itoa(len(seats)))
	}
	if say == nil {
		return ""
	}
	return "Its quorum " + List(say) + ": the charter has to be changed."
}

// quorumUnmetSince is the day on which the newest seat ended that is not in force any
// more; the given day if none did.
func (s *consensus) quorumUnmetSince(d Day) Day {
	since := Day(0)
	for _, seat := range s.Seats {
		if seen := &seat.seen; !s.entitled(seat, d) && len(seen.ended) > 0 {
			since = max(since, seen.ended[len(seen.ended)-1].On)
		}
	}
	return min(cmp.Or(since, d), d)
}

// EstablishedOn says whether the group was established on that day, and is not forming again.
func (s *consensus) EstablishedOn(d Day) bool {
	return s.Established != 0 && s.Established <= d && !s.FormsAgainOn(d)
}

// mustBeEstablished refuses what a forming group can't do (rule F1).
func (t *asking) mustBeEstablished() *Refusal {
	if t.s.EstablishedOn(t.day) {
		return nil
	}
	if t.s.Established != 0 {
		return notNow("F1", "%s is forming again, since nobody holds any of its seats: it lacks %s.", t.s.Name, List(t.s.MissingToEstablish(t.day)))
	}
	return notNow("F1", "%s is still forming: it lacks %s.", t.s.Name, List(t.s.MissingToEstablish(t.day)))
}

// Correct names an earlier event that was a mistake and says what is right;
// both stay visible (rule L6).
type Correct struct {
	Index uint64 `json:"index" doc:"of the event that was a mistake" rule:"L6" ask:"Which event was a mistake?"`
	Words string `json:"words" maxLength:"2000" call:"what is right" ask:"What is right?"`
}

func (c *Correct) may(w *who) (Permission, *Refusal) { return w.mustBeMember("L6") }

func (c *Correct) decide(t *turn) *Refusal {
	if c.Index >= t.s.Next {
		return notFound("L6", "There is no event %d here.", c.Index)
	}
	t.recordBecause(c.Index, t.day, &EventCorrected{Corrects: c.Index, Words: c.Words})
	return nil
}

// EventCorrected: an earlier event was a mistake, in somebody's words.
type EventCorrected struct {
	Corrects uint64 `json:"corrects"`
	Words    string `json:"words"`
}

func (e *EventCorrected) Subject() string { return "group" }
func (e *EventCorrected) apply(s *State, ev *Event) {
	s.Corrections = append(s.Corrections, Correction{e.Corrects, e.Words, ev.Actor, ev.Index})
}

// A Correction is a later word on an earlier event.
type Correction struct {
	Corrects uint64
	Words    string
	Actor    string
	Index    uint64
}

// GroupFounded: a group began forming.
type GroupFounded struct {
	Name      string         `json:"name"`
	ShortName string         `json:"shortName"`
	Place     string         `json:"place"`
	PlaceName string         `json:"placeName"`
	Founder   string         `json:"founder"`
	Charter   Charter        `json:"charter"`
	Schedule  []ScheduleItem `json:"schedule,omitempty"`
}

func (e *GroupFounded) Subject() string { return "group" }
func (e *GroupFounded) apply(s *State, ev *Event) {
	s.Name, s.ShortName, s.Place, s.PlaceName, s.Founder = e.Name, e.ShortName, e.Place, e.PlaceName, e.Founder
	s.Charters = []CharterVersion{{Version: 1, Charter: e.Charter, From: ev.Effective, Source: Founding, Index: ev.Index}}
	s.Schedule = e.Schedule
	for i := range e.Schedule {
		for _, f := range e.Schedule[i].Documents {
			s.Documents = append(slices.Clip(s.Documents), Document{ScheduleRef(i), f.Name, f.SHA256, f.MediaType, f.Bytes, f.Elsewhere, e.Founder, ev.Effective, ev.Index})
		}
	}
}

// CharterConsented: a seat consented to the first charter or, while the group forms again,
// to the charter as it stands.
type CharterConsented struct {
	Version int    `json:"version"`
	Seat    string `json:"seat"`
	Person  string `json:"person"`
}

func (e *CharterConsented) Subject() string { return "charter" }
func (e *CharterConsented) apply(s *State, ev *Event) {
	consent := CharterConsent{e.Seat, e.Person, ev.Effective, ev.Index, ev.Way}
	if s.formsAgain() {
		s.Again = slices.Clone(s.Again)
		last := &s.Again[len(s.Again)-1]
		last.Consents = with(last.Consents, consent)
		return
	}
	s.Consents = append(s.Consents, consent)
}

// GroupEstablished: every seat has consented to the charter or, where the group was
// forming again, everybody who was newly named.
type GroupEstablished struct {
	Charter  int              `json:"charter"`
	Consents []CharterConsent `json:"consents"`
	Again    bool             `json:"again,omitzero" doc:"it was forming again"`
}

func (e *GroupEstablished) Subject() string { return "group" }
func (e *GroupEstablished) apply(s *State, ev *Event) {
	if !e.Again {
		s.Established = ev.Effective
		return
	}
	s.Again = slices.Clone(s.Again)
	s.Again[len(s.Again)-1].Until = ev.Effective
	s.takeSeats(e.Consents, ev.Effective)
}

// founding is how the group came about, and by what it works.
type founding struct {
	Name        string // of the group: "Trafford GP Board"
	ShortName   string // in sentences: "the board"
	Place       string // code of the organisation that is the place
	PlaceName   string // in sentences: "Trafford"
	Founder     string // person id
	Established Day    // 0 while forming
	Charters    []CharterVersion
	Consents    []CharterConsent // to the first charter
	Again       []FormingAgain   // oldest first
	Schedule    []ScheduleItem   // what stood before the ledger, until established (F8)
	Corrections []Correction
	Log         LogState
}

func (s founding) copy() founding {
	s.Charters, s.Consents, s.Schedule, s.Corrections = slices.Clip(s.Charters), slices.Clip(s.Consents), slices.Clip(s.Schedule), slices.Clip(s.Corrections)
	s.Again = slices.Clip(s.Again)
	s.Log.Keys, s.Log.Lost = slices.Clip(s.Log.Keys), slices.Clip(s.Log.Lost)
	return s
}

// possessive is the place's possessive, for sentences: "Trafford's".
func (s *ground) possessive() string { return possessive(s.PlaceName) }

func possessive(name string) string {
	if strings.HasSuffix(name, "s") {
		return name + "'"
	}
	return name + "'s"
}
