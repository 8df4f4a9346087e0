package domain

import "slices"

// The check without a server (rule R3): whoever speaks for the group takes along the
// check's own answers, one for each case in which it may answer otherwise. Which case a
// question falls in is all that is worked out where there is no signal.

// OfflineDays is on how many days, beside the one on which they were worked out, answers
// taken along may say yes.
const OfflineDays = 7

// An OfflineCase is an answer of the check with the questions that it holds for.
type OfflineCase struct {
	Amount    *Pence // largest whole cost; nil: where no sum is named
	Months    *int   // longest term; nil: where no term is named
	OpenEnded bool
	Consulted string // "": not said; "all" or "none" of those who must be
	Answer    *CheckAnswer
}

// OfflineCases are the answers on the matter, for every sum, term and consultation: the
// sums in order within each term, those in order too. Of sums and terms
// that fall into one case, its answer has only the reasons and remedies that hold for
// all, so no figure that is another's. Unknown people and forums are refused as the
// check refuses them.
func (s *View) OfflineCases(person, forum, matter string, d Day) ([]OfflineCase, *Refusal) {
	q := Question{Person: person, Forum: forum, Matter: matter, At: d}
	p, r := s.person("R3", person)
	if r != nil {
		return nil, r
	}
	q.Person = p.ID
	sums, terms := s.boundsOf(q)
	said := []string{"", everybody, "none"}
	if len(s.conditionBodies()) == 0 {
		said = said[:1]
	}
	var cases []OfflineCase
	for _, consulted := range said {
		for _, openEnded := range []bool{false, true} {
			for i := range terms {
				for k := range sums {
					c := OfflineCase{sums[k].most, terms[i].most, openEnded, consulted, nil}
					if c.Answer, r = s.offlineAnswer(q, &c, sums[k].least, terms[i].least); r != nil {
						return nil, r
					}
					cases = append(cases, c)
				}
			}
		}
	}
	return cases, nil
}

// A bound is a case of sums or terms: from the least to the most; nil: none is named.
type bound[N Pence | int] struct{ least, most *N }

// boundsUpTo are the cases between the values, which need no order, and the most of all:
// none named, each up to and with a value, and what is above the last.
func boundsUpTo[N Pence | int](values []N, most N) []bound[N] {
	values = append(values, most)
	slices.Sort(values)
	bounds := []bound[N]{{}}
	least := N(0)
	for _, v := range slices.Compact(values) {
		bounds = append(bounds, bound[N]{new(least), new(v)})
		least = v + 1
	}
	return bounds
}

// boundsOf are the cases of sums and terms between which the answer can change: every
// limit of a line or power that may answer for the matter, and what is left of it.
func (s *View) boundsOf(q Question) ([]bound[Pence], []bound[int]) {
	sums, terms := []Pence{0}, []int{}
	for _, in := range append([]*View{s}, s.ifTaken()...) {
		for _, dl := range in.delegationsInOrder() {
			v := dl.VersionOn(q.At)
			if v == nil {
				continue
			}
			for _, tier := range v.tiers(q.Matter) {
				p := &v.Powers[tier]
				sums = append(sums, p.ItemLimit, max(p.YearLimit-in.UsedOf(dl, v, p, q.At, q.At), 0))
				terms = append(terms, p.Months)
			}
		}
		for _, a := range in.appointmentsTo(q.Forum) {
			v := a.VersionOn(q.At)
			if v == nil {
				continue
			}
			if l := v.line(q.Matter); l != nil {
				sums = append(sums, l.Limit, max(l.Limit-in.committed(a, l, q.At, q.At), 0))
				terms = append(terms, l.Months)
			}
		}
	}
	return boundsUpTo(sums, mostPence), boundsUpTo(terms, mostMonths)
}

// offlineAnswer is the answer in the case: that for its largest sum and longest term,
// without what is not so for its least.
func (s *View) offlineAnswer(q Question, c *OfflineCase, least *Pence, shortest *int) (*CheckAnswer, *Refusal) {
	q.OpenEnded = c.OpenEnded
	switch c.Consulted {
	case everybody:
		q.Consulted = []string{everybody}
	case "none":
		q.Consulted = []string{}
	}
	q.Amount, q.Months = c.Amount, c.Months
	answer, r := s.checkInWords(q)
	if r != nil || answer.Verdict.yes() || c.Amount == least && c.Months == shortest {
		return answer, r
	}
	q.Amount, q.Months = least, shortest
	lower, r := s.checkInWords(q)
	if r != nil {
		return nil, r
	}
	answer.Reasons = slices.DeleteFunc(slices.Clone(answer.Reasons), func(r Reason) bool { return !slices.Contains(lower.Reasons, r) })
	answer.Remedies = slices.DeleteFunc(slices.Clone(answer.Remedies), func(r Remedy) bool {
		return !slices.ContainsFunc(lower.Remedies, func(o Remedy) bool { return o.Text == r.Text })
	})
	return answer, nil
}

// Most are the largest sum and the longest term that can be asked about.
func Most() (pence int64, months int) { return int64(mostPence), mostMonths }

// HoldsPower says whether the person is on the executive on that day, or a delegation is
// theirs by name.
func (s *View) HoldsPower(person string, d Day) bool {
	return slices.Contains(s.holders(d), person)
}
