package domain

import (
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
)

// For every command of the minutes and everybody who is known in them: what May
// answers is what a decision makes of it, and what is tried is what is then recorded.
func TestMayAndTryAgreeWithDecide(t *testing.T) {
	type tally struct{ may, not int }
	var mu sync.Mutex
	seen := map[string]*tally{}
	for _, k := range Commands {
		seen[k.Name] = &tally{}
	}
	t.Run("scripts", func(t *testing.T) {
		for _, path := range scripts(t) {
			t.Run(filepath.Base(path), func(t *testing.T) {
				t.Parallel()
				m := newMinutes(t)
				m.sent = func(r *Request) {
					if m.name != filepath.Base(path) {
						return // given, and asked in its own script
					}
					may, not := m.everybodyMay(r)
					m.checkTry(r)
					mu.Lock()
					defer mu.Unlock()
					seen[CommandName(r.Command)].may += may
					seen[CommandName(r.Command)].not += not
				}
				m.runFile(path)
			})
		}
	})
	for name, n := range seen {
		aboutThemself := name == "register-passkey" || name == "remove-passkey"
		if name == "begin-access" && n.not > 0 {
			continue // the operator alone gives it
		}
		if n.may == 0 || n.not == 0 && !aboutThemself {
			t.Errorf("%s: of those asked in the minutes %d may give it and %d may not: a script in domain/minutes has to give it, where somebody may and somebody may not", name, n.may, n.not)
		}
	}
}

// everybodyMay asks of everybody, and of a stranger, whether they may give the
// command, and holds the answer against the decision: whoever may not is refused in
// the same words, and nobody who may is refused for who they are. It counts both.
func (m *minutes) everybodyMay(r *Request) (may, not int) {
	m.t.Helper()
	people := append(slices.Sorted(maps.Keys(m.ledger.State().People)), "nobody-here")
	s := m.ledger.State().Copy()
	for _, e := range m.ledger.Settle(m.now, nil) {
		s.Apply(&e)
	}
	for _, id := range people {
		one := *r
		one.Actor, one.Way = id, "" // what they may by which way in is another question (rules L10, L11)
		yes, refusal := s.May(id, r.Command, DayOf(m.now))
		d := m.ledger.Decide(&one, m.now)
		switch {
		case refusal != nil:
			not++
			if !reflect.DeepEqual(d.Refusal, refusal) {
				m.failf("%s: %s may not (%v), and the decision is %v", CommandName(r.Command), s.office(id), refusal, d.Refusal)
			}
		case d.Refusal != nil && d.Refusal.Class == NotYours && r.Signature() == nil && !ofOne(r.Command, d.Refusal):
			m.failf("%s: %s may, and the decision is %v", CommandName(r.Command), s.office(id), d.Refusal)
		default:
			may++
			m.checkBehalf(&one, yes, d)
		}
	}
	return may, not
}

// ofOne says whether it is one of several records together that is refused: each is
// judged by itself, after those before it (rule L2).
func ofOne(c Command, r *Refusal) bool {
	together, ok := c.(*RecordTogether)
	if !ok {
		return false
	}
	_, _, ok = together.PathOf(r.Part)
	return ok
}

// checkBehalf: what is recorded is on behalf of whom May said.
func (m *minutes) checkBehalf(r *Request, yes Permission, d Decision) {
	m.t.Helper()
	switch c := r.Command.(type) { // of several, each is on its own behalf
	case *RecordTogether:
		return
	case *Acknowledge:
		if len(c.Practices) > 1 {
			return
		}
	case *ConfirmRecord:
		if len(c.Records) > 1 {
			return
		}
	case *RefuseRecord:
		if len(c.Records) > 1 {
			return
		}
	}
	for i := range d.Events {
		if e := &d.Events[i]; e.Command == r.ID && e.OnBehalfOf != yes.OnBehalfOf && yes.OnBehalfOf != "" {
			m.failf("%s: on behalf of %s, and %s is recorded on behalf of %s", CommandName(r.Command), yes.OnBehalfOf, e.Kind(), e.OnBehalfOf)
		}
	}
}

// checkTry: what is tried is what the ledger decides, and trying changes nothing.
func (m *minutes) checkTry(r *Request) {
	m.t.Helper()
	before := fingerprint(m.ledger.State())
	trial, refusal := m.ledger.State().View().Try(r, m.now)
	if fingerprint(m.ledger.State()) != before {
		m.failf("trying changed the state")
	}
	d := m.ledger.Decide(r, m.now)
	if !reflect.DeepEqual(refusal, d.Refusal) || refusal == nil && !d.Answer.Repeat && !reflect.DeepEqual(trial.Events, d.Events) {
		m.failf("tried: %v %v; decided: %v %v", m.describe(trial.Events), refusal, m.describe(d.Events), d.Refusal)
	}
}

// A trial says what would hold no more.
func TestTrySaysWhatEnds(t *testing.T) {
	m := newMinutes(t)
	m.run("ends", `given the representative
on 2026-03-02 10:00
once recorded spokesperson.recorded {"organisation":"A10001","person":"@pm-ash","evidence":"a letter","from":"2026-03-02"}
cd-north: raise-proposal {"title":"Saturdays","text":"Open.","matter":"access"}
lmc-chair: object {"proposal":"P2","version":1,"grade":"block","why":"Staff.","wouldResolve":"Money."}
cd-south: consent {"proposal":"P2","version":1}
cd-south: raise-proposal {"title":"No representative","text":"It ends.","matter":"access","instruments":[{"endAppointment":{"appointment":"R1","version":1}}]}
cd-north: consent {"proposal":"P3","version":1,"needNotWait":true}
cd-south: consent {"proposal":"P3","version":1,"needNotWait":true}
lmc-chair: consent {"proposal":"P3","version":1,"needNotWait":true}
`)
	for _, c := range []struct {
		actor   string
		command Command
		ends    []string
	}{
		{"manager", &RecordSpokesperson{Organisation: "LMC01", Person: "lmc-chair", Evidence: "A minute."}, nil},
		{"cd-north", &LeaveSeat{Seat: "U10001", Person: "cd-north", Role: Holder, Until: DayOf(m.now) + 20}, []string{"seat/U10001: Clinical Director, North is holder for North PCN."}},
		{"pm-ash", &WithdrawMandate{Organisation: "A10001", Everything: true, Evidence: "A letter."}, []string{"M1: Ash Surgery has given a mandate."}},
		{"cd-north", &WithdrawProposal{Proposal: "P2"}, []string{"P2: P2, Saturdays, is open.", "O1: Trafford LMC objects to P2.", "P2: South PCN has consented to P2."}},
		{"fed-lead", &GiveConsent{Proposal: "P3", Version: 1, NeedNotWait: true}, []string{"R1: Clinical Director, North speaks for the board at Trafford Locality Board."}},
	} {
		trial, r := m.ledger.State().View().Try(&Request{Group: m.group, Actor: c.actor, Command: c.command}, m.now)
		if r != nil {
			t.Fatal(r)
		}
		var ends []string
		for _, e := range trial.Ends {
			ends = append(ends, e.Ref+": "+e.Text)
		}
		if !slices.Equal(ends, c.ends) {
			t.Errorf("%s would end\n%s", CommandName(c.command), strings.Join(ends, "\n"))
		}
	}
}

// Nobody is asked to do what they may not: an action whose owner is of the group no
// longer is the manager's, and an interest is for nobody but whoever declared it.
func TestDueIsForWhoeverMay(t *testing.T) {
	m := newMinutes(t)
	m.run("due", `given the representative
on 2026-03-02 10:00
pm-ash: declare-interest {"matters":["access"],"words":"A share."}
manager: set-agenda {"on":"2026-03-02","items":[{"title":"Access"}]}
manager: record-group-meeting {"on":"2026-03-02","present":["cd-north"],"actions":[{"what":"A leaflet.","owner":"pm-ash","supporter":"cd-north"}]}
manager: record-approach {"from":"ICB01","what":"Weekends?"}
`)
	s := m.ledger.State()
	asked := func(what string, kind DueKind, d Day) string {
		return s.offices(s.DueFor(&Due{What: what, Kind: kind}, d))
	}
	for _, want := range [][3]string{
		{"T1", "action", "Practice Manager, Ash"}, {"I1", "interest", "Practice Manager, Ash"}, {"A1", "approach", "Board Manager and Clinical Director, South"},
	} {
		if got := asked(want[0], DueKind(want[1]), DayOf(m.now)); got != want[2] {
			t.Errorf("%s is for %q, not %q", want[0], want[2], got)
		}
	}
	m.run("left", `pm-ash: leave-office {"person":"pm-ash","until":"2026-03-03"}`+"\n")
	s = m.ledger.State()
	for _, want := range [][3]string{{"T1", "action", "Board Manager"}, {"I1", "interest", ""}} {
		if got := asked(want[0], DueKind(want[1]), DayOf(m.now)+2); got != want[2] {
			t.Errorf("once its owner left, %s is for %q, not %q", want[0], want[2], got)
		}
	}
}

// HeldUntil is the last day on which somebody held a power, up to the day that is asked about.
func TestHeldUntil(t *testing.T) {
	m := newMinutes(t)
	m.run("held", `given the executive
on 2026-02-02
cd-north: raise-proposal {"title":"Others","text":"Others.","matter":"delegation","instruments":[{"formExecutive":{"members":["fed-lead","cd-north"],"from":"2026-03-01","until":"2026-12-31"}}]}
everybody agrees to P2 now
`)
	s := m.ledger.State()
	for _, c := range []struct{ person, on, until string }{
		{"lmc-chair", "2026-02-10", "2026-02-10"}, {"lmc-chair", "2026-04-01", "2026-02-28"}, {"fed-lead", "2026-04-01", "2026-04-01"}, {"fed-lead", "2027-04-01", "2026-12-31"},
		{"cd-north", "2026-02-28", ""}, {"cd-north", "2026-03-01", "2026-03-01"}, {"lmc-chair", "2026-01-19", ""}, {"pm-ash", "2026-04-01", ""},
	} {
		on, err := ParseDay(c.on)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.HeldUntil("D1", s.Person(c.person).ID, on); got.String() != c.until && !(got == 0 && c.until == "") {
			t.Errorf("%s held D1 on %s last on %s, not %s", c.person, c.on, c.until, got)
		}
	}
	if s.HeldUntil("D9", s.Person("fed-lead").ID, DayOf(m.now)) != 0 {
		t.Error("somebody held a power that there is not")
	}
}

// What was shown on a state is recorded on that state and that day, and on no other.
func TestDecidedOnItsBasisAlone(t *testing.T) {
	m := newMinutes(t)
	m.run("basis", "given the representative\non 2026-03-02 10:00\n")
	r := &Request{Group: m.group, Actor: "cd-north", Command: &RaiseProposal{Title: "Saturdays", Text: "Open.", Matter: "access"}}
	trial, refusal := m.ledger.State().View().Try(r, m.now)
	if refusal != nil {
		t.Fatal(refusal)
	}
	for _, other := range []struct {
		basis Basis
		is    string
	}{
		{trial.Basis, ""}, {Basis{}, "L2"}, {Basis{trial.Basis.Next - 1, trial.Basis.Day}, "L2"}, {Basis{trial.Basis.Next + 1, trial.Basis.Day}, "L2"}, {Basis{trial.Basis.Next, trial.Basis.Day - 1}, "L2"},
	} {
		r.Basis = &other.basis
		rule := ""
		if d := m.ledger.Decide(r, m.now); d.Refusal != nil {
			rule = d.Refusal.Rule
		} else if !reflect.DeepEqual(d.Events, trial.Events) {
			t.Error("on the same basis something else was decided")
		}
		if rule != other.is {
			t.Errorf("on %+v: %q", other.basis, rule)
		}
	}
}
