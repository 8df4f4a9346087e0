package registers

import (
	"strings"

	"goldenthread/api/access"
	"goldenthread/domain"
	"goldenthread/projections"
)

// Each register is described here, once: what it holds, who may see it, its columns.

var all = []*Register{decisions, powers, representatives, interests, actions, approaches, mandates, departures}

// A column is described with where its cells come from.
type column[T any] struct {
	Column
	of func(*T) any
}

// described makes a register of lines: one row for each.
func described[T any](name, title, say string, things []string, lines func(*projections.Group, domain.Day) []T, columns ...column[T]) *Register {
	r := &Register{Name: name, Title: title, Say: say, Things: things}
	for _, c := range columns {
		r.Columns = append(r.Columns, c.Column)
	}
	r.rows = func(g *projections.Group, at domain.Day) []Row {
		var rows []Row
		for _, l := range lines(g, at) {
			row := make(Row, len(columns))
			for i, c := range columns {
				row[i] = c.of(&l)
			}
			rows = append(rows, row)
		}
		return rows
	}
	return r
}

func col[T any](name, head string, kind Kind, of func(*T) any) column[T] {
	return column[T]{Column{name, head, kind}, of}
}

// A decision is what the group agreed, or what was decided under a power.
type decision struct {
	ref, by, subject, what, who, standing, source string
	on                                            domain.Day
	amount                                        any
	months                                        int
}

func decisionsOf(g *projections.Group, at domain.Day) []decision {
	var ds []decision
	for _, p := range g.Proposals(at, "").Proposals {
		if p.AgreedOn == 0 || p.AgreedOn > at {
			continue
		}
		d := decision{ref: p.Ref, by: domain.FirstUpper(g.State().ShortName), subject: p.Matter, what: p.Title, standing: "agreed", on: p.AgreedOn}
		if p.Seat != nil {
			d.who = "Proposed by " + p.Seat.Name
		}
		if p.SetAside != nil && p.SetAside.On <= at {
			d.standing, d.source = "set aside", p.SetAside.By
		}
		ds = append(ds, d)
	}
	for _, power := range g.Powers(at).Delegations {
		for _, x := range power.Exercises {
			ds = append(ds, decision{x.Ref, "Under a power", x.Matter, x.What, offices(x.Acting), string(x.Standing), x.Delegation, x.On, x.Amount, x.Months})
		}
	}
	return ds
}

var decisions = described("decisions", "Decisions", "What was agreed, and what was decided under powers.", access.Powers, decisionsOf,
	col("ref", "Number", Ref, func(d *decision) any { return d.ref }),
	col("on", "Date", Date, func(d *decision) any { return d.on }),
	col("by", "Decided by", Choice, func(d *decision) any { return d.by }),
	col("subject", "Subject", Choice, func(d *decision) any { return subject(d.subject) }),
	col("what", "What", Text, func(d *decision) any { return d.what }),
	col("amount", "Amount", Money, func(d *decision) any { return d.amount }),
	col("months", "Months", Number, func(d *decision) any { return some(d.months) }),
	col("who", "Who", Text, func(d *decision) any { return d.who }),
	col("standing", "How it stands", Choice, func(d *decision) any { return d.standing }),
	col("source", "Power, or set aside by", Ref, func(d *decision) any { return d.source }),
)

// A power is one of a delegation's.
type power struct {
	*projections.DelegationLine
	one projections.DelegatedPower
}

func powersOf(g *projections.Group, at domain.Day) []power {
	var ps []power
	for _, d := range g.Powers(at).Delegations {
		for _, one := range d.Powers {
			ps = append(ps, power{&d, one})
		}
	}
	return ps
}

func (p *power) conditions() string {
	var says []string
	for _, c := range p.one.Conditions {
		says = append(says, c.Say)
	}
	return strings.Join(says, "; ")
}

var powers = described("powers", "Powers", "What the executive and named people may decide, with what is used and left.", access.Powers, powersOf,
	col("ref", "Number", Ref, func(p *power) any { return p.Ref }),
	col("holder", "Given to", Choice, func(p *power) any {
		if p.Person != nil {
			return p.Person.Office
		}
		return "The executive"
	}),
	col("subject", "Subject", Choice, func(p *power) any { return subject(p.one.Matter) }),
	col("may", "May", Text, func(p *power) any { return domain.List(p.one.May) }),
	col("item", "Most for one decision", Money, func(p *power) any { return sum(p.one.ItemLimit) }),
	col("year", "Most in a year", Money, func(p *power) any { return sum(p.one.YearLimit) }),
	col("used", "Used in the year", Money, func(p *power) any {
		if p.one.YearLimit == 0 {
			return nil
		}
		return p.one.Used
	}),
	col("left", "Left", Money, func(p *power) any {
		if p.one.Left == nil {
			return nil
		}
		return *p.one.Left
	}),
	col("months", "Longest term, months", Number, func(p *power) any { return some(p.one.Months) }),
	col("acting", "Acting together", Number, func(p *power) any { return some(p.one.Acting) }),
	col("conditions", "Conditions", Text, func(p *power) any { return p.conditions() }),
	col("from", "From", Date, func(p *power) any { return p.From }),
	col("until", "Until", Date, func(p *power) any { return p.Until }),
	col("review", "Review by", Date, func(p *power) any { return p.Review }),
	col("state", "State", Choice, func(p *power) any { return string(p.State) }),
	col("source", "Agreed by", Ref, func(p *power) any { return p.Source }),
)

type appointment = projections.AppointmentLine

var representatives = described("representatives", "Representatives", "Who speaks where, with which remit.", access.Meetings,
	func(g *projections.Group, at domain.Day) []appointment { return g.Representation(at).Appointments },
	col("ref", "Number", Ref, func(a *appointment) any { return a.Ref }),
	col("person", "Representative", Text, func(a *appointment) any { return a.Person.Office }),
	col("substitutes", "Substitutes", Text, func(a *appointment) any { return offices(a.Substitutes) }),
	col("forum", "Meeting", Choice, func(a *appointment) any { return a.ForumName }),
	col("remit", "Remit", Text, func(a *appointment) any {
		var says []string
		for _, l := range a.Lines {
			says = append(says, l.Summary)
		}
		return strings.Join(says, "; ")
	}),
	col("from", "From", Date, func(a *appointment) any { return a.From }),
	col("until", "Until", Date, func(a *appointment) any { return a.Until }),
	col("review", "Review by", Date, func(a *appointment) any { return a.Review }),
	col("state", "State", Choice, func(a *appointment) any { return string(a.State) }),
	col("source", "Appointed by", Ref, func(a *appointment) any { return a.Source }),
)

type interest = projections.InterestLine

var interests = described("interests", "Interests", "What people declared of themselves, those that ended among them.", access.Meetings,
	func(g *projections.Group, at domain.Day) []interest { return g.Representation(at).Interests },
	col("ref", "Number", Ref, func(i *interest) any { return i.Ref }),
	col("person", "Who", Choice, func(i *interest) any { return i.Person.Office }),
	col("kind", "Kind", Choice, func(i *interest) any { return string(i.Kind) }),
	col("subjects", "Subjects", Text, func(i *interest) any { return subjects(i.Matters) }),
	col("words", "Interest", Text, func(i *interest) any { return i.Words }),
	col("declared", "Declared", Date, func(i *interest) any { return i.Declared }),
	col("renew", "To be renewed by", Date, func(i *interest) any { return i.RenewBy }),
	col("until", "Until", Date, func(i *interest) any { return i.Until }),
	col("counts", "Counts", Choice, func(i *interest) any { return yesNo(i.Now) }),
)

type action = projections.ActionLine

var actions = described("actions", "Actions", "What is to be done, by whom and by when.", access.Actions,
	func(g *projections.Group, at domain.Day) []action { return g.Actions(at).Actions },
	col("ref", "Number", Ref, func(a *action) any { return a.Ref }),
	col("due", "Due", Date, func(a *action) any { return a.Due }),
	col("what", "What", Text, func(a *action) any { return a.What }),
	col("owner", "Owner", Choice, func(a *action) any { return a.Owner.Office }),
	col("supporter", "Supported by", Text, func(a *action) any { return a.Supporter.Office }),
	col("state", "State", Choice, func(a *action) any { return string(a.State) }),
	col("source", "From", Ref, func(a *action) any { return a.Source }),
	col("created", "Created", Date, func(a *action) any { return a.Created }),
	col("ended", "Ended", Date, func(a *action) any { return a.Ended }),
	col("words", "How it ended", Text, func(a *action) any { return a.EndWords }),
)

type approach = projections.ApproachLine

var approaches = described("approaches", "Approaches", "What the system asked for, and what it was answered.", access.Approaches,
	func(g *projections.Group, at domain.Day) []approach { return g.Approaches(at).Approaches },
	col("ref", "Number", Ref, func(a *approach) any { return a.Ref }),
	col("on", "Date", Date, func(a *approach) any { return a.On }),
	col("asker", "From", Choice, func(a *approach) any { return a.From.Name }),
	col("what", "What", Text, func(a *approach) any { return a.What }),
	col("subject", "Subject", Choice, func(a *approach) any { return subject(a.Matter) }),
	col("reached", "Reached", Text, func(a *approach) any { return a.Reached.Office }),
	col("state", "State", Choice, func(a *approach) any { return string(a.State) }),
	col("answered", "Answered", Date, func(a *approach) any {
		if a.Answer == nil {
			return nil
		}
		return a.Answer.On
	}),
	col("answer", "Answer", Text, func(a *approach) any {
		if a.Answer == nil {
			return nil
		}
		return a.Answer.Words
	}),
	col("differs", "Different answers", Text, func(a *approach) any { return a.Differs }),
)

type mandate = projections.MandateLine

var mandates = described("mandates", "Mandates", "What practices and PCNs gave and withdrew.", access.Followers,
	func(g *projections.Group, at domain.Day) []mandate {
		m, refused := g.Mandate("", at)
		if refused != nil {
			return nil
		}
		return m.Entries
	},
	col("ref", "Number", Ref, func(m *mandate) any { return m.Ref }),
	col("organisation", "Practice or PCN", Text, func(m *mandate) any { return m.Organisation.Name }),
	col("code", "ODS code", Text, func(m *mandate) any { return m.Organisation.Code }),
	col("kind", "Given or withdrawn", Choice, func(m *mandate) any {
		if m.Kind == "grant" {
			return "given"
		}
		return "withdrawn"
	}),
	col("through", "Through", Choice, func(m *mandate) any {
		if m.To == nil {
			return nil
		}
		return m.To.Name
	}),
	col("subjects", "For", Text, func(m *mandate) any {
		if len(m.Matters) == 0 {
			return "Everything"
		}
		return subjects(m.Matters)
	}),
	col("from", "From", Date, func(m *mandate) any { return m.From }),
	col("until", "Until", Date, func(m *mandate) any { return m.Until }),
	col("review", "Review by", Date, func(m *mandate) any { return m.Review }),
	col("conditions", "Conditions", Text, func(m *mandate) any { return m.Conditions }),
	col("evidence", "Evidence", Text, func(m *mandate) any { return m.Evidence }),
	col("reason", "Reason", Text, func(m *mandate) any { return m.Reason }),
)

type departure = projections.DepartureLine

var departures = described("departures", "Departures", "Who goes its own way on which agreement, and why.", access.Departures,
	func(g *projections.Group, at domain.Day) []departure { return g.Departures(at).Departures },
	col("ref", "Number", Ref, func(d *departure) any { return d.Ref }),
	col("from", "From", Date, func(d *departure) any { return d.From }),
	col("organisation", "Who", Choice, func(d *departure) any { return d.Organisation.Name }),
	col("agreement", "Agreement", Ref, func(d *departure) any { return d.Agreement }),
	col("title", "Its title", Text, func(d *departure) any { return d.Title }),
	col("reason", "Reason", Text, func(d *departure) any { return d.Reason }),
	col("away", "Goes its own way", Choice, func(d *departure) any { return yesNo(d.Away) }),
	col("text", "How it stands", Text, func(d *departure) any { return d.Text }),
)

// offices are the people's, with commas between.
func offices(people []projections.Who) string {
	names := make([]string, 0, len(people))
	for _, p := range people {
		names = append(names, p.Office)
	}
	return domain.List(names)
}

func subject(matter string) string { return domain.FirstUpper(domain.MatterWords(matter)) }

func subjects(matters []string) string {
	names := make([]string, 0, len(matters))
	for _, m := range matters {
		names = append(names, domain.MatterWords(m))
	}
	return domain.FirstUpper(strings.Join(names, "; "))
}

// some is the number; nil: there is none.
func some(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

// sum is the sum of money; nil: there is none.
func sum(p domain.Pence) any {
	if p == 0 {
		return nil
	}
	return p
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
