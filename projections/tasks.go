package projections

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"goldenthread/domain"
)

// Lists of what people are asked to do (rule T4): somebody's own, and the group's, with
// whom each thing is.

// kindNames say what lists call each kind of thing, where there are several.
var kindNames = map[WaitingKind]string{
	WaitsPosition: "Responses to proposals", WaitsBlock: "Objections to look at again", WaitsPay: "Payments to agree to", WaitsPutOff: "Closing days to put off",
	WaitsFacilitate: "Disputes to help with", WaitsConfirm: "Things said or decided to confirm", WaitsCallIn: "Call-ins", WaitsDeny: "Consultations to look at",
	WaitsTell: "Decisions to tell somebody of", WaitsReport: "Meetings to report", WaitsRecord: "Records to confirm or refuse", WaitsWay: "New ways in to confirm",
	WaitsNotices: "Notices to mark as seen", WaitsCharter: "The charter",

	WaitingKind(domain.DueReview): "Reviews", WaitingKind(domain.DueEnd): "Powers and appointments that end", WaitingKind(domain.DueRatify): "Decisions to ratify or disavow",
	WaitingKind(domain.DueMandate): "Mandates to renew", WaitingKind(domain.DueApproach): "Approaches", WaitingKind(domain.DuePriorities): "Priorities to ask for",
	WaitingKind(domain.DueAction): "Actions", WaitingKind(domain.DueDeparture): "Departures to talk through", WaitingKind(domain.DueCommunicate): "Agreements to tell the practices of",
	WaitingKind(domain.DueQuestion): "Questions to answer", WaitingKind(domain.DueInterest): "Interests to declare again", WaitingKind(domain.DueJoining): "Wider groups to answer",
	WaitingKind(domain.DueLetter): "Answers to letters to record", WaitingKind(domain.DueSeat): "Seats to be held", WaitingKind(domain.DueVacant): "Seats that nobody holds", WaitingKind(domain.DueLeft): "Things left open by leavers",
}

// KindName is what lists call that kind of thing; "" for no kind.
func KindName(k WaitingKind) string { return kindNames[k] }

// KindsOf says that there are n of the kind: "25 actions".
func KindsOf(k WaitingKind, n int) string {
	return domain.Thousands(n) + " " + firstLower(kindNames[k])
}

// TaskKinds are all kinds of things that somebody can be asked to do, by name.
func TaskKinds() []WaitingKind { return slices.Sorted(maps.Keys(kindNames)) }

// A TaskFilter says which of the things that are to be done are wanted; what is not given
// wants all.
type TaskFilter struct {
	Kind    WaitingKind
	Person  string     // handle of somebody who is asked
	Overdue bool       // only what is
	On      domain.Day // last day
}

// check refuses what can't be asked for on that day.
func (f *TaskFilter) check(g *asking) *domain.Refusal {
	if f.Kind != "" && kindNames[f.Kind] == "" {
		return &domain.Refusal{Rule: "T4", Say: "Nothing that people are asked to do is called " + strconv.Quote(clip(string(f.Kind))) + ".", Class: domain.Invalid}
	}
	if f.Person != "" && g.state.Person(f.Person) == nil {
		return &domain.Refusal{Rule: "L5", Say: "Nobody called " + strconv.Quote(clip(f.Person)) + " is known to this group.", Class: domain.NotFound}
	}
	return nil
}

// when says whether what is due on that day is wanted.
func (f *TaskFilter) when(on, at domain.Day) bool {
	return (f.On == 0 || f.On == on) && (!f.Overdue || on != 0 && on < at)
}

// A KindCount is how many things there are of a kind.
type KindCount struct {
	Kind  WaitingKind `json:"kind"`
	Count int         `json:"count" doc:"how many things of this kind there are"`
}

// countKinds counts things by kind, in the order of their names.
func countKinds[T any](things []T, kind func(*T) WaitingKind) []KindCount {
	n := map[WaitingKind]int{}
	for i := range things {
		n[kind(&things[i])]++
	}
	counts := []KindCount{}
	for _, k := range TaskKinds() {
		if n[k] > 0 {
			counts = append(counts, KindCount{k, n[k]})
		}
	}
	return counts
}

// A ToDoList is what one person is asked to do, as far as it was asked for.
type ToDoList struct {
	Waiting
	Kinds []KindCount `json:"kinds" doc:"how many there are of each kind, whichever is asked for"`
}

// ToDoOf is what ToDo gives, as far as the filter wants it, whose person they are.
func (g *asking) ToDoOf(f TaskFilter, at domain.Day) (ToDoList, *domain.Refusal) {
	l := ToDoList{Waiting: g.ToDo(f.Person, at)}
	if r := f.check(g); r != nil {
		return l, r
	}
	l.Items = slices.DeleteFunc(l.Items, func(w WaitingItem) bool { return !f.when(w.By, at) })
	l.Kinds = countKinds(l.Items, func(w *WaitingItem) WaitingKind { return w.Kind })
	l.Items = slices.DeleteFunc(l.Items, func(w WaitingItem) bool { return f.Kind != "" && w.Kind != f.Kind })
	return l, nil
}

// WorkList is what is due, overdue or paused on a day (rules D3, M5, D6, R5, A2, P1, T1, T2, X1, X2).
type WorkList struct {
	Stamp
	Due    []WorkLine  `json:"due" doc:"soonest first"`
	Kinds  []KindCount `json:"kinds" doc:"how many there are of each kind, whichever is asked for"`
	People []Who       `json:"people" doc:"who is asked to see to any of it, by office"`
}

// A WorkLine is a thing on the work list, and with whom it is.
type WorkLine struct {
	domain.Due
	With []Who `json:"with" doc:"who is asked to see to it"`
}

// WorkList answers for that day, with all that there is.
func (g *asking) WorkList(at domain.Day) WorkList {
	l, _ := g.WorkListOf(TaskFilter{}, at)
	return l
}

// WorkListOf answers for that day, as far as the filter wants it.
func (g *asking) WorkListOf(f TaskFilter, at domain.Day) (WorkList, *domain.Refusal) {
	l := WorkList{Stamp: g.stamp(at), Due: []WorkLine{}, Kinds: []KindCount{}, People: []Who{}}
	if r := f.check(g); r != nil {
		return l, r
	}
	asked := ""
	if f.Person != "" {
		asked = g.state.Person(f.Person).ID
	}
	var theirs map[string][]string // made where it is needed
	people := map[string]bool{}
	for _, due := range g.state.WorkListOn(at) {
		if !f.when(due.On, at) {
			continue
		}
		with := g.state.DueFor(&due, at)
		if onlyTheirs(due.Kind) {
			if theirs == nil {
				theirs = g.waitingByThing(at)
			}
			with = theirs[string(due.Kind)+"/"+due.What]
		}
		for _, id := range with {
			people[id] = true
		}
		if asked == "" || slices.Contains(with, asked) {
			l.Due = append(l.Due, WorkLine{due, g.everyone(with)})
		}
	}
	l.People = g.everyone(slices.SortedFunc(maps.Keys(people), g.byOffice))
	l.Kinds = countKinds(l.Due, func(w *WorkLine) WaitingKind { return WaitingKind(w.Kind) })
	l.Due = slices.DeleteFunc(l.Due, func(w WorkLine) bool { return f.Kind != "" && WaitingKind(w.Kind) != f.Kind })
	return l, nil
}

// byOffice compares two people, by id, by what their offices are called.
func (g *asking) byOffice(a, b string) int {
	return cmp.Or(strings.Compare(g.office(a), g.office(b)), strings.Compare(a, b))
}

// onlyTheirs says whether what is due waits for those who alone can do it, and is nobody's
// to see to otherwise.
func onlyTheirs(k domain.DueKind) bool {
	switch k {
	case domain.DuePosition, domain.DueReport, domain.DueTell, domain.DueRecord, domain.DueConfirm:
		return true
	default:
		return false
	}
}

// waitingByThing are the ids of those for whom each thing waits that only they can do, by
// its kind on the work list and its reference.
func (g *asking) waitingByThing(at domain.Day) map[string][]string {
	with := map[string][]string{}
	for _, id := range slices.SortedFunc(maps.Keys(g.state.People), g.byOffice) {
		for _, w := range g.Waiting(id, at).Items {
			kind := domain.DueKind(w.Kind)
			if g.state.Proposals[w.Ref] != nil {
				kind = domain.DuePosition
			}
			thing := string(kind) + "/" + w.Ref
			if !slices.Contains(with[thing], id) {
				with[thing] = append(with[thing], id)
			}
		}
	}
	return with
}
