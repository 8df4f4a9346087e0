package model

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"goldenthread/domain"
)

// group is the name of every history's group.
const group = "vale"

// settle is the name under which an order asks the ledger for what is due, as
// a store's timer does, and no command.
const settle = "settle"

// An order is a command on its way to the ledger: who sends it, and when.
type order struct {
	Time    time.Time
	Actor   string // handle
	Name    string
	JSON    []byte
	Refused string // rule of the refusal; "" where it was recorded
	ID      int    // its place in the history that was made up
}

func (o *order) String() string {
	if o.Name == settle {
		return o.Time.Format("2006-01-02 15:04") + "  what is due"
	}
	return fmt.Sprintf("%s  %s: %s %s", o.Time.Format("2006-01-02 15:04"), o.Actor, o.Name, o.JSON)
}

// A recorder is a ledger with everything that was ordered and recorded.
type recorder struct {
	seed    uint64
	ledger  *domain.Ledger
	orders  []order
	ends    []int // for each order, how many events there were after it
	events  []*domain.Event
	numbers map[string]string // what was made, by what made it, and its number
	failed  error             // the ledger is damaged
}

func newRecorder(seed uint64) *recorder {
	return &recorder{seed: seed, ledger: domain.NewLedger(group), numbers: map[string]string{}}
}

// send decides the command and applies what comes of it, as a store does. It
// answers with the refusal, or nil.
func (r *recorder) send(at time.Time, actor string, c domain.Command) *domain.Refusal {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err)
	}
	return r.give(order{Time: at, Actor: actor, Name: domain.CommandName(c), JSON: text, ID: len(r.orders)})
}

func (r *recorder) give(o order) *domain.Refusal {
	o.Refused = ""
	var refusal *domain.Refusal
	before := len(r.events)
	if o.Name == settle {
		r.append(r.ledger.Settle(o.Time, nil))
	} else {
		refusal = r.decide(&o)
	}
	if refusal != nil {
		o.Refused = refusal.Rule
	}
	r.number(o.ID, r.events[before:])
	r.orders = append(r.orders, o)
	r.ends = append(r.ends, len(r.events))
	return refusal
}

func (r *recorder) decide(o *order) *domain.Refusal {
	command, ok := domain.NewCommand(o.Name)
	if !ok {
		panic("no command " + o.Name)
	}
	if err := json.Unmarshal(o.JSON, command); err != nil {
		panic(err)
	}
	request := &domain.Request{Group: group, ID: r.id(), Hash: sha256.Sum256(o.JSON), Actor: o.Actor, Command: command}
	if day, past := request.NeedsPast(domain.DayOf(o.Time)); past {
		request.Past = stateAt(r.events, day.End())
	}
	d := r.ledger.Decide(request, o.Time)
	r.append(d.Events)
	return d.Refusal
}

// id is the next command's: the same in the same place of the same history.
func (r *recorder) id() uuid.UUID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], r.seed)
	binary.BigEndian.PutUint64(b[8:], uint64(len(r.orders)))
	sum := sha256.Sum256(b[:])
	id, err := uuid.NewRandomFromReader(bytes.NewReader(sum[:]))
	if err != nil {
		panic(err)
	}
	return id
}

// eventsAfter are the events that were recorded by the first n orders.
func (r *recorder) eventsAfter(n int) []*domain.Event {
	if n == 0 {
		return nil
	}
	return r.events[:r.ends[n-1]]
}

func (r *recorder) append(events []domain.Event) {
	for i := range events {
		e := events[i]
		if err := r.ledger.Apply(&e); err != nil {
			r.failed = err
			return
		}
		r.events = append(r.events, &e)
	}
}

// handle is that of the person.
func (r *recorder) handle(id string) string {
	if p := r.ledger.State().Person(id); p != nil {
		return p.Handle
	}
	return ""
}

// stateAt is the production code's state as known at that moment.
func stateAt(events []*domain.Event, at time.Time) *domain.View {
	s := domain.NewState(group)
	for _, e := range events {
		if e.Time.After(at) {
			break
		}
		s.Apply(e)
	}
	return s.View()
}

// number notes the numbers of what came of an order: of what the order itself
// made by the order, of what an agreement or an exercise made by that.
func (r *recorder) number(id int, events []*domain.Event) {
	by := func(source, number string) {
		for what, n := range r.numbers {
			if n == source {
				source = what
			}
		}
		for n := 0; ; n++ {
			what := fmt.Sprint(source, "/", n, number[:1])
			if _, taken := r.numbers[what]; !taken {
				r.numbers[what] = number
				return
			}
		}
	}
	for _, e := range events {
		switch x := e.Data.(type) {
		case *domain.ProposalRaised:
			r.numbers[fmt.Sprint("order ", id)] = x.Proposal
		case *domain.ExerciseRecorded:
			r.numbers[fmt.Sprint("order ", id)] = x.Exercise
		case *domain.CommitmentRecorded:
			r.numbers[fmt.Sprint("order ", id)] = x.Commitment
		case *domain.RecordKept:
			r.numbers[fmt.Sprint("order ", id)] = x.Record
		case *domain.ObjectionRaised:
			r.numbers[fmt.Sprint("order ", id)] = x.Objection
		case *domain.DelegationGranted:
			by(x.Source, x.Delegation)
		case *domain.RepresentativeAppointed:
			by(x.Source, x.Appointment)
		}
	}
}

// replay gives orders of the history to a new ledger. Where some were left out,
// what is left has other numbers: what the orders name is named by those.
func (r *recorder) replay(orders []order) *recorder {
	fresh := newRecorder(r.seed)
	for _, o := range orders {
		o.JSON = number.ReplaceAllFunc(o.JSON, func(quoted []byte) []byte {
			for what, n := range r.numbers {
				if n == string(bytes.Trim(quoted, `"`)) {
					return []byte(`"` + fresh.numbers[what] + `"`)
				}
			}
			return quoted
		})
		fresh.give(o)
	}
	return fresh
}

var number = regexp.MustCompile(`"[A-Z]+[0-9]{1,3}"`)

// minutes are the orders as text, those that were refused left out.
func minutes(orders []order) string {
	var b strings.Builder
	for _, o := range orders {
		if o.Refused == "" {
			b.WriteString(o.String() + "\n")
		}
	}
	return b.String()
}
