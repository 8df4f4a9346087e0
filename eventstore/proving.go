package eventstore

import (
	"errors"
	"fmt"

	"filippo.io/torchwood"

	"goldenthread/domain"
	"goldenthread/eventstore/evidence"
	"goldenthread/eventstore/tilelog"
)

// ErrNotWitnessed says that too few witnesses have cosigned the log yet for a
// proof that others can rely on.
var ErrNotWitnessed = errors.New("not enough witnesses have cosigned this yet")

// Evidence gathers what proves the steps: the event of each, with its proof in the
// newest checkpoint that the quorum of witnesses has cosigned, or, where no quorum
// is asked for, the newest of all. ErrNotWitnessed, ErrNoLog.
func (s *Store) Evidence(group, title string, steps []domain.Link) (*evidence.Bundle, error) {
	l, err := s.Log(group)
	if err != nil {
		return nil, err
	}
	b := &evidence.Bundle{Title: title, Group: group, Steps: steps}
	if b.Policy, err = s.Policy(group); err != nil {
		return nil, err
	}
	if b.Checkpoint, err = s.reliable(group); err != nil {
		return nil, err
	}
	c, err := tilelog.OpenCheckpoint(b.Checkpoint, l.Origin(), l.VKeys())
	if err != nil {
		return nil, err
	}
	seen := map[uint64]bool{}
	for _, step := range steps {
		if seen[step.Index] {
			continue
		}
		seen[step.Index] = true
		e, err := proved(l, step.Index, c, b.Checkpoint)
		if err != nil {
			return nil, err
		}
		b.Events = append(b.Events, e)
	}
	return b, nil
}

// reliable is the newest checkpoint that meets the policy.
func (s *Store) reliable(group string) ([]byte, error) {
	if s.witnesses.quorum == 0 {
		c, err := s.Checkpoint(group)
		if err == nil && c == nil {
			err = ErrNotWitnessed
		}
		return c, err
	}
	if c := s.Witnessed(group); c != nil {
		return c, nil
	}
	return nil, ErrNotWitnessed
}

func proved(l *tilelog.Log, index uint64, c torchwood.Checkpoint, checkpoint []byte) (evidence.Event, error) {
	if index >= uint64(c.N) {
		return evidence.Event{}, fmt.Errorf("%w: event %d, and they have cosigned the first %d", ErrNotWitnessed, index, c.N)
	}
	e := evidence.Event{Index: index}
	for line, err := range l.Entries(int64(index), int64(index)+1) {
		if err != nil {
			return e, err
		}
		e.Line = line
	}
	p, err := l.ProveInclusion(int64(index), c.N)
	e.Proof = torchwood.FormatProof(int64(index), p, checkpoint)
	return e, err
}
