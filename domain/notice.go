package domain

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// The golden thread (rules T1, T2): every agreement, delegation, appointment,
// commitment and departure is a notice to each practice. That a notice exists
// follows from what it is about; what is recorded is that it was sent, that a
// practice acknowledged it, and what practices ask or disagree with.

// Communicate records that notices went out, once more.
type Communicate struct {
	About     []string `json:"about" doc:"what was communicated, such as P1 or D1" maxItems:"100" rule:"T1" of:"notice" else:"Say what was communicated." ask:"What was told?"`
	How       string   `json:"how" doc:"such as: by newsletter" maxLength:"200" call:"how it was communicated" ask:"How?" hint:"Such as: by newsletter."`
	Practices []string `json:"practices,omitempty" doc:"to which practices, by ODS code; none: to all" maxItems:"500" of:"practice" ask:"To which practices?" hint:"Tick none for all of them."`
	On        Day      `json:"on,omitzero" doc:"none: today" ask:"When?" hint:"Leave it empty for today."`
}

func (c *Communicate) may(w *who) (Permission, *Refusal) {
	return w.mustHave("T1", Manager, Chair, Registrar, Lead)
}

func (c *Communicate) decide(t *turn) *Refusal {
	on := cmp.Or(c.On, t.day)
	if r := t.notInFuture("T1", on); r != nil {
		return r
	}
	for i, ref := range c.About {
		n := t.s.NoticeOf(ref)
		if n == nil {
			return notFound("T1", "There is no notice about %q.", Clip(ref))
		}
		if on < n.On {
			return invalid("T1", "%s is of %s; it can't have been communicated before.", ref, n.On.Words()).at("on")
		}
		if slices.Contains(c.About[:i], ref) {
			return invalid("T1", "%s is named twice.", ref).at("about")
		}
	}
	for _, code := range c.Practices {
		if r := t.s.checkOurPractice("T1", code, on); r != nil {
			return r
		}
	}
	t.recordOn(on, &NoticeSent{About: c.About, How: c.How, Practices: c.Practices})
	return nil
}

// checkOurPractice refuses what is not an open practice of the place on that day.
func (s *roster) checkOurPractice(rule, code string, d Day) *Refusal {
	o, r := s.openOrganisation(rule, code, d)
	if r != nil {
		return r
	}
	if !s.isPracticeOn(o, d) {
		return invalid(rule, "%s is not a practice of %s.", o.Name, s.PlaceName)
	}
	return nil
}

// AskGroup is a practice's question, or its saying that it disagrees (rule T2).
type AskGroup struct {
	Practice  string `json:"practice" doc:"ODS code" rule:"T2" of:"practice" ask:"Which practice?"`
	Words     string `json:"words" maxLength:"2000" call:"the question, or what the practice disagrees with" ask:"Your question, or what you disagree with" hint:"It gets an answer that all can see."`
	Disagrees bool   `json:"disagrees,omitempty" doc:"it says that it disagrees" ask:"We disagree"`
	About     string `json:"about,omitempty" doc:"what it is about, such as P1" of:"subject" ask:"What is it about?" none:"Nothing in particular"`
	On        Day    `json:"on,omitzero" doc:"day on which it came; none: today" ask:"When?" hint:"Leave it empty for today."`
	Evidence  string `json:"evidence,omitempty" doc:"how it is known; needed from the manager or registrar" maxLength:"2000" call:"the evidence" kind:"text" ask:"How do you know?" hint:"Such as: their letter of 5 May."`
}

func (c *AskGroup) may(w *who) (Permission, *Refusal) {
	return w.mustSpeakForPractice("T2", c.Practice)
}

func (c *AskGroup) decide(t *turn) *Refusal {
	if r := t.checkPracticeSays("T2", c.Practice, c.Evidence); r != nil {
		return r
	}
	on := cmp.Or(c.On, t.day)
	if r := t.notInFuture("T2", on); r != nil {
		return r
	}
	if c.About != "" && t.s.NoticeOf(c.About) == nil {
		return notFound("T2", "There is no notice about %q.", Clip(c.About))
	}
	t.recordOn(on, &QuestionAsked{Question: t.number('Q'), Practice: c.Practice, Words: c.Words, Disagrees: c.Disagrees, About: c.About, Evidence: c.Evidence})
	return nil
}

// AnswerQuestion is the group's answer to a practice (rule T2).
type AnswerQuestion struct {
	Question string `json:"question" rule:"T2" of:"question" ask:"Which question?"`
	Words    string `json:"words" maxLength:"2000" call:"the answer" ask:"The answer" hint:"All can see it."`
}

func (c *AnswerQuestion) may(w *who) (Permission, *Refusal) {
	if w.s.Questions[c.Question] == nil {
		return Permission{}, notFound("T2", "There is no question %q here.", Clip(c.Question))
	}
	return anyOf(notYours("T2", "Practices are answered by the executive, the chair, the manager or a lead."), w.executive(), w.has(Chair, Manager, Lead))
}

func (c *AnswerQuestion) decide(t *turn) *Refusal {
	q := t.s.Questions[c.Question]
	if q.Answered != 0 {
		return notNow("T2", "%s was answered on %s. The practice may ask again.", q.Number, q.Answered.Words())
	}
	t.recordBecause(q.Index, t.day, &QuestionAnswered{Question: q.Number, Words: c.Words})
	return nil
}

// NoticeSent: notices went out.
type NoticeSent struct {
	About     []string `json:"about"`
	How       string   `json:"how"`
	Practices []string `json:"practices,omitempty" doc:"none: to all"`
}

func (e *NoticeSent) Subject() string { return "notice/" + e.About[0] }
func (e *NoticeSent) apply(s *State, ev *Event) {
	for _, ref := range e.About {
		s.noteNotice(ref).Sent = with(s.Noticed[ref].Sent, Sent{e.How, e.Practices, actorID(ev), ev.Effective, ev.Index})
	}
}

// noteNotice gives out what was recorded about a notice, to be changed.
func (s *thread) noteNotice(ref string) *Noticed {
	if s.Noticed[ref] == nil {
		s.Noticed[ref] = &Noticed{}
	}
	return edit(s.Noticed, ref)
}

// QuestionAsked: a practice asked, or said that it disagrees.
type QuestionAsked struct {
	Question  string `json:"question"`
	Practice  string `json:"practice"`
	Words     string `json:"words"`
	Disagrees bool   `json:"disagrees,omitempty"`
	About     string `json:"about,omitempty"`
	Evidence  string `json:"evidence,omitempty"`
}

func (e *QuestionAsked) Subject() string { return "question/" + e.Question }
func (e *QuestionAsked) made() string    { return e.Question }
func (e *QuestionAsked) apply(s *State, ev *Event) {
	s.took(e.Question)
	s.Questions[e.Question] = &PracticeQuestion{
		Number: e.Question, Practice: e.Practice, Words: e.Words, Disagrees: e.Disagrees, About: e.About, By: actorID(ev), Asked: ev.Effective, Index: ev.Index,
	}
}

// QuestionAnswered: a practice has its answer.
type QuestionAnswered struct {
	Question string `json:"question"`
	Words    string `json:"words"`
}

func (e *QuestionAnswered) Subject() string { return "question/" + e.Question }
func (e *QuestionAnswered) apply(s *State, ev *Event) {
	q := edit(s.Questions, e.Question)
	q.Answer, q.AnsweredBy, q.Answered, q.AnswerIndex = e.Words, actorID(ev), ev.Effective, ev.Index
}

// thread is what went out to the practices and what came back from them.
type thread struct {
	Noticed    map[string]*Noticed // what was recorded about a notice, by what that is about
	Questions  map[string]*PracticeQuestion
	Departures map[string]*Departure
	noticed    map[uint64]time.Time // when what is a notice was recorded, by index
}

func newThread() thread {
	return thread{
		Noticed: map[string]*Noticed{}, Questions: map[string]*PracticeQuestion{}, Departures: map[string]*Departure{}, noticed: map[uint64]time.Time{},
	}
}

func (s thread) copy() thread {
	s.Noticed, s.Questions, s.Departures, s.noticed = maps.Clone(s.Noticed), maps.Clone(s.Questions), maps.Clone(s.Departures), maps.Clone(s.noticed)
	return s
}

// Noticed is what was recorded about a notice.
type Noticed struct {
	Sent         []Sent
	Acknowledged []Acknowledged
}

// Sent is a notice having gone out.
type Sent struct {
	How       string
	Practices []string // none: all
	By        string
	On        Day
	Index     uint64
}

// Acknowledged is a practice having seen a notice.
type Acknowledged struct {
	Practice string
	On       Day
	Index    uint64
}

// A PracticeQuestion is a practice asking, or disagreeing.
type PracticeQuestion struct {
	Number      string
	Practice    string
	Words       string
	Disagrees   bool
	About       string
	By          string
	Asked       Day
	Answer      string
	AnsweredBy  string
	Answered    Day
	AnswerIndex uint64
	Index       uint64
}

// Age is for how many days the question waited, or has waited on that day.
func (q *PracticeQuestion) Age(d Day) int {
	if q.Answered != 0 && q.Answered <= d {
		d = q.Answered
	}
	return int(d - q.Asked)
}

// waited is how long the question has waited on that day, in words.
func (q *PracticeQuestion) waited(d Day) string {
	if days := q.Age(d); days > 0 {
		return Count(days, "day")
	}
	return "since today"
}

// A Notice tells the practices of something that was made in their name.
type Notice struct {
	Ref   string
	Kind  NoticeKind
	On    Day
	Index uint64
	// Recorded is when what it tells of was.
	Recorded time.Time
}

// makeNotice remembers when something was recorded that is a notice, or changes one.
func (s *thread) makeNotice(e *Event) { s.noticed[e.Index] = e.Time }

// RecordedAt is when the event of that index was recorded, if it is one that made a
// notice or changed what one says; the zero time of any other.
func (s *thread) RecordedAt(index uint64) time.Time { return s.noticed[index] }

func (s *thread) notice(ref string, kind NoticeKind, on Day, index uint64) *Notice {
	return &Notice{ref, kind, on, index, s.noticed[index]}
}

// NoticeKind is what a notice is about.
type NoticeKind string

const (
	OfAgreement   NoticeKind = "agreement"
	OfDelegation  NoticeKind = "delegation"
	OfAppointment NoticeKind = "appointment"
	OfCommitment  NoticeKind = "commitment"
	OfDeparture   NoticeKind = "departure"
)

// NoticeOf is the notice about the agreement, delegation, appointment,
// commitment or departure of that number; nil if there is none.
func (s *authority) NoticeOf(ref string) *Notice {
	if p := s.Proposals[ref]; p != nil && p.Stage == Agreed {
		return s.notice(ref, OfAgreement, p.AgreedOn, p.Agreement)
	}
	if d := s.Delegations[ref]; d != nil {
		return s.notice(ref, OfDelegation, d.From(), d.Versions[0].Index)
	}
	if a := s.Appointments[ref]; a != nil {
		return s.notice(ref, OfAppointment, a.Versions[0].From, a.Index)
	}
	if k := s.Commitments[ref]; k != nil {
		return s.notice(ref, OfCommitment, k.Meeting, k.Index)
	}
	if x := s.Departures[ref]; x != nil {
		return s.notice(ref, OfDeparture, x.From, x.Index)
	}
	return nil
}

// NoticesOn are the notices of what was made up to that day, in the order in
// which it was recorded.
func (s *authority) NoticesOn(d Day) []Notice {
	var notices []Notice
	add := func(ref string) {
		if n := s.NoticeOf(ref); n != nil && n.On <= d {
			notices = append(notices, *n)
		}
	}
	for ref := range s.Proposals {
		add(ref)
	}
	for ref := range s.Delegations {
		add(ref)
	}
	for ref := range s.Appointments {
		add(ref)
	}
	for ref := range s.Commitments {
		add(ref)
	}
	for ref := range s.Departures {
		add(ref)
	}
	slices.SortFunc(notices, func(a, b Notice) int { return cmp.Compare(a.Index, b.Index) })
	return notices
}

// A Reach is how far a notice has come. It concerns every practice of the
// place: what is agreed is agreed in the name of all, or is for all to know.
type Reach struct {
	Sent         int // times to all practices
	Acknowledged int // practices
	OfPractices  int
}

// ReachOn is how far the notice has come by that day.
func (s *consensus) ReachOn(ref string, d Day) Reach {
	var r Reach
	for _, p := range s.PracticesOn(d) {
		r.OfPractices++
		if on := s.acknowledged(ref, p.Code); on != 0 && on <= d {
			r.Acknowledged++
		}
	}
	r.Sent = s.sentToAll(ref, d)
	return r
}

// sentToAll is how often the notice had gone to every practice by that day:
// what goes to some counts once all have had it.
func (s *consensus) sentToAll(ref string, d Day) int {
	n := s.Noticed[ref]
	if n == nil {
		return 0
	}
	all := 0
	had := map[string]int{}
	for _, sent := range n.Sent {
		switch {
		case sent.On > d:
		case len(sent.Practices) == 0:
			all++
		default:
			for _, code := range sent.Practices {
				had[code]++
			}
		}
	}
	least := -1
	for _, p := range s.PracticesOn(d) {
		if least < 0 || had[p.Code] < least {
			least = had[p.Code]
		}
	}
	return all + max(least, 0)
}

// SentTo is how often the notice had gone to the practice by that day.
func (s *thread) SentTo(ref, practice string, d Day) int {
	n, times := s.Noticed[ref], 0
	if n == nil {
		return 0
	}
	for _, sent := range n.Sent {
		if sent.On <= d && (len(sent.Practices) == 0 || slices.Contains(sent.Practices, practice)) {
			times++
		}
	}
	return times
}

// AcknowledgedOn is the day on which the practice acknowledged the notice, up
// to the given day; 0 if it has not.
func (s *thread) AcknowledgedOn(ref, practice string, d Day) Day {
	if on := s.acknowledged(ref, practice); on <= d {
		return on
	}
	return 0
}

func (s *thread) acknowledged(ref, practice string) Day {
	if a := s.acknowledgement(ref, practice); a != nil {
		return a.On
	}
	return 0
}

// acknowledgement is the practice's first of the notice; nil if there is none.
func (s *thread) acknowledgement(ref, practice string) *Acknowledged {
	if n := s.Noticed[ref]; n != nil {
		for i := range n.Acknowledged {
			if n.Acknowledged[i].Practice == practice {
				return &n.Acknowledged[i]
			}
		}
	}
	return nil
}

// threadDue adds agreements that were communicated fewer times than the charter
// says, and practices that wait for an answer.
func (s *consensus) threadDue(d Day, add addDue) {
	for n, p := range s.Proposals {
		if !s.AgreementHolds(n, d) || p.BroughtIn != "" {
			continue
		}
		ch := &s.CharterOn(p.AgreedOn).Charter
		if sent := s.sentToAll(n, d); sent < ch.Communications {
			on := p.AgreedOn.Add(ch.SettleWithin)
			add(n, DueCommunicate, on, reminders, n+", "+p.Title()+", has gone to the practices "+Thousands(sent)+" of "+Count(ch.Communications, "time")+".")
		}
	}
	for n, q := range s.Questions {
		if q.Asked <= d && (q.Answered == 0 || d < q.Answered) {
			on := q.Asked.Add(s.CharterOn(q.Asked).Charter.ReportWithin)
			add(n, DueQuestion, on, reminders, s.name(q.Practice)+" has waited "+q.waited(d)+" for an answer to "+n+".")
		}
	}
}
