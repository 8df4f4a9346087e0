package eventstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"goldenthread/eventstore/stream"
)

// Rule kept here: L7. At start, and now and then, the keys that there are are compared with
// those for whom the ledgers hold sealed data.

const (
	keysSoon  = time.Minute      // after the start: ledgers that are read up beside the work are known by then
	keysEvery = 10 * time.Minute // from then on
	keysNamed = 20               // people who are named in the log
)

// A MissingKey is somebody who is not erased and whose name, email and phone can't be read
// here.
type MissingKey struct {
	Group  string `json:"group"`
	Handle string `json:"handle"` // their id where the ledger can't be read
	Why    string `json:"why"`
}

// CheckKeys compares the keys with all ledgers, and returns who is not erased and has no
// key that can be read here. The error is ctx's, or what reading a ledger met.
func (s *Store) CheckKeys(ctx context.Context) ([]MissingKey, error) {
	for _, group := range s.Groups() { // a ledger that is read up tells the keyring for whom it holds sealed data
		if _, err := s.State(ctx, group); err != nil && s.Stopped(group) == nil {
			return nil, err
		}
	}
	return s.missingKeys(ctx)
}

// missingKeys is CheckKeys for the ledgers that were read so far.
func (s *Store) missingKeys(ctx context.Context) ([]MissingKey, error) {
	missing, err := s.keys.Missing(ctx)
	if err != nil {
		return nil, err
	}
	all := []MissingKey{}
	for _, m := range missing {
		one := MissingKey{m.Group, m.Person, m.Why.Error()}
		if state, err := s.State(ctx, m.Group); err == nil && state.Person(m.Person) != nil {
			one.Handle = state.Person(m.Person).Handle
		}
		all = append(all, one)
	}
	return all, nil
}

func (s *Store) keysMissingNow() []MissingKey {
	if all := s.keysMissing.Load(); all != nil {
		return *all
	}
	return nil
}

// watchKeys compares the keys from when the writer has caught up until ctx ends, and says
// in the log who is missing.
func (s *Store) watchKeys(ctx context.Context, caught <-chan struct{}) {
	select {
	case <-caught:
	case <-ctx.Done():
		return
	}
	for wait := keysSoon; ; wait = keysEvery {
		all, err := s.missingKeys(ctx)
		if err != nil {
			return
		}
		s.keysMissing.Store(&all)
		if len(all) > 0 {
			s.log.Error("keys of people who are not erased can't be read here, so their names can't be shown", "people", len(all), "who", nameMissing(all), "why", all[0].Why)
		}
		if stream.Pause(ctx, wait) != nil {
			return
		}
	}
}

// nameMissing names people by group and handle, so many as a line of the log takes.
func nameMissing(all []MissingKey) string {
	var names []string
	for _, m := range all[:min(len(all), keysNamed)] {
		names = append(names, m.Group+"/"+m.Handle)
	}
	if more := len(all) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}
