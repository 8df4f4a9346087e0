package eventstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/stream"
)

// Where nodes of two releases write to one stream, an event of a newer format is written
// only once every node knows that format (shared/nodes.go).

// nodeFile, in the data folder, has the id of the node.
const nodeFile = "node-id"

// join has this node among those of its cluster, before it reads or writes anything.
func (s *Store) join(ctx context.Context, o *Options) error {
	s.nodes = shared.Alone()
	if s.stream.Alone || o.Release == "" || s.inspecting {
		return nil
	}
	id, err := nodeID(o.Dir)
	if err != nil {
		return err
	}
	host, _ := os.Hostname() // none is said then
	self := shared.Node{ID: id, Name: s.stream.Node, Host: host, Release: o.Release, Format: domain.NewestFormat()}
	if o.format != 0 {
		self.Format = o.format
	}
	err = stream.WhileSilent(ctx, s.log, func() error {
		records, err := s.Shared(ctx)
		if err == nil {
			s.nodes, err = records.Join(self, s.log)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("join the other nodes: %w", err)
	}
	s.helpers.Go(func() { s.nodes.Run(s.health.life, s.atWork, s.health.failStore) })
	return nil
}

// nodeID is the id of the node in that data folder, made if there is none.
func nodeID(dir string) (string, error) {
	path := filepath.Join(dir, nodeFile)
	b, err := os.ReadFile(path)
	if id, bad := uuid.Parse(strings.TrimSpace(string(b))); err == nil && bad == nil {
		return id.String(), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("the id of this node: %w", err)
	}
	id := uuid.NewString()
	return id, stream.WriteFile(path, []byte(id+"\n"), 0o600)
}

// atWork names the nodes that answer just now.
func (s *Store) atWork(ctx context.Context) ([]string, error) {
	with, without, err := s.keys.WrappingKeys(ctx)
	return append(with, without...), err
}

// A notInUse says that events are of a newer format than the one in use.
type notInUse struct{ format int }

func (n *notInUse) Error() string { return fmt.Sprintf("format %d is not in use yet", n.format) }

// checkFormat returns *notInUse if an event is of a format that may not be written yet.
func (w *writer) checkFormat(entries []commit.Entry) *notInUse {
	format := 0
	for i := range entries {
		format = max(format, w.formatOf(&entries[i].Event))
	}
	if format <= w.nodes.InUse() {
		return nil
	}
	return &notInUse{format}
}

// Nodes are the nodes of the cluster, as they said last, and whether each answers just now;
// none where there is one only.
func (s *Store) Nodes(ctx context.Context) (nodes []NodeAtWork, inUse int, err error) {
	all, err := s.nodes.Newest(ctx)
	if err != nil || len(all) == 0 {
		return nil, 0, err
	}
	working, err := s.atWork(ctx)
	for _, node := range all {
		node.Secrets = nil
		nodes = append(nodes, NodeAtWork{node, slices.Contains(working, node.Name)})
	}
	for _, name := range working {
		if !slices.ContainsFunc(all, func(node shared.Node) bool { return node.Name == name }) {
			nodes = append(nodes, NodeAtWork{shared.Node{Name: name}, true})
		}
	}
	return nodes, s.nodes.InUse(), err
}

// SameSecrets returns an error that names the file unless the other nodes at work have the
// same secrets in their data folders, by file.
func (s *Store) SameSecrets(ctx context.Context, secrets map[string][]byte) error {
	return s.nodes.SameSecrets(ctx, secrets, s.atWork)
}

// A NodeAtWork is a node, and whether it answers just now.
type NodeAtWork struct {
	shared.Node
	AtWork bool `json:"atWork" doc:"whether it answers just now" example:"true"`
}

// ErrAtWork says that the node answers, so that it can't be retired.
var ErrAtWork = errors.New("the node is at work")

// Retire forgets a node that will not come back, by its id or name: nothing waits for
// it any more. ErrAtWork, shared.ErrNoNode, *stream.Silent.
func (s *Store) Retire(ctx context.Context, which string) error {
	nodes, _, err := s.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if node.ID == "" || which != node.ID && which != node.Name {
			continue
		}
		if node.AtWork {
			return ErrAtWork
		}
		return s.nodes.Retire(node.ID)
	}
	return shared.ErrNoNode
}
