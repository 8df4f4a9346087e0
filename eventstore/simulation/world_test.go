package simulation

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
)

// A world is one simulation: a server, the nodes on it, and people who send commands.
type world struct {
	script  script
	root    string // folder of all data folders
	rand    *rand.Rand
	server  *server
	watcher *watcher // nil: nobody witnesses
	nodes   []*node
	truth   *truth
	log     *slog.Logger
	mistake mistake

	mu      sync.Mutex
	wrong   []string // invariants that did not hold
	days    time.Duration
	calm    bool // faults have ended
	over    bool // nobody sends anything any more
	people  sync.WaitGroup
	senders atomic.Int64 // how many still send a command
	sent    []*sending
	pending map[string][]fate // what the next appends of a node meet, by its name
	keyFate map[string]fate   // what a node's next new entry of the keys meets, by its name
}

// A node is one process that keeps a store, and is started again when it ends.
type node struct {
	world *world
	name  string

	mu       sync.Mutex
	dir      string
	plug     *plug
	disk     *disk
	store    *eventstore.Store // nil while it is down
	skew     time.Duration
	life     int    // how often it was started
	followed uint64 // sequence of the last commit that it told of in this life
	counts   countdown
	first    countdown            // counts of the next life, from its start
	atOnce   int                  // messages that it has sent at this moment
	moment   time.Time            // of the last message
	stopping bool                 // its world ends
	rots     bool                 // a bit of its logs turns before it is started next
	whole    bool                 // its logs have been as they were signed since this life began
	vain     time.Duration        // for so long after its next start it asks for single messages of the ledgers in vain
	lost     map[string]time.Time // messages that it sends to subjects that begin so are lost until then
	runs     sync.WaitGroup
	done     chan struct{} // closed when this life's last run has ended
}

// A countdown does something at the nth message, or step on the disk, from now.
type countdown struct {
	messages, disk int
	atMessage      func()
	atDisk         func()
	requests       int
	request        fate
}

// openTimeout is how long a start may take before it is given up.
const openTimeout = 60 * time.Second

func newWorld(s script, root string, m mistake) *world {
	w := &world{script: s, root: root, rand: rand.New(rand.NewPCG(s.Seed, 23)), server: newServer(), mistake: m, pending: map[string][]fate{}, keyFate: map[string]fate{}}
	out := io.Discard
	if os.Getenv(verboseEnv) != "" {
		out = os.Stderr
	}
	w.log = slog.New(slog.NewTextHandler(out, nil))
	w.truth = newTruth(w)
	w.server.meets, w.server.stored = w.meets, w.truth.stored
	w.server.lies = m.server
	if s.Witness {
		var err error
		if w.watcher, err = newWatcher(w); err != nil {
			w.fail("the witness: %v", err)
		}
	}
	for i := range s.Nodes {
		n := &node{world: w, name: fmt.Sprint("node-", i+1), dir: filepath.Join(root, fmt.Sprint("node-", i+1, "-0")), lost: map[string]time.Time{}}
		w.nodes = append(w.nodes, n)
	}
	return w
}

// fail notes that an invariant does not hold.
func (w *world) fail(say string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wrong) < 20 {
		w.wrong = append(w.wrong, fmt.Sprintf(say, args...))
	}
	w.log.Error("WRONG: " + fmt.Sprintf(say, args...))
}

func (w *world) verdict() []string { w.mu.Lock(); defer w.mu.Unlock(); return w.wrong }

// clock is the node's; nil where it is the machine's.
func (n *node) clock() func() time.Time {
	if !n.world.script.Story {
		return nil
	}
	return n.time
}

func (n *node) time() time.Time {
	if !n.world.script.Story {
		return time.Now()
	}
	n.world.mu.Lock()
	days := n.world.days
	n.world.mu.Unlock()
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Now().Add(days + n.skew)
}

// live is the node's store; nil while it is down.
func (n *node) live() *eventstore.Store { n.mu.Lock(); defer n.mu.Unlock(); return n.store }

// run starts the node, and starts it again when it ends by itself, until it is killed.
func (n *node) run() {
	n.mu.Lock()
	n.life++
	life := n.life
	n.plug = n.world.server.plug(n.name)
	if n.rots {
		n.world.rot(n.dir)
	}
	n.rots, n.whole = false, false
	n.disk = newDisk(n.dir)
	n.disk.deaf = n.world.mistake.deafDisk
	n.disk.onStep = func(string) { n.counts.step(n, false) }
	n.followed = 0
	n.counts, n.first = n.first, countdown{}
	n.done = make(chan struct{})
	dir, plug, disk, done := n.dir, n.plug, n.disk, n.done
	n.mu.Unlock()
	n.runs.Go(func() {
		defer close(done)
		for n.isLife(life) {
			if err := n.serve(life, dir, plug, disk); err != nil {
				n.world.log.Warn("a node ended", "node", n.name, "error", err)
			}
			if n.isLife(life) {
				time.Sleep(time.Second)
			}
		}
	})
}

func (n *node) isLife(life int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.life == life && !n.stopping
}

// serve is one run of the process: until it fails, or is not wanted any more.
func (n *node) serve(life int, dir string, plug *plug, disk *disk) error {
	ctx, cancel := context.WithCancel(context.Background()) // as the program starts: without a deadline
	defer cancel()
	defer time.AfterFunc(openTimeout, cancel).Stop()
	var f followed
	o := eventstore.Options{
		Dir: dir, NATS: "nats://simulated", Access: []nats.Option{nats.InProcessServer(plug), nats.Timeout(2 * time.Second), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}, Node: n.name, Installation: "simulated",
		Clock: n.clock(), Follow: []func(commit.Commit){func(c commit.Commit) { n.world.truth.followed(n, &f, c) }}, Log: n.world.log.With("node", n.name, "life", life), Disk: disk,
		ClockConfirmed: true,
		Wipe:           func() {}, // what lies in memory is looked at in eventstore, in a process that can be looked into
	}
	if n.world.script.Marks {
		o.ReadWhole = 1
	}
	n.world.watcher.options(&o)
	s, err := eventstore.Open(ctx, o)
	if err != nil {
		return err
	}
	n.mu.Lock()
	if n.life == life && !n.stopping {
		n.store = s
		n.lost[single], n.vain = time.Now().Add(n.vain), 0
	}
	n.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		for n.isLife(life) {
			time.Sleep(50 * time.Millisecond)
		}
		close(gone)
	}()
	select {
	case err = <-s.Failed():
	case <-gone:
	}
	n.mu.Lock()
	if n.store == s {
		n.store = nil
	}
	n.mu.Unlock()
	end, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if n.isDead(disk) {
		stop() // nobody waits for a process that was killed
	}
	return errors.Join(err, s.Close(end))
}

func (n *node) isDead(d *disk) bool { d.mu.Lock(); defer d.mu.Unlock(); return d.dead }

// die kills the node, and has it started again after a while on what is left of its
// folder.
func (n *node) die(power bool, after time.Duration) {
	n.mu.Lock()
	if n.disk == nil || n.stopping || n.plug.isPulled() {
		n.mu.Unlock()
		return
	}
	plug, disk := n.plug, n.disk
	// At its start it puts the newest checkpoint into the folder, and then mends its tiles.
	mended := n.store != nil && n.whole && !disk.wasInTrouble()
	into := filepath.Join(n.world.root, fmt.Sprint(n.name, "-", n.life))
	n.life++ // whoever runs it gives up
	life := n.life
	n.dir, n.store, n.counts = into, nil, countdown{}
	n.world.mu.Lock()
	err := disk.die(power, n.world.rand, into)
	n.world.mu.Unlock()
	n.mu.Unlock()
	plug.cut(true)
	if err != nil {
		n.world.fail("the folder of %s can't be copied: %v", n.name, err)
	}
	if mended {
		n.world.truth.leftBehind(n, into)
	}
	n.runs.Go(func() {
		n.world.pause(after)
		if n.isLife(life) {
			n.run()
		}
	})
}

func (p *plug) isPulled() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.pulled }

// stop ends the node in order, and starts it again on the same folder.
func (n *node) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.store == nil || n.stopping {
		return
	}
	n.life++
	n.store = nil
	life, done := n.life, n.done
	n.runs.Go(func() {
		<-done
		if n.isLife(life) {
			n.run()
		}
	})
}

// pause waits, but no longer than until the faults end.
func (w *world) pause(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end) && !w.isCalm(); {
		time.Sleep(min(200*time.Millisecond, time.Until(end)))
	}
}

func (w *world) isCalm() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.calm }

// meets says what becomes of a message that a node sent.
func (w *world) meets(l *link, m *message) (f fate) {
	var n *node
	for _, one := range w.nodes {
		if one.name == l.plug.node {
			n = one
		}
	}
	if n == nil {
		return fate{}
	}
	if n.isEndless() {
		w.fail("%s sends messages without end", n.name)
		return fate{drop: true}
	}
	if f, ok := n.counts.step(n, true); ok {
		return f
	}
	if n.loses(m.subject) {
		return fate{drop: true}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if f, ok := w.keyFate[n.name]; ok && strings.HasPrefix(m.subject, "keys.") {
		delete(w.keyFate, n.name)
		return f
	}
	if m.subject != commit.Subject {
		return fate{}
	}
	if all := w.pending[n.name]; len(all) > 0 {
		f, w.pending[n.name] = all[0], all[1:]
	}
	return f
}

// Subjects to which a node's messages are lost.
const (
	single  = "$JS.API.STREAM.MSG.GET." + stream.Name // it asks for a message of the ledgers
	handing = "goldenthread.write."                   // it hands a command on to another node
)

// lose has what the node sends to subjects that begin so lost for a while.
func (n *node) lose(subject string, d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lost[subject] = time.Now().Add(d)
}

func (n *node) loses(subject string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for begins, until := range n.lost {
		if strings.HasPrefix(subject, begins) && time.Now().Before(until) {
			return true
		}
	}
	return false
}

// mostAtOnce is how many messages a node may send while no time passes.
const mostAtOnce = 10_000

// isEndless counts a message, and says whether the node has sent too many without waiting for
// anything.
func (n *node) isEndless() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now := time.Now(); !now.Equal(n.moment) {
		n.moment, n.atOnce = now, 0
	}
	n.atOnce++
	return n.atOnce > mostAtOnce
}

// step counts a message or a step on the disk, and does what is to be done at it.
func (c *countdown) step(n *node, isMessage bool) (f fate, ok bool) {
	n.mu.Lock()
	var do func()
	if isMessage {
		if c.requests > 0 {
			if c.requests--; c.requests == 0 {
				f, ok = c.request, true
			}
		}
		if c.messages > 0 {
			if c.messages--; c.messages == 0 {
				do = c.atMessage
			}
		}
	} else if c.disk > 0 {
		if c.disk--; c.disk == 0 {
			do = c.atDisk
		}
	}
	n.mu.Unlock()
	if do != nil {
		if isMessage {
			do()
		} else {
			go do() // the disk is in use
		}
	}
	return f, ok
}

// begin starts the nodes, and has the groups founded.
func (w *world) begin() {
	w.startNodes()
	w.found(func(x *sending) { w.send(x, 0, 10*time.Second) })
	w.watcher.watch(w.nodes[0])
}

// startNodes starts the nodes, one after the other: the others get the keys of the first.
func (w *world) startNodes() {
	for i, n := range w.nodes {
		if i > 0 {
			for _, name := range []string{keys.WrappingFile, logs.SigningFile} {
				w.copyFile(w.nodes[0], n, name)
			}
		}
		n.run()
		for range 600 {
			if n.live() != nil {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func (w *world) copyFile(from, to *node, name string) {
	b, err := os.ReadFile(filepath.Join(from.dir, name))
	if err == nil {
		err = errors.Join(os.MkdirAll(to.dir, 0o700), stream.WriteFile(filepath.Join(to.dir, name), b, 0o600))
	}
	if err != nil {
		w.fail("%s can't be copied: %v", name, err)
	}
}

// settle ends all faults, and waits until everything is as it should be.
func (w *world) settle() {
	w.mu.Lock()
	w.calm = true
	clear(w.pending)
	clear(w.keyFate)
	w.mu.Unlock()
	w.server.start()
	w.server.mu.Lock()
	w.server.ahead = 0
	clear(w.server.deaf)
	w.server.mu.Unlock()
	for _, n := range w.nodes {
		n.mu.Lock()
		n.skew, n.counts, n.first, n.rots, n.vain = 0, countdown{}, countdown{}, false, 0
		clear(n.lost)
		plug, disk := n.plug, n.disk
		n.mu.Unlock()
		plug.mend()
		disk.mu.Lock()
		disk.full, disk.slow = false, 0
		disk.mu.Unlock()
	}
	w.watcher.start()
	time.Sleep(15 * time.Second)
	w.settleKeys()
	w.advance()
	w.settleKeys() // somebody may have been erased only now
	if len(w.verdict()) == 0 {
		w.truth.settled()
	}
}

// advance lets the time pass that a clock was ahead when something was recorded, and, on clocks
// of their own, days in which what is open becomes due. Everybody is answered before that: a
// ledger remembers for a month what it answered.
func (w *world) advance() {
	for range 120 {
		if w.senders.Load() == 0 {
			break
		}
		time.Sleep(time.Second)
	}
	ahead := w.truth.newest().Sub(w.nodes[0].time())
	if w.script.Story {
		w.mu.Lock()
		w.days += max(ahead, 0) + 60*24*time.Hour
		w.mu.Unlock()
	} else if ahead > 0 {
		time.Sleep(ahead)
	}
	time.Sleep(45 * time.Second)
}

// end stops everything.
func (w *world) end() {
	w.mu.Lock()
	w.calm, w.over = true, true
	w.mu.Unlock()
	w.people.Wait()
	for _, n := range w.nodes {
		n.mu.Lock()
		n.stopping = true
		n.life++
		n.mu.Unlock()
	}
	for _, n := range w.nodes {
		n.runs.Wait()
		n.plug.cut(true)
	}
	close(w.server.over)
	time.Sleep(20 * time.Second)
}
