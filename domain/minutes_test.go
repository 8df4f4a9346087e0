package domain

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Minutes scripts prove the rules through the front door. A script reads like
// the minutes of a meeting: somebody does something, and what the ledger made
// of it stands below, indented. `go test ./domain -run Minutes -rewrite` writes
// those lines anew; read every one of them against the rule
// book, RULES.md. Below each rule that book lists the scripts whose heading names
// it; the same command writes that list anew (rulebook_test.go).
//
//	# C3: the heading names the rules that are proved
//	given the board                      what another script did
//	on 2026-02-03 10:00                  the clock, in London; never settles anything by itself
//	cd-north: consent {"proposal":"P1","version":1}
//	manager: erase-person {"person":"@x"}  where only an id will do, that of x
//	cd-north with token-1: consent …     by which way in they are known: the passkey with that credential in base64, or
//	                                     token-1, account-1 or invitation-1, which is #token-1 and so on in what is said
//	everybody consents to P1             holders that have not been heard, each by a command
//	everybody agrees to P1 now           the same, each saying that it need not wait
//	everybody confirms E1                those who are still to confirm it, each by a command
//	in greater-manchester                another group's ledger, on the same installation
//	N1 is confirmed                      a record that waits, by whoever may, each by a command
//	settle                               what is due by itself
//	log rekeyed {"keys":["…"], …}        the system says what became of the signed log
//	once recorded KIND {…}               an event that an earlier release recorded and this one refuses,
//	                                     effective today or from its own day; @x is the id of x
//	check {"person":"cd-north", …}       a question; also: coverage, power, proposal, status,
//	                                     appointment, worklist, seats, group, meeting, events …
//
// A question may end in `at DAY` and `known DAY`. A line that ends in \ goes on.

var rewrite = flag.Bool("rewrite", false, "write what the minutes scripts expect anew")

func TestMinutes(t *testing.T) {
	for _, path := range scripts(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			m := newMinutes(t)
			m.accepted = func(r *Request) { HashOf(r.Command) } // which panics where something of it can't be hashed
			text, got := m.runFile(path)
			m.checkStored()
			checkCopies(t, m.events)
			for _, r := range m.rooms {
				checkCopies(t, r.events)
			}
			if got == text {
				return
			}
			if *rewrite {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Error(firstDifference(path, text, got))
		})
	}
}

func scripts(t *testing.T) []string {
	paths, err := filepath.Glob("minutes/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatal("no minutes scripts", err)
	}
	return paths
}

func firstDifference(path, want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			from := max(0, i-6)
			return fmt.Sprintf("%s:%d\n%s\nexpected  %s\n     got  %s", path, i+1, strings.Join(g[from:i], "\n"), w[i], g[i])
		}
	}
	return fmt.Sprintf("%s: expected %d lines, got %d", path, len(w), len(g))
}

// minutes is a script being run.
type minutes struct {
	t      testing.TB
	group  string
	ledger *Ledger
	events []Event
	rooms  map[string]*room // of the other groups
	now    time.Time
	n      int // acts so far: command ids are made from it
	name   string
	line   int
	way    Way            // by which whoever acts is known
	ways   map[Way]string // what the script calls them

	sent     func(*Request) // told of each command, before it is decided
	accepted func(*Request) // told of each command that is not refused, before its events are applied
}

// room is where another group of the installation sits.
type room struct {
	ledger *Ledger
	events []Event
}

func newMinutes(t testing.TB) *minutes {
	return &minutes{t: t, group: "trafford", ledger: NewLedger("trafford"), rooms: map[string]*room{}, now: time.Date(2026, 1, 5, 10, 0, 0, 0, London())}
}

func (m *minutes) failf(format string, args ...any) {
	m.t.Helper()
	m.t.Fatalf("%s:%d: %s", m.name, m.line, fmt.Sprintf(format, args...))
}

// runFile runs the script in the file: what it says, and what it said now.
func (m *minutes) runFile(path string) (text, got string) {
	b, err := os.ReadFile(path)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(b), m.run(filepath.Base(path), string(b))
}

// run runs the script and returns it with the lines that belong below each act.
func (m *minutes) run(name, text string) string {
	var out strings.Builder
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		m.name, m.line = name, i+1
		line := lines[i]
		switch {
		case strings.HasPrefix(line, "  "):
			continue // expected before; written anew below
		case line == "" || strings.HasPrefix(line, "#"):
			out.WriteString(line + "\n")
			continue
		}
		out.WriteString(line + "\n")
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			out.WriteString(lines[i] + "\n")
			line = strings.TrimSuffix(line, `\`) + " " + strings.TrimSpace(lines[i])
		}
		for _, said := range m.do(strings.TrimSpace(line)) {
			out.WriteString("  " + said + "\n")
		}
	}
	return out.String()
}

var actLine = regexp.MustCompile(`^([a-z0-9-]+)(?: with (\S+))?: ([a-z-]+)(?: (\{.*))?$`)

func (m *minutes) do(line string) []string {
	if rest, ok := strings.CutPrefix(line, "given "); ok {
		return m.given(rest)
	}
	if rest, ok := strings.CutPrefix(line, "in "); ok {
		return m.enter(rest)
	}
	if rest, ok := strings.CutPrefix(line, "on "); ok {
		return m.setClock(rest)
	}
	if a := actLine.FindStringSubmatch(line); a != nil {
		m.way = m.wayCalled(a[2])
		if a[1] == Operator {
			m.way = ByOperator
		}
		said := m.act(a[1], a[3], a[4])
		m.way = ""
		return said
	}
	if p, ok := strings.CutPrefix(line, "everybody consents to "); ok {
		return m.everybody(p, false)
	}
	if p, ok := strings.CutPrefix(line, "everybody agrees to "); ok {
		return m.everybody(strings.TrimSuffix(p, " now"), true)
	}
	if number, ok := strings.CutSuffix(line, " is confirmed"); ok {
		return m.confirmed(number)
	}
	if ref, ok := strings.CutPrefix(line, "everybody confirms "); ok {
		return m.confirm(ref)
	}
	if line == "settle" {
		return m.settle()
	}
	if rest, ok := strings.CutPrefix(line, "log "); ok {
		return m.recordLog(rest)
	}
	if rest, ok := strings.CutPrefix(line, "once recorded "); ok {
		return m.onceRecorded(rest)
	}
	return m.ask(line)
}

// given runs another script for what it did, and says nothing.
func (m *minutes) given(what string) []string {
	name := "given-" + strings.ReplaceAll(what, " ", "-") + ".txt"
	text, err := os.ReadFile(filepath.Join("minutes", name))
	if err != nil {
		m.failf("%v", err)
	}
	was, line := m.name, m.line
	m.run(name, string(text))
	m.name, m.line = was, line
	return nil
}

// enter goes over to another group's ledger.
func (m *minutes) enter(group string) []string {
	m.rooms[m.group] = &room{m.ledger, m.events}
	if m.rooms[group] == nil {
		m.rooms[group] = &room{ledger: NewLedger(group)}
	}
	m.group, m.ledger, m.events = group, m.rooms[group].ledger, m.rooms[group].events
	delete(m.rooms, group)
	return nil
}

// places are the other groups as they were known then; a zero time is now.
func (m *minutes) places(end time.Time) map[string]*State {
	states := map[string]*State{}
	for name, r := range m.rooms {
		states[name] = r.ledger.State()
		if !end.IsZero() {
			states[name] = foldUntil(name, r.events, end)
		}
	}
	return states
}

func (m *minutes) setClock(s string) []string {
	layout := "2006-01-02 15:04"
	if len(s) == len("2006-01-02") {
		s += " 10:00"
	}
	now, err := time.ParseInLocation(layout, s, London())
	if strings.HasSuffix(s, "Z") {
		now, err = time.Parse(layout+"Z", s)
	}
	if err != nil {
		m.failf("%v", err)
	}
	m.now = now
	return nil
}

// act sends a command and says what came of it.
func (m *minutes) act(actor, name, body string) []string {
	c, ok := NewCommand(name)
	if !ok {
		m.failf("there is no command %q", name)
	}
	body = m.ids(body)
	if body != "" {
		m.decode(body, c)
	}
	return m.send(actor, c, cmp.Or(body, name))
}

func (m *minutes) decode(body string, into any) {
	m.t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		m.failf("%v in %s", err, body)
	}
	NoteZeros(into, []byte(body))
	if d.More() {
		m.failf("more than one value in %s", body)
	}
}

func (m *minutes) send(actor string, c Command, body string) []string {
	m.n++
	r := &Request{
		Group: m.group, ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte("act "+strconv.Itoa(m.n))), Hash: sha256.Sum256([]byte(body)),
		Actor: actor, Way: m.way, Command: c,
	}
	return append(m.commit(r), m.handOn()...)
}

// commit decides a request and applies the decision, with every invariant that
// is cheap to check.
func (m *minutes) commit(r *Request) []string {
	m.t.Helper()
	if day, ok := r.NeedsPast(DayOf(m.now)); ok {
		r.Past = m.knownAt(day)
	}
	r.Places = m.places(time.Time{})
	if m.sent != nil {
		m.sent(r)
	}
	before := fingerprint(m.ledger.State())
	d := m.ledger.Decide(r, m.now)
	if again := m.ledger.Decide(r, m.now); !reflect.DeepEqual(d, again) {
		m.failf("decided twice, two decisions:\n%v\n%v", m.describe(d.Events), m.describe(again.Events))
	}
	if fingerprint(m.ledger.State()) != before {
		m.failf("decide changed the state")
	}
	if d.Refusal == nil && m.accepted != nil {
		m.accepted(r)
	}
	m.apply(d.Events)
	said := m.describe(d.Events)
	if d.Refusal != nil {
		m.checkRefusal(r, d)
		return append(said, "refused "+d.Refusal.Rule+": "+d.Refusal.Say)
	}
	if d.Answer.Repeat {
		return append(said, fmt.Sprintf("as answered before: events %d to %d", d.Answer.First, d.Answer.Last))
	}
	if len(said) == 0 {
		said = []string{"nothing to record"}
	} else {
		m.checkRepeat(r, d)
	}
	return append(said, listLines(d.Answer.List)...)
}

// listLines are what whoever imported an official list was told of it.
func listLines(l *ListOutcome) []string {
	if l == nil {
		return nil
	}
	lines := []string{fmt.Sprintf("answer: %s; %d left out, %d contradicted", Count(l.Organisations, "organisation"), len(l.LeftOut), len(l.Contradicted))}
	for _, w := range l.LeftOut {
		lines = append(lines, "left out: "+w)
	}
	for _, w := range l.Contradicted {
		lines = append(lines, "contradicted: "+w)
	}
	return lines
}

// checkRefusal holds a refusal against its contract: a rule, a sentence, and
// nothing recorded but what was due anyway.
func (m *minutes) checkRefusal(r *Request, d Decision) {
	if !regexp.MustCompile(`^[A-Z]\d+$`).MatchString(d.Refusal.Rule) || !strings.HasSuffix(d.Refusal.Say, ".") {
		m.failf("a refusal that is not a rule and a sentence: %v", d.Refusal)
	}
	for i := range d.Events {
		if d.Events[i].Command == r.ID {
			m.failf("refused, and %s recorded", d.Events[i].Kind())
		}
	}
}

// checkRepeat: the same command id adds nothing and is answered alike; another
// request under it is refused (L5).
func (m *minutes) checkRepeat(r *Request, d Decision) {
	own := slices.ContainsFunc(d.Events, func(e Event) bool { return e.Command == r.ID })
	if !own {
		return
	}
	again := m.ledger.Decide(r, m.now)
	want := d.Answer
	want.Repeat = true
	if len(again.Events) > 0 || again.Refusal != nil || !reflect.DeepEqual(again.Answer, want) {
		m.failf("repeated: %+v %v, first answered %+v", again.Answer, again.Refusal, d.Answer)
	}
	other := *r
	other.Hash[0]++
	if again := m.ledger.Decide(&other, m.now); again.Refusal == nil || again.Refusal.Rule != "L5" || len(again.Events) > 0 {
		m.failf("another request under the same id was not refused")
	}
}

func (m *minutes) settle() []string {
	events := m.ledger.Settle(m.now, nil)
	m.apply(events)
	if len(events) == 0 {
		return append([]string{"nothing is due"}, m.handOn()...)
	}
	return append(m.describe(events), m.handOn()...)
}

// handOn has each ledger hear what the others have to say to it, as the writer does.
func (m *minutes) handOn() []string {
	heard := map[string]map[string]Heard{}
	tell := func(from string, s *State) {
		for to, said := range s.Tells() {
			if heard[to] == nil {
				heard[to] = map[string]Heard{}
			}
			heard[to][from] = said
		}
	}
	tell(m.group, m.ledger.State())
	for name, r := range m.rooms {
		tell(name, r.ledger.State())
	}
	here := m.group
	var said []string
	for _, to := range slices.Sorted(maps.Keys(heard)) {
		if to != m.group && m.rooms[to] == nil {
			continue // there is no such group
		}
		if to != m.group {
			m.enter(to)
		}
		events := m.ledger.Settle(m.now, heard[to])
		m.apply(events)
		for _, line := range m.describe(events) {
			said = append(said, "in "+to+": "+line)
		}
	}
	if m.group != here {
		m.enter(here)
	}
	return said
}

// recordLog has the system say what became of the signed log.
func (m *minutes) recordLog(line string) []string {
	name, body, _ := strings.Cut(line, " ")
	p, ok := NewPayload("goldenthread.log." + name + ".v1")
	if !ok {
		m.failf("the log is never %q", name)
	}
	m.decode(body, p)
	events := m.ledger.RecordLog(p.(LogEvent), m.now)
	m.apply(events)
	if len(events) == 0 {
		return []string{"nothing to record"}
	}
	return m.describe(events)
}

// onceRecorded puts an event into the ledger that an earlier release recorded,
// though it would be refused today: reading such a ledger goes on.
func (m *minutes) onceRecorded(line string) []string {
	name, body, _ := strings.Cut(line, " ")
	p, ok := NewPayload("goldenthread." + name + ".v1")
	if !ok {
		m.failf("there is no event %q", name)
	}
	m.decode(m.ids(body), p)
	var span Span
	m.decodeLoosely(body, &span)
	s := m.ledger.State()
	m.n++
	e := Event{
		Group: m.group, Index: s.Next, Time: m.now.UTC().Truncate(time.Millisecond), Effective: cmp.Or(span.From, DayOf(m.now)),
		Command: uuid.NewSHA1(uuid.NameSpaceOID, []byte("act "+strconv.Itoa(m.n))), Actor: System, OnBehalfOf: System, Cause: s.Next, Data: p,
	}
	m.apply([]Event{e})
	return m.describe([]Event{e})
}

func (m *minutes) decodeLoosely(body string, into any) {
	m.t.Helper()
	if err := json.Unmarshal([]byte(m.ids(body)), into); err != nil {
		m.failf("%v in %s", err, body)
	}
}

// apply folds the events in, as the writer does, and replays the whole ledger.
func (m *minutes) apply(events []Event) {
	m.t.Helper()
	for i := range events {
		e := events[i]
		if n := len(m.events); e.Index != uint64(n) || e.Cause > e.Index || (n > 0 && e.Time.Before(m.events[n-1].Time)) {
			m.failf("event %d at %s: index, cause or time out of order", e.Index, e.Time)
		}
		if err := m.ledger.Apply(&e); err != nil {
			m.failf("%v", err)
		}
		m.events = append(m.events, e)
	}
	if len(events) > 0 && !reflect.DeepEqual(m.ledger.State(), fold(m.events).State) {
		m.failf("replay gives another state")
	}
}

// everybody sends the consent of each seat that has not been heard.
func (m *minutes) everybody(proposal string, now bool) []string {
	s := m.ledger.State()
	p := s.Proposals[proposal]
	if p == nil {
		return []string{"there is no " + proposal}
	}
	var said, who []string
	for _, id := range s.EntitledOn(DayOf(m.now)) {
		if !now && PositionOf(p, id) != nil || s.VacantOn(s.Seats[id], DayOf(m.now)) || p.Stage != Open {
			continue
		}
		holder := s.holderOn(s.Seats[id], DayOf(m.now))
		for _, line := range m.send(holder, &GiveConsent{Proposal: proposal, Version: p.Version().Number, Seat: id, NeedNotWait: now}, proposal+id) {
			if !strings.HasPrefix(line, "position.taken") {
				said = append(said, line)
			}
		}
		who = append(who, id)
		p = s.Proposals[proposal]
	}
	return append([]string{"consents of " + List(who)}, said...)
}

// confirmed has the record confirmed by those who may today, the first by handle first.
func (m *minutes) confirmed(number string) []string {
	var said []string
	for {
		s := m.ledger.State()
		k := s.Records[number]
		if k == nil || !k.Waits() {
			return append(said, s.recordWords(number))
		}
		c := &ConfirmRecord{Records: []string{number}}
		may := slices.IndexFunc(SortedNumbers(s.handles), func(handle string) bool { return s.Allows(handle, c, DayOf(m.now)) })
		if may < 0 {
			return append(said, "nobody else can confirm it today")
		}
		handle := SortedNumbers(s.handles)[may]
		for _, line := range m.send(handle, c, "confirm "+number+" "+handle+" "+strconv.Itoa(m.n)) {
			said = append(said, handle+": "+line)
			if strings.HasPrefix(line, "refused") {
				return said // it can't take effect as things stand
			}
		}
	}
}

func (s *State) recordWords(number string) string {
	k := s.Records[number]
	if k == nil {
		return "there is no " + number
	}
	var said []string
	for _, p := range k.Parts {
		said = append(said, p.Of+" "+string(p.Stage)+" ("+string(p.How)+")")
	}
	return number + ": " + strings.Join(said, "; ")
}

// confirm has each of those confirm the exercise or the commitment who are still to.
func (m *minutes) confirm(ref string) []string {
	var said, who []string
	if x := m.ledger.State().Exercises[ref]; x != nil {
		who = x.StillToConfirm(DayOf(m.now))
	} else if k := m.ledger.State().Commitments[ref]; k != nil {
		who = []string{k.Person}
	}
	for _, id := range who {
		said = append(said, m.send(id, &ConfirmRecord{Records: []string{ref}}, ref+id)...)
	}
	return said
}

func fold(events []Event) *View {
	s := NewState(events[0].Group)
	for i := range events {
		s.Apply(&events[i])
	}
	return s.View()
}

// knownAt is the state as known at the end of that day.
func (m *minutes) knownAt(d Day) *View {
	s := foldUntil(m.group, m.events, d.End()).View()
	if len(m.rooms) > 0 {
		s = s.Across(m.places(d.End()))
	}
	return s
}

func foldUntil(group string, events []Event, end time.Time) *State {
	s := NewState(group)
	for i := range events {
		if !events[i].Time.After(end) {
			s.Apply(&events[i])
		}
	}
	return s
}

// checkStored replays the ledger from the JSON that would be stored; what
// differs there would differ after a restart (L1). It also looks for personal
// data in the clear (L7).
func (m *minutes) checkStored() {
	for _, group := range append(slices.Sorted(maps.Keys(m.rooms)), m.group) {
		if group != m.group {
			m.enter(group)
		}
		m.checkLedgerStored()
	}
}

func (m *minutes) checkLedgerStored() {
	s := NewState(m.group)
	for i := range m.events {
		e := m.events[i]
		b, err := json.Marshal(e.Data)
		if err != nil {
			m.failf("%v", err)
		}
		if bytes.Contains(b, []byte("Dr Example")) || bytes.Contains(b, []byte("@example")) {
			m.failf("personal data in the clear in event %d: %s", e.Index, b)
		}
		if e.Data, _ = NewPayload(e.Kind()); e.Data == nil {
			m.failf("event %d has no kind", i)
		}
		if err := json.Unmarshal(b, e.Data); err != nil {
			m.failf("%s: %v in %s", e.Kind(), err, b)
		}
		s.Apply(&e)
	}
	if fingerprint(s) != fingerprint(m.ledger.State()) {
		m.failf("replay from the stored JSON gives another state")
	}
}

// describe says events in short: kind, references and words, for whom, and the
// effective day where that is not the day of recording.
func (m *minutes) describe(events []Event) []string {
	var said []string
	for i := range events {
		said = append(said, m.say(&events[i]))
	}
	return said
}

func (m *minutes) say(e *Event) string {
	kind := strings.TrimSuffix(strings.TrimPrefix(e.Kind(), "goldenthread."), ".v1")
	parts := []string{kind}
	parts = append(parts, m.fields(reflect.ValueOf(e.Data).Elem())...)
	if e.Effective != DayOf(e.Time) {
		parts = append(parts, "effective "+e.Effective.String())
	}
	if e.OnBehalfOf != e.Actor {
		parts = append(parts, "(for "+e.OnBehalfOf+")")
	} else if e.Actor == System {
		parts = append(parts, "(system)")
	}
	return strings.Join(parts, " ")
}

// fields are a payload's fields in short.
func (m *minutes) fields(v reflect.Value) []string {
	var parts []string
	s := m.ledger.State()
	for i := range v.NumField() {
		f, name := v.Field(i), v.Type().Field(i)
		if name.Anonymous {
			parts = append(parts, m.fields(f)...)
			continue
		}
		tag, _, _ := strings.Cut(name.Tag.Get("json"), ",")
		if f.IsZero() || tag == "-" {
			continue
		}
		switch x := f.Interface().(type) {
		case []RollEntry:
			parts = append(parts, tag+"=["+RollWords(x)+"]")
		case []Power:
			for j := range x {
				parts = append(parts, "["+x[j].Words(s)+"]")
			}
		case []Line:
			for j := range x {
				parts = append(parts, "["+x[j].Summary()+"]")
			}
		case []Reason:
			for _, r := range x {
				parts = append(parts, "["+r.Rule+" "+r.Text+"]")
			}
		case []Instrument, []CharterConsent, []ScheduleItem:
			parts = append(parts, fmt.Sprintf("%s=%d", tag, f.Len()))
		case Charter:
			parts = append(parts, fmt.Sprintf("quorum=%d window=%d", x.Quorum, x.Window))
		case []byte:
			if tag == "credential" || tag == "publicKey" {
				parts = append(parts, m.field(tag, f))
				continue
			}
			parts = append(parts, tag+"=sealed")
		case *Pence:
			parts = append(parts, x.String())
		case Pence:
			parts = append(parts, x.String())
		default:
			parts = append(parts, m.field(tag, f))
		}
	}
	return parts
}

var shortRef = regexp.MustCompile(`^[PODERKMASYWTXQI]\d{1,4}$`)

func (m *minutes) field(tag string, f reflect.Value) string {
	b, err := json.Marshal(f.Interface())
	if err != nil {
		m.failf("%v", err)
	}
	text := m.handles(strings.ReplaceAll(string(b), `\u0026`, "&"))
	if un, err := strconv.Unquote(text); err == nil {
		if shortRef.MatchString(un) && tag != "source" && tag != "by" {
			return un
		}
		if !strings.ContainsAny(un, " \n") && un != "" {
			text = un
		}
	}
	if f.Kind() == reflect.Bool {
		return tag
	}
	return tag + "=" + text
}

// wayCalled is the way in that a script calls token-1, account-1 or invitation-1, or by a
// passkey's credential in base64.
func (m *minutes) wayCalled(name string) Way {
	if name == "" {
		return ""
	}
	kind, _, _ := strings.Cut(name, "-")
	w := WayOf(WayKind(kind), sha256.Sum256([]byte(name)))
	if !w.Valid() {
		credential, err := base64.StdEncoding.DecodeString(name)
		if err != nil {
			m.failf("%q is no way in: %v", name, err)
		}
		w = WayOfPasskey(credential)
	}
	if m.ways == nil {
		m.ways = map[Way]string{}
	}
	m.ways[w] = name
	return w
}

// ids puts ids where "@handle" stands, and ways in where "#name" stands.
func (m *minutes) ids(body string) string {
	body = regexp.MustCompile(`"#[A-Za-z0-9+/=-]+"`).ReplaceAllStringFunc(body, func(name string) string {
		return strconv.Quote(string(m.wayCalled(strings.Trim(name, `"#`))))
	})
	return regexp.MustCompile(`"@[a-z0-9-]+"`).ReplaceAllStringFunc(body, func(at string) string {
		p := m.ledger.State().ByHandle(strings.Trim(at, `"@`))
		if p == nil {
			m.failf("nobody is called %s", at)
		}
		return strconv.Quote(p.ID)
	})
}

// handles puts handles where ids are.
func (m *minutes) handles(text string) string {
	text = regexp.MustCompile(`[a-z]+/[0-9a-f]{32}`).ReplaceAllStringFunc(text, func(w string) string {
		if name := m.ways[Way(w)]; name != "" {
			return "#" + name
		}
		return w
	})
	return regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`).ReplaceAllStringFunc(text, func(id string) string {
		if p := m.ledger.State().People[id]; p != nil {
			return p.Handle
		}
		return "somebody-new"
	})
}
