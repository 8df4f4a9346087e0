package domain

import (
	"slices"
	"strings"
)

// Who may confirm or refuse a record that waits, and what follows (rules O3, O1, F1).

// mayConfirm is the permission of whoever may confirm a part of the record.
func (k *Kept) mayConfirm(w *who) (Permission, *Refusal) {
	_, yes, r := k.confirmable(w)
	return yes, r
}

// An answerOn is how somebody may confirm a part of a record.
type answerOn struct {
	of  string
	how KeptHow
}

// confirmable are the parts of the record that the person may confirm on that day, how,
// and for whom; the refusal says why there is none.
func (k *Kept) confirmable(w *who) ([]answerOn, Permission, *Refusal) {
	if w.s.employedByAnySystem(w.person.ID, w.day) && k.part("person/"+w.person.ID) == nil { // their own data is their own matter
		return nil, Permission{}, notYours("O3", "A system body employs %s. Nobody whom it employs confirms who speaks.", w.person.Office)
	}
	if w.person.ID == k.By {
		return nil, Permission{}, notYours("O3", "You recorded %s yourself: it takes a second person.", k.Number)
	}
	if w.s.cameFrom(k, w.person.ID) {
		return nil, Permission{}, notYours("M1", "%s came with the code of a letter that you wrote: it takes somebody else.", k.Number)
	}
	var parts []answerOn
	var yes *Permission
	refusal := notNow("O3", "%s does not wait for anybody any more.", k.Number)
	for i := range k.Parts {
		p := &k.Parts[i]
		how, as, r := k.mayAnswer(w, p)
		if r != nil {
			refusal = r
			continue
		}
		parts = append(parts, answerOn{p.Of, how})
		if yes == nil {
			yes = as
		}
	}
	allowed, r := anyOf(refusal, yes)
	return parts, allowed, r
}

// mayAnswer is how the person may confirm that part on that day.
func (k *Kept) mayAnswer(w *who, p *KeptPart) (KeptHow, *Permission, *Refusal) {
	itself := k.ofThemselves(w, p)
	switch {
	case p.Stage == KeptTakenBack, p.Stage == KeptTaken && (p.How == ByItself || itself == nil), p.Stage == KeptWaits && !k.Waits():
		return "", nil, notNow("O3", "%s does not wait for %s any more.", k.Number, w.s.WordOfWhom(p.Of))
	case p.Stage == KeptRefused:
		return k.pastRefusal(w, p)
	case itself != nil:
		return ByItself, itself, nil
	}
	return k.forOthers(w, p)
}

// ofThemselves is the permission of whoever speaks or sits for those concerned; nil if
// the person does not.
func (k *Kept) ofThemselves(w *who, p *KeptPart) *Permission {
	if id, person := strings.CutPrefix(p.Of, "person/"); person {
		return w.aboutThemself(id == w.person.ID)
	}
	if slices.Contains(k.Named, w.person.ID) {
		return w.asThemself(k.Command.ends()) // nobody confirms that they themself speak
	}
	if p.Of == AllSeats {
		return w.holdsAnySeat()
	}
	if yes := w.speaksFor(p.Of); yes != nil {
		return yes
	}
	if last := k.mistakenEnd(w.s, p.Of); last != 0 && w.s.spokeFor(w.person.ID, p.Of, last, w.day) {
		return &Permission{OnBehalfOf: "organisation/" + p.Of, own: true}
	}
	return w.sits(p.Of)
}

// mistakenEnd is the last day of the organisation that the record says was recorded by
// mistake; 0 if it says so of none that is over. Whoever spoke for it then answers.
func (k *Kept) mistakenEnd(s *State, code string) Day {
	list := k.Command.ImportOrganisations
	if list == nil || !slices.ContainsFunc(list.Rows, func(row OrganisationRow) bool { return row.Mistake && row.Code == code }) {
		return 0
	}
	return s.Organisations[code].Closed
}

// spokeFor says whether the person spoke for the organisation on its last day, and is still in office.
func (s *roster) spokeFor(person, code string, last, d Day) bool {
	return s.People[person].inOffice(d) && s.SpeaksFor(person, code, last)
}

// forOthers is the permission of a seat holder, and else of a second keeper, where nobody
// of the organisation can confirm, or none has in a full window.
func (k *Kept) forOthers(w *who, p *KeptPart) (KeptHow, *Permission, *Refusal) {
	if r := k.notForOthers(w.s, p, w.day); r != nil {
		return "", nil, r
	}
	if slices.Contains(k.Named, w.person.ID) {
		return "", nil, k.aboutThem()
	}
	if yes := w.holdsAnySeat(); yes != nil {
		return BySeat, yes, nil
	}
	keeper := w.has(Registrar, Manager, Chair)
	if r := k.notForKeepers(w.s, w.day, keeper != nil); r != nil {
		return "", nil, r
	}
	return ByKeeper, keeper, nil
}

func (k *Kept) aboutThem() *Refusal {
	return notYours("O3", "%s is about you: somebody else confirms it.", k.Number)
}

// notForOthers refuses anybody but those concerned, where their word is needed, or they
// may still answer.
func (k *Kept) notForOthers(s *State, p *KeptPart, d Day) *Refusal {
	switch {
	case p.Of == AllSeats:
		return notYours("O1", "%s is confirmed by somebody who holds a seat, and did not make it.", k.Number)
	case k.Command.unopposed() && !k.Command.severally():
		return notYours("O3", "%s is for %s to confirm or refuse. If they say nothing it takes effect on %s.", k.Number, s.WordOfWhom(p.Of), k.Window.Words())
	case len(k.couldAnswer(s, p, d)) > 0 && d < k.Window:
		return notYours("O3", "%s waits for somebody who speaks or sits for %s. From %s, if none of them has answered, a seat holder can confirm it.",
			k.Number, s.name(p.Of), k.Window.Words())
	}
	return nil
}

// notForKeepers refuses a second keeper while somebody who holds a seat can confirm it,
// and until a full window has run; and whoever is no keeper.
func (k *Kept) notForKeepers(s *State, d Day, keeper bool) *Refusal {
	switch {
	case !keeper, slices.ContainsFunc(s.holdersOn(d), func(id string) bool { return k.canConfirm(s, id, d) }):
		return notYours("O3", "%s is confirmed by somebody who holds a seat, did not record it and is not named in it.", k.Number)
	case d < k.Window:
		return notNow("O3", "Nobody who holds a seat can confirm %s. A second keeper can from %s, or the operator of this server.", k.Number, k.Window.Words())
	}
	return nil
}

// forOperator are the parts of the record that the operator may confirm or refuse on that
// day, as a second keeper; the refusal says why there is none.
func (k *Kept) forOperator(s *State, d Day) ([]string, *Refusal) {
	var parts []string
	refusal := notNow("O3", "%s does not wait for anybody any more.", k.Number)
	for i := range k.Parts {
		p := &k.Parts[i]
		switch {
		case p.Stage == KeptRefused:
			refusal = notYours("O3", "%s was refused for %s: %s", k.Number, s.WordOfWhom(p.Of), p.Reason)
		case p.Stage != KeptWaits || !k.Waits():
		default:
			if r := firstRefusal(k.notForOthers(s, p, d), k.notForKeepers(s, d, true)); r != nil {
				refusal = r
				continue
			}
			parts = append(parts, p.Of)
		}
	}
	if parts == nil {
		return nil, refusal
	}
	return parts, nil
}

// asOperator does the same to each of those records, for the parts that the operator may
// answer as a second keeper. Nothing else that waits is theirs to answer.
func (t *turn) asOperator(refs []string, answer func(k *Kept, parts []string) *Refusal) *Refusal {
	if len(refs) == 0 {
		return invalid("O3", "Say which records.").at("records")
	}
	t.ownState()
	for i, ref := range refs {
		k := t.s.Records[ref]
		if k == nil {
			return notYours("O3", "The operator is nobody of this group. They can answer only for what a keeper recorded, such as N3, and not for %s.", Clip(ref)).at(nth("records", i))
		}
		parts, r := k.forOperator(t.s.State, t.day)
		if r == nil {
			r = answer(k, parts)
		}
		if r != nil {
			return r.at(nth("records", i))
		}
	}
	return nil
}

// canConfirm says whether it is not from the seat holder, who is not named in it, and no
// system body employs them.
func (k *Kept) canConfirm(s *State, person string, d Day) bool {
	return !s.cameFrom(k, person) && !slices.Contains(k.Named, person) && !s.employedByAnySystem(person, d)
}

// couldAnswer are the people, other than whoever recorded it, who speak or sit for the
// organisation on that day.
func (k *Kept) couldAnswer(s *State, p *KeptPart, d Day) []string {
	var ids []string
	for id := range s.People {
		named := slices.Contains(k.Named, id)
		if s.cameFrom(k, id) || s.employedByAnySystem(id, d) || named && !k.Command.ends() {
			continue
		}
		seat := s.Seats[p.Of]
		last := k.mistakenEnd(s, p.Of)
		if s.SpeaksFor(id, p.Of, d) || last != 0 && s.spokeFor(id, p.Of, last, d) || seat != nil && s.RoleOn(seat, id, d) != "" || named && s.People[id].Erased == 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// practicesIn are the practices of the PCN on that day; nil if it is none.
func (s *roster) practicesIn(code string, d Day) []*Organisation {
	if o := s.Organisations[code]; o == nil || o.Kind != PCN {
		return nil
	}
	return s.appendPracticesOf(nil, code, d)
}

// holdsAnySeat is the permission of whoever holds a seat that is in force: its deputy does not.
func (w *who) holdsAnySeat() *Permission {
	for _, code := range w.s.EntitledOn(w.day) {
		if w.s.holderOn(w.s.Seats[code], w.day) == w.person.ID {
			return &Permission{OnBehalfOf: "seat/" + code}
		}
	}
	return nil
}

// holdersOn are the ids of those who hold seats that are in force on that day.
func (s *circle) holdersOn(d Day) []string {
	var ids []string
	for _, code := range s.EntitledOn(d) {
		if id := s.holderOn(s.Seats[code], d); id != "" {
			ids = appendNew(ids, id)
		}
	}
	return ids
}

// employedByAnySystem says whether a system body employs the person, in whatever duty, or
// their office belongs to one.
func (s *circle) employedByAnySystem(person string, d Day) bool {
	if o := s.Organisations[s.People[person].Organisation]; o != nil && o.Kind == SystemBody || s.employerIsSystem(person, d) {
		return true
	}
	return slices.ContainsFunc(s.Duties, func(o Duty) bool { return o.Person == person && s.employedBySystem(person, o.Duty, d) })
}

// confirm records that the person confirms each part that they may, and what takes effect by it.
func (k *Kept) confirm(t *turn, w *who) *Refusal {
	parts, _, r := k.confirmable(w)
	if r != nil {
		return r
	}
	for _, how := range []KeptHow{ByItself, BySeat, ByKeeper, PastIt, TowardsIt} {
		var of []string
		for _, p := range parts {
			if p.how == how {
				of = append(of, p.of)
			}
		}
		if len(of) > 0 {
			if r := t.confirmParts(k.Number, of, how); r != nil {
				return r
			}
		}
	}
	return nil
}

// confirmParts records that those parts are confirmed, and what takes effect by it.
func (t *turn) confirmParts(number string, of []string, how KeptHow) *Refusal {
	before := t.s.Records[number]
	late := !slices.ContainsFunc(of, func(one string) bool { return before.part(one).Stage != KeptTaken })
	at := t.recordBecause(before.Index, t.day, &RecordConfirmed{Record: number, Of: of, How: how})
	k := t.s.Records[number]
	whole := !slices.ContainsFunc(k.Parts, func(p KeptPart) bool { return p.Stage != KeptTaken })
	if late || how == TowardsIt || !whole && !k.Command.severally() {
		return nil
	}
	if r := t.takeEffect(k, of, at); r != nil {
		return notNow(r.Rule, "%s can't take effect as things stand now, so it can only be refused: %s", number, r.Say)
	}
	return nil
}

// mayRefuse is the permission of whoever may confirm a part of the record that waits, and
// of whoever recorded it, to take it back.
func (k *Kept) mayRefuse(w *who) (Permission, *Refusal) {
	if !k.Waits() {
		return Permission{}, notNow("O3", "%s does not wait for anybody any more.", k.Number)
	}
	if w.person.ID == k.By {
		return Permission{OnBehalfOf: k.As}, nil
	}
	_, yes, r := k.confirmable(w)
	return yes, r
}

// refuse records that the person refuses each part that they may confirm, or takes the
// record back that they made.
func (k *Kept) refuse(t *turn, w *who, reason string) *Refusal {
	if r := checkWords("O3", "the reason", reason, someWords).at("reason"); r != nil {
		return r
	}
	e := &RecordRefused{Record: k.Number, Reason: reason}
	if t.actor.ID == k.By {
		e.TakenBack = true
		for _, p := range k.Parts {
			if p.Stage == KeptWaits {
				e.Of = append(e.Of, p.Of)
			}
		}
		t.recordBecause(k.Index, t.day, e)
		return nil
	}
	parts, _, r := k.confirmable(w)
	if r != nil {
		return r
	}
	for _, p := range parts {
		if k.part(p.of).Stage == KeptWaits {
			e.Of = append(e.Of, p.of)
		}
	}
	t.recordBecause(k.Index, t.day, e)
	return nil
}

// unopposedOn is the first day from since on which a part of the record takes effect by
// itself; false if none does up to that day.
func (k *Kept) unopposedOn(since, d Day) (Day, bool) {
	if on := max(k.Window, since); on <= d && len(k.unopposedParts()) > 0 {
		return on, true
	}
	return 0, false
}

// unopposedParts are the parts that take effect by themselves.
func (k *Kept) unopposedParts() []string {
	var of []string
	for _, p := range k.Parts {
		if p.Stage == KeptWaits && !p.Objected && k.Command.unopposed() && (p.Of == AllSeats || !k.Command.severally()) {
			of = append(of, p.Of)
		}
	}
	return of
}

// takeUnopposed records that nobody objected to the record, and what takes effect by it.
// What can't any more, as things stand now, is refused by the ledger.
func (t *turn) takeUnopposed(k *Kept, d Day) {
	t.bySystem("record/"+k.Number, 0, func() {
		today := t.day
		t.day = d
		of := k.unopposedParts()
		trial := t.trial(t.s)
		if r := trial.confirmParts(k.Number, of, Unopposed); r != nil {
			t.recordBecause(k.Index, d, &RecordRefused{Record: k.Number, Of: of, Reason: r.Say, TakenBack: true})
		} else if r := t.confirmParts(k.Number, of, Unopposed); r != nil {
			panic("domain: a record was refused after it had been tried: " + r.Error())
		}
		t.day = today
	})
}

// RecordKept: a keeper recorded something about somebody else's organisation. It waits.
type RecordKept struct {
	Record  string       `json:"record"`
	Command KeptCommand  `json:"command"`
	Of      []string     `json:"of"`
	Named   []string     `json:"named,omitempty"`
	Window  Day          `json:"window"`
	List    *ListOutcome `json:"list,omitempty"` // of an official list: what it leaves out or says otherwise
}

func (e *RecordKept) Subject() string { return "record/" + e.Record }
func (e *RecordKept) made() string    { return e.Record }
func (e *RecordKept) apply(s *State, ev *Event) {
	s.took(e.Record)
	k := &Kept{
		Number: e.Record, Command: e.Command, By: strings.TrimPrefix(ev.Actor, "person/"), As: ev.OnBehalfOf, On: ev.Effective, Window: e.Window,
		Named: e.Named, Index: ev.Index,
	}
	for _, of := range e.Of {
		k.Parts = append(k.Parts, KeptPart{Of: of, Stage: KeptWaits})
	}
	s.Records[e.Record] = k
	s.pending = with(s.pending, e.Record)
}

// RecordConfirmed: somebody confirmed a record that waits, or parts of it, or nobody
// objected to it. What takes effect by it follows.
type RecordConfirmed struct {
	Record string   `json:"record"`
	Of     []string `json:"of"`
	How    KeptHow  `json:"how"`
}

func (e *RecordConfirmed) Subject() string { return "record/" + e.Record }
func (e *RecordConfirmed) apply(s *State, ev *Event) {
	person := strings.TrimPrefix(ev.Actor, "person/")
	s.answer(e.Record, e.Of, func(p *KeptPart) {
		p.Person, p.Said, p.How = person, ev.Effective, e.How
		if e.How == TowardsIt {
			p.Past = with(p.Past, person)
			return
		}
		p.Stage = KeptTaken
	})
	s.taken[ev.Index] = e.Record
}

// RecordRefused: somebody refused a record that waits, or parts of it, or took back what
// they had recorded.
type RecordRefused struct {
	Record    string   `json:"record"`
	Of        []string `json:"of"`
	Reason    string   `json:"reason"`
	TakenBack bool     `json:"takenBack,omitzero"`
}

func (e *RecordRefused) Subject() string { return "record/" + e.Record }
func (e *RecordRefused) apply(s *State, ev *Event) {
	s.answer(e.Record, e.Of, func(p *KeptPart) {
		p.Person, p.Said, p.Reason = strings.TrimPrefix(ev.Actor, "person/"), ev.Effective, e.Reason
		switch {
		case e.TakenBack:
			p.Stage = KeptTakenBack
		case p.Of == AllSeats:
			p.Objected = true // it waits for a seat holder who confirms it
		default:
			p.Stage = KeptRefused
		}
	})
}

// answer changes those parts of the record.
func (s *waiting) answer(number string, of []string, f func(*KeptPart)) {
	k := edit(s.Records, number)
	k.Parts = slices.Clone(k.Parts)
	for _, one := range of {
		if p := k.part(one); p != nil {
			f(p)
		}
	}
	if !k.Waits() {
		s.pending = slices.DeleteFunc(slices.Clone(s.pending), func(n string) bool { return n == number })
	}
}

// WordOfWhom names those whose word a record takes.
func (s *register) WordOfWhom(of string) string {
	if id, person := strings.CutPrefix(of, "person/"); person {
		return s.office(id)
	}
	if of == AllSeats {
		return "a seat holder"
	}
	return s.name(of)
}
