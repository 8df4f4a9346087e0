package domain

import (
	"cmp"
	"maps"
	"strings"
)

// Letters to practices (rule M1): each carries a code, by which somebody at the practice
// who has no account says yes or no to the group, or asks it something. An answer is what
// was said and gives no authority. The registrar records it as on paper, and it then waits
// for a second person as every mandate on paper does (rule O3).

const (
	letterLasts   = 120 // days, at most, for which a code is good
	mostQuestions = 3   // by one letter
)

// WriteLetters puts letters to practices on the record, each with the hash of its code.
// The server makes the codes, and shows them once.
type WriteLetters struct {
	Letters []NewLetter `json:"letters" doc:"one for each practice" maxItems:"300" rule:"M1"`
	Until   Day         `json:"until" doc:"last day on which they can be answered with their codes" rule:"M1" ask:"Until when can they answer with the code?" else:"Enter the last day on which they can answer with the code."`
}

// A NewLetter is one of the letters.
type NewLetter struct {
	Organisation string `json:"organisation" doc:"ODS code of the practice" of:"practice"`
	Way          Way    `json:"way" doc:"of the code: its kind and id" maxLength:"60" rule:"M1" call:"the code"`
}

func (c *WriteLetters) may(w *who) (Permission, *Refusal) { return w.mustHave("M1", Registrar) }

func (c *WriteLetters) decide(t *turn) *Refusal {
	if len(c.Letters) == 0 {
		return invalid("M1", "Say to which practices.").at("letters")
	}
	if c.Until < t.day || c.Until > t.day.Add(letterLasts) {
		return invalid("M1", "A code is good for at least today, and for %d days at most.", letterLasts).at("until")
	}
	t.ownState()
	for i, one := range c.Letters {
		if r := t.s.checkOurPractice("M1", one.Organisation, t.day); r != nil {
			return r.at(nth("letters", i) + "/organisation")
		}
		if !one.Way.Valid() || one.Way.Kind() != LetterWay || t.s.letterBy[one.Way] != "" {
			return invalid("M1", "A letter has a code of its own, which was never used before.").at(nth("letters", i) + "/way")
		}
		t.record(&LetterWritten{Letter: t.number('L'), Organisation: t.s.Organisations[one.Organisation].Code, Way: one.Way, Until: c.Until})
	}
	return nil
}

// AnswerLetter is what somebody at a practice says with the code of their letter. It comes
// in the name of whoever wrote the letter, by that code and in no other way.
type AnswerLetter struct {
	Says       LetterSays `json:"says" doc:"what the practice says" enum:"yes,no,question" rule:"M1" else:"Choose your answer." ask:"What is your answer?"`
	Matters    []string   `json:"matters,omitempty" doc:"of a yes; none: all" maxItems:"200" of:"charter" ask:"For which subjects?" hint:"Tick none for everything."`
	Until      Day        `json:"until,omitzero" doc:"of a yes: its last day; it has that or a review" ask:"Until when?" hint:"The last day."`
	Review     Day        `json:"review,omitzero" ask:"Or when is it to be looked at again?"`
	Conditions string     `json:"conditions,omitempty" maxLength:"1000" call:"the conditions" ask:"On any condition?"`
	Words      string     `json:"words,omitempty" doc:"the question; or why, of a no" maxLength:"1000" call:"your question" ask:"Your question, or why not, if you want to say"`
	Office     string     `json:"office" maxLength:"100" call:"your office" ask:"What is your office at the practice?" hint:"Such as: senior partner, or practice manager. Not your name."`
	Evidence   string     `json:"evidence,omitempty" doc:"which minute says so; needed for a yes or a no" maxLength:"500" call:"which meeting or minute says so" ask:"Which meeting or minute of the practice says so?" hint:"Such as: partners’ meeting of 6 October 2026."`
}

// LetterSays is what a letter's answer says.
type LetterSays string

// What a letter is answered.
const (
	SaidYes      LetterSays = "yes"
	SaidNo       LetterSays = "no"
	SaidQuestion LetterSays = "question"
)

func (c *AnswerLetter) may(w *who) (Permission, *Refusal) {
	return anyOf(notYours("M1", "A letter is answered with its code, while whoever wrote it is registrar."), w.has(Registrar))
}

func (c *AnswerLetter) decide(t *turn) *Refusal {
	l := t.s.LetterWith(t.req.Way)
	if l == nil {
		return notNow("M1", "A letter is answered with its code, and by nobody without it.")
	}
	if r := t.s.Charter().checkAllKnown(c.Matters).at("matters"); r != nil {
		return r
	}
	e := LetterAnswered{
		Letter: l.Number, Organisation: l.Organisation, Says: c.Says, Matters: c.Matters, Until: c.Until, Review: c.Review,
		Conditions: c.Conditions, Words: c.Words, Office: c.Office, Evidence: c.Evidence,
	}
	if c.Says == SaidQuestion {
		if len(l.Questions) >= mostQuestions {
			return notNow("M1", "%d questions were asked with this code. You can still say yes or no.", mostQuestions)
		}
		if r := checkWords("M1", "your question", c.Words, someWords).at("words"); r != nil {
			return r
		}
		e = LetterAnswered{Letter: l.Number, Organisation: l.Organisation, Says: c.Says, Question: t.number('Q'), Office: c.Office}
		if r := t.oneOf(&AskGroup{Practice: l.Organisation, Words: c.Words, Evidence: l.evidence(&LetterAnswer{Said: e, On: t.day})}); r != nil {
			return r
		}
		t.record(&e)
		return nil
	}
	if r := checkWords("M1", "which meeting or minute of the practice says so", c.Evidence, someWords).at("evidence"); r != nil {
		return r
	}
	if c.Says == SaidNo {
		e.Matters, e.Until, e.Review, e.Conditions = nil, 0, 0, ""
	} else {
		e.Words = ""
	}
	if r := t.trial(t.s).oneOf(l.asRecord(&LetterAnswer{Said: e, On: t.day})); r != nil {
		return r
	}
	t.record(&e)
	return nil
}

// RecordAnswers takes over what practices answered with the codes of their letters, as
// mandates and refusals on paper, which wait for a second person as those do (rules M1, O3).
type RecordAnswers struct {
	Letters []string `json:"letters" doc:"numbers of the letters, such as L3" maxItems:"300" rule:"M1" of:"answered" else:"Tick the answers that you record." ask:"Which answers do you record?"`
}

func (c *RecordAnswers) may(w *who) (Permission, *Refusal) { return w.mustHave("M1", Registrar) }

func (c *RecordAnswers) decide(t *turn) *Refusal {
	whole := t.permission
	defer func() { t.permission, t.as = whole, whole.OnBehalfOf }()
	t.ownState()
	for i, number := range c.Letters {
		l := t.s.Letters[number]
		if l == nil {
			return notFound("M1", "There is no letter %q here.", Clip(number)).at(nth("letters", i))
		}
		if !t.s.answerWaits(l) {
			return notNow("M1", "No answer to %s waits to be recorded.", number).at(nth("letters", i))
		}
		t.permission, t.as, t.before = whole, whole.OnBehalfOf, nil
		first := len(t.out)
		if r := t.oneOf(l.asRecord(l.Answer)); r != nil {
			return r.at(nth("letters", i))
		}
		recorded := AnswerRecorded{Letter: number, Organisation: l.Organisation}
		for _, e := range t.out[first:] {
			if kept, ok := e.Data.(*RecordKept); ok {
				recorded.Record = kept.Record
			}
		}
		t.as = whole.OnBehalfOf
		t.record(&recorded)
	}
	t.before = nil
	return nil
}

// asRecord is the answer, a yes or a no, as the registrar records it on paper.
func (l *Letter) asRecord(a *LetterAnswer) keepable {
	if a.Said.Says == SaidNo {
		return &WithdrawMandate{Organisation: l.Organisation, Everything: true, Given: a.On, Reason: a.Said.Words, Evidence: l.evidence(a)}
	}
	return &GrantMandate{
		Organisation: l.Organisation, Matters: a.Said.Matters, Conditions: a.Said.Conditions, Review: a.Said.Review, Evidence: l.evidence(a), Span: Span{From: a.On, Until: a.Said.Until},
	}
}

// evidence says how the answer came.
func (l *Letter) evidence(a *LetterAnswer) string {
	said := "Answered on " + a.On.Words() + " with the code of letter " + l.Number + ", by: " + a.Said.Office
	if a.Said.Evidence != "" {
		said += "; " + a.Said.Evidence
	}
	return said
}

// mustBeOpenLetter refuses what comes with the code of a letter: anything but an answer to
// it, in the name of whoever wrote it, while it can be answered.
func (s *State) mustBeOpenLetter(r *Request, d Day) *Refusal {
	l := s.LetterWith(r.Way)
	_, answers := r.Command.(*AnswerLetter)
	if by := s.Person(r.Actor); l == nil || !answers || by == nil || by.ID != l.By {
		return notYours("M1", "The code of a letter answers that letter, and nothing else.")
	}
	return s.LetterOver(l, d)
}

// LetterOver says why the letter can't be answered on that day with its code; nil if it can.
func (s *State) LetterOver(l *Letter, d Day) *Refusal {
	switch {
	case l.Answer != nil:
		return notNow("M1", "This letter was answered on %s.", l.Answer.On.Words())
	case l.Replaced != 0:
		return notNow("M1", "There is a newer letter: please answer that.")
	case d > l.Until:
		return notNow("M1", "This letter could be answered until %s. Please ask for a new one.", l.Until.Words())
	case !s.HasDuty(l.By, Registrar, d):
		return notNow("M1", "The person who wrote this letter is no longer registrar. Please ask for a new letter.")
	case s.saidSince(l.Organisation, l.Index):
		return notNow("M1", "The practice has said yes or no in another way since this letter was written.")
	case !s.Organisations[l.Organisation].OpenOn(d):
		return notNow("O1", "%s is closed.", s.name(l.Organisation))
	}
	return nil
}

// saidSince says whether a grant or withdrawal of the organisation was recorded since.
func (s *mandates) saidSince(code string, index uint64) bool {
	said := s.mandatesOf[code]
	return len(said) > 0 && said[len(said)-1].Index > index
}

// answerWaits says whether the letter has an answer that nobody has recorded yet, and
// nothing newer takes its place.
func (s *mandates) answerWaits(l *Letter) bool {
	return l.Answer != nil && l.Recorded == 0 && l.Replaced == 0 && !s.saidSince(l.Organisation, l.Answer.Index)
}

// AnswersWaiting are the letters whose answers nobody has recorded yet, in the order in
// which they were written.
func (s *mandates) AnswersWaiting() []*Letter {
	var all []*Letter
	for _, number := range SortedNumbers(s.Letters) {
		if l := s.Letters[number]; s.answerWaits(l) {
			all = append(all, l)
		}
	}
	return all
}

// LetterWith is the letter with that code; nil if there is none.
func (s *letters) LetterWith(way Way) *Letter { return s.Letters[s.letterBy[way]] }

// cameFrom says whether the person made the record, or wrote the letter whose answer it is:
// they had its code in their hands (rule M1).
func (s *mandates) cameFrom(k *Kept, person string) bool {
	l := s.Letters[s.letterOf[k.Number]]
	return person == k.By || l != nil && person == l.By
}

// lettersDue adds the answers that the registrar has still to record.
func (s *State) lettersDue(add addDue) {
	for _, l := range s.AnswersWaiting() {
		on := l.Answer.On.Add(s.CharterOn(l.Answer.On).Charter.ReportWithin)
		add(l.Number, DueLetter, on, reminders, s.name(l.Organisation)+" answered its letter ("+l.Number+") on "+l.Answer.On.Words()+": "+string(l.Answer.Said.Says)+". That is to be recorded.")
	}
}

// LetterWritten: a letter with a code went to a practice. A newer one takes its place.
type LetterWritten struct {
	Letter       string `json:"letter"`
	Organisation string `json:"organisation"`
	Way          Way    `json:"way"`
	Until        Day    `json:"until"`
}

func (e *LetterWritten) Subject() string { return "organisation/" + e.Organisation }
func (e *LetterWritten) made() string    { return e.Letter }
func (e *LetterWritten) apply(s *State, ev *Event) {
	s.took(e.Letter)
	if had := s.letterTo[e.Organisation]; had != "" {
		edit(s.Letters, had).Replaced = ev.Index
	}
	s.Letters[e.Letter] = &Letter{Number: e.Letter, Organisation: e.Organisation, Way: e.Way, Until: e.Until, By: actorID(ev), On: ev.Effective, Index: ev.Index}
	s.letterTo[e.Organisation], s.letterBy[e.Way] = e.Letter, e.Letter
}

// LetterAnswered: somebody who had the letter's code said this with it.
type LetterAnswered struct {
	Letter       string     `json:"letter"`
	Organisation string     `json:"organisation"`
	Says         LetterSays `json:"says"`
	Matters      []string   `json:"matters,omitempty"`
	Until        Day        `json:"until,omitzero"`
	Review       Day        `json:"review,omitzero"`
	Conditions   string     `json:"conditions,omitempty"`
	Words        string     `json:"words,omitempty"`
	Office       string     `json:"office"`
	Evidence     string     `json:"evidence,omitempty"`
	Question     string     `json:"question,omitempty"` // number of the question that was asked
}

func (e *LetterAnswered) Subject() string { return "organisation/" + e.Organisation }
func (e *LetterAnswered) apply(s *State, ev *Event) {
	l := edit(s.Letters, e.Letter)
	if e.Says == SaidQuestion {
		l.Questions = with(l.Questions, e.Question)
		return
	}
	l.Answer = &LetterAnswer{*e, ev.Effective, ev.Index}
}

// AnswerRecorded: the registrar recorded the answer as on paper.
type AnswerRecorded struct {
	Letter       string `json:"letter"`
	Organisation string `json:"organisation"`
	Record       string `json:"record,omitempty"` // that waits for a second person; none: nothing waits
}

func (e *AnswerRecorded) Subject() string { return "organisation/" + e.Organisation }
func (e *AnswerRecorded) apply(s *State, ev *Event) {
	edit(s.Letters, e.Letter).Recorded = ev.Index
	if e.Record != "" {
		s.letterOf[e.Record] = e.Letter
	}
}

// A Letter is one to a practice, with a code.
type Letter struct {
	Number       string // such as L3
	Organisation string
	Way          Way
	By           string // id of whoever wrote it
	On, Until    Day
	Replaced     uint64        // event that wrote a newer one; 0: none
	Questions    []string      // numbers of those that were asked with its code
	Answer       *LetterAnswer // yes or no; nil: none yet
	Recorded     uint64        // event by which the registrar recorded the answer; 0: not yet
	Index        uint64
}

// A LetterAnswer is what was said with a letter's code, and when.
type LetterAnswer struct {
	Said  LetterAnswered
	On    Day
	Index uint64
}

// letters are those to practices, and what was answered.
type letters struct {
	Letters  map[string]*Letter
	letterTo map[string]string // newest letter, by practice
	letterBy map[Way]string    // letter, by its code
	letterOf map[string]string // letter whose answer a record is, by that record's number
}

func newLetters() letters {
	return letters{Letters: map[string]*Letter{}, letterTo: map[string]string{}, letterBy: map[Way]string{}, letterOf: map[string]string{}}
}

func (s letters) copy() letters {
	s.Letters, s.letterTo, s.letterBy, s.letterOf = maps.Clone(s.Letters), maps.Clone(s.letterTo), maps.Clone(s.letterBy), maps.Clone(s.letterOf)
	return s
}

// Answered says in words what was answered: "Yes, for access, until 31 December 2027".
func (e *LetterAnswered) Answered() string {
	switch e.Says {
	case SaidNo:
		return strings.TrimSuffix("No: "+e.Words, ": ")
	case SaidQuestion:
		return "A question, " + e.Question
	case SaidYes:
	}
	words := "Yes, for " + cmp.Or(ListMatters(e.Matters), "everything")
	if e.Until != 0 {
		words += ", until " + e.Until.Words()
	}
	if e.Review != 0 {
		words += ", to be looked at again on " + e.Review.Words()
	}
	if e.Conditions != "" {
		words += ". On condition: " + e.Conditions
	}
	return words
}
