package domain

import (
	"reflect"
	"time"

	"github.com/google/uuid"
)

// An Event is one immutable line of a group's ledger (rules L1, L4, L5).
type Event struct {
	ID         uuid.UUID // of this event, unique everywhere; set by whoever writes the line
	Group      string    // whose ledger
	Index      uint64    // place in the ledger, from 0, without gaps
	Time       time.Time // recorded: the ledger's clock, UTC, milliseconds, never goes back
	Effective  Day       // when it holds in the world
	Command    uuid.UUID // the command that it answers
	Hash       [32]byte  // SHA-256 of the request that carried the command
	Actor      string    // "person/<id>", or "system"
	Way        Way       // how it was known that they act; "": recorded before the ledger said so
	OnBehalfOf string    // "seat/<code>", "organisation/<code>", "duty/<duty>", "person/<id>" or "system"
	Cause      uint64    // index of the event that it follows from; its own Index where there is none
	Trace      Trace     // of the request that carried the command, if its caller sent one
	Data       Payload
}

// Kind is the name under which the event's payload is stored.
func (e *Event) Kind() string { return KindOf(e.Data) }

// A Payload is what an event says. There is one type of payload for each kind;
// their names and JSON are storage formats and never change: what must change
// becomes a new version beside the old one. A switch over it names every type.
//
//sumtype:decl
type Payload interface {
	// Subject is what the event is about: "proposal/P7".
	Subject() string
	// apply folds the event into the state. It never decides and cannot fail.
	apply(*State, *Event)
}

// A Kind names one type of payload.
type Kind struct {
	Name  string
	New   func() Payload
	Since int // format since which it is there
}

// since says that the kind came with that format, not with the first.
func (k Kind) since(format int) Kind {
	k.Since = format
	return k
}

func kind[T any, P interface {
	*T
	Payload
}](name string) Kind {
	return Kind{"goldenthread." + name, func() Payload { return P(new(T)) }, 1}
}

var (
	kindByName = map[string]Kind{}
	nameByType = map[reflect.Type]string{}
)

func init() {
	for i := range Kinds {
		k := &Kinds[i]
		if noteFormat(k) {
			kindByName[k.Name] = *k
		}
		nameByType[reflect.TypeOf(k.New())] = k.Name
	}
}

// NewPayload is an empty payload of the named kind; false if there is none. An
// unknown kind may revoke a power, so whoever meets one must stop.
func NewPayload(name string) (Payload, bool) {
	k, ok := kindByName[name]
	if !ok {
		return nil, false
	}
	return k.New(), true
}

// KindOf is the name of the payload's kind. It panics for a type that is not in
// the table: a test keeps the table whole.
func KindOf(p Payload) string {
	name, ok := nameByType[reflect.TypeOf(p)]
	if !ok {
		panic("domain: payload without a kind: " + reflect.TypeOf(p).String())
	}
	return name
}
