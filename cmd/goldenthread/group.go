package main

import (
	"strings"

	"goldenthread/api/access"
	"goldenthread/domain"
	"goldenthread/projections"
)

// groupQuestion asks who and what belongs to the group (rules O1–O3, F2–F5, F9).
var groupQuestion = question[projections.Register]{
	use: "group", short: "Who and what belongs to the group: seats, duties, organisations",
	example: "  goldenthread group\n  goldenthread group --at 2026-01-11",
	below:   "",
	show:    showGroup,
}

func showGroup(p *page, r *projections.Register) {
	if r.FormingAgain != 0 {
		p.say("%s, for %s, has been forming again since %s: none of its seats has a holder. Until whoever is newly named has consented to its charter it can agree nothing.", r.Name, r.PlaceName, r.FormingAgain.Words())
	} else if r.Forming {
		p.say("%s, for %s, is forming.", r.Name, r.PlaceName)
	} else {
		p.say("%s, for %s, established on %s.", r.Name, r.PlaceName, r.Established.Words())
	}
	p.unless(r.Incomplete == "", "%s", r.Incomplete)
	p.list("It lacks", r.Missing)
	p.head("Seats")
	p.table("code", "seat", "holder", "deputies")
	for _, s := range r.Seats {
		holder := "vacant"
		switch {
		case s.Asked:
			holder = "asked to join"
		case s.Holder != nil:
			holder = s.Holder.Office + " (" + s.Holder.Handle + ")"
		}
		p.row(s.Seat.Code, s.Seat.Name, holder, whoWords(s.Deputies))
	}
	for _, w := range r.Wider {
		p.say("%s", w.Say())
	}
	p.head("Duties")
	p.table("duty", "who", "employed by")
	for _, d := range r.Duties {
		employer := "–"
		if d.Employer != nil {
			employer = d.Employer.Name
		}
		if d.EmployedBySystem {
			employer += " (a system body)"
		}
		p.row(d.Duty, d.Person.Office+" ("+d.Person.Handle+")", employer)
	}
	p.head("Organisations")
	p.table("code", "kind", "patients", "belongs to", "name")
	for _, o := range r.Organisations {
		p.row(o.Code, kindOf(&o), patientsOf(&o), belongsTo(&o), o.Name)
	}
	p.stamp(r.Stamp)
}

func kindOf(o *projections.OrganisationLine) string {
	if o.Open {
		return string(o.Kind)
	}
	return string(o.Kind) + ", closed"
}

func patientsOf(o *projections.OrganisationLine) string {
	if o.Kind != domain.Practice || !o.Open {
		return "–"
	}
	return domain.Thousands(o.Patients)
}

func belongsTo(o *projections.OrganisationLine) string {
	var in []string
	for _, m := range o.Memberships {
		if m.Now {
			in = append(in, m.In.Name)
		}
	}
	return strings.Join(in, ", ")
}

// charterQuestion asks for the charter in force (rules F6, F7).
var charterQuestion = question[projections.CharterInForce]{
	use: "charter", short: "The charter in force, each setting in a sentence",
	example: "  goldenthread charter",
	below:   "/charter",
	show: func(p *page, c *projections.CharterInForce) {
		p.say("Version %d, since %s, by %s.", c.Version, c.From.Words(), c.Source)
		p.head("%s", c.Text)
		p.head("Quorum: %d explicit consents, among them %s.", c.Quorum, orNobody(bodyWords(c.QuorumOf)))
		p.say("Where a remit says nothing: %s.", c.DefaultStance)
		p.say("Matters: %s.", strings.Join(c.Matters, ", "))
		p.say("Reserved, beside charter, membership and delegation: %s.", orNobody(strings.Join(c.Reserved, ", ")))
		for _, y := range c.YesOrNos {
			p.unless(!y.Holds, "%s", y.Say)
		}
		p.say("Invited system bodies see %s.", projections.SightWords(c.SystemSees))
		p.say("For members only: %s.", orNobody(strings.Join(c.MembersOnly, ", ")))
		p.say("")
		p.table("setting", "value", "what it would be if nothing were said")
		for _, s := range c.Settings {
			p.row(s.Name, s.Value, s.Say)
		}
		p.stamp(c.Stamp)
	},
}

// scheduleQuestion asks for what stood before the ledger (rule F8).
var scheduleQuestion = question[projections.Before]{
	use: "schedule", short: "What stood before the ledger, with its evidence",
	example: "  goldenthread schedule",
	below:   "/schedule",
	show: func(p *page, b *projections.Before) {
		switch {
		case len(b.Items) == 0:
			p.say("Nothing from before the ledger was brought in.")
		case b.In != 0:
			p.say("This came in with the charter on %s.", b.In.Words())
		default:
			p.say("This is a schedule to the charter. It comes in once the group is established.")
		}
		for _, item := range b.Items {
			p.head("%s: %s, since %s", item.Ref, item.Title, item.On.Words())
			for _, say := range item.Says {
				p.item("%s", say)
			}
			p.item("Evidence: %s", item.Evidence)
			for _, d := range item.Documents {
				p.item("File: %s (SHA-256 %s)", d.Name, d.SHA256)
			}
		}
		p.stamp(b.Stamp)
	},
}

// peopleQuestion asks for everybody whom the ledger knows (rule L7).
var peopleQuestion = question[access.People]{
	use: "people", short: "Everybody whom the ledger knows, by handle and office",
	example: "  goldenthread people",
	below:   "/people",
	params:  []param{pageParam},
	show: func(p *page, a *access.People) {
		p.table("handle", "office", "of", "name")
		for _, m := range a.People {
			of, name := "–", "–"
			if m.Organisation != nil {
				of = m.Organisation.Name
			}
			if m.Personal != nil && m.Personal.Name != "" {
				name = m.Personal.Name
			}
			office := m.Office
			if m.Left != 0 {
				office += ", until " + m.Left.Words()
			}
			p.row(m.Handle, office, of, name)
		}
		p.more(a.Paged)
		p.stamp(a.Stamp)
	},
}
