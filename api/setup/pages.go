package setup

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// A page is one of those on which a group is set up. It asks for words, and what they mean
// is read when the group is founded, or the page is saved.
type page struct {
	name, title string
	say         []string
	parts       func(*Draft) []web.Piece // with what is suggested
	need        need
}

// A need says whether a page must have been saved before a group is founded.
type need int

const (
	needed    need = iota
	suggested      // what is suggested on it counts until it is saved, and is shown before the group is founded
	optional       // a group can be founded without it
)

// pages are all of them, in the order in which they are asked.
var pages = []page{
	{"group", "The group and its place", []string{"A group is the practices of a place, who decide together through their networks and committees."}, groupParts, needed},
	{practicesPage, "Who takes part", []string{"First the practices and their networks, from the files that NHS England publishes or typed. Then whoever takes part beside them."}, membersParts, needed},
	{"people", "Seats and people", []string{
		"Each network, the committee and the federation has a seat. The person who holds it speaks at the table, and a deputy when they are away.",
		"Who may give or take back the mandate of a practice or network is another matter: tick that they speak for it. Others can be named later.",
		"Everybody is known by their office. Names and addresses are sealed: only members of the group see them, and they can be erased.",
	}, peopleParts, needed},
	{"duties", "Who does what", []string{"The manager invites people and keeps the work together. The registrar records mandates that were given on paper. It can be the same person."}, dutiesParts, suggested},
	{"decide", "How we decide", []string{
		"There are no votes here. A proposal is agreed when enough seats consent and nobody objects: an objection is worked through until there are words that all can sign up to. Nobody is outvoted, so nobody has to fear that they will be.",
		"If a body must vote by law, or by its own constitution, it votes in its own meeting, and its seat then says here what it decided.",
	}, decideParts, needed},
	{"words", "The charter’s words", []string{"Everybody who holds a seat consents to these words and settings before the group can decide anything. This is a draft for you to change."}, wordsParts, suggested},
	{beforePage, "What stood before", []string{
		"A group that worked together before has agreed things already. Enter here what is to go on: it becomes a schedule to the charter, and whoever consents to the charter consents to it with its evidence. Leave it all empty if there is nothing.",
	}, beforeParts, optional},
}

func pageOf(name string) (page, int, bool) {
	i := slices.IndexFunc(pages, func(p page) bool { return p.name == name })
	if i < 0 {
		return page{}, 0, false
	}
	return pages[i], i, true
}

// step says how far the page is among those that are asked one after the other; "" of others.
func (p page) step() string {
	n, all := 0, 1 // the last step is to check the answers
	for _, one := range pages {
		if one.need == needed {
			if all++; n == 0 && one.name == p.name {
				n = all - 1
			}
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("Step %d of %d", n, all)
}

func text(name, label, hint string, suggested ...string) web.Piece {
	return web.Piece{Type: "text", Name: name, Label: label, Hint: hint, Values: suggested}
}

func groupParts(*Draft) []web.Piece {
	return []web.Piece{
		text("name", "What is the group called?", "Such as: Trafford GP Board."),
		text("short", "What is it called in sentences?", "Such as: the board.", "the board"),
		text("placeName", "What is the place called?", "Such as: Trafford."),
		text("place", "Code of the place, if it has one", "The code of its sub-ICB location, such as 02A. Leave it empty if there is none."),
		text("address", "Short name in addresses", "Letters and hyphens, such as trafford. Leave it empty to have one made of the place’s name. It can’t be changed later."),
	}
}

// practicesPage asks for the practices, their networks and the bodies that take part.
const practicesPage = "practices"

func membersParts(d *Draft) []web.Piece {
	parts := []web.Piece{
		{Type: "files", Name: "file", Label: "Files from NHS England", Hint: "Download the two files “Totals (GP practice-all persons)” and “Mapping” of “Patients registered at a GP practice”: gp-reg-pat-prac-all.csv and gp-reg-pat-prac-map.csv. Choose both at once. Lists of the Organisation Data Service are read too. No files at hand? Type the practices.", Values: []string{".csv,text/csv"}},
		{Type: "long", Name: "practices", Label: "Practices, one on a line", Hint: "Code, name, registered patients, code of the network, name of the network. Copy these five columns from a spreadsheet, or type them with commas between. Leave the network empty for a practice that has none. A group of places names no practices."},
		{Type: "date", Name: "on", Label: "Which day are the numbers of patients from?", Hint: "Such as 1 October 2026. Leave it empty for today."},
		text("source", "Where are they from?", "Such as: NHS England, Patients registered at a GP practice, October 2026."),
	}
	if len(d.Listed) > 0 {
		parts[1].Label = "Other practices, one on a line"
	}
	return append(parts, bodiesParts(d))
}

// bodyKinds are what takes part beside practices and networks.
func bodyKinds() []web.Option {
	all := []web.Option{{Value: "", Words: "Choose"}}
	for _, c := range domain.ChoicesOf(domain.LMC, domain.Federation, domain.Provider, domain.SystemBody, domain.OtherGroup) {
		all = append(all, web.Option(c))
	}
	return all
}

func bodiesParts(d *Draft) web.Piece {
	place := d.said("group", "placeName")
	suggested := [][3]string{
		{string(domain.LMC), strings.TrimSpace(place + " Local Medical Committee")}, {string(domain.Federation), strings.TrimSpace(place + " GP Federation")}, {string(domain.SystemBody), ""},
	}
	return gridOf(d, practicesPage, "bodies", "Committee, federation and others", "organisation", "The local medical committee has a seat, and so has the federation where there is one. A system body, such as the integrated care board, has none; name it so that the group can say who is employed by it. A group of places names their groups: each is asked to join, and has its seat once it has agreed to. Leave a row empty if there is no such body.", suggested, func(row int, typed [3]string) []web.Piece {
		return []web.Piece{
			{Type: "choice", Name: rowField("bodies", row, "kind"), Label: "Kind", Options: bodyKinds(), Values: []string{typed[0]}},
			text(rowField("bodies", row, "name"), "Name", "", typed[1]),
			text(rowField("bodies", row, "code"), "Code, if it has one", "Of a place’s group: its short name in addresses, such as trafford.", typed[2]),
		}
	})
}

// gridOf is a list of rows with the fields that each has: those that were typed or, before
// the page was saved, those that are suggested, and an empty one.
func gridOf[T any](d *Draft, page, name, label, one, hint string, suggested []T, fields func(row int, typed T) []web.Piece) web.Piece {
	rows := len(suggested)
	if _, saved := d.Typed[page]; saved {
		rows, suggested = max(1, rowsIn(d.Typed[page], name)), nil
	}
	p := web.Piece{Type: "grid", Name: name, Label: label, Hint: hint, One: one}
	for i := range max(1, rows) {
		var typed T
		if i < len(suggested) {
			typed = suggested[i]
		}
		p.Rows = append(p.Rows, web.Row{Heading: domain.FirstUpper(one) + fmt.Sprintf(" %d", i+1), Parts: fields(i, typed)})
	}
	return p
}

// seatRoles are what somebody can be for an organisation's seat.
var seatRoles = []web.Option{{Value: "", Words: "No seat"}, {Value: string(domain.Holder), Words: "Holds the seat"}, {Value: string(domain.Deputy), Words: "Deputises"}}

// A suggestedPerson is an office that such a group commonly has.
type suggestedPerson struct{ office, organisation, role string }

func peopleParts(d *Draft) []web.Piece {
	orgs := d.organisations(&reading{draft: d})
	options, practices := []web.Option{{Value: "", Words: "None"}}, []web.Option{}
	var suggested []suggestedPerson
	federation := ""
	for _, o := range orgs {
		if o.Kind == domain.PlaceKind {
			continue
		}
		if o.Kind == domain.Practice {
			practices = append(practices, web.Option{Value: o.Code, Words: o.Name + " (" + o.Code + ")"})
			continue
		}
		options = append(options, web.Option{Value: o.Code, Words: o.Name})
		switch o.Kind {
		case domain.PCN:
			suggested = append(suggested, suggestedPerson{"Clinical Director, " + strings.TrimSuffix(o.Name, " PCN"), o.Code, string(domain.Holder)})
		case domain.LMC, domain.OtherGroup:
			suggested = append(suggested, suggestedPerson{"Chair, " + o.Name, o.Code, string(domain.Holder)})
		case domain.Federation:
			federation = o.Code
			suggested = append(suggested, suggestedPerson{"Lead, " + o.Name, o.Code, string(domain.Holder)})
		case domain.Practice, domain.PlaceKind, domain.PrimaryCare, domain.Provider, domain.SystemBody: // nobody is suggested
		}
	}
	suggested = append(suggested, suggestedPerson{"Manager, " + d.Name(), federation, ""})
	hint := "Suggested from your networks, committee and federation. Rows that you leave empty are left out."
	// A place has too many practices for each row to offer all: those that rows name are offered.
	offered := slices.Concat(options, practices[:min(len(practices), max(0, mostOffered-len(options)))])
	grid := gridOf(d, "people", "people", "People", "person", hint, suggested, func(row int, typed suggestedPerson) []web.Piece {
		own := offered
		if at := slices.IndexFunc(practices, func(o web.Option) bool {
			return o.Value == d.said("people", rowField("people", row, "organisation"))
		}); at >= 0 && !slices.Contains(offered, practices[at]) {
			own = append(slices.Clip(offered), practices[at])
		}
		return []web.Piece{
			text(rowField("people", row, "office"), "Office", "", typed.office),
			text(rowField("people", row, "name"), "Name", ""),
			text(rowField("people", row, "email"), "Email", ""),
			{Type: "choice", Name: rowField("people", row, "organisation"), Label: "Organisation", Options: own, Values: []string{typed.organisation}},
			{Type: "choice", Name: rowField("people", row, "role"), Label: "Its seat", Options: seatRoles, Values: []string{typed.role}},
			{Type: "tick", Name: rowField("people", row, "speaks"), Label: "Speaks for it: may give and take back its mandate"},
			{Type: "hidden", Name: rowField("people", row, "evidence"), Values: []string{""}},
		}
	})
	return []web.Piece{grid, text("evidence", "How is it known who speaks for whom?", "Only needed if somebody does. Such as: letters of the practices, October 2026.")}
}

// mostOffered is how many organisations each row of the grid offers, of which practices come last.
const mostOffered = 60

// duty is who has the duty of that field of the page of duties: who was chosen or, before
// that page was saved, who is suggested.
func (d *Draft) duty(field string) string {
	if _, saved := d.Typed["duties"]; saved {
		return d.said("duties", field)
	}
	prefix := map[string]string{"chair": "Chair", "manager": "Manager", "registrar": "Manager", "gatekeeper": "Manager"}[field]
	if prefix == "" {
		return ""
	}
	people := d.people(&reading{draft: d})
	i := slices.IndexFunc(people, func(p domain.PersonEntry) bool { return strings.HasPrefix(p.Office, prefix) })
	if i < 0 {
		return ""
	}
	return people[i].Handle
}

func dutiesParts(d *Draft) []web.Piece {
	options := []web.Option{{Value: "", Words: "Nobody yet"}}
	for _, p := range d.people(&reading{draft: d}) {
		options = append(options, web.Option{Value: p.Handle, Words: p.Office})
	}
	employers := []web.Option{{Value: "", Words: "Not said"}}
	for _, o := range d.organisations(&reading{draft: d}) {
		if o.Kind != domain.Practice && o.Kind != domain.PlaceKind {
			employers = append(employers, web.Option{Value: o.Code, Words: o.Name})
		}
	}
	choose := func(name, label, hint string, from []web.Option) web.Piece {
		return web.Piece{Type: "choice", Name: name, Label: label, Hint: hint, Options: from, Values: []string{d.duty(name)}}
	}
	return []web.Piece{
		choose("chair", "Who chairs?", "", options),
		choose("cochair", "And who chairs together with them?", "Two co-chairs do the same. Leave it if one person chairs.", options),
		choose("deputy", "Or who is deputy chair?", "Does what the chair does when the chair can’t. Leave it if there is none, or if there are two co-chairs.", options),
		choose("manager", "Who is the manager?", "", options),
		choose("employer", "Who employs the manager?", "If a system body does, that is shown wherever the group speaks, and they invite nobody.", employers),
		choose("registrar", "Who is the registrar?", "", options),
		choose("gatekeeper", "Who takes the system’s approaches?", "One or two people to whom system bodies turn with a question.", options),
		choose("second", "And who else?", "", options),
	}
}

// A question is a number that the charter sets: what it means in a sentence, and what the
// example place chose, which a test holds against its story.
type question struct {
	setting, ask, unit, means string
	example                   int
}

var questions = []question{
	{"windowDays", "How long does a proposal stay open for objections?", "days", "Until then anybody who holds a seat can object. A shorter time is quicker; a longer one leaves time to ask the practices.", 7},
	{"reviewDays", "How long may a power last without being looked at again?", "days", "A power or appointment that was not looked at in time is paused.", 365},
	{"noticeDays", "How much notice does a practice give to withdraw its mandate?", "days", "Until it has run, the group still speaks for the practice. With 0 a withdrawal counts at once.", 28},
	{"leastCoverage", "How many practices, and patients, must be behind the group before anybody commits?", "of every 100, exceeded", "With fewer behind it the group still meets and agrees, but nobody says yes for it in a meeting.", 50},
}

// hint says what the question means, what holds if it is left empty, and what others chose.
func (q question) hint() string {
	unit, _, _ := strings.Cut(q.unit, ",")
	return fmt.Sprintf("%s Leave it empty for %d %s. The example place, Trafford, chose %d.", q.means, setting(q.setting).Default, unit, q.example)
}

func setting(name string) domain.Setting {
	return domain.Settings[slices.IndexFunc(domain.Settings, func(s domain.Setting) bool { return s.Name == name })]
}

func decideParts(d *Draft) []web.Piece {
	var seats []web.Option
	lmc := []string{}
	for _, o := range d.seated(&reading{draft: d}) {
		seats = append(seats, web.Option{Value: o.Code, Words: o.Name})
		if o.Kind == domain.LMC {
			lmc = append(lmc, o.Code)
		}
	}
	parts := []web.Piece{
		{Type: "number", Name: "quorum", Label: "How many seats must consent explicitly?", Hint: fmt.Sprintf("There are %s. These must say yes; every other seat says yes too, or stands aside, and any of them can object. The example place chose 5 of 7.", domain.Count(len(seats), "seat")), Unit: "seats", Values: []string{fmt.Sprint(max(1, (2*len(seats)+2)/3))}},
		{Type: "ticks", Name: "quorumOf", Label: "Who must be among them?", Hint: "Nothing is agreed without their yes, so name few. The example place named its local medical committee.", Options: seats, Values: lmc},
	}
	for _, q := range questions {
		s := setting(q.setting)
		parts = append(parts, web.Piece{Type: "number", Name: q.setting, Label: q.ask, Hint: q.hint(), Unit: q.unit, Values: []string{fmt.Sprint(s.Default)}})
	}
	return append(parts,
		web.Piece{Type: "radios", Name: "stance", Label: "Where a representative’s remit says nothing, what do they do?", Hint: "Whoever speaks for the group in a meeting has a remit. Bringing the question back is slower and safer; the example place chose it.", Values: []string{string(domain.BringBack)},
			Options: []web.Option{{Value: string(domain.BringBack), Words: "They bring the question back to the group"}, {Value: string(domain.Discretion), Words: "They agree if they think it right, and report"}}},
		web.Piece{Type: "radios", Name: "sees", Label: "What do system bodies see that the group invites?", Hint: "A system body, such as the integrated care board, sees nothing until you invite it. Objections and limits stay yours with the first of these, which the example place has.", Values: []string{string(domain.SeesReleased)},
			Options: []web.Option{{Value: string(domain.SeesReleased), Words: "What is released to them, and nothing else"}, {Value: string(domain.SeesWork), Words: "All of the group’s work"}}},
		web.Piece{Type: "lines", Name: "matters", Label: "What may the group be asked about?", Hint: "One subject on a line, as a short path such as access/extended-hours. Each takes in all below it. To a question about anything else the answer is that the group has no position. These are those of the example place.", Values: []string{strings.Join(usualMatters, "\n")}},
		web.Piece{Type: "lines", Name: "reserved", Label: "What can never be delegated?", Hint: "One subject on a line: only the whole group decides on these. The charter, membership and delegation itself never can be delegated. The example place added the core contract.", Values: []string{"contracts/core"}},
	)
}

// usualMatters are subjects that groups of practices are commonly asked about.
var usualMatters = []string{"access", "workforce", "estates", "digital", "communications", "contracts", "vaccination", "representation"}

func wordsParts(d *Draft) []web.Piece {
	return []web.Piece{{Type: "long", Name: "text", Label: "The charter’s words", Hint: "Leave it empty to have these words made of your answers again.", Values: []string{d.template()}}}
}

// words are the charter's words: what was written, or the template for as long as nobody
// changed it, so that it follows what is answered later.
func (d *Draft) words() string {
	if _, saved := d.Typed["decide"]; !saved {
		return "" // there is nothing yet of which they could be made
	}
	return cmp.Or(d.said("words", "text"), d.template())
}

// template is a charter's text for this group, with the settings that were chosen in it.
func (d *Draft) template() string {
	r := &reading{draft: d}
	chosen := d.settings(r)
	ch := chosen.Settled()
	seats := d.seated(r)
	names, among := make([]string, len(seats)), []string{}
	for i, o := range seats {
		names[i] = o.Name
		if slices.Contains(ch.QuorumOf, o.Code) {
			among = append(among, o.Name)
		}
	}
	quorum := fmt.Sprintf("at least %s of our %s consent", domain.Count(ch.Quorum, "seat"), domain.Count(len(seats), "seat"))
	if len(among) > 0 {
		quorum += ", among them " + domain.List(among) + ","
	}
	stance, sees := "brings the question back to us", "what we release to them, and nothing else"
	if ch.DefaultStance == domain.Discretion {
		stance = "agrees if they think it right, and reports"
	}
	if ch.Sight() == domain.SeesWork {
		sees = "our work"
	}
	return strings.Join([]string{
		fmt.Sprintf("We are the general practices of %s. We decide together through %s.", d.said("group", "placeName"), domain.List(names)),
		fmt.Sprintf("We decide by consensus. A proposal stays open for %s. It is agreed when %s and no objection stands. An objection is worked through until there are words that everybody signs up to. There are no votes.", domain.Count(ch.Window, "day"), quorum),
		fmt.Sprintf("Our authority comes from the practices. A practice can take its mandate back with %s of notice. Nobody commits unless more than %d of every 100 practices, and of their patients, stand behind us.", domain.Count(ch.Notice, "day"), ch.LeastCoverage),
		fmt.Sprintf("We can hand a small executive limited powers, and send representatives who report back within %s. Every power is looked at again within %s. Where a remit says nothing, a representative %s. We never delegate %s.", domain.Count(ch.ReportWithin, "day"), domain.Count(ch.ReviewWithin, "day"), stance, domain.List(append([]string{"the charter", "membership", "delegation itself"}, ch.Reserved...))),
		fmt.Sprintf("Every agreement is told to the practices %s. System bodies that we invite see %s.", domain.Count(ch.Communications, "time"), sees),
	}, "\n\n")
}
