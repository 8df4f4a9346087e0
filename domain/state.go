package domain

import (
	"maps"
	"slices"
	"time"
)

// State is what one group's ledger says, folded. What hangs under its maps is
// never changed in place: apply puts a changed copy there, so that a clone of
// the maps is a state of its own. Readers must not change anything.
//
// A State answers questions about any effective day, as known after its last
// event; "as known" at an earlier moment is the State folded up to that moment.
type State struct {
	Group string    // name in addresses, such as "trafford"
	Next  uint64    // index of the next event
	Last  time.Time // recorded time of the last event

	Name        string // of the group: "Trafford GP Board"
	ShortName   string // in sentences: "the board"
	Place       string // code of the organisation that is the place
	PlaceName   string // in sentences: "Trafford"
	Founder     string // person id
	Established Day    // 0 while forming
	Charters    []CharterVersion
	Consents    []CharterConsent // to the first charter
	Schedule    []ScheduleItem   // what stood before the ledger, until established (F8)
	Duties      []Duty

	People        map[string]*Person
	Organisations map[string]*Organisation
	Seats         map[string]*Seat
	Invitations   []Invitation
	Mandates      []*MandateEntry // grants and withdrawals in order of recording
	Asked         []MandateAsked
	Proposals     map[string]*Proposal
	Objections    map[string]*Objection
	Positions     []*AdoptedPosition // of the group on a matter, red lines among them
	Executive     []ExecutiveTerm
	Delegations   map[string]*Delegation
	Exercises     map[string]*Exercise
	Forums        map[string]*Forum
	Meetings      map[string]*Meeting
	MovedMeetings map[string]string // which meeting was moved away, by id, from where it was
	Appointments  map[string]*Appointment
	Commitments   map[string]*Commitment
	Interests     []*Interest
	Reviews       []Review
	Corrections   []Correction
	Log           LogState
	Approaches    map[string]*Approach // side conversations among them
	Actions       map[string]*Action
	Priorities    map[string]*Priority      // the long list
	Rounds        map[string]*PriorityRound // in which the practices were asked
	PriorityLists []*PriorityList           // final ones, in order
	Departures    map[string]*Departure
	Noticed       map[string]*Noticed // what was recorded about a notice, by what that is about
	Questions     map[string]*PracticeQuestion
	GroupMeetings map[Day]*GroupMeeting // the group's own
	Proved        []*ProvedConsent      // of other groups, and what they rest on
	Documents     []Document            // attached, in order

	counts  map[byte]int // numbers given out, by letter: P, O, D, E, R, K, M, A, S, T, Y, W, X, Q, I
	handles map[string]string
	members map[string][]string
	open    []string             // proposals that are open, in order
	noticed map[uint64]time.Time // when what is a notice was recorded, by index

	mandatesOf   map[string][]*MandateEntry // Mandates, by organisation
	predecessors map[string][]string        // organisations that merged or were split into one, by its code
	lists        []officialList             // that were taken over, in order

	memo   memo              // empty but for Remembering
	across map[string]*State // ledgers of other groups, beside this one; see Across
}

// NewState is the state of a group of which nothing has been recorded.
func NewState(group string) *State {
	return &State{
		Group: group, People: map[string]*Person{}, Organisations: map[string]*Organisation{}, Seats: map[string]*Seat{},
		Proposals: map[string]*Proposal{}, Objections: map[string]*Objection{}, Delegations: map[string]*Delegation{},
		Exercises: map[string]*Exercise{}, Forums: map[string]*Forum{}, Meetings: map[string]*Meeting{}, MovedMeetings: map[string]string{},
		Appointments: map[string]*Appointment{}, Commitments: map[string]*Commitment{}, Approaches: map[string]*Approach{},
		Actions: map[string]*Action{}, Priorities: map[string]*Priority{}, Rounds: map[string]*PriorityRound{}, Departures: map[string]*Departure{},
		Noticed: map[string]*Noticed{}, Questions: map[string]*PracticeQuestion{}, GroupMeetings: map[Day]*GroupMeeting{},
		counts: map[byte]int{}, handles: map[string]string{}, members: map[string][]string{}, noticed: map[uint64]time.Time{}, mandatesOf: map[string][]*MandateEntry{}, predecessors: map[string][]string{},
	}
}

// Apply folds the next event in. The caller has seen to the order.
func (s *State) Apply(e *Event) {
	e.Data.apply(s, e)
	s.Next, s.Last = e.Index+1, e.Time
}

// Copy is a state of its own, into which further events can be folded.
func (s *State) Copy() *State { return s.clone() }

// clone is a state of its own that shares what hangs under the maps.
func (s *State) clone() *State {
	c := *s
	c.People, c.Organisations, c.Seats = maps.Clone(s.People), maps.Clone(s.Organisations), maps.Clone(s.Seats)
	c.Proposals, c.Objections = maps.Clone(s.Proposals), maps.Clone(s.Objections)
	c.Delegations, c.Exercises = maps.Clone(s.Delegations), maps.Clone(s.Exercises)
	c.Forums, c.Meetings, c.MovedMeetings = maps.Clone(s.Forums), maps.Clone(s.Meetings), maps.Clone(s.MovedMeetings)
	c.Appointments, c.Commitments = maps.Clone(s.Appointments), maps.Clone(s.Commitments)
	c.Approaches, c.Actions = maps.Clone(s.Approaches), maps.Clone(s.Actions)
	c.Priorities, c.Rounds, c.PriorityLists = maps.Clone(s.Priorities), maps.Clone(s.Rounds), slices.Clip(s.PriorityLists)
	c.Departures, c.Noticed, c.Questions = maps.Clone(s.Departures), maps.Clone(s.Noticed), maps.Clone(s.Questions)
	c.GroupMeetings, c.Proved, c.Documents = maps.Clone(s.GroupMeetings), slices.Clip(s.Proved), slices.Clip(s.Documents)
	c.counts, c.handles, c.members = maps.Clone(s.counts), maps.Clone(s.handles), maps.Clone(s.members)
	c.mandatesOf, c.noticed, c.memo = maps.Clone(s.mandatesOf), maps.Clone(s.noticed), memo{}
	c.predecessors, c.lists = maps.Clone(s.predecessors), slices.Clip(s.lists)
	c.Charters, c.Consents, c.Schedule = slices.Clip(s.Charters), slices.Clip(s.Consents), slices.Clip(s.Schedule)
	c.Duties, c.Invitations = slices.Clip(s.Duties), slices.Clip(s.Invitations)
	c.Mandates, c.Asked, c.Positions = slices.Clip(s.Mandates), slices.Clip(s.Asked), slices.Clip(s.Positions)
	c.Executive, c.Interests = slices.Clip(s.Executive), slices.Clip(s.Interests)
	c.Reviews, c.Corrections, c.open = slices.Clip(s.Reviews), slices.Clip(s.Corrections), slices.Clip(s.open)
	return &c
}

// edit puts a copy of the entry in the map and gives it out to be changed.
func edit[V any](m map[string]*V, key string) *V {
	c := *m[key]
	m[key] = &c
	return &c
}

// with is the slice and one more, in memory of its own and with no room to spare:
// what grows by ones, here and there, is most of what a state takes.
func with[V any](s []V, v V) []V {
	c := make([]V, len(s)+1)
	copy(c, s)
	c[len(s)] = v
	return c
}

func appendNew(s []string, v string) []string {
	if slices.Contains(s, v) {
		return s
	}
	return append(slices.Clip(s), v)
}
