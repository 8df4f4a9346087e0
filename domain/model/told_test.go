package model

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"goldenthread/domain"
)

var rewrite = flag.Bool("rewrite", false, "write the histories for the simulator anew")

// toldFile has histories, questions and the model's answers: eventstore/simulation sends the
// orders to nodes, under faults, and asks them the questions.
const toldFile = "../../eventstore/simulation/testdata/histories.json.gz"

// A told is a history with its questions.
type told struct {
	Orders    []toldOrder
	Questions []toldQuestion
}

type toldOrder struct {
	Time    time.Time
	Actor   string
	Name    string
	JSON    json.RawMessage `json:",omitempty"`
	ID      uuid.UUID
	Refused string `json:",omitempty"` // rule
	Events  int    // that are recorded once it is answered
}

type toldQuestion struct {
	Events   int // that are known
	Kind     string
	Question domain.Question // Person is a handle
	Answer   string          // the model's: of a check the verdict
	Rules    [][]string      `json:",omitempty"` // of a check: reasons, one list of which is given
}

// tell writes down a history and what the model says about it.
func tell(seed uint64) told {
	r := generate(seed, 30)
	again := newRecorder(seed)
	var all told
	for i, o := range r.orders {
		id := again.id()
		again.orders = append(again.orders, o)
		all.Orders = append(all.Orders, toldOrder{Time: o.Time, Actor: o.Actor, Name: o.Name, JSON: o.JSON, ID: id, Refused: o.Refused, Events: r.ends[i]})
	}
	for _, q := range ask(r, rand.New(rand.NewPCG(seed, 9)), 60) {
		events := r.eventsAfter(q.known)
		after, known := ifTaken(r.events, len(events))
		if !known || len(events) == 0 {
			continue
		}
		m := model{events: events, after: after}
		one := toldQuestion{Events: len(events), Kind: q.kind, Question: domain.Question{Person: q.person, Forum: q.forum, Matter: q.matter, Amount: q.amount, Months: q.months, OpenEnded: q.openEnded, Consulted: q.consulted, At: q.at}}
		switch q.kind {
		case "coverage":
			c := m.coverage(q.matter, q.at)
			one.Answer = fmt.Sprintf("%d of %d practices, %d of %d patients, outside %v", c.practices, c.ofPractices, c.patients, c.ofPatients, c.outside)
		case "check":
			s := domain.NewState(group)
			for _, e := range events {
				s.Apply(e)
			}
			who := s.ByHandle(q.person)
			if who == nil {
				continue
			}
			asked := q.terms
			asked.person = who.ID
			a := m.check(asked)
			one.Answer = string(a.verdict)
			for _, rules := range append([][]string{a.rules}, a.or...) {
				one.Rules = append(one.Rules, rulesOf(rules))
			}
		default:
			continue
		}
		all.Questions = append(all.Questions, one)
	}
	return all
}

// TestHistoriesForTheSimulator holds the file with the model's answers against the model;
// with -rewrite it writes the file.
func TestHistoriesForTheSimulator(t *testing.T) {
	var all []told
	for seed := uint64(1); len(all) < 8; seed++ {
		all = append(all, tell(seed))
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		w.Write(text)
		w.Close()
		if err := os.WriteFile(toldFile, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	f, err := os.Open(toldFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var kept bytes.Buffer
	if _, err := kept.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept.Bytes(), text) {
		t.Error("the model says something else by now: go test ./domain/model -run HistoriesForTheSimulator -rewrite")
	}
}
