package model

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"goldenthread/domain"
)

// A question is asked of the model and of the production code, both as known
// after so many orders.
type question struct {
	kind  string // coverage, check, exercises or standings
	known int
	terms // coverage asks for its matter and day, standings for their day
}

func (q question) String() string {
	asked := fmt.Sprintf("%s on %s", q.kind, q.at)
	if q.matter != "" {
		asked += " for " + q.matter
	}
	if q.person != "" {
		asked += ", " + q.person
	}
	if q.forum != "" {
		asked += " at the " + q.forum
	}
	if q.amount != nil {
		asked += ", " + q.amount.String()
	}
	if q.months != nil {
		asked += fmt.Sprintf(", %d months", *q.months)
	}
	if q.openEnded {
		asked += ", without an end"
	}
	if q.consulted != nil {
		asked += fmt.Sprintf(", consulted %v", q.consulted)
	}
	return asked
}

// answers are the production code's and the model's.
func (q question) answers(s *domain.View, m model) (theirs, ours string) {
	switch q.kind {
	case "coverage":
		c := s.CoverageOn(q.matter, q.at)
		var outside []string
		for _, o := range c.Outside {
			outside = append(outside, o.ODS)
		}
		slices.Sort(outside)
		o := m.coverage(q.matter, q.at)
		return fmt.Sprintf("%d of %d practices, %d of %d patients, outside %v", c.Practices, c.OfPractices, c.Patients, c.OfPatients, outside),
			fmt.Sprintf("%d of %d practices, %d of %d patients, outside %v", o.practices, o.ofPractices, o.patients, o.ofPatients, o.outside)
	case "check":
		return q.checks(s, m)
	case "exercises":
		return exercisesWhenRecorded(s, m)
	case "commitments":
		return commitmentsWhenRecorded(m)
	case "standings":
		return q.standings(s, m)
	case "settlement":
		return settlement(m)
	}
	panic(q.kind)
}

func (q question) checks(s *domain.View, m model) (theirs, ours string) {
	who := s.ByHandle(q.person)
	if who == nil {
		return "", ""
	}
	said, refusal := s.Check(domain.Question{Person: who.ID, Forum: q.forum, Matter: q.matter, Amount: q.amount, Months: q.months, OpenEnded: q.openEnded, Consulted: q.consulted, At: q.at})
	if refusal != nil {
		return "", ""
	}
	var rules []string
	for _, r := range said.Reasons {
		rules = append(rules, r.Rule)
	}
	asked := q.terms
	asked.person = who.ID
	a := m.check(asked)
	for _, other := range a.or {
		if slices.Equal(rulesOf(other), rulesOf(rules)) {
			a.rules = other
		}
	}
	theirs, ours = fmt.Sprint(said.Verdict, " ", rulesOf(rules)), fmt.Sprint(a.verdict, " ", rulesOf(a.rules))
	if a.verdict == domain.MayCommitNow || a.verdict == domain.MayCommitReport {
		var shown []limit
		for _, l := range said.Limits {
			shown = append(shown, limit{l.Kind, l.Limit, l.Used})
			if l.Kind == "year" && l.Left != max(l.Limit-l.Used, 0) {
				theirs += fmt.Sprint(" but left ", l.Left)
			}
		}
		for _, other := range a.orLimits {
			if sameLimits(other, shown) {
				a.limits = other
			}
		}
		theirs += fmt.Sprint(" ", limitsOf(shown))
		ours += fmt.Sprint(" ", limitsOf(a.limits))
	}
	if theirs != ours {
		theirs += fmt.Sprint(" ", said.Reasons)
		ours += fmt.Sprint(" ", a.rules)
	}
	return theirs, ours
}

func limitsOf(limits []limit) []string {
	var all []string
	for _, l := range limits {
		all = append(all, fmt.Sprintf("%s %d, used %d", l.kind, l.limit, l.used))
	}
	return rulesOf(all)
}

func sameLimits(a, b []limit) bool { return slices.Equal(limitsOf(a), limitsOf(b)) }

// exercisesWhenRecorded are the exercises as each stood when it was recorded.
func exercisesWhenRecorded(_ *domain.View, m model) (theirs, ours string) {
	for _, x := range m.exercises() {
		if x.waits > 0 {
			continue
		}
		var rules []string
		for _, r := range x.Beyond {
			rules = append(rules, r.Rule)
		}
		rules = rulesOf(rules)
		why := m.why(x)
		same := len(rules) == 0 && len(why) == 0
		for _, one := range why {
			same = same || slices.Equal(one, rules)
		}
		if !same {
			theirs += fmt.Sprintf("%s %v %v; ", x.Exercise, rules, x.Beyond)
			ours += fmt.Sprintf("%s %v; ", x.Exercise, why)
		}
	}
	return theirs, ours
}

// standings is how everything stands on the day that waits for the group's word
// or may be called in.
func (q question) standings(s *domain.View, m model) (theirs, ours string) {
	for _, x := range m.exercises() {
		if q.at >= x.recorded {
			theirs += fmt.Sprintf("%s %s; ", x.Exercise, s.ExerciseOn(s.Exercises[x.Exercise], q.at))
			ours += fmt.Sprintf("%s %s; ", x.Exercise, m.standing(x, q.at))
		}
	}
	for _, k := range m.commitments() {
		if q.at >= k.recorded {
			theirs += fmt.Sprintf("%s %s; ", k.Commitment, s.CommitmentOn(s.Commitments[k.Commitment], q.at))
			ours += fmt.Sprintf("%s %s; ", k.Commitment, m.commitmentOn(k, q.at))
		}
	}
	return theirs, ours
}

// commitmentsWhenRecorded are the commitments as each stood when it was
// recorded.
func commitmentsWhenRecorded(m model) (theirs, ours string) {
	for _, k := range m.commitments() {
		standing, a := m.judgeCommitment(k)
		var rules []string
		for _, r := range k.Reasons {
			rules = append(rules, r.Rule)
		}
		if standing != k.Standing || a.verdict != k.Verdict {
			theirs += fmt.Sprintf("%s %s, %s %v %v; ", k.Commitment, k.Standing, k.Verdict, rulesOf(rules), k.Reasons)
			ours += fmt.Sprintf("%s %s, %s %v; ", k.Commitment, standing, a.verdict, a.rules)
		}
	}
	return theirs, ours
}

// ask makes n questions up, at random days and as known at random moments, and
// asks how everything that was recorded stood then, and what was settled.
func ask(r *recorder, rng *rand.Rand, n int) []question {
	var qs []question
	first, last := r.events[0].Effective, domain.DayOf(r.orders[len(r.orders)-1].Time)
	for range n {
		known := len(r.orders) - rng.IntN(len(r.orders)*3/4)
		if rng.IntN(3) == 0 {
			known = len(r.orders)
		}
		q := question{known: known}
		q.at = first + day(rng.IntN(int(last-first)+30))
		if rng.IntN(3) == 0 {
			q.at = domain.DayOf(r.orders[known-1].Time)
		}
		switch n := rng.IntN(20); {
		case n < 6:
			q.kind = "coverage"
			if rng.IntN(6) > 0 {
				q.matter = matters[rng.IntN(len(matters))]
			}
		case n < 19:
			q.kind = "check"
			q.terms = askCheck(r, rng, known, q.at)
		default:
			q.kind = "standings"
		}
		qs = append(qs, q)
	}
	for _, kind := range []string{"exercises", "commitments", "settlement"} {
		qs = append(qs, question{kind: kind, known: len(r.orders), terms: terms{at: last}})
	}
	slices.SortStableFunc(qs, func(a, b question) int { return a.known - b.known })
	return qs
}

// askCheck makes up what a check is asked: mostly about somebody who has an
// appointment or a power, a matter of theirs, and a day on which they have it.
func askCheck(r *recorder, rng *rand.Rand, known int, at day) terms {
	q := terms{at: at, person: people[rng.IntN(len(people))], forum: forums[rng.IntN(len(forums))], matter: matters[rng.IntN(len(matters))]}
	switch rng.IntN(8) {
	case 0:
		if rng.IntN(2) == 0 {
			q.forum = ""
		}
	case 1, 2:
		q.forum = ""
		empowered(r, rng, known, &q)
	default:
		appointed(r, rng, known, &q)
	}
	if rng.IntN(2) == 0 {
		amount := domain.Pence(rng.IntN(9)) * 100_00
		q.amount = &amount
	}
	if rng.IntN(2) == 0 {
		months := rng.IntN(5) * 3
		q.months = &months
	}
	q.openEnded = rng.IntN(40) == 0
	switch rng.IntN(6) {
	case 0:
		q.consulted = []string{}
	case 1:
		q.consulted = []string{"LMC"}
	case 2, 3:
		q.consulted = []string{"LMC", "FED"}
	}
	return q
}

// appointed picks somebody who was appointed or substitutes, the forum, often a
// matter of a line, and mostly a day of theirs.
func appointed(r *recorder, rng *rand.Rand, known int, q *terms) {
	var all []*domain.RepresentativeAppointed
	for _, e := range r.eventsAfter(known) {
		if x, ok := e.Data.(*domain.RepresentativeAppointed); ok {
			all = append(all, x)
			if x.Parent != "" { // seldom, and worth asking about
				all = append(all, x, x)
			}
		}
	}
	if len(all) == 0 {
		return
	}
	x := all[rng.IntN(len(all))]
	who := append([]string{x.Person, x.Person}, x.Substitutes...)
	q.forum, q.person = x.Forum, r.handle(who[rng.IntN(len(who))])
	if len(x.Lines) > 0 && rng.IntN(4) > 0 {
		q.matter = x.Lines[rng.IntN(len(x.Lines))].Matter
	}
	oneOf(rng, x.Span, q)
}

// empowered picks somebody who has powers, mostly one of them, and a day.
func empowered(r *recorder, rng *rand.Rand, known int, q *terms) {
	var all []*domain.DelegationGranted
	var members []string
	for _, e := range r.eventsAfter(known) {
		switch x := e.Data.(type) {
		case *domain.DelegationGranted:
			all = append(all, x)
		case *domain.ExecutiveFormed:
			members = append(members, x.Members...)
		}
	}
	if len(all) == 0 || len(members) == 0 {
		return
	}
	x := all[rng.IntN(len(all))]
	q.person = r.handle(x.To)
	if x.To == domain.ToExecutive {
		q.person = r.handle(members[rng.IntN(len(members))])
	}
	if rng.IntN(5) > 0 {
		q.matter = x.Powers[rng.IntN(len(x.Powers))].Matter
	}
	oneOf(rng, x.Span, q)
}

// oneOf mostly picks one of the first days of the span, now and then its last
// or the day after.
func oneOf(rng *rand.Rand, span domain.Span, q *terms) {
	switch n := rng.IntN(10); {
	case n < 6:
		q.at = span.From + day(rng.IntN(45))
		if span.Until != 0 {
			q.at = min(q.at, span.Until)
		}
	case n == 6 && span.Until != 0:
		q.at = span.Until + day(rng.IntN(2))
	}
}

// A difference is a question that is answered in two ways.
type difference struct {
	question
	theirs, ours string
}

// differences are those of the questions, which are in the order of what is
// known.
func differences(r *recorder, qs []question, wrong mistake) []difference {
	var found []difference
	s := domain.NewState(group)
	n := 0
	for _, q := range qs {
		events := r.eventsAfter(q.known)
		for ; n < len(events); n++ {
			s.Apply(events[n])
		}
		if n == 0 {
			continue
		}
		after, known := ifTaken(r.events, n)
		if !known {
			continue
		}
		theirs, ours := q.answers(s.View(), model{events: events, wrong: wrong, after: after})
		if theirs != ours {
			found = append(found, difference{q, theirs, ours})
		}
	}
	return found
}

// shrunk is the difference with as few orders before it as still show it, and
// with a simpler question if that shows it too.
func shrunk(r *recorder, d difference, wrong mistake) (*recorder, difference) {
	orders := slices.Clone(r.orders[:d.known])
	try := func(orders []order, q question) (*recorder, *difference) {
		q.known = len(orders)
		r2 := r.replay(orders)
		if found := differences(r2, []question{q}, wrong); len(found) > 0 {
			return r2, &found[0]
		}
		return nil, nil
	}
	best, least := try(orders, d.question)
	if least == nil {
		return r, d
	}
	for size := len(orders) / 2; size > 0; {
		dropped := false
		for i := len(orders) - size; i >= 0; i -= size {
			fewer := append(slices.Clone(orders[:i]), orders[i+size:]...)
			if r2, d2 := try(fewer, least.question); d2 != nil {
				orders, best, least, dropped = fewer, r2, d2, true
				i = min(i, len(orders)-size+size)
			}
		}
		if !dropped || size > 1 {
			size /= 2
		}
	}
	for _, simpler := range least.question.simpler(orders) {
		if r2, d2 := try(orders, simpler); d2 != nil {
			best, least = r2, d2
		}
	}
	return best, *least
}

// simpler are questions like it that are easier to read.
func (q question) simpler(orders []order) []question {
	var qs []question
	today := q
	today.at = domain.DayOf(orders[len(orders)-1].Time)
	qs = append(qs, today)
	less := today
	less.amount, less.months, less.consulted, less.openEnded = nil, nil, nil, false
	qs = append(qs, less)
	less.amount = q.amount
	qs = append(qs, less)
	return qs
}

func (d difference) tell(r *recorder) string {
	return fmt.Sprintf("history %d\n%s%s\n  the program: %s\n  the model:   %s\n", r.seed, minutes(r.orders), d.question, d.theirs, d.ours)
}
