package model

import (
	"cmp"
	"slices"

	"goldenthread/domain"
)

// What a keeper recorded about somebody else waits (O1, O3), and until it takes effect
// authority is the stricter of before and after. The model doesn't decide what such a
// record would do: it takes that from what the history records when it is confirmed.

// ifTaken is what is recorded if what waits after those events takes effect, from what
// was recorded when it did. It answers false where it never did as a whole, or several
// wait: then nobody knows.
func ifTaken(all []*domain.Event, known int) (after []*domain.Event, ok bool) {
	left := map[string][]string{}
	for _, e := range all[:known] {
		switch x := e.Data.(type) {
		case *domain.RecordKept:
			left[x.Record] = slices.Clone(x.Of)
		case *domain.RecordConfirmed:
			left[x.Record] = without(left[x.Record], x.Of)
		case *domain.RecordRefused:
			left[x.Record] = without(left[x.Record], x.Of)
		default:
		}
	}
	waits := ""
	for record, of := range left {
		if len(of) == 0 {
			continue
		}
		if waits != "" {
			return nil, false
		}
		waits = record
	}
	if waits == "" {
		return nil, true
	}
	after = slices.Clone(all[:known])
	of := left[waits]
	for i := known; i < len(all); i++ {
		x, confirmed := all[i].Data.(*domain.RecordConfirmed)
		if !confirmed || x.Record != waits {
			continue
		}
		of = without(of, x.Of)
		for _, e := range all[i+1:] {
			if e.Command == all[i].Command {
				after = append(after, e)
			}
		}
	}
	return after, len(of) == 0
}

func without(list, gone []string) []string {
	return slices.DeleteFunc(list, func(one string) bool { return has(gone, one) })
}

// coverage is what is covered or, while something waits, what would be covered if it had
// taken effect, where that is lower (O1).
func (m model) coverage(matter string, d day) coverage {
	c := m.coverageNow(matter, d)
	if m.after != nil && m.wrong != waitingIgnored {
		if other := (model{events: m.after, wrong: m.wrong}).coverageNow(matter, d); other.below(c) {
			return other
		}
	}
	return c
}

// below compares the smaller of the two shares, then the practices.
func (c coverage) below(other coverage) bool {
	least := func(c coverage) (part, of int) {
		part, of = c.practices, max(c.ofPractices, 1)
		if patients := max(c.ofPatients, 1); c.patientsKnown && c.patients*of < part*patients {
			part, of = c.patients, patients
		}
		return part, of
	}
	part, of := least(c)
	otherPart, otherOf := least(other)
	return cmp.Or(cmp.Compare(part*otherOf, otherPart*of), cmp.Compare(c.practices, other.practices)) < 0
}

// check is the answer or, while something waits, the one that would be given if it had
// taken effect, where that is stricter (O3).
func (m model) check(q terms) answer {
	a := m.checkNow(q)
	if m.after == nil || m.wrong == waitingIgnored {
		return a
	}
	strict := []domain.Verdict{domain.MustNot, domain.ViewOnly, domain.AdReferendum, domain.MayCommitReport, domain.MayCommitNow}
	other := model{events: m.after, wrong: m.wrong}.checkNow(q)
	if slices.Index(strict, other.verdict) >= slices.Index(strict, a.verdict) {
		return a
	}
	other.rules = append(slices.Clone(other.rules), "O3")
	for i := range other.or {
		other.or[i] = append(slices.Clone(other.or[i]), "O3")
	}
	return other
}
