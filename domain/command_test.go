package domain

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
)

func said(t *testing.T, name, body string) Command {
	t.Helper()
	c, ok := NewCommand(name)
	if !ok {
		t.Fatalf("there is no command %q", name)
	}
	if err := json.Unmarshal([]byte(body), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// A command is recognised by what it says, not by how its JSON is written (L2).
func TestHashOf(t *testing.T) {
	for _, same := range [][]string{
		{"consent", `{"proposal":"P1","version":1}`, `{ "version" : 1,` + "\n" + `"proposal":"\u00501"}`, `{"proposal":"P1","version":1,"seat":"","needNotWait":false,"rests":null}`},
		{"grant-mandate", `{"organisation":"A1","from":"2026-01-01"}`, `{"from":"2026-01-01","until":"","organisation":"A1","matters":[],"review":""}`, `{"organisation":"A1","from":"2026-01-01","matters":null}`},
		{"record-commitment", `{"forum":"f","amountPence":0}`, `{"amountPence":0,"forum":"f","months":null}`},
		{"raise-proposal", `{"title":"T","instruments":[{"adoptPosition":{"matter":"a","words":"w"}}]}`, `{"instruments":[{"adoptPosition":{"words":"w","matter":"a","redLine":false},"ratify":null}],"title":"T"}`},
	} {
		for _, body := range same[2:] {
			if HashOf(said(t, same[0], same[1])) != HashOf(said(t, same[0], body)) {
				t.Errorf("%s: %s and %s say the same", same[0], same[1], body)
			}
		}
	}
	for _, other := range [][2][2]string{
		{{"consent", `{"proposal":"P1","version":1}`}, {"consent", `{"proposal":"P1","version":2}`}},
		{{"consent", `{"proposal":"P1","version":1}`}, {"stand-aside", `{"proposal":"P1","version":1}`}},
		{{"consent", `{"proposal":"P1","version":1}`}, {"consent", `{"proposal":"P1","version":1,"needNotWait":true}`}},
		{{"record-commitment", `{"forum":"f"}`}, {"record-commitment", `{"forum":"f","amountPence":0}`}},
		{{"answer-priorities", `{"choices":["Y1","Y2"]}`}, {"answer-priorities", `{"choices":["Y2","Y1"]}`}},
		{{"answer-priorities", `{"choices":["Y1","Y2"]}`}, {"answer-priorities", `{"choices":["Y1Y2"]}`}},
		{{"object", `{"why":"ab","wouldResolve":"c"}`}, {"object", `{"why":"a","wouldResolve":"bc"}`}},
		{{"register-person", `{"handle":"x"}`}, {"register-person", `{"handle":"x","personal":{"name":"N"}}`}},
	} {
		if HashOf(said(t, other[0][0], other[0][1])) == HashOf(said(t, other[1][0], other[1][1])) {
			t.Errorf("%v and %v do not say the same", other[0], other[1])
		}
	}
}

// Every command can be hashed; TestMinutes hashes each that a script records, with what is in it.
func TestEveryCommandIsHashed(t *testing.T) {
	seen := map[[32]byte]string{}
	for _, k := range Commands {
		h := HashOf(k.New())
		if other := seen[h]; other != "" {
			t.Errorf("%s and %s, empty, have the same hash", k.Name, other)
		}
		seen[h] = k.Name
	}
}

// What was recorded under the hash of its bytes is recognised when it is sent
// again after hashes had become those of what is said (L2, L5).
func TestRecordedUnderTheHashOfItsBytes(t *testing.T) {
	m := newMinutes(t)
	m.runFile("minutes/given-the-board.txt")
	old := Request{Group: m.group, ID: uuid.New(), Hash: [32]byte{1}, Actor: "manager", Command: said(t, "register-person", `{"handle":"new","office":"New"}`)}
	first := m.ledger.Decide(&old, m.now)
	m.apply(first.Events)
	again := old
	again.Hash, again.Sent = HashOf(old.Command), [32]byte{1}
	if d := m.ledger.Decide(&again, m.now.Add(time.Minute)); d.Refusal != nil || !d.Answer.Repeat || d.Answer.First != first.Answer.First || len(d.Events) > 0 {
		t.Errorf("not recognised: %+v", d)
	}
	again.Sent = [32]byte{2}
	if d := m.ledger.Decide(&again, m.now); d.Refusal == nil || d.Refusal.Rule != "L5" {
		t.Errorf("other bytes, which nobody can compare with what was said, were taken for the same: %+v", d)
	}
}
