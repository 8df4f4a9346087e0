package domain

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Joining a wider group has two sides (rule G1). The wider group asks: it opens a seat
// for the place. The place answers: an agreement of its own names the wider group's
// ledger and who speaks for it there. What each ledger has to say to the other is handed
// on by whoever writes them, and recorded there by the ledger itself. So nobody in the
// wider group looks into a ledger that has not joined it, also not to find out whether
// there is one.

// JoinGroup takes the seat that a wider group asked the group to take, and says who
// speaks for it there (rule G1). Agreed again, it names others.
type JoinGroup struct {
	Ledger      string `json:"ledger" doc:"name of the wider group in addresses, such as greater-manchester" kind:"code" maxLength:"60" rule:"G1" call:"the name of the group" ask:"Which group do we join?" hint:"Its name in addresses, such as greater-manchester. That group can then read what our consents there rest on, and how many practices stand behind us."`
	Holder      string `json:"holder" doc:"handle or id of who holds the seat there" maxLength:"60" of:"person" ask:"Who speaks for us there?"`
	HolderThere string `json:"holderThere,omitempty" doc:"their handle in that ledger; none: the same as here" kind:"code" maxLength:"60" call:"the short name there" ask:"Their short name in that group" hint:"Leave it empty if it is the same as here."`
	Deputy      string `json:"deputy,omitempty" doc:"handle or id of who deputises there" maxLength:"60" of:"person" ask:"Who deputises there?" none:"Nobody for now"`
	DeputyThere string `json:"deputyThere,omitempty" doc:"their handle in that ledger; none: the same as here" kind:"code" maxLength:"60" call:"the short name there" ask:"The deputy's short name in that group" hint:"Leave it empty if it is the same as here."`
}

func (c *JoinGroup) check(t *turn, e enacting) *Refusal {
	switch {
	case c.Ledger == t.s.Group:
		return invalid("G1", "%s can't join itself.", t.s.Name).at("ledger")
	case strings.ContainsFunc(c.Ledger, func(r rune) bool { return r != '-' && !unicode.IsDigit(r) && !unicode.IsLower(r) }):
		return invalid("G1", "%q is not a group's name in addresses: use small letters, digits and hyphens.", Clip(c.Ledger)).at("ledger")
	}
	holder, r := t.s.personInOffice("G1", c.Holder, e.day)
	if r != nil {
		return r.at("holder")
	}
	if c.Deputy != "" {
		deputy, r := t.s.personInOffice("G1", c.Deputy, e.day)
		if r != nil {
			return r.at("deputy")
		}
		if deputy == holder {
			return invalid("G1", "Somebody else than the holder deputises.").at("deputy")
		}
	}
	speakers := c.speakers(t.s.State)
	if len(speakers) == 2 && speakers[0].Handle == speakers[1].Handle {
		return invalid("G1", "Holder and deputy have different short names there.").at("deputyThere")
	}
	if j := t.s.joining(c.Ledger, e.day); j != nil && slices.Equal(j.Speakers, speakers) {
		return notNow("G1", "%s has joined %s, by %s, and these people speak for it there.", t.s.Name, c.Ledger, j.Source).at("ledger")
	}
	return nil
}

func (c *JoinGroup) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &JoiningAgreed{Ledger: c.Ledger, Speakers: c.speakers(t.s.State), Source: e.source})
}

// speakers are who speaks there, the holder first.
func (c *JoinGroup) speakers(s *State) []Speaker {
	holder := s.Person(c.Holder)
	all := []Speaker{{cmp.Or(c.HolderThere, holder.Handle), Holder, holder.ID}}
	if deputy := s.Person(c.Deputy); deputy != nil {
		all = append(all, Speaker{cmp.Or(c.DeputyThere, deputy.Handle), Deputy, deputy.ID})
	}
	return all
}

// A Speaker is who speaks for a group in a wider one.
type Speaker struct {
	Handle string   `json:"handle" doc:"in the wider group"`
	Role   SeatRole `json:"role"`
	Person string   `json:"person,omitempty" doc:"id in the ledger of the group that they speak for"`
}

// LeaveGroup ends the joining, and the seat there, or declines to join (rule G1).
type LeaveGroup struct {
	Ledger string `json:"ledger" doc:"name of the wider group in addresses" maxLength:"60" rule:"G1" of:"wider" ask:"Which group do we leave, or decline to join?"`
}

func (c *LeaveGroup) check(t *turn, e enacting) *Refusal {
	if w := t.s.Wider[c.Ledger]; t.s.joining(c.Ledger, e.day) == nil && (w == nil || w.Asked == 0) {
		return notNow("G1", "%s has not joined %s, and has not been asked to.", t.s.Name, Clip(c.Ledger)).at("ledger")
	}
	return nil
}

func (c *LeaveGroup) enact(t *turn, e enacting) {
	t.recordBecause(e.cause, e.day, &JoiningEnded{Ledger: c.Ledger, Source: e.source})
}

// JoiningAgreed: the group joins a wider one, and says who speaks for it there.
type JoiningAgreed struct {
	Ledger   string    `json:"ledger"`
	Speakers []Speaker `json:"speakers"`
	Source   string    `json:"source"`
}

func (e *JoiningAgreed) Subject() string { return "joining/" + e.Ledger }
func (e *JoiningAgreed) apply(s *State, ev *Event) {
	w := s.widerGroup(e.Ledger)
	w.end(ev.Effective)
	w.Joinings = append(w.Joinings, Joining{Span: Span{From: ev.Effective}, Source: e.Source, Speakers: e.Speakers, Agreement: ev.Cause, Index: ev.Index})
}

// JoiningEnded: the group leaves a wider one, or declines to join it.
type JoiningEnded struct {
	Ledger string `json:"ledger"`
	Source string `json:"source"`
}

func (e *JoiningEnded) Subject() string           { return "joining/" + e.Ledger }
func (e *JoiningEnded) apply(s *State, ev *Event) { s.widerGroup(e.Ledger).end(ev.Effective) }

// JoiningAsked: a wider group asks the group to take a seat there, or no longer does.
type JoiningAsked struct {
	Ledger    string `json:"ledger"`
	Name      string `json:"name" doc:"as the wider group calls itself"`
	At        uint64 `json:"at" doc:"index of the event there"`
	Withdrawn bool   `json:"withdrawn,omitzero"`
}

func (e *JoiningAsked) Subject() string { return "joining/" + e.Ledger }
func (e *JoiningAsked) apply(s *State, ev *Event) {
	w := s.widerGroup(e.Ledger)
	w.Name, w.AskedAt, w.Asked = e.Name, e.At, 0
	if !e.Withdrawn && s.joining(e.Ledger, ev.Effective) == nil {
		w.Asked = ev.Effective
	}
}

// neighbours are the wider groups that the group joined or was asked to join, by their
// names in addresses.
type neighbours struct{ Wider map[string]*WiderGroup }

func newNeighbours() neighbours { return neighbours{Wider: map[string]*WiderGroup{}} }

func (s neighbours) copy() neighbours {
	s.Wider = maps.Clone(s.Wider)
	return s
}

// A WiderGroup is one that the group joined, or was asked to join.
type WiderGroup struct {
	Ledger   string // its name in addresses
	Name     string // as it calls itself; "" where it has not asked
	Asked    Day    // since when it asks and has no answer; 0: it does not
	AskedAt  uint64 // index of the event there by which it asked last
	Joinings []Joining
}

// A Joining is the group's seat in a wider one, by an agreement of its own.
type Joining struct {
	Span
	Source    string // the proposal
	Speakers  []Speaker
	Agreement uint64 // index of the agreement
	Index     uint64
}

// widerGroup gives out a copy of the entry, to be changed.
func (s *neighbours) widerGroup(ledger string) *WiderGroup {
	w := &WiderGroup{Ledger: ledger}
	if was := s.Wider[ledger]; was != nil {
		*w = *was
	}
	w.Joinings = slices.Clone(w.Joinings)
	s.Wider[ledger] = w
	return w
}

// end ends the joining that runs, the day before, and what was asked.
func (w *WiderGroup) end(d Day) {
	if n := len(w.Joinings); n > 0 && w.Joinings[n-1].Until == 0 {
		w.Joinings[n-1].Until = d.Add(-1)
	}
	w.Asked = 0
}

// joining is the group's joining of the wider one that is in force on that day; nil for none.
func (s *neighbours) joining(ledger string, d Day) *Joining {
	if w := s.Wider[ledger]; w != nil {
		for i := len(w.Joinings) - 1; i >= 0; i-- {
			if w.Joinings[i].Covers(d) {
				return &w.Joinings[i]
			}
		}
	}
	return nil
}

// JoiningOn is the group's joining of the wider one that is in force on that day (rule
// G1); nil if there is none.
func (s *neighbours) JoiningOn(ledger string, d Day) *Joining { return s.joining(ledger, d) }

// joinedBy are the wider groups in which the group sits by that agreement.
func (s *neighbours) joinedBy(agreement string, d Day) []string {
	var ledgers []string
	for ledger := range s.Wider {
		if j := s.joining(ledger, d); j != nil && j.Source == agreement && j.Until == 0 {
			ledgers = append(ledgers, ledger)
		}
	}
	slices.Sort(ledgers)
	return ledgers
}

// Heard is what one group's ledger has to say to another's (rule G1): that it asks it to
// join, and that it joined it.
type Heard struct {
	Asks    *Ask
	Joining *Joining // the newest, which may have ended
}

// An Ask is a wider group asking another to take a seat.
type Ask struct {
	Name      string // of the wider group
	At        uint64 // index of the event there that opened the seat
	Withdrawn bool
}

// Tells is what the ledger has to say to those of other groups, by their names.
func (s *business) Tells() map[string]Heard {
	heard := map[string]Heard{}
	for id, seat := range s.Seats {
		if seat.Asked {
			opened := s.Proposals[seat.Source]
			heard[id] = Heard{Asks: &Ask{s.Name, seat.Index, opened != nil && opened.SetAside != 0}}
		}
	}
	for ledger, w := range s.Wider {
		if n := len(w.Joinings); n > 0 {
			to := heard[ledger]
			to.Joining = &w.Joinings[n-1]
			heard[ledger] = to
		}
	}
	return heard
}

// TellsOthers says whether the event can change what its ledger has to say to others.
func TellsOthers(p Payload) bool {
	switch e := p.(type) {
	case *SeatOpened:
		return e.Asked
	case *AgreementSetAside, *JoiningAgreed, *JoiningEnded:
		return true
	default:
		return false
	}
}

// hear records what other groups' ledgers said and this one has not recorded yet.
func (t *turn) hear(heard map[string]Heard) {
	if t.s.Next == 0 {
		return
	}
	for _, from := range slices.Sorted(maps.Keys(heard)) {
		if a := heard[from].Asks; a != nil {
			t.hearAsked(from, a)
		}
		if j := heard[from].Joining; j != nil {
			t.hearJoining(from, j)
		}
	}
}

func (t *turn) hearAsked(from string, a *Ask) {
	w := t.s.Wider[from]
	switch {
	case !a.Withdrawn && (w == nil || w.AskedAt < a.At):
		t.fromOther("asked/"+from, a.At, &JoiningAsked{Ledger: from, Name: a.Name, At: a.At})
	case a.Withdrawn && w != nil && w.Asked != 0:
		t.fromOther("asks no more/"+from, a.At, &JoiningAsked{Ledger: from, Name: a.Name, At: a.At, Withdrawn: true})
	}
}

// hearJoining records in the wider group's ledger that the group whose seat it is has
// joined or left.
func (t *turn) hearJoining(from string, j *Joining) {
	seat := t.s.Seats[from]
	if seat == nil || t.s.Organisations[from].Kind != OtherGroup {
		return
	}
	last := seat.lastJoining()
	open := last != nil && last.Until == 0
	switch {
	case j.Until != 0 && open:
		t.fromOther("left/"+from, j.Agreement, &SeatJoiningEnded{Seat: from, Until: t.day.Add(-1)})
	case j.Until != 0, open && last.At == j.Agreement, last != nil && !open && seat.Index < last.Ended:
	default:
		e := &SeatJoined{Seat: from, Ref: j.Source, At: j.Agreement}
		for _, sp := range j.Speakers {
			e.Speakers = append(e.Speakers, Speaker{Handle: sp.Handle, Role: sp.Role})
		}
		t.fromOther("joined/"+from, j.Agreement, e)
		t.seatSpeakers(from, e.Speakers)
	}
}

// fromOther records as the ledger itself what another one said.
func (t *turn) fromOther(what string, at uint64, p Payload) {
	t.ownState()
	t.bySystem(what, at, func() { t.record(p) })
}

// seatSpeakers gives the seat to those named who are known here and don't hold it yet.
func (t *turn) seatSpeakers(code string, speakers []Speaker) {
	for _, sp := range speakers {
		p := t.s.ByHandle(sp.Handle)
		holds := func(h SeatTenure) bool { return h.Person == p.ID && h.Role == sp.Role && h.Covers(t.day) }
		if p == nil || !p.inOffice(t.day) || slices.ContainsFunc(t.s.Seats[code].Holders, holds) {
			continue
		}
		t.bySystem("speaks/"+code+"/"+p.ID, t.nextIndex(), func() {
			t.record(&SeatHeld{Seat: code, Person: p.ID, Role: sp.Role, Span: Span{From: t.day}})
		})
	}
}

// joiningsDue adds the wider groups that asked to be joined and have no answer yet.
func (s *business) joiningsDue(d Day, add addDue) {
	for ledger, w := range s.Wider {
		if w.Asked == 0 || w.Asked > d {
			continue
		}
		by := w.Asked.Add(s.CharterOn(w.Asked).Charter.CloseWithin)
		add("joining/"+ledger, DueJoining, by, reminders, w.Name+" ("+ledger+") asks "+s.ShortName+" to join. Put a proposal to join it, or to decline, by "+by.Words()+".")
	}
}
