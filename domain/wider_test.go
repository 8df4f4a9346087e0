package domain

import (
	"testing"

	"github.com/google/uuid"
)

// TestTheSameWorkWhateverIsNamed: a consent that rests on something that can't be read is
// refused after the same work, whatever it names (rule G1), so that time tells nothing.
// What an answer takes is compared by what it allocates, which the machine does not change.
func TestTheSameWorkWhateverIsNamed(t *testing.T) {
	m := newMinutes(t)
	m.runFile("minutes/g1-foreign-group.txt")
	m.enter("trafford")
	m.run("another", `lmc-chair: raise-proposal {"title":"Sundays","text":"Every Sunday.","matter":"access"}
everybody agrees to P5 now
lmc-chair: raise-proposal {"title":"Leave","text":"Not on Sundays.","matter":"access","new":"It rains.","instruments":[{"setAside":{"agreement":"P5"}}]}
everybody agrees to P6 now
in greater-manchester
gm-lead: found {"name":"Greater Manchester GP Group","shortName":"the group","place":"GM","placeName":"Greater Manchester","founder":"gm-lead","charter":{"text":"Together.","quorum":1,"defaultStance":"bring-back","matters":["access"]},"organisations":[{"code":"GM","kind":"place","name":"GM"},{"code":"trafford","kind":"group","name":"Trafford GP Board"}],"people":[{"handle":"gm-lead","office":"Lead"},{"handle":"lmc-chair","office":"Chair, Trafford GP Board","organisation":"trafford"}],"seats":[{"organisation":"trafford","holder":"lmc-chair"}],"duties":[{"duty":"chair","person":"gm-lead"}]}
`)
	work := func(group, person string, rests RestsOn) float64 {
		t.Helper()
		r := &Request{Group: group, ID: uuid.New(), Actor: person, Command: &ConsentToCharter{Seat: "trafford", Rests: &rests}}
		if group == "shadow" {
			r.Command = &GiveConsent{Proposal: "P2", Version: 1, Seat: "trafford", Rests: &rests}
		}
		m.enter(group)
		r.Places = m.places(m.now)
		d := m.ledger.Decide(r, m.now)
		if d.Refusal == nil || d.Refusal.Rule != "G1" || d.Refusal.Say != m.ledger.State().cantRest("trafford").Say {
			t.Fatalf("in %s, of %+v: %v", group, rests, d.Refusal)
		}
		return testing.AllocsPerRun(100, func() { m.ledger.Decide(r, m.now) })
	}
	agreed := uint64(0)
	for _, group := range []string{"shadow", "greater-manchester"} {
		if group == "greater-manchester" && m.group != group {
			agreed = m.rooms["trafford"].ledger.State().Proposals["P5"].Agreement
		}
		first := work(group, "lmc-chair", RestsOn{Ledger: "trafford", Ref: "P5", Index: agreed})
		for _, rests := range []RestsOn{
			{Ledger: "trafford", Ref: "P5", Index: 1}, {Ledger: "trafford", Ref: "P2", Index: 84}, {Ledger: "trafford", Ref: "P9", Index: 3}, {Ledger: "trafford", Ref: "D2", Index: 86},
			{Ledger: "trafford", Ref: "D9", Index: 86}, {Ledger: "nowhere", Ref: "P2", Index: 84}, {Ledger: group, Ref: "P1", Index: 2}, {},
		} {
			if got := work(group, "lmc-chair", rests); got != first {
				t.Errorf("in %s a refusal of %+v takes %v allocations, and another %v", group, rests, got, first)
			}
		}
	}
}

// What another group's consent rests on is recorded again just when it rests on something
// else than what was recorded last.
func TestProvedIsWhatWasRecordedLast(t *testing.T) {
	p := &Proposal{Number: "P2", Versions: []Version{{Number: 1}}}
	on := func(ledger, ref string, index uint64) *ProvedConsent {
		return &ProvedConsent{Seat: "SALE", To: "P2", Version: 1, Rests: RestsOn{Ledger: ledger, Ref: ref, Index: index}}
	}
	s := &decisions{}
	if s.proved("SALE", p, &RestsOn{Ledger: "sale", Ref: "P1", Index: 7}) {
		t.Error("nothing was recorded")
	}
	s.Proved = append(s.Proved, on("sale", "P1", 7))
	for _, c := range []struct {
		rests RestsOn
		is    bool
	}{
		{RestsOn{Ledger: "sale", Ref: "P1", Index: 7}, true}, {RestsOn{Ledger: "stretford", Ref: "P1", Index: 7}, false},
		{RestsOn{Ledger: "sale", Ref: "P2", Index: 7}, false}, {RestsOn{Ledger: "sale", Ref: "P1", Index: 8}, false},
	} {
		if s.proved("SALE", p, &c.rests) != c.is {
			t.Errorf("that it rests on %+v was recorded: not %t", c.rests, c.is)
		}
	}
	s.Proved = append(s.Proved, on("sale", "P1", 9))
	if s.proved("SALE", p, &RestsOn{Ledger: "sale", Ref: "P1", Index: 7}) {
		t.Error("what was recorded before the last counts")
	}
}

// TestRestsOnIsNamedByConsentsOnly: of all commands only a consent rests on something in
// another group's ledger, and a consent that names nothing rests on nothing.
func TestRestsOnIsNamedByConsentsOnly(t *testing.T) {
	rests := RestsOn{Ledger: "trafford", Ref: "P5", Index: 12}
	for _, c := range []struct {
		command Command
		want    bool
	}{
		{&GiveConsent{Proposal: "P1", Rests: &rests}, true},
		{&ConsentToCharter{Seat: "trafford", Rests: &rests}, true},
		{&GiveConsent{Proposal: "P1"}, false},
		{&ConsentToCharter{Seat: "trafford"}, false},
		{&RaiseProposal{Title: "Leave"}, false},
	} {
		r := Request{Command: c.command}
		r.Prove([]byte("proof"))
		got, ok := r.RestsOn()
		if ok != c.want || ok && (got.Ref != "P5" || string(got.Proof) != "proof") || !ok && got.Ref != "" {
			t.Errorf("%T rests on %+v, %t", c.command, got, ok)
		}
	}
}
