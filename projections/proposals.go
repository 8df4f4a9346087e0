package projections

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"

	"goldenthread/domain"
)

// Proposals is what seats put to the others, as it stands on a day (rules C1–C14).
type Proposals struct {
	Stamp
	Proposals []ProposalLine `json:"proposals"`
}

// A ProposalLine is one proposal in a list.
type ProposalLine struct {
	Ref        string         `json:"ref"`
	Title      string         `json:"title"`
	Matter     string         `json:"matter"`
	Stage      domain.Stage   `json:"stage" enum:"draft,open,agreed,withdrawn,lapsed"`
	Seat       *Body          `json:"seat,omitempty" doc:"that raised it; none: brought in"`
	Raised     domain.Day     `json:"raised,omitzero"`
	Closes     domain.Day     `json:"closes,omitzero" doc:"on which it lapses without consensus"`
	AgreedOn   domain.Day     `json:"agreedOn,omitzero"`
	EndedOn    domain.Day     `json:"endedOn,omitzero" doc:"withdrawn or lapsed"`
	Version    int            `json:"version"`
	WaitingFor []string       `json:"waitingFor" doc:"what keeps an open proposal from being agreed"`
	Lacks      domain.Lacking `json:"-"` // the same, for those who count
	SetAside   *SetAsideBy    `json:"setAside,omitempty"`
	BroughtIn  string         `json:"broughtIn,omitempty" doc:"evidence, where it stood before the ledger"`
	Index      uint64         `json:"raisedIndex"`
}

// SetAsideBy is the later agreement that ended an agreement.
type SetAsideBy struct {
	On domain.Day `json:"on"`
	By string     `json:"by"`
}

// Proposal is one proposal with everything that was said on it.
type Proposal struct {
	Stamp
	ProposalLine
	By             *Who              `json:"by,omitempty" doc:"who raised it, for the seat"`
	Reopens        string            `json:"reopens,omitempty" doc:"settled proposal that it opens again"`
	New            string            `json:"new,omitempty" doc:"what is new about a settled matter"`
	Reason         string            `json:"reason,omitempty" doc:"of a withdrawal"`
	Versions       []ProposalVersion `json:"versions" doc:"in order; the last is the current one"`
	Roll           []RollLine        `json:"roll" doc:"each entitled seat, and what it says to the current version"`
	RollSay        string            `json:"rollSay" doc:"the roll in a sentence"`
	ObjectionsEnd  domain.Day        `json:"objectionsEnd,omitzero" doc:"open: first day on which the newest version is no longer open for objections"`
	Supports       []string          `json:"supports"`
	StandsAside    []string          `json:"standsAside"`
	Objects        []string          `json:"objects"`
	NotHeard       []string          `json:"notHeard"`
	Positions      []PositionTaken   `json:"positions" doc:"all of them, in order"`
	Objections     []ObjectionLine   `json:"objections"`
	Conflicts      []ConflictLine    `json:"conflicts" doc:"interests declared on it"`
	Offers         []OfferLine       `json:"offers" doc:"words that somebody suggested"`
	Payments       []PaymentLine     `json:"payments"`
	Working        Working           `json:"working" doc:"what was tried to work its objections through"`
	Rests          []RestsLine       `json:"rests" doc:"in a wider group: what consents rest on in other ledgers"`
	Unenactable    string            `json:"unenactable,omitempty" doc:"why it could not be enacted as things stand"`
	Enacted        []EnactedLine     `json:"enacted" doc:"what the agreement made, such as D1"`
	Binds          string            `json:"binds" doc:"whether it binds a practice, in words"`
	AgreementIndex uint64            `json:"agreementIndex,omitzero"`
}

// A RestsLine is what another group's consent rests on (rule G1).
type RestsLine struct {
	Seat    Body       `json:"seat"`
	Version int        `json:"version" doc:"consented to"`
	Ledger  string     `json:"ledger" doc:"name of that group in addresses"`
	Ref     string     `json:"ref" doc:"agreement or delegation there"`
	Index   uint64     `json:"index" doc:"of the event there"`
	Title   string     `json:"title,omitempty" doc:"only where an old ledger holds it"`
	Matters []string   `json:"matters,omitempty" doc:"only where an old ledger holds them"`
	Say     string     `json:"say" doc:"by whom it was agreed, in a sentence"`
	Root    string     `json:"root,omitempty" doc:"root hash, in base64, of the checkpoint that the proof leads to"`
	Proof   []byte     `json:"proof,omitempty"`
	On      domain.Day `json:"on"`
	Here    uint64     `json:"here" doc:"index of the event here that says so"`
}

// A ProposalVersion is the exact words of a proposal at one time.
type ProposalVersion struct {
	Version     int              `json:"version"`
	Title       string           `json:"title"`
	Text        string           `json:"text"`
	Instruments []InstrumentLine `json:"instruments" doc:"what it would enact"`
	By          *Who             `json:"by,omitempty"`
	Made        domain.Day       `json:"made,omitzero"`
	Put         domain.Day       `json:"put,omitzero" doc:"on which its window began; none: a draft"`
	Window      int              `json:"windowDays,omitempty"`
	WindowEnds  domain.Day       `json:"windowEnds,omitzero" doc:"at whose start it may be agreed"`
	Fallen      []Body           `json:"fallen" doc:"seats whose positions fell when it was made"`
	Index       uint64           `json:"index"`
}

// An InstrumentLine is what an agreement would enact, in a sentence and exactly.
type InstrumentLine struct {
	Say        string            `json:"say"`
	Instrument domain.Instrument `json:"instrument"`
}

// A RollLine is one seat's line in the roll.
type RollLine struct {
	Seat     Body                `json:"seat"`
	Person   *Who                `json:"person,omitempty"`
	Role     domain.SeatRole     `json:"role,omitempty"`
	Position domain.RollPosition `json:"position" doc:"consent, stand-aside, blocks, not heard, vacant, heard, to be confirmed, or heard to object, to be answered"`
	Time     time.Time           `json:"time,omitzero" doc:"recorded"`
	Index    uint64              `json:"index,omitzero"`
	Reason   string              `json:"reason,omitempty"`
	Interest string              `json:"interest,omitempty"`
	Heard    string              `json:"heard,omitempty" doc:"how, where the manager recorded it"`
	Stand    domain.Stand        `json:"stand,omitempty" enum:"consent,stand-aside" doc:"what was heard and is to be confirmed"`
	Signed   bool                `json:"signed,omitzero" doc:"with a passkey of the person"`
}

// PositionTaken is what a seat said to a version.
type PositionTaken struct {
	Version     int             `json:"version"`
	Current     bool            `json:"current" doc:"on the current version; those on earlier ones fell"`
	Seat        Body            `json:"seat"`
	Person      Who             `json:"person"`
	Role        domain.SeatRole `json:"role"`
	Stand       domain.Stand    `json:"stand" enum:"consent,stand-aside"`
	NeedNotWait bool            `json:"needNotWait,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Interest    string          `json:"interest,omitempty"`
	Heard       string          `json:"heard,omitempty"`
	Unconfirmed bool            `json:"unconfirmed,omitempty" doc:"counts only once confirmed"`
	Signed      bool            `json:"signed,omitzero" doc:"with a passkey of the person"`
	Time        time.Time       `json:"time" doc:"recorded"`
	Index       uint64          `json:"index"`
}

// An ObjectionLine is a seat's reason against a version.
type ObjectionLine struct {
	Ref           string          `json:"ref"`
	Version       int             `json:"version"`
	Seat          Body            `json:"seat"`
	Person        Who             `json:"person"`
	Role          domain.SeatRole `json:"role"`
	Grade         domain.Grade    `json:"grade" enum:"concern,block"`
	Why           string          `json:"why"`
	WouldResolve  string          `json:"wouldResolve"`
	On            domain.Day      `json:"on"`
	Open          bool            `json:"open"`
	How           domain.HowLost  `json:"how,omitempty" doc:"accepted or withdrawn"`
	Met           string          `json:"met,omitempty" doc:"the resolution that was accepted"`
	Ended         domain.Day      `json:"ended,omitzero"`
	EndedBy       *Who            `json:"endedBy,omitempty"`
	ResolvedIndex uint64          `json:"resolvedIndex,omitzero"`
	Index         uint64          `json:"index"`
}

// A ConflictLine is a person's interest in a proposal.
type ConflictLine struct {
	Person Who    `json:"person"`
	Words  string `json:"words"`
	Index  uint64 `json:"index"`
}

// An OfferLine is words that somebody suggested.
type OfferLine struct {
	Version int        `json:"version"`
	Person  Who        `json:"person"`
	Words   string     `json:"words"`
	On      domain.Day `json:"on"`
	Index   uint64     `json:"index"`
}

// A PaymentLine is the paying organisation's consent.
type PaymentLine struct {
	Organisation Body       `json:"organisation"`
	Person       Who        `json:"person"`
	Version      int        `json:"version"`
	On           domain.Day `json:"on"`
	Index        uint64     `json:"index"`
}

// Proposals answers for that day: what was raised up to it, with the stage that
// it then had; a stage given, only those at it.
func (g *authority) Proposals(at domain.Day, stage string) Proposals {
	ps := Proposals{g.stamp(at), []ProposalLine{}}
	for _, p := range byNumber(g.state.Proposals) {
		s, p := g.proposalOn(p, at)
		if p == nil || (stage != "" && string(p.Stage) != stage) {
			continue
		}
		ps.Proposals = append(ps.Proposals, g.proposalLine(s, p, at))
	}
	return ps
}

// Proposal answers for that day; an unknown number, or one that was not raised
// by then, is refused.
func (g *authority) Proposal(number string, at domain.Day) (Proposal, *domain.Refusal) {
	known := g.state.Proposals[number]
	if known == nil {
		return Proposal{}, &domain.Refusal{Rule: "C1", Say: "There is no proposal " + strconv.Quote(clip(number)) + " here.", Class: domain.NotFound}
	}
	s, p := g.proposalOn(known, at)
	if p == nil {
		return Proposal{}, &domain.Refusal{Rule: "C1", Say: number + " had not been raised by " + at.Words() + ".", Class: domain.NotFound}
	}
	return g.proposal(s, p, at), nil
}

// proposalOn is the proposal as it stood on that day, in a state in which its
// objections stand as they did; nil if it had not been raised. Acts at the table
// count when they are recorded (rule F8), so what was said later is left out.
func (g *authority) proposalOn(p *domain.Proposal, at domain.Day) (*domain.View, *domain.Proposal) {
	s := g.state
	if began := cmp.Or(p.Raised, p.AgreedOn); began > at {
		return s, nil
	}
	if at >= domain.DayOf(s.Last) {
		return s, p
	}
	past := *p
	later := func(d domain.Day) bool { return d > at }
	past.Versions = slices.DeleteFunc(slices.Clone(p.Versions), func(v domain.Version) bool { return later(v.Made) })
	past.Positions = slices.DeleteFunc(slices.Clone(p.Positions), func(o domain.Position) bool {
		return later(domain.DayOf(time.UnixMilli(o.Time)))
	})
	past.Offers = slices.DeleteFunc(slices.Clone(p.Offers), func(o domain.Offer) bool { return later(o.On) })
	past.Payments = slices.DeleteFunc(slices.Clone(p.Payments), func(o domain.Payment) bool { return later(o.On) })
	past.Objections = slices.DeleteFunc(slices.Clone(p.Objections), func(n string) bool { return later(s.Objections[n].On) })
	past.Conflicts = slices.DeleteFunc(slices.Clone(p.Conflicts), func(c domain.Conflict) bool {
		return !slices.ContainsFunc(past.Positions, func(o domain.Position) bool { return o.Index == c.Index })
	})
	past.Working = workingOn(p.Working, at)
	if later(past.SetAside) {
		past.SetAside, past.SetAsideBy = 0, ""
	}
	turnBack(&past, at)
	return g.objectionsOn(&past, at), &past
}

// turnBack gives the proposal the stage that it had on that day.
func turnBack(p *domain.Proposal, at domain.Day) {
	switch {
	case p.Stage == domain.Agreed && p.AgreedOn <= at, p.Ended != 0 && p.Ended <= at:
		return
	}
	p.AgreedOn, p.Agreement, p.Roll, p.Ended, p.Reason, p.Stage = 0, 0, nil, 0, "", domain.Draft
	for i := range p.Versions {
		if v := &p.Versions[i]; v.Put > at {
			v.Put, v.Window = 0, 0
		} else if v.Put != 0 {
			p.Stage = domain.Open
		}
	}
	p.Closes = 0
	for i := range p.Versions {
		if p.Versions[i].Put != 0 {
			p.Closes = max(p.Closes, p.Versions[i].Closes)
		}
	}
	if p.Working != nil && p.Working.PutOff != nil {
		p.Closes = max(p.Closes, p.Working.PutOff.Closes)
	}
}

func (g *authority) objectionsOn(p *domain.Proposal, at domain.Day) *domain.View {
	s := *g.state.State
	s.Objections = maps.Clone(s.Objections)
	for _, n := range p.Objections {
		if o := *s.Objections[n]; o.Ended > at {
			o.How, o.Words, o.Ended, o.EndedBy, o.EndedIndex = "", "", 0, "", 0
			s.Objections[n] = &o
		}
	}
	v := *g.state
	v.State = &s
	return &v
}

func (g *authority) proposalLine(s *domain.View, p *domain.Proposal, at domain.Day) ProposalLine {
	l := ProposalLine{
		Ref: p.Number, Title: p.Title(), Matter: p.Matter, Stage: p.Stage, Seat: g.anybody(p.Seat), Raised: p.Raised, Closes: p.Closes,
		AgreedOn: p.AgreedOn, EndedOn: p.Ended, Version: p.Version().Number, WaitingFor: []string{}, BroughtIn: p.BroughtIn, Index: p.Index,
	}
	if p.Stage == domain.Open {
		l.Lacks, l.WaitingFor = s.LackingOn(p, at), domain.OrEmpty(s.WaitingFor(p, at))
	}
	if p.SetAside != 0 {
		l.SetAside = &SetAsideBy{p.SetAside, p.SetAsideBy}
	}
	return l
}

func (g *authority) proposal(s *domain.View, p *domain.Proposal, at domain.Day) Proposal {
	a := Proposal{
		Stamp: g.stamp(at), ProposalLine: g.proposalLine(s, p, at), By: g.anyone(p.By), Reopens: p.Reopens, New: p.New, Reason: p.Reason,
		Versions: []ProposalVersion{}, Roll: []RollLine{}, Supports: []string{}, StandsAside: []string{}, Objects: []string{}, NotHeard: []string{},
		Positions: []PositionTaken{}, Objections: []ObjectionLine{}, Conflicts: []ConflictLine{}, Offers: []OfferLine{}, Payments: []PaymentLine{},
		Working: g.working(s, p, at), Rests: []RestsLine{}, Enacted: []EnactedLine{}, Binds: g.binds(p, at), AgreementIndex: p.Agreement,
	}
	for i := range p.Versions {
		a.Versions = append(a.Versions, g.proposalVersion(&p.Versions[i]))
	}
	if p.Stage == domain.Open {
		a.ObjectionsEnd = s.ObjectionsEnd(p, at)
		if r := s.Unenactable(p, at); r != nil {
			a.Unenactable = r.Say
		}
	}
	for _, c := range s.Proved {
		if c.To == p.Number && c.On <= at {
			a.Rests = append(a.Rests, g.rests(c))
		}
	}
	g.addRoll(&a, s, p, at)
	g.addSaid(&a, s, p)
	if p.Stage == domain.Agreed {
		a.Enacted = g.enacted(p.Number)
	}
	return a
}

func (g *authority) proposalVersion(v *domain.Version) ProposalVersion {
	l := ProposalVersion{
		Version: v.Number, Title: v.Title, Text: v.Text, Instruments: []InstrumentLine{}, By: g.anyone(v.By), Made: v.Made, Put: v.Put,
		Window: v.Window, Fallen: g.bodies(v.Fallen), Index: v.Index,
	}
	if v.Put != 0 {
		l.WindowEnds = v.Put.Add(v.Window)
	}
	for i := range v.Instruments {
		l.Instruments = append(l.Instruments, InstrumentLine{g.instrumentSay(&v.Instruments[i]), v.Instruments[i]})
	}
	return l
}

// addRoll names who supports, stands aside, objects and has not been heard,
// never a percentage (rule C12). A roll is of an open or an agreed proposal.
func (g *authority) addRoll(a *Proposal, s *domain.View, p *domain.Proposal, at domain.Day) {
	if p.Stage != domain.Open && (p.Stage != domain.Agreed || p.BroughtIn != "") {
		return
	}
	roll := s.RollOn(p, at)
	a.RollSay = domain.RollWords(roll)
	for _, e := range roll {
		l := RollLine{Seat: Body{e.Seat, e.Name}, Role: e.Role, Position: e.Position, Index: e.Index, Reason: e.Reason, Interest: e.Interest, Heard: e.Heard}
		l.Signed = slices.ContainsFunc(p.Positions, func(o domain.Position) bool { return o.Signed && o.Index == e.Index })
		if e.Position == domain.RollUnconfirmed {
			pos := p.ToConfirm(e.Seat)
			l.Stand, l.Index = pos.Stand, pos.Index
		}
		if e.Time != 0 {
			l.Time = time.UnixMilli(e.Time).UTC()
		}
		if e.Person != "" {
			l.Person = &Who{Handle: g.who(e.Person).Handle, Office: e.Office}
		}
		a.Roll = append(a.Roll, l)
		switch e.Position {
		case domain.RollConsents:
			a.Supports = append(a.Supports, e.Name)
		case domain.RollStandsAside:
			a.StandsAside = append(a.StandsAside, e.Name)
		case domain.RollBlocks:
			a.Objects = append(a.Objects, e.Name)
		case domain.RollNotHeard, domain.RollVacant, domain.RollUnconfirmed, domain.RollToAnswer:
			a.NotHeard = append(a.NotHeard, e.Name)
		}
	}
}

// addSaid adds what was said on the proposal, in order.
func (g *authority) addSaid(a *Proposal, s *domain.View, p *domain.Proposal) {
	for _, o := range p.Positions {
		a.Positions = append(a.Positions, PositionTaken{
			Version: o.Version, Current: o.Version == p.Version().Number, Seat: g.body(o.Seat), Person: g.who(o.Person), Role: o.Role, Stand: o.Stand,
			NeedNotWait: o.NeedNotWait, Reason: o.Reason, Interest: o.Interest, Heard: o.Heard, Unconfirmed: o.Heard != "" && !o.Confirmed, Signed: o.Signed,
			Time: time.UnixMilli(o.Time).UTC(), Index: o.Index,
		})
	}
	for _, n := range p.Objections {
		o := s.Objections[n]
		a.Objections = append(a.Objections, ObjectionLine{
			Ref: o.Number, Version: o.Version, Seat: g.body(o.Seat), Person: g.who(o.Person), Role: o.Role, Grade: o.Grade, Why: o.Why, WouldResolve: o.WouldResolve,
			On: o.On, Open: o.How == "", How: o.How, Met: o.Words, Ended: o.Ended, EndedBy: g.anyone(o.EndedBy), ResolvedIndex: o.EndedIndex, Index: o.Index,
		})
	}
	for _, c := range p.Conflicts {
		a.Conflicts = append(a.Conflicts, ConflictLine{g.who(c.Person), c.Words, c.Index})
	}
	for _, o := range p.Offers {
		a.Offers = append(a.Offers, OfferLine{o.Version, g.who(o.Person), o.Words, o.On, o.Index})
	}
	for _, o := range p.Payments {
		a.Payments = append(a.Payments, PaymentLine{g.body(o.Organisation), g.who(o.Person), o.Version, o.On, o.Index})
	}
}

// binds says whether it binds a practice (rule C14).
func (g *authority) binds(p *domain.Proposal, at domain.Day) string {
	const no = " changes no practice's contract, moves no practice's money without that practice's signature, and replaces no consultation that the LMC is owed."
	const after = " It still binds those whose mandate has ended since, and binds those who joined later from the day they joined, unless they depart from it."
	c := g.state.CoverageOn(p.Matter, cmp.Or(p.AgreedOn, at))
	those := domain.Thousands(c.Practices) + " of " + domain.Count(c.OfPractices, "practice")
	switch {
	case p.SetAside != 0:
		return p.Number + " was set aside by " + p.SetAsideBy + " on " + p.SetAside.Words() + " and binds no longer; what was made within it before stands. It" + no
	case p.Stage == domain.Agreed:
		return p.Number + " binds in honour those whose mandate stands: " + those + " when it was agreed. It" + no + after
	case p.Stage == domain.Withdrawn || p.Stage == domain.Lapsed:
		return p.Number + " was not agreed and binds nobody."
	}
	return p.Number + " binds nobody unless it is agreed. It would then bind in honour those whose mandate stands, now " + those + ". It" + no
}
