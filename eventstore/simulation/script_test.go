package simulation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A script is what happens in one simulation. It is a list of steps, so that one that
// fails can be made shorter and printed.
type script struct {
	Seed    uint64
	Nodes   int
	Story   bool // nodes have clocks of their own, and days pass
	Witness bool // a witness cosigns the logs
	Marks   bool // a start begins at a mark, as one of a large store does
	Steps   []step
}

// A step is one thing that happens; what its numbers mean depends on its kind.
type step struct {
	Kind  string
	Node  int
	Group int
	N     int
	For   time.Duration // how long it lasts
	Wait  time.Duration // before the next step
}

func (s step) String() string {
	return fmt.Sprintf("%-13s node %d, group %d, number %d, for %v, then wait %v", s.Kind, s.Node, s.Group, s.N, s.For, s.Wait)
}

func (s script) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, %d nodes, story clock %v, a witness %v, marks %v\n", s.Seed, s.Nodes, s.Story, s.Witness, s.Marks)
	for i, one := range s.Steps {
		fmt.Fprintf(&b, "%3d  %s\n", i+1, one)
	}
	return b.String()
}

// Kinds of steps. Those after the commands are faults.
const (
	say         = "say"          // somebody sends a command
	sayAgain    = "say again"    // somebody sends a command of before once more
	read        = "read"         // somebody reads at a node
	backward    = "as known"     // somebody asks for an earlier state
	restart     = "restart"      // a node is stopped and started
	kill        = "kill"         // a node is killed
	powerCut    = "power cut"    // a node's machine loses its power
	killAt      = "kill at"      // a node is killed at its Nth message from now
	killAtDisk  = "kill at disk" // a node loses its power at its Nth step on the disk
	cut         = "cut"          // a node's network is cut
	serverCut   = "server cut"   // the stream's server loses its power
	appendLost  = "append lost"  // the node's next append
	ackLost     = "ack lost"
	ackTwice    = "ack twice"
	appendLate  = "append late"
	appendSlow  = "append slow"
	refuse      = "refuse"
	proposed    = "proposed"
	deaf        = "deaf"  // what the stream delivers to a node is lost
	lose        = "lose"  // the node's Nth request from now, or its answer
	clock       = "clock" // a node's clock jumps
	skew        = "skew"  // the server's clock jumps
	day         = "day"   // a day passes, on all clocks
	diskSlow    = "disk slow"
	diskFull    = "disk full"
	erase       = "erase"         // somebody has a person erased
	eraseKill   = "kill at keys"  // the same, and the node that does it is killed at its Nth message from then
	keyLate     = "key late"      // somebody registers at a node, whose new key is late, and another node erases somebody
	handOn      = "hand on"       // whoever runs the nodes copies the wrapping key to those that lack it
	loseAtStart = "lose at start" // a node is stopped and started, and its Nth request then, or its answer, is lost or late
	rot         = "rot"           // a node is stopped, a bit of its logs turns, and it is started; single messages that it asks for are lost for a while
	witnessing  = "witness"       // requests of the witness, or its answers, are lost or late, or it is down
)

// weights say how often a step is of a kind.
var weights = []struct {
	kind   string
	weight int
}{
	{say, 60}, {sayAgain, 6}, {read, 4}, {backward, 2}, {restart, 2}, {kill, 3}, {powerCut, 3}, {killAt, 4}, {killAtDisk, 3}, {cut, 3}, {serverCut, 3},
	{appendLost, 3}, {ackLost, 5}, {ackTwice, 2}, {appendLate, 5}, {appendSlow, 4}, {refuse, 2}, {proposed, 3}, {lose, 4}, {deaf, 3}, {clock, 3}, {skew, 1}, {day, 3}, {diskSlow, 2}, {diskFull, 2}, {erase, 9}, {eraseKill, 4}, {keyLate, 4}, {handOn, 1}, {witnessing, 3}, {loseAtStart, 4}, {rot, 3},
}

const groups = 3

// newScript makes up the script of a seed.
func newScript(seed uint64) script {
	r := rand.New(rand.NewPCG(seed, 11))
	s := script{Seed: seed, Nodes: 1 + r.IntN(2), Story: r.IntN(3) > 0, Witness: r.IntN(3) == 0, Marks: r.IntN(2) == 0}
	total := 0
	for _, w := range weights {
		total += w.weight
	}
	for range 8 + r.IntN(24) {
		n, kind := r.IntN(total), ""
		for _, w := range weights {
			if n -= w.weight; n < 0 {
				kind = w.kind
				break
			}
		}
		one := step{Kind: kind, Node: r.IntN(s.Nodes), Group: r.IntN(groups), N: r.IntN(1000)}
		switch r.IntN(4) {
		case 0: // at once
		case 1:
			one.Wait = time.Duration(r.IntN(30)) * time.Millisecond
		case 2:
			one.Wait = time.Duration(r.IntN(1500)) * time.Millisecond
		default:
			one.Wait = time.Duration(r.IntN(6000)) * time.Millisecond
		}
		one.For = time.Duration(1+r.IntN(9000)) * time.Millisecond
		if (kind == clock || kind == day) && !s.Story || kind == skew && s.Story || kind == witnessing && !s.Witness {
			one.Kind = say
		}
		s.Steps = append(s.Steps, one)
	}
	return s
}

// shrink leaves out steps, as long as the script fails: first many at once, then single
// ones. It tries at most so many scripts.
func (s script) shrink(tries int, fails func(script) bool) script {
	for size := len(s.Steps) / 2; size > 0; {
		shorter := false
		for from := 0; from < len(s.Steps) && tries > 0; {
			candidate := s
			candidate.Steps = slices.Delete(slices.Clone(s.Steps), from, min(from+size, len(s.Steps)))
			tries--
			if fails(candidate) {
				s, shorter = candidate, true
			} else {
				from += size
			}
		}
		if tries <= 0 {
			return s
		}
		if !shorter || size > len(s.Steps) {
			size /= 2
		}
	}
	return s
}
