package domain

// Erasure (rule L7): whoever a name, email and telephone number belong to can
// have them erased. The ledger records that, and the store then destroys the
// key under which they were sealed. The person stays known by id, handle and
// office, so that every decision still says who took part in it.

// ErasePerson erases somebody's name, email and phone for good. The person may,
// and whoever keeps the register. It gives no reason: that would be one more
// thing said about them for ever.
type ErasePerson struct {
	Person string `json:"person" doc:"the person's id" maxLength:"60" rule:"L7" of:"person" ask:"Who?"`
}

func (c *ErasePerson) may(w *who) (Permission, *Refusal) { return w.mustLookAfter("L7", c.Person) }

func (c *ErasePerson) concerns(*State, []Event) []string { return []string{"person/" + c.Person} }
func (c *ErasePerson) names() []string                   { return []string{c.Person} }

func (c *ErasePerson) decide(t *turn) *Refusal {
	p := t.s.Person(c.Person)
	if p.ID != c.Person {
		return invalid("L7", "Name the person by id here: what is erased can't be brought back.")
	}
	if r := p.mustNotBeErased(); r != nil {
		return r
	}
	t.record(&PersonErased{Person: p.ID})
	return nil
}

// mustNotBeErased refuses whatever would need personal data of somebody whose
// data were erased.
func (p *Person) mustNotBeErased() *Refusal {
	if p.Erased == 0 {
		return nil
	}
	return notNow("L7", "The name, email and phone of %s were erased on %s, and none can be recorded any more. If the office has somebody new, introduce them.", p.Office, p.Erased.Words())
}

// PersonErased: somebody's name, email and phone are to be readable no more. It
// is written before the key is destroyed, so that whoever starts on a ledger
// that holds it destroys the key that a crash, or an older copy, has left.
type PersonErased struct {
	Person string `json:"person"`
}

func (e *PersonErased) Subject() string { return "person/" + e.Person }
func (e *PersonErased) apply(s *State, ev *Event) {
	p := edit(s.People, e.Person)
	p.Sealed, p.Erased = nil, ev.Effective
}
