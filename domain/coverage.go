package domain

import (
	"slices"
	"strings"
)

// Coverage (rule M3): which practices stand behind the group for a matter on a day, with
// how many patients, and which stand outside and why.

// Coverage is what stands behind the group for a matter on a day (rule M3).
type Coverage struct {
	Practices   int        `json:"practices"`
	OfPractices int        `json:"ofPractices"`
	Patients    int        `json:"patients"`
	OfPatients  int        `json:"ofPatients"`
	NotCounted  int        `json:"notCounted,omitzero" doc:"practices whose number of registered patients is not known; where it is all of them, coverage is by practices alone"`
	Outside     []Outsider `json:"outside"`
	Conditions  []string   `json:"conditions,omitempty" doc:"conditions of mandates, read out with coverage"`
	Places      []Place    `json:"places,omitempty" doc:"of a wider group: each place, and whether it has agreed"`
	inside      []Standing
	mandates    []Link // of those inside; nil: not worked out
	on          Day    // on which it is asked about
}

// Inside are the practices that stand behind the group, and on what.
func (c *Coverage) Inside() []Standing { return c.inside }

// PatientsKnown says whether the number of registered patients of any practice is
// known. Where it is not, coverage is by practices alone (rules O2, M4).
func (c *Coverage) PatientsKnown() bool { return c.NotCounted < c.OfPractices || c.OfPatients > 0 }

// Above says whether more than that per cent of the practices, and of their
// registered patients where they are known, is covered (rule M4).
func (c *Coverage) Above(least int) bool {
	return c.Practices*100 > least*c.OfPractices && (!c.PatientsKnown() || c.Patients*100 > least*c.OfPatients)
}

func (c *Coverage) above(least int) bool { return c.Above(least) }

// Words are the coverage in a sentence.
func (c *Coverage) Words() string {
	w := Thousands(c.Practices) + " of " + Count(c.OfPractices, "practice") + ", " + c.patientWords()
	if len(c.Outside) == 0 {
		return w
	}
	var names []string
	for _, o := range c.Outside {
		names = append(names, o.Name+" ("+o.ODS+")")
	}
	return w + "; outside: " + strings.Join(names, ", ")
}

func (c *Coverage) patientWords() string {
	switch {
	case !c.PatientsKnown():
		return "patients are not known"
	case c.NotCounted > 0:
		return Thousands(c.Patients) + " of " + Count(c.OfPatients, "patient") + " (those of " + Count(c.NotCounted, "practice") + " are not known)"
	}
	return Thousands(c.Patients) + " of " + Count(c.OfPatients, "patient")
}

// An Outsider is a practice that does not stand behind the group.
type Outsider struct {
	ODS   string `json:"ods"`
	Name  string `json:"name"`
	Since Day    `json:"since,omitzero"`
	Why   string `json:"why"`
}

// CoverageOn is the coverage for the matter on that day; no matter means
// standing behind the group at all: for at least one matter. Nobody stands behind
// it on a matter that the charter of that day does not know (rules M3, F6).
func (s *supposing) CoverageOn(matter string, d Day) Coverage { return s.coverageUnder(matter, "", d) }

// coverageBy is the coverage that an answer about the matter names, under that
// agreement; which one makes a difference only where places stand behind a wider
// group (rule G1). For a matter that the charter does not know it is the coverage
// at all, since that the matter is unknown is the reason that counts (rule R3).
func (s *supposing) coverageBy(matter, agreement string, d Day) Coverage {
	if !s.knowsOn(matter, d) {
		matter = ""
	}
	return s.coverageUnder(matter, agreement, d)
}

func (s *supposing) coverageUnder(matter, agreement string, d Day) Coverage {
	c := remember(s.memo.coverage, mostCoverages, s.periodOf(matter, d), func() Coverage {
		c := s.practicesCovered(matter, d)
		if s.remembers() {
			c.mandates = s.mandateLinks(&c)
		}
		return c
	})
	c.on = d
	s.addPlaces(&c, matter, agreement, d)
	return s.lowest(c, func(after *View) Coverage { return after.coverageUnder(matter, agreement, d) })
}

// practicesCovered is the coverage by the practices of the place itself.
func (s *backing) practicesCovered(matter string, d Day) Coverage {
	c := Coverage{Outside: []Outsider{}, on: d}
	for _, p := range s.PracticesOn(d) {
		st := s.StandsOn(p, matter, d)
		c.OfPractices++
		c.OfPatients += st.Patients
		if !st.counted {
			c.NotCounted++
		}
		if len(st.Grants) == 0 {
			c.Outside = append(c.Outside, Outsider{p.Code, p.NameOn(d), st.Since, st.Why})
			continue
		}
		c.Practices++
		c.Patients += st.Patients
		c.inside = append(c.inside, st)
		for _, grants := range [][]*MandateEntry{st.Grants, st.also} {
			for _, g := range grants {
				if g.Conditions != "" {
					c.Conditions = appendNew(c.Conditions, s.nameOn(g.Organisation, d)+": "+g.Conditions)
				}
			}
		}
	}
	c.Outside, c.inside = slices.Clip(c.Outside), slices.Clip(c.inside)
	return c
}

// whyOutside says since when and why the practice stands for none of the matters
// on that day: the newest of the reasons that have a day, else the first that has none.
func (s *backing) whyOutside(p *Organisation, matters []string, d Day) (Day, string) {
	why := outside{say: "has never given a mandate"}
	if slices.ContainsFunc(s.mandatesOf[p.Code], func(m *MandateEntry) bool { return !m.Withdrawal }) {
		why.say = "has given no mandate for any subject that is listed"
		if len(matters) == 1 {
			why.say = "has given no mandate for " + matters[0]
		}
	}
	for _, one := range matters {
		for _, g := range s.mandatesOf[p.Code] {
			if g.Withdrawal || !g.takesIn(one) {
				continue
			}
			if reason := s.whyNot(p, g, one, d); reason.rank > why.rank || (reason.rank == why.rank && reason.since > why.since) {
				why = reason
			}
		}
	}
	return why.since, why.say
}

// outside is a reason why a practice stands outside.
type outside struct {
	since Day // first day on which it is so; 0: not known, or never was otherwise
	say   string
	rank  int // which of several reasons is told: what keeps a mandate in force from counting before what has ended
}

// whyNot says why the grant does not bring the practice behind the group for the
// matter on that day.
func (s *backing) whyNot(p *Organisation, g *MandateEntry, matter string, d Day) outside {
	if reason := s.whyEnded(g, matter, d); reason.say != "" {
		if !strings.HasPrefix(reason.say, withdrew) {
			reason.say = "its mandate " + reason.say
		}
		return reason
	}
	return s.whyNotThrough(p, g.To, matter, d)
}

// whyEnded says why the grant is not in force for the matter on that day; nothing if it is.
func (s *backing) whyEnded(g *MandateEntry, matter string, d Day) outside {
	w := s.withdrawnBy(g, matter, lastDay)
	end, how := s.periodEnd(g)
	switch {
	case end < d && (g.Until == 0 || end < g.Until) && (w == nil || end < w.From):
		return outside{end + 1, "ended on " + end.Words() + ", when " + how, 3}
	case w != nil && w.From <= g.From:
		return outside{0, withdrew + " its mandate before it began", 1}
	case g.From > d:
		return outside{0, "begins on " + g.From.Words(), 1}
	case g.Until != 0 && g.Until < d && (w == nil || g.Until < w.From):
		return outside{g.Until + 1, "ended on " + g.Until.Words(), 3}
	case w == nil || w.From > d:
		return outside{}
	case w.To != "":
		return outside{w.From, withdrew + " from " + s.name(w.To), 3}
	}
	return outside{w.From, withdrew, 3}
}

const withdrew = "withdrew"

// whyNotThrough says why a mandate that the practice gave to the PCN does not
// bring it behind the group.
func (s *backing) whyNotThrough(p *Organisation, code, matter string, d Day) outside {
	pcn := s.Organisations[code]
	if pcn == nil {
		return outside{}
	}
	if ended := s.endedBefore(code, d); ended != nil && len(ended.Into) > 0 {
		return s.whyNotMoved(p, pcn, ended.Until, matter, d)
	}
	switch {
	case p.In(code, d) && pcn.OpenOn(d) && !pcn.In(s.Place, d):
		return outside{0, pcn.Name + " is not in " + s.PlaceName, 3}
	case !s.InPCN(p, code, d):
		why := outside{0, "is not in " + pcn.Name + ", to which it gave its mandate", 2}
		for _, m := range p.Memberships {
			if m.In == code && m.Until != 0 && m.Until < d && m.Until >= why.since {
				why = outside{m.Until + 1, "left " + pcn.Name, 3}
			}
		}
		if ended := s.endedBefore(code, d); ended != nil && why.since == 0 {
			why = outside{ended.Until + 1, pcn.Name + " closed", 3}
		}
		return why
	}
	return s.whyNotPassedOn(pcn, pcn, matter, d)
}

// whyNotPassedOn says why the PCN does not pass on to the group what it was given,
// or what was given to the one that went on as it.
func (s *backing) whyNotPassedOn(pcn, given *Organisation, matter string, d Day) outside {
	why := outside{0, pcn.Name + " has not passed its mandate on", 4}
	told := false
	for _, g := range slices.Concat(s.mandatesOf[given.Code], s.mandatesOf[pcn.Code]) {
		if g.Withdrawal || !g.takesIn(matter) {
			continue
		}
		reason := s.whyEnded(g, matter, d)
		if reason.say == "" || (told && reason.since <= why.since) {
			continue
		}
		if strings.HasPrefix(reason.say, withdrew) {
			reason.say = s.name(g.Organisation) + " " + reason.say
		} else {
			reason.say = possessive(s.name(g.Organisation)) + " mandate " + reason.say
		}
		why, told = outside{reason.since, reason.say, 4}, true
	}
	return why
}
