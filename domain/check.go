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

// LinkKind is what a link is.
type LinkKind string

const (
	LinkMandate     LinkKind = "mandate"
	LinkPlace       LinkKind = "place"
	LinkCharter     LinkKind = "charter"
	LinkWords       LinkKind = "words" // of a proposal's version
	LinkPosition    LinkKind = "position"
	LinkAgreement   LinkKind = "agreement"
	LinkExecutive   LinkKind = "executive"
	LinkDelegation  LinkKind = "delegation"
	LinkExercise    LinkKind = "exercise"
	LinkAppointment LinkKind = "appointment"
	LinkCommitment  LinkKind = "commitment"
)

// A Link is one step of the chain under an answer, down to the practices.
type Link struct {
	Kind      LinkKind `json:"kind" doc:"mandate, place, charter, words, position, agreement, executive, delegation, exercise, appointment or commitment"`
	Ref       string   `json:"ref"`
	Index     uint64   `json:"index"`
	Effective Day      `json:"effective"`
	Text      string   `json:"text"`
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
	a, j, r := s.decideCheck(&q)
	if r != nil {
		return nil, r
	}
	s.putInWords(q, &j, a)
	a.Chain = s.chain(q, &j)
	return a, nil
}

// checkInWords decides as Check, and answers with all but the chain.
func (s *View) checkInWords(q Question) (*CheckAnswer, *Refusal) {
	a, j, r := s.decideCheck(&q)
	if r == nil {
		s.putInWords(q, &j, a)
	}
	return a, r
}

// putInWords adds to the answer what is for people.
func (s *View) putInWords(q Question, j *judgement, a *CheckAnswer) {
	a.WhoCould, a.Notes = s.whoCould(q, j), s.notes(q, j)
	a.Say = s.say(q, j, a.WhoCould)
	a.Remedies = s.remedies(q, j, a)
	if k := s.LastSaid(q.Matter, q.At); k != nil {
		a.LastSaid = s.office(k.Person) + ", " + s.Forums[k.Forum].Name + ", " + k.Meeting.Words() + " (" + s.CommitmentOn(k, q.At).Words(s.ShortName) + "): " + k.Words
	}
	if pos := s.PositionOn(q.Matter, q.At); pos != nil {
		a.Position = pos.Words
	} else if j.line != nil {
		a.Position = j.line.Words
	}
}

// CheckBriefly decides as Check, and answers with what decides alone: it leaves out what
// is for people, from the sentence to say and who could say yes to the chain.
func (s *View) CheckBriefly(q Question) (*CheckAnswer, *Refusal) {
	a, _, r := s.decideCheck(&q)
	return a, r
}

// decideCheck judges the question, in which people and bodies are then called by their ids.
func (s *View) decideCheck(q *Question) (*CheckAnswer, judgement, *Refusal) {
	if s.Next == 0 {
		return nil, judgement{}, notFound("L1", "There is no group called %q here.", Clip(s.Group))
	}
	p, r := s.person("R3", q.Person)
	if r != nil {
		return nil, judgement{}, r
	}
	if q.Forum != "" {
		if _, r := s.forum("R3", q.Forum); r != nil {
			return nil, judgement{}, r
		}
	}
	if r := q.check(s.State); r != nil {
		return nil, judgement{}, r
	}
	q.Person = p.ID
	if q.Consulted, r = s.bodies(q.Consulted); r != nil {
		return nil, judgement{}, r
	}
	j := s.judge(*q)
	return &CheckAnswer{
		Verdict: j.Verdict, Reasons: j.Reasons, Limits: OrEmpty(j.limits), Conditions: OrEmpty(j.conditions), Coverage: j.coverage, Index: s.Next - 1, At: q.At,
		On: CheckInputs{p.Handle, q.Forum, q.Matter, q.Amount, q.Months, q.OpenEnded, q.Consulted},
	}, j, nil
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
func (s *authority) bodies(refs []string) ([]string, *Refusal) {
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
			return nil, notFound("D6", "No organisation with the code %q is known to this group.", Clip(ref))
		}
		codes = append(codes, o.Code)
	}
	return codes, nil
}

// onlyOf is the organisation of that kind where there is just one; else nil.
func (s *bodies) onlyOf(kind OrganisationKind) *Organisation {
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

func (s *powers) conditionBodies() []string {
	var codes []string
	for _, n := range SortedNumbers(s.Delegations) {
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

// OrEmpty is the list, never nil: JSON lists are never null.
func OrEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// judgeAsItStands is the table of rule R3.
func (s *View) judgeAsItStands(q Question) judgement {
	if !s.EstablishedOn(q.At) {
		j := judgement{coverage: Coverage{Outside: []Outsider{}}}
		if s.Next > 0 {
			j.coverage = s.coverageBy(s.matterOfCoverage(q), "", q.At)
		}
		if s.FormsAgainOn(q.At) {
			return j.is(ViewOnly, Reason{"F1", "The group is forming again: nobody holds any of its seats."})
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
func (s *ground) matterOfCoverage(q Question) string {
	if !s.CharterOn(q.At).Charter.Knows(q.Matter) {
		return ""
	}
	return q.Matter
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

// notes are what is said beside an answer and changes no verdict.
func (s *remembering) notes(q Question, j *judgement) []string {
	var notes []string
	if w := s.Incomplete(q.At); w != "" {
		notes = append(notes, w)
	}
	overdue := func(number string, review Day) {
		if review != 0 && q.At > review {
			notes = append(notes, number+" is overdue for review since "+review.Words()+".")
		}
	}
	if body := s.systemOf(q.Person, q.At); body != "" {
		notes = append(notes, s.name(body)+" employs "+s.office(q.Person)+". It is a system body.")
	}
	if j.appointment != nil {
		overdue(j.appointment.Number, j.appointment.VersionOn(q.At).Review)
	}
	if j.delegation != nil {
		overdue(j.delegation.Number, j.delegation.VersionOn(q.At).Review)
	}
	if j.power != nil && s.CharterOn(q.At).Charter.Reserves(q.Matter) {
		notes = append(notes, j.delegation.Number+" is paused for "+MatterWords(q.Matter)+", which is reserved.")
	}
	for _, late := range s.overdueReports(q.Forum) {
		if late.Covers(q.At) {
			notes = append(notes, late.note)
		}
	}
	slices.Sort(notes)
	return append(notes, j.coverage.placeNotes()...)
}
