package domain

import "cmp"

// Who employs somebody (rule F9): a person employed by a system body is shown as such wherever
// they act, and confirms nothing for others (O3). It is a person's own word, since it takes
// something from them; whose office belongs to a system body is known without it.

// DeclareEmployer is a person's own word who employs them, from today or a later day on.
type DeclareEmployer struct {
	Employer string `json:"employer,omitempty" doc:"code of the organisation that employs them; none: nobody whom others should know of" maxLength:"60" of:"organisation" ask:"Who employs you?" hint:"If a system body does, that is shown wherever you act for the group." none:"Nobody whom others should know of"`
	From     Day    `json:"from,omitzero" doc:"none: today" ask:"From when?" hint:"Today or later. Leave it empty for today."`
}

func (c *DeclareEmployer) may(w *who) (Permission, *Refusal) { return w.mustBeMember("F9") }

func (c *DeclareEmployer) decide(t *turn) *Refusal {
	from := cmp.Or(c.From, t.day)
	if from < t.day {
		return invalid("F9", "It counts from today or later: what was done before stays as it was.").at("from")
	}
	employer := ""
	if c.Employer != "" {
		o, r := t.s.openOrganisation("F9", c.Employer, from)
		if r != nil {
			return r.at("employer")
		}
		employer = o.Code
	}
	p := t.s.People[t.actor.ID]
	if n := len(p.Employers); p.EmployerOn(from) == employer && (n == 0 || p.Employers[n-1].From <= from) {
		return notNow("F9", "That is already on record.").at("employer")
	}
	t.recordOn(from, &EmployerDeclared{Person: p.ID, Employer: employer, From: from})
	return nil
}

// EmployerDeclared: somebody says who employs them from a day on.
type EmployerDeclared struct {
	Person   string `json:"person"`
	Employer string `json:"employer,omitempty"`
	From     Day    `json:"from"`
}

func (e *EmployerDeclared) Subject() string { return "person/" + e.Person }

func (e *EmployerDeclared) apply(s *State, _ *Event) {
	p := edit(s.People, e.Person)
	p.Employers = with(p.Employers, DatedEmployer{e.From, e.Employer})
}

// A DatedEmployer is who employs somebody from a day on.
type DatedEmployer struct {
	From     Day
	Employer string // code; "": nobody whom others should know of
}

// EmployerOn is the code of whoever employs the person on that day, by their own word; "" for
// none. What was said last counts from its day on.
func (p *Person) EmployerOn(d Day) string {
	for i := len(p.Employers) - 1; i >= 0; i-- {
		if e := &p.Employers[i]; e.From <= d {
			return e.Employer
		}
	}
	return ""
}

// employerIsSystem says whether the person said that a system body employs them on that day.
func (s *register) employerIsSystem(person string, d Day) bool {
	p := s.People[person]
	if p == nil {
		return false
	}
	o := s.Organisations[p.EmployerOn(d)]
	return o != nil && o.Kind == SystemBody
}
