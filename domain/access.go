package domain

import "slices"

// Access (rules L10, L11): which ways in people have is on the record. What lies
// beside the ledger (files of tokens, passkeys and accounts) only caches it: a way in
// that is not on the record gives nobody entry, nor does one that was ended.
//
// A way in that its owner did not make with one that they already had can read at once.
// It acts and signs from the third London day, or as soon as a seat holder confirms it.

const (
	wayWaits = 3   // days after the one on which it was made, until a new way in acts
	mostWays = 100 // in force, of one person
	mostKept = 200 // ways in from before in one event
)

// Operator is the actor of what whoever runs the server does: about access, and as the
// second keeper of a record that nobody else can confirm (rule O3). They are nobody of
// the group, and nothing else is theirs to do.
const Operator = "operator"

// WayScope is what a token may be used for.
type WayScope string

const (
	MayCheck WayScope = "check" // ask the check
	MayRead  WayScope = "read"  // ask every question
	MayAct   WayScope = "act"   // ask, and have things recorded
)

func (s WayScope) valid() bool { return s == MayCheck || s == MayRead || s == MayAct }

// A NewWay is what an event says of a way in that was made.
type NewWay struct {
	Number   string `json:"number,omitempty"`  // of one that waits, such as V1
	ActsFrom Day    `json:"actsFrom,omitzero"` // until then it reads only, unless it is confirmed; none: it does not wait
	Replaces bool   `json:"replaces,omitzero"` // once it acts, the person's earlier ways in are over
}

// MakeWay puts a way in for somebody on the record: an invitation, a token, or the
// account at their organisation. A passkey is made known by its owner (RegisterPasskey).
type MakeWay struct {
	Person   string   `json:"person" doc:"handle or id" maxLength:"60" rule:"L10" of:"person" ask:"Whose is it?"`
	Way      Way      `json:"way" doc:"its kind and id" maxLength:"60" rule:"L10" call:"the way in"`
	Scope    WayScope `json:"scope,omitempty" enum:"check,read,act" doc:"of a token"`
	Until    Day      `json:"until,omitzero" doc:"last day on which it lets anybody in"`
	Replaces bool     `json:"replaces,omitzero" doc:"of an invitation: once the passkey that it gives acts, the person's earlier ways in are over"`
}

func (c *MakeWay) may(w *who) (Permission, *Refusal) {
	p, r := w.s.person("L10", c.Person)
	if r != nil {
		return Permission{}, r
	}
	switch c.Way.Kind() {
	case InvitationWay:
		if r := w.s.MayLetIn(w.person.ID, w.day); r != nil {
			return Permission{}, r
		}
		return anyOf(nil, w.has(Manager))
	case TokenWay:
		return anyOf(notYours("L10", "This is for the operator of this server, or for the person themselves."), w.aboutThemself(p == w.person))
	case PasskeyWay, AccountWay, LetterWay:
	}
	return Permission{}, notYours("L10", "Whose account is whose is said by the operator of this server.")
}

func (c *MakeWay) mayOperate() {}

func (c *MakeWay) decide(t *turn) *Refusal {
	p, r := t.s.person("L10", c.Person)
	if r != nil {
		return r
	}
	kind := c.Way.Kind()
	switch {
	case !c.Way.Valid() || kind != InvitationWay && kind != TokenWay && kind != AccountWay:
		return invalid("L10", "A way in is an invitation, a token or an account, with its id.").at("way")
	case kind != InvitationWay && c.Replaces:
		return invalid("L10", "Only a passkey that is registered by an invitation takes the place of earlier ways in.").at("replaces")
	case (kind == TokenWay) != (c.Scope != "") || c.Scope != "" && !c.Scope.valid():
		return invalid("L10", "Say of a token, and of nothing else, what it may be used for: check, read or act.").at("scope")
	case c.Until != 0 && c.Until < t.day:
		return invalid("L10", "Its last day is over already.").at("until")
	}
	if r := firstRefusal(t.mustBeNewWay(c.Way), t.mustHaveRoom(p), p.mustNotBeErased()); r != nil {
		return r
	}
	made := WayMade{Person: p.ID, Way: c.Way, Scope: c.Scope, Until: c.Until}
	if kind == InvitationWay {
		made.Replaces = c.Replaces
	} else {
		made.NewWay = t.newWay(p, false)
	}
	t.record(&made)
	return nil
}

// mustBeNewWay refuses a way in that is, or ever was, on the record; and any while the
// ways in from before are not.
func (t *asking) mustBeNewWay(way Way) *Refusal {
	switch {
	case !t.s.OnRecord:
		return notNow("L10", "The ways in from before are not on the record yet. The server records them when it starts.")
	case t.s.Ways[way] != nil:
		return notNow("L10", "This way in is known here already.")
	}
	return nil
}

func (t *asking) mustHaveRoom(p *Person) *Refusal {
	if live := len(t.s.WaysOn(p.ID, t.day)); live >= mostWays {
		return notNow("L10", "%s has %d ways in already. Please end one first.", p.Office, live)
	}
	return nil
}

// newWay is what is to be said of a way in that is now made for the person (rule L11).
func (t *asking) newWay(p *Person, replaces bool) NewWay {
	own := t.actor != nil && t.actor.ID == p.ID && t.req.Way.Kind() != InvitationWay
	if own || t.s.Established == 0 || !t.s.hadWay(p.ID) {
		return NewWay{Replaces: replaces}
	}
	return NewWay{t.number('V'), t.day.Add(wayWaits), replaces}
}

// hadWay says whether the person ever had a way in, in force or ended; an invitation that
// nobody used is none.
func (s *access) hadWay(person string) bool {
	return slices.ContainsFunc(s.waysOf[person], func(w Way) bool { return w.Kind() != InvitationWay })
}

// EndWay ends a way in at once. Its owner may, and the operator; the manager takes back
// an invitation.
type EndWay struct {
	Way    string `json:"way" doc:"kind and id, or the number of one that waits, such as V1" maxLength:"60" rule:"L10" call:"the way in"`
	Reason string `json:"reason,omitempty" maxLength:"2000" call:"the reason"`
}

func (c *EndWay) may(w *who) (Permission, *Refusal) {
	way, r := w.s.wayIn(c.Way)
	if r != nil {
		return Permission{}, r
	}
	if way.Way.Kind() == InvitationWay && w.s.MayLetIn(w.person.ID, w.day) == nil {
		return anyOf(nil, w.has(Manager))
	}
	return anyOf(notYours("L10", "This is for the owner of the way in, or for the operator of this server."), w.aboutThemself(way.Person == w.person.ID))
}

func (c *EndWay) mayOperate() {}

func (c *EndWay) decide(t *turn) *Refusal {
	way, r := t.s.wayIn(c.Way)
	if r != nil {
		return r
	}
	return way.end(t, c.Reason)
}

func (way *WayIn) end(t *turn, reason string) *Refusal {
	if why := t.s.over(way, t.day); why != nil {
		why.Class = NotNow
		return why
	}
	p := t.s.People[way.Person]
	if i := slices.IndexFunc(p.Passkeys, func(k Passkey) bool { return WayOfPasskey(k.Credential) == way.Way }); i >= 0 {
		t.record(&PasskeyRemoved{Person: p.ID, Credential: p.Passkeys[i].Credential, Reason: reason})
	} else {
		t.record(&WayEnded{Person: p.ID, Way: way.Way, Reason: reason})
	}
	return nil
}

// wayIn finds a way in by its kind and id, or by the number of one that waits.
func (s *access) wayIn(ref string) (*WayIn, *Refusal) {
	if w := s.Ways[Way(ref)]; w != nil {
		return w, nil
	}
	if w := s.Ways[s.wayNumbers[ref]]; w != nil {
		return w, nil
	}
	return nil, notFound("L10", "There is no way in %q on the record.", Clip(ref))
}

// BeginAccess puts on the record which ways in there are from before the ledger knew of
// any. From then on no other gives entry. The server does it when it starts, once for
// each group.
type BeginAccess struct {
	Ways []WayBefore `json:"ways" maxItems:"20000"`
}

// A WayBefore is a way in from before.
type WayBefore struct {
	Person string   `json:"person"` // id
	Way    Way      `json:"way"`    // of a passkey only if the ledger did not know it
	Scope  WayScope `json:"scope,omitempty"`
	Until  Day      `json:"until,omitzero"`
}

func (c *BeginAccess) may(*who) (Permission, *Refusal) {
	return Permission{}, notYours("L10", "This is for the operator of this server.")
}

func (c *BeginAccess) mayOperate() {}

func (c *BeginAccess) decide(t *turn) *Refusal {
	seen := map[Way]bool{}
	for i, w := range c.Ways {
		known := seen[w.Way] || t.s.Ways[w.Way] != nil && !t.s.OnRecord
		if t.s.People[w.Person] == nil || !w.Way.Valid() || w.Way == ByOperator || w.Way == ByLedger || known || w.Scope != "" && !w.Scope.valid() {
			return invalid("L10", "%q can't be a way in from before.", Clip(string(w.Way))).at(nth("ways", i))
		}
		seen[w.Way] = true
	}
	if t.s.OnRecord {
		return nil
	}
	some := slices.Collect(slices.Chunk(c.Ways, mostKept))
	if len(some) == 0 {
		some = [][]WayBefore{nil}
	}
	for _, ways := range some {
		t.record(&AccessBegun{ways})
	}
	return nil
}

// operates is a command that the operator may give, too (rules L10, O3).
type operates interface{ mayOperate() }

// OperatorGives says whether the operator may give the command, as the operator.
func OperatorGives(c Command) bool {
	_, ok := c.(operates)
	return ok
}

// WayMade: somebody has a way in, or an invitation to make one.
type WayMade struct {
	Person string   `json:"person"`
	Way    Way      `json:"way"`
	Scope  WayScope `json:"scope,omitempty"`
	Until  Day      `json:"until,omitzero"`
	NewWay
}

func (e *WayMade) Subject() string { return "person/" + e.Person }
func (e *WayMade) made() string    { return e.Number }
func (e *WayMade) apply(s *State, ev *Event) {
	s.addWay(&WayIn{Way: e.Way, Person: e.Person, NewWay: e.NewWay, Scope: e.Scope, Until: e.Until}, ev)
}

// WayEnded: from now on nobody gets in by it.
type WayEnded struct {
	Person string `json:"person"`
	Way    Way    `json:"way"`
	Reason string `json:"reason,omitempty"`
}

func (e *WayEnded) Subject() string           { return "person/" + e.Person }
func (e *WayEnded) apply(s *State, ev *Event) { s.endWay(e.Way, ev) }

// WayConfirmed: a seat holder says that a new way in is its owner's, so that it acts.
type WayConfirmed struct {
	Person string `json:"person"` // whose it is
	Way    Way    `json:"way"`
	Number string `json:"number"`
}

func (e *WayConfirmed) Subject() string { return "person/" + e.Person }
func (e *WayConfirmed) apply(s *State, ev *Event) {
	w := edit(s.Ways, e.Way)
	w.Confirmed, w.ConfirmedBy = ev.Index, ev.Actor
}

// AccessBegun: these are ways in from before. From now on no other gives entry that is
// not on the record.
type AccessBegun struct {
	Ways []WayBefore `json:"ways"`
}

func (e *AccessBegun) Subject() string { return "access" }
func (e *AccessBegun) apply(s *State, ev *Event) {
	for _, b := range e.Ways {
		s.addWay(&WayIn{Way: b.Way, Person: b.Person, Scope: b.Scope, Until: b.Until, Before: true}, ev)
	}
	s.OnRecord = true
}

// mustBeKnown refuses what comes by a way in that can't act. The operator acts as nobody
// but the operator, and an invitation is good for a passkey alone.
func (t *asking) mustBeKnown(r *Request) *Refusal {
	_, founding := r.Command.(*Found)
	registers, _ := r.Command.(*RegisterPasskey)
	switch {
	case r.Way == "" || founding || r.Actor == Operator && r.Way == ByOperator:
		return nil
	case r.Way == ByOperator || r.Way == ByLedger:
		return notYours("L10", "The operator is nobody of this group and can't act in it.")
	case registers != nil && r.Way.Kind() == InvitationWay && t.s.OnRecord:
		w, p := t.s.Ways[r.Way], t.s.Person(r.Actor)
		if w == nil || p == nil || w.Person != p.ID {
			return notYours("L10", "This invitation is not on the group’s record.")
		}
		return t.s.over(w, t.day)
	case r.Way.Kind() == LetterWay:
		return t.s.mustBeOpenLetter(r, t.day)
	}
	return t.s.MayActWith(r.Way, r.Actor, t.day)
}

// mayConfirm is the permission of a seat holder who is neither the owner of the way in
// nor let them make it (rule L11).
func (way *WayIn) mayConfirm(w *who) (Permission, *Refusal) {
	switch me := w.person.ID; {
	case me == way.Person:
		return Permission{}, notYours("L11", "This is your own new way in: somebody else who holds a seat confirms it.")
	case way.Inviter == "person/"+me || way.By == "person/"+me:
		return Permission{}, notYours("L11", "You let them in, so somebody else who holds a seat confirms it.")
	}
	for _, code := range w.s.SeatsOf(w.person.ID, w.day) {
		if seat := w.s.Seats[code]; w.s.RoleOn(seat, w.person.ID, w.day) == Holder {
			return Permission{OnBehalfOf: "seat/" + code}, nil
		}
	}
	return Permission{}, notYours("L11", "Somebody who holds a seat confirms a new way in.")
}

// mayRefuse is the permission of the owner of a way in, who has another.
func (way *WayIn) mayRefuse(w *who) (Permission, *Refusal) {
	return anyOf(notYours("L11", "Only its owner says that a way in is not theirs."), w.aboutThemself(way.Person == w.person.ID))
}

// refuse ends the way in.
func (way *WayIn) refuse(t *turn, _ *who, reason string) *Refusal { return way.end(t, reason) }

// confirm has the way in act from now on. Whoever confirms it got in by one that is at
// least as old as a new one has to be before it acts: else somebody who lets in two people
// could have one confirm the other.
func (way *WayIn) confirm(t *turn, _ *who) *Refusal {
	if why := t.s.over(way, t.day); why != nil {
		why.Class = NotNow
		return why
	}
	if way.acts(t.day) {
		return notNow("L11", "This way in acts already.")
	}
	if by := t.s.Ways[t.req.Way]; by != nil && !by.Before && t.day < by.On.Add(wayWaits) {
		return notNow("L11", "You got in by a %s that was made on %s. From %s on you can confirm others’ with it.", by.Way.Kind(), by.On.Words(), by.On.Add(wayWaits).Words())
	}
	t.record(&WayConfirmed{Person: way.Person, Way: way.Way, Number: way.Number})
	return nil
}
