package simulation

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// A told is a history of domain/model, the independent model of the rules: orders, and
// questions with the model's answers. It is written there (told_test.go).
type told struct {
	Orders []struct {
		Time    time.Time
		Actor   string
		Name    string // of a command, or settle: what is due is recorded
		JSON    json.RawMessage
		ID      uuid.UUID
		Refused string // rule
		Events  int    // that are recorded once it is answered
	}
	Questions []struct {
		Events   int    // that are known
		Kind     string // coverage or check
		Question domain.Question
		Answer   string
		Rules    [][]string // of a check: reasons, one list of which is given
	}
}

const toldGroup = "vale"

func histories(t *testing.T) (all []told) {
	f, err := os.Open("testdata/histories.json.gz")
	require.NoError(t, err)
	defer f.Close()
	r, err := gzip.NewReader(f)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(r).Decode(&all))
	return all
}

// TestNodesAnswerAsTheModel sends the orders of histories with everything that the rules speak
// of to two nodes, while messages are lost and nodes are killed. Each is recorded or refused
// as it was there, and at the end both nodes, asked as known at any moment, give the answers
// of the independent model.
func TestNodesAnswerAsTheModel(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays many scripts")
	}
	orders, answers := 0, map[string]int{}
	for i, h := range histories(t) {
		orders += len(h.Orders)
		for _, q := range h.Questions {
			answers[q.Kind+" "+q.Answer] += 2
		}
		root := scratchNow(t)
		var wrong []string
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(script{Seed: uint64(i), Nodes: 2, Story: true}, root, mistake{})
			w.comeTo(h.Orders[0].Time.Add(-time.Minute))
			w.startNodes()
			w.tell(&h, rand.New(rand.NewPCG(uint64(i), 3)))
			w.settle()
			for _, n := range w.nodes {
				w.ask(&h, n)
			}
			w.end()
			wrong = w.verdict()
		})
		require.NoError(t, os.RemoveAll(root))
		require.Empty(t, wrong, "history %d", i)
	}
	checks := map[domain.Verdict]int{}
	for _, verdict := range []domain.Verdict{domain.MayCommitReport, domain.MayCommitNow, domain.AdReferendum, domain.MustNot} {
		checks[verdict] = answers["check "+string(verdict)]
		require.NotZero(t, checks[verdict], verdict)
	}
	t.Logf("%d orders; checks, asked of two nodes: %v", orders, checks)
}

// comeTo has it be that moment on all clocks, unless it is later.
func (w *world) comeTo(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.days = max(w.days, time.Until(at))
}

// tell sends the orders, one after the other, under faults that are over soon.
func (w *world) tell(h *told, r *rand.Rand) {
	for i := range h.Orders {
		o := &h.Orders[i]
		w.comeTo(o.Time)
		if r.IntN(3) == 0 {
			kind := []string{appendLost, ackLost, ackTwice, restart, kill, lose}[r.IntN(6)]
			w.play(&step{Kind: kind, Node: r.IntN(2), N: r.IntN(1000), For: 100 * time.Millisecond})
		}
		if o.Name == "settle" {
			time.Sleep(time.Second)
			continue
		}
		x := &sending{group: toldGroup, actor: o.Actor, id: o.ID, what: o.Name, make: func() domain.Command {
			c, _ := domain.NewCommand(o.Name)
			if err := json.Unmarshal(o.JSON, c); err != nil {
				panic(err)
			}
			return c
		}}
		w.mu.Lock()
		w.sent = append(w.sent, x)
		w.mu.Unlock()
		w.truth.expect(x)
		w.send(x, r.IntN(2), 5*time.Second)
		w.truth.mu.Lock()
		events := len(w.truth.of(toldGroup).events)
		w.truth.mu.Unlock()
		if x.rule != o.Refused || events != o.Events {
			w.fail("order %d, %s by %s: %q, and %d events; in the model's history it is %q, and %d", i, o.Name, o.Actor, x.rule, events, o.Refused, o.Events)
			return
		}
	}
}

// ask holds the node's answers against the model's.
func (w *world) ask(h *told, n *node) {
	s := n.live()
	if s == nil {
		return // which is said
	}
	for i := range h.Questions {
		q := &h.Questions[i]
		state, err := s.AsKnown(context.Background(), toldGroup, uint64(q.Events))
		if err != nil {
			w.fail("%s does not answer: %v", n.name, err)
			return
		}
		got, ok := "", false
		if v := state.View(); q.Kind == "coverage" {
			c := v.CoverageOn(q.Question.Matter, q.Question.At)
			outside := []string{}
			for _, o := range c.Outside {
				outside = append(outside, o.ODS)
			}
			slices.Sort(outside)
			got = fmt.Sprintf("%d of %d practices, %d of %d patients, outside %v", c.Practices, c.OfPractices, c.Patients, c.OfPatients, outside)
			ok = got == q.Answer
		} else {
			asked := q.Question
			asked.Person = state.ByHandle(asked.Person).ID
			said, refusal := v.Check(asked)
			if refusal != nil {
				continue // nothing was asked about
			}
			var rules []string
			for _, r := range said.Reasons {
				rules = append(rules, r.Rule)
			}
			slices.Sort(rules)
			rules = slices.Compact(rules)
			got = fmt.Sprint(said.Verdict, " by ", rules)
			ok = string(said.Verdict) == q.Answer && slices.ContainsFunc(q.Rules, func(r []string) bool { return slices.Equal(r, rules) })
		}
		if !ok {
			w.fail("%s, asked for %s as known after %d events (%+v), says %s, and the model %s by %v", n.name, q.Kind, q.Events, q.Question, got, q.Answer, q.Rules)
		}
	}
}
