package domain

import (
	"cmp"
	"slices"
)

// Exercises (rules D4–D7, C8): what the executive decided under a delegation.
// Their standing is worked out once all who acted have confirmed them, on what is
// recorded by then, by the powers in force on their day. Beyond is recorded, not refused.

// A Consultation is a body that was consulted, when and how (rule D6).
type Consultation struct {
	Body string `json:"body" doc:"organisation's code" rule:"D6" of:"body" ask:"Which body?"`
	On   Day    `json:"on" ask:"When were they consulted?"`
	How  string `json:"how" maxLength:"2000" call:"how it was consulted" kind:"text" ask:"How?"`
}

// RecordExercise records what was decided under a delegation (rule D5).
type RecordExercise struct {
	Delegation string         `json:"delegation" rule:"D5" of:"delegation" ask:"Which power?"`
	Matter     string         `json:"matter" rule:"F6" of:"matter" ask:"Under which power?"`
	What       string         `json:"what" doc:"what was decided" maxLength:"2000" rule:"D5" call:"what was decided" ask:"What was decided?"`
	Amount     Pence          `json:"amountPence,omitempty" doc:"whole cost over the whole term, with VAT that can't be recovered" rule:"D4" ask:"How much, in all?" hint:"The whole cost over the whole term, with VAT that can't be recovered."`
	Months     int            `json:"months,omitempty" unit:"months" ask:"For how long?"`
	OpenEnded  bool           `json:"openEnded,omitempty" doc:"the cost recurs without an end" ask:"The cost recurs without an end"`
	Acting     []string       `json:"acting" doc:"who decided: handles or ids" maxItems:"20" rule:"D5" of:"person" else:"Say who decided." ask:"Who decided it together?"`
	Payer      string         `json:"payer,omitempty" doc:"none: who pays under the delegation" of:"payer" ask:"Who pays?" none:"Who pays under the power"`
	Consulted  []Consultation `json:"consulted,omitempty" maxItems:"20" one:"body" least:"1" ask:"Who was consulted before?"`
	On         Day            `json:"on,omitzero" doc:"none: today" ask:"When was it decided?" hint:"Leave it empty for today."`
	Names      *Appoint       `json:"names,omitempty" doc:"names a representative, under a power over representation"`
}

func (c *RecordExercise) may(w *who) (Permission, *Refusal) {
	d := w.s.Delegations[c.Delegation]
	if d == nil {
		return Permission{}, notFound("D5", "There is no delegation %q here.", Clip(c.Delegation))
	}
	return anyOf(
		notYours("D5", "What was decided under %s is recorded by those who hold it, or the manager.", d.Number),
		w.delegate(d, cmp.Or(c.On, w.day)), w.has(Manager, Chair),
	)
}

func (c *RecordExercise) decide(t *turn) *Refusal {
	d := t.s.Delegations[c.Delegation]
	on := cmp.Or(c.On, t.day)
	acting, r := t.s.people("D5", c.Acting)
	if r != nil {
		return r
	}
	if r := firstRefusal(t.s.checkConsulted(c.Consulted, on), t.notInFuture("D5", on)); r != nil {
		return r
	}
	if c.Payer != "" {
		if _, r := t.s.organisation("C1", c.Payer); r != nil {
			return r
		}
	}
	e := &ExerciseRecorded{
		Exercise: t.number('E'), Delegation: d.Number, Matter: c.Matter, What: c.What, Amount: c.Amount, Months: c.Months, OpenEnded: c.OpenEnded,
		Acting: acting, Payer: c.Payer, Consulted: c.Consulted,
	}
	if e.Confirm = t.stillToConfirm(acting); len(e.Confirm) == 0 {
		e.Beyond, e.Power = t.s.judgeExercise(d, e.exercise(on), t.nextIndex(), t.day)
	}
	if c.Names != nil {
		return t.exerciseNames(d, e, c.Names, on)
	}
	t.recordOn(on, e)
	return nil
}

// exerciseNames records an exercise that names a representative; the remit is
// never wider than the delegation (rule C8).
func (t *turn) exerciseNames(d *Delegation, e *ExerciseRecorded, names *Appoint, on Day) *Refusal {
	if !Within(e.Matter, "representation") {
		return invalid("C8", "Naming a representative is an exercise of a power over representation.")
	}
	v := d.VersionOn(on)
	if v == nil {
		return notNow("C8", "%s begins on %s.", d.Number, d.From().Words())
	}
	for _, l := range names.Lines {
		if r := t.s.widerThan(v, &l, on); r != nil {
			return r
		}
	}
	acting := enacting{e.Exercise, t.nextIndex(), on}
	if r := names.check(t, acting); r != nil {
		return r
	}
	if len(e.Confirm)+len(e.Beyond) > 0 { // whom it names waits with it, to be confirmed or for the group's word
		e.Names = names.byID(t.s.State)
		t.recordOn(on, e)
		return nil
	}
	t.recordOn(on, e)
	names.enactUnder(t, acting, d.Number)
	return nil
}

// checkNamed refuses to confirm or ratify an exercise that names a representative whom the
// rules do not let it name on that day: the appointment begins then, under the
// delegation as it is by then (rule C8).
func (t *turn) checkNamed(x *Exercise, day Day) *Refusal {
	if x == nil || x.Names == nil {
		return nil
	}
	d := t.s.Delegations[x.Delegation]
	if state, why := t.s.DelegationOn(d, day); state == NotYet || state == Ended || state == Expired {
		return notNow("C8", "%s names a representative, and %s. Appoint them in the group's own name.", x.Number, why)
	}
	for i := range x.Names.Lines {
		if r := t.s.widerThan(d.VersionOn(day), &x.Names.Lines[i], day); r != nil {
			return r
		}
	}
	return x.Names.check(t, enacting{x.Number, t.nextIndex(), day})
}

// widerThan refuses a line that allows more than each of the delegation's powers
// that answer for its matter does alone (rules C8, R2).
func (s *ground) widerThan(v *DelegationVersion, l *Line, day Day) *Refusal {
	if l.Stance == BringBack || l.Stance == Not {
		return nil
	}
	tiers := v.tiers(l.Matter)
	switch {
	case s.CharterOn(day).Charter.Reserves(l.Matter) || len(tiers) == 0:
		return notNow("C8", "The delegation has no power over %s, so a remit under it can't have one.", MatterWords(l.Matter))
	case !slices.ContainsFunc(tiers, func(i int) bool { return v.Powers[i].allows(l) }):
		return notNow("C8", "The limits for %s would be wider than those of the delegation.", l.Matter)
	}
	return nil
}

// allows says whether the line's limits keep to those of the power.
func (p *Power) allows(l *Line) bool {
	return (l.Limit == 0 || p.carriesMoney()) &&
		(p.ItemLimit == 0 || l.Limit <= p.ItemLimit) &&
		(p.YearLimit == 0 || l.Limit <= p.YearLimit) &&
		(p.Months == 0 || l.Stance != WithinLimits || (l.Months != 0 && l.Months <= p.Months))
}

func (s *bodies) checkConsulted(cs []Consultation, on Day) *Refusal {
	for i, c := range cs {
		at := nth("consulted", i)
		if _, r := s.organisation("D6", c.Body); r != nil {
			return r.at("body").at(at)
		}
		if c.On == 0 || c.On > on {
			return invalid("D6", "Say when %s was consulted; it can't be after the decision.", s.name(c.Body)).at("on").at(at)
		}
	}
	return nil
}

func (t *asking) notInFuture(rule string, on Day) *Refusal {
	if on > t.day {
		return invalid(rule, "%s is still to come; record it when it has happened.", on.Words()).at("on")
	}
	return nil
}

// A Reason is a rule and what it says here, in words.
type Reason struct {
	Rule string `json:"rule"`
	Text string `json:"text"`
}

// CallIn stops an executive decision until the group has settled it (rule D7).
type CallIn struct {
	Exercise string `json:"exercise" rule:"D7" of:"exercise" ask:"Which decision?"`
	Seat     string `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" of:"seat" ask:"Which seat?"`
	Reason   string `json:"reason" maxLength:"2000" call:"the reason" ask:"Why?"`
}

func (c *CallIn) may(w *who) (Permission, *Refusal) { return w.mustSit("D7", c.Seat) }

func (c *CallIn) decide(t *turn) *Refusal {
	x, r := t.callable(c.Exercise)
	if r != nil {
		return r
	}
	t.recordBecause(x.Index, t.day, &ExerciseCalledIn{Exercise: x.Number, Seat: t.permission.seat.ID, Reason: c.Reason})
	return nil
}

// DenyConsultation is a body's word that it was not consulted, although the
// exercise says so; that calls the exercise in (rule D6).
type DenyConsultation struct {
	Exercise string `json:"exercise" rule:"D6" of:"exercise" ask:"Which decision?"`
	Body     string `json:"body" doc:"organisation's code" of:"body" ask:"Which body?"`
	Words    string `json:"words" maxLength:"2000" call:"what happened" ask:"What happened?"`
}

func (c *DenyConsultation) may(w *who) (Permission, *Refusal) {
	return anyOf(
		notYours("D6", "Only %s can say that it was not consulted.", Clip(w.s.name(c.Body))),
		w.speaksFor(c.Body), w.sits(c.Body).onBehalfOf("organisation/"+c.Body),
	)
}

func (c *DenyConsultation) decide(t *turn) *Refusal {
	x, r := t.callable(c.Exercise)
	if r != nil {
		return r
	}
	if !slices.Contains(t.s.ConsultedOn(x.Number, t.day), c.Body) {
		return notNow("D6", "%s does not say that %s was consulted.", x.Number, Clip(c.Body))
	}
	t.recordBecause(x.Index, t.day, &ExerciseCalledIn{Exercise: x.Number, Denied: c.Body, Reason: c.Words})
	return nil
}

// ConsultedOn are the bodies that can say, on that day, that they were not consulted:
// those that the exercise names, and what they went on as, by code; none if there is
// no such exercise (rule D6).
func (s *authority) ConsultedOn(exercise string, d Day) []string {
	x := s.Exercises[exercise]
	if x == nil {
		return nil
	}
	var codes []string
	for _, k := range x.Consulted {
		codes = appendNew(codes, k.Body)
		for _, code := range s.successorsOn(k.Body, d) {
			codes = appendNew(codes, code)
		}
	}
	return codes
}

// callable finds an exercise that can still be called in.
func (t *asking) callable(number string) (*Exercise, *Refusal) {
	x := t.s.Exercises[number]
	if x == nil {
		return nil, notFound("D7", "There is no exercise %q here.", Clip(number))
	}
	if st := t.s.ExerciseOn(x, t.day); st != XWithin && st != XUnconfirmed || x.CalledIn != 0 {
		return nil, notNow("D7", "%s can't be called in: it is %s.", x.Number, st)
	}
	if last := t.s.CallInBy(x, t.day); t.day > last {
		return nil, notNow("D7", "%s could be called in until %s.", x.Number, last.Words())
	}
	return x, nil
}

// TellExercise records that a body was told of an exercise (rule D6, after).
type TellExercise struct {
	Exercise string `json:"exercise" rule:"D6" of:"exercise" ask:"Which decision?"`
	Body     string `json:"body" doc:"organisation's code, or group" of:"body,group" ask:"Who was told?"`
	On       Day    `json:"on,omitzero" doc:"none: today" ask:"When?" hint:"Leave it empty for today."`
	How      string `json:"how" maxLength:"2000" call:"how it was told" kind:"text" ask:"How?" hint:"Such as: by email to every seat."`
}

func (c *TellExercise) may(w *who) (Permission, *Refusal) {
	x := w.s.Exercises[c.Exercise]
	if x == nil {
		return Permission{}, notFound("D6", "There is no exercise %q here.", Clip(c.Exercise))
	}
	return w.delegate(w.s.Delegations[x.Delegation], cmp.Or(c.On, w.day)).or(w.mustHave("D6", Manager, Chair))
}

func (c *TellExercise) decide(t *turn) *Refusal {
	x := t.s.Exercises[c.Exercise]
	on := cmp.Or(c.On, t.day)
	if c.Body != ToGroup {
		if _, r := t.s.organisation("D6", c.Body); r != nil {
			return r
		}
	}
	if r := t.notInFuture("D6", on); r != nil {
		return r
	}
	if on < x.On {
		return invalid("D6", "It can't have been told before it was decided.").at("on")
	}
	t.recordBecause(x.Index, on, &ExerciseTold{Exercise: x.Number, Body: c.Body, How: c.How})
	return nil
}

// ExerciseRecorded: something was decided under a delegation.
type ExerciseRecorded struct {
	Exercise   string         `json:"exercise"`
	Delegation string         `json:"delegation"`
	Matter     string         `json:"matter"`
	What       string         `json:"what"`
	Amount     Pence          `json:"amountPence,omitempty"`
	Months     int            `json:"months,omitempty"`
	OpenEnded  bool           `json:"openEnded,omitempty"`
	Acting     []string       `json:"acting"`
	Payer      string         `json:"payer,omitempty"`
	Consulted  []Consultation `json:"consulted,omitempty"`
	Beyond     []Reason       `json:"beyond,omitempty" doc:"why it is beyond; none: within, unless it is to be confirmed"`
	Power      int            `json:"power,omitzero" doc:"the power of the delegation under which it was made, or that came closest, counted from 1; left out where only one is about the matter"`
	Names      *Appoint       `json:"names,omitempty" doc:"the representative whom it names once it is confirmed or, being beyond, ratified"`
	Confirm    []string       `json:"confirm,omitempty" doc:"those who acted and did not record it: they are to confirm it, and its standing is worked out then"`
}

func (e *ExerciseRecorded) Subject() string { return "exercise/" + e.Exercise }
func (e *ExerciseRecorded) made() string    { return e.Exercise }
func (e *ExerciseRecorded) apply(s *State, ev *Event) {
	s.took(e.Exercise)
	x := e.exercise(ev.Effective)
	x.Recorded, x.Index = DayOf(ev.Time), ev.Index
	s.Exercises[e.Exercise] = x
}

// exercise is what the event records.
func (e *ExerciseRecorded) exercise(on Day) *Exercise {
	return &Exercise{
		Number: e.Exercise, Delegation: e.Delegation, Matter: e.Matter, What: e.What, Amount: e.Amount, Months: e.Months, OpenEnded: e.OpenEnded,
		Acting: e.Acting, Payer: e.Payer, Consulted: e.Consulted, Beyond: e.Beyond, Power: e.Power, Names: e.Names, Confirm: e.Confirm, On: on,
	}
}

// ExerciseCalledIn: a seat called an exercise in, or a body denied that it was consulted.
type ExerciseCalledIn struct {
	Exercise string `json:"exercise"`
	Seat     string `json:"seat,omitempty"`
	Denied   string `json:"denied,omitempty"`
	Reason   string `json:"reason"`
}

func (e *ExerciseCalledIn) Subject() string { return "exercise/" + e.Exercise }
func (e *ExerciseCalledIn) apply(s *State, ev *Event) {
	x := edit(s.Exercises, e.Exercise)
	x.CalledIn, x.CalledBy, x.CallReason, x.CallIndex = ev.Effective, cmp.Or(e.Seat, e.Denied), e.Reason, ev.Index
}

// ExerciseTold: a body was told of an exercise.
type ExerciseTold struct {
	Exercise string `json:"exercise"`
	Body     string `json:"body"`
	How      string `json:"how"`
}

func (e *ExerciseTold) Subject() string { return "exercise/" + e.Exercise }
func (e *ExerciseTold) apply(s *State, ev *Event) {
	x := edit(s.Exercises, e.Exercise)
	x.Told = append(slices.Clip(x.Told), Told{e.Body, ev.Effective, e.How, ev.Index})
}

// Told is a body having been told of an exercise.
type Told struct {
	Body  string
	On    Day
	How   string
	Index uint64
}

// An Exercise is something decided under a delegation.
type Exercise struct {
	Number     string
	Delegation string
	Matter     string
	What       string
	Amount     Pence
	Months     int
	OpenEnded  bool
	Acting     []string
	Payer      string
	Consulted  []Consultation
	Beyond     []Reason // why; none: within, or not confirmed
	Power      int      // of the delegation's version on its day, from 1; 0: the only one for the matter
	Names      *Appoint // whom it names once it is confirmed or ratified; nil for what is within
	Confirm    []string // those who acted and did not record it
	Confirmed  []Confirmation
	Settled    Day     // of the last confirmation; 0: none was needed, or one is outstanding
	Refused    *Denial // of somebody who is said to have acted
	On         Day
	Recorded   Day
	CalledIn   Day
	CalledBy   string // seat, or the body that denied it was consulted
	CallReason string
	CallIndex  uint64 // of the event that called it in
	Told       []Told
	Outcome    *Outcome
	Index      uint64
}

// ExerciseStatus is how an exercise stands on a day.
type ExerciseStatus string

const (
	XWithin    ExerciseStatus = "within"
	XCalledIn  ExerciseStatus = "called in"
	XBeyond    ExerciseStatus = "beyond"
	XRatified  ExerciseStatus = "ratified"
	XDisavowed ExerciseStatus = "disavowed"
	XLapsed    ExerciseStatus = "lapsed"
	XFallen    ExerciseStatus = "fallen"

	XUnconfirmed ExerciseStatus = "not confirmed" // by all who acted
	XRefused     ExerciseStatus = "refused"       // by one of those who acted
)

// ExerciseOn is how the exercise stands on that day (rules D5, D7).
func (s *ground) ExerciseOn(x *Exercise, d Day) ExerciseStatus {
	unconfirmed := x.unconfirmedOn(d)
	switch {
	case x.Outcome != nil && x.Outcome.On <= d && x.Outcome.Ratified:
		return XRatified
	case x.Outcome != nil && x.Outcome.On <= d:
		return XDisavowed
	case x.Refused != nil && x.Refused.On <= d:
		return XRefused
	case unconfirmed && d > s.ConfirmBy(x):
		return XLapsed
	case !unconfirmed && len(x.Beyond) > 0 && d > s.RatifyBy(x):
		return XLapsed
	case !unconfirmed && len(x.Beyond) > 0:
		return XBeyond
	case x.CalledIn != 0 && d > x.CalledIn.Add(s.CharterOn(x.CalledIn).Charter.SettleWithin):
		return XFallen
	case x.CalledIn != 0 && x.CalledIn <= d:
		return XCalledIn
	case unconfirmed:
		return XUnconfirmed
	}
	return XWithin
}

// TellBy is the last day for telling the body of the exercise, and when it was
// told; of several bodies the first that was not; 0 where nothing asks for it, or
// where it was never confirmed (rules D6, D5).
func (s *authority) TellBy(x *Exercise, d Day) (by Day, body string, told Day) {
	v := s.Delegations[x.Delegation].VersionOn(x.On)
	if st := s.ExerciseOn(x, d); v == nil || x.unconfirmedOn(d) && (st == XRefused || st == XLapsed) {
		return 0, "", 0
	}
	tiers := v.tiers(x.Matter)
	if len(tiers) == 0 {
		return 0, "", 0
	}
	p := &v.Powers[tiers[0]]
	if x.Power != 0 {
		p = &v.Powers[x.Power-1]
	}
	for _, c := range p.Conditions {
		if c.When != After {
			continue
		}
		by, body, told = x.On.Add(c.Days), s.successorOrganisation(c.Body, d), 0
		for _, t := range x.Told {
			if (t.Body == c.Body || s.means(c.Body, t.Body, t.On)) && t.On <= d && told == 0 {
				told = t.On
			}
		}
		if told == 0 {
			break
		}
	}
	return by, body, told
}
