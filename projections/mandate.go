package projections

import (
	"regexp"
	"slices"

	"goldenthread/domain"
)

// Mandate is what stands behind the group for a matter on a day (rules M1–M5).
type Mandate struct {
	Stamp
	Matter        string            `json:"matter" doc:"none: standing behind the group at all"`
	Practices     int               `json:"practices"`
	OfPractices   int               `json:"ofPractices"`
	Patients      int               `json:"patients"`
	OfPatients    int               `json:"ofPatients"`
	NotCounted    int               `json:"notCounted" doc:"practices whose number of registered patients is not known; where it is all of them, coverage is by practices alone"`
	Outside       []domain.Outsider `json:"outside"`
	Conditions    []string          `json:"conditions" doc:"read out with coverage; they do not reduce it"`
	Inside        []StandingLine    `json:"inside"`
	Places        []domain.Place    `json:"places" doc:"of a wider group: each place, and whether it stands behind it"`
	LeastCoverage int               `json:"leastCoverage" doc:"per cent of practices, and of patients, that must be exceeded"`
	Above         bool              `json:"above" doc:"above the charter's least coverage"`
	Known         bool              `json:"matterKnown" doc:"the charter of that day knows the matter; if not, nobody was asked and nobody stands behind it"`
	Incomplete    string            `json:"incomplete,omitempty"`
	Say           string            `json:"say" doc:"the coverage in a sentence"`
	Sizes         []domain.SizeList `json:"sizes" doc:"lists from which the numbers of patients are, that of most practices first"`
	SizeSay       string            `json:"sizeSay,omitempty" doc:"the same in a sentence; none where no numbers are known"`
	Notes         []string          `json:"notes"`
	Entries       []MandateLine     `json:"entries" doc:"all grants and withdrawals, in order of recording"`
	Asked         []AskedLine       `json:"asked" doc:"what the group asked for"`
}

// A StandingLine is a practice that stands behind the group, and on what.
type StandingLine struct {
	ODS      string      `json:"ods"`
	Name     string      `json:"name"`
	Patients int         `json:"patients"`
	Via      *Body       `json:"via,omitempty" doc:"PCN, if it is through the PCN"`
	Until    domain.Day  `json:"until,omitzero" doc:"the last day of that, by what is known; none: no end is known"`
	Grants   []GrantLine `json:"grants" doc:"one, or the practice's and then the PCN's; of several, those that last longest"`
}

// A GrantLine is a grant that a standing rests on.
type GrantLine struct {
	Ref       string      `json:"ref"`
	Index     uint64      `json:"index"`
	Effective domain.Day  `json:"effective"`
	Until     domain.Day  `json:"until,omitzero"`
	Review    domain.Day  `json:"review,omitzero"`
	Evidence  string      `json:"evidence,omitempty"`
	BroughtIn bool        `json:"broughtIn,omitempty"`
	Withdrawn []TakenBack `json:"withdrawn" doc:"what was taken back of it, or will be by what is known"`
	Text      string      `json:"text" doc:"what it gives as it stands on that day"`
}

// TakenBack is what a withdrawal takes from a grant.
type TakenBack struct {
	Ref     string     `json:"ref"`
	Index   uint64     `json:"index"`
	Matters []string   `json:"matters" doc:"none: all of it"`
	From    domain.Day `json:"from" doc:"first day on which it no longer holds for these"`
}

// A MandateLine is a grant or a withdrawal.
type MandateLine struct {
	Ref          string      `json:"ref"`
	Index        uint64      `json:"index"`
	Kind         string      `json:"kind" enum:"grant,withdrawal"`
	Organisation Body        `json:"organisation"`
	To           *Body       `json:"to,omitempty" doc:"the PCN; none: the group itself"`
	Matters      []string    `json:"matters" doc:"none: all"`
	Withdrawn    []TakenBack `json:"withdrawn" doc:"of a grant: what was taken back of it, or will be by what is known"`
	Conditions   string      `json:"conditions,omitempty"`
	Review       domain.Day  `json:"review,omitzero"`
	Evidence     string      `json:"evidence,omitempty"`
	Reason       string      `json:"reason,omitempty"`
	Given        domain.Day  `json:"given,omitzero" doc:"day on which notice of a withdrawal was given"`
	BroughtIn    bool        `json:"broughtIn,omitempty"`
	Text         string      `json:"text"`
	domain.Span
}

// An AskedLine is the group's request for a mandate.
type AskedLine struct {
	Ref          string     `json:"ref"`
	Index        uint64     `json:"index"`
	Organisation Body       `json:"organisation"`
	Matters      []string   `json:"matters" doc:"none: all"`
	Words        string     `json:"words"`
	On           domain.Day `json:"on"`
}

var matterShape = regexp.MustCompile(`^[a-z0-9-]+(/[a-z0-9-]+)*$`)

// Mandate answers for the matter on that day; no matter asks who stands behind
// the group at all. What is not the shape of a matter is refused (rule F6); an
// unknown matter is answered, with a note.
func (g *backing) Mandate(matter string, at domain.Day) (Mandate, *domain.Refusal) {
	s := g.state
	if s.Next == 0 {
		return Mandate{}, &domain.Refusal{Rule: "L1", Say: "There is no such group here.", Class: domain.NotFound}
	}
	if matter != "" && (len(matter) > 120 || !matterShape.MatchString(matter)) {
		return Mandate{}, &domain.Refusal{Rule: "F6", Say: "That is not a matter; write it as a short path, such as access/extended-hours.", Class: domain.Invalid}
	}
	c := s.CoverageOn(matter, at)
	ch := &s.CharterOn(at).Charter
	m := Mandate{
		Stamp: g.stamp(at), Matter: matter, Practices: c.Practices, OfPractices: c.OfPractices, Patients: c.Patients, OfPatients: c.OfPatients,
		NotCounted: c.NotCounted, Known: matter == "" || ch.Knows(matter),
		Outside: domain.OrEmpty(c.Outside), Conditions: domain.OrEmpty(c.Conditions), Inside: []StandingLine{}, Places: domain.OrEmpty(c.Places), LeastCoverage: ch.LeastCoverage,
		Above:      c.Above(ch.LeastCoverage),
		Incomplete: s.Incomplete(at), Notes: []string{}, Entries: []MandateLine{}, Asked: []AskedLine{},
	}
	for _, st := range c.Inside() {
		m.Inside = append(m.Inside, g.standingLine(&st, at))
	}
	for _, e := range s.Mandates {
		m.Entries = append(m.Entries, g.mandateLine(e, at))
	}
	for _, a := range s.Asked {
		m.Asked = append(m.Asked, AskedLine{a.Number, a.Index, g.body(a.Organisation), domain.OrEmpty(a.Matters), a.Words, a.On})
	}
	m.Sizes = s.SizeListsOn(at)
	m.SizeSay = domain.SizeWords(m.Sizes)
	m.Say = g.coverageSay(matter, &c, m.Above)
	if !m.Known {
		m.Say = "Nobody stands behind " + s.ShortName + " on " + domain.MatterWords(matter) + ": nobody has been asked about it."
		m.Notes = append(m.Notes, domain.FirstUpper(domain.MatterWords(matter))+" is not on the charter's list of matters: nobody has been asked to stand behind the group on it.")
	}
	if !s.EstablishedOn(at) {
		m.Notes = append(m.Notes, domain.FirstUpper(s.ShortName)+" is not established on that day.")
	}
	return m, nil
}

func (g *backing) coverageSay(matter string, c *domain.Coverage, above bool) string {
	on := ""
	if matter != "" {
		on = " on " + matter
	}
	say := domain.FirstUpper(g.state.ShortName) + " speaks" + on + " for " + c.Words() + "."
	if !above {
		say += " That is not above the charter's least coverage, so nobody commits outright."
	}
	return say
}

func (g *backing) standingLine(st *domain.Standing, at domain.Day) StandingLine {
	l := StandingLine{ODS: st.Practice.Code, Name: st.Practice.NameOn(at), Patients: st.Patients, Via: g.anybody(st.Via), Until: st.Until, Grants: []GrantLine{}}
	for _, m := range st.Grants {
		l.Grants = append(l.Grants, g.grantLine(m, at))
	}
	return l
}

func (g *backing) mandateLine(m *domain.MandateEntry, at domain.Day) MandateLine {
	l := MandateLine{
		Ref: m.Number, Index: m.Index, Kind: "grant", Organisation: g.body(m.Organisation), To: g.anybody(m.To), Matters: domain.OrEmpty(m.Matters), Withdrawn: []TakenBack{},
		Conditions: m.Conditions, Review: m.Review, Evidence: m.Evidence, Reason: m.Reason, Given: m.Given, BroughtIn: m.BroughtIn, Span: m.Span,
	}
	if m.Withdrawal {
		l.Kind, l.Text = "withdrawal", g.withdrawalText(m)
		return l
	}
	l.Withdrawn, l.Text = g.takenBack(m), g.grantTextOn(m, at)
	return l
}

func (g *backing) grantLine(m *domain.MandateEntry, at domain.Day) GrantLine {
	return GrantLine{m.Number, m.Index, m.From, m.Until, m.Review, m.Evidence, m.BroughtIn, g.takenBack(m), g.grantTextOn(m, at)}
}

// grantTextOn says what a grant gives as it stands on that day: "Park Medical Practice
// gave a mandate for everything except workforce until 31 December 2026".
func (g *backing) grantTextOn(m *domain.MandateEntry, at domain.Day) string {
	except := g.state.ExceptedOn(m, at)
	if len(m.Matters) > 0 && !slices.ContainsFunc(m.Matters, func(one string) bool { return !slices.Contains(except, one) }) {
		return g.grantText(m.Organisation, m.To, m.Matters, nil, m.Until, m.Conditions, m.BroughtIn) + ", all of which was withdrawn"
	}
	w := g.grantText(m.Organisation, m.To, m.Matters, except, m.Until, m.Conditions, m.BroughtIn)
	for _, taken := range g.state.WithdrawnFrom(m) {
		if taken.TakesAll(m) && taken.From <= at && (m.Until == 0 || taken.From <= m.Until) {
			return w + ", withdrawn from " + taken.From.Words()
		}
	}
	return w
}

// takenBack are the withdrawals that end the grant, in whole or in part.
func (g *backing) takenBack(m *domain.MandateEntry) []TakenBack {
	all := []TakenBack{}
	for _, w := range g.state.WithdrawnFrom(m) {
		if m.Until == 0 || w.From <= m.Until {
			all = append(all, TakenBack{w.Number, w.Index, domain.OrEmpty(w.PartOf(m)), w.From})
		}
	}
	return all
}

func (g *telling) grantText(org, to string, matters, except []string, until domain.Day, conditions string, broughtIn bool) string {
	w := g.name(org) + " gave "
	if to != "" {
		w += g.name(to) + " "
	}
	w += "a mandate for " + mattersWords(matters)
	if len(except) > 0 {
		w += " except " + domain.List(except)
	}
	w += untilWords(until) + after(", on condition: ", conditions)
	if broughtIn {
		w += " (brought in from before the ledger)"
	}
	return w
}

// withdrawalText says what a withdrawal takes back. Of what was never given nobody
// is said to have withdrawn.
func (g *telling) withdrawalText(m *domain.MandateEntry) string {
	if !g.state.TookBack(m) {
		w := g.name(m.Organisation) + " said that it gives no mandate"
		if m.To != "" {
			w += " to " + g.name(m.To)
		}
		if len(m.Matters) > 0 {
			w += " for " + domain.ListMatters(m.Matters)
		}
		return w + ", from " + m.From.Words() + after(": ", m.Reason)
	}
	w := g.name(m.Organisation) + " withdrew its mandate "
	if m.To != "" {
		w += "to " + g.name(m.To) + " "
	}
	return w + "for " + mattersWords(m.Matters) + " from " + m.From.Words() + after(": ", m.Reason)
}
