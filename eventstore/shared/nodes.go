package shared

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"

	"goldenthread/eventstore/stream"
)

// Nodes of two releases may write to the same ledgers while they are upgraded one after
// the other. So that none meets an event that it can't read, each has a record here of the
// newest format that it knows (domain.Event.Format), and one more record says which format
// is in use: nobody writes an event of a newer one. It is raised when somebody first wants
// to record such an event, if every node that has a record knows it; it is never lowered.
// A node that knows less than what is in use does not begin. All these are decided one
// after the other, since each is written behind the last. A record is not forgotten by
// itself, however long its node was not heard of: that node may be cut off and come back.
// The operator takes it away.

const (
	nodesList  = "nodes"
	inUse      = "in-use" // the key of the record of the format in use; the others are ids
	heardEvery = time.Minute
	wantedSoon = time.Second // until a format that something due needs is tried again
)

// A Node is a node of the cluster, as it said last.
type Node struct {
	ID      string    `json:"id" doc:"of its data folder" example:"5b1c2f5e-8d0f-4f6e-9c57-6a4f0a7f1f5e"`
	Name    string    `json:"name" doc:"its name, another one at each start unless it was given one" example:"node-5b1c2f5e"`
	Host    string    `json:"host,omitempty" doc:"machine that it runs on" example:"thread-1"`
	Release string    `json:"release" doc:"release of Golden Thread that it runs" example:"0.1.0"`
	Format  int       `json:"format" doc:"newest format of events that it knows" example:"1"`
	Heard   time.Time `json:"heard" doc:"when it last said so; a node at work does each minute" example:"2026-11-30T09:00:00Z"`
	// Secrets are keyed hashes of the files that all nodes must have alike, by name.
	Secrets map[string][]byte `json:"secrets,omitempty"`
}

// A NotYet says that an event can't be recorded before these nodes are upgraded. Nothing of
// the command was recorded.
type NotYet struct {
	Release string `json:"release"` // which knows it
	Behind  []Node `json:"behind"`  // without a release: they say nothing of themselves
}

func (n *NotYet) Error() string {
	var behind []string
	for _, b := range n.Behind {
		runs := "runs release " + b.Release
		if b.Release == "" {
			runs = "does not say which release it runs, as those before 0.1.0 do not"
		}
		behind = append(behind, fmt.Sprintf("node %s %s", b.Where(), runs))
	}
	return fmt.Sprintf("This can be recorded once every node runs release %s or newer; %s. Nothing was recorded", n.Release, strings.Join(behind, ", and "))
}

// Where is what people know the node by.
func (n *Node) Where() string {
	if n.Host == "" {
		return n.Name
	}
	return n.Name + " on " + n.Host
}

// A TooOld says that this node's release knows less than what is in use.
type TooOld struct{ Known, InUse int }

func (t *TooOld) Error() string {
	return fmt.Sprintf("the ledgers of this cluster may hold events of a newer release: format %d is in use, and this program knows format %d. Install the release that the other nodes run", t.InUse, t.Known)
}

// Nodes are the nodes of the cluster.
type Nodes struct {
	records *Records // nil: there is one node, which waits for none
	self    Node
	log     *slog.Logger
	wanted  atomic.Int64 // newest format that somebody wants to write

	mu    sync.Mutex // of all that follows, and of self.Secrets
	all   map[string]Node
	inUse int
}

// Alone are the nodes where there is one.
func Alone() *Nodes { return &Nodes{inUse: math.MaxInt} }

// Join has the node among those of the cluster. It returns *TooOld if this node would not
// be able to read what the others may have written.
func (r *Records) Join(self Node, log *slog.Logger) (*Nodes, error) {
	n := &Nodes{records: r, self: self, log: log, all: map[string]Node{}, inUse: 1}
	r.Follow(nodesList, n.take)
	return n, n.say()
}

// take takes what was written into account.
func (n *Nodes) take(records []Record) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, is := range records {
		var node Node
		switch err := json.Unmarshal(is.Value, &node); {
		case is.Value == nil:
			delete(n.all, is.Key)
		case err != nil:
			n.log.Error("a record of a node can't be read", "node", is.Key, "error", err)
		case is.Key == inUse:
			n.inUse = max(n.inUse, node.Format)
		default:
			n.all[is.Key] = node
		}
	}
}

// say writes this node's record.
func (n *Nodes) say() error {
	return n.records.Write(nodesList, func() ([]Record, error) {
		if in := n.InUse(); in > n.self.Format {
			return nil, &TooOld{n.self.Format, in}
		}
		n.mu.Lock()
		self := n.self
		n.mu.Unlock()
		self.Heard = time.Now().UTC().Truncate(time.Second)
		b, err := json.Marshal(self)
		return []Record{{Key: n.self.ID, Value: b}}, err
	})
}

// SameSecrets returns an error that names the file, and a node at work that has another one,
// unless this node has the same as they; secrets are what is in the files, by name.
func (n *Nodes) SameSecrets(ctx context.Context, secrets map[string][]byte, atWork func(context.Context) ([]string, error)) error {
	if n.records == nil {
		return nil
	}
	key, err := n.records.Derived("secrets of nodes")
	if err != nil {
		return err
	}
	hashes := map[string][]byte{}
	for file, secret := range secrets {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(file + "\x00"))
		h.Write(secret)
		hashes[file] = h.Sum(nil)
	}
	if _, err := n.Newest(ctx); err != nil {
		return err
	}
	working, err := atWork(ctx)
	if err != nil {
		return err
	}
	for _, node := range n.All() {
		for _, file := range slices.Sorted(maps.Keys(hashes)) {
			if other, said := node.Secrets[file]; said && node.ID != n.self.ID && slices.Contains(working, node.Name) && !hmac.Equal(other, hashes[file]) {
				return fmt.Errorf("%s is not the one that node %s has. All nodes have the same: copy that node's file into this one's data folder, and start again", file, node.Where())
			}
		}
	}
	n.mu.Lock()
	n.self.Secrets = hashes
	n.mu.Unlock()
	return n.say()
}

// InUse is the newest format that may be written.
func (n *Nodes) InUse() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.inUse
}

// All are the nodes of the cluster, by name; none where there is one only.
func (n *Nodes) All() []Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []Node
	for _, node := range n.all {
		all = append(all, node)
	}
	slices.SortFunc(all, func(a, b Node) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return all
}

// Newest is All with all that was written before the call; *stream.Silent.
func (n *Nodes) Newest(ctx context.Context) ([]Node, error) {
	if n.records == nil {
		return nil, nil
	}
	if err := n.records.CatchUp(ctx); err != nil {
		return nil, n.records.silent(err)
	}
	return n.All(), nil
}

// Wanted is the newest format that something due waits for; 0: none.
func (n *Nodes) Wanted() int { return int(n.wanted.Load()) }

// Want notes that somebody wants to write that format, and nobody waits for it.
func (n *Nodes) Want(format int) { n.wanted.Store(max(n.wanted.Load(), int64(format))) }

// Use has that format in use from now on; *NotYet unless every node knows it. atWork names
// the nodes that answer just now.
func (n *Nodes) Use(ctx context.Context, format int, atWork func(context.Context) ([]string, error)) error {
	if format > n.self.Format {
		return fmt.Errorf("format %d is newer than what this program knows", format)
	}
	if _, err := n.Newest(ctx); err != nil {
		return err
	}
	var working []string
	if len(n.behind(format, nil)) == 0 { // which takes a while
		var err error
		if working, err = atWork(ctx); err != nil {
			return err
		}
	}
	return n.records.Write(nodesList, func() ([]Record, error) {
		if behind := n.behind(format, working); len(behind) > 0 {
			return nil, &NotYet{n.self.Release, behind}
		}
		if n.InUse() >= format {
			return nil, nil
		}
		n.log.Info("every node knows a newer format of events, which is in use from now on", "format", format)
		b, err := json.Marshal(Node{Release: n.self.Release, Format: format, Heard: time.Now().UTC().Truncate(time.Second)})
		return []Record{{Key: inUse, Value: b}}, err
	})
}

// behind are the nodes that don't know the format, and those at work that have no record.
func (n *Nodes) behind(format int, working []string) (behind []Node) {
	all := n.All()
	for _, node := range all {
		if node.Format < format {
			behind = append(behind, node)
		}
	}
	for _, name := range working {
		if !slices.ContainsFunc(all, func(node Node) bool { return node.Name == name }) {
			behind = append(behind, Node{Name: name})
		}
	}
	return behind
}

// ErrNoNode says that there is no such node.
var ErrNoNode = errors.New("there is no such node")

// Retire takes a node's record away: it will not come back.
func (n *Nodes) Retire(id string) error {
	if n.records == nil {
		return ErrNoNode
	}
	return n.records.Write(nodesList, func() ([]Record, error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if _, there := n.all[id]; !there {
			return nil, ErrNoNode
		}
		return []Record{{Key: id}}, nil
	})
}

// Run says each minute that this node is at work, and tries again to write what nobody
// waits for, until ctx ends. fail is told if this node must not go on: its record was taken
// away, and what is in use by now it does not know.
func (n *Nodes) Run(ctx context.Context, atWork func(context.Context) ([]string, error), fail func(error)) {
	last := ""
	for said := time.Now(); n.records != nil && stream.Pause(ctx, wantedSoon) == nil; {
		if wanted := n.Wanted(); wanted > n.InUse() {
			if err := n.Use(ctx, wanted, atWork); err != nil && err.Error() != last {
				n.log.Warn("something that became due can't be recorded yet", "error", err)
				last = err.Error()
			}
		}
		if time.Since(said) < heardEvery {
			continue
		}
		said = time.Now()
		if err := n.say(); errors.As(err, new(*TooOld)) {
			fail(err)
			return
		} else if err != nil {
			n.log.Warn("this node can't say to the others that it is at work; it tries again", "error", err)
		}
	}
}
