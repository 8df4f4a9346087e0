package projections

import (
	"regexp"

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
	Outside       []domain.Outsider `json:"outside"`
	Conditions    []string          `json:"conditions" doc:"read out with coverage; they do not reduce it"`
	Inside        []StandingLine    `json:"inside"`
	Places        []domain.Place    `json:"places" doc:"of a wider group: each place, and whether it stands behind it"`
	LeastCoverage int               `json:"leastCoverage" doc:"per cent of practices, and of patients, that must be exceeded"`
	Above         bool              `json:"above" doc:"above the charter's least coverage"`
	Incomplete    string            `json:"incomplete,omitempty"`
	Say           string            `json:"say" doc:"the coverage in a sentence"`
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
	Grants   []GrantLine `json:"grants" doc:"one, or the practice's and then the PCN's"`
}

// A GrantLine is a grant that a standing rests on.
type GrantLine struct {
	Ref       string     `json:"ref"`
	Index     uint64     `json:"index"`
	Effective domain.Day `json:"effective"`
	Until     domain.Day `json:"until,omitzero"`
	Review    domain.Day `json:"review,omitzero"`
	Evidence  string     `json:"evidence,omitempty"`
	BroughtIn bool       `json:"broughtIn,omitempty"`
	Text      string     `json:"text"`
}

// A MandateLine is a grant or a withdrawal.
type MandateLine struct {
	Ref          string     `json:"ref"`
	Index        uint64     `json:"index"`
	Kind         string     `json:"kind" enum:"grant,withdrawal"`
	Organisation Body       `json:"organisation"`
	To           *Body      `json:"to,omitempty" doc:"the PCN; none: the group itself"`
	Matters      []string   `json:"matters" doc:"none: all"`
	Conditions   string     `json:"conditions,omitempty"`
	Review       domain.Day `json:"review,omitzero"`
	Evidence     string     `json:"evidence,omitempty"`
	Reason       string     `json:"reason,omitempty"`
	Given        domain.Day `json:"given,omitzero" doc:"day on which notice of a withdrawal was given"`
	BroughtIn    bool       `json:"broughtIn,omitempty"`
	Text         string     `json:"text"`
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
func (g *Group) Mandate(matter string, at domain.Day) (Mandate, *domain.Refusal) {
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
		Outside: orEmpty(c.Outside), Conditions: orEmpty(c.Conditions), Inside: []StandingLine{}, Places: orEmpty(c.Places), LeastCoverage: ch.LeastCoverage,
		Above:      c.Practices*100 > ch.LeastCoverage*c.OfPractices && c.Patients*100 > ch.LeastCoverage*c.OfPatients,
		Incomplete: s.Incomplete(at), Notes: []string{}, Entries: []MandateLine{}, Asked: []AskedLine{},
	}
	for _, st := range c.Inside() {
		m.Inside = append(m.Inside, g.standingLine(&st))
	}
	for _, e := range s.Mandates {
		m.Entries = append(m.Entries, g.mandateLine(e))
	}
	for _, a := range s.Asked {
		m.Asked = append(m.Asked, AskedLine{a.Number, a.Index, g.body(a.Organisation), orEmpty(a.Matters), a.Words, a.On})
	}
	m.Say = g.coverageSay(matter, &c, m.Above)
	if matter != "" && !ch.Knows(matter) {
		m.Notes = append(m.Notes, matter+" is not on the charter's list of matters: nobody has been asked to stand behind the group on it.")
	}
	if !s.EstablishedOn(at) {
		m.Notes = append(m.Notes, firstUpper(s.ShortName)+" is not established on that day.")
	}
	return m, nil
}

func (g *Group) coverageSay(matter string, c *domain.Coverage, above bool) string {
	on := ""
	if matter != "" {
		on = " on " + matter
	}
	say := firstUpper(g.state.ShortName) + " speaks" + on + " for " + c.Words() + "."
	if !above {
		say += " That is not above the charter's least coverage, so nobody commits outright."
	}
	return say
}

func (g *Group) standingLine(st *domain.Standing) StandingLine {
	l := StandingLine{ODS: st.Practice.Code, Name: st.Practice.Name, Patients: st.Patients, Via: g.anybody(st.Via), Grants: []GrantLine{}}
	for _, m := range st.Grants {
		l.Grants = append(l.Grants, g.grantLine(m))
	}
	return l
}

func (g *Group) mandateLine(m *domain.MandateEntry) MandateLine {
	kind := "grant"
	if m.Withdrawal {
		kind = "withdrawal"
	}
	return MandateLine{
		Ref: m.Number, Index: m.Index, Kind: kind, Organisation: g.body(m.Organisation), To: g.anybody(m.To), Matters: orEmpty(m.Matters),
		Conditions: m.Conditions, Review: m.Review, Evidence: m.Evidence, Reason: m.Reason, Given: m.Given, BroughtIn: m.BroughtIn,
		Text: g.mandateText(m), Span: m.Span,
	}
}

// mandateText says the entry: "Park Medical Practice gave a mandate for
// everything until 31 December 2026".
func (g *Group) mandateText(m *domain.MandateEntry) string {
	if m.Withdrawal {
		return g.withdrawalText(m.Organisation, m.To, m.Matters, m.From, m.Reason)
	}
	return g.grantText(m.Organisation, m.To, m.Matters, m.Until, m.Conditions, m.BroughtIn)
}

func (g *Group) grantLine(m *domain.MandateEntry) GrantLine {
	return GrantLine{m.Number, m.Index, m.From, m.Until, m.Review, m.Evidence, m.BroughtIn, g.mandateText(m)}
}

func (g *Group) grantText(org, to string, matters []string, until domain.Day, conditions string, broughtIn bool) string {
	w := g.name(org) + " gave "
	if to != "" {
		w += g.name(to) + " "
	}
	w += "a mandate for " + mattersWords(matters) + untilWords(until) + after(", on condition: ", conditions)
	if broughtIn {
		w += " (brought in from before the ledger)"
	}
	return w
}

func (g *Group) withdrawalText(org, from string, matters []string, effective domain.Day, reason string) string {
	w := g.name(org) + " withdrew its mandate "
	if from != "" {
		w += "to " + g.name(from) + " "
	}
	return w + "for " + mattersWords(matters) + " from " + effective.Words() + after(": ", reason)
}
