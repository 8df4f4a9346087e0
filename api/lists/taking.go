package lists

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"goldenthread/domain"
)

// portion is how many organisations go into one command. A list of one date that fits
// is one command, which is confirmed as a whole (rule O1).
const portion = 400

// A Choice says which organisations of official lists are taken for a group. If it names
// no place and no PCN, all are.
type Choice struct {
	Places []string // sub-ICBs, whose practices and PCNs are taken
	PCNs   []string // PCNs that are taken with their practices, wherever these are
	Leave  []string // practices and PCNs that are not taken for all that
	In     string   // code of the group's place, to which they belong there
	Source string   // where the lists come from; what the lists say if ""
	Known  map[string]domain.OrganisationKind
	Part   bool // the lists name only some organisations: nobody has left because they don't name them
}

// A Taking is what a group takes of official lists.
type Taking struct {
	Rows  []domain.OrganisationRow // PCNs first, each kind by code
	Notes []string                 // what the lists say that is not taken, and of whom, in sentences

	dates         []domain.Day // of the list that each row is from
	membershipsOn domain.Day
	source        string
	part, mapped  bool
}

// taken says whether the organisation is chosen.
func (c *Choice) taken(one *Organisation) bool {
	switch {
	case slices.Contains(c.Leave, one.Code):
		return false
	case len(c.Places) == 0 && len(c.PCNs) == 0:
		return true
	case one.Kind == domain.PCN && slices.Contains(c.PCNs, one.Code), one.PCN != "" && slices.Contains(c.PCNs, one.PCN):
		return true
	}
	return slices.ContainsFunc(one.Places, func(place string) bool { return slices.Contains(c.Places, place) })
}

// Take is what a group takes of the lists by that choice.
func (o *Official) Take(c Choice) *Taking {
	t := &Taking{membershipsOn: o.membershipsOn, source: cmp.Or(c.Source, o.Source), part: c.Part, mapped: o.mapped()}
	rows := map[string]int{}
	for _, all := range [][]Organisation{o.PCNs, o.Practices} {
		for i := range all {
			if one := &all[i]; c.taken(one) {
				rows[one.Code] = len(t.Rows)
				t.add(&c, one)
			}
		}
	}
	o.takeStays(t, &c, rows)
	o.noteElsewhere(t, &c, rows)
	return t
}

func (t *Taking) add(c *Choice, one *Organisation) {
	row := domain.OrganisationRow{
		Code: one.Code, Kind: one.Kind, Name: one.Name, Opened: one.Opened, Closed: one.Closed, Lists: one.Lists, Source: t.source,
		Parents: []domain.MembershipRow{{In: c.In, Span: one.In}},
	}
	if row.Name == "" && c.Known[row.Code] == "" {
		row.Name = "Practice " + row.Code
	}
	t.Rows, t.dates = append(t.Rows, row), append(t.dates, one.On)
}

func (t *Taking) note(format string, args ...any) {
	t.Notes = append(t.Notes, fmt.Sprintf(format, args...))
}

// takeStays puts the practices that are taken into their PCNs. Practices that the group
// knows and the lists place elsewhere leave, if their memberships here say when.
func (o *Official) takeStays(t *Taking, c *Choice, rows map[string]int) {
	left := map[string][]domain.MembershipRow{}
	for _, s := range o.stays {
		i, taken := rows[s.practice]
		_, here := rows[s.pcn]
		here = here || c.Known[s.pcn] == domain.PCN
		m := domain.MembershipRow{In: s.pcn, Span: s.Span}
		switch {
		case taken && here:
			t.Rows[i].Parents = append(t.Rows[i].Parents, m)
		case taken && (s.Until == 0 || s.Until >= s.on):
			t.note("%s (%s) is in %s by the list, a PCN that is not taken.", t.Rows[i].Name, s.practice, o.nameOf(s.pcn))
		case !taken && here && c.Known[s.practice] == domain.Practice && !o.mapped():
			left[s.practice] = append(left[s.practice], m)
		}
	}
	for _, code := range codes(left) {
		last, open := domain.Day(0), false
		for _, m := range left[code] {
			last, open = max(last, m.Until), open || m.Until == 0 || m.Until >= o.membershipsOn
		}
		if !open {
			parents := append([]domain.MembershipRow{{In: c.In, Span: domain.Span{Until: last}}}, left[code]...)
			t.Rows = append(t.Rows, domain.OrganisationRow{Code: code, Kind: domain.Practice, Source: t.source, Parents: parents})
			t.dates = append(t.dates, o.membershipsOn)
		}
	}
}

// noteElsewhere names the PCNs that are taken in part, and the practices that the group
// knows and the lists place elsewhere.
func (o *Official) noteElsewhere(t *Taking, c *Choice, rows map[string]int) {
	var without []string
	split := map[string][2]int{} // PCNs taken: practices taken, and not
	for i := range o.Practices {
		p := &o.Practices[i]
		_, taken := rows[p.Code]
		if taken && o.mapped() && p.PCN == "" {
			without = append(without, p.Name+" ("+p.Code+")")
		}
		if _, here := rows[p.PCN]; here && p.open() && o.mapped() {
			n := split[p.PCN]
			if taken {
				n[0]++
			} else {
				n[1]++
			}
			split[p.PCN] = n
		}
		if !taken && p.open() && c.Known[p.Code] == domain.Practice && len(p.Places) > 0 && !slices.Contains(c.Leave, p.Code) {
			t.note("%s is in %s by the list, which is not part of your place.", o.nameOf(p.Code), o.placeName(p.Places[0]))
		}
	}
	for _, pcn := range codes(split) {
		if n := split[pcn]; n[1] > 0 {
			t.note("%s has %s elsewhere. Only the %d that you chose are taken.", o.nameOf(pcn), domain.Count(n[1], "practice"), n[0])
		}
	}
	if n := len(without); n > mostNamed {
		t.note("%s are in no PCN.", domain.Count(n, "practice"))
	} else if n > 0 {
		t.note("In no PCN: %s.", domain.List(without))
	}
}

// nameOf is how the lists call the practice or PCN, with its code.
func (o *Official) nameOf(code string) string {
	name := ""
	if i, ok := o.pcns[code]; ok {
		name = o.PCNs[i].Name
	} else if i, ok := o.practices[code]; ok {
		name = o.Practices[i].Name
	}
	if name == "" {
		return code
	}
	return name + " (" + code + ")"
}

func (o *Official) placeName(code string) string {
	for _, p := range o.Places {
		if p.Code == code && p.Name != "" && !strings.Contains(p.Name, code) {
			return p.Name + " (" + code + ")"
		}
	}
	return code
}

// Typed are the rows as if somebody had typed them: each in the place, and in its PCN,
// since it opened or, where the lists don't say, since the list's date.
func (t *Taking) Typed() []domain.OrganisationRow {
	rows := slices.Clone(t.Rows)
	for i := range rows {
		rows[i].Parents = slices.Clone(rows[i].Parents)
		for j := range rows[i].Parents {
			if m := &rows[i].Parents[j]; m.From == 0 {
				m.From = cmp.Or(rows[i].Opened, t.dates[i])
			}
		}
	}
	return rows
}

// Commands take the rows over as official lists: one command for each date, those with
// PCNs first so that practices find them, in portions if there are many. Unless the lists are only a part, each says
// what it holds all of: the kinds of organisation that are in no list of another date.
func (t *Taking) Commands() []domain.ImportOrganisations {
	on := make([]domain.Day, len(t.Rows))
	dates, of := []domain.Day{}, map[domain.OrganisationKind][]domain.Day{}
	for i, row := range t.Rows {
		on[i] = t.dates[i]
		if row.Kind == domain.Practice && t.membershipsOn != 0 {
			on[i] = min(on[i], t.membershipsOn)
		}
		dates, of[row.Kind] = appendNew(dates, on[i]), appendNew(of[row.Kind], on[i])
	}
	slices.SortFunc(dates, func(a, b domain.Day) int {
		without := func(d domain.Day) int { return min(0, slices.Index(of[domain.PCN], d)) } // -1 where no PCN is of that date
		return cmp.Or(cmp.Compare(without(b), without(a)), cmp.Compare(a, b))
	})
	var commands []domain.ImportOrganisations
	for _, date := range dates {
		c := domain.ImportOrganisations{On: date, Source: t.source}
		for i, row := range t.Rows {
			if on[i] == date {
				c.Rows = append(c.Rows, row)
			}
		}
		if !t.part && slices.Equal(of[domain.PCN], []domain.Day{date}) {
			c.Complete = append(c.Complete, domain.AllPCNs)
		}
		if !t.part && slices.Equal(of[domain.Practice], []domain.Day{date}) {
			c.Complete = append(c.Complete, domain.AllPractices)
			if t.membershipsOn != 0 || t.mapped {
				c.Complete = append(c.Complete, domain.AllMemberships)
			}
		}
		commands = append(commands, portions(c)...)
	}
	return commands
}

func appendNew(days []domain.Day, d domain.Day) []domain.Day {
	if slices.Contains(days, d) {
		return days
	}
	return append(days, d)
}

// portions are the command in several. Only the last says that the list holds
// everybody, since the others are part of it.
func portions(c domain.ImportOrganisations) []domain.ImportOrganisations {
	var parts []domain.ImportOrganisations
	for rows := range slices.Chunk(c.Rows, portion) {
		part := c
		part.Rows = rows
		parts = append(parts, part)
	}
	for i := range parts[:max(len(parts)-1, 0)] {
		parts[i].Complete = slices.DeleteFunc(slices.Clone(c.Complete), func(what string) bool { return what != domain.AllMemberships })
		for _, row := range parts[i].Rows {
			parts[len(parts)-1].Also = append(parts[len(parts)-1].Also, row.Code)
		}
	}
	return parts
}

// ChoiceFor is what a group takes of the lists, by what it has: the sub-ICBs of which it
// knows at least half of the practices, or whose code its place has; and of the other
// PCNs those that it has, or of whose practices it knows at least half.
func (o *Official) ChoiceFor(in string, known map[string]domain.OrganisationKind) Choice {
	c := Choice{In: in, Known: known}
	whole := func(practices []Organisation) bool {
		n := 0
		for i := range practices {
			if known[practices[i].Code] == domain.Practice {
				n++
			}
		}
		return n > 0 && 2*n >= len(practices)
	}
	of := map[string][]Organisation{} // open practices, by sub-ICB and by PCN
	for i := range o.Practices {
		if p := o.Practices[i]; p.open() {
			of[p.PCN] = append(of[p.PCN], p)
			for _, place := range p.Places {
				of[place] = append(of[place], p)
			}
		}
	}
	for _, place := range o.Places {
		if place.Code == in || whole(of[place.Code]) {
			c.Places = append(c.Places, place.Code)
		}
	}
	for i := range o.PCNs {
		if pcn := &o.PCNs[i]; !c.taken(pcn) || len(c.Places) == 0 {
			if known[pcn.Code] == domain.PCN || whole(of[pcn.Code]) {
				c.PCNs = append(c.PCNs, pcn.Code)
			}
		}
	}
	return c
}

// Named are the places and PCNs among the codes, as a choice; the codes that are
// neither are named in a fault.
func (o *Official) Named(c Choice, named []string) (Choice, error) {
	c.Places, c.PCNs = nil, nil
	var wrong Faults
	for _, code := range named {
		_, isPCN := o.pcns[code]
		switch {
		case slices.ContainsFunc(o.Places, func(p Place) bool { return p.Code == code }):
			c.Places = append(c.Places, code)
		case isPCN:
			c.PCNs = append(c.PCNs, code)
		default:
			wrong = append(wrong, Fault{Say: fmt.Sprintf("%q is no sub-ICB and no PCN in these lists.", domain.Clip(code))})
		}
	}
	return c, wrong.err()
}

// Words say what the choice takes: "all of 02A", with PCNs beside.
func (o *Official) Words(c Choice) string {
	var parts []string
	for _, place := range c.Places {
		parts = append(parts, "all of "+o.placeName(place))
	}
	for _, pcn := range c.PCNs {
		parts = append(parts, o.nameOf(pcn))
	}
	if parts == nil {
		return "everything in the lists"
	}
	return domain.List(parts)
}
