package domain

// Ratifying (rules C9, D7): an agreement stands by what was done beyond a power or a
// remit, or disavows it.

// Ratify makes what went beyond, was given subject to the group, or was called
// in, the group's own (rules D7, R4).
type Ratify struct {
	What     string `json:"what" doc:"a commitment or an exercise, such as K2 or E3" rule:"D7" of:"unsettled" ask:"What?"`
	Feedback string `json:"feedback,omitempty" maxLength:"2000" rule:"D9" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *Ratify) check(t *turn, e enacting) *Refusal {
	if r := t.s.checkWaiting(c.What, e.day); r != nil {
		return r
	}
	return t.checkNamed(t.s.Exercises[c.What], e.day).at("what")
}

func (c *Ratify) enact(t *turn, e enacting) {
	ratified := t.recordBecause(e.cause, e.day, &Ratified{What: c.What, Feedback: c.Feedback, Source: e.source})
	if x := t.s.Exercises[c.What]; x != nil && x.Names != nil {
		x.Names.enactUnder(t, enacting{x.Number, ratified, e.day}, x.Delegation)
	}
}

// Disavow says that what went beyond, or was called in, is not the group's.
type Disavow struct {
	What     string `json:"what" doc:"a commitment or an exercise, such as K2 or E3" rule:"D7" of:"unsettled" ask:"What?"`
	Feedback string `json:"feedback,omitempty" maxLength:"2000" rule:"D9" call:"the feedback" ask:"What is said about how it went, if anything?" hint:"It stays in its history."`
}

func (c *Disavow) check(t *turn, e enacting) *Refusal {
	return t.s.checkWaiting(c.What, e.day)
}

func (c *Disavow) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &Disavowed{What: c.What, Feedback: c.Feedback, Source: e.source})
}

// checkWaiting refuses to settle what does not wait for the group's word.
func (s *authority) checkWaiting(what string, d Day) *Refusal {
	status := ""
	if x := s.Exercises[what]; x != nil {
		st := s.ExerciseOn(x, d)
		if st == XBeyond || st == XCalledIn {
			return nil
		}
		status = string(st)
	} else if k := s.Commitments[what]; k != nil {
		st := s.CommitmentOn(k, d)
		if st == KBeyond || st == KAdReferendum {
			return nil
		}
		status = string(st)
	} else {
		return notFound("D7", "There is no commitment or exercise %q here.", Clip(what))
	}
	return notNow("D7", "%s does not wait for the group's word: it is %s.", what, status)
}

// Ratified: an agreement made a commitment or an exercise the group's own.
type Ratified struct {
	What     string `json:"what"`
	Feedback string `json:"feedback,omitempty"`
	Source   string `json:"source"`
}

func (e *Ratified) Subject() string { return settledSubject(e.What) }

func (e *Ratified) apply(s *State, ev *Event) {
	s.settle(e.What, Outcome{true, e.Source, e.Feedback, ev.Effective, ev.Index})
}

// Disavowed: an agreement said that a commitment or an exercise is not the group's.
type Disavowed struct {
	What     string `json:"what"`
	Feedback string `json:"feedback,omitempty"`
	Source   string `json:"source"`
}

func (e *Disavowed) Subject() string { return settledSubject(e.What) }

func (e *Disavowed) apply(s *State, ev *Event) {
	s.settle(e.What, Outcome{false, e.Source, e.Feedback, ev.Effective, ev.Index})
}

func settledSubject(what string) string {
	if what[0] == 'E' {
		return "exercise/" + what
	}
	return "commitment/" + what
}

func (s *authority) settle(what string, o Outcome) {
	if s.Exercises[what] != nil {
		edit(s.Exercises, what).Outcome = &o
		return
	}
	edit(s.Commitments, what).Outcome = &o
}

// An Outcome is the group's word on what waited for it.
type Outcome struct {
	Ratified bool
	Source   string // the proposal
	Feedback string
	On       Day
	Index    uint64
}
