package domain

import (
	"slices"
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
	consult     []string // names of the bodies of which nothing was said
	limits      []Limit
	coverage    Coverage
	appointment *Appointment
	delegation  *Delegation
	line        *Line
	unknown     bool // the matter
}

// Check answers the question. Person may be a handle or an id; unknown people
// and forums are refused in words (rule R3). Whoever asks often asks a state that
// is Remembering.
func (s *State) Check(q Question) (*CheckAnswer, *Refusal) {
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
	if r := q.check(s); r != nil {
		return nil, r
	}
	q.Person = p.ID
	if q.Consulted, r = s.bodies(q.Consulted); r != nil {
		return nil, r
	}
	j := s.judge(q)
	a := &CheckAnswer{
		Verdict: j.Verdict, Reasons: j.Reasons, Limits: orEmpty(j.limits), Conditions: orEmpty(j.conditions), Coverage: j.coverage,
		WhoCould: s.whoCould(q), Notes: s.notes(q, &j), Chain: s.chain(q, &j), Index: s.Next - 1, At: q.At,
		On: CheckInputs{p.Handle, q.Forum, q.Matter, q.Amount, q.Months, q.OpenEnded, q.Consulted},
	}
	a.Say = s.say(q, &j, a.WhoCould)
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
	if r := checkMatter("R3", q.Matter).at("matter"); r != nil {
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
func (s *State) judge(q Question) judgement {
	if !s.EstablishedOn(q.At) {
		j := judgement{Verdict: ViewOnly, Reasons: []Reason{{"F1", "The group is not established."}}, coverage: Coverage{Outside: []Outsider{}}}
		if s.Next > 0 {
			j.coverage = s.CoverageOn(q.Matter, q.At)
		}
		return j
	}
	if q.Forum == "" {
		return s.judgeExecutive(q)
	}
	j := judgement{coverage: s.CoverageOn(q.Matter, q.At)}
	a, why := s.appointmentFor(q.Person, q.Forum, q.At)
	if a == nil {
		return j.is(ViewOnly, Reason{"R1", why})
	}
	j.appointment, j.coverage = a, s.coverageBy(q.Matter, s.basis(a, q.At), q.At)
	j.line = a.VersionOn(q.At).line(q.Matter)
	var never []Reason
	if red := s.redLineOn(q.Matter, q.At); red != nil {
		never = append(never, Reason{"R2", "The group adopted a red line on " + red.Matter + ": " + red.Words})
	}
	if j.line != nil && j.line.Stance == Not {
		never = append(never, Reason{"R2", "The remit has a red line on " + j.line.Matter + "."})
	}
	switch {
	case len(never) > 0:
		return j.is(MustNot, never...)
	case j.coverage.Practices == 0:
		return j.is(ViewOnly, Reason{"M4", "No practice stands behind the group on this."})
	}
	if back := s.bringBack(q, &j); len(back) > 0 {
		return j.is(AdReferendum, back...)
	}
	if s.stance(&j, q.At) == Discretion {
		return j.is(MayCommitReport, Reason{"R2", discretionBy(&j)})
	}
	return j.is(MayCommitNow, Reason{"R2", "The remit allows it: " + j.line.Summary() + "."})
}

// unless notes a condition that rests on something that the question did not give.
func (j *judgement) unless(condition string) {
	j.conditions = append(j.conditions, condition)
	j.unsaid = append(j.unsaid, condition)
}

func (j judgement) is(v Verdict, reasons ...Reason) judgement {
	j.Verdict, j.Reasons = v, reasons
	if !v.yes() {
		j.conditions = nil
	}
	return j
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

// appointmentFor is the person's appointment to the forum for the group that
// names a representative on that day, else nil and why not (row 2).
func (s *State) appointmentFor(person, forum string, d Day) (*Appointment, string) {
	why := ""
	var found *Appointment
	for _, a := range s.appointmentsTo(forum) {
		if !a.names(person, d) {
			continue
		}
		if a.Capacity != CapacityGroup {
			why = a.Number + " is for speaking as " + a.Capacity + ", not for the group."
			continue
		}
		switch state, say := s.AppointmentOn(a, d); state {
		case InForce:
			return a, ""
		case Suspended, Asleep:
			found = a
		default:
			why = sentence(say)
		}
	}
	if found == nil && why == "" {
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
// limits and conditions of a yes.
func (s *State) bringBack(q Question, j *judgement) []Reason {
	back := s.mattersBack(q, j)
	if state, why := s.AppointmentOn(j.appointment, q.At); state != InForce {
		back = append(back, Reason{state.rule(), sentence(why)})
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
		if q.OpenEnded || (q.Amount != nil && *q.Amount > 0) {
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

// lineExceeded checks the line's own limits.
func (s *State) lineExceeded(q Question, j *judgement) []Reason {
	l := j.line
	of := j.appointment.Number + " " + l.Matter
	var over []Reason
	if q.OpenEnded {
		over = append(over, Reason{"D4", "An open-ended recurring cost exceeds every limit."})
	}
	if l.Limit == 0 && q.Amount != nil && *q.Amount > 0 {
		over = append(over, Reason{"R2", "The remit gives no limit for a sum here."})
	}
	if l.Limit != 0 {
		used := Pence(0)
		lim := Limit{Of: of, Kind: "item", Limit: int64(l.Limit), Text: l.Limit.String() + " for each commitment"}
		if l.Yearly {
			used = s.committed(j.appointment, l, q.At)
			lim = Limit{Of: of, Kind: "year", Limit: int64(l.Limit), Used: int64(used), Left: int64(max(l.Limit-used, 0)), Text: l.Limit.String() + " a year, " + max(l.Limit-used, 0).String() + " left before this"}
		}
		j.limits = append(j.limits, lim)
		if q.Amount == nil {
			j.unless("up to " + max(l.Limit-used, 0).String())
		} else if used+*q.Amount > l.Limit {
			over = append(over, Reason{"R2", "Over the limit of " + lim.Text + ": by " + (used + *q.Amount - l.Limit).String() + "."})
		}
	}
	return append(over, monthsExceeded(q, l.Months, of, j)...)
}

func monthsExceeded(q Question, months int, of string, j *judgement) []Reason {
	if months == 0 {
		return nil
	}
	j.limits = append(j.limits, Limit{Of: of, Kind: "months", Limit: int64(months), Text: count(months, "month")})
	if q.Months == nil {
		j.unless("for up to " + count(months, "month"))
	} else if *q.Months > months {
		return []Reason{{"R2", "Longer than " + count(months, "month") + ", by " + count(*q.Months-months, "month") + "."}}
	}
	return nil
}

// committed is what the appointment's line has been used for, within, in its
// year of the day.
func (s *State) committed(a *Appointment, l *Line, d Day) Pence {
	return remember(s.memo.spent, mostRemembered, spending{line: l, on: d, upTo: d}, func() Pence { return s.committedOf(a, l, d) })
}

func (s *State) committedOf(a *Appointment, l *Line, d Day) Pence {
	year := a.yearOf(d)
	var sum Pence
	for _, k := range s.Commitments {
		if k.Appointment == a.Number && k.Standing == KWithin && year.Covers(k.Meeting) && k.Meeting <= d {
			if used := a.VersionOn(k.Meeting).line(k.Matter); used != nil && used.Matter == l.Matter {
				sum += k.sum()
			}
		}
	}
	return sum
}

// parentExceeded checks the delegation under which the appointment was made.
func (s *State) parentExceeded(q Question, j *judgement) []Reason {
	d := s.Delegations[j.appointment.Parent]
	j.delegation = d
	v := d.VersionOn(q.At)
	if v == nil {
		return []Reason{{"C8", d.Number + " begins on " + d.From().Words() + "."}}
	}
	return s.delegationExceeded(d, v, q, j)
}

// delegationExceeded checks a delegation's power for the question, and notes
// its limits and conditions.
func (s *State) delegationExceeded(d *Delegation, v *DelegationVersion, q Question, j *judgement) []Reason {
	ask := powerAsk{matter: q.Matter, openEnded: q.OpenEnded}
	if q.Amount != nil {
		ask.amount = *q.Amount
	}
	if q.Months != nil {
		ask.months = *q.Months
	}
	over, p := s.powerExceeded(d, v, ask, q.At, q.At)
	for i := range over {
		over[i].Text = firstUpper(over[i].Text) + "."
	}
	if p == nil {
		return over
	}
	s.powerTerms(d, v, p, q, j)
	for _, c := range p.Conditions {
		switch {
		case c.When == After:
			j.conditions = append(j.conditions, c.Words(s))
		case q.Consulted == nil:
			j.unless("once " + s.name(c.Body) + " has been consulted")
			j.consult = append(j.consult, s.name(c.Body))
		case !slices.Contains(q.Consulted, c.Body):
			over = append(over, Reason{"D6", s.name(c.Body) + " has not been consulted."})
		}
	}
	return over
}

// powerTerms notes the power's limits, and what a yes is conditional on.
func (s *State) powerTerms(d *Delegation, v *DelegationVersion, p *Power, q Question, j *judgement) {
	of := d.Number + " " + p.Matter
	most := p.ItemLimit
	if p.ItemLimit != 0 {
		j.limits = append(j.limits, Limit{Of: of, Kind: "item", Limit: int64(p.ItemLimit), Text: p.ItemLimit.String() + " an item"})
	}
	if p.YearLimit != 0 {
		used := s.UsedOf(d, v, p, q.At, q.At)
		left := max(p.YearLimit-used, 0)
		if most == 0 || left < most {
			most = left
		}
		j.limits = append(j.limits, Limit{
			Of: of, Kind: "year", Limit: int64(p.YearLimit), Used: int64(used), Left: int64(left),
			Text: p.YearLimit.String() + " a year, " + left.String() + " left before this",
		})
	}
	if q.Amount == nil && p.money() {
		j.unless("up to " + most.String())
	}
	if p.Months != 0 {
		j.limits = append(j.limits, Limit{Of: of, Kind: "months", Limit: int64(p.Months), Text: count(p.Months, "month")})
		if q.Months == nil {
			j.unless("for up to " + count(p.Months, "month"))
		}
	}
	if p.Acting > 1 {
		j.conditions = append(j.conditions, count(p.Acting, "member")+" acting together")
	}
}

// judgeExecutive is the table where no forum is named: the executive's powers.
func (s *State) judgeExecutive(q Question) judgement {
	held := s.delegationsOf(q.Person, q.At)
	j := judgement{coverage: s.coverageBy(q.Matter, s.basisOf(held, q.Matter, q.At), q.At)}
	if !slices.Contains(s.ExecutiveOn(q.At), q.Person) && len(held) == 0 {
		return j.is(ViewOnly, Reason{"D1", s.office(q.Person) + " is not on the executive."})
	}
	if red := s.redLineOn(q.Matter, q.At); red != nil {
		return j.is(MustNot, Reason{"R2", "The group adopted a red line on " + red.Matter + ": " + red.Words})
	}
	if j.coverage.Practices == 0 {
		return j.is(ViewOnly, Reason{"M4", "No practice stands behind the group on this."})
	}
	back := s.mattersBack(q, &j)
	if s.hasInterest(q.Person, q.Matter, q.At) {
		back = append(back, Reason{"R7", "You declared an interest in this."})
	}
	if !j.unknown && !s.CharterOn(q.At).Charter.Reserves(q.Matter) {
		back = append(back, s.bestPower(q, held, &j)...)
	}
	if len(back) > 0 {
		return j.is(AdReferendum, back...)
	}
	p := s.powerFor(j.delegation.VersionOn(q.At), q.Matter, q.At)
	return j.is(MayCommitNow, Reason{"D5", j.delegation.Number + " allows it: " + p.Words(s) + "."})
}

// delegationsOf are the delegations that the person holds, alone or on the
// executive, that have begun and not ended by that day.
func (s *State) delegationsOf(person string, d Day) []*Delegation {
	var held []*Delegation
	for _, dl := range s.delegationsInOrder() {
		if state, _ := s.DelegationOn(dl, d); state != NotYet && state != Ended && state != Expired && slices.Contains(s.delegates(dl, d), person) {
			held = append(held, dl)
		}
	}
	return held
}

// bestPower tries the person's delegations; the first that allows it answers,
// else the reasons of the one that comes nearest.
func (s *State) bestPower(q Question, held []*Delegation, j *judgement) []Reason {
	var best []Reason
	fits := false
	for _, d := range held {
		v := d.VersionOn(q.At)
		if s.powerFor(v, q.Matter, q.At) == nil {
			continue
		}
		try := *j
		reasons := s.delegationExceeded(d, v, q, &try)
		if state, why := s.DelegationOn(d, q.At); state != InForce {
			reasons = append(reasons, Reason{state.rule(), sentence(why)})
		}
		if !fits || len(reasons) < len(best) {
			best, fits = reasons, true
			*j = try
			j.delegation = d
		}
	}
	if !fits {
		return []Reason{{"D5", "No power that the executive holds takes in " + q.Matter + "."}}
	}
	return best
}

// whoCould names who could say yes: those for whom the same check says yes,
// then the executive if its power fits, then the group (rule R3).
func (s *State) whoCould(q Question) []SomeoneWhoCould {
	var who []SomeoneWhoCould
	if s.EstablishedOn(q.At) {
		seen := map[string]bool{}
		for _, a := range s.appointmentsTo(q.Forum) {
			v := a.VersionOn(q.At)
			if v == nil {
				continue
			}
			for _, id := range append([]string{a.Person}, v.Substitutes...) {
				ask := q
				ask.Person = id
				if j := s.judge(ask); !seen[id] && j.Verdict.yes() {
					seen[id] = true
					who = append(who, SomeoneWhoCould{"representative", s.People[id].Handle, s.office(id)})
				}
			}
		}
		for _, id := range s.ExecutiveOn(q.At) {
			ask := q
			ask.Person, ask.Forum = id, ""
			if j := s.judge(ask); j.Verdict.yes() {
				who = append(who, SomeoneWhoCould{"executive", s.People[id].Handle, s.office(id)})
			}
		}
	}
	return append(who, SomeoneWhoCould{"group", "", s.Name})
}

// notes are what is said beside an answer and changes no verdict.
func (s *State) notes(q Question, j *judgement) []string {
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
	for _, late := range s.overdueReports(q.Forum) {
		if late.Covers(q.At) {
			notes = append(notes, late.note)
		}
	}
	slices.Sort(notes)
	return append(notes, j.coverage.placeNotes()...)
}
