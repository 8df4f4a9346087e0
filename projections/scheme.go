package projections

import (
	"maps"
	"slices"
	"strconv"

	"goldenthread/domain"
)

// Scheme is who may agree what without asking the group, by subject, on a day: the group's
// scheme of delegation. Each line is what the check answers (rules R3, D4–D6).
type Scheme struct {
	Stamp
	Subjects []SchemeSubject `json:"subjects" doc:"by name; each holds for all below it that is not a subject of its own; none: the group is not established"`
	Since    domain.Day      `json:"since,omitzero" doc:"day with which it is compared, if one was given"`
	Changes  []SchemeChange  `json:"changes" doc:"what is otherwise than on that day, by subject"`
}

// A SchemeSubject is a subject with those who may agree something on it.
type SchemeSubject struct {
	Matter    string       `json:"matter"`
	OnlyGroup bool         `json:"onlyGroup" doc:"nobody may agree anything on it but the group"`
	Why       string       `json:"why,omitempty" doc:"where nobody else ever may: it is reserved, or there is a red line"`
	Coverage  CoverageIs   `json:"coverage"`
	Lines     []SchemeLine `json:"lines"`
}

// A SchemeLine is a power, or what a remit says, and who may use it.
type SchemeLine struct {
	Ref        string         `json:"ref" doc:"delegation, or appointment"`
	Holder     string         `json:"holder" doc:"the executive, or a person, by office"`
	Forum      string         `json:"forum,omitempty" doc:"handle of the meeting in which they may; none: outside of meetings"`
	ForumName  string         `json:"forumName,omitempty"`
	People     []Who          `json:"people" doc:"who may; none: nobody may at present"`
	Not        []SchemeNot    `json:"not" doc:"who has it, and may not use it"`
	Most       domain.Pence   `json:"mostPence,omitempty" doc:"largest sum for one decision, as things stand; none: nothing that costs money"`
	Months     int            `json:"months,omitempty" doc:"longest term; none: any"`
	Acting     int            `json:"acting,omitempty" doc:"how many must act together, if not one alone"`
	Consult    []Body         `json:"consult" doc:"to be consulted before"`
	Conditions []string       `json:"conditions" doc:"further ones"`
	Report     bool           `json:"report,omitempty" doc:"they report to the group what they agreed"`
	Limits     []domain.Limit `json:"limits" doc:"with what is used and left"`
	UpTo       []string       `json:"upTo" doc:"the limits in words, without what is used"`
	Used       []string       `json:"used" doc:"what is used and left, in words"`
	Until      domain.Day     `json:"until,omitzero"`
	Review     domain.Day     `json:"review,omitzero"`
	Source     string         `json:"source" doc:"agreement, or decision, by which it is so"`
	Index      uint64         `json:"index" doc:"event of the delegation or appointment"`
}

// A SchemeNot are people who have a power and may not use it.
type SchemeNot struct {
	People []Who           `json:"people"`
	Why    []domain.Reason `json:"why"`
}

// A SchemeChange is what is otherwise than on the earlier day. Sums that were used and left
// are not compared.
type SchemeChange struct {
	Matter string `json:"matter"`
	Ref    string `json:"ref,omitempty" doc:"delegation or appointment; none: the subject itself"`
	Was    string `json:"was,omitempty" doc:"none: it was not there"`
	Is     string `json:"is,omitempty" doc:"none: it is not there any longer"`
	Source string `json:"source,omitempty" doc:"agreement, or decision, by which it is so now"`
}

// Scheme answers for that day, compared with the earlier one if it is not 0.
func (g *authority) Scheme(at, since domain.Day) Scheme {
	a := Scheme{Stamp: g.stamp(at), Subjects: g.schemeSubjects(at), Since: since, Changes: []SchemeChange{}}
	if since != 0 {
		a.Changes = schemeChanges(g.schemeSubjects(since), a.Subjects)
	}
	return a
}

func (g *authority) schemeSubjects(at domain.Day) []SchemeSubject {
	subjects := []SchemeSubject{}
	g.memos.ask(g.state, func(s *domain.View) {
		if g.places != nil {
			s = s.Across(g.places)
		}
		for _, one := range s.SchemeOn(at) {
			subjects = append(subjects, g.schemeSubject(&one, at))
		}
	})
	return subjects
}

func (g *authority) schemeSubject(one *domain.SchemeSubject, at domain.Day) SchemeSubject {
	l := SchemeSubject{Matter: one.Matter, OnlyGroup: true, Coverage: g.coverageIs(&one.Coverage, at), Lines: []SchemeLine{}}
	switch {
	case one.Reserved:
		l.Why = "It is reserved to " + g.state.ShortName + "."
	case one.RedLine != nil:
		l.Why = domain.FirstUpper(g.state.ShortName) + " adopted a red line on it in " + one.RedLine.Source + ": " + one.RedLine.Words
	}
	for i := range one.Lines {
		l.Lines = append(l.Lines, g.schemeLine(&one.Lines[i]))
		l.OnlyGroup = l.OnlyGroup && len(one.Lines[i].People) == 0
	}
	return l
}

func (g *authority) schemeLine(o *domain.SchemeLine) SchemeLine {
	l := SchemeLine{
		Ref: o.Ref(), People: g.everyone(o.People), Not: []SchemeNot{}, Most: o.Most, Months: o.Months, Consult: g.bodies(o.Consult),
		Conditions: domain.OrEmpty(o.Conditions), Report: o.Report, Limits: domain.OrEmpty(o.Limits), Until: o.Until, Review: o.Review, Source: o.By,
	}
	if o.Acting > 1 {
		l.Acting = o.Acting
	}
	if a := o.Appointment; a != nil {
		l.Holder, l.Forum, l.ForumName, l.Index = g.office(a.Person), a.Forum, g.forum(a.Forum), a.Index
	} else {
		l.Holder, l.Index = g.delegate(o.Delegation.To), o.Delegation.Index
	}
	for _, n := range o.Not {
		who := g.who(n.Person)
		if i := slices.IndexFunc(l.Not, func(have SchemeNot) bool { return slices.Equal(have.Why, n.Reasons) }); i >= 0 {
			l.Not[i].People = append(l.Not[i].People, who)
			continue
		}
		l.Not = append(l.Not, SchemeNot{[]Who{who}, domain.OrEmpty(n.Reasons)})
	}
	l.UpTo, l.Used = l.limitsWords()
	return l
}

// limitsWords are the line's limits in words, and what is used and left of them.
func (l *SchemeLine) limitsWords() (upTo, used []string) {
	upTo, used = []string{}, []string{}
	for _, limit := range l.Limits {
		sum := domain.Pence(limit.Limit)
		switch limit.Kind {
		case "item":
			upTo = append(upTo, sum.String()+" for one decision")
		case "year":
			upTo = append(upTo, sum.String()+" a year in all")
			used = append(used, domain.Pence(limit.Used).String()+" used of "+sum.String()+", "+domain.Pence(limit.Left).String()+" left")
		}
	}
	if item := l.item(); l.Most < item && len(l.People) > 0 {
		used = append(used, "At most "+l.Most.String()+" for one decision now")
	}
	if len(upTo) == 0 && len(l.People) > 0 {
		upTo = append(upTo, "nothing that costs money")
	}
	if l.Months != 0 {
		upTo = append(upTo, "for up to "+domain.Count(l.Months, "month"))
	}
	return upTo, used
}

// item is the smallest limit for one decision; 0 where there is none.
func (l *SchemeLine) item() domain.Pence {
	least := domain.Pence(0)
	for _, limit := range l.Limits {
		if sum := domain.Pence(limit.Limit); limit.Kind == "item" && (least == 0 || sum < least) {
			least = sum
		}
	}
	return least
}

// Say is the line in a sentence, without what is used and left.
func (l *SchemeLine) Say() string {
	w := l.Holder
	if l.Forum != "" {
		w += ", at " + l.ForumName
	}
	if len(l.People) == 0 {
		return w + ": nobody at present, since " + firstLower(l.whyNot())
	}
	w += ": " + domain.List(l.UpTo)
	if l.Acting > 1 {
		w += "; " + strconv.Itoa(l.Acting) + " acting together"
	}
	if len(l.Consult) > 0 {
		w += "; after consulting " + bodyNames(l.Consult)
	}
	for _, c := range l.Conditions {
		w += "; " + c
	}
	if l.Report {
		w += "; then report it"
	}
	for _, n := range l.Not {
		w += "; not " + officesOf(n.People)
	}
	return w + after("; ", untilWords(l.Until)) + "."
}

func (l *SchemeLine) whyNot() string {
	for _, n := range l.Not {
		for _, why := range n.Why {
			return why.Text
		}
	}
	return "nobody holds it."
}

func bodyNames(bodies []Body) string {
	names := make([]string, 0, len(bodies))
	for _, b := range bodies {
		names = append(names, b.Name)
	}
	return domain.List(names)
}

// schemeChanges compares two days, subject by subject.
func schemeChanges(was, is []SchemeSubject) []SchemeChange {
	changes := []SchemeChange{}
	matters := map[string][2]*SchemeSubject{}
	for i := range was {
		matters[was[i].Matter] = [2]*SchemeSubject{&was[i], nil}
	}
	for i := range is {
		both := matters[is[i].Matter]
		both[1] = &is[i]
		matters[is[i].Matter] = both
	}
	for _, both := range byCode(matters) {
		changes = append(changes, subjectChanges(both[0], both[1])...)
	}
	return changes
}

// subjectChanges compares a subject on two days; nil: it was, or is, none of its own.
func subjectChanges(was, is *SchemeSubject) []SchemeChange {
	var changes []SchemeChange
	one := is
	if one == nil {
		one = was
	}
	before, after := linesByRef(was), linesByRef(is)
	if w, i := whyOf(was), whyOf(is); w != i {
		changes = append(changes, SchemeChange{Matter: one.Matter, Was: w, Is: i})
	}
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		c := SchemeChange{Matter: one.Matter}
		if l := before[k]; l != nil {
			c.Ref, c.Was = l.Ref, l.Say()
		}
		if l := after[k]; l != nil {
			c.Ref, c.Is, c.Source = l.Ref, l.Say(), l.Source
		}
		if c.Was != c.Is {
			changes = append(changes, c)
		}
	}
	return changes
}

func whyOf(s *SchemeSubject) string {
	if s == nil {
		return ""
	}
	return s.Why
}

// linesByRef are the lines by their reference and which of it they are.
func linesByRef(s *SchemeSubject) map[string]*SchemeLine {
	lines, nth := map[string]*SchemeLine{}, map[string]int{}
	if s == nil {
		return lines
	}
	for i := range s.Lines {
		l := &s.Lines[i]
		nth[l.Ref]++
		lines[l.Ref+" "+strconv.Itoa(nth[l.Ref])] = l
	}
	return lines
}
