package mail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore"
)

const lettersSeedsEnv = "GOLDENTHREAD_LETTERS_SEEDS" // how many seeds; 2

// A chance makes up what happens. It is safe for concurrent use.
type chance struct {
	mu sync.Mutex
	r  *rand.Rand
}

func (c *chance) one(in int) bool { return c.below(in) == 0 }

func (c *chance) below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.r.IntN(n)
}

// A faultyBucket is the outbox's bucket as one process reaches it: requests and answers are
// lost, and the process may be gone.
type faultyBucket struct {
	jetstream.KeyValue
	chance *chance
	mu     sync.Mutex
	calm   bool // nothing is lost
	dead   bool // its process is gone: nothing of it arrives any more
}

var errLost = errors.New("no answer")

func (b *faultyBucket) set(calm, dead bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calm, b.dead = calm, dead
}

func (b *faultyBucket) meets(do func() (uint64, error)) (uint64, error) {
	b.mu.Lock()
	calm, dead := b.calm, b.dead
	b.mu.Unlock()
	switch {
	case dead, !calm && b.chance.one(12):
		return 0, errLost
	case !calm && b.chance.one(12):
		do()
		return 0, errLost
	}
	return do()
}

func (b *faultyBucket) Get(ctx context.Context, key string) (entry jetstream.KeyValueEntry, err error) {
	_, err = b.meets(func() (uint64, error) {
		entry, err = b.KeyValue.Get(ctx, key)
		return 0, err
	})
	return entry, err
}

func (b *faultyBucket) Create(ctx context.Context, key string, value []byte, opts ...jetstream.KVCreateOpt) (uint64, error) {
	return b.meets(func() (uint64, error) { return b.KeyValue.Create(ctx, key, value, opts...) })
}

func (b *faultyBucket) Update(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	return b.meets(func() (uint64, error) { return b.KeyValue.Update(ctx, key, value, revision) })
}

// A walk is one simulation: two processes send the letters of a group over which days pass.
type walk struct {
	*world
	chance *chance
	posts  [2]*Post
	again  map[string]int    // how often a person had a letter sent again, by its id
	told   map[string]string // in which letter somebody was told of an errand, by person and errand
}

// begin is a new process in the place of one that is gone.
func (w *walk) begin(i int) {
	o := w.world.post
	w.posts[i] = &Post{o: o.o, outbox: &outbox{&faultyBucket{KeyValue: o.outbox.bucket, chance: w.chance}}, quiet: map[string]string{}, again: map[string]bool{}}
}

func (w *walk) bucket(i int) *faultyBucket { return w.posts[i].outbox.bucket.(*faultyBucket) }

// happens is what the mail server does with a letter, and to the process that sends it.
func (w *walk) happens(stage, _ string) error {
	switch n := w.chance.below(40); {
	case n < 3:
		return &smtp.SMTPError{Code: 421, Message: "later"}
	case n < 4:
		return &smtp.SMTPError{Code: 550, Message: "no"}
	case n < 6 && stage == "data":
		return errCut
	case n < 9:
		for i := range w.posts {
			w.bucket(i).set(false, true)
		}
	}
	return nil
}

// try does what somebody may not be allowed to do any more.
func (w *walk) try(person, name, body string) {
	command, _ := domain.NewCommand(name)
	require.NoError(w.t, json.Unmarshal([]byte(body), command))
	_, err := w.store.Execute(w.t.Context(), domain.Request{Group: "trafford", ID: uuid.Must(uuid.NewV7()), Actor: person, Command: command})
	if !errors.As(err, new(*eventstore.Refused)) {
		require.NoError(w.t, err)
	}
	w.caughtUp()
}

func (w *walk) step(n int) {
	switch w.chance.below(6) {
	case 0:
		w.try("cd-south", "raise-proposal", fmt.Sprintf(`{"title":"Proposal %d","text":"We agree.","matter":"access"}`, n))
	case 1:
		w.try("cd-north", "consent", fmt.Sprintf(`{"proposal":"P%d","version":1}`, 1+w.chance.below(n+1)))
	case 2:
		w.begin(w.chance.below(2))
	case 3:
		w.pressAgain()
	}
	w.later(time.Duration(w.chance.below(600)) * time.Minute)
	var both sync.WaitGroup
	for i, p := range w.posts {
		if w.chance.one(2) || i == n%2 {
			both.Go(func() { p.Round(w.t.Context()) })
		}
	}
	both.Wait()
	for i := range w.posts {
		if b := w.bucket(i); b.dead {
			w.begin(i)
		}
	}
	w.check()
}

// pressAgain has a letter sent again that was refused, or that nobody knows of.
func (w *walk) pressAgain() {
	for _, d := range w.drawers() {
		person := strings.TrimPrefix(d.key, "trafford.")
		if d.Letter != nil && w.world.post.Again(w.t.Context(), "trafford", person) == nil {
			w.again[d.Letter.ID.String()]++
		}
	}
}

// drawers are those that the outbox really has.
func (w *walk) drawers() (all []*drawer) {
	g, err := w.groups.Now(w.t.Context(), "trafford", nil)
	require.NoError(w.t, err)
	for id := range g.State().People {
		d, err := w.world.post.outbox.drawer(w.t.Context(), "trafford", id)
		require.NoError(w.t, err)
		all = append(all, d)
	}
	return all
}

// arrived counts how often the mail server has taken each letter, by its id.
func (w *walk) arrived() map[string]int {
	times := map[string]int{}
	for _, l := range w.mail.letters() {
		id, _, _ := strings.Cut(strings.Trim(l.id, "<>"), "@")
		times[id]++
	}
	return times
}

// check holds the outbox against what the mail server has taken.
func (w *walk) check() {
	arrived := w.arrived()
	for id, times := range arrived {
		require.LessOrEqual(w.t, times, 1+w.again[id], "letter %s was sent again, and nobody wanted that", id)
	}
	for _, d := range w.drawers() {
		if d.Letter == nil {
			continue
		}
		id := d.Letter.ID.String()
		switch times := arrived[id]; d.Letter.State {
		case Sent:
			require.Positive(w.t, times, "a letter is said to be sent, and did not arrive")
		case Waiting, Refused, Unneeded:
			require.LessOrEqual(w.t, times, w.again[id], "a letter is said to be %s, and has arrived", d.Letter.State)
		case Sending, Unknown:
		}
		for _, key := range d.Letter.Keys {
			in, before := w.told[d.key+" "+key]
			require.True(w.t, !before || in == id, "%s is told of %s in a second letter", d.key, key)
			w.told[d.key+" "+key] = id
		}
	}
}

// settle ends all faults: then no letter is left, and everybody was told of everything.
func (w *walk) settle() {
	w.mail.failing(func(string, string) error { return nil })
	for i := range w.posts {
		w.bucket(i).set(true, false)
	}
	w.later(48 * time.Hour)
	for range 3 {
		w.later(24 * time.Hour)
		for w.posts[0].early(w.clock()) {
			w.later(time.Hour)
		}
		for _, p := range w.posts {
			p.Round(w.t.Context())
		}
		w.check()
	}
	g, err := w.groups.Now(w.t.Context(), "trafford", nil)
	require.NoError(w.t, err)
	for _, a := range addressees(g, "trafford", domain.DayOf(w.clock())) {
		d, err := w.world.post.outbox.drawer(w.t.Context(), "trafford", a.person.ID)
		require.NoError(w.t, err)
		if d.Letter != nil {
			require.NotContains(w.t, []State{Waiting, Sending}, d.Letter.State, "a letter is left, though all faults have ended")
		}
		if w.posts[0].personal(&a, a.person.Sealed).Email == "" {
			continue
		}
		for _, e := range a.errands {
			require.Contains(w.t, d.Told, e.Key(domain.DayOf(w.clock()), d.Ahead), "somebody was not told of %s, though all faults have ended", e.About)
		}
	}
}

// TestLettersUnderFaults has two processes go round while requests to the outbox and answers
// are lost, the mail server refuses, cuts or asks to come later, and processes end at any
// moment. No letter is sent twice unless a person wants it, what is said of each is true,
// and at the end everybody was told of everything, once.
func TestLettersUnderFaults(t *testing.T) {
	const steps = 250
	seeds, err := strconv.ParseUint(os.Getenv(lettersSeedsEnv), 10, 64)
	if err != nil {
		seeds = 2
	}
	for seed := range seeds {
		w := &walk{world: newWorld(t), chance: &chance{r: rand.New(rand.NewPCG(seed, 7))}, again: map[string]int{}, told: map[string]string{}}
		t.Logf("seed %d begins", seed)
		w.begin(0)
		w.begin(1)
		w.mail.failing(w.happens)
		for n := range steps {
			w.step(n)
		}
		w.settle()
		t.Logf("seed %d: %d letters in %d steps, %d sent again because a person wanted it", seed, len(w.arrived()), steps, len(w.again))
	}
}
