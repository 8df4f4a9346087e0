package domain

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The chain (rule R3): from an answer down to the practices, each step with the
// index of the event that made it and the day since which it holds.

// chain is what the judgement rests on: mandates, charter, agreement with its
// roll, delegation, appointment.
func (s *remembering) chain(q Question, j *judgement) []Link {
	links := s.groundLinks(&j.coverage)
	if len(s.Charters) == 0 {
		return links
	}
	links = addLinks(links, s.CharterLink(q.At))
	if j.appointment != nil {
		links = addLinks(links, s.appointmentLinks(j.appointment, q.At)...)
	} else if j.delegation != nil {
		links = addLinks(links, s.DelegationChain(j.delegation, q.At)...)
	}
	if pos := s.PositionOn(q.Matter, q.At); pos != nil {
		links = addLinks(links, s.agreementLinks(pos.Source)...)
		text := s.textOf(pos.Index, func() string { return "Position on " + MatterWords(pos.Matter) + ": " + pos.Words })
		links = addLinks(links, Link{LinkPosition, pos.Matter, pos.Index, pos.From, text})
	}
	return links
}

// ChainOf is what something that has a number rests on, down to the practices:
// an agreement, delegation, exercise, appointment or commitment. Itself it is
// the last step, and its title says in a line what it is.
func (s *supposing) ChainOf(ref string, d Day) (title string, links []Link, refusal *Refusal) {
	own, matter := s.ownLinks(ref, d)
	if len(own) == 0 {
		return "", nil, notFound("L9", "There is no agreement, delegation, decision, appointment or commitment %q here on %s.", Clip(ref), d.Words())
	}
	cover := s.CoverageOn(matter, d)
	links = addLinks(s.groundLinks(&cover), s.CharterLink(d))
	links = addLinks(links, own...)
	return own[len(own)-1].Text, links, nil
}

// ownLinks are the steps from the charter to what has the number, and its matter.
func (s *remembering) ownLinks(ref string, d Day) (links []Link, matter string) {
	if p := s.Proposals[ref]; p != nil && p.Stage == Agreed && p.AgreedOn <= d {
		return append(wordsLinks(p), s.agreementLinks(ref)...), p.Matter
	}
	if dl := s.Delegations[ref]; dl != nil && dl.From() <= d {
		return s.DelegationChain(dl, d), ""
	}
	if x := s.Exercises[ref]; x != nil && x.On <= d {
		links = s.DelegationChain(s.Delegations[x.Delegation], x.On)
		text := x.Number + ", " + string(s.ExerciseOn(x, d)) + ": " + x.What
		return append(append(links, s.outcomeLinks(x.Outcome, d)...), Link{LinkExercise, x.Number, x.Index, x.On, text}), x.Matter
	}
	if a := s.Appointments[ref]; a != nil && a.VersionOn(d) != nil {
		return s.appointmentLinks(a, d), ""
	}
	if k := s.Commitments[ref]; k != nil && k.Meeting <= d {
		if a := s.Appointments[k.Appointment]; a != nil && a.VersionOn(k.Meeting) != nil {
			links = s.appointmentLinks(a, k.Meeting)
		}
		text := k.Number + ", " + string(s.CommitmentOn(k, d)) + ": " + k.Words
		return append(append(links, s.outcomeLinks(k.Outcome, d)...), Link{LinkCommitment, k.Number, k.Index, k.Meeting, text}), k.Matter
	}
	return nil, ""
}

// StepsOf are the steps from the charter to what has the number, without the mandates
// below; none if it was not there on that day.
func (s *remembering) StepsOf(ref string, d Day) []Link {
	own, _ := s.ownLinks(ref, d)
	if len(own) == 0 {
		return nil
	}
	return addLinks([]Link{s.CharterLink(d)}, own...)
}

// AuditChain is what an auditor of the delegated powers needs on that day: the mandates,
// the charter, each agreement by which there is a power or an executive, with its words and
// what each seat said to them, each version of each power, and each decision made from the
// first to the last day, with who confirmed it, called it in and was told, and the group's
// word on it.
func (s *supposing) AuditChain(first, last, d Day) []Link {
	cover := s.CoverageOn("", d)
	links := addLinks(s.groundLinks(&cover), s.CharterLink(d))
	for _, dl := range s.delegationsInOrder() {
		if dl.From() > d {
			continue
		}
		for i := range dl.Versions {
			if v := &dl.Versions[i]; v.From <= d {
				links = addLinks(links, s.agreedLinks(v.By())...)
				links = addLinks(links, s.DelegationChain(dl, v.From)...)
			}
		}
		links = addLinks(links, s.agreedLinks(dl.EndedBy)...)
	}
	for _, n := range SortedNumbers(s.Exercises) {
		if x := s.Exercises[n]; first <= x.On && x.On <= min(last, d) {
			links = addLinks(links, s.decisionLinks(x, d)...)
		}
	}
	return links
}

// agreedLinks are the exact words of an agreement, what each seat said to them, and the
// agreement; nothing for what is none.
func (s *remembering) agreedLinks(proposal string) []Link {
	p := s.Proposals[proposal]
	if p == nil || p.Stage != Agreed {
		return nil
	}
	return append(wordsLinks(p), s.agreementLinks(proposal)...)
}

// decisionLinks are an exercise with everything that was said of it by that day.
func (s *remembering) decisionLinks(x *Exercise, d Day) []Link {
	links := s.DelegationChain(s.Delegations[x.Delegation], x.On)
	add := func(on Day, index uint64, text string) {
		if on <= d {
			links = append(links, Link{LinkExercise, x.Number, index, on, x.Number + " " + text})
		}
	}
	for _, c := range x.Confirmed {
		add(c.On, c.Index, "confirmed by "+s.office(c.Person))
	}
	if x.Refused != nil {
		add(x.Refused.On, x.Refused.Index, "refused by "+s.office(x.Refused.Person))
	}
	if x.CalledIn != 0 {
		add(x.CalledIn, x.CallIndex, "called in by "+s.name(x.CalledBy))
	}
	for _, t := range x.Told {
		add(t.On, t.Index, "told to "+s.name(t.Body))
	}
	if x.Outcome != nil && x.Outcome.On <= d {
		links = append(links, s.agreedLinks(x.Outcome.Source)...)
		word := "disavowed"
		if x.Outcome.Ratified {
			word = "ratified"
		}
		add(x.Outcome.On, x.Outcome.Index, word+" by "+x.Outcome.Source)
	}
	return append(links, Link{LinkExercise, x.Number, x.Index, x.On, x.Number + ", " + string(s.ExerciseOn(x, d)) + ": " + x.What})
}

// wordsLinks are the exact words that were agreed, and what each seat said to them.
func wordsLinks(p *Proposal) []Link {
	v := p.Version()
	links := []Link{{"words", p.Number + "/" + strconv.Itoa(v.Number), v.Index, v.Put, p.Number + ", version " + strconv.Itoa(v.Number) + ": " + v.Text}}
	for _, e := range p.Roll {
		links = append(links, Link{LinkPosition, e.Seat, e.Index, p.AgreedOn, e.Name + ": " + string(e.Position)})
	}
	return links
}

// outcomeLinks are the agreement by which the group ratified or disavowed.
func (s *remembering) outcomeLinks(o *Outcome, d Day) []Link {
	if o == nil || o.On > d {
		return nil
	}
	return s.agreementLinks(o.Source)
}

// CharterLink is the charter in force on that day.
func (s *remembering) CharterLink(d Day) Link {
	v := s.CharterOn(d)
	text := s.textOf(v.Index, func() string { return "Charter of " + s.Name + ", version " + strconv.Itoa(v.Version) })
	return Link{LinkCharter, "charter/" + strconv.Itoa(v.Version), v.Index, v.From, text}
}

// addLinks adds those that are not about an event that is linked already.
func addLinks(links []Link, more ...Link) []Link {
	for _, l := range more {
		if !slices.ContainsFunc(links, func(have Link) bool { return have.Index == l.Index }) {
			links = append(links, l)
		}
	}
	return links
}

// mostLinks are about as many as a chain has above its mandates.
const mostLinks = 8

// groundLinks are what the coverage rests on: mandates and places. They may be
// added to.
func (s *beside) groundLinks(c *Coverage) []Link {
	mandates := c.mandates
	if mandates == nil {
		mandates = s.mandateLinks(c)
	}
	links := append(make([]Link, 0, len(mandates)+mostLinks), mandates...)
	return addLinks(links, s.placeLinks(c)...)
}

func (s *backing) mandateLinks(c *Coverage) []Link {
	links := []Link{}
	for _, st := range c.inside {
		for _, g := range st.Grants {
			links = append(links, Link{LinkMandate, g.Number, g.Index, g.From, s.name(g.Organisation) + ": " + s.grantWords(g, c.on)})
		}
	}
	slices.SortFunc(links, func(a, b Link) int { return cmp.Compare(a.Index, b.Index) })
	return slices.CompactFunc(links, func(a, b Link) bool { return a.Index == b.Index })
}

// grantWords say what a grant gives on that day: "mandate to the board for
// everything except workforce until 31 December 2026".
func (s *backing) grantWords(g *MandateEntry, d Day) string {
	to := s.ShortName
	if g.To != "" {
		to = s.name(g.To)
	}
	w := "mandate to " + to + " for everything"
	if len(g.Matters) > 0 {
		w = "mandate to " + to + " for " + ListMatters(g.Matters)
	}
	if except := s.ExceptedOn(g, d); len(except) > 0 {
		w += " except " + List(except)
	}
	if g.Until != 0 {
		w += " until " + g.Until.Words()
	}
	if g.BroughtIn {
		w += " (brought in)"
	}
	return w
}

// agreementLinks are an agreement with its roll; nothing for the founding.
func (s *remembering) agreementLinks(proposal string) []Link {
	return remember(s.memo.agreements, mostRemembered, proposal, func() []Link { return s.agreementLink(proposal) })
}

func (s *decisions) agreementLink(proposal string) []Link {
	p := s.Proposals[proposal]
	if p == nil || p.Stage != Agreed {
		return nil
	}
	text := proposal + ", " + p.Title() + ", agreed on " + p.AgreedOn.Words() + ". " + RollWords(p.Roll)
	if p.BroughtIn != "" {
		text = proposal + ", " + p.Title() + ", brought in from before the ledger: " + p.BroughtIn
	}
	return []Link{{"agreement", proposal, p.Agreement, p.AgreedOn, text}}
}

// DelegationChain is the agreement, the executive and the delegation, with the
// agreement by which it reads as it does on that day.
func (s *remembering) DelegationChain(d *Delegation, day Day) []Link {
	links := s.agreementLinks(d.Source)
	if d.To == ToExecutive {
		for i := len(s.Executive) - 1; i >= 0; i-- {
			if e := &s.Executive[i]; e.Covers(day) {
				links = append(links, s.agreementLinks(e.Source)...)
				links = append(links, Link{LinkExecutive, "executive", e.Index, e.From, s.textOf(e.Index, func() string { return "The executive: " + s.offices(e.Members) })})
				break
			}
		}
	}
	v := d.VersionOn(day)
	if v == nil {
		v = &d.Versions[0]
	}
	links = append(links, s.agreementLinks(v.Source)...)
	text := s.textOf(v.Index, func() string {
		var powers []string
		for i := range v.Powers {
			powers = append(powers, v.Powers[i].Words(s.State))
		}
		return d.Number + ": " + strings.Join(powers, "; ")
	})
	return append(links, Link{LinkDelegation, d.Number, v.Index, v.From, text})
}

func (s *remembering) appointmentLinks(a *Appointment, day Day) []Link {
	var links []Link
	if a.Parent != "" {
		links = s.DelegationChain(s.Delegations[a.Parent], day)
		if x := s.Exercises[a.Source]; x != nil {
			links = append(links, Link{LinkExercise, x.Number, x.Index, x.On, x.Number + ": " + x.What})
		}
	}
	links = append(links, s.agreementLinks(a.Source)...)
	v := a.VersionOn(day)
	links = append(links, s.agreementLinks(v.Source)...)
	text := s.textOf(v.Index, func() string {
		var lines []string
		for i := range v.Lines {
			lines = append(lines, v.Lines[i].Summary())
		}
		return a.Number + ": " + s.office(a.Person) + " at " + s.forumName(a.Forum) + ". " + FirstUpper(strings.Join(lines, "; "))
	})
	return append(links, Link{LinkAppointment, a.Number, v.Index, v.From, text})
}

func (s *register) offices(ids []string) string {
	var names []string
	for _, id := range ids {
		names = append(names, s.office(id))
	}
	return List(names)
}
