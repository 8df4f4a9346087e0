package domain

import (
	"slices"
	"strings"
)

// The check (rules R2, R3, R7, D5, M4): may this person sign up to this, here,
// now? It changes nothing and never guesses. The rows of the rule book's table
// are tried in order; the first that fits answers, with every reason of it.

// Verdict is the check's answer.
type Verdict string

const (
	MayCommitReport Verdict = "may-commit-then-report"
	MayCommitNow    Verdict = "may-commit"
	AdReferendum    Verdict = "ad-referendum"
	MustNot         Verdict = "must-not"
	ViewOnly        Verdict = "view-only"
)

func (v Verdict) yes() bool { return v == MayCommitNow || v == MayCommitReport }

// A Question is what somebody asks of the check. What is not given makes a yes
// conditional.
type Question struct {
	Person    string // id
	Forum     string // "" asks about the executive's powers
	Matter    string
	Amount    *Pence // whole cost over the whole term
	Months    *int
	OpenEnded bool
	Consulted []string // organisations consulted, by code, kind or "all"; nil: not said; empty: nobody
	At        Day

	// totals is where totals are counted, with all that is recorded there; nil: in
	// the state that is asked, with what happened up to At (rule R4).
	totals *View
	// verdictOnly leaves out of the judgement the limits, conditions and words of a
	// yes: whoever looks for who could say yes asks for many.
	verdictOnly bool
}

// A Limit is one that the answer rests on.
type Limit struct {
	Of    string `json:"of" doc:"what it limits, such as R1 workforce"`
	Kind  string `json:"kind" doc:"item, year or months"`
	Limit int64  `json:"limit" doc:"pence, or months"`
	Used  int64  `json:"used,omitempty" doc:"pence"`
	Left  int64  `json:"left,omitempty" doc:"pence, before this"`
	Text  string `json:"text"`
}

// A Link is one step of the chain under an answer, down to the practices.
type Link struct {
	Kind      string `json:"kind" doc:"mandate, place, charter, words, position, agreement, executive, delegation, exercise, appointment or commitment"`
	Ref       string `json:"ref"`
	Index     uint64 `json:"index"`
	Effective Day    `json:"effective"`
	Text      string `json:"text"`
}

// SomeoneWhoCould is somebody for whom the same check says yes, or the group.
type SomeoneWhoCould struct {
	Kind   string `json:"kind" doc:"representative, executive or group"`
	Person string `json:"person,omitempty" doc:"handle"`
	Name   string `json:"name" doc:"office, or the group's name"`
}

// A CheckAnswer is the answer to a Question with everything it rests on.
type CheckAnswer struct {
	Verdict    Verdict           `json:"verdict" enum:"may-commit,may-commit-then-report,ad-referendum,must-not,view-only"`
	Say        string            `json:"say" doc:"the sentence to say; it never gives a limit away"`
	Reasons    []Reason          `json:"reasons"`
	Limits     []Limit           `json:"limits"`
	Conditions []string          `json:"conditions"`
	Coverage   Coverage          `json:"coverage"`
	Remedies   []Remedy          `json:"remedies" doc:"what would make it a yes; none where it is one, or where only the group can say yes"`
	WhoCould   []SomeoneWhoCould `json:"whoCould"`
	LastSaid   string            `json:"lastSaid,omitempty" doc:"what was last said on the matter, in any forum"`
	Position   string            `json:"position,omitempty" doc:"our position in words"`
	Notes      []string          `json:"notes,omitempty" doc:"incomplete, overdue: they change no verdict"`
	Chain      []Link            `json:"chain"`
	On         CheckInputs       `json:"on" doc:"what was asked"`
	Index      uint64            `json:"index" doc:"newest event that was known"`
	At         Day               `json:"at"`
}

// CheckInputs are what the check was asked.
type CheckInputs struct {
	Person    string   `json:"person" doc:"handle"`
	Forum     string   `json:"forum,omitempty"`
	Matter    string   `json:"matter"`
	Amount    *Pence   `json:"amountPence,omitempty"`
	Months    *int     `json:"months,omitempty"`
	OpenEnded bool     `json:"openEnded,omitempty"`
	Consulted []string `json:"consulted,omitempty"`
}

// judgement is a row of the table with its reasons.
type judgement struct {
	Verdict     Verdict
	Reasons     []Reason
	conditions  []string
	unsaid      []string // of the conditions, those that a term or consultation not given leaves open
	consult     []string // codes of the bodies of which nothing was said
	limits      []Limit
	terms       terms
	coverage    Coverage
	appointment *Appointment
	delegation  *Delegation
	power       *Power
	line        *Line
	unknown     bool // the matter
}

// Check answers the question. Person may be a handle or an id; unknown people
// and forums are refused in words (rule R3). Whoever asks often asks a state that
// is Remembering.
func (s *View) Check(q Question) (*CheckAnswer, *Refusal) {
	if s.Next == 0 {
		return nil, notFound("L1", "There is no group called %q here.", clip(s.Group))
	}
	p, r := s.person("R3", q.Person)
	if r != nil {
		return nil, r
	}
	if q.Forum != "" {
		if _, r := s.forum("R3", q.Forum); r != nil {
			return nil, r
		}
	}
	if r := q.check(s.State); r != nil {
		return nil, r
	}
	q.Person = p.ID
	if q.Consulted, r = s.bodies(q.Consulted); r != nil {
		return nil, r
	}
	j := s.judge(q)
	a := &CheckAnswer{
		Verdict: j.Verdict, Reasons: j.Reasons, Limits: orEmpty(j.limits), Conditions: orEmpty(j.conditions), Coverage: j.coverage,
		WhoCould: s.whoCould(q, &j), Notes: s.notes(q, &j), Chain: s.chain(q, &j), Index: s.Next - 1, At: q.At,
		On: CheckInputs{p.Handle, q.Forum, q.Matter, q.Amount, q.Months, q.OpenEnded, q.Consulted},
	}
	a.Say = s.say(q, &j, a.WhoCould)
	a.Remedies = s.remedies(q, &j, a)
	if k := s.LastSaid(q.Matter, q.At); k != nil {
		a.LastSaid = s.office(k.Person) + ", " + s.Forums[k.Forum].Name + ", " + k.Meeting.Words() + " (" + s.CommitmentOn(k, q.At).Words() + "): " + k.Words
	}
	if pos := s.PositionOn(q.Matter, q.At); pos != nil {
		a.Position = pos.Words
	} else if j.line != nil {
		a.Position = j.line.Words
	}
	return a, nil
}

func (q *Question) check(s *State) *Refusal {
	if q.At == 0 {
		return invalid("R3", "Say for which day you ask.")
	}
	if strings.TrimSpace(q.Matter) == "" {
		return invalid("R3", "Say what it is about, such as access/extended-hours.").at("matter")
	}
	if r := checkOptional("R3", "what it is about", q.Matter, shortWords).at("matter"); r != nil {
		return r
	}
	if q.Amount != nil {
		if r := checkMoney("D4", *q.Amount).at("amount"); r != nil {
			return r
		}
	}
	if q.Months != nil {
		if r := checkMonths("D4", *q.Months).at("months"); r != nil {
			return r
		}
	}
	return nil
}

// everybody, among those consulted, means every body that a condition names.
const everybody = "all"

// bodies are the codes of those named as consulted: by code, by kind where
// there is one of the kind ("lmc"), or all that a condition names ("all").
func (s *State) bodies(refs []string) ([]string, *Refusal) {
	if refs == nil {
		return nil, nil
	}
	codes := []string{}
	for _, ref := range refs {
		if ref == everybody {
			codes = append(codes, s.conditionBodies()...)
			continue
		}
		o := s.Organisations[ref]
		if o == nil {
			o = s.onlyOf(OrganisationKind(ref))
		}
		if o == nil {
			return nil, notFound("D6", "No organisation with the code %q is known to this group.", clip(ref))
		}
		codes = append(codes, o.Code)
	}
	return codes, nil
}

// onlyOf is the organisation of that kind where there is just one; else nil.
func (s *State) onlyOf(kind OrganisationKind) *Organisation {
	var only *Organisation
	for _, o := range s.Organisations {
		if o.Kind == kind {
			if only != nil {
				return nil
			}
			only = o
		}
	}
	return only
}

func (s *State) conditionBodies() []string {
	var codes []string
	for _, n := range sortedNumbers(s.Delegations) {
		for _, v := range s.Delegations[n].Versions {
			for _, p := range v.Powers {
				for _, c := range p.Conditions {
					codes = appendNew(codes, c.Body)
				}
			}
		}
	}
	return codes
}

func orEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// judge is the table of rule R3.
func (s *View) judge(q Question) judgement {
	if !s.EstablishedOn(q.At) {
		j := judgement{coverage: Coverage{Outside: []Outsider{}}}
		if s.Next > 0 {
			j.coverage = s.coverageBy(s.matterOfCoverage(q), "", q.At)
		}
		return j.is(ViewOnly, Reason{"F1", "The group is not established."})
	}
	if q.Forum == "" {
		return s.judgeExecutive(q)
	}
	as, why := s.appointmentsFor(q.Person, q.Forum, q.At)
	if len(as) == 0 {
		j := judgement{coverage: s.coverageBy(s.matterOfCoverage(q), "", q.At)}
		return j.is(ViewOnly, Reason{"R1", why})
	}
	never := s.redLines(q, as)
	answer := s.judgeUnder(q, as[0], as, never)
	for _, a := range as[1:] {
		if (a.Person == q.Person) == (as[0].Person == q.Person) {
			answer = stricter(answer, s.judgeUnder(q, a, as, never))
		}
	}
	return answer
}

// matterOfCoverage is the matter for which coverage is named: of a matter that the
// charter doesn't know, who stands behind the group at all.
func (s *State) matterOfCoverage(q Question) string {
	if !s.CharterOn(q.At).Charter.Knows(q.Matter) {
		return ""
	}
	return q.Matter
}

// redLines are the reasons of row 3: a red line that the group adopted, or one in
// any of the person's remits (rules R1, R2).
func (s *View) redLines(q Question, as []*Appointment) []Reason {
	var never []Reason
	if red := s.redLineOn(q.Matter, q.At); red != nil {
		never = append(never, adoptedRedLine(red))
	}
	for _, a := range as {
		if l := a.VersionOn(q.At).line(q.Matter); l != nil && l.Stance == Not {
			never = append(never, Reason{"R2", "The remit has a red line on " + l.Matter + "."})
		}
	}
	return slices.Compact(never)
}

func adoptedRedLine(red *AdoptedPosition) Reason {
	return Reason{"R2", "The group adopted a red line on " + red.Matter + ": " + red.Words}
}

// judgeUnder is the table under one of the appointments that the person has, or
// substitutes for, at the forum.
func (s *View) judgeUnder(q Question, a *Appointment, all []*Appointment, never []Reason) judgement {
	j := judgement{appointment: a, coverage: s.coverageBy(s.matterOfCoverage(q), s.basis(a, q.At), q.At), line: a.VersionOn(q.At).line(q.Matter)}
	switch {
	case len(never) > 0:
		return j.is(MustNot, never...)
	case j.coverage.Practices == 0:
		return j.is(ViewOnly, Reason{"M4", "No practice stands behind the group on this."})
	}
	if back := s.bringBack(q, &j, all); len(back) > 0 {
		return j.is(AdReferendum, back...)
	}
	discretion := s.stance(&j, q.At) == Discretion
	switch {
	case discretion && q.verdictOnly:
		return j.is(MayCommitReport)
	case q.verdictOnly:
		return j.is(MayCommitNow)
	}
	j.conditions = append(j.conditions, s.exceptReserved(q)...)
	if discretion {
		return j.is(MayCommitReport, Reason{"R2", discretionBy(&j)})
	}
	return j.is(MayCommitNow, Reason{"R2", "The remit allows it: " + j.line.Summary() + "."})
}

// unless notes a condition that rests on something that the question did not give.
func (j *judgement) unless(condition string) {
	if slices.Contains(j.unsaid, condition) {
		return
	}
	j.conditions = append(j.conditions, condition)
	j.unsaid = append(j.unsaid, condition)
}

func (j judgement) is(v Verdict, reasons ...Reason) judgement {
	j.Verdict, j.Reasons = v, reasons
	if !v.yes() {
		j.conditions, j.unsaid, j.consult = nil, nil, nil
	}
	return j
}

// strictness orders verdicts, the strictest first.
var strictness = []Verdict{MustNot, ViewOnly, AdReferendum, MayCommitReport, MayCommitNow}

// stricter is the stricter of two judgements. Where they agree, or both say yes, it
// is one with all that both ask for: an old ledger may hold two appointments of one
// person to one forum, and somebody may substitute in several (rule R1).
func stricter(a, b judgement) judgement {
	if slices.Index(strictness, b.Verdict) < slices.Index(strictness, a.Verdict) {
		a, b = b, a
	}
	if a.Verdict != b.Verdict && !(a.Verdict.yes() && b.Verdict.yes()) {
		return a
	}
	a.Reasons = union(a.Reasons, b.Reasons)
	a.limits = union(a.limits, b.limits)
	a.conditions, a.unsaid, a.consult = union(a.conditions, b.conditions), union(a.unsaid, b.unsaid), union(a.consult, b.consult)
	a.terms = a.terms.and(b.terms)
	return a
}

func union[T comparable](a, b []T) []T {
	u := slices.Clip(a)
	for _, v := range b {
		if !slices.Contains(u, v) {
			u = append(u, v)
		}
	}
	return u
}

func discretionBy(j *judgement) string {
	if j.line == nil {
		return "The remit says nothing on this, and the charter then gives discretion."
	}
	return "The remit gives discretion on " + j.line.Matter + "."
}

// stance is the line's or, without one, the charter's. A remit made by an
// exercise never has more than its lines (rule C8).
func (s *State) stance(j *judgement, d Day) Stance {
	if j.line != nil {
		return j.line.Stance
	}
	if j.appointment.Parent != "" {
		return BringBack
	}
	return s.CharterOn(d).Charter.DefaultStance
}

// appointmentsFor are the appointments to the forum, for the group, that name the
// person a representative on that day: first their own, then those in which they
// substitute. None: why not (row 2).
func (s *View) appointmentsFor(person, forum string, d Day) ([]*Appointment, string) {
	why := ""
	var found []*Appointment
	own := 0
	for _, a := range s.appointmentsTo(forum) {
		if !a.names(person, d) {
			continue
		}
		if a.Capacity != CapacityGroup {
			why = a.Number + " is for speaking as " + a.Capacity + ", not for the group."
			continue
		}
		if state, say := s.AppointmentOn(a, d); !state.current() {
			why = sentence(say)
			continue
		}
		if a.Person == person {
			found = slices.Insert(found, own, a)
			own++
		} else {
			found = append(found, a)
		}
	}
	if len(found) == 0 && why == "" {
		why = s.office(person) + " has not been appointed to " + s.forumName(forum) + "."
	}
	return found, why
}

func (s *State) forumName(handle string) string {
	if f := s.Forums[handle]; f != nil {
		return f.Name
	}
	return handle
}

// bringBack collects the reasons of row 5 for a representative, and notes the
// limits and conditions of a yes. Whatever else they have at the forum, a
// suspension of it is among the reasons (rule D8).
func (s *View) bringBack(q Question, j *judgement, all []*Appointment) []Reason {
	back := s.mattersBack(q, j)
	for _, a := range all {
		for _, r := range a.pausedBy(s.State, q.At) {
			if a == j.appointment || r.Rule != Paused.rule() {
				back = append(back, r)
			}
		}
	}
	if s.hasInterest(q.Person, q.Matter, q.At) {
		back = append(back, Reason{"R7", "You declared an interest in this."})
	}
	switch s.stance(j, q.At) {
	case BringBack:
		if j.line != nil {
			back = append(back, Reason{"R2", "The remit says to bring " + j.line.Matter + " back."})
		} else {
			back = append(back, Reason{"R2", "The remit says nothing on this, and it is then brought back."})
		}
	case Discretion:
		if q.OpenEnded || q.sum() > 0 {
			j.terms.noMoney()
			back = append(back, Reason{"R2", "Discretion carries no money: a sum needs a limit."})
		}
	case WithinLimits:
		back = append(back, s.lineExceeded(q, j)...)
	}
	if j.appointment.Parent != "" {
		back = append(back, s.parentExceeded(q, j)...)
	}
	return back
}

// mattersBack are the reasons of row 5 that lie in the matter and in coverage.
func (s *State) mattersBack(q Question, j *judgement) []Reason {
	ch := &s.CharterOn(q.At).Charter
	var back []Reason
	if !ch.Knows(q.Matter) {
		j.unknown = true
		back = append(back, Reason{"F6", q.Matter + " is not a matter that the charter knows."})
	}
	if ch.Reserves(q.Matter) {
		back = append(back, Reason{"D2", q.Matter + " is reserved: the group decides it itself."})
	}
	if !j.coverage.above(ch.LeastCoverage) {
		back = append(back, Reason{"M4", "Coverage is below the charter's least: " + j.coverage.Words() + "."})
	}
	return back
}

// sum is the sum asked about; 0 where none was given.
func (q *Question) sum() Pence {
	if q.Amount == nil {
		return 0
	}
	return *q.Amount
}

// use is what is asked of a power.
func (q *Question) use() use {
	u := use{matter: q.Matter, amount: q.sum(), openEnded: q.OpenEnded}
	if q.Months != nil {
		u.months = *q.Months
	}
	return u
}

// counted is the state in which totals are counted, and up to which day.
func (q *Question) counted(s *View) (*View, Day) {
	if q.totals == nil {
		return s, q.At
	}
	return q.totals, max(q.At, DayOf(q.totals.Last))
}

// lineExceeded checks the line's own limits.
func (s *View) lineExceeded(q Question, j *judgement) []Reason {
	l := j.line
	of := j.limitsOf()
	var over []Reason
	if q.OpenEnded {
		j.terms.noEnd = true
		over = append(over, Reason{"D4", "An open-ended recurring cost exceeds every limit."})
	}
	if l.Limit == 0 && q.sum() > 0 && j.appointment.Parent == "" {
		j.terms.noMoney()
		over = append(over, Reason{"R2", "The remit gives no limit for a sum here."})
	}
	if l.Limit != 0 {
		over = append(over, s.lineLimit(q, l, of, j)...)
	}
	return append(over, monthsExceeded(q, l.Months, of, j)...)
}

// limitsOf is what the line's limits limit: "R1 workforce".
func (j *judgement) limitsOf() string { return j.appointment.Number + " " + j.line.Matter }

// lineLimit checks the line's limit for a sum.
func (s *View) lineLimit(q Question, l *Line, of string, j *judgement) []Reason {
	used := Pence(0)
	if l.Yearly {
		in, upTo := q.counted(s)
		used = in.committed(j.appointment, l, q.At, upTo)
	}
	left := max(l.Limit-used, 0)
	over := q.sum() > 0 && used+q.sum() > l.Limit
	if q.verdictOnly && !over && (left > 0 || q.Amount != nil) {
		return nil
	}
	lim := l.limit(of, used, left)
	j.limits = append(j.limits, lim)
	j.terms.atMost(left)
	switch {
	case q.Amount == nil && left == 0:
		return []Reason{{"R2", "Nothing is left of the limit of " + l.Limit.String() + " a year."}}
	case q.Amount == nil:
		j.unless("up to " + left.String())
	case over:
		return []Reason{{"R2", "Over the limit of " + lim.Text + ": by " + (used + q.sum() - l.Limit).String() + "."}}
	}
	return nil
}

// limit is the line's limit for a sum, with what is left of it.
func (l *Line) limit(of string, used, left Pence) Limit {
	if !l.Yearly {
		return Limit{Of: of, Kind: "item", Limit: int64(l.Limit), Text: l.Limit.String() + " for each commitment"}
	}
	return Limit{
		Of: of, Kind: "year", Limit: int64(l.Limit), Used: int64(used), Left: int64(left),
		Text: l.Limit.String() + " a year, " + left.String() + " left before this",
	}
}

func monthsExceeded(q Question, months int, of string, j *judgement) []Reason {
	if months == 0 || q.verdictOnly && (q.Months == nil || *q.Months <= months) {
		return nil
	}
	j.limits = append(j.limits, Limit{Of: of, Kind: "months", Limit: int64(months), Text: count(months, "month")})
	j.terms.noLonger(months)
	if q.Months == nil {
		j.unless("for up to " + count(months, "month"))
	} else if *q.Months > months {
		return []Reason{{"R2", "Longer than " + count(months, "month") + ", by " + count(*q.Months-months, "month") + "."}}
	}
	return nil
}

// committed is what the appointment's line has been used for, within, in its year
// of the day, by meetings up to the other day.
func (s *View) committed(a *Appointment, l *Line, d, upTo Day) Pence {
	key := spending{of: a.Number, version: a.VersionOn(d).Number, matter: l.Matter, on: d, upTo: upTo}
	return remember(s.memo.spent, mostRemembered, key, func() Pence { return s.committedOf(a, l, d, upTo) })
}

func (s *State) committedOf(a *Appointment, l *Line, d, upTo Day) Pence {
	year := a.yearOf(d)
	now := a.VersionOn(d)
	var sum Pence
	for _, k := range s.Commitments {
		if k.Appointment == a.Number && k.Standing == KWithin && year.Covers(k.Meeting) && k.Meeting <= upTo &&
			(now.lineIs(k.Matter, l.Matter) || a.VersionOn(k.Meeting).lineIs(k.Matter, l.Matter)) {
			sum += k.sum()
		}
	}
	return sum
}

// lineIs says whether the most specific line for the matter is the one on that path.
func (v *AppointmentVersion) lineIs(matter, path string) bool {
	l := v.line(matter)
	return l != nil && l.Matter == path
}

// parentExceeded checks the delegation under which the appointment was made: the
// power of it that comes closest (rules C8, D5).
func (s *View) parentExceeded(q Question, j *judgement) []Reason {
	d := s.Delegations[j.appointment.Parent]
	j.delegation = d
	v := d.VersionOn(q.At)
	if v == nil {
		return []Reason{{"C8", d.Number + " begins on " + d.From().Words() + "."}}
	}
	t, best := s.closestPower(d, v, q, *j)
	*j = t
	return best
}

// closestPower holds the question against each power of the version that answers
// for the matter, by itself, and is the judgement with the one that lacks least.
func (s *View) closestPower(d *Delegation, v *DelegationVersion, q Question, j judgement) (judgement, []Reason) {
	tiers := v.tiers(q.Matter)
	if len(tiers) == 0 {
		if j.unknown || s.CharterOn(q.At).Charter.Reserves(q.Matter) {
			return j, nil
		}
		return j, []Reason{{"D5", d.Number + " has no power over " + q.Matter + "."}}
	}
	best, l := s.tryPower(d, v, tiers[0], q, j)
	for _, tier := range tiers[1:] {
		if t, o := s.tryPower(d, v, tier, q, j); better(&t, o, &best, l) {
			best, l = t, o
		}
	}
	return best, l.reasons
}

// better says whether the first of two attempts comes closer to a plain yes: it
// lacks less, leaves less open, or asks for less.
func better(a *judgement, l lacks, b *judgement, o lacks) bool {
	if l.closer(o) || o.closer(l) {
		return l.closer(o)
	}
	return len(a.unsaid) < len(b.unsaid) || len(a.unsaid) == len(b.unsaid) && len(a.conditions) < len(b.conditions)
}

// tryPower holds the question against one power, and notes its limits and
// conditions on a judgement of its own.
func (s *View) tryPower(d *Delegation, v *DelegationVersion, tier int, q Question, j judgement) (judgement, lacks) {
	p := &v.Powers[tier]
	j = j.ownLists()
	in, upTo := q.counted(s)
	used := in.UsedOf(d, v, p, q.At, upTo)
	l := lacks{tier: tier}
	noMoney := j.line != nil && j.line.Stance == Discretion && q.sum() == 0 && !q.OpenEnded
	if noMoney { // without money, discretion meets no limit for a sum of the power above (rule C8)
		l.reasons = p.tooLong(q.use().months)
	} else {
		l.reasons, l.over = p.exceeds(d.Number, q.use(), used), max(q.sum()-p.most(used), 0)
		l.reasons = append(l.reasons, s.powerTerms(d, p, used, q, &j)...)
	}
	for i := range l.reasons {
		l.reasons[i].Text = firstUpper(sentence(l.reasons[i].Text))
	}
	if p.Acting > 1 && j.appointment == nil && !q.verdictOnly {
		j.conditions = append(j.conditions, count(p.Acting, "member")+" acting together")
	}
	for _, c := range p.Conditions {
		switch {
		case q.verdictOnly && (c.When == After || q.Consulted == nil):
		case c.When == After:
			j.conditions = append(j.conditions, c.Words(s.State))
		default:
			s.consultationsOf(&c, q, &j, &l)
		}
	}
	if j.appointment == nil && !q.verdictOnly {
		j.conditions = append(j.conditions, s.exceptReserved(q)...)
	}
	return j, l
}

// consultationsOf holds the question against the bodies to consult that the
// condition means on its day (rules D6, O1).
func (s *State) consultationsOf(c *Condition, q Question, j *judgement, l *lacks) {
	for _, body := range s.successorsOn(c.Body, q.At) {
		switch {
		case q.Consulted == nil:
			j.unless("once " + s.haveBeenConsulted([]string{body}))
			j.consult = append(j.consult, body)
		case !slices.ContainsFunc(q.Consulted, func(said string) bool { return s.means(said, body, q.At) }):
			j.terms.consult = append(j.terms.consult, body)
			l.reasons = append(l.reasons, Reason{"D6", s.name(body) + " has not been consulted."})
		}
	}
}

// exceptReserved are the conditions that a yes does not reach what is reserved
// below the matter (rule F7).
func (s *State) exceptReserved(q Question) []string {
	var except []string
	for _, part := range s.PausedParts(q.Matter, q.At) {
		except = append(except, "not for "+part+", which is reserved")
	}
	return except
}

// ownLists gives the judgement lists of its own to append to.
func (j judgement) ownLists() judgement {
	j.conditions, j.unsaid, j.consult, j.limits = slices.Clip(j.conditions), slices.Clip(j.unsaid), slices.Clip(j.consult), slices.Clip(j.limits)
	j.terms.consult = slices.Clip(j.terms.consult)
	return j
}

// powerTerms notes the power's limits, and what a yes is conditional on.
func (s *State) powerTerms(d *Delegation, p *Power, used Pence, q Question, j *judgement) []Reason {
	j.terms.atMost(p.most(used))
	j.terms.noEnd = true
	left := max(p.YearLimit-used, 0)
	var over []Reason
	if p.YearLimit != 0 && q.Amount == nil && left == 0 && p.carriesMoney() && !q.OpenEnded {
		over = []Reason{{"D4", "Nothing is left of the year's total of " + p.YearLimit.String() + "."}}
	}
	if q.verdictOnly {
		return over
	}
	of := d.Number + " " + p.Matter
	if p.ItemLimit != 0 {
		j.limits = append(j.limits, Limit{Of: of, Kind: "item", Limit: int64(p.ItemLimit), Text: p.ItemLimit.String() + " an item"})
	}
	if p.YearLimit != 0 {
		j.limits = append(j.limits, Limit{
			Of: of, Kind: "year", Limit: int64(p.YearLimit), Used: int64(used), Left: int64(left),
			Text: p.YearLimit.String() + " a year, " + left.String() + " left before this",
		})
	}
	if q.Amount == nil && p.carriesMoney() && p.most(used) > 0 {
		j.unless("up to " + p.most(used).String())
	}
	if p.Months != 0 {
		j.terms.noLonger(p.Months)
		j.limits = append(j.limits, Limit{Of: of, Kind: "months", Limit: int64(p.Months), Text: count(p.Months, "month")})
		if q.Months == nil {
			j.unless("for up to " + count(p.Months, "month"))
		}
	}
	return over
}

// judgeExecutive is the table where no forum is named: the executive's powers.
func (s *View) judgeExecutive(q Question) judgement {
	held := s.delegationsOf(q.Person, q.At)
	j := judgement{coverage: s.coverageBy(s.matterOfCoverage(q), s.basisOf(held, q.Matter, q.At), q.At)}
	if !slices.Contains(s.ExecutiveOn(q.At), q.Person) && len(held) == 0 {
		return j.is(ViewOnly, Reason{"D1", s.office(q.Person) + " is not on the executive."})
	}
	if red := s.redLineOn(q.Matter, q.At); red != nil {
		return j.is(MustNot, adoptedRedLine(red))
	}
	if j.coverage.Practices == 0 {
		return j.is(ViewOnly, Reason{"M4", "No practice stands behind the group on this."})
	}
	back := s.mattersBack(q, &j)
	if s.hasInterest(q.Person, q.Matter, q.At) {
		back = append(back, Reason{"R7", "You declared an interest in this."})
	}
	j, lacking := s.bestPower(q, held, j)
	if back = append(back, lacking...); len(back) > 0 {
		return j.is(AdReferendum, back...)
	}
	if q.verdictOnly {
		return j.is(MayCommitNow)
	}
	return j.is(MayCommitNow, Reason{"D5", j.delegation.Number + " allows it: " + j.power.Words(s.State) + "."})
}

// delegationsOf are the delegations that the person holds, alone or on the
// executive, that have begun and not ended by that day.
func (s *View) delegationsOf(person string, d Day) []*Delegation {
	var held []*Delegation
	for _, dl := range s.delegationsInOrder() {
		if state, _ := s.DelegationOn(dl, d); state.current() && slices.Contains(s.delegates(dl, d), person) {
			held = append(held, dl)
		}
	}
	return held
}

// bestPower holds the question against each power of each of the person's
// delegations by itself, and is the judgement with the one that comes closest; it
// never mixes the limits or conditions of several (rules R3, D5).
func (s *View) bestPower(q Question, held []*Delegation, j judgement) (judgement, []Reason) {
	best, found := j, false
	var l lacks
	for _, d := range held {
		v := d.VersionOn(q.At)
		paused := d.pausedBy(s.State, q.At)
		for _, tier := range v.tiers(q.Matter) {
			t, o := s.tryPower(d, v, tier, q, j)
			t.delegation, t.power = d, &v.Powers[tier]
			o.reasons = append(o.reasons, paused...)
			if !found || better(&t, o, &best, l) {
				best, l, found = t, o, true
			}
		}
	}
	if !found && !j.unknown && !s.CharterOn(q.At).Charter.Reserves(q.Matter) {
		l.reasons = []Reason{{"D5", "No power that the executive holds takes in " + q.Matter + "."}}
	}
	return best, l.reasons
}

// whoCould names who could say yes: those for whom the same check says yes,
// then the executive if its power fits, then the group (rule R3). Nobody is told
// to ask themselves.
func (s *View) whoCould(q Question, j *judgement) []SomeoneWhoCould {
	var who []SomeoneWhoCould
	if !s.EstablishedOn(q.At) {
		return []SomeoneWhoCould{{"group", "", s.Name}}
	}
	asked := func(id string) bool { return id == q.Person && !j.Verdict.yes() }
	q.verdictOnly = true
	seen := map[string]bool{}
	if q.Forum != "" {
		for _, a := range s.appointmentsTo(q.Forum) {
			v := a.VersionOn(q.At)
			if v == nil {
				continue
			}
			for i := -1; i < len(v.Substitutes); i++ {
				ask := q
				if ask.Person = a.Person; i >= 0 {
					ask.Person = v.Substitutes[i]
				}
				if id := ask.Person; !seen[id] && !asked(id) {
					seen[id] = true
					if j := s.judge(ask); j.Verdict.yes() {
						who = append(who, SomeoneWhoCould{"representative", s.People[id].Handle, s.office(id)})
					}
				}
			}
		}
	}
	for _, id := range s.holders(q.At) {
		ask := q
		ask.Person, ask.Forum = id, ""
		if asked(id) {
			continue
		}
		if j := s.judge(ask); j.Verdict.yes() {
			who = append(who, SomeoneWhoCould{"executive", s.People[id].Handle, s.office(id)})
		}
	}
	return append(who, SomeoneWhoCould{"group", "", s.Name})
}

// holders are the executive's members and those to whom a delegation was given by
// name, on that day.
func (s *View) holders(d Day) []string {
	ids := s.ExecutiveOn(d)
	for _, dl := range s.delegationsInOrder() {
		if dl.To != ToExecutive {
			ids = appendNew(ids, dl.To)
		}
	}
	return ids
}

// notes are what is said beside an answer and changes no verdict.
func (s *View) notes(q Question, j *judgement) []string {
	var notes []string
	if w := s.Incomplete(q.At); w != "" {
		notes = append(notes, w)
	}
	overdue := func(number string, review Day) {
		if review != 0 && q.At > review {
			notes = append(notes, number+" is overdue for review since "+review.Words()+".")
		}
	}
	if j.appointment != nil {
		overdue(j.appointment.Number, j.appointment.VersionOn(q.At).Review)
	}
	if j.delegation != nil {
		overdue(j.delegation.Number, j.delegation.VersionOn(q.At).Review)
	}
	if j.power != nil && s.CharterOn(q.At).Charter.Reserves(q.Matter) {
		notes = append(notes, j.delegation.Number+" is paused for "+q.Matter+", which is reserved.")
	}
	for _, late := range s.overdueReports(q.Forum) {
		if late.Covers(q.At) {
			notes = append(notes, late.note)
		}
	}
	slices.Sort(notes)
	return append(notes, j.coverage.placeNotes()...)
}
