package domain

import (
	"cmp"
	"maps"
	"slices"
)

// Approaches (rules A1–A4): what the system asks comes in through one or two
// named gatekeepers, gets a disposition and one answer of record. The same
// question asked elsewhere is linked by people; other words for likeness only
// suggest it.

// Reply is the sense of an answer, in words that can be held against another's.
type Reply string

const (
	ReplyYes          Reply = "yes"
	ReplyNo           Reply = "no"
	ReplyInPart       Reply = "in-part"
	ReplyLater        Reply = "later"
	ReplyThroughGroup Reply = "through-group" // "you will hear from the board"
)

// A Saying is what somebody was answered: its sense, and the words.
type Saying struct {
	Reply Reply  `json:"reply" enum:"yes,no,in-part,later,through-group" rule:"A3" else:"Say whether the answer was yes, no, in part, later, or through the group." ask:"What is the answer?"`
	Words string `json:"words" maxLength:"2000" call:"the answer in words" ask:"In which words?"`
}

// RecordApproach records a request from the system: from whom, what, and
// through whom it came (rule A1).
type RecordApproach struct {
	From    string  `json:"from" doc:"system body, by code" rule:"A1" of:"system" ask:"From whom?"`
	What    string  `json:"what" maxLength:"2000" call:"what is asked" ask:"What do they ask?"`
	Matter  string  `json:"matter,omitempty" doc:"if known" of:"matter" ask:"What is it about, if you know?"`
	Reached string  `json:"reached,omitempty" doc:"whom it reached: handle or id; none: who records it" of:"person" ask:"Whom did it reach?" none:"Myself"`
	How     string  `json:"how,omitempty" doc:"such as: by email" maxLength:"200" call:"how it came" ask:"How did it come?" hint:"Such as: by email."`
	On      Day     `json:"on,omitzero" doc:"day on which it came; none: today" ask:"When?" hint:"Leave it empty for today."`
	Told    *Saying `json:"told,omitempty" doc:"what the system was told there and then, if anything" ask:"What were they told, if anything?"`
}

func (c *RecordApproach) may(w *who) (Permission, *Refusal) {
	return anyOf(notYours("A1", "Approaches are recorded by members of the group."), w.member())
}

func (c *RecordApproach) decide(t *turn) *Refusal {
	reached, r := t.s.person("A1", cmp.Or(c.Reached, t.actor.ID))
	if r != nil {
		return r
	}
	on := cmp.Or(c.On, t.day)
	if r := firstRefusal(t.s.checkSystem(c.From), t.notInFuture("A1", on)); r != nil {
		return r
	}
	if !t.s.Member(reached.ID, on) {
		return invalid("A1", "%s is not a member of the group, so this did not reach the group.", reached.Office).at("reached")
	}
	t.recordOn(on, &ApproachRecorded{
		Approach: t.number('A'), From: c.From, What: c.What, Matter: c.Matter, Reached: reached.ID, How: c.How, Told: c.Told,
	})
	return nil
}

// checkSystem refuses what can't be a request from the system.
func (s *bodies) checkSystem(from string) *Refusal {
	o, r := s.organisation("A1", from)
	if r != nil {
		return r
	}
	if o.Kind.generalPractice() || o.Kind == PlaceKind {
		return invalid("A1", "%s belongs to general practice; an approach comes from the system.", o.Name).at("from")
	}
	return nil
}

// RedirectApproach records that an approach which reached a member was passed
// to a gatekeeper (rule A1).
type RedirectApproach struct {
	Approach string `json:"approach" rule:"A1" of:"approach" ask:"Which approach?"`
	To       string `json:"to" doc:"gatekeeper: handle or id" of:"gatekeeper" ask:"To whom?"`
	Words    string `json:"words,omitempty" doc:"what the system was told about it" maxLength:"2000" call:"what the system was told" ask:"What was the system told about it, if anything?"`
}

func (c *RedirectApproach) may(w *who) (Permission, *Refusal) {
	a, r := w.s.approach("A1", c.Approach)
	if r != nil {
		return Permission{}, r
	}
	return w.is(a.Reached).or(w.mustHave("A1", Gatekeeper, Manager, Chair))
}

func (c *RedirectApproach) decide(t *turn) *Refusal {
	a := t.s.Approaches[c.Approach]
	to, r := t.s.person("A1", c.To)
	if r != nil {
		return r
	}
	switch {
	case !t.s.HasDuty(to.ID, Gatekeeper, t.day):
		return notNow("A4", "%s is not a gatekeeper. Approaches go to %s.", to.Office, t.s.gatekeeper(t.day, ""))
	case a.AtGate(t.s.State):
		return notNow("A1", "%s has reached a gatekeeper already.", a.Number)
	}
	t.recordBecause(a.Index, t.day, &ApproachRedirected{Approach: a.Number, To: to.ID, Words: c.Words})
	return nil
}

// Disposition is what becomes of an approach (rule A2).
type Disposition string

const (
	ForMeeting        Disposition = "meeting"
	ForPaperRound     Disposition = "paper-round"
	ForMessage        Disposition = "message"
	ForMoreWork       Disposition = "more-work"
	ForRepresentative Disposition = "representative"
	ForExecutive      Disposition = "executive"
	Declined          Disposition = "decline"
)

// DisposeOfApproach is a gatekeeper's word on what becomes of an approach; a
// later one takes the place of an earlier one (rule A2).
type DisposeOfApproach struct {
	Approach    string      `json:"approach" rule:"A2" of:"approach" ask:"Which approach?"`
	Disposition Disposition `json:"disposition" enum:"meeting,paper-round,message,more-work,representative,executive,decline" else:"An approach goes to the meeting, a paper round, a message, more work, a representative or the executive, or is declined." ask:"What becomes of it?"`
	Appointment string      `json:"appointment,omitempty" doc:"which representative, such as R1" of:"appointment" ask:"To which representative, if to one?" none:"None"`
	Words       string      `json:"words,omitempty" doc:"why, or what more work" maxLength:"2000" call:"the reason, or what more is to be done" ask:"Why, or what more is to be done?" hint:"Needed where it is declined, or more work comes first."`
}

func (c *DisposeOfApproach) may(w *who) (Permission, *Refusal) { return w.mustHave("A2", Gatekeeper) }

func (c *DisposeOfApproach) decide(t *turn) *Refusal {
	a, r := t.waitingApproach("A2", c.Approach)
	if r != nil {
		return r
	}
	if (c.Disposition == ForRepresentative) != (c.Appointment != "") {
		return invalid("A2", "Name the representative's appointment, such as R1, where it goes to a representative, and only there.").at("appointment")
	}
	if c.Appointment != "" {
		if r := t.s.checkAppointed("A2", c.Appointment, t.day); r != nil {
			return r
		}
	}
	if c.Disposition == ForExecutive && len(t.s.ExecutiveOn(t.day)) == 0 {
		return notNow("A2", "There is no executive that could decide this.")
	}
	if c.Disposition == Declined || c.Disposition == ForMoreWork {
		if r := checkWords("A2", "the reason, or what more is to be done", c.Words, someWords).at("words"); r != nil {
			return r
		}
	}
	t.recordBecause(a.Index, t.day, &ApproachDisposed{Approach: a.Number, Disposition: c.Disposition, Appointment: c.Appointment, Words: c.Words})
	return nil
}

func (s *State) checkAppointed(rule, number string, d Day) *Refusal {
	a := s.Appointments[number]
	if a == nil {
		return notFound(rule, "There is no appointment %q here.", Clip(number))
	}
	if state, why := s.AppointmentOn(a, d); state != InForce {
		return notNow(rule, "%s", Sentence(why))
	}
	return nil
}

// AnswerApproach records the one answer of record (rule A3).
type AnswerApproach struct {
	Approach string `json:"approach" rule:"A3" of:"approach" ask:"Which approach?"`
	On       Day    `json:"on,omitzero" doc:"day on which it was given; none: today" ask:"When was it given?" hint:"Leave it empty for today."`
	Saying
}

func (c *AnswerApproach) may(w *who) (Permission, *Refusal) {
	a, r := w.s.approach("A3", c.Approach)
	if r != nil {
		return Permission{}, r
	}
	return w.mustAnswer(a)
}

func (c *AnswerApproach) decide(t *turn) *Refusal {
	a, r := t.waitingApproach("A3", c.Approach)
	if r != nil {
		return r
	}
	if len(a.Dispositions) == 0 {
		return notNow("A2", "%s has no disposition yet: a gatekeeper says first what becomes of it.", a.Number)
	}
	on := cmp.Or(c.On, t.day)
	if r := t.notInFuture("A3", on); r != nil {
		return r
	}
	if on < a.On {
		return invalid("A3", "%s came on %s; it can't have been answered before.", a.Number, a.On.Words()).at("on")
	}
	t.recordBecause(a.Index, on, &ApproachAnswered{Approach: a.Number, Saying: c.Saying})
	return nil
}

// mustAnswer is the permission of whoever may give the answer of record: whoever the
// approach was sent to may, and a gatekeeper (rule A3).
func (w *who) mustAnswer(a *Approach) (Permission, *Refusal) {
	var sentTo *Permission
	if d := a.Disposition(); d != nil {
		if r := w.s.Appointments[d.Appointment]; r != nil {
			sentTo = w.asThemself(w.s.appoints(r, w.person.ID, w.day))
		} else if d.Disposition == ForExecutive {
			sentTo = w.executive()
		}
	}
	return sentTo.or(w.mustHave("A3", Gatekeeper))
}

// ReportSideConversation reports that somebody spoke with the system outside of
// the gate (rule A3).
type ReportSideConversation struct {
	With   string  `json:"with" doc:"system body, by code" rule:"A3" of:"system" ask:"With whom?"`
	Who    string  `json:"who" doc:"the organisation of general practice that spoke, by code" of:"ours" ask:"Who of ours spoke?"`
	What   string  `json:"what" maxLength:"2000" call:"what was talked about" ask:"What was talked about?"`
	Matter string  `json:"matter,omitempty" doc:"if known" rule:"A1" of:"matter" ask:"What is it about, if you know?"`
	On     Day     `json:"on,omitzero" doc:"none: today" rule:"A3" ask:"When?" hint:"Leave it empty for today."`
	Told   *Saying `json:"told,omitempty" doc:"what the system was told, if anything" ask:"What were they told, if anything?"`
}

func (c *ReportSideConversation) may(w *who) (Permission, *Refusal) {
	return anyOf(notYours("A3", "Side conversations are reported by members of the group."), w.member())
}

func (c *ReportSideConversation) decide(t *turn) *Refusal {
	who, r := t.s.organisation("A3", c.Who)
	if r != nil {
		return r
	}
	if !who.Kind.generalPractice() {
		return invalid("A3", "%s does not belong to general practice.", who.Name).at("who")
	}
	on := cmp.Or(c.On, t.day)
	if r := firstRefusal(t.s.checkSystem(c.With), t.notInFuture("A3", on)); r != nil {
		return r
	}
	t.recordOn(on, &SideConversationReported{Conversation: t.number('S'), With: c.With, Who: who.Code, What: c.What, Matter: c.Matter, Told: c.Told})
	return nil
}

// ApproachRecorded: the system asked for something.
type ApproachRecorded struct {
	Approach string  `json:"approach"`
	From     string  `json:"from"`
	What     string  `json:"what"`
	Matter   string  `json:"matter,omitempty"`
	Reached  string  `json:"reached"`
	How      string  `json:"how,omitempty"`
	Told     *Saying `json:"told,omitempty"`
}

func (e *ApproachRecorded) Subject() string { return "approach/" + e.Approach }
func (e *ApproachRecorded) made() string    { return e.Approach }
func (e *ApproachRecorded) apply(s *State, ev *Event) {
	s.took(e.Approach)
	s.Approaches[e.Approach] = &Approach{
		Number: e.Approach, From: e.From, What: e.What, Matter: e.Matter, Reached: e.Reached, How: e.How, Told: e.Told,
		On: ev.Effective, Recorded: DayOf(ev.Time), Index: ev.Index,
	}
}

// ApproachRedirected: an approach was passed to a gatekeeper.
type ApproachRedirected struct {
	Approach string `json:"approach"`
	To       string `json:"to"`
	Words    string `json:"words,omitempty"`
}

func (e *ApproachRedirected) Subject() string { return "approach/" + e.Approach }
func (e *ApproachRedirected) apply(s *State, ev *Event) {
	a := edit(s.Approaches, e.Approach)
	a.RedirectedTo, a.Redirected, a.RedirectWords = e.To, ev.Effective, e.Words
}

// ApproachDisposed: a gatekeeper said what becomes of an approach.
type ApproachDisposed struct {
	Approach    string      `json:"approach"`
	Disposition Disposition `json:"disposition"`
	Appointment string      `json:"appointment,omitempty"`
	Words       string      `json:"words,omitempty"`
}

func (e *ApproachDisposed) Subject() string { return "approach/" + e.Approach }
func (e *ApproachDisposed) apply(s *State, ev *Event) {
	a := edit(s.Approaches, e.Approach)
	a.Dispositions = append(slices.Clip(a.Dispositions), Disposed{e.Disposition, e.Appointment, e.Words, actorID(ev), ev.Effective, ev.Index})
}

// ApproachAnswered: an approach has its answer of record.
type ApproachAnswered struct {
	Approach string `json:"approach"`
	Saying
}

func (e *ApproachAnswered) Subject() string { return "approach/" + e.Approach }
func (e *ApproachAnswered) apply(s *State, ev *Event) {
	edit(s.Approaches, e.Approach).Answer = &ApproachAnswer{e.Saying, actorID(ev), ev.Effective, ev.Index}
}

// SideConversationReported: somebody spoke with the system outside of the gate.
type SideConversationReported struct {
	Conversation string  `json:"conversation"`
	With         string  `json:"with"`
	Who          string  `json:"who"`
	What         string  `json:"what"`
	Matter       string  `json:"matter,omitempty"`
	Told         *Saying `json:"told,omitempty"`
}

func (e *SideConversationReported) Subject() string { return "side-conversation/" + e.Conversation }
func (e *SideConversationReported) made() string    { return e.Conversation }
func (e *SideConversationReported) apply(s *State, ev *Event) {
	s.took(e.Conversation)
	s.Approaches[e.Conversation] = &Approach{
		Number: e.Conversation, From: e.With, Side: e.Who, What: e.What, Matter: e.Matter, Told: e.Told,
		On: ev.Effective, Recorded: DayOf(ev.Time), Index: ev.Index,
	}
}

// gate is what the system asked of the group.
type gate struct {
	Approaches map[string]*Approach // side conversations among them
}

func newGate() gate { return gate{Approaches: map[string]*Approach{}} }

func (s gate) copy() gate {
	s.Approaches = maps.Clone(s.Approaches)
	return s
}

// An Approach is a request from the system, or a side conversation with it.
type Approach struct {
	Number        string // A1; of a side conversation S1
	From          string // system body
	Side          string // of a side conversation: the organisation that spoke
	What          string
	Matter        string
	Reached       string // person
	How           string
	Told          *Saying // there and then, by whoever it reached
	On            Day
	Recorded      Day
	RedirectedTo  string // gatekeeper
	Redirected    Day
	RedirectWords string
	Dispositions  []Disposed
	Answer        *ApproachAnswer
	Links         []string
	Index         uint64
}

// Disposed is a disposition that a gatekeeper gave.
type Disposed struct {
	Disposition Disposition
	Appointment string
	Words       string
	By          string
	On          Day
	Index       uint64
}

// An ApproachAnswer is the answer of record.
type ApproachAnswer struct {
	Saying
	By    string
	On    Day
	Index uint64
}

// Disposition is the newest disposition; nil if there is none.
func (a *Approach) Disposition() *Disposed {
	if len(a.Dispositions) == 0 {
		return nil
	}
	return &a.Dispositions[len(a.Dispositions)-1]
}

// AtGate says whether the approach came to a gatekeeper, or was passed to one.
func (a *Approach) AtGate(s *State) bool {
	return a.RedirectedTo != "" || s.HasDuty(a.Reached, Gatekeeper, a.On)
}

// said are the answers that the system has of this approach.
func (a *Approach) said() []Saying {
	var said []Saying
	if a.Told != nil {
		said = append(said, *a.Told)
	}
	if a.Answer != nil {
		said = append(said, a.Answer.Saying)
	}
	return said
}

func (s *gate) approach(rule, number string) (*Approach, *Refusal) {
	if a := s.Approaches[number]; a != nil {
		return a, nil
	}
	return nil, notFound(rule, "There is no approach %q here.", Clip(number))
}

// waitingApproach finds an approach that is at the gate and not answered yet.
func (t *asking) waitingApproach(rule, number string) (*Approach, *Refusal) {
	a, r := t.s.approach(rule, number)
	switch {
	case r != nil:
		return nil, r
	case a.Side != "":
		return nil, notNow(rule, "%s is a side conversation: it can be linked, and is answered by nobody.", a.Number)
	case a.Answer != nil:
		return nil, notNow("A3", "%s was answered on %s. There is one answer of record; a new approach may be linked to it.", a.Number, a.Answer.On.Words())
	case !a.AtGate(t.s.State):
		return nil, notNow("A1", "%s reached %s. Record first that it was passed to %s.", a.Number, t.s.office(a.Reached), t.s.gatekeeper(t.day, ""))
	}
	return a, nil
}

// ApproachState is how far an approach has come.
type ApproachState string

const (
	ToRedirect ApproachState = "to be redirected" // it reached somebody who keeps no gate
	AtTheGate  ApproachState = "at the gate"
	DisposedOf ApproachState = "disposed" // a gatekeeper said what becomes of it
	Answered   ApproachState = "answered"
)

// ApproachOn is how far the approach has come by that day (rules A1–A3).
func (s *circle) ApproachOn(a *Approach, d Day) ApproachState {
	switch {
	case a.Answer != nil && a.Answer.On <= d:
		return Answered
	case slices.ContainsFunc(a.Dispositions, func(x Disposed) bool { return x.On <= d }):
		return DisposedOf
	case a.RedirectedTo != "" && a.Redirected <= d, s.HasDuty(a.Reached, Gatekeeper, a.On):
		return AtTheGate
	}
	return ToRedirect
}

// approachesDue adds approaches that wait for a gatekeeper or for an answer, by
// the days that the charter gives for reporting back.
func (s *business) approachesDue(d Day, add addDue) {
	for n, a := range s.Approaches {
		if a.Side != "" || d < a.On {
			continue
		}
		on := a.On.Add(s.CharterOn(a.On).Charter.ReportWithin)
		is := n + ", from " + s.name(a.From) + ", "
		switch s.ApproachOn(a, d) {
		case ToRedirect:
			add(n, DueApproach, on, reminders, is+"reached "+s.office(a.Reached)+" and is to be passed to "+s.gatekeeper(d, "")+".")
		case AtTheGate:
			add(n, DueApproach, on, reminders, is+"waits for a gatekeeper to say what becomes of it.")
		case DisposedOf:
			add(n, DueApproach, on, reminders, is+"waits for its answer.")
		case Answered:
		}
	}
}
