package domain

import (
	"cmp"
	"slices"
)

// Acting together (rules D1, D5): whoever records an exercise names those who acted.
// Each of them confirms it under their own sign-in; whoever recorded it has done so by
// that if they are one of them. Until all have, it binds nobody. Its standing is worked
// out at the last confirmation.

// confirmWithin is how many days those who acted have to confirm an exercise (rule D5):
// charters from before the setting took its default.
func (c *Charter) confirmWithin() int { return cmp.Or(c.ConfirmWithin, 7) }

// A Confirmation is somebody's word that a record is right.
type Confirmation struct {
	Person string // id
	On     Day
	Index  uint64
}

// A Denial is somebody's word that a record about themself is not so.
type Denial struct {
	Person string // id
	On     Day
	Words  string
	Index  uint64
}

// stillToConfirm are those of the people who did not make the record themself.
func (t *asking) stillToConfirm(people []string) []string {
	var others []string
	for _, id := range people {
		if id != t.actor.ID {
			others = append(others, id)
		}
	}
	return others
}

// unconfirmedOn says whether somebody who acted had still to confirm the exercise on
// that day; also where it has lapsed by then, or somebody said no. Of a day before it was
// recorded, what has become of it since holds.
func (x *Exercise) unconfirmedOn(d Day) bool {
	return len(x.Confirm) > 0 && (x.Settled == 0 || x.Recorded <= d && d < x.Settled)
}

// StillToConfirm are the ids of those who acted and had not confirmed the exercise by
// that day (rule D5).
func (x *Exercise) StillToConfirm(d Day) []string {
	var ids []string
	for _, id := range x.Confirm {
		if !slices.ContainsFunc(x.Confirmed, func(c Confirmation) bool { return c.Person == id && c.On <= d }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// judgedOn is the day on which the exercise's standing was worked out, or would be
// where it is not yet: the days for call-in and ratification run from it.
func (x *Exercise) judgedOn() Day { return cmp.Or(x.Settled, x.Recorded) }

// reservedAt is the place of the exercise among those that count in a total: the index
// at which somebody who acted first confirmed it, or recorded it; 0: nobody has (rule D5).
func (x *Exercise) reservedAt() uint64 {
	switch {
	case len(x.Confirm) < len(x.Acting):
		return x.Index
	case len(x.Confirmed) > 0:
		return x.Confirmed[0].Index
	}
	return 0
}

// reserves says whether the exercise's amount counts in a total as things stand on that
// day, once one of those who acted has confirmed it (rules D4, D5).
func (s *ground) reserves(x *Exercise, d Day) bool {
	switch s.ExerciseOn(x, d) {
	case XWithin, XCalledIn, XUnconfirmed:
		return true
	case XBeyond, XRatified, XDisavowed, XLapsed, XFallen, XRefused:
	}
	return false
}

// ConfirmBy is the last day on which those who acted can confirm the exercise; 0 where
// nobody else than whoever recorded it had to (rule D5).
func (s *ground) ConfirmBy(x *Exercise) Day {
	if len(x.Confirm) == 0 {
		return 0
	}
	return x.Recorded.Add(s.CharterOn(x.Recorded).Charter.confirmWithin())
}

// CallInBy is the last day on which the exercise can be called in, as things stand on
// that day: while it is not confirmed, the last on which it can be (rules D5, D7).
func (s *ground) CallInBy(x *Exercise, d Day) Day {
	if x.unconfirmedOn(d) {
		return s.ConfirmBy(x)
	}
	return x.judgedOn().Add(s.CharterOn(x.judgedOn()).Charter.CallInWithin)
}

// RatifyBy is the last day on which the exercise can be ratified, being beyond (rule D7).
func (s *ground) RatifyBy(x *Exercise) Day {
	return x.judgedOn().Add(s.CharterOn(x.judgedOn()).Charter.RatifyWithin)
}

// mayConfirm is the permission of those who acted, each for themself.
func (x *Exercise) mayConfirm(w *who) (Permission, *Refusal) {
	return anyOf(notYours("D5", "%s is confirmed by those who decided it, each for themselves: %s.", x.Number, w.s.offices(x.Acting)), w.is(x.Acting...))
}

// mayRefuse is the permission of any of those who are said to have acted, involved or not.
func (x *Exercise) mayRefuse(w *who) (Permission, *Refusal) {
	return anyOf(notYours("D5", "Only those who are said to have decided %s can say that they did not: %s.", x.Number, w.s.offices(x.Acting)), w.aboutThemself(slices.Contains(x.Acting, w.person.ID)))
}

// checkUnconfirmed refuses what no longer waits for those who acted.
func (t *asking) checkUnconfirmed(x *Exercise) *Refusal {
	st := t.s.ExerciseOn(x, t.day)
	switch {
	case x.unconfirmedOn(t.day) && (st == XUnconfirmed || st == XCalledIn):
		return nil
	case x.unconfirmedOn(t.day) && st == XLapsed:
		return notNow("D5", "%s was not confirmed by %s, so it has lapsed. If it was decided, record it anew.", x.Number, t.s.ConfirmBy(x).Words())
	case x.unconfirmedOn(t.day):
		return notNow("D5", "%s is %s: nobody has to confirm it any more.", x.Number, st)
	}
	return notNow("D5", "%s is confirmed already: it is %s.", x.Number, st)
}

// confirm records that somebody who acted confirms the exercise. At the last
// confirmation its standing is worked out: by the powers of its own day, with what was
// reserved before it, and with suspensions meanwhile (rule D5).
func (x *Exercise) confirm(t *turn, _ *who) *Refusal {
	if r := t.checkUnconfirmed(x); r != nil {
		return r
	}
	left := x.StillToConfirm(t.day)
	if !slices.Contains(left, t.actor.ID) {
		return notNow("D5", "You have confirmed %s already: it waits for %s.", x.Number, t.s.offices(left))
	}
	e := &ExerciseConfirmed{Exercise: x.Number}
	if len(left) > 1 {
		t.recordBecause(x.Index, t.day, e)
		return nil
	}
	d := t.s.Delegations[x.Delegation]
	e.Beyond, e.Power = t.s.judgeExercise(d, x, cmp.Or(x.reservedAt(), t.nextIndex()), t.day)
	e.Beyond = append(e.Beyond, t.s.suspendedMeanwhile(d, x, t.day)...)
	if e.Standing = XBeyond; len(e.Beyond) > 0 {
		t.recordBecause(x.Index, t.day, e)
		return nil
	}
	if r := t.checkNamed(x, t.day); r != nil {
		return r
	}
	e.Standing = XWithin
	confirmed := t.recordBecause(x.Index, t.day, e)
	if x.Names != nil {
		x.Names.enactUnder(t, enacting{x.Number, confirmed, t.day}, d.Number)
	}
	return nil
}

// suspendedMeanwhile is each suspension of the delegation that ran on a day between the
// recording of the exercise and the given one (rule D5). One that ran on the exercise's
// own day is among its reasons already.
func (s *decisions) suspendedMeanwhile(d *Delegation, x *Exercise, today Day) []Reason {
	var reasons []Reason
	for i := range d.Suspensions {
		sus := &d.Suspensions[i]
		if s.suspends(d, sus, x.On) {
			continue
		}
		for day := max(x.Recorded, sus.From); day <= min(today, sus.Until); day++ {
			if s.suspends(d, sus, day) {
				reasons = append(reasons, Reason{"D8", d.Number + " was suspended on " + sus.From.Words() + ", before all had confirmed it: " + sus.Reason})
				break
			}
		}
	}
	return reasons
}

// refuse records that somebody who is said to have acted says no, which ends
// the exercise (rule D5).
func (x *Exercise) refuse(t *turn, _ *who, words string) *Refusal {
	if r := t.checkUnconfirmed(x); r != nil {
		return r
	}
	t.recordBecause(x.Index, t.day, &ExerciseRefused{Exercise: x.Number, Words: words})
	return nil
}

// ExerciseConfirmed: somebody who acted said that the exercise is right.
type ExerciseConfirmed struct {
	Exercise string         `json:"exercise"`
	Standing ExerciseStatus `json:"standing,omitempty" doc:"within or beyond, worked out at the last confirmation; left out where somebody is still to confirm"`
	Beyond   []Reason       `json:"beyond,omitempty" doc:"why it is beyond"`
	Power    int            `json:"power,omitzero" doc:"the power of the delegation under which it was made, or that came closest, counted from 1; left out where only one is about the matter"`
}

func (e *ExerciseConfirmed) Subject() string { return "exercise/" + e.Exercise }
func (e *ExerciseConfirmed) apply(s *State, ev *Event) {
	x := edit(s.Exercises, e.Exercise)
	x.Confirmed = with(x.Confirmed, Confirmation{actorID(ev), ev.Effective, ev.Index})
	if e.Standing == "" {
		return
	}
	x.Settled, x.Beyond, x.Power = ev.Effective, e.Beyond, e.Power
	if e.Standing == XWithin {
		x.Names = nil // they are appointed
	}
}

// ExerciseRefused: somebody who is said to have acted said no.
type ExerciseRefused struct {
	Exercise string `json:"exercise"`
	Words    string `json:"words,omitempty"`
}

func (e *ExerciseRefused) Subject() string { return "exercise/" + e.Exercise }
func (e *ExerciseRefused) apply(s *State, ev *Event) {
	edit(s.Exercises, e.Exercise).Refused = &Denial{actorID(ev), ev.Effective, e.Words, ev.Index}
}
