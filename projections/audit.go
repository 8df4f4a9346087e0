package projections

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"goldenthread/domain"
)

// The audit trail. For each event only small columns are kept, by which events
// are found; their words are read again from the ledger.

// An AuditFilter says which events are wanted; what is not given wants all.
type AuditFilter struct {
	From, To time.Time // recorded, both ends counted
	Types    []string  // goldenthread.objection.raised.v1, objection.raised or objection
	Actor    string    // handle, id or "system"
	Subject  string    // what it is about and all below it: proposal/P1, proposal
	Words    string    // each word, in any case, in the sentence or in a text of the event
	Cursor   string    // Next of the page before
	Limit    int       // entries on a page; none: 50; at most 500
	Newest   bool      // newest first
}

// Limits of an audit page.
const (
	auditLimit     = 50
	mostAuditLimit = 500
)

// AuditPage is a page of the audit trail.
type AuditPage struct {
	Index   uint64       `json:"index" doc:"newest event that was known"`
	Entries []AuditEntry `json:"entries"`
	Next    string       `json:"next,omitempty" doc:"cursor of the next page; none: this is the last. It stays good when events are added."`
}

// An AuditEntry is one event in a sentence, and where it came from.
type AuditEntry struct {
	Index       uint64     `json:"index"`
	Time        time.Time  `json:"time" doc:"recorded"`
	Effective   domain.Day `json:"effective" doc:"when it holds in the world"`
	Type        string     `json:"type"`
	Subject     string     `json:"subject"`
	Actor       Actor      `json:"actor"`
	Way         domain.Way `json:"way,omitempty" doc:"how the actor was known: operator, ledger, or passkey, token, account or invitation and its id; none: recorded before the ledger said so"`
	OnBehalfOf  string     `json:"onBehalfOf" doc:"seat, organisation, duty or person, or system"`
	Command     string     `json:"command" doc:"id of the command that it answers"`
	Cause       uint64     `json:"cause" doc:"index of the event that it follows from; its own where there is none"`
	TraceParent string     `json:"traceparent,omitempty" doc:"where the request stood in its caller's own records (W3C Trace Context), if the caller said"`
	Text        string     `json:"text" doc:"one plain sentence"`
	CorrectedBy []uint64   `json:"correctedBy" doc:"indexes of later events that correct it"`
}

// An Actor is who acted.
type Actor struct {
	ID     string `json:"id"`
	Handle string `json:"handle"`
	Office string `json:"office"`
}

// Lines reads events of the group again, from the first index to the one before
// the second, in order.
type Lines func(ctx context.Context, from, to uint64) iter.Seq2[domain.Event, error]

// A trail is the columns: one row for each event, at the place of its index. The
// ledger's first events are the same to whoever asks, so one trail serves a group
// however it is known. It is filled when it is asked.
type trail struct {
	group    string
	mu       sync.Mutex
	rows     []trailRow
	subjects interned
	actors   interned
}

type trailRow struct {
	recorded int64 // milliseconds since 1970
	actor    uint32
	subject  uint32
	kind     uint16 // place in domain.Kinds
}

// interned keeps each text once.
type interned struct {
	places map[string]uint32
	texts  []string
}

func (i *interned) place(text string) uint32 {
	n, ok := i.places[text]
	if !ok {
		if i.places == nil {
			i.places = map[string]uint32{}
		}
		n = uint32(len(i.texts))
		i.places[text], i.texts = n, append(i.texts, text)
	}
	return n
}

var kindPlaces = func() map[string]uint16 {
	places := map[string]uint16{}
	for i, k := range domain.Kinds {
		places[k.Name] = uint16(i)
	}
	return places
}()

// fill sees to it that there is a row for each event before the index.
func (t *trail) fill(ctx context.Context, end uint64, lines Lines) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if have := uint64(len(t.rows)); have < end {
		for e, err := range lines(ctx, have, end) {
			if err != nil {
				return err
			}
			t.add(&e)
		}
	}
	if have := uint64(len(t.rows)); have < end {
		return fmt.Errorf("the ledger gave %d events, and has %d", have, end)
	}
	return nil
}

func (t *trail) add(e *domain.Event) {
	t.rows = append(t.rows, trailRow{e.Time.UnixMilli(), t.actors.place(e.Actor), t.subjects.place(e.Data.Subject()), kindPlaces[e.Kind()]})
}

// forget makes room, unless somebody is looking.
func (t *trail) forget() {
	if !t.mu.TryLock() {
		return
	}
	defer t.mu.Unlock()
	t.rows, t.subjects, t.actors = nil, interned{}, interned{}
}

// A search is one page being found.
type search struct {
	filter AuditFilter
	words  []string
	limit  int
	trail  *trail
	actor  string // as events name them
	next   uint64 // first index still to be looked at, in the search's direction
	end    uint64 // number of events at the start; later ones are not looked at
	done   bool   // nothing is left to be looked at
	found  []AuditEntry
}

// Audit is a page of the events that the filter wants. They are found by their
// columns, and lines reads what was found. A cursor that is not of this question
// is refused.
func (g *Group) Audit(ctx context.Context, f AuditFilter, lines Lines) (AuditPage, error) {
	s := &search{filter: f, words: strings.Fields(strings.ToLower(f.Words)), limit: min(f.Limit, mostAuditLimit), found: []AuditEntry{}}
	if s.limit <= 0 {
		s.limit = auditLimit
	}
	if err := s.begin(g); err != nil {
		return AuditPage{}, err
	}
	page := AuditPage{Index: max(s.end, 1) - 1}
	for !s.done && len(s.found) <= s.limit {
		if err := s.trail.fill(ctx, s.end, lines); err != nil {
			return page, err
		}
		events, err := readWanted(ctx, s.candidates(), lines)
		if err != nil {
			return page, err
		}
		s.keep(g, events)
	}
	if len(s.found) > s.limit {
		page.Next = f.cursor(s.found[s.limit].Index)
		s.found = s.found[:s.limit]
	}
	page.Entries = s.found
	return page, nil
}

func (s *search) begin(g *Group) error {
	s.end, s.trail, s.actor = g.state.Next, g.trail, s.filter.Actor
	if p := g.state.Person(s.actor); p != nil {
		s.actor = "person/" + p.ID
	}
	if s.filter.Newest {
		s.next = s.end - 1
	}
	s.done = s.end == 0
	if s.filter.Cursor == "" {
		return nil
	}
	at, err := s.filter.place()
	s.next = at
	s.done = s.done || at >= s.end
	return err
}

// candidates are the next indexes, ascending, whose columns fit: as many as the
// page can still take, and one more to know whether there is a next page; more
// where words will sort some out.
func (s *search) candidates() []uint64 {
	s.trail.mu.Lock()
	defer s.trail.mu.Unlock()
	if uint64(len(s.trail.rows)) < s.end {
		return nil // forgotten meanwhile; it is filled again
	}
	fits := s.columns()
	most := s.limit + 1 - len(s.found)
	if len(s.words) > 0 {
		most = max(most, 256)
	}
	var wanted []uint64
	for !s.done && len(wanted) < most {
		if fits(&s.trail.rows[s.next]) {
			wanted = append(wanted, s.next)
		}
		switch {
		case s.filter.Newest && s.next == 0, !s.filter.Newest && s.next+1 >= s.end:
			s.done = true
		case s.filter.Newest:
			s.next--
		default:
			s.next++
		}
	}
	if s.filter.Newest {
		slices.Reverse(wanted)
	}
	return wanted
}

// columns says which rows fit what the filter asks of the columns.
func (s *search) columns() func(*trailRow) bool {
	t, f := s.trail, &s.filter
	kinds := make([]bool, len(domain.Kinds))
	for i, k := range domain.Kinds {
		kinds[i] = len(f.Types) == 0 || slices.ContainsFunc(f.Types, func(want string) bool { return kindFits(k.Name, want) })
	}
	who, known := t.actors.places[s.actor]
	subjects := make([]bool, len(t.subjects.texts))
	below := strings.TrimSuffix(f.Subject, "/")
	for i, text := range t.subjects.texts {
		subjects[i] = below == "" || domain.Within(text, below)
	}
	return func(r *trailRow) bool {
		return kinds[r.kind] && subjects[r.subject] && (f.Actor == "" || (known && r.actor == who)) &&
			(f.From.IsZero() || r.recorded >= f.From.UnixMilli()) && (f.To.IsZero() || r.recorded <= f.To.UnixMilli())
	}
}

// kindFits says whether the kind is the wanted one: its whole name, without
// what all names share, or the first part of it.
func kindFits(name, want string) bool {
	short := strings.TrimPrefix(name, "goldenthread.")
	want = strings.TrimPrefix(want, "goldenthread.")
	return short == want || strings.HasPrefix(short, want+".")
}

// readWanted reads those events, whose indexes ascend; those that lie near each
// other in one go.
func readWanted(ctx context.Context, wanted []uint64, lines Lines) ([]domain.Event, error) {
	const near = 256
	events := make([]domain.Event, 0, len(wanted))
	for i := 0; i < len(wanted); {
		j := i + 1
		for j < len(wanted) && wanted[j]-wanted[j-1] <= near {
			j++
		}
		for e, err := range lines(ctx, wanted[i], wanted[j-1]+1) {
			if err != nil {
				return nil, err
			}
			if n := len(events); n < j && e.Index == wanted[n] {
				events = append(events, e)
			}
		}
		if len(events) != j {
			return nil, fmt.Errorf("the ledger did not give all events from %d to %d", wanted[i], wanted[j-1])
		}
		i = j
	}
	return events, ctx.Err()
}

// keep puts the events that hold the words into sentences, up to one more than
// the page takes.
func (s *search) keep(g *Group, events []domain.Event) {
	if s.filter.Newest {
		slices.Reverse(events)
	}
	for i := range events {
		if len(s.found) > s.limit {
			return
		}
		e := &events[i]
		text := g.Sentence(e)
		if holds(s.words, text, e) {
			s.found = append(s.found, g.auditEntry(e, text))
		}
	}
}

// holds says whether each of the words is in the sentence or in a text of the event.
func holds(words []string, sentence string, e *domain.Event) bool {
	if len(words) == 0 {
		return true
	}
	texts := []string{sentence}
	collectTexts(reflect.ValueOf(e.Data), &texts)
	all := strings.ToLower(strings.Join(texts, "\n"))
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(all, w) })
}

// collectTexts adds every text of the value. Bytes are not texts: personal data
// are sealed in them.
func collectTexts(v reflect.Value, texts *[]string) {
	switch v.Kind() {
	case reflect.String:
		*texts = append(*texts, v.String())
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			collectTexts(v.Elem(), texts)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			collectTexts(v.Field(i), texts)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			collectTexts(v.Index(i), texts)
		}
	}
}

// Entry is the event as the audit trail shows it.
func (g *Group) Entry(e *domain.Event) AuditEntry { return g.auditEntry(e, g.Sentence(e)) }

func (g *Group) auditEntry(e *domain.Event, text string) AuditEntry {
	entry := AuditEntry{
		Index: e.Index, Time: e.Time.UTC(), Effective: e.Effective, Type: e.Kind(), Subject: e.Data.Subject(), Actor: g.actor(e.Actor), Way: e.Way,
		OnBehalfOf: e.OnBehalfOf, Command: e.Command.String(), Cause: e.Cause, TraceParent: string(e.Trace), Text: text, CorrectedBy: []uint64{},
	}
	for _, c := range g.state.Corrections {
		if c.Corrects == e.Index {
			entry.CorrectedBy = append(entry.CorrectedBy, c.Index)
		}
	}
	return entry
}

func (g *naming) actor(actor string) Actor {
	if actor == domain.System {
		return Actor{domain.System, domain.System, "the ledger itself"}
	}
	if actor == domain.Operator {
		return Actor{domain.Operator, domain.Operator, "the operator of this server"}
	}
	id := strings.TrimPrefix(actor, "person/")
	w := g.who(id)
	return Actor{id, w.Handle, w.Office}
}

// ForWhom says in words for whom somebody acted: what events have as onbehalfof.
func (g *naming) ForWhom(onBehalfOf string) string {
	kind, of, _ := strings.Cut(onBehalfOf, "/")
	switch kind {
	case "seat":
		return "the seat of " + g.name(of)
	case "organisation":
		return g.name(of)
	case "duty":
		return g.state.ShortName + ", as " + of
	case "person":
		return "nobody else"
	case domain.System:
		return "the ledger itself"
	case domain.Operator:
		return "nobody else"
	}
	return onBehalfOf
}

var errCursor = &domain.Refusal{Rule: "L1", Say: "That cursor is not from this list. Begin again without it.", Class: domain.Invalid}

// cursor is the place at which the next page of this question begins. Indexes
// never change, so it stays good when events are added.
func (f *AuditFilter) cursor(next uint64) string {
	b := binary.BigEndian.AppendUint64(nil, next)
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(b, f.question()))
}

func (f *AuditFilter) place() (uint64, error) {
	b, err := base64.RawURLEncoding.DecodeString(f.Cursor)
	if err != nil || len(b) != 12 || binary.BigEndian.Uint32(b[8:]) != f.question() {
		return 0, errCursor
	}
	return binary.BigEndian.Uint64(b), nil
}

// question tells questions apart, so that a cursor of one is not taken for another's.
func (f *AuditFilter) question() uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%d %d %q %q %q %q %t", f.From.UnixMilli(), f.To.UnixMilli(), f.Types, f.Actor, f.Subject, f.Words, f.Newest)
	return h.Sum32()
}
