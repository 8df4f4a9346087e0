package domain

// The executive (rule D1): two or more named people, with dates, to whom the group can
// delegate as a body.

// ToExecutive is the delegate that is the executive as a body.
const ToExecutive = "executive"

// FormExecutive names the executive: two or more people, with dates (rule D1).
type FormExecutive struct {
	Members []string `json:"members" doc:"handles or ids" maxItems:"20" rule:"D1" of:"person" ask:"Who is in it?" hint:"Two or more people."`
	Span
}

func (c *FormExecutive) check(t *turn, e enacting) *Refusal {
	ids, r := t.s.people("D1", c.Members)
	if r != nil {
		return r.at("members")
	}
	if len(ids) < 2 {
		return invalid("D1", "The executive is two or more named people.").at("members")
	}
	if c.Until != 0 && c.Until < max(c.From, e.day) {
		return invalid("D1", "The executive would end before it begins.").at("until")
	}
	return nil
}

func (c *FormExecutive) enact(t *turn, e enacting) {
	ids, _ := t.s.people("D1", c.Members)
	from := max(c.From, e.day)
	t.recordBecause(e.cause, from, &ExecutiveFormed{Members: ids, Source: e.source, Span: Span{from, c.Until}})
}

// ExecutiveFormed: the executive has these members.
type ExecutiveFormed struct {
	Members []string `json:"members"`
	Source  string   `json:"source"`
	Span
}

func (e *ExecutiveFormed) Subject() string { return "executive" }

func (e *ExecutiveFormed) apply(s *State, ev *Event) {
	s.Executive = append(s.Executive, ExecutiveTerm{e.Members, e.Source, e.Span, ev.Index})
}

// An ExecutiveTerm is the executive for a time.
type ExecutiveTerm struct {
	Members []string
	Source  string
	Span
	Index uint64
}

// ExecutiveOn are the ids of the executive's members on that day.
func (s *State) ExecutiveOn(d Day) []string {
	for i := len(s.Executive) - 1; i >= 0; i-- {
		if e := &s.Executive[i]; e.From <= d && !s.undoneBefore(e.Source, e.From) {
			if e.Covers(d) && s.AgreementHolds(e.Source, d) {
				return e.Members
			}
			return nil
		}
	}
	return nil
}

// delegates are the ids of those who may act under the delegation on that day.
func (s *State) delegates(d *Delegation, day Day) []string {
	if d.To == ToExecutive {
		return s.ExecutiveOn(day)
	}
	return []string{d.To}
}
