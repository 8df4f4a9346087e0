package domain

import "strconv"

// What a record that waits says, in words.

// RecordWords are what the record says, in a clause: "Practice Manager, Ash speaks for Ash
// Surgery"; "something" of a record that is not there.
func (s *business) RecordWords(number string) string {
	k := s.Records[number]
	if k == nil {
		return "something"
	}
	switch c := k.Command; {
	case c.RecordSpokesperson != nil:
		return s.officeOf(c.RecordSpokesperson.Person) + " speaks for " + s.name(c.RecordSpokesperson.Organisation) + c.RecordSpokesperson.Span.Words()
	case c.EndSpokesperson != nil:
		return s.officeOf(c.EndSpokesperson.Person) + " speaks for " + s.name(c.EndSpokesperson.Organisation) + " no more after " + c.EndSpokesperson.Until.Words()
	case c.NameHolder != nil:
		return s.officeOf(c.NameHolder.Person) + " is " + string(c.NameHolder.Role) + " of the seat of " + s.name(c.NameHolder.Seat) + c.NameHolder.Span.Words()
	case c.LeaveSeat != nil:
		return s.officeOf(c.LeaveSeat.Person) + " is no more " + string(c.LeaveSeat.Role) + " of the seat of " + s.name(c.LeaveSeat.Seat) + " after " + c.LeaveSeat.Until.Words()
	case c.LeaveOffice != nil:
		return s.officeOf(c.LeaveOffice.Person) + " leaves the office on " + c.LeaveOffice.Until.Words() + ", and what they hold here ends"
	case c.ImportOrganisations != nil:
		return s.listWords(c.ImportOrganisations)
	case c.MergeOrganisation != nil:
		return s.name(c.MergeOrganisation.Organisation) + " goes on as " + s.name(c.MergeOrganisation.Into) + " after " + c.MergeOrganisation.Last.Words()
	case c.SplitOrganisation != nil:
		var among []string
		for _, part := range c.SplitOrganisation.Among {
			among = append(among, s.name(part.Organisation))
		}
		return s.name(c.SplitOrganisation.Organisation) + " is divided among " + List(among) + " after " + c.SplitOrganisation.Last.Words()
	case c.ChangeContractHolder != nil:
		return s.name(c.ChangeContractHolder.Practice) + " has a new contract holder from " + c.ChangeContractHolder.From.Words() + ", and its mandate ends"
	case c.GrantMandate != nil:
		return s.name(c.GrantMandate.Organisation) + " gave a mandate on paper" + s.mandateWords(c.GrantMandate.To, c.GrantMandate.Matters) + c.GrantMandate.Span.Words()
	case c.WithdrawMandate != nil:
		return s.name(c.WithdrawMandate.Organisation) + " withdrew its mandate" + s.mandateWords(c.WithdrawMandate.From, c.WithdrawMandate.Matters)
	}
	return "the name, email and phone of " + s.officeOf(k.Command.ErasePerson.Person) + " are erased for good"
}

// officeOf is the office of the person, by id or handle.
func (s *register) officeOf(ref string) string {
	if p := s.Person(ref); p != nil {
		return p.Office
	}
	return "somebody"
}

func (s *bodies) mandateWords(pcn string, matters []string) string {
	words := ""
	if len(matters) > 0 {
		words = " for " + ListMatters(matters)
	}
	if pcn != "" {
		words += ", through " + s.name(pcn)
	}
	return words
}

func (s *bodies) listWords(c *ImportOrganisations) string {
	if c.On != 0 {
		return "the list of " + c.On.Words() + " names " + Count(len(c.Rows), "organisation")
	}
	var names []string
	for _, row := range c.Rows[:min(5, len(c.Rows))] {
		name := row.Name
		if name == "" {
			name = s.name(row.Code)
		}
		name += " (" + row.Code + ")"
		if row.Mistake {
			name += ", which was recorded as closed by mistake"
		}
		names = append(names, name)
	}
	if more := len(c.Rows) - len(names); more > 0 {
		names = append(names, strconv.Itoa(more)+" more")
	}
	return "the register is changed for " + List(names)
}

// EvidenceWords are how whoever recorded it says that they know; "" if they don't.
func (c *KeptCommand) EvidenceWords() string {
	switch {
	case c.RecordSpokesperson != nil:
		return c.RecordSpokesperson.Evidence
	case c.NameHolder != nil:
		return c.NameHolder.Evidence
	case c.LeaveSeat != nil:
		return c.LeaveSeat.Evidence
	case c.ChangeContractHolder != nil:
		return c.ChangeContractHolder.Evidence
	case c.GrantMandate != nil:
		return c.GrantMandate.Evidence
	case c.WithdrawMandate != nil:
		return c.WithdrawMandate.Evidence
	case c.ImportOrganisations != nil:
		return c.ImportOrganisations.Source
	}
	return ""
}

// WaitsFor names those whose word the record still waits for.
func (s *register) WaitsFor(k *Kept) []string {
	var names []string
	for _, p := range k.Parts {
		if p.Stage == KeptWaits {
			names = append(names, s.WordOfWhom(p.Of))
		}
	}
	return names
}

// ConfirmedTogether is with what the person confirms the record by one press, and whether
// they do it as one of those concerned: everything about the same organisation or, about
// a practice for which they neither speak nor sit, about its PCN (rule M1). It is "" if
// they may not confirm it.
func (s *State) ConfirmedTogether(k *Kept, person string, d Day) (of string, own bool) {
	parts, _, r := k.confirmable(&who{s, s.People[person], d})
	if r != nil {
		return "", false
	}
	of, own = parts[0].of, parts[0].how == ByItself && parts[0].of != AllSeats
	if o := s.Organisations[of]; o != nil && o.Kind == Practice && !own {
		if pcns := s.pcnsOf(o, d); len(pcns) > 0 {
			of = pcns[0].Code
		}
	}
	return of, own
}

// MayConfirm are the ids of those who may confirm the record, or a part of it, on that day.
func (s *State) MayConfirm(k *Kept, d Day) []string {
	var ids []string
	for _, handle := range SortedNumbers(s.handles) {
		if id := s.handles[handle]; k.Waits() && s.Allows(id, &ConfirmRecord{Records: []string{k.Number}}, d) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Silent says whether the record takes effect by itself, if nobody objects.
func (k *Kept) Silent() bool { return len(k.unopposedParts()) > 0 }
