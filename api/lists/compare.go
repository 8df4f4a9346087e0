package lists

import (
	"cmp"
	"slices"
	"strings"

	"goldenthread/domain"
)

// What a table brings, beside what a group knows: new, changed or the same.

// A Verdict says what a row is beside what is there.
type Verdict string

// The verdicts.
const (
	New     Verdict = "new"
	Changed Verdict = "changed"
	Same    Verdict = "same"
)

// A Finding is one row, or what several rows say of the same person, as a preview shows it.
type Finding struct {
	Row     int
	Verdict Verdict
	Who     string   // an office, or an organisation
	Says    []string // what would be recorded, in words; none if it is the same
}

// A Comparison is a table beside what a group knows, and the one command that takes over
// what is different.
type Comparison struct {
	Findings []Finding
	Command  domain.RecordTogether

	rows map[string][]int // rows, by list of the command
}

// Count is how many findings have that verdict.
func (c *Comparison) Count(v Verdict) int {
	n := 0
	for _, f := range c.Findings {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

// RowOf is the row about which the command was refused; 0 where that is none.
func (c *Comparison) RowOf(part string) int {
	if list, i, ok := c.Command.PathOf(part); ok {
		return c.rows[list][i]
	}
	return 0
}

// Leave takes out of the command what it was refused for, so that what is wrong after it
// is found too; false where that is nothing of a row.
func (c *Comparison) Leave(part string) bool {
	list, i, ok := c.Command.PathOf(part)
	if !ok {
		return false
	}
	m := &c.Command
	switch list {
	case "people":
		c.leaveRoles(m.People[i].Handle)
		m.People = slices.Delete(m.People, i, i+1)
	case "details":
		m.Details = slices.Delete(m.Details, i, i+1)
	case "holders":
		m.Holders = slices.Delete(m.Holders, i, i+1)
	case "spokespeople":
		m.Spokespeople = slices.Delete(m.Spokespeople, i, i+1)
	case "mandates":
		m.Mandates = slices.Delete(m.Mandates, i, i+1)
	case "withdrawals":
		m.Withdrawals = slices.Delete(m.Withdrawals, i, i+1)
	default:
		m.Asked = slices.Delete(m.Asked, i, i+1)
	}
	c.rows[list] = slices.Delete(c.rows[list], i, i+1)
	return true
}

// leaveRoles takes out what somebody would do who is not introduced.
func (c *Comparison) leaveRoles(handle string) {
	m := &c.Command
	for i := len(m.Holders) - 1; i >= 0; i-- {
		if m.Holders[i].Person == handle {
			m.Holders, c.rows["holders"] = slices.Delete(m.Holders, i, i+1), slices.Delete(c.rows["holders"], i, i+1)
		}
	}
	for i := len(m.Spokespeople) - 1; i >= 0; i-- {
		if m.Spokespeople[i].Person == handle {
			m.Spokespeople, c.rows["spokespeople"] = slices.Delete(m.Spokespeople, i, i+1), slices.Delete(c.rows["spokespeople"], i, i+1)
		}
	}
}

func (c *Comparison) from(list string, row int) { c.rows[list] = append(c.rows[list], row) }

// find notes what a row is: the same if it says nothing new.
func (c *Comparison) find(row int, who string, known bool, says []string) {
	verdict := New
	switch {
	case len(says) == 0:
		verdict = Same
	case known:
		verdict = Changed
	}
	c.Findings = append(c.Findings, Finding{row, verdict, who, says})
}

// ComparePeople compares a table of people with those whom the group knows. The evidence
// is for rows that give none. What the table leaves out is not taken away.
func ComparePeople(table, known []Person, bodies []Body, evidence string, today domain.Day) *Comparison {
	c := &Comparison{rows: map[string][]int{}}
	handles := map[string]bool{}
	for _, k := range known {
		handles[strings.ToLower(k.Handle)] = true
	}
	for _, p := range table {
		handles[strings.ToLower(p.Handle)] = true
	}
	for i := range table {
		p := &table[i]
		at := slices.IndexFunc(known, func(k Person) bool {
			if p.Handle != "" {
				return strings.EqualFold(p.Handle, k.Handle)
			}
			return who(p.Office, p.Organisation) == who(k.Office, k.Organisation)
		})
		var have Person
		var says []string
		if at >= 0 {
			have = known[at]
			says = c.changePerson(p, &have)
		} else {
			have.Handle = cmp.Or(p.Handle, handleFor(p.Office, func(h string) bool { return handles[h] }))
			handles[have.Handle] = true
			says = c.introduce(p, have.Handle)
		}
		for _, role := range p.Roles {
			if say := c.giveRole(role, &have, cmp.Or(role.Evidence, evidence), nameOf(bodies, role.Organisation), today); say != "" {
				says = append(says, say)
			}
		}
		c.find(p.row, p.Office, at >= 0, says)
	}
	return c
}

// introduce adds the person to the command.
func (c *Comparison) introduce(p *Person, handle string) []string {
	entry := domain.PersonEntry{Handle: handle, Office: p.Office, Organisation: p.Organisation}
	if p.Personal != (domain.PersonalData{}) {
		personal := p.Personal
		entry.Personal = &personal
	}
	c.Command.People = append(c.Command.People, entry)
	c.from("people", p.row)
	return []string{"is introduced"}
}

// changePerson adds to the command what of a known person's name and address is another.
// What the table leaves empty stays, and what whoever asks may not see is not compared.
func (c *Comparison) changePerson(p, have *Person) []string {
	if have.Hidden {
		return nil
	}
	personal, says := have.Personal, []string(nil)
	for _, d := range []struct {
		what      string
		have, now *string
	}{{"name", &personal.Name, &p.Personal.Name}, {"email", &personal.Email, &p.Personal.Email}, {"telephone number", &personal.Phone, &p.Personal.Phone}} {
		if *d.now != "" && *d.now != *d.have {
			says = append(says, "has another "+d.what)
			*d.have = *d.now
		}
	}
	if says != nil {
		c.Command.Details = append(c.Command.Details, domain.UpdatePerson{Person: have.ID, Personal: personal})
		c.from("details", p.row)
	}
	return says
}

// giveRole adds the role to the command, unless the person has it in the days that the
// table gives. It says what that means.
func (c *Comparison) giveRole(role PersonRole, have *Person, evidence, name string, today domain.Day) string {
	for _, h := range have.Roles {
		begun := role.From == h.From || role.From <= today && h.From <= today
		if h.Role == role.Role && h.Organisation == role.Organisation && begun && (role.Until == 0 || h.Until == role.Until) {
			return ""
		}
	}
	if role.Role != Spokesperson && role.From <= today {
		role.From = 0 // acts at the table count from the day on which they are recorded (F5)
	}
	days := spanWords(role.Span)
	if role.Role == Spokesperson {
		c.Command.Spokespeople = append(c.Command.Spokespeople, domain.RecordSpokesperson{Organisation: role.Organisation, Person: have.Handle, Evidence: evidence, Span: role.Span})
		c.from("spokespeople", role.row)
		return "speaks for " + name + days
	}
	c.Command.Holders = append(c.Command.Holders, domain.NameHolder{Seat: role.Organisation, Person: have.Handle, Role: domain.SeatRole(role.Role), Evidence: evidence, Span: role.Span})
	c.from("holders", role.row)
	if role.Role == Holder {
		return "holds the seat of " + name + days
	}
	return "deputises for " + name + days
}

func spanWords(s domain.Span) string {
	words := ""
	if s.From != 0 {
		words += " from " + s.From.Words()
	}
	if s.Until != 0 {
		words += " until " + s.Until.Words()
	}
	return words
}
