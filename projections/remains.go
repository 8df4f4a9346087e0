package projections

import (
	"context"
	"reflect"
	"slices"
	"strings"

	"goldenthread/domain"
)

// Remains is what the ledger says about a person when their name, email and
// phone are not counted: after an erasure, all that is left (rule L7).
type Remains struct {
	Index        uint64       `json:"index" doc:"newest event that was known"`
	ID           string       `json:"id" doc:"random; it leads to nobody by itself"`
	Handle       string       `json:"handle"`
	Office       string       `json:"office"`
	Organisation *Body        `json:"organisation,omitempty"`
	Since        domain.Day   `json:"since"`
	Left         domain.Day   `json:"left,omitzero" doc:"last day in the office"`
	Erased       domain.Day   `json:"erased,omitzero"`
	Sealed       []uint64     `json:"sealed" doc:"indexes of events that hold sealed personal data; with the key destroyed they are noise"`
	Events       []RemainLine `json:"events" doc:"every event in which they act or are named by id, oldest first"`
	Notes        []string     `json:"notes" doc:"what this list can't know"`
}

// A RemainLine is one event in which a person acts or is named.
type RemainLine struct {
	Index uint64 `json:"index"`
	Acted bool   `json:"acted" doc:"they acted; otherwise another's event names them"`
	Text  string `json:"text"`
	On    string `json:"on" doc:"day of recording"`
}

// remainsNotes are true of every ledger, and asked about whenever somebody is erased.
var remainsNotes = []string{
	"Handle and office stay in clear. Whoever knows who held an office on a day knows who did what that day: records of public office say so as well.",
	"Words that others wrote (reasons, minutes, texts of proposals) are kept as they were written and are not searched here. If they name somebody, they still do.",
	"Copies of the wrapping key that were taken before the erasure, and files that a reader kept, are beyond the ledger's reach: destroy backups of the old wrapping key.",
	"Older backups have the names of devices and the sign-in log as they were, sealed under the key of backups: destroy them, and make a new one.",
	"Letters that were sent lie with whoever got them and with the mail servers on the way. What a proxy, a system's log or a snapshot of the disk kept is not reached either, nor are blocks that the disk has freed and not yet written anew.",
	"The server's memory is overwritten within a minute. A connection that stays open all that time can hold what was last sent on it until it ends; a restart leaves nothing.",
}

// Remains lists what the ledger says about a person, by id or handle.
func (g *backing) Remains(ctx context.Context, person string, lines Lines) (Remains, error) {
	var r Remains
	if err := r.begin(g, person); err != nil {
		return r, err
	}
	var events []domain.Event
	for e, err := range lines(ctx, 0, r.Index+1) {
		if err != nil {
			return r, err
		}
		if names(&e, r.ID) {
			events = append(events, e)
		}
	}
	r.list(g, events)
	return r, nil
}

func (r *Remains) begin(g *backing, person string) error {
	p := g.state.Person(person)
	if p == nil {
		return &domain.Refusal{Rule: "L7", Say: "There is nobody of that name here.", Class: domain.NotFound}
	}
	newest, _ := g.Index()
	*r = Remains{
		Index: newest, ID: p.ID, Handle: p.Handle, Office: p.Office, Organisation: g.anybody(p.Organisation), Since: p.Since, Left: p.Left,
		Erased: p.Erased, Sealed: []uint64{}, Events: []RemainLine{}, Notes: remainsNotes,
	}
	return nil
}

// names says whether the person acts in the event, or it names them by id.
func names(e *domain.Event, id string) bool {
	texts := []string{e.Actor, e.OnBehalfOf, e.Data.Subject()}
	collectTexts(reflect.ValueOf(e.Data), &texts)
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, id) })
}

func (r *Remains) list(g *backing, events []domain.Event) {
	for i := range events {
		e := &events[i]
		r.Events = append(r.Events, RemainLine{e.Index, e.Actor == "person/"+r.ID, g.Sentence(e), domain.DayOf(e.Time).String()})
		if e.Data.Subject() == "person/"+r.ID && seals(e.Data) {
			r.Sealed = append(r.Sealed, e.Index)
		}
	}
}

func seals(p domain.Payload) bool {
	registered, _ := p.(*domain.PersonRegistered)
	updated, _ := p.(*domain.PersonUpdated)
	return registered != nil && len(registered.Sealed) > 0 || updated != nil && len(updated.Sealed) > 0
}
