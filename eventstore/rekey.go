package eventstore

import (
	"context"
	"slices"

	"goldenthread/domain"
)

// rekey records in every ledger which keys sign its log, where they have changed.
func (s *Store) rekey(ctx context.Context, caught <-chan struct{}) {
	select {
	case <-caught:
	case <-ctx.Done():
		return
	}
	if s.health.writeError() != nil || s.importing {
		return // nothing can be recorded
	}
	for _, name := range s.Groups() {
		log, err := s.logs.Log(name)
		if err != nil {
			continue
		}
		c := newCall(domain.Request{Group: name})
		c.log = func(s *domain.State) domain.LogEvent { return rekeyed(s, log.Origin(), log.VKeys()) }
		go s.decide(ctx, c) // its ledger may have to be read up
	}
}

// rekeyed is the event that the ledger lacks about the signing keys; nil if they have not
// changed.
func rekeyed(s *domain.State, origin string, vkeys []string) domain.LogEvent {
	before := s.Log.Keys
	if before == nil {
		before = vkeys[:1]
	}
	if slices.Equal(before, vkeys) {
		return nil
	}
	return &domain.LogRekeyed{Origin: origin, Keys: vkeys, Before: before}
}
