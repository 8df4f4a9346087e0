package domain

import (
	"slices"
	"strings"
	"time"
)

// Rule kept here: L9. The ledger is published as a signed log that anyone can
// check. Which keys sign it, and that a history was lost, is said in the ledger
// itself: a new key can't be slipped in, and a loss can't be passed over.

// A LogEvent says what became of the group's signed log. It is recorded by the
// system: no command makes one.
type LogEvent interface {
	Payload
	// said tells whether the ledger says so already.
	said(*State) bool
	// what tells one such event from another, alike on any node.
	what() string
}

// RecordLog is what is to be appended for the ledger to say e, after what was
// due; nothing if it says so already, or if the group was never founded.
func (l *Ledger) RecordLog(e LogEvent, now time.Time) []Event {
	if l.state.Next == 0 || e.said(l.state) {
		return nil
	}
	t := newTurn(l.state.View(), &Request{Group: l.state.Group, Way: ByLedger}, now)
	t.settleDue(DayOf(l.state.Last))
	t.bySystem("log/"+e.what(), t.nextIndex(), func() { t.record(e) })
	return t.out
}

// LogRekeyed: from now on these keys sign the log.
type LogRekeyed struct {
	Origin string   `json:"origin"` // of the log
	Keys   []string `json:"keys"`   // verifier keys (c2sp.org/signed-note) of all that sign from now on
	Before []string `json:"before"` // those that signed until now
}

func (e *LogRekeyed) Subject() string    { return "log" }
func (e *LogRekeyed) said(s *State) bool { return slices.Equal(s.Log.Keys, e.Keys) }
func (e *LogRekeyed) what() string       { return "rekeyed/" + strings.Join(e.Keys, ",") }
func (e *LogRekeyed) apply(s *State, _ *Event) {
	s.Log.Keys = e.Keys
}

// LogRestarted: the log was signed for more than is left, the operator accepted
// that, and a new log began. What the old one proves stays true.
type LogRestarted struct {
	Origin string `json:"origin"` // of the new log
	Was    string `json:"was"`    // origin of the old log
	Signed uint64 `json:"signed"` // how many events the old log was signed for
	Root   string `json:"root"`   // the root that was signed, base64
	Left   uint64 `json:"left"`   // how many events were left
}

func (e *LogRestarted) Subject() string    { return "log" }
func (e *LogRestarted) said(s *State) bool { return s.Log.Origin == e.Origin }
func (e *LogRestarted) what() string       { return "restarted/" + e.Origin }
func (e *LogRestarted) apply(s *State, _ *Event) {
	s.Log = LogState{Origin: e.Origin, Lost: append(slices.Clip(s.Log.Lost), *e)}
}

// Lost is how many events the loss took.
func (e *LogRestarted) Lost() uint64 { return e.Signed - e.Left }

// LogState is what the ledger says about its signed log.
type LogState struct {
	Origin string   // "" while it is the first
	Keys   []string // verifier keys; nil while they are the first
	Lost   []LogRestarted
}
