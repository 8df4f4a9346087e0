package domain

import (
	"maps"
	"slices"
	"strings"
)

// Records that wait (rules O3, O1, M1, M2, L7): two people change who speaks. What a
// keeper records about somebody else's organisation is kept, and nothing of it holds
// until somebody else confirms it; then it is decided as if it were recorded on that
// day. Some take effect by themselves once a full window has run and nobody objected.

// keepable is a command that waits for a second person when a keeper gives it.
type keepable interface {
	Command
	// concerns names those whose word it takes, from what would be recorded today:
	// organisations by code, a person as person/<id>, and AllSeats.
	concerns(s *State, would []Event) []string
	// names are the people, by id or handle, about whom it is.
	names() []string
}

// AllSeats stands, among those whose word a record takes, for anybody who holds a seat
// (rule O1).
const AllSeats = "seats"

// A KeptCommand is what a keeper recorded: exactly one of these. Its JSON is a storage
// format and never changes.
type KeptCommand struct {
	RecordSpokesperson   *RecordSpokesperson   `json:"recordSpokesperson,omitempty"`
	EndSpokesperson      *EndSpokesperson      `json:"endSpokesperson,omitempty"`
	NameHolder           *NameHolder           `json:"nameHolder,omitempty"`
	LeaveSeat            *LeaveSeat            `json:"leaveSeat,omitempty"`
	LeaveOffice          *LeaveOffice          `json:"leaveOffice,omitempty"`
	ImportOrganisations  *ImportOrganisations  `json:"importOrganisations,omitempty"`
	MergeOrganisation    *MergeOrganisation    `json:"mergeOrganisation,omitempty"`
	SplitOrganisation    *SplitOrganisation    `json:"splitOrganisation,omitempty"`
	ChangeContractHolder *ChangeContractHolder `json:"changeContractHolder,omitempty"`
	GrantMandate         *GrantMandate         `json:"grantMandate,omitempty"`
	WithdrawMandate      *WithdrawMandate      `json:"withdrawMandate,omitempty"`
	ErasePerson          *ErasePerson          `json:"erasePerson,omitempty"`
}

// keptAs is the command, put away.
func keptAs(c keepable) KeptCommand {
	var k KeptCommand
	switch c := c.(type) {
	case *RecordSpokesperson:
		k.RecordSpokesperson = c
	case *EndSpokesperson:
		k.EndSpokesperson = c
	case *NameHolder:
		k.NameHolder = c
	case *LeaveSeat:
		k.LeaveSeat = c
	case *LeaveOffice:
		k.LeaveOffice = c
	case *ImportOrganisations:
		k.ImportOrganisations = c
	case *MergeOrganisation:
		k.MergeOrganisation = c
	case *SplitOrganisation:
		k.SplitOrganisation = c
	case *ChangeContractHolder:
		k.ChangeContractHolder = c
	case *GrantMandate:
		k.GrantMandate = c
	case *WithdrawMandate:
		k.WithdrawMandate = c
	case *ErasePerson:
		k.ErasePerson = c
	}
	return k
}

// Command is the command that was kept.
func (k *KeptCommand) Command() Command {
	switch {
	case k.RecordSpokesperson != nil:
		return k.RecordSpokesperson
	case k.EndSpokesperson != nil:
		return k.EndSpokesperson
	case k.NameHolder != nil:
		return k.NameHolder
	case k.LeaveSeat != nil:
		return k.LeaveSeat
	case k.LeaveOffice != nil:
		return k.LeaveOffice
	case k.ImportOrganisations != nil:
		return k.ImportOrganisations
	case k.MergeOrganisation != nil:
		return k.MergeOrganisation
	case k.SplitOrganisation != nil:
		return k.SplitOrganisation
	case k.ChangeContractHolder != nil:
		return k.ChangeContractHolder
	case k.GrantMandate != nil:
		return k.GrantMandate
	case k.WithdrawMandate != nil:
		return k.WithdrawMandate
	}
	return k.ErasePerson
}

// unopposed says whether it takes effect by itself when a full window has run and
// nobody objected (rules O1, M2, L7). Of a list that is what no organisation has to
// confirm for itself.
func (k *KeptCommand) unopposed() bool {
	return k.ImportOrganisations != nil || k.WithdrawMandate != nil || k.ErasePerson != nil
}

// severally says whether those whose word it takes each confirm their part of it, which
// then takes effect; else all of them have to confirm the whole.
func (k *KeptCommand) severally() bool { return k.ImportOrganisations != nil }

// onlyAdds says whether it can't lower what anybody may do in the group's name, so that
// while it waits everything stays as it is.
func (k *KeptCommand) onlyAdds() bool {
	return k.RecordSpokesperson != nil || k.NameHolder != nil || k.GrantMandate != nil || k.EndSpokesperson != nil || k.LeaveSeat != nil || k.ErasePerson != nil
}

// ends says whether it ends what the people whom it names hold: they may then confirm it
// themselves, as they may record it.
func (k *KeptCommand) ends() bool {
	return k.EndSpokesperson != nil || k.LeaveSeat != nil || k.LeaveOffice != nil
}

// A Kept record is one that a keeper made and that waits, or waited, for somebody else.
type Kept struct {
	Number  string // such as N3
	Command KeptCommand
	By      string // id of whoever recorded it
	As      string // duty/…
	On      Day    // recorded
	Window  Day    // on which a full window has run since all seats were told
	Named   []string
	Index   uint64
	Parts   []KeptPart
}

// A KeptPart is whose word a record takes, and what they said.
type KeptPart struct {
	Of       string // an organisation's code, person/<id>, or "seats"
	Stage    KeptStage
	How      KeptHow
	Person   string // who confirmed or refused it last
	Said     Day
	Reason   string   // of a refusal
	Objected bool     // somebody objects to what would take effect by itself
	Past     []string // who confirmed it after the organisation had refused it
}

// KeptStage is how far a part of a record has come.
type KeptStage string

const (
	KeptWaits     KeptStage = "waits"
	KeptTaken     KeptStage = "confirmed"
	KeptRefused   KeptStage = "refused"
	KeptTakenBack KeptStage = "taken back"
)

// KeptHow is who confirmed a part of a record.
type KeptHow string

const (
	ByItself  KeptHow = "itself"     // somebody else who speaks or sits for the organisation, or the person concerned
	BySeat    KeptHow = "seat"       // a seat holder: nobody of the organisation could, or answered in a full window
	ByKeeper  KeptHow = "keeper"     // a second keeper: there is no such seat holder
	Unopposed KeptHow = "unopposed"  // nobody objected in a full window
	PastIt    KeptHow = "past it"    // past a refusal of the organisation, by enough others
	TowardsIt KeptHow = "towards it" // the same, while there are not enough yet
)

// Waits says whether somebody's word is still asked for.
func (k *Kept) Waits() bool {
	if !k.Command.severally() && slices.ContainsFunc(k.Parts, func(p KeptPart) bool { return p.Stage == KeptRefused || p.Stage == KeptTakenBack }) {
		return false
	}
	return slices.ContainsFunc(k.Parts, func(p KeptPart) bool { return p.Stage == KeptWaits })
}

// part is what is asked of those; nil if they are not asked.
func (k *Kept) part(of string) *KeptPart {
	for i := range k.Parts {
		if k.Parts[i].Of == of {
			return &k.Parts[i]
		}
	}
	return nil
}

// confirmedByOthers says whether somebody else than those concerned had it take effect,
// and they have not confirmed it since (rule F10).
func (k *Kept) confirmedByOthers() bool {
	return slices.ContainsFunc(k.Parts, func(p KeptPart) bool { return p.Stage == KeptTaken && p.How != ByItself })
}

// waiting is what was recorded and waits for somebody else.
type waiting struct {
	Records map[string]*Kept

	pending []string          // of them, those that wait, in order
	taken   map[uint64]string // the record that took effect, by the event that confirmed it
}

func newWaiting() waiting { return waiting{Records: map[string]*Kept{}, taken: map[uint64]string{}} }

func (s waiting) copy() waiting {
	s.Records, s.pending, s.taken = maps.Clone(s.Records), slices.Clip(s.pending), maps.Clone(s.taken)
	return s
}

// Pending are the records that wait for somebody's word, in the order in which they were made.
func (s *waiting) Pending() []*Kept {
	var ks []*Kept
	for _, n := range s.pending {
		ks = append(ks, s.Records[n])
	}
	return ks
}

// namedByOthers says whether the tenure rests on a record that somebody else than the
// organisation had take effect, and that the organisation has not confirmed (rule F10).
func (s *waiting) namedByOthers(t Tenure) bool {
	k := s.Records[t.Record]
	return k != nil && k.confirmedByOthers()
}

// mustWait says whether the command waits for a second person: a keeper gives it, and
// the group is past forming (rules O3, F1).
func (t *turn) mustWait(c keepable) bool {
	return t.s.Established != 0 && strings.HasPrefix(t.as, "duty/") && !t.s.seatsAnew(c, t.day)
}

// keep keeps the command, if today it would record what somebody else has to confirm.
func (t *turn) keep(c keepable) *Refusal {
	trial := t.trial(t.s)
	if r := c.decide(trial); r != nil {
		return r
	}
	t.before, t.list = trial.before, trial.list
	if len(trial.out) == 0 || t.before != nil {
		return nil
	}
	of := c.concerns(t.s.State, trial.out)
	if len(of) == 0 {
		return c.decide(t)
	}
	if w, ok := c.(*WithdrawMandate); ok && w.Given == 0 {
		given := *w
		given.Given, c = t.day, &given
	}
	kept := keptAs(c)
	for _, k := range t.s.Pending() {
		if sameSaid(k.Command, kept) {
			return t.saidBefore(k.Index, k.Number)
		}
	}
	named, r := t.s.people("O3", c.names())
	if r != nil {
		return r
	}
	t.record(&RecordKept{Record: t.number('N'), Command: kept, Of: of, Named: named, Window: t.fullWindow(), List: t.list})
	return nil
}

// fullWindow is the day on which a full window has run since today: the charter's
// window for objections, at least one day.
func (t *asking) fullWindow() Day {
	return t.day.Add(max(1, t.s.CharterOn(t.day).Charter.Window))
}

// trial is a turn on a copy of the state, of which nothing is recorded.
func (t *turn) trial(s *View) *turn {
	return &turn{asking: asking{s: s.copied(), req: t.req, now: t.now, day: t.day, actor: t.actor, permission: t.permission}, own: true, as: t.as}
}

// takeEffect decides what was kept as if it were recorded today, for those of its parts.
// The turn has a state of its own; what it records follows from the confirmation.
func (t *turn) takeEffect(k *Kept, parts []string, because uint64) *Refusal {
	t.parts, t.because = parts, because
	defer func() { t.parts, t.because = nil, 0 }()
	c := k.Command.Command()
	if n := k.Command.NameHolder; n != nil && n.From < t.day {
		later := *n
		later.From, c = t.day, &later
	}
	if sp := k.Command.RecordSpokesperson; sp != nil && sp.From < t.day {
		later := *sp
		later.From, c = t.day, &later
	}
	if wd := k.Command.WithdrawMandate; wd != nil && t.as == System {
		later := *wd
		later.Effective, c = max(wd.Effective, k.Window), &later
	}
	return c.decide(t)
}

// ConfirmRecord says that what somebody recorded, and what waits, is right (rules O3, O1, M1).
type ConfirmRecord struct {
	Records []string `json:"records" doc:"what waits, such as N3, E1 or K2" maxItems:"200" rule:"O3" of:"waiting" ask:"Which of these are right?"`
}

func (c *ConfirmRecord) may(w *who) (Permission, *Refusal) {
	return w.mayAll(c.Records, waits.mayConfirm)
}

func (c *ConfirmRecord) mayOperate() {}

func (c *ConfirmRecord) decide(t *turn) *Refusal {
	if t.operator {
		return t.asOperator(c.Records, func(k *Kept, parts []string) *Refusal { return t.confirmParts(k.Number, parts, ByKeeper) })
	}
	return t.all(c.Records, waits.mayConfirm, func(one waits, w *who) *Refusal { return one.confirm(t, w) })
}

// RefuseRecord says that what somebody recorded, and what waits, is not right (rule O3).
type RefuseRecord struct {
	Records []string `json:"records" doc:"what waits, such as N3, E1 or K2" maxItems:"200" rule:"O3" of:"waiting" ask:"Which of these are not right?"`
	Reason  string   `json:"reason" maxLength:"2000" call:"the reason" ask:"What is wrong?"`
}

func (c *RefuseRecord) may(w *who) (Permission, *Refusal) {
	return w.mayAll(c.Records, waits.mayRefuse)
}

func (c *RefuseRecord) mayOperate() {}

func (c *RefuseRecord) decide(t *turn) *Refusal {
	if t.operator {
		return t.asOperator(c.Records, func(k *Kept, parts []string) *Refusal {
			if r := checkWords("O3", "the reason", c.Reason, someWords).at("reason"); r != nil {
				return r
			}
			t.recordBecause(k.Index, t.day, &RecordRefused{Record: k.Number, Of: parts, Reason: c.Reason})
			return nil
		})
	}
	return t.all(c.Records, waits.mayRefuse, func(one waits, w *who) *Refusal { return one.refuse(t, w, c.Reason) })
}

// waits is something that waits for people's word.
type waits interface {
	mayConfirm(*who) (Permission, *Refusal)
	mayRefuse(*who) (Permission, *Refusal)
	confirm(*turn, *who) *Refusal
	refuse(t *turn, w *who, reason string) *Refusal
}

// waits finds what waits by its reference.
func (s *business) waits(ref string) (waits, *Refusal) {
	if k := s.Records[ref]; k != nil {
		return k, nil
	}
	if x := s.Exercises[ref]; x != nil {
		return x, nil
	}
	if k := s.Commitments[ref]; k != nil {
		return k, nil
	}
	if w := s.Ways[s.wayNumbers[ref]]; w != nil {
		return w, nil
	}
	return nil, notFound("O3", "There is no record %q that waits.", Clip(ref))
}

// mayAll is the permission for all of these; of several, that for the first.
func (w *who) mayAll(refs []string, may func(waits, *who) (Permission, *Refusal)) (Permission, *Refusal) {
	if len(refs) == 0 {
		return Permission{}, invalid("O3", "Say which records.").at("records")
	}
	var first Permission
	for i, ref := range refs {
		one, r := w.s.waits(ref)
		if r != nil {
			return first, r.at(nth("records", i))
		}
		yes, r := may(one, w)
		if r != nil {
			return first, r.at(nth("records", i))
		}
		if i == 0 {
			first = yes
		}
	}
	return first, nil
}

// all does the same to each of those that wait, one after the other, each on behalf of
// those for whom the person may. Who may is as it was before the first: one that takes
// effect takes nobody's word on the others away.
func (t *turn) all(refs []string, may func(waits, *who) (Permission, *Refusal), f func(waits, *who) *Refusal) *Refusal {
	before := t.s.State
	if t.own {
		before = before.Copy()
	}
	t.ownState()
	w := &who{before, t.actor, t.day}
	for i, ref := range refs {
		if slices.Contains(refs[:i], ref) {
			return invalid("O3", "%s is named twice.", ref).at(nth("records", i))
		}
		one, r := t.s.waits(ref)
		if r != nil {
			return r.at(nth("records", i))
		}
		yes, r := may(one, w)
		if r != nil {
			return r.at(nth("records", i))
		}
		t.as = yes.OnBehalfOf
		if r := f(one, w); r != nil {
			return r.at(nth("records", i))
		}
	}
	return nil
}
