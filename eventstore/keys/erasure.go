package keys

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
)

// Rule kept here: L7. The ledger says first that a person is erased; then their
// key is destroyed, so that the sealed data in the ledger, in every copy of it and
// in every proof, can be read by nobody. Copies of the key's entry may lie in
// raft logs, backups and freed blocks of the disk: what makes them unreadable is
// that the wrapping key under which they are sealed is destroyed as well.
//
//  1. A new wrapping key is put beside the old one, on disk.
//  2. An entry of the stream claims it: from then on nothing new is sealed
//     under the old one, and no other node can do this at the same time.
//  3. The keys of all others are sealed under the new one.
//  4. The old one's file is overwritten in its place.
//  5. The erased person's entries are overwritten, all older ones removed.
//  6. The file of step 1 is overwritten and removed.
//
// While it exists, the next start, or the next try, goes through all steps
// again; what a step has done already it leaves alone. Before step 4 both keys
// are there, after it nothing needs the old one.

// erasuresEvery is how often a node looks whether a key is left to be destroyed:
// its own try failed, or the node that recorded the erasure is gone.
const erasuresEvery = time.Minute

// erasuresSoon is how long a node leaves it to the one that recorded an erasure
// to destroy the key, before it looks.
const erasuresSoon = time.Second

// IsErased says whether the ledger says that the person (by id) was erased.
func (k *Keyring) IsErased(person string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, erased := k.erased[person]
	return erased
}

// markErased notes that the ledger says so; nobody reads that person's key any more.
func (k *Keyring) markErased(group, person string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.erasedIn[group] = true
	k.erased[person] = false
}

// Destroyed are those whose key is destroyed.
func (k *Keyring) Destroyed() []string { return k.erasedAnd(true) }

func (k *Keyring) erasedAnd(destroyed bool) (persons []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for person, gone := range k.erased {
		if gone == destroyed {
			persons = append(persons, person)
		}
	}
	slices.Sort(persons)
	return persons
}

// NoteDestroyed notes an erased person whose key was destroyed before this start.
func (k *Keyring) NoteDestroyed(person string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.erased[person] = true
}

func (k *Keyring) isRotating() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.next != nil
}

// destroyKeys destroys the keys of all erased persons that are still there, and
// finishes what was interrupted.
func (k *Keyring) destroyKeys(ctx context.Context) error {
	if err := k.change(ctx); err != nil {
		return err
	}
	defer k.changed()
	if k.isRotating() { // for whom it began may be another's erasure by now
		if err := k.rotateWrapping(ctx); err != nil {
			return err
		}
	}
	persons := k.ErasuresLeft()
	for _, person := range persons {
		m, err := k.lastEntry(ctx, person)
		if err != nil {
			return err
		}
		if m == nil {
			continue
		}
		if err := k.rotateWrapping(ctx); err != nil {
			return err
		}
		break // it was for all of them
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, person := range persons {
		k.erased[person] = true
	}
	return nil
}

// rotateWrapping puts a new wrapping key in the place of the old one and leaves behind
// whatever belongs to erased persons.
func (k *Keyring) rotateWrapping(ctx context.Context) error {
	claim, err := k.claimWrapping(ctx)
	if err != nil {
		return fmt.Errorf("claim a new wrapping key: %w", err)
	}
	if err := k.resealKeys(ctx, claim); err != nil {
		return fmt.Errorf("seal the keys under the new wrapping key: %w", err)
	}
	if err := k.Storage.Overwrite(k.path, k.next); err != nil {
		return err
	}
	k.mu.Lock()
	clear(k.wrapping)
	k.wrapping = slices.Clone(k.next)
	k.mu.Unlock()
	if err := k.deleteOldEntries(ctx, claim); err != nil {
		return fmt.Errorf("delete the entries under the old wrapping key: %w", err)
	}
	if err := k.dropNext(); err != nil {
		return err
	}
	if !k.stream.Alone { // the person who confirmed the erasure may not run the nodes
		k.log.Warn("somebody was erased, so the wrapping key is a new one: copy its file to every other node, which reads and keeps no names until then", "file", k.path)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = nil
	return nil
}

// claimWrapping is the sequence of the entry that shows the wrapping key to come; it is
// made, and the key with it, if there is none. Nothing sealed under the old key
// comes behind it.
func (k *Keyring) claimWrapping(ctx context.Context) (uint64, error) {
	wrapping, shown, err := k.currentWrapping(ctx)
	if err != nil {
		// Another node claimed one at the same moment: this one sealed nothing. A stream that
		// does not answer says nothing of the sort, and all keys may lie under the one to come.
		if k.isRotating() && errors.Is(err, errOther) {
			return 0, errors.Join(err, k.forgetNext())
		}
		return 0, err
	}
	if k.isRotating() && slices.Equal(wrapping, k.next) {
		return shown, nil
	}
	if !k.isRotating() {
		if err := k.makeNext(); err != nil {
			return 0, err
		}
	}
	sealed, err := Seal(k.next, wrapSubject, []byte(wrapProof))
	if err != nil {
		return 0, err
	}
	return k.Storage.Replace(ctx, wrapSubject, sealed, shown)
}

func (k *Keyring) makeNext() error {
	next := make([]byte, keySize)
	rand.Read(next)
	err := k.Storage.Write(k.path+nextSuffix, next)
	if err != nil {
		err = fmt.Errorf("write the wrapping key: %w", err)
		next = nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.next = next
	return err
}

// eachEntryBefore calls f for each entry before the claim, in order.
func (k *Keyring) eachEntryBefore(ctx context.Context, claim uint64, f func(*jetstream.RawStreamMsg) error) error {
	for next := uint64(1); next < claim; {
		m, err := k.entries.GetMsg(ctx, next, jetstream.WithGetMsgSubject(keySubject(">")))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.Sequence >= claim {
			return nil
		}
		if err := f(m); err != nil {
			return err
		}
		next = m.Sequence + 1
	}
	return nil
}

func entryName(m *jetstream.RawStreamMsg) string {
	return strings.TrimPrefix(m.Subject, keySubject(""))
}

// resealKeys seals the keys of all who are not erased under the wrapping key to come.
func (k *Keyring) resealKeys(ctx context.Context, claim uint64) error {
	return k.eachEntryBefore(ctx, claim, func(m *jetstream.RawStreamMsg) error {
		name := entryName(m)
		if name == wrapSubject || k.IsErased(name) {
			return nil
		}
		last, err := k.lastEntry(ctx, name)
		if err != nil {
			return err
		}
		if last != nil && last.Sequence != m.Sequence {
			return nil // done, or its turn is to come
		}
		key, opened := k.unwrap(name, m.Data)
		if !opened {
			return fmt.Errorf("the entry of %s: %w", name, ErrSealBroken)
		}
		sealed, err := Seal(k.next, name, key)
		clear(key)
		if err == nil {
			_, err = k.Storage.Replace(ctx, name, sealed, m.Sequence)
		}
		return err
	})
}

// deleteOldEntries overwrites the entries of the erased, wherever they stand, and removes
// whatever was sealed under the old wrapping key.
func (k *Keyring) deleteOldEntries(ctx context.Context, claim uint64) error {
	info, err := k.entries.Info(ctx)
	if err != nil {
		return err
	}
	err = k.eachEntryBefore(ctx, info.State.LastSeq+1, func(m *jetstream.RawStreamMsg) error {
		if !k.IsErased(entryName(m)) {
			return nil
		}
		return k.Storage.Delete(ctx, m.Sequence)
	})
	if err != nil {
		return err
	}
	return k.Storage.DeleteBefore(ctx, claim)
}

// dropNext removes the file of the new wrapping key, which has its place now.
// That key will be given up one day as well, so no copy may lie on the disk.
func (k *Keyring) dropNext() error {
	return k.Storage.Shred(k.path + nextSuffix)
}

func (k *Keyring) forgetNext() error {
	err := k.dropNext()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.next = nil
	}
	return err
}

// NoteCommit tells the keyring for whom a commit holds sealed data, and whom it erases. The
// ledger at start goes the same way, so that what a crash or an older copy of the keys
// has left is destroyed then.
func (k *Keyring) NoteCommit(entries []commit.Entry) {
	for i := range entries {
		switch e := entries[i].Event.Data.(type) {
		case *domain.PersonRegistered:
			if len(e.Sealed) > 0 {
				k.NoteSealed(entries[i].Event.Group, e.Person)
			}
		case *domain.PersonUpdated:
			if len(e.Sealed) > 0 {
				k.NoteSealed(entries[i].Event.Group, e.Person)
			}
		case *domain.PersonErased:
			k.noteErased(&entries[i].Event, e.Person)
		default: // about nobody's key
		}
	}
}

func (k *Keyring) noteErased(e *domain.Event, person string) {
	k.markErased(e.Group, person)
	if e.Time.After(k.began.Add(-freshFor)) {
		k.fresh.Store(true)
	}
	select {
	case k.noticed <- struct{}{}:
	default:
	}
}

// Run destroys the keys of erased persons: at once when asked, soon after the
// ledger said so, and now and then. Memory is wiped afterwards.
func (k *Keyring) Run(ctx context.Context) {
	defer close(k.ended)
	tick := time.NewTicker(erasuresEvery)
	defer tick.Stop()
	wipe := wiping{}
	var soon <-chan time.Time
	for {
		var asked chan struct{}
		select {
		case asked = <-k.tries:
			k.tellErased()
		case <-k.noticed:
			soon = time.After(erasuresSoon)
			if k.fresh.Swap(false) {
				wipe.begin()
			}
			continue
		case <-soon:
			soon = nil
			k.tellErased()
		case <-wipe.next:
			k.tellErased()
			k.Wipe()
			wipe.wiped()
			continue
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := k.destroyKeys(ctx); err != nil {
			k.log.Error("the key of an erased person could not be destroyed yet; it is tried again", "error", err)
		}
		if asked != nil {
			close(asked)
		}
	}
}

// OnErased has f called once now, soon after each erasure, and before memory is wiped:
// whoever keeps something about people takes it out. It is given the groups in whose
// ledgers erasures were read since the start.
func (k *Keyring) OnErased(f func(groups []string)) {
	k.mu.Lock()
	k.onErased = append(k.onErased, f)
	groups := slices.Sorted(maps.Keys(k.erasedIn))
	k.mu.Unlock()
	f(groups)
}

func (k *Keyring) tellErased() {
	k.mu.Lock()
	all, groups := slices.Clone(k.onErased), slices.Sorted(maps.Keys(k.erasedIn))
	k.mu.Unlock()
	for _, f := range all {
		f(groups)
	}
}

// AwaitErased has the keys of erased persons destroyed, and waits for the try.
func (k *Keyring) AwaitErased(ctx context.Context) {
	done := make(chan struct{})
	select {
	case k.tries <- done:
	case <-ctx.Done():
		return
	case <-k.ended:
		return
	}
	select {
	case <-done:
	case <-ctx.Done():
	case <-k.ended:
	}
}

const (
	wrappingSubject = "goldenthread.wrapping"
	wrappingWait    = 300 * time.Millisecond
	wrappingOld     = " old"
)

// ServeWrapping tells other nodes whether this one has the wrapping key in force.
func (k *Keyring) ServeWrapping() error {
	_, err := k.stream.Conn.Subscribe(wrappingSubject, func(m *nats.Msg) {
		ctx, cancel := context.WithTimeout(context.Background(), wrappingWait)
		defer cancel()
		answer := k.stream.Node
		if _, _, err := k.currentWrapping(ctx); err != nil {
			answer += wrappingOld
		}
		m.Respond([]byte(answer))
	})
	if err != nil {
		return fmt.Errorf("listen for questions about the wrapping key: %w", err)
	}
	return nil
}

// WrappingKeys names the nodes at work that have the wrapping key in force, and those
// that do not, because somebody was erased elsewhere: until its file is copied to them
// they read and seal no personal data, and would not start again.
func (k *Keyring) WrappingKeys(ctx context.Context) (with, without []string, err error) {
	if k.stream.Alone {
		return []string{k.stream.Node}, nil, nil // no other node can be on this stream
	}
	inbox := k.stream.Conn.NewRespInbox()
	answers, err := k.stream.Conn.SubscribeSync(inbox)
	if err != nil {
		return nil, nil, err
	}
	defer answers.Unsubscribe()
	if err := k.stream.Conn.PublishRequest(wrappingSubject, inbox, nil); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*wrappingWait)
	defer cancel()
	for {
		m, err := answers.NextMsgWithContext(ctx)
		if err != nil {
			slices.Sort(with)
			slices.Sort(without)
			return with, without, nil
		}
		if node, old := strings.CutSuffix(string(m.Data), wrappingOld); old {
			without = append(without, node)
		} else {
			with = append(with, node)
		}
	}
}

// ErasuresLeft are the persons (by id) of whom the ledger says that they are
// erased, and whose key is not known to be destroyed yet: nobody reads it any
// more here, and destroying it is tried again every minute and at each start.
func (k *Keyring) ErasuresLeft() []string { return k.erasedAnd(false) }
