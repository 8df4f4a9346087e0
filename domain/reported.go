package domain

// Reported commitments (rule R4): what somebody else than the representative recorded
// is reported until the representative confirms it. Meanwhile it counts in totals and
// binds nobody.

// unconfirmedOn says whether the representative had still to confirm the commitment on
// that day; also where the days for it are over, or they said that it is not so. Of a day
// before it was recorded, what has become of it since holds.
func (k *Commitment) unconfirmedOn(d Day) bool {
	return k.Reported && (k.Confirmed == nil || k.Recorded <= d && d < k.Confirmed.On)
}

// ConfirmCommitmentBy is the last day on which the representative can confirm the
// commitment; 0 where they recorded it themself (rule R4).
func (s *ground) ConfirmCommitmentBy(k *Commitment) Day {
	if !k.Reported {
		return 0
	}
	return k.Recorded.Add(s.CharterOn(k.Recorded).Charter.ReportWithin)
}

// RatifyCommitmentBy is the last day on which the commitment can be ratified, where it
// waits for the group's word: counted from its recording or its confirmation, or from
// the last day for that (rules D7, R4).
func (s *ground) RatifyCommitmentBy(k *Commitment) Day {
	from := k.Recorded
	switch {
	case k.Confirmed != nil:
		from = k.Confirmed.On
	case k.Reported:
		from = s.ConfirmCommitmentBy(k)
	}
	return from.Add(s.CharterOn(k.Recorded).Charter.RatifyWithin)
}

// countsInTotals says whether the commitment counts in a total as things stand on that day: it
// is within, or would be once it is confirmed (rules D4, R4).
func (s *ground) countsInTotals(k *Commitment, d Day) bool {
	st := s.CommitmentOn(k, d)
	return k.Standing == KWithin && (st == KWithin || st == KReported)
}

// mayConfirm is the permission of the representative whose word it is.
func (k *Commitment) mayConfirm(w *who) (Permission, *Refusal) {
	return anyOf(notYours("R4", "Only %s can say whether %s is what they said.", w.s.office(k.Person), k.Number), w.is(k.Person))
}

// mayRefuse is the same, involved or not.
func (k *Commitment) mayRefuse(w *who) (Permission, *Refusal) {
	return w.aboutThemself(k.Person == w.person.ID).or(k.mayConfirm(w))
}

// confirm records that the representative said it (rule R4).
func (k *Commitment) confirm(t *turn, _ *who) *Refusal {
	st := t.s.CommitmentOn(k, t.day)
	switch {
	case !k.Reported:
		return notNow("R4", "You recorded %s yourself.", k.Number)
	case st == KReported:
		t.recordBecause(k.Index, t.day, &CommitmentConfirmed{Commitment: k.Number})
		return nil
	case k.unconfirmedOn(t.day) && (st == KBeyond || st == KLapsed):
		return notNow("R4", "%s could be confirmed until %s. If you said it, record it anew.", k.Number, t.s.ConfirmCommitmentBy(k).Words())
	case k.unconfirmedOn(t.day):
		return notNow("R4", "%s is %s: it does not wait to be confirmed.", k.Number, st)
	}
	return notNow("R4", "You have confirmed %s already.", k.Number)
}

// refuse records that the representative did not say it, also after the days
// for confirming (rule R4).
func (k *Commitment) refuse(t *turn, _ *who, words string) *Refusal {
	st := t.s.CommitmentOn(k, t.day)
	switch {
	case !k.Reported:
		return notNow("R4", "You recorded %s yourself.", k.Number)
	case !k.unconfirmedOn(t.day):
		return notNow("R4", "You have confirmed %s.", k.Number)
	case st != KReported && st != KBeyond:
		return notNow("R4", "%s is %s: it does not wait for your word.", k.Number, st)
	}
	t.recordBecause(k.Index, t.day, &CommitmentDisputed{Commitment: k.Number, Words: words})
	return nil
}

// CommitmentConfirmed: the representative said that the commitment is theirs.
type CommitmentConfirmed struct {
	Commitment string `json:"commitment"`
}

func (e *CommitmentConfirmed) Subject() string { return "commitment/" + e.Commitment }
func (e *CommitmentConfirmed) apply(s *State, ev *Event) {
	s.makeNotice(ev)
	edit(s.Commitments, e.Commitment).Confirmed = &Confirmation{actorID(ev), ev.Effective, ev.Index}
}

// CommitmentDisputed: the representative said that they did not say it.
type CommitmentDisputed struct {
	Commitment string `json:"commitment"`
	Words      string `json:"words,omitempty"`
}

func (e *CommitmentDisputed) Subject() string { return "commitment/" + e.Commitment }
func (e *CommitmentDisputed) apply(s *State, ev *Event) {
	s.makeNotice(ev)
	edit(s.Commitments, e.Commitment).Disputed = &Denial{actorID(ev), ev.Effective, e.Words, ev.Index}
}
