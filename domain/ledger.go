package domain

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Rules kept here: L1 (gapless), L2 (decided on the whole state, all or
// nothing), L4 (recorded time never goes back), L5 (who, for whom, in answer to
// which command), F3 (outsiders do nothing), C5 (what was due is settled before any later command).

// A Command asks for something to be recorded. may says who may give it, and on
// whose behalf; see State.May. decide comes after it: it looks at the state through
// the turn and either records events on the turn or refuses. Neither changes anything.
type Command interface {
	may(*who) (Permission, *Refusal)
	decide(*turn) *Refusal
}

// A Request is a command on its way to a group's ledger.
type Request struct {
	Group   string
	ID      uuid.UUID // command id: the same id and actor is the same command
	Hash    [32]byte  // of what it says, however it was written: see HashOf
	Sent    [32]byte  // of the bytes that were sent, as hashes were made once; zero: not known
	Actor   string    // person id or handle; when founding, a handle among the founding people
	Way     Way       // how it is known that they act; "": nobody says
	Trace   Trace     // that the caller sent, if any; it makes no other request of this one
	Command Command
	// Past is the group's state as known at the end of the day that
	// NeedsPast named; nil where it named none.
	Past *View
	// Places are the ledgers of the groups that hold seats here, by name, as
	// they stand now; Past has those of its own moment.
	Places map[string]*State
	Basis  *Basis // on which alone it is to be decided; nil: on whatever it meets
}

// A Basis is what a decision rests on: the same request is decided on it in the same way.
type Basis struct {
	Next uint64 `json:"next"` // number of events of the group
	Day  Day    `json:"day"`  // on which it is decided
}

// NeedsPast is the past day as known at whose end the command must be judged
// (rule R4); false if today's state will do.
func (r *Request) NeedsPast(today Day) (Day, bool) {
	c, ok := r.Command.(interface{ judgedAt() Day })
	if !ok || c.judgedAt() == 0 || c.judgedAt() >= today {
		return 0, false
	}
	return c.judgedAt(), true
}

// An Answer is what the caller is told once the events are safe.
type Answer struct {
	First, Last uint64 // indexes of the command's own events
	Refs        []string
	Repeat      bool         // this had been recorded before: the same command, or the same said again
	List        *ListOutcome // of an official list that was imported: what it left out or said otherwise; else nil
}

// A Decision is what is to be appended, all together or not at all, and what
// to answer then. With a Refusal, Events may still hold what was due anyway.
type Decision struct {
	Events  []Event
	Answer  Answer
	Refusal *Refusal
}

// A Ledger is the fold of one group's events, as far as deciding needs it. It
// is not safe for concurrent use.
type Ledger struct {
	state   *State
	answers map[answerKey]answered
	order   []answerKey // oldest first
}

// AnswersKept is how long the ledger remembers what it answered, in its own time.
const AnswersKept = 30 * 24 * time.Hour

type answerKey struct {
	actor   [16]byte
	command uuid.UUID
}

type answered struct {
	hash        [32]byte
	at          time.Time
	first, last uint64
	refs        []string
	list        *ListOutcome
}

// NewLedger is the empty ledger of a group that has not been founded.
func NewLedger(group string) *Ledger {
	return &Ledger{state: NewState(group), answers: map[answerKey]answered{}}
}

// State is the ledger's present state, to be read only, until the next Apply.
func (l *Ledger) State() *State { return l.state }

// Decide answers a request at the given moment. It changes nothing: the
// decision counts once its events have been applied.
func (l *Ledger) Decide(r *Request, now time.Time) Decision {
	if a, refusal, seen := l.repeat(r); seen {
		return Decision{Answer: a, Refusal: refusal}
	}
	return l.state.View().decideRequest(r, now)
}

// decideRequest is the decision on a request that was not answered before. It changes nothing.
func (s *View) decideRequest(r *Request, now time.Time) Decision {
	if len(r.Places) > 0 {
		s = s.Across(r.Places)
	}
	return newTurn(s, r, now).decide(r)
}

func (t *turn) decide(r *Request) Decision {
	if on := (Basis{t.s.Next, t.day}); r.Basis != nil && *r.Basis != on {
		return Decision{Refusal: notNow("L2", "Something else was recorded meanwhile. Please look again at what would follow.")}
	}
	t.settleDue(DayOf(t.s.Last))
	before := len(t.out)
	t.list = nil // of a list that took effect before: it is not what this command is answered
	if refusal := t.run(r); refusal != nil {
		return Decision{Events: t.out[:before], Refusal: refusal}
	}
	if len(t.out) == before && t.before != nil {
		return Decision{Events: t.out, Answer: *t.before}
	}
	if len(t.out) == before {
		return Decision{Events: t.out, Answer: Answer{First: t.nextIndex(), Last: t.nextIndex(), List: t.list}}
	}
	own := slices.DeleteFunc(slices.Clone(t.out[before:]), func(e Event) bool { return e.Actor == System })
	a := Answer{First: own[0].Index, Last: own[len(own)-1].Index, Refs: refsOf(own), List: t.list}
	t.settleDue(t.day)
	return Decision{Events: t.out, Answer: a}
}

// Settle is what has become due in the group at the given moment, if anything, and what
// was heard from other groups' ledgers (rule G1), by their names.
// Any node works out the same events under the same command ids.
func (l *Ledger) Settle(now time.Time, heard map[string]Heard) []Event {
	t := newTurn(l.state.View(), &Request{Group: l.state.Group, Way: ByLedger}, now)
	t.settleDue(DayOf(l.state.Last))
	t.hear(heard)
	return t.out
}

// repeat finds the answer that this command had before; asked by the same
// actor for something else, it is refused (rule L5).
func (l *Ledger) repeat(r *Request) (Answer, *Refusal, bool) {
	id, ok := l.actorID(r)
	if !ok {
		return Answer{}, nil, false
	}
	got, ok := l.answers[answerKey{id, r.ID}]
	switch {
	case !ok:
		return Answer{}, nil, false
	case got.hash != r.Hash && got.hash != r.Sent:
		return Answer{}, notNow("L5", "This command id was already used for something else, at index %d. Use a new one.", got.first), true
	}
	return Answer{First: got.first, Last: got.last, Refs: got.refs, Repeat: true, List: got.list}, nil, true
}

// operator says whether the operator gives the command, as one of theirs (rule L10).
func (r *Request) operator() bool {
	return r.Actor == Operator && r.Way == ByOperator && OperatorGives(r.Command)
}

// operatorID stands for the operator among those who send commands.
var operatorID = uuid.NewSHA1(uuid.NameSpaceURL, []byte("goldenthread/operator"))

func (l *Ledger) actorID(r *Request) (uuid.UUID, bool) {
	if r.operator() {
		return operatorID, true
	}
	if f, founding := r.Command.(*Found); founding {
		return uuid.MustParse(NewPersonID(r.Group, r.ID, f.Founder)), true
	}
	if p := l.state.Person(r.Actor); p != nil {
		return uuid.MustParse(p.ID), true
	}
	return uuid.UUID{}, false
}

// ErrGap says that the ledger is damaged: an index is missing or doubled.
var ErrGap = errors.New("gap in the ledger")

// Apply folds an event that the store has acknowledged. An error means that
// the ledger is damaged and must not be used.
func (l *Ledger) Apply(e *Event) error {
	if e.Index != l.state.Next {
		return fmt.Errorf("%w of %s: event %d where %d was expected", ErrGap, l.state.Group, e.Index, l.state.Next)
	}
	l.state.Apply(e)
	l.remember(e)
	return nil
}

func (l *Ledger) remember(e *Event) {
	if e.Actor == System {
		return
	}
	id := operatorID
	if e.Actor != Operator {
		var err error
		if id, err = uuid.Parse(e.Actor[len("person/"):]); err != nil {
			return
		}
	}
	k := answerKey{id, e.Command}
	a, again := l.answers[k]
	if !again {
		a = answered{hash: e.Hash, at: e.Time, first: e.Index}
		l.order = append(l.order, k)
	}
	a.last, a.refs = e.Index, append(a.refs, refsOf([]Event{*e})...)
	switch l := e.Data.(type) {
	case *OrganisationsListed:
		a.list = l.outcome()
	case *RecordKept:
		a.list = l.List
	default:
	}
	l.answers[k] = a
	for e.Time.Sub(l.answers[l.order[0]].at) > AnswersKept {
		delete(l.answers, l.order[0])
		l.order = l.order[1:]
	}
}

// A turn is one decision being made: what was asked, and the events so far.
type turn struct {
	asking
	own     bool   // s is the turn's own copy and may be changed
	as      string // on whose behalf the next events are recorded
	out     []Event
	parts   []string     // of a record that takes effect, those confirmed; see takeEffect
	because uint64       // the event that confirmed it; 0: nothing takes effect that waited
	before  *Answer      // the command says again what an earlier one recorded; see saidBefore
	list    *ListOutcome // of an import
}

// asking is who asks for what, and the state that is looked at. What only looks is
// its method, and can record nothing.
type asking struct {
	s          *View
	req        *Request
	now        time.Time
	day        Day
	actor      *Person    // nil for the system, the operator, and while founding
	operator   bool       // the operator acts
	permission Permission // in which the actor gives the command
	stating    bool       // what would be signed is being worked out: nothing is signed yet
	unsigned   bool       // a signature is not asked for yet: see TryUnsigned
}

func newTurn(s *View, r *Request, now time.Time) *turn {
	now = now.UTC().Truncate(time.Millisecond)
	if now.Before(s.Last) {
		now = s.Last
	}
	return &turn{asking: asking{s: s, req: r, now: now, day: DayOf(now)}}
}

// run has the command decided, if whoever sends it may give it.
func (t *turn) run(r *Request) *Refusal {
	refusal := t.mustBeKnown(r)
	if refusal != nil {
		return refusal
	}
	if r.operator() {
		t.operator, t.permission = true, Permission{OnBehalfOf: Operator}
		if t.s.Next == 0 {
			return notFound("L1", "There is no group called %q here.", Clip(t.s.Group))
		}
	} else if t.permission, refusal = t.s.May(r.Actor, r.Command, t.day); refusal != nil {
		return refusal
	}
	t.as = t.permission.OnBehalfOf
	if !t.operator {
		t.actor = t.s.Person(r.Actor)
	}
	if refusal := checkDescribed(r.Command); refusal != nil {
		return refusal
	}
	if c, ok := r.Command.(keepable); ok && t.mustWait(c) {
		return t.keep(c)
	}
	return r.Command.decide(t)
}

// saidBefore answers the command with the event that an earlier one recorded: it
// says the same again, and nothing has changed since (rules C7, M1). Nothing is recorded.
func (t *turn) saidBefore(index uint64, refs ...string) *Refusal {
	t.before = &Answer{First: index, Last: index, Refs: refs, Repeat: true}
	return nil
}

// nextIndex is the index that the next event recorded on this turn will have.
func (t *turn) nextIndex() uint64 {
	if t.own {
		return t.s.Next
	}
	return t.s.Next + uint64(len(t.out))
}

// record puts an event on the turn, effective today.
func (t *turn) record(p Payload) uint64 { return t.recordOn(t.day, p) }

// recordOn puts an event on the turn, effective on the given day.
func (t *turn) recordOn(effective Day, p Payload) uint64 {
	return t.recordBecause(cmp.Or(t.because, t.nextIndex()), effective, p)
}

// recordBecause puts an event on the turn that follows from another.
func (t *turn) recordBecause(cause uint64, effective Day, p Payload) uint64 {
	e := t.event(cause, effective, p)
	t.out = append(t.out, e)
	if t.own {
		t.s.Apply(&e)
	}
	return e.Index
}

// event is what recordBecause puts on the turn.
func (t *turn) event(cause uint64, effective Day, p Payload) Event {
	actor := System
	switch {
	case t.actor != nil:
		actor = "person/" + t.actor.ID
	case t.operator:
		actor = Operator
	}
	return Event{
		Group: t.s.Group, Index: t.nextIndex(), Time: t.now, Effective: effective,
		Command: t.req.ID, Hash: t.req.Hash, Actor: actor, Way: t.req.Way, OnBehalfOf: t.as, Cause: cause, Trace: t.req.Trace, Data: p,
	}
}

// ownState gives the turn a state of its own in which what it has recorded is
// already applied, so that what follows is decided on it.
func (t *turn) ownState() {
	if t.own {
		return
	}
	t.s, t.own = t.s.copied(), true
	for i := range t.out {
		t.s.Apply(&t.out[i])
	}
}

// System is the actor of what the ledger does by itself (rule C5).
const System = "system"

// systemID is the command id of something the ledger does by itself: the same
// on any node.
func systemID(group, what string, n uint64) uuid.UUID {
	name := append([]byte("goldenthread/"+group+"/"+what+"/"), binary.BigEndian.AppendUint64(nil, n)...)
	return uuid.NewSHA1(uuid.NameSpaceURL, name)
}

// bySystem records on the turn as the ledger itself, under an id of its own.
func (t *turn) bySystem(what string, n uint64, f func()) {
	req, actor, as, operator := t.req, t.actor, t.as, t.operator
	t.req, t.actor, t.as = &Request{Group: t.s.Group, ID: systemID(t.s.Group, what, n), Way: ByLedger}, nil, System
	t.operator = false
	f()
	t.req, t.actor, t.as, t.operator = req, actor, as, operator
}

// refsOf are the short references (P1, D1 …) that the events made.
func refsOf(events []Event) []string {
	var refs []string
	for i := range events {
		if m, ok := events[i].Data.(interface{ made() string }); ok && m.made() != "" {
			refs = append(refs, m.made())
		}
	}
	return refs
}
