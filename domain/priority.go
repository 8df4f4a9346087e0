package domain

import "slices"

// Priorities (rule P1): a long list comes from the group; every practice is
// asked; each answer is kept; the final list is an agreement that states how
// many practices took part.

// PriorityKind is what the group can do about a priority.
type PriorityKind string

const (
	JointWorking PriorityKind = "joint-working" // support by joint working
	Influence    PriorityKind = "influence"     // influence on the system
)

// ListPriority puts a possible priority on the long list.
type ListPriority struct {
	Title   string       `json:"title" maxLength:"200" rule:"P1" call:"the priority's title" ask:"Title" hint:"A few words that people can say aloud."`
	Kind    PriorityKind `json:"kind" enum:"joint-working,influence" else:"A priority is support by joint working, or influence on the system." ask:"Of which kind is it?"`
	Meaning string       `json:"meaning" doc:"what it means in a practice" maxLength:"2000" call:"what it means in a practice" ask:"What does it mean in a practice?"`
	Matter  string       `json:"matter,omitempty" of:"matter" ask:"What is it about, if it has a subject?"`
}

func (c *ListPriority) may(w *who) (Permission, *Refusal) {
	return w.asThemself(len(w.s.SeatsOf(w.person.ID, w.day)) > 0).or(w.mustHave("P1", Chair, Manager, Lead))
}

func (c *ListPriority) decide(t *turn) *Refusal {
	if c.Matter != "" {
		if r := t.s.Charter().checkKnown(c.Matter).at("matter"); r != nil {
			return r
		}
	}
	t.record(&PriorityListed{Priority: t.number('Y'), Title: c.Title, Kind: c.Kind, Meaning: c.Meaning, Matter: c.Matter})
	return nil
}

// AskPractices asks every practice of the place which of the possible
// priorities matter to it.
type AskPractices struct {
	Priorities []string `json:"priorities" doc:"the long list" maxItems:"50" rule:"P1" of:"priority" ask:"About which of them?"`
	Words      string   `json:"words,omitempty" maxLength:"2000" call:"what the practices are told" ask:"In which words?"`
	By         Day      `json:"by" doc:"day by which answers are wanted" ask:"By when are they to answer?"`
}

func (c *AskPractices) may(w *who) (Permission, *Refusal) { return w.mustHave("P1", Chair, Manager) }

func (c *AskPractices) decide(t *turn) *Refusal {
	if r := t.s.checkListed(c.Priorities); r != nil {
		return r
	}
	var practices []string
	for _, p := range t.s.PracticesOn(t.day) {
		practices = append(practices, p.Code)
	}
	switch {
	case len(practices) == 0:
		return notNow("P1", "There is no open practice to be asked.")
	case c.By < t.day:
		return invalid("P1", "Give the day by which the practices are to answer.").at("by")
	}
	t.record(&PracticesAsked{Round: t.number('W'), Priorities: c.Priorities, Practices: practices, Words: c.Words, By: c.By})
	return nil
}

// checkListed refuses a list of priorities that is empty, names one twice or
// one that is not on the long list.
func (s *work) checkListed(numbers []string) *Refusal {
	if len(numbers) == 0 {
		return invalid("P1", "Name at least 1 priority.")
	}
	for i, n := range numbers {
		if s.Priorities[n] == nil {
			return notFound("P1", "There is no priority %q on the long list.", Clip(n))
		}
		if slices.Contains(numbers[:i], n) {
			return invalid("P1", "%s is named twice.", n)
		}
	}
	return nil
}

// AnswerPriorities is a practice's answer; a later one takes the place of an
// earlier one, and both are kept.
type AnswerPriorities struct {
	Round    string   `json:"round" doc:"in which it was asked, such as W1" rule:"P1" of:"round" ask:"Which round?"`
	Practice string   `json:"practice" doc:"ODS code" of:"practice" ask:"For which practice?"`
	Choices  []string `json:"choices" doc:"the most important first; none: none of them" maxItems:"50" kind:"ranked" of:"choice" optional:"true" ask:"Which matter most?"`
	Words    string   `json:"words,omitempty" maxLength:"2000" call:"the words" ask:"Anything to say about it?"`
	Evidence string   `json:"evidence,omitempty" doc:"how it is known; needed from the manager or registrar" maxLength:"2000" call:"the evidence" kind:"text" ask:"How do you know, if you record it for them?" hint:"Such as: their form of 15 May."`
}

func (c *AnswerPriorities) may(w *who) (Permission, *Refusal) {
	return w.mustSpeakForPractice("P1", c.Practice)
}

func (c *AnswerPriorities) decide(t *turn) *Refusal {
	round := t.s.Rounds[c.Round]
	if round == nil {
		return notFound("P1", "The practices were not asked under %q.", Clip(c.Round))
	}
	if r := t.checkPracticeSays("P1", c.Practice, c.Evidence); r != nil {
		return r
	}
	if list := t.s.adoptedFrom(round.Number); list != nil {
		return notNow("P1", "The list was adopted by %s on %s.", list.Source, list.From.Words())
	}
	if len(c.Choices) > 0 {
		if r := t.s.checkListed(c.Choices); r != nil {
			return r
		}
	}
	for _, n := range c.Choices {
		if !slices.Contains(round.Priorities, n) {
			return invalid("P1", "%s is not among what was asked under %s.", n, round.Number).at("choices")
		}
	}
	if last := round.lastOf(c.Practice); last != nil && slices.Equal(last.Choices, c.Choices) && last.Words == c.Words && last.Evidence == c.Evidence {
		return t.saidBefore(last.Index)
	}
	t.recordBecause(round.Index, t.day, &PrioritiesAnswered{Round: round.Number, Practice: c.Practice, Choices: c.Choices, Words: c.Words, Evidence: c.Evidence})
	return nil
}

// lastOf is the practice's newest answer; nil if it has not answered.
func (r *PriorityRound) lastOf(practice string) *PriorityAnswer {
	for i := len(r.Answers) - 1; i >= 0; i-- {
		if r.Answers[i].Practice == practice {
			return &r.Answers[i]
		}
	}
	return nil
}

// mustSpeakForPractice is the permission of whoever says something for a practice that
// is open: somebody who speaks for it, or the registrar or manager on named evidence
// (rule O3).
func (w *who) mustSpeakForPractice(rule, code string) (Permission, *Refusal) {
	o, r := w.s.openOrganisation("O1", code, w.day)
	if r != nil {
		return Permission{}, r
	}
	return anyOf(
		notYours(rule, "Only somebody who speaks for %s, or the registrar or manager on named evidence, can record this.", o.Name),
		w.speaksFor(o.Code), w.has(Registrar, Manager).onEvidence(),
	)
}

// checkPracticeSays refuses what is said for an organisation that is no practice of
// the place, or without the evidence that is demanded.
func (t *asking) checkPracticeSays(rule, code, evidence string) *Refusal {
	return firstRefusal(t.s.checkOurPractice(rule, code, t.day), t.checkEvidence(rule, "the evidence, such as a letter", evidence))
}

// AdoptPriorities is the final list; each has something that is done about it.
type AdoptPriorities struct {
	Round      string          `json:"round" doc:"in which the practices were asked, such as W1" rule:"P1" of:"round" ask:"When were the practices asked?"`
	Priorities []AdoptPriority `json:"priorities" doc:"the most important first" maxItems:"50" one:"priority" least:"3" ask:"The priorities, the most important first"`
	Span
}

// AdoptPriority is one of the final list, with its actions.
type AdoptPriority struct {
	Priority string        `json:"priority" rule:"P1" of:"priority" ask:"Which one?"`
	Actions  []ActionEntry `json:"actions" maxItems:"20" one:"action" ask:"What is done about it"`
}

func (c *AdoptPriorities) check(t *turn, e enacting) *Refusal {
	round := t.s.Rounds[c.Round]
	if round == nil {
		return notFound("P1", "The practices were not asked under %q: ask every practice first.", Clip(c.Round)).at("round")
	}
	if r := t.s.checkListed(c.numbers()); r != nil {
		return r.at("priority").at("priorities/0")
	}
	if c.Until != 0 && c.Until < max(c.From, e.day) {
		return invalid("P1", "The list would end before it begins.").at("until")
	}
	for n, p := range c.Priorities {
		at := nth("priorities", n)
		if !slices.Contains(round.Priorities, p.Priority) {
			return invalid("P1", "%s was not among what the practices were asked under %s.", p.Priority, round.Number).at("priority").at(at)
		}
		if len(p.Actions) == 0 {
			return invalid("P1", "Say what is done about %s: each priority has actions.", p.Priority).at("what").at("actions/0").at(at)
		}
		for i := range p.Actions {
			if r := p.Actions[i].check(t.s.State); r != nil {
				return r.at(nth("actions", i)).at(at)
			}
		}
	}
	return nil
}

func (c *AdoptPriorities) numbers() []string {
	var numbers []string
	for _, p := range c.Priorities {
		numbers = append(numbers, p.Priority)
	}
	return numbers
}

func (c *AdoptPriorities) enact(t *turn, e enacting) {
	from := max(c.From, e.day)
	took := t.s.TookPart(t.s.Rounds[c.Round], e.day)
	t.recordBecause(e.cause, from, &PrioritiesAdopted{
		Round: c.Round, Priorities: c.numbers(), TookPart: len(took), OfPractices: len(t.s.PracticesOn(e.day)), Source: e.source, Span: Span{from, c.Until},
	})
	for _, p := range c.Priorities {
		for _, a := range p.Actions {
			a.Priority = p.Priority
			t.createAction(a, 0, e)
		}
	}
}

// PriorityListed: a possible priority is on the long list.
type PriorityListed struct {
	Priority string       `json:"priority"`
	Title    string       `json:"title"`
	Kind     PriorityKind `json:"kind"`
	Meaning  string       `json:"meaning"`
	Matter   string       `json:"matter,omitempty"`
}

func (e *PriorityListed) Subject() string { return "priority/" + e.Priority }
func (e *PriorityListed) made() string    { return e.Priority }
func (e *PriorityListed) apply(s *State, ev *Event) {
	s.took(e.Priority)
	s.Priorities[e.Priority] = &Priority{e.Priority, e.Title, e.Kind, e.Meaning, e.Matter, actorID(ev), ev.Effective, ev.Index}
}

// PracticesAsked: every practice was asked for its priorities.
type PracticesAsked struct {
	Round      string   `json:"round"`
	Priorities []string `json:"priorities"`
	Practices  []string `json:"practices"`
	Words      string   `json:"words,omitempty"`
	By         Day      `json:"by"`
}

func (e *PracticesAsked) Subject() string { return "priorities/" + e.Round }
func (e *PracticesAsked) made() string    { return e.Round }
func (e *PracticesAsked) apply(s *State, ev *Event) {
	s.took(e.Round)
	s.Rounds[e.Round] = &PriorityRound{Number: e.Round, Priorities: e.Priorities, Practices: e.Practices, Words: e.Words, Asked: ev.Effective, By: e.By, Index: ev.Index}
}

// PrioritiesAnswered: a practice said what matters to it.
type PrioritiesAnswered struct {
	Round    string   `json:"round"`
	Practice string   `json:"practice"`
	Choices  []string `json:"choices,omitempty"`
	Words    string   `json:"words,omitempty"`
	Evidence string   `json:"evidence,omitempty"`
}

func (e *PrioritiesAnswered) Subject() string { return "priorities/" + e.Round }
func (e *PrioritiesAnswered) apply(s *State, ev *Event) {
	round := edit(s.Rounds, e.Round)
	round.Answers = append(slices.Clip(round.Answers), PriorityAnswer{e.Practice, e.Choices, e.Words, e.Evidence, ev.Effective, ev.Index})
}

// PrioritiesAdopted: the group has its priorities.
type PrioritiesAdopted struct {
	Round       string   `json:"round"`
	Priorities  []string `json:"priorities"`
	TookPart    int      `json:"tookPart"`
	OfPractices int      `json:"ofPractices"`
	Source      string   `json:"source"`
	Span
}

func (e *PrioritiesAdopted) Subject() string { return "priorities/" + e.Round }
func (e *PrioritiesAdopted) apply(s *State, ev *Event) {
	s.PriorityLists = append(s.PriorityLists, &PriorityList{e.Round, e.Priorities, e.TookPart, e.OfPractices, e.Source, e.Span, ev.Index})
}

// A Priority is one on the long list.
type Priority struct {
	Number  string
	Title   string
	Kind    PriorityKind
	Meaning string // in a practice
	Matter  string
	By      string
	Listed  Day
	Index   uint64
}

// A PriorityRound is every practice having been asked.
type PriorityRound struct {
	Number     string
	Priorities []string
	Practices  []string // that were asked
	Words      string
	Asked      Day
	By         Day
	Answers    []PriorityAnswer // all of them, in order
	Index      uint64
}

// A PriorityAnswer is what a practice answered.
type PriorityAnswer struct {
	Practice string
	Choices  []string
	Words    string
	Evidence string
	On       Day
	Index    uint64
}

// A PriorityList is a final list.
type PriorityList struct {
	Round       string
	Priorities  []string
	TookPart    int
	OfPractices int
	Source      string
	Span
	Index uint64
}

// TookPart are the open practices that answered in the round by that day, each
// with its newest answer, by code.
func (s *roster) TookPart(round *PriorityRound, d Day) []PriorityAnswer {
	newest := map[string]PriorityAnswer{}
	for _, a := range round.Answers {
		if a.On <= d {
			newest[a.Practice] = a
		}
	}
	var took []PriorityAnswer
	for _, p := range s.PracticesOn(d) {
		if a, answered := newest[p.Code]; answered {
			took = append(took, a)
		}
	}
	return took
}

// PrioritiesOn is the final list in force on that day; nil if there is none. A
// list replaces those before it for good: none comes back when its days have run
// out, or when it is set aside once it has begun (rule C9).
func (s *business) PrioritiesOn(d Day) *PriorityList {
	for i := len(s.PriorityLists) - 1; i >= 0; i-- {
		if l := s.PriorityLists[i]; l.From <= d && !s.undoneBefore(l.Source, l.From) {
			if l.Covers(d) && s.AgreementHolds(l.Source, d) {
				return l
			}
			return nil
		}
	}
	return nil
}

// adoptedFrom is the list that was adopted from the round; nil if none was.
func (s *work) adoptedFrom(round string) *PriorityList {
	for _, l := range s.PriorityLists {
		if l.Round == round {
			return l
		}
	}
	return nil
}

// prioritiesDue adds rounds in which practices are still to be heard.
func (s *business) prioritiesDue(d Day, add addDue) {
	for n, round := range s.Rounds {
		if l := s.adoptedFrom(n); d < round.Asked || (l != nil && l.From <= d) {
			continue
		}
		all := len(s.PracticesOn(d))
		if heard := len(s.TookPart(round, d)); heard < all {
			add(n, DuePriorities, round.By, reminders, n+": "+Thousands(heard)+" of "+Count(all, "practice")+" have said what matters to them; answers are wanted by "+round.By.Words()+".")
		}
	}
}
