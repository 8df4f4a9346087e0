package domain

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Proposals (rules C1, C2, C11, C13): any seat raises one; only that seat
// amends it; each version has a window of its own.

// Stage is how far a proposal has come.
type Stage string

const (
	Draft     Stage = "draft"
	Open      Stage = "open"
	Agreed    Stage = "agreed"
	Withdrawn Stage = "withdrawn"
	Lapsed    Stage = "lapsed"
)

// RaiseProposal puts a proposal to the seats, or keeps it as a draft (rule C1).
type RaiseProposal struct {
	Seat        string       `json:"seat,omitempty" doc:"organisation's code; needed only by who holds several" maxLength:"60" rule:"C1" of:"seat" ask:"Which seat?"`
	Title       string       `json:"title" maxLength:"200" call:"a title" ask:"Title" hint:"A few words that people can say aloud."`
	Text        string       `json:"text" maxLength:"20000" call:"the text" ask:"The exact words" hint:"What would be agreed, as it would be read out. Change them as you like; what it would do stays as it stands above."`
	Matter      string       `json:"matter" maxLength:"120" rule:"F6" of:"matter" ask:"What is it about?" hint:"One of the charter's subjects, or a path below one."`
	Instruments []Instrument `json:"instruments,omitempty" maxItems:"50"`
	Draft       bool         `json:"draft,omitempty" doc:"keep it as a draft for now" ask:"Keep it as a draft for now"`
	Reopens     string       `json:"reopens,omitempty" doc:"number of the settled proposal that it opens again" rule:"C11" of:"settled" ask:"Which proposal does it open again?" none:"None"`
	New         string       `json:"new,omitempty" doc:"what is new about a settled matter" maxLength:"2000" call:"what is new" ask:"What is new about it?" hint:"Needed when a settled matter is opened again, or when something is put in the place of an agreement that is set aside."`
}

func (c *RaiseProposal) may(w *who) (Permission, *Refusal) { return w.mustSit("C1", c.Seat) }

func (c *RaiseProposal) decide(t *turn) *Refusal {
	if r := t.mustBeEstablished(); r != nil {
		return r
	}
	seat := t.permission.seat
	if r := firstRefusal(
		t.s.checkUnsettled(seat),
		t.s.Charter().checkKnown(c.Matter).at("matter"),
		c.checkNew(t.s.State),
	); r != nil {
		return r
	}
	number := t.number('P')
	if r := t.tryInstruments(c.Instruments, number, t.day); r != nil {
		return r
	}
	raised := t.record(&ProposalRaised{
		Proposal: number, Seat: seat.ID, Title: c.Title, Text: c.Text, Matter: c.Matter, Instruments: settledInstruments(c.Instruments), Reopens: c.Reopens, New: c.New,
	})
	if !c.Draft {
		t.put(number, 1, raised)
	}
	return nil
}

// mostUnsettled is how many drafts and open proposals one seat may have at once (rule C1).
const mostUnsettled = 50

// checkUnsettled refuses a seat that has as many drafts and open proposals as it may (rule C1).
func (s *consensus) checkUnsettled(seat *Seat) *Refusal {
	has := 0
	for _, p := range s.Proposals {
		if p.Seat == seat.ID && (p.Stage == Draft || p.Stage == Open) {
			has++
		}
	}
	if has < mostUnsettled {
		return nil
	}
	return notNow("C1", "%s has %d drafts and open proposals, and no more fit: withdraw one, or wait until one is settled.", s.name(seat.ID), has)
}

// checkNew refuses to open a settled matter again without saying what is new
// about it (rule C11).
func (c *RaiseProposal) checkNew(s *State) *Refusal {
	if c.Reopens != "" && (s.Proposals[c.Reopens] == nil || !s.Proposals[c.Reopens].Settled()) {
		return notFound("C11", "%q is not a settled proposal here.", Clip(c.Reopens)).at("reopens")
	}
	if !isBlank(c.New) {
		return nil
	}
	if c.Reopens != "" {
		return notNow("C11", "%s is settled. Say in words what is new about it.", c.Reopens).at("new")
	}
	if onlySetsAside(c.Instruments) {
		return nil // it names what it undoes, and puts nothing in its place
	}
	for _, i := range c.Instruments {
		if i.SetAside != nil {
			return notNow("C11", "%s is settled, and this puts something in its place. Say in words what is new about it.", Clip(i.SetAside.Agreement)).at("new")
		}
	}
	for _, p := range s.Proposals {
		if p.Settled() && p.Matter == c.Matter && sameWords(p.Title(), c.Title) {
			return notNow("C11", "%s, with the same title, is settled. Say in words what is new about it.", p.Number).at("new")
		}
	}
	return nil
}

// onlySetsAside says whether the instruments set agreements aside and do nothing
// else (rule C9).
func onlySetsAside(is []Instrument) bool {
	return len(is) > 0 && !slices.ContainsFunc(is, func(i Instrument) bool { return i.SetAside == nil })
}

// PutProposal opens a draft: its window begins (rule C1).
type PutProposal struct {
	Proposal string `json:"proposal" rule:"C1" of:"proposal" ask:"Which proposal?"`
}

func (c *PutProposal) may(w *who) (Permission, *Refusal) { return w.mustHaveRaised(c.Proposal) }

func (c *PutProposal) decide(t *turn) *Refusal {
	p := t.s.Proposals[c.Proposal]
	if r := p.checkStage(Draft); r != nil {
		return r
	}
	if r := t.tryInstruments(p.Version().Instruments, p.Number, t.day); r != nil {
		return r
	}
	t.put(p.Number, p.Version().Number, t.nextIndex())
	return nil
}

func (t *turn) put(number string, version int, cause uint64) {
	ch := t.s.CharterOn(t.day).Charter
	t.recordBecause(cause, t.day, &ProposalPut{Proposal: number, Version: version, Window: ch.Window, Closes: t.day.Add(max(ch.CloseWithin, ch.Window))})
}

// AmendProposal makes a new version with a window of its own. Consents and
// stand-asides fall; objections stay until their seat lets them go (rule C2).
type AmendProposal struct {
	Proposal    string       `json:"proposal" rule:"C2" of:"proposal" ask:"Which proposal?"`
	Version     int          `json:"version" doc:"the version that it replaces"`
	Title       string       `json:"title,omitempty" doc:"none: as before" maxLength:"200" call:"the title" ask:"Title" hint:"A few words that people can say aloud."`
	Text        string       `json:"text" maxLength:"20000" call:"the text" ask:"The exact words" hint:"What would be agreed, as it would be read out. Change them as you like; what it would do stays as it stands above."`
	Instruments []Instrument `json:"instruments,omitempty" maxItems:"50"`
}

func (c *AmendProposal) may(w *who) (Permission, *Refusal) { return w.mustHaveRaised(c.Proposal) }

func (c *AmendProposal) decide(t *turn) *Refusal {
	p := t.s.Proposals[c.Proposal]
	if r := p.checkStage(Draft, Open); r != nil {
		return r
	}
	if r := firstRefusal(
		p.checkVersion(c.Version),
		t.tryInstruments(c.Instruments, p.Number, t.day),
	); r != nil {
		return r
	}
	if c.changesNothing(p) {
		return notNow("C2", "This changes nothing in %s: the title, the text and what it would do are those of version %d. Nobody's position has fallen.", p.Number, c.Version)
	}
	var fallen []string
	for _, pos := range p.current() {
		fallen = appendNew(fallen, pos.Seat)
	}
	amended := t.record(&ProposalAmended{
		Proposal: p.Number, Version: c.Version + 1, Title: cmp.Or(c.Title, p.Title()), Text: c.Text, Instruments: settledInstruments(c.Instruments), Fallen: fallen,
	})
	if p.Stage == Open {
		ch := t.s.CharterOn(t.day).Charter
		t.recordBecause(amended, t.day, &ProposalPut{Proposal: p.Number, Version: c.Version + 1, Window: ch.Window, Closes: max(p.Closes, t.day.Add(ch.Window))})
	}
	return nil
}

// changesNothing says whether the newest version has that title, that text and
// those instruments already; how lines end makes no difference.
func (c *AmendProposal) changesNothing(p *Proposal) bool {
	v := p.Version()
	return sameLines(cmp.Or(c.Title, v.Title), v.Title) && sameLines(c.Text, v.Text) && sameSaid(settledInstruments(c.Instruments), settledInstruments(v.Instruments))
}

// OfferWords suggests other words for a proposal; anybody here may (rule C2).
type OfferWords struct {
	Proposal string `json:"proposal" rule:"C2" of:"proposal" ask:"Which proposal?"`
	Words    string `json:"words" maxLength:"20000" call:"the words" ask:"Your words" hint:"Only the seat that raised it can take them up."`
}

func (c *OfferWords) may(w *who) (Permission, *Refusal) {
	if _, r := w.s.proposal("C2", c.Proposal); r != nil {
		return Permission{}, r
	}
	return anyOf(notYours("F3", "Words are offered by members of the group."), w.member())
}

func (c *OfferWords) decide(t *turn) *Refusal {
	p := t.s.Proposals[c.Proposal]
	if r := p.checkStage(Draft, Open); r != nil {
		return r
	}
	t.record(&WordsOffered{Proposal: p.Number, Version: p.Version().Number, Person: t.actor.ID, Words: c.Words})
	return nil
}

// WithdrawProposal takes a proposal back; only the seat that raised it may (rule C1).
type WithdrawProposal struct {
	Proposal string `json:"proposal" rule:"C1" of:"proposal" ask:"Which proposal?"`
	Reason   string `json:"reason,omitempty" maxLength:"2000" call:"the reason" ask:"Why?"`
}

func (c *WithdrawProposal) may(w *who) (Permission, *Refusal) { return w.mustHaveRaised(c.Proposal) }

func (c *WithdrawProposal) decide(t *turn) *Refusal {
	p := t.s.Proposals[c.Proposal]
	if r := p.checkStage(Draft, Open); r != nil {
		return r
	}
	t.record(&ProposalWithdrawn{Proposal: p.Number, Reason: c.Reason})
	return nil
}

// mustHaveRaised is the permission for the seat that raised the proposal, or that took
// over from it (rule C2).
func (w *who) mustHaveRaised(number string) (Permission, *Refusal) {
	p, r := w.s.proposal("C1", number)
	if r != nil {
		return Permission{}, r
	}
	return anyOf(notYours("C2", "Only %s, which raised %s, can do this. Anybody may offer words.", w.s.name(p.Seat), p.Number), w.sitsForAny(w.s.LetGoBy(p.Seat, w.day)))
}

func (s *decisions) proposal(rule, number string) (*Proposal, *Refusal) {
	if p := s.Proposals[number]; p != nil {
		return p, nil
	}
	return nil, notFound(rule, "There is no proposal %q here.", Clip(number))
}

func (p *Proposal) checkStage(stages ...Stage) *Refusal {
	if slices.Contains(stages, p.Stage) {
		return nil
	}
	switch p.Stage {
	case Agreed:
		return notNow("C5", "%s was agreed on %s. Only a new proposal, saying what is new, can change that.", p.Number, p.AgreedOn.Words())
	case Draft:
		return notNow("C1", "%s is still a draft.", p.Number)
	case Open:
		return notNow("C1", "%s is already open.", p.Number)
	case Withdrawn:
		return notNow("C1", "%s was withdrawn on %s.", p.Number, p.Ended.Words())
	case Lapsed:
		return notNow("C13", "%s lapsed on %s without consensus.", p.Number, p.Ended.Words())
	}
	return invalid("C1", "%s can't be acted on.", p.Number)
}

// checkVersion refuses an act on words that have since been replaced (rule C2).
func (p *Proposal) checkVersion(v int) *Refusal {
	now := p.Version().Number
	switch {
	case v == now:
		return nil
	case v < 1 || v > now:
		return notFound("C2", "%s has no version %d; the newest is version %d.", p.Number, v, now)
	}
	return notNow("C2", "Version %d of %s has been replaced. Please read version %d first.", v, p.Number, now)
}

// ProposalRaised: a seat raised a proposal.
type ProposalRaised struct {
	Proposal    string       `json:"proposal"`
	Seat        string       `json:"seat"`
	Title       string       `json:"title"`
	Text        string       `json:"text"`
	Matter      string       `json:"matter"`
	Instruments []Instrument `json:"instruments,omitempty"`
	Reopens     string       `json:"reopens,omitempty"`
	New         string       `json:"new,omitempty"`
}

func (e *ProposalRaised) Subject() string { return "proposal/" + e.Proposal }
func (e *ProposalRaised) made() string    { return e.Proposal }
func (e *ProposalRaised) apply(s *State, ev *Event) {
	s.took(e.Proposal)
	s.Proposals[e.Proposal] = &Proposal{
		Number: e.Proposal, Seat: e.Seat, By: actorID(ev), Matter: e.Matter, Stage: Draft, Raised: ev.Effective, Reopens: e.Reopens, New: e.New,
		Versions: []Version{{Number: 1, Title: e.Title, Text: e.Text, Instruments: e.Instruments, By: actorID(ev), Made: ev.Effective, Index: ev.Index}},
		Index:    ev.Index, LastIndex: ev.Index,
	}
}

// ProposalPut: a version is open, for a window of days, until it closes.
type ProposalPut struct {
	Proposal string `json:"proposal"`
	Version  int    `json:"version"`
	Window   int    `json:"window"`
	Closes   Day    `json:"closes"`
}

func (e *ProposalPut) Subject() string { return "proposal/" + e.Proposal }
func (e *ProposalPut) apply(s *State, ev *Event) {
	p := s.touch(e.Proposal, ev)
	p.Stage, p.Closes = Open, e.Closes
	p.Versions = slices.Clone(p.Versions)
	v := &p.Versions[e.Version-1]
	v.Put, v.PutIndex, v.Window = ev.Effective, ev.Index, e.Window
	v.Closes = e.Closes
	v.Asked, v.Held = s.askedAt(DayOf(ev.Time), e.Window)
	s.open = appendNew(s.open, e.Proposal)
}

// ProposalAmended: a proposal has a new version.
type ProposalAmended struct {
	Proposal    string       `json:"proposal"`
	Version     int          `json:"version"`
	Title       string       `json:"title"`
	Text        string       `json:"text"`
	Instruments []Instrument `json:"instruments,omitempty"`
	Fallen      []string     `json:"fallen,omitempty" doc:"seats whose positions fell"`
}

func (e *ProposalAmended) Subject() string { return "proposal/" + e.Proposal }
func (e *ProposalAmended) apply(s *State, ev *Event) {
	p := s.touch(e.Proposal, ev)
	p.Versions = append(slices.Clip(p.Versions), Version{
		Number: e.Version, Title: e.Title, Text: e.Text, Instruments: e.Instruments, By: actorID(ev), Made: ev.Effective, Fallen: e.Fallen, Index: ev.Index,
	})
}

// WordsOffered: somebody suggested other words.
type WordsOffered struct {
	Proposal string `json:"proposal"`
	Version  int    `json:"version"`
	Person   string `json:"person"`
	Words    string `json:"words"`
}

func (e *WordsOffered) Subject() string { return "proposal/" + e.Proposal }
func (e *WordsOffered) apply(s *State, ev *Event) {
	p := edit(s.Proposals, e.Proposal)
	p.Offers = append(slices.Clip(p.Offers), Offer{e.Version, e.Person, e.Words, ev.Effective, ev.Index})
}

// ProposalWithdrawn: the seat that raised a proposal took it back.
type ProposalWithdrawn struct {
	Proposal string `json:"proposal"`
	Reason   string `json:"reason,omitempty"`
}

func (e *ProposalWithdrawn) Subject() string { return "proposal/" + e.Proposal }
func (e *ProposalWithdrawn) apply(s *State, ev *Event) {
	s.end(e.Proposal, ev, Withdrawn).Reason = e.Reason
}

// touch gives out the proposal to be changed by something that counts towards
// its settlement.
func (s *decisions) touch(number string, ev *Event) *Proposal {
	p := edit(s.Proposals, number)
	p.LastIndex, p.LastDay = ev.Index, DayOf(ev.Time)
	return p
}

func (s *decisions) end(number string, ev *Event, stage Stage) *Proposal {
	p := s.touch(number, ev)
	p.Stage, p.Ended = stage, ev.Effective
	s.open = slices.DeleteFunc(slices.Clone(s.open), func(n string) bool { return n == number })
	return p
}

func actorID(ev *Event) string { return strings.TrimPrefix(ev.Actor, "person/") }

// decisions are what the group was asked to agree to, and what it agreed.
type decisions struct {
	Proposals  map[string]*Proposal
	Objections map[string]*Objection
	Positions  []*AdoptedPosition // of the group on a matter, red lines among them
	Proved     []*ProvedConsent   // of other groups, and what they rest on
	open       []string           // proposals that are open, in order
}

func newDecisions() decisions {
	return decisions{Proposals: map[string]*Proposal{}, Objections: map[string]*Objection{}}
}

func (s decisions) copy() decisions {
	s.Proposals, s.Objections = maps.Clone(s.Proposals), maps.Clone(s.Objections)
	s.Positions, s.Proved, s.open = slices.Clip(s.Positions), slices.Clip(s.Proved), slices.Clip(s.open)
	return s
}

// A Proposal is what a seat put to the others.
type Proposal struct {
	Number     string
	Seat       string // that raised it
	By         string // person
	Matter     string
	Stage      Stage
	Raised     Day
	Closes     Day // on which it lapses without consensus
	Reopens    string
	New        string
	Reason     string // of a withdrawal
	Ended      Day    // withdrawn or lapsed
	Versions   []Version
	Positions  []Position       // all of them, in order
	Objections []string         // numbers
	Heard      []HeardObjection // by the manager, in order
	Conflicts  []Conflict
	Offers     []Offer
	Payments   []Payment
	Working    *WorkingThrough // what was tried to work its objections through; nil: nothing
	AgreedOn   Day
	Roll       []RollEntry
	SetAside   Day
	SetAsideBy string
	BroughtIn  string // evidence, where it stood before the ledger
	Index      uint64 // of the event that raised it
	Agreement  uint64 // index of the agreement
	LastIndex  uint64 // newest event that counts towards settlement
	LastDay    Day    // on which that was recorded
}

// A Version is the exact words of a proposal at one time.
type Version struct {
	Number      int
	Title       string
	Text        string
	Instruments []Instrument
	By          string
	Made        Day
	Put         Day    // on which its window began; 0 for a draft
	PutIndex    uint64 // of the event that put it; 0 for a draft
	Window      int    // days
	Closes      Day    // of the proposal, when its window began
	Asked       []SeatAsked
	Held        int // how many seats were held when it was put
	Fallen      []string
	Index       uint64
}

// An Offer is words that somebody suggested.
type Offer struct {
	Version int
	Person  string
	Words   string
	On      Day
	Index   uint64
}

// Version is the newest version.
func (p *Proposal) Version() *Version { return &p.Versions[len(p.Versions)-1] }

// Title is the newest version's title.
func (p *Proposal) Title() string { return p.Version().Title }

// putAfter says whether the newest version was put to the seats after that event.
// One that is only tried, before it is raised, would be.
func (p *Proposal) putAfter(event uint64) bool {
	return len(p.Versions) == 0 || p.Version().PutIndex > event
}

// Settled says whether the proposal has come to its end.
func (p *Proposal) Settled() bool { return p.Stage == Agreed || p.Stage == Lapsed }

// WindowEnds is the day at whose start the newest version may be agreed (L8).
func (p *Proposal) WindowEnds() Day {
	v := p.Version()
	return v.Put.Add(v.Window)
}

// current are the positions on the newest version, in order.
func (p *Proposal) current() []Position {
	var ps []Position
	for _, pos := range p.Positions {
		if pos.Version == p.Version().Number {
			ps = append(ps, pos)
		}
	}
	return ps
}
