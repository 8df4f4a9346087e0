package domain

import "strconv"

// What to say (rule R3): one sentence for the room. It never gives a limit away.

func (s *remembering) say(q Question, j *judgement, who []SomeoneWhoCould) string {
	switch j.Verdict {
	case MayCommitNow, MayCommitReport:
		return s.sayYes(q, j)
	case AdReferendum:
		if j.unknown {
			return FirstUpper(s.ShortName) + " has no position on that. Please ask " + s.gatekeeper(q.At, q.Person) + "."
		}
		return s.SayTakenBack()
	case MustNot:
		return "No. We can't agree that here; please write to " + s.gatekeeper(q.At, q.Person) + "."
	case ViewOnly:
	}
	if name := s.speaks(q, who); name != "" && j.coverage.Practices > 0 {
		return "This is my own view; I don't speak for general practice here. " + name + " does."
	}
	return "This is my own view; I don't speak for general practice here. Ask " + s.gatekeeper(q.At, q.Person) + "."
}

// SayTakenBack is what to say where only the group can agree.
func (s *founding) SayTakenBack() string {
	return "I can take that back; any agreement is subject to " + s.ShortName + "."
}

func (s *roster) sayYes(q Question, j *judgement) string {
	yes := "Yes. I can"
	var once []string
	if len(termsOpen(q, j)) > 0 {
		once = append(once, "the terms are clear")
	}
	if len(j.consult) > 0 {
		once = append(once, s.haveBeenConsulted(j.consult))
	}
	if len(once) > 0 {
		yes = "Yes, once " + List(once) + ". I can then"
	}
	c := &j.coverage
	for_ := " agree that for the " + strconv.Itoa(c.Practices) + " of " + s.possessive() + " " + Count(c.OfPractices, "practice") + " we speak for"
	if j.Verdict == MayCommitReport {
		by := q.At.Add(s.CharterOn(q.At).Charter.ReportWithin)
		return yes + for_ + ", and I will report it to " + s.ShortName + " by " + by.DayMonth() + "."
	}
	return yes + for_ + "."
}

// termsOpen are the terms that the question did not give and the yes depends on.
func termsOpen(q Question, j *judgement) []string {
	var open []string
	for _, l := range j.limits {
		if (l.Kind == "months" && q.Months == nil) || (l.Kind != "months" && q.Amount == nil) {
			open = append(open, l.Kind)
		}
	}
	return open
}

// haveBeenConsulted says of the bodies that they have: "A has been consulted".
func (s *bodies) haveBeenConsulted(codes []string) string {
	names := make([]string, len(codes))
	for i, code := range codes {
		names[i] = s.name(code)
	}
	if len(names) == 1 {
		return names[0] + " has been consulted"
	}
	return List(names) + " have been consulted"
}

// gatekeeper is who takes the system's approaches on that day, in words. The
// person who asks is left out: nobody is told to ask themselves (rule R3).
func (s *circle) gatekeeper(d Day, asks string) string {
	var names []string
	for _, duty := range s.DutiesOn(d) {
		if duty.Duty == Gatekeeper && duty.Person != asks {
			names = append(names, s.office(duty.Person))
		}
	}
	if len(names) == 0 {
		return s.ShortName
	}
	return join(names, "or")
}

// speaks is who does speak for general practice here: whoever could say yes,
// else the forum's representative in force; "" for nobody.
func (s *remembering) speaks(q Question, who []SomeoneWhoCould) string {
	for _, w := range who {
		if w.Kind == "representative" || (q.Forum == "" && w.Kind == "executive") {
			return w.Name
		}
	}
	if !s.EstablishedOn(q.At) {
		return ""
	}
	for _, a := range s.appointmentsTo(q.Forum) {
		if state, _ := s.AppointmentOn(a, q.At); state == InForce && a.Capacity == CapacityGroup && a.Person != q.Person {
			return s.office(a.Person)
		}
	}
	return ""
}
