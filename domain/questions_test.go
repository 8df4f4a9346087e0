package domain

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What a minutes script can ask. A question never changes anything.

// ask answers a question as of `at`, as known on `known`; else today, now.
func (m *minutes) ask(line string) []string {
	s, at := m.present(), DayOf(m.now)
	words := strings.Fields(line)
	if !strings.Contains(line, "{") {
		for len(words) > 2 && (words[len(words)-2] == "at" || words[len(words)-2] == "known") {
			d := m.day(words[len(words)-1])
			if words[len(words)-2] == "at" {
				at = d
			} else {
				s = m.knownAt(d)
			}
			words = words[:len(words)-2]
		}
	}
	before := fingerprint(s.State)
	said := m.answer(s, line, words, at)
	if fingerprint(s.State) != before {
		m.failf("a question changed the state")
	}
	for i := range said {
		said[i] = m.handles(said[i])
	}
	return said
}

// present is the state as it is known now, with those of the other groups.
func (m *minutes) present() *View {
	if len(m.rooms) == 0 {
		return m.ledger.State().View()
	}
	return m.ledger.State().View().Across(m.places(time.Time{}))
}

func (m *minutes) day(text string) Day {
	d, err := ParseDay(text)
	if err != nil {
		m.failf("%v", err)
	}
	return d
}

func (m *minutes) answer(s *View, line string, words []string, at Day) []string {
	args := append(words[1:], "", "", "")
	switch words[0] {
	case "check", "chain":
		return m.check(words[0] == "chain", strings.TrimSpace(strings.TrimPrefix(line, words[0])))
	case "coverage":
		return coverageLines(s, args[0], at)
	case "what-if":
		return whatIfLines(s, args[0], args[1], at)
	case "touched":
		return touchedLines(s, args[0])
	case "standings":
		return standingLines(s, args[0], at)
	case "binds":
		return bindingLines(s, args[0], args[1], at)
	case "scheme":
		return schemeLines(s, args[0], at)
	case "power":
		return powerLines(s, args[0], at)
	case "appointment":
		return appointmentLines(s, args[0], at)
	case "undoing":
		return each(s.Undoing(args[0], at), func(u Undone) string {
			return strings.TrimSpace(fmt.Sprintf("%s: %s %s", u.Ref, u.Text, map[bool]string{true: "(ends)"}[u.Ends]))
		})
	case "suspensions":
		had := s.grant(args[0]).granted().Suspensions
		return each(had, func(sus Suspension) string {
			return fmt.Sprintf("event %d, by %s from %s until %s, still suspends %t: %s", sus.Index, sus.Seat, sus.From, sus.Until, s.Suspends(args[0], &sus, at), sus.Reason)
		})
	case "proposal":
		return m.proposalLines(s, args[0], at)
	case "objections":
		return objectionLines(s, args[0], at)
	case "status":
		return statusLines(s, args[0], at)
	case "worklist":
		return workLines(s, args[0], at)
	case "seats":
		return seatLines(s, at)
	case "duties":
		return dutyLines(s, at)
	case "group":
		return groupLines(s, at)
	case "charter":
		return charterLines(s, at)
	case "meeting":
		return meetingLines(s, args[0], m.day(args[1]), at)
	case "clashes":
		return clashLines(s, at)
	case "see":
		return []string{fmt.Sprint(s.MaySee(s.Person(args[0]).ID, args[1], at))}
	case "speaks":
		return []string{fmt.Sprint(s.SpeaksFor(s.Person(args[0]).ID, args[1], at))}
	case "person":
		p := s.Person(args[0])
		return []string{fmt.Sprintf("%s, %s, sealed %t, left %s, erased %s", p.Handle, p.Office, p.Sealed != nil, p.Left, p.Erased)}
	case "practices":
		return practiceLines(s, at)
	case "members":
		return memberLines(s, args[0], at)
	case "events":
		return m.eventLines(args[0])
	case "corrections":
		return each(s.Corrections, func(c Correction) string { return fmt.Sprintf("event %d: %s (%s)", c.Corrects, c.Words, c.Actor) })
	case "approach":
		return approachLines(s, args[0], at)
	case "action":
		return actionLines(s, args[0], at)
	case "priorities":
		return priorityLines(s, args[0], at)
	case "alignment":
		return alignmentLines(s, args[0], at)
	case "notices":
		return each(s.NoticesOn(at), func(n Notice) string {
			r := s.ReachOn(n.Ref, at)
			return fmt.Sprintf("%s, %s of %s: sent to all %d times, acknowledged by %d of %d", n.Ref, n.Kind, n.On, r.Sent, r.Acknowledged, r.OfPractices)
		})
	case "question":
		return questionLines(s, args[0], at)
	case "interests":
		return each(s.Interests, func(i *Interest) string { return interestLine(s, i, at) })
	case "agenda":
		return agendaLines(s, at)
	case "reviews":
		return each(s.Reviews, func(r Review) string {
			return fmt.Sprintf("%s by %s: worked %q, overstep %q, thin report %q", r.On, r.By, r.Worked, r.Overstep, r.ThinReport)
		})
	case "settings":
		return each(Settings, func(c Setting) string { return fmt.Sprintf("%s %d: %s", c.Name, c.Default, c.Say) })
	}
	m.failf("what is %q?", line)
	return nil
}

func each[T any](items []T, say func(T) string) []string {
	var lines []string
	for _, item := range items {
		lines = append(lines, say(item))
	}
	if lines == nil {
		return []string{"none"}
	}
	return lines
}

type checkQuestion struct {
	Person    string   `json:"person"`
	Forum     string   `json:"forum"`
	Matter    string   `json:"matter"`
	Amount    *Pence   `json:"amountPence"`
	Months    *int     `json:"months"`
	OpenEnded bool     `json:"openEnded"`
	Consulted []string `json:"consulted"`
	At        Day      `json:"at"`
	Known     Day      `json:"known"`
}

func (m *minutes) check(chain bool, body string) []string {
	var c checkQuestion
	m.decode(body, &c)
	s := m.present()
	if c.Known != 0 {
		s = m.knownAt(c.Known)
	}
	if c.At == 0 {
		c.At = DayOf(m.now)
	}
	a, r := s.Check(Question{Person: c.Person, Forum: c.Forum, Matter: c.Matter, Amount: c.Amount, Months: c.Months, OpenEnded: c.OpenEnded, Consulted: c.Consulted, At: c.At})
	if r != nil {
		return []string{"refused " + r.Rule + ": " + r.Say}
	}
	if a.Index+1 != s.Next {
		m.failf("the answer names index %d of %d", a.Index, s.Next)
	}
	if strings.Contains(a.Say, "£") || strings.Contains(a.Say, "month") {
		m.failf("what to say gives a limit away: %s", a.Say)
	}
	lines := []string{string(a.Verdict) + ". " + a.Say}
	for _, r := range a.Reasons {
		lines = append(lines, "because "+r.Rule+" "+r.Text)
	}
	for _, l := range a.Limits {
		lines = append(lines, "limit "+l.Of+" "+l.Kind+": "+l.Text)
	}
	for _, w := range a.Conditions {
		lines = append(lines, "condition: "+w)
	}
	lines = append(lines, "rests on "+a.Coverage.Words())
	for _, w := range a.Coverage.Conditions {
		lines = append(lines, "mandate's condition: "+w)
	}
	var could []string
	for _, w := range a.WhoCould {
		could = append(could, strings.TrimSpace(string(w.Kind)+" "+w.Person))
	}
	lines = append(lines, "could: "+strings.Join(could, ", "))
	for _, r := range a.Remedies {
		lines = append(lines, "remedy: "+r.Text)
		m.checkRemedy(s, a, &r)
	}
	for _, x := range []struct{ what, say string }{{"last said", a.LastSaid}, {"position", a.Position}} {
		if x.say != "" {
			lines = append(lines, x.what+": "+x.say)
		}
	}
	for _, n := range a.Notes {
		lines = append(lines, "note: "+n)
	}
	if chain {
		for _, l := range a.Chain {
			lines = append(lines, fmt.Sprintf("%s %s (event %d, %s): %s", l.Kind, l.Ref, l.Index, l.Effective, l.Text))
		}
	}
	return lines
}

// checkRemedy asks what a remedy says, which must be answered with a yes, for no
// larger sum and no longer term; one that waits for a review is asked after it.
func (m *minutes) checkRemedy(s *View, a *CheckAnswer, r *Remedy) {
	m.t.Helper()
	then := s.copied()
	for _, number := range r.Reviews {
		review := a.At.Add(1)
		if d := then.Delegations[number]; d != nil {
			v := *d.VersionOn(a.At)
			v.Number = d.newest().Number
			then.Apply(&Event{Index: then.Next, Time: then.Last, Effective: a.At, Data: &DelegationVaried{Delegation: number, Version: v.Number + 1, Powers: v.Powers, Payer: v.Payer, Until: v.Until, Review: review, Source: Founding}})
			continue
		}
		v := *then.Appointments[number].VersionOn(a.At)
		v.Number = then.Appointments[number].newest().Number
		then.Apply(&Event{Index: then.Next, Time: then.Last, Effective: a.At, Data: &AppointmentVaried{Appointment: number, Version: v.Number + 1, Substitutes: v.Substitutes, Lines: v.Lines, Until: v.Until, Review: review, Source: Founding}})
	}
	q := Question{Person: r.Ask.Person, Forum: r.Ask.Forum, Matter: r.Ask.Matter, Amount: r.Ask.Amount, Months: r.Ask.Months, OpenEnded: r.Ask.OpenEnded, Consulted: r.Ask.Consulted, At: a.At}
	got, refusal := then.Check(q)
	if refusal != nil || !got.Verdict.yes() {
		m.failf("%q is not a yes: %v %+v", r.Text, refusal, got)
	}
	if a.On.Amount != nil && *r.Ask.Amount > *a.On.Amount || a.On.Months != nil && *r.Ask.Months > *a.On.Months || a.Verdict.yes() {
		m.failf("%q asks for more than was asked", r.Text)
	}
}

func coverageLines(s *View, matter string, at Day) []string {
	if matter == "all" {
		matter = ""
	}
	c := s.CoverageOn(matter, at)
	lines := []string{c.Words()}
	for _, o := range c.Outside {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", o.ODS, o.Why, o.Since)))
	}
	for _, w := range c.Conditions {
		lines = append(lines, "condition: "+w)
	}
	for _, p := range c.Places {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("place %s agreed %t %s event %d: %d of %d practices %s", p.Group, p.Agreed, p.Ref, p.Index, p.Practices, p.OfPractices, p.Why)))
	}
	for _, st := range c.Inside() {
		if st.Via != "" {
			lines = append(lines, st.Practice.Code+" through "+st.Via)
		}
	}
	return lines
}

// standingLines are a practice's standings, matter by matter.
func standingLines(s *View, code string, at Day) []string {
	return each(s.StandingsOn(s.Organisations[code], at), func(m MatterStanding) string {
		if !m.Stands() {
			return strings.TrimSpace(fmt.Sprintf("%s: no, %s %s", m.Matter, m.Why, m.Since)) + dated(", again from ", m.Again)
		}
		var ways []string
		for _, r := range m.Routes {
			ways = append(ways, cmp.Or(r.Via, "itself")+dated(" until ", r.Until))
		}
		return m.Matter + ": yes" + dated(" until ", m.Until) + ", by " + List(ways)
	})
}

func dated(word string, d Day) string {
	if d == 0 {
		return ""
	}
	return word + d.String()
}

// whatIfLines are what would change if the organisation withdrew for the matter, or for all.
func touchedLines(s *View, number string) []string {
	t, can := s.Touched(s.Records[number])
	if !can {
		return []string{"it can't take effect"}
	}
	lines := each(t.Ends, func(e WouldEnd) string { return "no more: " + e.Text })
	lines = append(lines, "coverage "+t.Before.Words()+" becomes "+t.After.Words())
	lines = append(lines, each(t.Lost, func(p PowerLost) string { return "nobody can commit under " + p.Ref + " on " + p.On })...)
	return append(lines, each(t.Asked, func(a WouldBeAsked) string { return a.Seat + " is asked on " + a.Proposal + " for a full window more" })...)
}

func whatIfLines(s *View, code, matter string, at Day) []string {
	if matter == "all" {
		matter = ""
	}
	w, r := s.WhatIf(code, matter, at)
	if r != nil {
		return []string{"refused " + r.Rule + ": " + r.Say}
	}
	lines := []string{"before: " + w.Before.Words(), "after: " + w.After.Words()}
	for _, o := range w.Leaving {
		lines = append(lines, "leaves: "+o.Code)
	}
	for _, p := range w.Powers {
		lines = append(lines, fmt.Sprintf("lost: %s %s, on %s: %d of %d practices before, %d after", p.Ref, cmp.Or(p.Matter, "the rest"), p.On, p.Before.Practices, p.Before.OfPractices, p.After.Practices))
	}
	return lines
}

// bindingLines say whether an agreement binds a practice.
func bindingLines(s *View, number, code string, at Day) []string {
	b := s.BindingOn(s.Proposals[number], s.Organisations[code], at)
	line := fmt.Sprintf("bound %t, stands %t, joined later %t", b.Bound, b.Stands, b.Joined) + dated(", since ", b.Since) + dated(", changed ", b.Changed)
	if b.Away != nil {
		line += ", away by " + b.Away.Number
	}
	return []string{line}
}

// schemeLines are who may agree what on the matter and below it.
func schemeLines(s *View, matter string, at Day) []string {
	var lines []string
	for _, one := range s.SchemeOn(at) {
		if !Within(one.Matter, matter) {
			continue
		}
		switch {
		case one.Reserved:
			lines = append(lines, one.Matter+": reserved")
		case one.RedLine != nil:
			lines = append(lines, one.Matter+": a red line by "+one.RedLine.Source)
		case len(one.Lines) == 0:
			lines = append(lines, one.Matter+": only the group")
		}
		for i := range one.Lines {
			l := &one.Lines[i]
			line := fmt.Sprintf("%s: %s by %s, %s up to %s and %d months, %d acting, until %s", one.Matter, l.Ref(), l.By, List(l.People), l.Most, l.Months, l.Acting, l.Until)
			for _, code := range l.Consult {
				line += ", after " + code
			}
			for _, c := range l.Conditions {
				line += ", " + c
			}
			for _, n := range l.Not {
				line += fmt.Sprintf("; not %s: %s", n.Person, n.Reasons)
			}
			lines = append(lines, line)
		}
	}
	return lines
}

func powerLines(s *View, number string, at Day) []string {
	d := s.Delegations[number]
	if d == nil {
		return []string{"there is no " + number}
	}
	state, why := s.DelegationOn(d, at)
	lines := []string{strings.TrimSuffix(string(state)+". "+why, ". ")}
	v := d.VersionOn(at)
	if v == nil {
		return lines
	}
	lines = append(lines, fmt.Sprintf("version %d%s by %s, from %s until %s, review %s, of %d versions", v.Number, backWords(v.Back, v.BackBy), v.Source, v.From, v.Until, v.Review, len(d.Versions)))
	for i := range v.Powers {
		p := &v.Powers[i]
		line := p.Words(s.State)
		if p.YearLimit != 0 {
			used := s.UsedOf(d, v, p, at, at)
			line += "; used " + used.String() + ", left " + (p.YearLimit - used).String()
		}
		lines = append(lines, line)
	}
	return lines
}

func backWords(back int, by string) string {
	if back == 0 {
		return ""
	}
	return fmt.Sprintf(" (back to version %d, since %s)", back, by)
}

func appointmentLines(s *View, number string, at Day) []string {
	a := s.Appointments[number]
	if a == nil {
		return []string{"there is no " + number}
	}
	state, why := s.AppointmentOn(a, at)
	lines := []string{strings.TrimSuffix(string(state)+". "+why, ". ")}
	if v := a.VersionOn(at); v != nil {
		lines = append(lines, fmt.Sprintf("version %d%s by %s, %s to %s, from %s until %s, review %s", v.Number, backWords(v.Back, v.BackBy), v.Source, a.Person, a.Forum, v.From, v.Until, v.Review))
		for i := range v.Lines {
			lines = append(lines, v.Lines[i].Summary())
		}
	}
	return lines
}

func (m *minutes) proposalLines(s *View, number string, at Day) []string {
	p := s.Proposals[number]
	if p == nil {
		return []string{"there is no " + number}
	}
	line := fmt.Sprintf("%s, version %d: %s", p.Stage, p.Version().Number, p.Title())
	switch p.Stage {
	case Agreed:
		line += ", on " + p.AgreedOn.String() + ", event " + strconv.FormatUint(p.Agreement, 10)
		if p.BroughtIn != "" {
			line += ", brought in: " + p.BroughtIn
		}
		if p.SetAside != 0 {
			line += ", set aside on " + p.SetAside.String() + " by " + p.SetAsideBy
		}
	case Open:
		line += ", window until " + p.WindowEnds().String() + ", closes " + p.Closes.String()
	case Withdrawn, Lapsed:
		line += ", on " + p.Ended.String()
	case Draft:
	}
	lines := []string{line}
	for _, w := range s.Tried(p) {
		lines = append(lines, "tried: "+w)
	}
	if waits := s.PutOffWaitsFor(p, at); p.Stage == Open && waits != nil {
		lines = append(lines, "to be put off waits for "+List(s.names(waits)))
	}
	if p.Stage == Open {
		for _, w := range s.WaitingFor(p, at) {
			lines = append(lines, "waits for "+w)
		}
		if r := s.Unenactable(p, at); r != nil {
			lines = append(lines, "can't be enacted: "+r.Rule+" "+r.Say)
		}
	}
	for _, o := range p.Offers {
		lines = append(lines, "words offered by "+o.Person+": "+o.Words)
	}
	if roll := s.RollOn(p, at); len(roll) > 0 {
		lines = append(lines, RollWords(roll))
		for _, e := range roll {
			extra := ""
			for _, x := range []string{e.Reason, e.Interest, e.Heard} {
				if x != "" {
					extra += "; " + x
				}
			}
			if e.Role == Deputy || extra != "" {
				lines = append(lines, fmt.Sprintf("%s by %s, %s: %s%s", e.Seat, e.Office, e.Role, e.Position, extra))
			}
		}
	}
	return lines
}

func objectionLines(s *View, number string, at Day) []string {
	return each(s.Proposals[number].Objections, func(n string) string {
		o := s.Objections[n]
		end := "stands"
		if o.How != "" {
			end = string(o.How) + " on " + o.Ended.String() + " " + o.Words
		}
		return fmt.Sprintf("%s %s of %s on version %d: %s; would resolve: %s; %s", o.Number, o.Grade, o.Seat, o.Version, o.Why, o.WouldResolve, strings.TrimSpace(end))
	})
}

func statusLines(s *View, number string, at Day) []string {
	if x := s.Exercises[number]; x != nil {
		lines := []string{string(s.ExerciseOn(x, at))}
		for _, r := range x.Beyond {
			lines = append(lines, r.Rule+" "+r.Text)
		}
		if x.CalledIn != 0 {
			lines = append(lines, "called in by "+x.CalledBy+" on "+x.CalledIn.String()+": "+x.CallReason)
		}
		if by, body, told := s.TellBy(x, at); by != 0 {
			lines = append(lines, strings.TrimSpace("tell "+body+" by "+by.String()+", told "+told.String()))
		}
		return append(lines, outcomeLines(x.Outcome)...)
	}
	k := s.Commitments[number]
	if k == nil {
		return []string{"there is no " + number}
	}
	return append([]string{fmt.Sprintf("%s (the check said %s)", s.CommitmentOn(k, at), k.Verdict)}, outcomeLines(k.Outcome)...)
}

func outcomeLines(o *Outcome) []string {
	if o == nil {
		return nil
	}
	return []string{strings.TrimSpace("by " + o.Source + " on " + o.On.String() + " " + o.Feedback)}
}

func workLines(s *View, only string, at Day) []string {
	due := slices.DeleteFunc(s.WorkListOn(at), func(d Due) bool { return only != "" && !strings.HasPrefix(d.What, only) })
	return each(due, func(d Due) string {
		line := fmt.Sprintf("%s %s %s, %d left", d.What, d.Kind, d.On, d.Left)
		if d.Overdue {
			line += ", overdue"
		}
		if d.Paused {
			line += ", paused"
		}
		return line + ": " + d.Text
	})
}

func seatLines(s *View, at Day) []string {
	lines := each(s.EntitledOn(at), func(id string) string {
		seat := s.Seats[id]
		line := id + " " + s.nameOn(id, at)
		if s.VacantOn(seat, at) {
			return line + ": vacant"
		}
		var who []string
		for _, h := range s.TenuresOn(seat, at) {
			who = append(who, string(h.Role)+" "+h.Person)
		}
		return line + ": " + strings.Join(who, ", ")
	})
	for _, id := range SortedNumbers(s.Seats) {
		if !s.entitled(s.Seats[id], at) {
			lines = append(lines, strings.TrimSpace(id+" not in force; answers now: "+s.successor(id, at)))
		}
	}
	return lines
}

func dutyLines(s *View, at Day) []string {
	return each(s.DutiesOn(at), func(d Duty) string {
		line := string(d.Duty) + " " + d.Person + " by " + d.Source
		if d.Employer != "" {
			line += ", employed by " + s.name(d.Employer) + " (" + string(s.Organisations[d.Employer].Kind) + ")"
		}
		return line
	})
}

func groupLines(s *View, at Day) []string {
	lines := []string{fmt.Sprintf("%s, %s: established %t", s.Name, s.PlaceName, s.EstablishedOn(at))}
	if !s.EstablishedOn(at) {
		for _, w := range s.MissingToEstablish(at) {
			lines = append(lines, "lacks "+w)
		}
	}
	if w := s.Incomplete(at); w != "" {
		lines = append(lines, w)
	}
	return lines
}

func charterLines(s *View, at Day) []string {
	v := s.CharterOn(at)
	lines := []string{fmt.Sprintf("version %d by %s from %s, of %d versions", v.Version, v.Source, v.From, len(s.Charters))}
	c := reflect.ValueOf(v.Charter)
	var parts []string
	for i := range c.NumField() {
		if name := c.Type().Field(i).Name; name != "Text" && (name != "Zero" || c.Field(i).Len() > 0) {
			parts = append(parts, fmt.Sprintf("%s %v", name, c.Field(i)))
		}
	}
	return append(lines, strings.Join(parts, "; "))
}

func meetingLines(s *View, forum string, on, at Day) []string {
	mt := s.Meeting(forum, on)
	if to := s.MovedTo(forum, on); to != 0 {
		return []string{"moved to " + to.String()}
	}
	if mt == nil {
		return []string{"there is no such meeting"}
	}
	lines := []string{fmt.Sprintf("%d items, briefed %s, reported %s, report by %s, overdue %t", len(mt.Agenda), mt.Briefed, mt.Reported, s.ReportBy(mt), s.ReportOverdue(mt, at))}
	if len(mt.Was) > 0 {
		lines = append(lines, fmt.Sprintf("was to be on %v: %s", mt.Was, mt.Reason))
	}
	if mt.Cancelled != 0 {
		lines = append(lines, fmt.Sprintf("cancelled on %s: %s", mt.Cancelled, mt.Reason))
	}
	for _, a := range mt.Actions {
		lines = append(lines, fmt.Sprintf("action: %s, %s supported by %s, due %s", a.What, a.Owner, a.Supporter, a.Due))
	}
	return lines
}

func clashLines(s *View, at Day) []string {
	return each(s.ClashesOn(at), func(c Clash) string {
		return fmt.Sprintf("%s: %s %s by %s, %s %s by %s", c.Matter, c.First.Number, c.First.Given, c.First.Person, c.Second.Number, c.Second.Given, c.Second.Person)
	})
}

func approachLines(s *View, number string, at Day) []string {
	a := s.Approaches[number]
	if a == nil {
		return []string{"there is no " + number}
	}
	lines := []string{fmt.Sprintf("from %s, reached %s on %s, at the gate %t", a.From, cmp.Or(a.Reached, a.Side), a.On, a.AtGate(s.State))}
	for _, d := range a.Dispositions {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s to %s %s %s", d.On, d.Disposition, d.Appointment, d.Words)))
	}
	if a.Told != nil {
		lines = append(lines, "told there and then: "+string(a.Told.Reply)+", "+a.Told.Words)
	}
	if a.Answer != nil {
		lines = append(lines, "answered on "+a.Answer.On.String()+" by "+a.Answer.By+": "+string(a.Answer.Reply)+", "+a.Answer.Words)
	}
	return append(lines, fmt.Sprintf("same question %v, may be the same %v, inconsistent %t", s.SameQuestion(number), s.Alike(number), s.Inconsistent(number, at)))
}

func actionLines(s *View, number string, at Day) []string {
	a := s.Actions[number]
	if a == nil {
		return []string{"there is no " + number}
	}
	lines := []string{strings.TrimSpace(fmt.Sprintf("%s: %s, %s supported by %s, due %s, by %s %s", s.ActionOn(a, at), a.What, a.Owner, a.Supporter, a.Due, a.Source, a.Priority))}
	for _, p := range a.Progress {
		lines = append(lines, p.On.String()+" "+p.By+": "+p.Words)
	}
	return lines
}

func priorityLines(s *View, number string, at Day) []string {
	var lines []string
	if l := s.PrioritiesOn(at); l != nil {
		lines = append(lines, fmt.Sprintf("adopted by %s: %v; %d of %d practices took part", l.Source, l.Priorities, l.TookPart, l.OfPractices))
	}
	for _, a := range s.TookPart(s.Rounds[number], at) {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %v %s", a.Practice, a.Choices, a.Words)))
	}
	return append(lines, fmt.Sprintf("answers kept: %d", len(s.Rounds[number].Answers)))
}

func alignmentLines(s *View, number string, at Day) []string {
	a := s.AlignmentOn(s.Proposals[number], at)
	lines := []string{fmt.Sprintf("%d of %d seats' organisations, %d of %d practices", a.Seats, a.OfSeats, a.Practices, a.OfPractices)}
	for _, d := range a.Away {
		lines = append(lines, fmt.Sprintf("%s %s since %s, reported %t: %s", d.Number, d.Organisation, d.From, d.Reported, d.Reason))
	}
	return lines
}

func questionLines(s *View, number string, at Day) []string {
	q := s.Questions[number]
	if q == nil {
		return []string{"there is no " + number}
	}
	line := fmt.Sprintf("%s about %s, disagrees %t: %s", q.Practice, q.About, q.Disagrees, q.Words)
	if q.Answered != 0 && q.Answered <= at {
		return []string{line, fmt.Sprintf("answered on %s after %d days by %s: %s", q.Answered, q.Age(at), q.AnsweredBy, q.Answer)}
	}
	return []string{line, fmt.Sprintf("not answered for %d days", q.Age(at))}
}

func agendaLines(s *View, at Day) []string {
	var lines []string
	if b := s.GroupMeetings[at]; b != nil {
		lines = append(lines, fmt.Sprintf("%s %s, set by %s: %v", b.On, b.At, b.SetBy, b.Items))
		if b.Held != 0 {
			lines = append(lines, fmt.Sprintf("chaired by %s, present %v", b.Chaired, b.Present))
		}
		if len(b.Apologies) > 0 {
			lines = append(lines, fmt.Sprintf("apologies of %v", b.Apologies))
		}
		for _, a := range b.InAttendance {
			lines = append(lines, "in attendance "+a.Person+" for "+a.For)
		}
		for i := range b.Items {
			lines = append(lines, itemLines(s, b, i+1)...)
		}
		if b.Words != nil {
			lines = append(lines, fmt.Sprintf("worded by %s: %q, %v, %q", b.Words.By, b.Words.Opening, b.Words.Items, b.Words.Closing))
		}
	}
	for _, i := range s.SuggestionsOn(at) {
		lines = append(lines, "could be on it: "+string(i.Kind)+" "+i.About+": "+i.Text)
	}
	for _, w := range s.RunBySystem(at) {
		lines = append(lines, "flag: "+w)
	}
	if lines == nil {
		return []string{"none"}
	}
	return lines
}

func practiceLines(s *View, at Day) []string {
	return each(s.PracticesOn(at), func(o *Organisation) string {
		patients, _ := s.PatientsOn(o, at)
		return fmt.Sprintf("%s %s %d", o.Code, o.NameOn(at), patients)
	})
}

// memberLines are the open practices of a PCN.
func memberLines(s *View, pcn string, at Day) []string {
	ps := slices.Compact(slices.SortedFunc(slices.Values(s.appendPracticesOf(nil, pcn, at)), func(a, b *Organisation) int { return strings.Compare(a.Code, b.Code) }))
	if len(ps) == 0 {
		return []string{"none"}
	}
	return each(ps, func(o *Organisation) string { return o.Code + " " + o.NameOn(at) })
}

// eventLines are the newest events, whole (L5).
func (m *minutes) eventLines(n string) []string {
	count, err := strconv.Atoi(n)
	if err != nil {
		m.failf("%v", err)
	}
	var lines []string
	for i := range m.events[len(m.events)-count:] {
		e := &m.events[len(m.events)-count+i]
		lines = append(lines, fmt.Sprintf("%d %s about %s; recorded %s, effective %s; actor %s, for %s, because of %d, command %t", e.Index, e.Kind(), e.Data.Subject(),
			e.Time.Format("2006-01-02T15:04:05.000Z07:00"), e.Effective, e.Actor, e.OnBehalfOf, e.Cause, e.Command.String() != "00000000-0000-0000-0000-000000000000"))
	}
	return lines
}

func interestLine(s *View, i *Interest, at Day) string {
	line := fmt.Sprintf("%s %s of %s in %v: %s; from %s until %s, declared %s", i.Number, i.Kind, s.People[i.Person].Handle, i.Matters, i.Words, i.From, i.Until, i.Declared)
	for _, r := range i.Renewals {
		line += ", renewed " + r.On.String()
	}
	if i.Ended != nil {
		line += ", ended on " + i.Ended.On.String() + ": " + i.Ended.Words
	}
	if by := i.RenewBy(at); by != 0 {
		line += "; counts, to be declared anew by " + by.String()
	} else if i.Covers(at) {
		line += "; counts"
	}
	return line
}

// itemLines are what is recorded under an item of the group's own agenda, and
// the interests that it touches.
func itemLines(s *View, b *GroupMeeting, n int) []string {
	var lines []string
	item := fmt.Sprintf("item %d ", n)
	if m := b.Minute(n); m != nil {
		if m.Note != "" {
			lines = append(lines, item+"note: "+m.Note)
		}
		for _, d := range m.Decisions {
			lines = append(lines, item+"decided: "+strings.TrimSpace(d.Words+" "+d.Ref))
		}
	}
	for _, a := range s.Actions {
		if a.Source == GroupMeetingRef(b.On) && a.Item == n {
			lines = append(lines, item+"action "+a.Number)
		}
	}
	slices.Sort(lines)
	for _, m := range s.MattersOfItem(&b.Items[n-1]) {
		for _, i := range s.InterestsTouching(m, b.On) {
			lines = append(lines, item+"touches "+i.Number+" of "+s.People[i.Person].Handle+", by "+m)
		}
	}
	return lines
}
