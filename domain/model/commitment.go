package model

import "goldenthread/domain"

// Commitments (R4).

type commitment struct {
	*domain.CommitmentRecorded
	index    int
	meeting  day
	recorded day
	outcome  day
	ratified bool
}

func (m model) commitments() []*commitment {
	var ks []*commitment
	for i, e := range m.events {
		if x, ok := e.Data.(*domain.CommitmentRecorded); ok {
			ks = append(ks, &commitment{CommitmentRecorded: x, index: i, meeting: e.Effective, recorded: londonDay(e.Time)})
		}
	}
	for _, e := range m.events {
		what, ratified := "", false
		switch x := e.Data.(type) {
		case *domain.Ratified:
			what, ratified = x.What, true
		case *domain.Disavowed:
			what = x.What
		default:
		}
		for _, k := range ks {
			if k.Commitment == what {
				k.outcome, k.ratified = e.Effective, ratified
			}
		}
	}
	return ks
}

// judgeCommitment is how the commitment stood when it was recorded: what the
// check says at the meeting, as known at the end of its day, with totals in the
// order of recording.
func (m model) judgeCommitment(k *commitment) (domain.CommitmentStanding, answer) {
	recorded := m.known(k.index)
	then := recorded
	for i, e := range recorded.events {
		if londonDay(e.Time) > k.meeting && m.wrong != judgedAsKnownToday {
			then = recorded.known(i)
			break
		}
	}
	if m.wrong != totalsByDay {
		then.totals = recorded.events
	}
	a := then.check(terms{person: k.Person, forum: k.Forum, matter: k.Matter, amount: k.Amount, months: k.Months, openEnded: k.OpenEnded, consulted: k.Consulted, at: k.meeting})
	switch {
	case k.Given == domain.OwnView || a.verdict == domain.ViewOnly:
		return domain.KView, a
	case k.Given == domain.Subject && (a.verdict != domain.MustNot || m.wrong == subjectPassesRedLines):
		return domain.KAdReferendum, a
	case k.Given == domain.Outright && (a.verdict == domain.MayCommitNow || a.verdict == domain.MayCommitReport) && (a.missing == 0 || m.wrong == unsaidTermsPass):
		return domain.KWithin, a
	}
	return domain.KBeyond, a
}

// commitmentOn is how the commitment stands on the day, with the group's word.
func (m model) commitmentOn(k *commitment, d day) domain.CommitmentStanding {
	if k.Standing != domain.KAdReferendum && k.Standing != domain.KBeyond {
		return k.Standing
	}
	if k.outcome != 0 && k.outcome <= d {
		if k.ratified {
			return domain.KRatified
		}
		return domain.KDisavowed
	}
	charter, _ := m.charterOn(k.recorded)
	if d > k.recorded+day(charter.RatifyWithin) {
		return domain.KLapsed
	}
	return k.Standing
}
