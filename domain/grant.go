package domain

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// Grants (rules C9, D3, D8): a delegation and an appointment are both given by an
// agreement, changed by others in versions, suspended by a seat, paused where a review
// was missed, and over in the end. What that means is said here, once for both.

// A Term is what each version of a grant has, beside what it allows.
type Term struct {
	Number   int
	Review   Day
	Source   string // the agreement, or for an appointment the exercise, whose words it is
	Feedback string
	Span
	Back   int    // version to which it went back; 0: it is new
	BackBy string // the agreement that set the other aside
	Index  uint64
}

func (t *Term) term() *Term { return t }

// By is the agreement, or exercise, by which the version came into force.
func (t *Term) By() string { return cmp.Or(t.BackBy, t.Source) }

// Granted is what each grant has, beside its versions.
type Granted struct {
	Number      string
	Source      string // the proposal by which it was agreed, or for an appointment the exercise
	Suspensions []Suspension
	Ended       Day    // first day on which it no longer holds; 0: not ended
	EndedBy     string // the agreement that ended it
	Feedback    string // on ending
	Index       uint64
}

func (g *Granted) granted() *Granted { return g }

// end notes that the grant ended on the event's day.
func (g *Granted) end(ev *Event, by, feedback string) {
	g.Ended, g.EndedBy, g.Feedback = ev.Effective, by, feedback
}

// A Versioned grant allows what its version of the day says: a V, which is a Term and
// what it allows.
type Versioned[V any, P version[V]] struct {
	Granted
	Versions []V // in order; there is always one
}

type version[V any] interface {
	*V
	term() *Term
	says() any // all that it allows, and until when; not its review
}

func (g *Versioned[V, P]) newest() *V { return &g.Versions[len(g.Versions)-1] }

// From is the grant's first day, from which its years run (rule D4).
func (g *Versioned[V, P]) From() Day { return P(&g.Versions[0]).term().From }

// VersionOn is the version in force on that day; nil before the first.
func (g *Versioned[V, P]) VersionOn(d Day) *V {
	for i := len(g.Versions) - 1; i >= 0; i-- {
		if v := &g.Versions[i]; P(v).term().From <= d {
			return v
		}
	}
	return nil
}

// yearOf is the grant's year in which the day falls (rule D4).
func (g *Versioned[V, P]) yearOf(d Day) Span {
	for n := 0; ; n++ {
		if y := (Span{g.From().AddYears(n), g.From().AddYears(n+1) - 1}); d <= y.Until {
			return y
		}
	}
}

// vary adds the version. One that goes back has the words of the agreement that made
// the version to which it goes back.
func (g *Versioned[V, P]) vary(v V) {
	if t := P(&v).term(); t.Back != 0 {
		t.Source, t.BackBy = g.term(t.Back-1).Source, t.Source
	}
	g.Versions = append(slices.Clip(g.Versions), v)
}

func (g *Versioned[V, P]) versions() int { return len(g.Versions) }

func (g *Versioned[V, P]) term(i int) *Term { return P(&g.Versions[i]).term() }

func (g *Versioned[V, P]) newestTerm() *Term { return g.term(len(g.Versions) - 1) }

func (g *Versioned[V, P]) termOn(d Day) *Term {
	if v := g.VersionOn(d); v != nil {
		return P(v).term()
	}
	return nil
}

// confirms says whether the version says what the one before it says: it is a
// review that changed nothing.
func (g *Versioned[V, P]) confirms(i int) bool {
	return i > 0 && reflect.DeepEqual(P(&g.Versions[i]).says(), P(&g.Versions[i-1]).says())
}

// A grant is a delegation or an appointment.
type grant interface {
	granted() *Granted
	From() Day
	versions() int
	term(i int) *Term
	newestTerm() *Term
	termOn(d Day) *Term
	confirms(i int) bool

	// stateOn says whether it holds on that day, with a sentence where it does not.
	stateOn(s *State, d Day) (PowerState, string)
	// whyNotBack says why it can't go back to that version on that day; "" if it can.
	whyNotBack(s *State, i int, d Day) string
	// back is the event by which it goes back to that version, and who then pays and did not so far.
	back(i int, source string) (e Payload, payer string)
	// over is the event by which it ends.
	over(source string) Payload
}

var (
	_ grant = (*Delegation)(nil)
	_ grant = (*Appointment)(nil)
)

// grant is the delegation or appointment with that number; nil if there is none.
func (s *authority) grant(number string) grant {
	if d := s.Delegations[number]; d != nil {
		return d
	}
	if a := s.Appointments[number]; a != nil {
		return a
	}
	return nil
}

// grantsInOrder are all delegations and then all appointments.
func (s *authority) grantsInOrder() []grant {
	all := make([]grant, 0, len(s.Delegations)+len(s.Appointments))
	for _, n := range SortedNumbers(s.Delegations) {
		all = append(all, s.Delegations[n])
	}
	for _, n := range SortedNumbers(s.Appointments) {
		all = append(all, s.Appointments[n])
	}
	return all
}

// A Held is a stretch of days on which one version of a power or an appointment holds.
type Held struct {
	Version int
	Span
}

// HeldSpans are the stretches of days on which somebody holds the delegation or appointment
// with that number, as far as it is known on that day: where nothing ends it by then, the
// last one has no end.
func (s *State) HeldSpans(number string, d Day) (all []Held) {
	g := s.grant(number)
	if g == nil {
		return nil
	}
	last := d
	for i := range g.versions() {
		last = max(last, g.term(i).Until)
	}
	for day := g.From(); day <= last; day++ {
		if state, _ := g.stateOn(s, day); state != InForce || !s.isHeld(number, day) {
			continue
		}
		version := g.termOn(day).Number
		if n := len(all) - 1; n >= 0 && all[n].Version == version && all[n].Until == day-1 {
			all[n].Until = day
		} else {
			all = append(all, Held{version, Span{day, day}})
		}
	}
	if n := len(all) - 1; n >= 0 && all[n].Until == last && g.newestTerm().Until == 0 {
		all[n].Until = 0
	}
	return all
}

// isHeld says whether there is somebody on that day to whom the delegation was given; an
// appointment ends with its person's office.
func (s *authority) isHeld(number string, d Day) bool {
	dl := s.Delegations[number]
	return dl == nil || len(s.delegates(dl, d)) > 0
}

// checkChangeable refuses a grant that is over on that day, by that rule, or of which
// another version is in force (rule C9).
func (s *State) checkChangeable(rule string, g grant, version int, d Day) *Refusal {
	number := g.granted().Number
	if s.isOver(g, d) {
		return notNow(rule, "%s has ended.", number)
	}
	if now := g.versions(); version != now {
		return notNow("C9", "This changes version %d of %s, and version %d is in force: amend it.", version, number, now)
	}
	return nil
}

// isOver says whether the grant has ended or expired by that day, or by the day on
// which its newest version begins.
func (s *State) isOver(g grant, d Day) bool {
	state, _ := g.stateOn(s, max(d, g.newestTerm().From))
	return state == Ended || state == Expired
}

// begunOn says whether the grant has begun by that day, with a sentence where it has
// not or is over; in force where it has and is not, though it may be paused.
func (s *authority) begunOn(g grant, d Day) (PowerState, string) {
	is, t := g.granted(), g.termOn(d)
	switch {
	case t == nil:
		return NotYet, is.Number + " begins on " + g.From().Words()
	case is.Ended != 0 && is.Ended <= d:
		return Ended, is.Number + " ended on " + is.Ended.Words()
	case !s.sourceHolds(is.Source, d) || !s.sourceHolds(t.Source, d):
		return Ended, is.Number + " ended when the agreement that it rests on was set aside"
	case over(t.Until, d):
		return Expired, is.Number + " expired on " + t.Until.Words()
	}
	return InForce, ""
}

// pausesOf is all that pauses the grant by itself on that day: each suspension, and a
// review that was missed (rules D3, D8). Each is a sentence.
func (s *circle) pausesOf(g grant, d Day) []Reason {
	is, t := g.granted(), g.termOn(d)
	if t == nil {
		return nil
	}
	var reasons []Reason
	for i := range is.Suspensions {
		if sus := &is.Suspensions[i]; s.suspends(g, sus, d) {
			reasons = append(reasons, sus.reason(is.Number))
		}
	}
	return append(reasons, s.missedReview(is.Number, t.Review, d)...)
}

// missedReview is the reason where a review was missed by more than the charter's
// grace (rule D3); nothing where it was not.
func (s *ground) missedReview(number string, review, day Day) []Reason {
	if review == 0 || day <= review.Add(s.CharterOn(day).Charter.Grace) {
		return nil
	}
	return []Reason{{"D3", number + " is paused: its review was due on " + review.Words() + "."}}
}

// checkReview refuses a review that is further away than the charter allows
// (rules D3, R1).
func checkReview(s *State, review, d Day) *Refusal {
	if within := s.CharterOn(d).Charter.ReviewWithin; review < d || review > d.Add(within) {
		return invalid("D3", "The review is at most %s away: by %s.", Count(within, "day"), d.Add(within).Words()).at("review")
	}
	return nil
}

// PowerState is whether a grant holds on a day and, if not, why.
type PowerState string

const (
	InForce   PowerState = "in force"
	NotYet    PowerState = "not yet in force"
	Expired   PowerState = "expired"
	Ended     PowerState = "ended"
	Suspended PowerState = "suspended"
	Paused    PowerState = "paused" // its review was missed
)

// current says whether what is in that state has begun and not ended, though it
// may be suspended or paused.
func (p PowerState) current() bool { return p != NotYet && p != Ended && p != Expired }

// rule is the rule by which a grant that has begun and not ended does not hold.
func (p PowerState) rule() string {
	if p == Suspended {
		return "D8"
	}
	return "D3"
}

// pausing is the state of what those reasons pause, in a sentence that names
// them all; in force where there are none.
func pausing(reasons []Reason) (PowerState, string) {
	if len(reasons) == 0 {
		return InForce, ""
	}
	state, why := Paused, make([]string, len(reasons))
	for i, r := range reasons {
		why[i] = Clause(r.Text)
		if r.Rule != "D3" {
			state = Suspended
		}
	}
	return state, strings.Join(why, "; ")
}

func over(until, d Day) bool { return until != 0 && until < d }

func lastsLonger(until, o Day) bool { return o != 0 && (until == 0 || until > o) }
