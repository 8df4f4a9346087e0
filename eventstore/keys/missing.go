package keys

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/stream"
)

// A key that can't be read is not a key that was destroyed: only the ledger says who is
// erased (rule L7). The keyring notes for whom the ledgers hold sealed data, so that it
// tells the two apart, and makes no new key where there must be one.

// Unreadable says that the key of somebody who is not erased can't be read here.
type Unreadable struct {
	Person string // by id
	Why    error
}

func (u *Unreadable) Error() string {
	return fmt.Sprintf("the key of person %s can't be read here: %v", u.Person, u.Why)
}

// Unwrap gives out why, and that what needs the key can't be done at the moment.
func (u *Unreadable) Unwrap() []error { return []error{commit.ErrNotReady, u.Why} }

// errNoEntry says that a key that must be there is not.
var errNoEntry = errors.New("it is not in the stream of the keys; restore that stream from a backup, or erase the person")

// errBrokenEntry says that a key's entry is damaged.
var errBrokenEntry = errors.New("its entry is damaged; restore the stream of the keys from a backup, or erase the person")

// unreadable is err about that person's key, unless it says that there is none to be read.
func (k *Keyring) unreadable(person string, err error) error {
	switch {
	case err == nil, errors.Is(err, ErrNoKey):
		return err
	case errors.Is(err, ErrSealBroken):
		err = errBrokenEntry
	}
	return &Unreadable{person, err}
}

// noEntry is the error where a person's entry is missing: ErrNoKey if they are erased,
// or if nothing is sealed for them yet.
func (k *Keyring) noEntry(person string, sealed bool) error {
	switch {
	case k.IsErased(person) || !sealed:
		return ErrNoKey
	default:
		if err := stream.CheckFiles(k.stream.Dir); err != nil {
			return err
		}
		return errNoEntry
	}
}

// NoteSealed notes that the group's ledger holds data that are sealed for that person.
func (k *Keyring) NoteSealed(group, person string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sealed[person] = group
}

// NoteState notes for whom a ledger that was read up holds sealed data.
func (k *Keyring) NoteState(group string, s *domain.State) {
	for id, p := range s.People {
		if len(p.Sealed) > 0 {
			k.NoteSealed(group, id)
		}
	}
}

// hasSealed says whether a ledger is known to hold data sealed for that person.
func (k *Keyring) hasSealed(person string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.sealed[person] != ""
}

// A Missing is somebody who is not erased and whose key can't be read.
type Missing struct {
	Group, Person string
	Why           error
}

// Missing compares the keys with those for whom the ledgers hold sealed data, and returns
// who of these is not erased and has no key that can be read here, sorted. The error is
// ctx's.
func (k *Keyring) Missing(ctx context.Context) (missing []Missing, err error) {
	k.mu.Lock()
	sealed := maps.Clone(k.sealed)
	k.mu.Unlock()
	for _, person := range slices.Sorted(maps.Keys(sealed)) {
		_, err := k.findKey(ctx, person, true)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err = k.unreadable(person, err); err == nil || errors.Is(err, ErrNoKey) {
			continue
		}
		var u *Unreadable
		errors.As(err, &u)
		missing = append(missing, Missing{sealed[person], person, u.Why})
	}
	return missing, nil
}
