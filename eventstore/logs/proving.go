package logs

import (
	"errors"
	"fmt"
	"maps"
	"slices"

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
func (l *Logs) Evidence(group, title string, steps []domain.Link) (*evidence.Bundle, error) {
	log, err := l.Log(group)
	if err != nil {
		return nil, err
	}
	b := &evidence.Bundle{Title: title, Group: group, Steps: steps}
	if b.Policy, err = l.Policy(group); err != nil {
		return nil, err
	}
	if b.Checkpoint, err = l.reliableCheckpoint(group); err != nil {
		return nil, err
	}
	c, err := tilelog.OpenCheckpoint(b.Checkpoint, log.Origin(), log.VKeys())
	if err != nil {
		return nil, err
	}
	seen := map[uint64]bool{}
	for _, step := range steps {
		if seen[step.Index] {
			continue
		}
		seen[step.Index] = true
		e, err := prove(log, step.Index, c, b.Checkpoint)
		if err != nil {
			return nil, err
		}
		b.Events = append(b.Events, e)
	}
	keys, err := registering(log, b.Events)
	if err != nil {
		return nil, err
	}
	for _, index := range keys {
		if seen[index] {
			continue
		}
		seen[index] = true
		e, err := prove(log, index, c, b.Checkpoint)
		if err != nil {
			return nil, err
		}
		b.Events = slices.Insert(b.Events, 0, e) // the last is what the page is about
	}
	return b, nil
}

// registering are the events that made the passkeys known with which these
// events were signed, the newest before each.
func registering(l *tilelog.Log, events []evidence.Event) ([]uint64, error) {
	signed, last := map[string][]uint64{}, uint64(0)
	for i := range events {
		if key := evidence.SignedWith(events[i].Line); key != nil {
			signed[string(key)], last = append(signed[string(key)], events[i].Index), max(last, events[i].Index)
		}
	}
	if len(signed) == 0 {
		return nil, nil
	}
	found, index := map[uint64]uint64{}, uint64(0) // by event that was signed
	for line, err := range l.Entries(0, int64(last)) {
		if err != nil {
			return nil, err
		}
		for _, by := range signed[string(evidence.Registers(line))] {
			if index < by {
				found[by] = index
			}
		}
		index++
	}
	return slices.Compact(slices.Sorted(maps.Values(found))), nil
}

// reliableCheckpoint is the newest checkpoint that meets the policy.
func (l *Logs) reliableCheckpoint(group string) ([]byte, error) {
	if l.witnesses.quorum == 0 {
		c, err := l.Checkpoint(group)
		if err == nil && c == nil {
			err = ErrNotWitnessed
		}
		return c, err
	}
	if c := l.Witnessed(group); c != nil {
		return c, nil
	}
	return nil, ErrNotWitnessed
}

// prove is the event with its proof in the checkpoint.
func prove(l *tilelog.Log, index uint64, c torchwood.Checkpoint, checkpoint []byte) (evidence.Event, error) {
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
