package domain

import (
	"cmp"
	"slices"
)

// Commitments (rule R4): what a representative said in a meeting. The standing
// is what the check answers on the same inputs, at the meeting, as known at the
// end of the meeting's day.

// Given is how a commitment was given.
type Given string

const (
	Outright Given = "outright"
	Subject  Given = "subject" // to the group: ad referendum
	OwnView  Given = "view"
)

// RecordCommitment records what was said in a meeting (rule R4).
type RecordCommitment struct {
	Person    string   `json:"person,omitempty" doc:"who said it: handle or id; none: who records it" rule:"R4" of:"person" ask:"Who said it?" none:"Myself"`
	Forum     string   `json:"forum" of:"forum" ask:"Which meeting?"`
	Meeting   Day      `json:"meeting" doc:"day of the meeting" ask:"On which day was the meeting?"`
	Matter    string   `json:"matter" of:"matter" ask:"What is it about?"`
	Words     string   `json:"words" maxLength:"2000" call:"what was said" ask:"In which words?"`
	Amount    *Pence   `json:"amountPence,omitempty" doc:"whole cost over the whole term" ask:"How much, in all?" hint:"Leave it empty if no sum was named."`
	Months    *int     `json:"months,omitempty" unit:"months" ask:"For how long?" hint:"Leave it empty if no term was named."`
	OpenEnded bool     `json:"openEnded,omitempty" ask:"The cost recurs without an end"`
	Consulted []string `json:"consulted,omitempty" doc:"organisations consulted before, by code" maxItems:"20" of:"body" ask:"Who was consulted before?"`
	Given     Given    `json:"given" enum:"outright,subject,view" rule:"R4" else:"Say whether it was given outright, subject to the group, or as a view." ask:"How was it given?"`
	Reason    string   `json:"reason,omitempty" doc:"why, where it may be beyond" maxLength:"2000" call:"the reason" ask:"Why, if it may go beyond your remit?"`
}

func (c *RecordCommitment) judgedAt() Day { return c.Meeting }

func (c *RecordCommitment) may(w *who) (Permission, *Refusal) {
	person, r := w.s.person("R4", cmp.Or(c.Person, w.person.ID))
	if r != nil {
		return Permission{}, r
	}
	there := w.spokeAt(c.Forum, c.Meeting)
	if person == w.person {
		return there.or(w.mustBeMember("R4"))
	}
	return there.or(w.mustHave("R5", attending...))
}

func (c *RecordCommitment) decide(t *turn) *Refusal {
	person := t.s.Person(cmp.Or(c.Person, t.actor.ID))
	if _, r := t.s.meeting("R4", c.Forum, c.Meeting); r != nil {
		return r
	}
	if r := firstRefusal(
		t.notInFuture("R4", c.Meeting), c.checkTerms(t.s.State),
	); r != nil {
		return r
	}
	past := t.s
	if c.Meeting < t.day {
		if past = t.req.Past; past == nil {
			return invalid("R4", "A commitment can only be judged as known at its meeting.")
		}
	}
	q := Question{Person: person.ID, Forum: c.Forum, Matter: c.Matter, Amount: c.Amount, Months: c.Months, OpenEnded: c.OpenEnded, Consulted: c.Consulted, At: c.Meeting, totals: t.s}
	v := past.judge(q)
	e := &CommitmentRecorded{
		Commitment: t.number('K'), Person: person.ID, Forum: c.Forum, Matter: c.Matter, Words: c.Words, Amount: c.Amount, Months: c.Months,
		OpenEnded: c.OpenEnded, Consulted: c.Consulted, Given: c.Given, Reason: c.Reason,
		Standing: v.standing(c.Given), Verdict: v.Verdict, Reasons: v.Reasons, JudgedAt: past.Next, Reported: person != t.actor,
	}
	if v.appointment != nil {
		e.Appointment = v.appointment.Number
	}
	t.recordOn(c.Meeting, e)
	return nil
}

func (c *RecordCommitment) checkTerms(s *State) *Refusal {
	for _, code := range c.Consulted {
		if _, r := s.organisation("D6", code); r != nil {
			return r
		}
	}
	return nil
}

// CommitmentStanding is how a commitment stands by itself, and then by the
// group's word.
type CommitmentStanding string

const (
	KWithin       CommitmentStanding = "within"
	KAdReferendum CommitmentStanding = "ad referendum"
	KBeyond       CommitmentStanding = "beyond"
	KView         CommitmentStanding = "view"
	KRatified     CommitmentStanding = "ratified"
	KDisavowed    CommitmentStanding = "disavowed"
	KLapsed       CommitmentStanding = "lapsed"
	KReported     CommitmentStanding = "reported" // by somebody else, and not confirmed yet
	KDisputed     CommitmentStanding = "disputed" // the representative did not say it
)

// Words say the standing in a sentence; group is what the group is called in one.
func (k CommitmentStanding) Words(group string) string {
	switch k {
	case KAdReferendum:
		return "subject to " + group
	case KWithin, KBeyond:
		return string(k) + " the remit"
	case KView, KRatified, KDisavowed, KLapsed, KReported, KDisputed:
	}
	return string(k)
}

// standing is what the check's answer makes of words given like that (rule R4).
func (v *judgement) standing(given Given) CommitmentStanding {
	switch {
	case given == OwnView || v.Verdict == ViewOnly:
		return KView
	case given == Subject && v.Verdict != MustNot:
		return KAdReferendum
	case given == Outright && v.Verdict.yes() && len(v.unsaid) == 0:
		return KWithin
	}
	return KBeyond
}

// CommitmentRecorded: a representative said something in a meeting.
type CommitmentRecorded struct {
	Commitment  string             `json:"commitment"`
	Person      string             `json:"person"`
	Appointment string             `json:"appointment,omitempty"`
	Forum       string             `json:"forum"`
	Matter      string             `json:"matter"`
	Words       string             `json:"words"`
	Amount      *Pence             `json:"amountPence,omitempty"`
	Months      *int               `json:"months,omitempty"`
	OpenEnded   bool               `json:"openEnded,omitempty"`
	Consulted   []string           `json:"consulted,omitempty"`
	Given       Given              `json:"given"`
	Reason      string             `json:"reason,omitempty"`
	Standing    CommitmentStanding `json:"standing"`
	Verdict     Verdict            `json:"verdict" doc:"of the check at the meeting"`
	Reasons     []Reason           `json:"reasons,omitempty"`
	JudgedAt    uint64             `json:"judgedAt" doc:"number of events that were known at the end of the meeting's day"`
	Reported    bool               `json:"reported,omitzero" doc:"somebody else recorded it: the representative is to confirm it, and the standing holds from then"`
}

func (e *CommitmentRecorded) Subject() string { return "commitment/" + e.Commitment }
func (e *CommitmentRecorded) made() string    { return e.Commitment }
func (e *CommitmentRecorded) apply(s *State, ev *Event) {
	s.makeNotice(ev)
	s.took(e.Commitment)
	s.Commitments[e.Commitment] = &Commitment{
		Number: e.Commitment, Person: e.Person, Appointment: e.Appointment, Forum: e.Forum, Meeting: ev.Effective, Matter: e.Matter,
		Words: e.Words, Amount: e.Amount, Months: e.Months, Given: e.Given, Reason: e.Reason, Standing: e.Standing, Verdict: e.Verdict,
		Reasons: e.Reasons, JudgedAt: e.JudgedAt, Reported: e.Reported, Recorded: DayOf(ev.Time), Index: ev.Index,
	}
}

// A Commitment is what a representative said in a meeting.
type Commitment struct {
	Number      string
	Person      string
	Appointment string
	Forum       string
	Meeting     Day
	Matter      string
	Words       string
	Amount      *Pence
	Months      *int
	Given       Given
	Reason      string
	Standing    CommitmentStanding // when recorded; of what is reported, once it is confirmed
	Verdict     Verdict
	Reasons     []Reason
	JudgedAt    uint64
	Reported    bool // by somebody else than the representative
	Confirmed   *Confirmation
	Disputed    *Denial
	Recorded    Day
	Outcome     *Outcome
	Index       uint64
}

func (k *Commitment) sum() Pence {
	if k.Amount == nil {
		return 0
	}
	return *k.Amount
}

// CommitmentOn is how the commitment stands on that day: what is reported is confirmed,
// disputed, or beyond; what waits is ratified, disavowed, or lapsed (rule R4).
func (s *ground) CommitmentOn(k *Commitment, d Day) CommitmentStanding {
	unconfirmed := k.unconfirmedOn(d)
	switch {
	case k.Outcome != nil && k.Outcome.On <= d && k.Outcome.Ratified:
		return KRatified
	case k.Outcome != nil && k.Outcome.On <= d:
		return KDisavowed
	case k.Disputed != nil && k.Disputed.On <= d:
		return KDisputed
	case unconfirmed && d <= s.ConfirmCommitmentBy(k):
		return KReported
	case (unconfirmed || k.Standing == KAdReferendum || k.Standing == KBeyond) && d > s.RatifyCommitmentBy(k):
		return KLapsed
	case unconfirmed:
		return KBeyond
	}
	return k.Standing
}

// LastSaid is the newest commitment on the matter, or below or above it, in any
// forum up to that day; nil if nothing was said.
func (s *remembering) LastSaid(matter string, d Day) *Commitment {
	for _, k := range s.saidOn(matter) {
		if k.Meeting <= d {
			return k
		}
	}
	return nil
}

// A Clash is two representatives giving different answers on one matter (rule R6).
type Clash struct {
	Matter string
	First  *Commitment
	Second *Commitment
}

// ClashesOn are the clashes among commitments made up to that day: the same
// matter, other people, one outright and one not. What is disputed is no answer.
func (s *authority) ClashesOn(d Day) []Clash {
	var clashes []Clash
	numbers := SortedNumbers(s.Commitments)
	for i, a := range numbers {
		for _, b := range numbers[i+1:] {
			x, y := s.Commitments[a], s.Commitments[b]
			if x.Matter == y.Matter && x.Person != y.Person && (x.Given == Outright) != (y.Given == Outright) && max(x.Meeting, y.Meeting) <= d && s.CommitmentOn(x, d) != KDisputed && s.CommitmentOn(y, d) != KDisputed {
				clashes = append(clashes, Clash{x.Matter, x, y})
			}
		}
	}
	return clashes
}

// GiveFeedback is somebody else's word on how a representative or an executive
// decision went: what worked, where a line was overstepped, where the report
// was thin (rules R6, D9).
type GiveFeedback struct {
	On         string `json:"on" doc:"an appointment, delegation, commitment or exercise, such as R1" rule:"R6" of:"grant" ask:"On what?"`
	Worked     string `json:"worked,omitempty" maxLength:"2000" call:"what worked" ask:"What worked?"`
	Overstep   string `json:"overstep,omitempty" maxLength:"2000" call:"where a line was overstepped" ask:"Where was a line overstepped?"`
	ThinReport string `json:"thinReport,omitempty" maxLength:"2000" call:"where the report was thin" ask:"Where was the report thin?"`
}

func (c *GiveFeedback) may(w *who) (Permission, *Refusal) {
	yes, r := anyOf(notYours("R6", "Feedback comes from members of the group."), w.member())
	if r != nil {
		return yes, r
	}
	who, ok := w.s.whose(c.On)
	switch {
	case !ok:
		return Permission{}, notFound("R6", "There is no appointment, delegation, commitment or exercise %q here.", Clip(c.On))
	case slices.Contains(who, w.person.ID):
		return Permission{}, notYours("R6", "Feedback comes from others.")
	}
	return yes, nil
}

func (c *GiveFeedback) decide(t *turn) *Refusal {
	if c.Worked+c.Overstep+c.ThinReport == "" {
		return invalid("R6", "Say what worked, where a line was overstepped, or where the report was thin.").at("worked")
	}
	t.record(&FeedbackGiven{On: c.On, Worked: c.Worked, Overstep: c.Overstep, ThinReport: c.ThinReport})
	return nil
}

// whose are the ids of the people whom something is about.
func (s *authority) whose(what string) ([]string, bool) {
	if a := s.Appointments[what]; a != nil {
		return []string{a.Person}, true
	}
	if k := s.Commitments[what]; k != nil {
		return []string{k.Person}, true
	}
	if x := s.Exercises[what]; x != nil {
		return x.Acting, true
	}
	if d := s.Delegations[what]; d != nil {
		return s.delegates(d, DayOf(s.Last)), true
	}
	return nil, false
}

// FeedbackGiven: somebody said how something went.
type FeedbackGiven struct {
	On         string `json:"on"`
	Worked     string `json:"worked,omitempty"`
	Overstep   string `json:"overstep,omitempty"`
	ThinReport string `json:"thinReport,omitempty"`
}

func (e *FeedbackGiven) Subject() string { return "feedback/" + e.On }
func (e *FeedbackGiven) apply(s *State, ev *Event) {
	s.Reviews = append(s.Reviews, Review{e.On, actorID(ev), e.Worked, e.Overstep, e.ThinReport, ev.Effective, ev.Index})
}

// A Review is somebody's word on how something went.
type Review struct {
	On         string
	By         string
	Worked     string
	Overstep   string
	ThinReport string
	Day        Day
	Index      uint64
}
