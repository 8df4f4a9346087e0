package projections

import (
	"goldenthread/domain"
	"slices"
)

// Register is who and what belongs to the group on a day (rules O1–O3, F2–F5, F9).
type Register struct {
	Stamp
	Group         string             `json:"group" doc:"name in addresses"`
	Name          string             `json:"name"`
	ShortName     string             `json:"shortName" doc:"in sentences, such as the board"`
	Place         Body               `json:"place"`
	PlaceName     string             `json:"placeName" doc:"in sentences, such as Trafford"`
	Established   domain.Day         `json:"established,omitzero" doc:"none: forming"`
	Forming       bool               `json:"forming" doc:"not established on that day"`
	FormingAgain  domain.Day         `json:"formingAgainSince,omitzero" doc:"since when it has been forming again on that day, none of its seats having a holder"`
	Missing       []string           `json:"missing" doc:"what a forming group lacks to be established"`
	Incomplete    string             `json:"incomplete,omitempty" doc:"what least membership lacks, in a sentence"`
	Charter       CharterSummary     `json:"charter"`
	Organisations []OrganisationLine `json:"organisations"`
	Seats         []SeatLine         `json:"seats"`
	Duties        []DutyLine         `json:"duties"`
	Invitations   []InvitationLine   `json:"invitations"`
	Wider         []WiderLine        `json:"wider,omitempty" doc:"wider groups that the group joined, or was asked to join"`
}

// A CharterSummary names a version of the charter.
type CharterSummary struct {
	Version int        `json:"version"`
	From    domain.Day `json:"from,omitzero"`
	Source  string     `json:"source" doc:"founding, or the proposal that changed it"`
	Index   uint64     `json:"index"`
}

// An OrganisationLine is one organisation in the register.
type OrganisationLine struct {
	Code         string                  `json:"code" doc:"ODS code where there is one"`
	Kind         domain.OrganisationKind `json:"kind"`
	Name         string                  `json:"name"`
	Open         bool                    `json:"open" doc:"on that day"`
	Opened       domain.Day              `json:"opened,omitzero"`
	Closed       domain.Day              `json:"closed,omitzero" doc:"last day of working"`
	LegalClose   domain.Day              `json:"legalClose,omitzero" doc:"legal end, where it differs"`
	Successor    *Body                   `json:"successor,omitempty" doc:"it merged into; of several, the first"`
	Successors   []Body                  `json:"successors,omitempty" doc:"it was divided among"`
	Memberships  []MembershipLine        `json:"memberships"`
	Patients     int                     `json:"patients,omitempty" doc:"registered patients in force on that day"`
	PatientsAsOf domain.Day              `json:"patientsAsOf,omitzero" doc:"date of that figure"`
	Source       string                  `json:"patientsSource,omitempty"`
	Spokespeople []TenureLine            `json:"spokespeople" doc:"who may speak for it on that day"`
	Index        uint64                  `json:"index"`
}

// A MembershipLine is a stay in a PCN or a place.
type MembershipLine struct {
	In    Body   `json:"in"`
	Now   bool   `json:"now" doc:"on that day"`
	Index uint64 `json:"index"`
	domain.Span
}

// A TenureLine is a person in a position for a time.
type TenureLine struct {
	Person Who             `json:"person"`
	Role   domain.SeatRole `json:"role,omitempty" doc:"holder or deputy"`
	Index  uint64          `json:"index"`
	domain.Span
}

// A SeatLine is an organisation's place at the table on a day.
type SeatLine struct {
	Seat     Body         `json:"seat"`
	From     domain.Day   `json:"from"`
	Source   string       `json:"source" doc:"founding, or the proposal that opened it"`
	Entitled bool         `json:"entitled" doc:"in force on that day"`
	Asked    bool         `json:"asked,omitzero" doc:"of another group: asked to join, and not joined on that day"`
	JoinedBy string       `json:"joinedBy,omitempty" doc:"of another group: the agreement in its own ledger by which it joined"`
	Vacant   bool         `json:"vacant" doc:"neither a holder nor a deputy in date"`
	Holder   *Who         `json:"holder,omitempty"`
	Deputies []Who        `json:"deputies"`
	History  []TenureLine `json:"history" doc:"everybody who held it or deputised"`
	Index    uint64       `json:"index"`
}

// A DutyLine is somebody doing something for the group.
type DutyLine struct {
	Duty             domain.DutyName `json:"duty"`
	Person           Who             `json:"person"`
	Employer         *Body           `json:"employer,omitempty"`
	EmployedBySystem bool            `json:"employedBySystem" doc:"a system body employs them"`
	Source           string          `json:"source"`
	Index            uint64          `json:"index"`
	domain.Span
}

// An InvitationLine is an organisation that may follow the group's work.
type InvitationLine struct {
	Organisation Body   `json:"organisation"`
	Now          bool   `json:"now" doc:"on that day"`
	Index        uint64 `json:"index"`
	domain.Span
}

// Register answers for that day.
func (g *backing) Register(at domain.Day) Register {
	s := g.state
	r := Register{
		Stamp: g.stamp(at), Group: s.Group, Name: s.Name, ShortName: s.ShortName, Place: g.body(s.Place), PlaceName: s.PlaceName,
		Established: s.Established, Forming: !s.EstablishedOn(at), FormingAgain: s.FormsAgainSince(at), Missing: []string{},
		Organisations: []OrganisationLine{}, Seats: []SeatLine{}, Duties: []DutyLine{}, Invitations: []InvitationLine{},
	}
	if s.Next == 0 {
		return r
	}
	if r.Forming {
		r.Missing = domain.OrEmpty(s.MissingToEstablish(at))
	}
	if s.Established != 0 {
		r.Incomplete = s.Incomplete(at)
	}
	r.Charter = summaryOf(s.CharterOn(at))
	for _, o := range byCode(s.Organisations) {
		r.Organisations = append(r.Organisations, g.organisationLine(o, at))
	}
	for _, seat := range byCode(s.Seats) {
		r.Seats = append(r.Seats, g.seatLine(seat, at))
	}
	for _, d := range s.DutiesOn(at) {
		r.Duties = append(r.Duties, g.dutyLine(&d))
	}
	for _, i := range s.Invitations {
		r.Invitations = append(r.Invitations, InvitationLine{g.body(i.Organisation), i.Covers(at), i.Index, i.Span})
	}
	r.Wider = g.widerLines(at)
	return r
}

func summaryOf(v *domain.CharterVersion) CharterSummary {
	return CharterSummary{v.Version, v.From, v.By(), v.Index}
}

func (g *backing) organisationLine(o *domain.Organisation, at domain.Day) OrganisationLine {
	period := o.PeriodBy(at)
	l := OrganisationLine{
		Code: o.Code, Kind: o.Kind, Name: o.NameOn(at), Open: o.OpenOn(at), Opened: period.From, Closed: period.Until, LegalClose: period.Legal,
		Memberships: []MembershipLine{}, Spokespeople: []TenureLine{}, Index: o.Index,
	}
	for i, part := range period.Into {
		if i == 0 {
			l.Successor = g.anybody(part.Organisation)
		}
		if len(period.Into) > 1 {
			l.Successors = append(l.Successors, g.body(part.Organisation))
		}
	}
	for _, m := range o.Memberships {
		if m.Until == 0 || m.From <= m.Until {
			l.Memberships = append(l.Memberships, MembershipLine{g.body(m.In), m.Covers(at), m.Index, m.Span})
		}
	}
	l.Patients, _ = g.state.PatientsOn(o, at)
	if size := o.ListOn(at); size != nil {
		l.PatientsAsOf, l.Source = size.On, size.Source
	}
	for _, t := range o.Spokespeople {
		if g.state.SpeaksFor(t.Person, o.Code, at) && t.Covers(at) {
			l.Spokespeople = append(l.Spokespeople, TenureLine{g.who(t.Person), "", t.Index, t.Span})
		}
	}
	return l
}

func (g *backing) seatLine(seat *domain.Seat, at domain.Day) SeatLine {
	l := SeatLine{
		Seat: g.bodyOn(seat.ID, at), From: seat.From, Source: seat.Source, Entitled: g.entitled(seat.ID, at), Vacant: g.state.VacantOn(seat, at),
		Deputies: []Who{}, History: []TenureLine{}, Index: seat.Index,
	}
	if j := seat.JoiningOn(at); j != nil {
		l.JoinedBy = j.Ref
	}
	l.Asked = slices.Contains(g.state.UnansweredOn(at), seat.ID)
	now := g.state.TenuresOn(seat, at)
	for _, h := range seat.Holders {
		l.History = append(l.History, TenureLine{g.who(h.Person), h.Role, h.Index, h.Span})
		switch {
		case !slices.Contains(now, h):
		case h.Role == domain.Holder && l.Holder == nil:
			l.Holder = g.anyone(h.Person)
		case h.Role == domain.Deputy:
			l.Deputies = append(l.Deputies, g.who(h.Person))
		}
	}
	return l
}

func (g *backing) entitled(seat string, at domain.Day) bool {
	for _, id := range g.state.EntitledOn(at) {
		if id == seat {
			return true
		}
	}
	return false
}

func (g *backing) dutyLine(d *domain.Duty) DutyLine {
	o := g.state.Organisations[d.Employer]
	return DutyLine{
		Duty: d.Duty, Person: g.who(d.Person), Employer: g.anybody(d.Employer), EmployedBySystem: o != nil && o.Kind == domain.SystemBody,
		Source: d.Source, Index: d.Index, Span: d.Span,
	}
}

// People is everybody whom the ledger knows, without their personal data.
type People struct {
	Stamp
	People []PersonLine `json:"people"`
}

// A PersonLine is one person. Sealed is their name, email and phone under their
// own key; whoever has the key and may, adds them to the answer.
type PersonLine struct {
	ID           string            `json:"id"`
	Handle       string            `json:"handle"`
	Office       string            `json:"office"`
	Organisation *Body             `json:"organisation,omitempty"`
	Since        domain.Day        `json:"since"`
	Left         domain.Day        `json:"left,omitzero" doc:"last day in the office"`
	Erased       domain.Day        `json:"erased,omitzero" doc:"since when there is no name, email or phone any more"`
	Seats        []SeatHeldLine    `json:"seats" doc:"seats that they may act for on that day"`
	Duties       []domain.DutyName `json:"duties" doc:"on that day"`
	Member       bool              `json:"member" doc:"sees what the charter keeps to members"`
	Index        uint64            `json:"index"`
	Sealed       []byte            `json:"-"`
}

// A SeatHeldLine is a seat that somebody may act for.
type SeatHeldLine struct {
	Seat Body            `json:"seat"`
	Role domain.SeatRole `json:"role"`
}

// People answers for that day, by handle.
func (g *backing) People(at domain.Day) People {
	byHandle := map[string]*domain.Person{}
	for _, p := range g.state.People {
		byHandle[p.Handle] = p
	}
	ps := People{g.stamp(at), []PersonLine{}}
	for _, p := range byCode(byHandle) {
		ps.People = append(ps.People, g.personLine(p, at))
	}
	return ps
}

// Member is one person, by handle or id; nil if the ledger does not know them.
func (g *backing) Member(person string, at domain.Day) *PersonLine {
	p := g.state.Person(person)
	if p == nil {
		return nil
	}
	l := g.personLine(p, at)
	return &l
}

func (g *backing) personLine(p *domain.Person, at domain.Day) PersonLine {
	l := PersonLine{
		ID: p.ID, Handle: p.Handle, Office: p.Office, Organisation: g.anybody(p.Organisation), Since: p.Since, Left: p.Left, Erased: p.Erased,
		Seats: []SeatHeldLine{}, Duties: []domain.DutyName{}, Member: g.state.Member(p.ID, at), Index: p.Index, Sealed: p.Sealed,
	}
	for _, seat := range g.state.SeatsOf(p.ID, at) {
		l.Seats = append(l.Seats, SeatHeldLine{g.body(seat), g.state.RoleOn(g.state.Seats[seat], p.ID, at)})
	}
	for _, d := range g.state.DutiesOn(at) {
		if d.Person == p.ID {
			l.Duties = append(l.Duties, d.Duty)
		}
	}
	return l
}
