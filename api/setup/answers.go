package setup

import (
	"fmt"
	"strings"

	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

// answers are what was answered, in sentences, page by page.
func (d *Draft) answers(c *domain.Found, before []projections.ScheduleLine) []web.Answered {
	name, office := map[string]string{}, map[string]string{}
	for _, o := range c.Organisations {
		name[o.Code] = o.Name
	}
	for _, p := range c.People {
		office[p.Handle] = p.Office
	}
	practices, bodies := organisationLines(c)
	lines := map[string][]string{
		"group":       {c.Name + ", in sentences: " + c.ShortName + ".", "The place is " + c.PlaceName + " (" + c.Place + ").", "In addresses it is " + d.address() + "."},
		practicesPage: append(practices, bodies...), "people": peopleLines(c, name, office), "duties": dutyLines(c, name, office), "decide": charterLines(c, name), "words": strings.Split(c.Charter.Text, "\n\n"),
		beforePage: beforeLines(c, before),
	}
	all := make([]web.Answered, len(pages))
	for i, p := range pages {
		_, saved := d.Typed[p.name]
		all[i] = web.Answered{Title: p.title, At: d.at() + "/" + p.name, Lines: lines[p.name], Suggested: p.need == suggested && !saved}
	}
	return all
}

// beforeLines are what stood before. Until the rest is right it is said by its titles alone.
func beforeLines(c *domain.Found, before []projections.ScheduleLine) (lines []string) {
	if before == nil {
		for _, item := range c.Schedule {
			lines = append(lines, item.Title+".")
		}
		return lines
	}
	for _, b := range before {
		line := b.Title + ", since " + b.On.Words() + "."
		for _, say := range b.Says {
			line += " " + say + "."
		}
		line += " Evidence: " + b.Evidence
		for _, f := range b.Documents {
			line += "; " + f.Name
		}
		lines = append(lines, line)
	}
	return lines
}

func organisationLines(c *domain.Found) (practices, bodies []string) {
	counts, patients := map[domain.OrganisationKind]int{}, 0
	for _, o := range c.Organisations {
		counts[o.Kind]++
		if len(o.Lists) > 0 {
			patients += o.Lists[len(o.Lists)-1].Patients
		}
		switch o.Kind {
		case domain.Practice, domain.PCN, domain.PlaceKind:
		default:
			bodies = append(bodies, o.Name+" ("+o.Code+")")
		}
	}
	return []string{fmt.Sprintf("%s in %s, with %s registered patients.", domain.Count(counts[domain.Practice], "practice"), domain.Count(counts[domain.PCN], "network"), domain.Thousands(patients))}, bodies
}

func peopleLines(c *domain.Found, name, office map[string]string) (lines []string) {
	for _, p := range c.People {
		line := p.Office
		if p.Personal != nil {
			line += ": " + strings.Trim(p.Personal.Name+", "+p.Personal.Email, ", ")
		}
		lines = append(lines, line+".")
	}
	for _, s := range c.Seats {
		line := "The seat of " + name[s.Organisation] + " is held by " + office[s.Holder]
		if s.Deputy != "" {
			line += ", with " + office[s.Deputy] + " as deputy"
		}
		lines = append(lines, line+".")
	}
	for _, s := range c.Speakers {
		lines = append(lines, office[s.Person]+" speaks for "+name[s.Organisation]+". Known by: "+s.Evidence)
	}
	return lines
}

func dutyLines(c *domain.Found, name, office map[string]string) (lines []string) {
	for _, duty := range c.Duties {
		line := domain.FirstUpper(duty.Duty.Words()) + ": " + office[duty.Person]
		if duty.Employer != "" {
			line += ", employed by " + name[duty.Employer]
		}
		lines = append(lines, line+".")
	}
	return lines
}

// charterLines are what the group would work by, with what nobody was asked.
func charterLines(c *domain.Found, name map[string]string) []string {
	ch := c.Charter.Settled()
	quorum := fmt.Sprintf("%s must consent, from at least %d different people", domain.Count(ch.Quorum, "seat"), ch.People)
	if len(ch.QuorumOf) > 0 {
		among := make([]string, len(ch.QuorumOf))
		for i, code := range ch.QuorumOf {
			among[i] = name[code]
		}
		quorum += ", among them " + domain.List(among)
	}
	stance, sees := "they bring the question back to the group", "what is released to them, and nothing else"
	if ch.DefaultStance == domain.Discretion {
		stance = "they agree if they think it right, and report"
	}
	if ch.Sight() == domain.SeesWork {
		sees = "all of the group’s work"
	}
	lines := []string{
		quorum + ".",
		fmt.Sprintf("Proposals are open for %s, powers are looked at again within %s, and a mandate is withdrawn with %s of notice.", domain.Count(ch.Window, "day"), domain.Count(ch.ReviewWithin, "day"), domain.Count(ch.Notice, "day")),
		fmt.Sprintf("Nobody commits unless more than %d of every 100 practices, and of their patients, stand behind the group.", ch.LeastCoverage),
		"Where a representative’s remit says nothing, " + stance + ".",
		"System bodies that are invited see " + sees + ".",
		"The group may be asked about " + domain.List(ch.Matters) + ".",
		"Never delegated: " + domain.List(append([]string{"the charter", "membership", "delegation"}, ch.Reserved...)) + ".",
		"What nobody was asked here:",
	}
	asked := map[string]bool{"quorumPeople": true}
	for _, q := range questions {
		asked[q.setting] = true
	}
	for _, s := range domain.Settings {
		if !asked[s.Name] {
			lines = append(lines, s.Say)
		}
	}
	return lines
}
