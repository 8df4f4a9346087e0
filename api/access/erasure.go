package access

import (
	"context"
	"fmt"
	"slices"

	"goldenthread/domain"
	"goldenthread/eventstore"
)

// An Erasure is what became of an erased person's key, and what whoever runs the server
// has to do (rule L7).
type Erasure struct {
	KeyLeft  bool     `json:"keyLeft" doc:"their key is not known to be destroyed yet; it is tried again every minute"`
	NewKeyAt []string `json:"newKeyAt" doc:"servers that have the new wrapping.key"`
	OldNodes []string `json:"oldNodes" doc:"servers that still have an earlier one: copy the new one to them"`
	Todo     []string `json:"todo" doc:"what whoever runs the server has to do now, in sentences"`
}

// erasedBy says what became of the keys of the people whom the recorded command erased; nil if
// it erased nobody. An erasure that waits to be confirmed is recorded by the confirmation.
func (s *Ledgers) erasedBy(ctx context.Context, group string, command domain.Command, result eventstore.Result) (*Erasure, error) {
	switch command.(type) {
	case *domain.ErasePerson, *domain.ConfirmRecord:
	default:
		return nil, nil
	}
	if result.First >= result.Next {
		return nil, nil // nothing was recorded
	}
	var persons []string
	for e, err := range s.Store.Entries(ctx, group, result.First, result.Last+1) {
		if err != nil {
			return nil, err
		}
		if erased, ok := e.Event.Data.(*domain.PersonErased); ok {
			persons = append(persons, erased.Person)
		}
	}
	if persons == nil {
		return nil, nil
	}
	return s.ErasureOf(ctx, persons...)
}

// ErasureOf says what became of the keys of people who were erased.
func (s *Ledgers) ErasureOf(ctx context.Context, persons ...string) (*Erasure, error) {
	with, without, err := s.Store.WrappingKeys(ctx)
	if err != nil {
		return nil, err
	}
	nodes, _, err := s.Store.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	left := s.Store.ErasuresLeft()
	e := &Erasure{KeyLeft: slices.ContainsFunc(persons, func(p string) bool { return slices.Contains(left, p) }), NewKeyAt: append([]string{}, with...), OldNodes: append([]string{}, without...)}
	if e.KeyLeft {
		e.Todo = append(e.Todo, "The key is not known to be destroyed yet. The server tries again every minute: look here again until it is.")
	}
	at := "this server"
	if len(with) > 0 && len(with)+len(without) > 1 {
		at = domain.List(with)
	}
	e.Todo = append(e.Todo, fmt.Sprintf("The erasure changed wrapping.key on %s. Keep a copy of the new file, apart from the rest of the data, and destroy every copy of the one before.", at))
	for _, node := range without {
		e.Todo = append(e.Todo, fmt.Sprintf("Copy the new wrapping.key to %s. Until then it can read and keep no names, email addresses or telephone numbers, and it would not start again.", node))
	}
	for i := range nodes {
		if !nodes[i].AtWork {
			e.Todo = append(e.Todo, fmt.Sprintf("Node %s does not answer. Copy the new wrapping.key into its data folder as well: with the earlier one it can't start.", nodes[i].Where()))
		}
	}
	e.Todo = append(e.Todo, "Make a new backup and destroy the older ones: from them the erased name could be read again with a copy of the old wrapping.key, and with the key of backups the names of their devices.")
	return e, nil
}
