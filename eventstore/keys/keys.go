package keys

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/stream"
)

// Rule kept here: L7. A person's name, email and phone are sealed under a random key of
// that person's own. These keys are in a stream of their own, sealed under a wrapping key,
// which is a file outside JetStream: without that file nobody can read the stream, its raft
// logs or its backups.

const (
	StreamName   = "KEYS"         // the stream
	WrappingFile = "wrapping.key" // in the data folder
	keySize      = 32
	wrapSubject  = "wrapping" // of the entry that shows which wrapping key the others need
	wrapProof    = "goldenthread wrapping key"
	nextSuffix   = ".next" // of the file with the wrapping key to come
)

// ErrNoKey says that there is no such key: nothing was ever sealed for the person, or they
// are erased.
var ErrNoKey = errors.New("the key of this person does not exist")

// A Keyring has the keys of all people. It is safe for concurrent use.
type Keyring struct {
	stream  *stream.Stream
	entries jetstream.Stream // of the keys
	Storage Storage          // through which keys are replaced and destroyed
	Wipe    func()           // overwrites the free memory of this process
	path    string           // of the wrapping key
	log     *slog.Logger

	tries   chan chan struct{} // asks for a try to destroy keys
	noticed chan struct{}      // tells that somebody was erased; takes one
	ended   chan struct{}      // closed when nothing is destroyed any more
	began   time.Time          // when this process opened it: of who was erased long before, it has read nothing
	fresh   atomic.Bool        // somebody was erased since, or shortly before: memory is to be wiped

	changing chan struct{} // takes one: one at a time makes keys or erases
	mu       sync.Mutex    // of what follows
	wrapping []byte
	next     []byte            // the wrapping key to come, while an erasure is under way
	sealed   map[string]string // for whom the ledgers hold sealed data, with their group
	erased   map[string]bool   // erased persons; true once their key is gone
	erasedIn map[string]bool   // groups in whose ledgers erasures were read
	onErased []func(groups []string)
}

// isPersonID says whether the person is named by id, the only name that keys have.
func isPersonID(person string) bool {
	id, err := uuid.Parse(person)
	return err == nil && id.String() == person
}

func keySubject(person string) string { return "keys." + person }

// Open opens the stream of the keys and the wrapping key, which is made
// when there is nothing yet that would need another.
func Open(ctx context.Context, s *stream.Stream, replicas int, log *slog.Logger) (*Keyring, error) {
	entries, err := stream.OpenStream(ctx, s.JS, keysConfig(replicas))
	if err != nil {
		return nil, err
	}
	k := &Keyring{
		stream: s, entries: entries, Storage: &stored{s.JS, entries}, Wipe: wipeMemory, path: filepath.Join(s.Dir, WrappingFile), log: log, sealed: map[string]string{}, erased: map[string]bool{}, erasedIn: map[string]bool{},
		tries: make(chan chan struct{}), noticed: make(chan struct{}, 1), ended: make(chan struct{}), began: time.Now(), changing: make(chan struct{}, 1),
	}
	proof, err := k.lastEntry(ctx, wrapSubject)
	if err != nil {
		return nil, err
	}
	recorded, err := s.Last(ctx)
	if err != nil {
		return nil, err
	}
	if err := k.readWrapping(proof != nil || recorded > 0); err != nil {
		return nil, err
	}
	return k, k.checkSharedWrapping(ctx, proof)
}

// readWrapping reads the wrapping key and, if an erasure was interrupted, the
// one to come.
func (k *Keyring) readWrapping(needed bool) (err error) {
	k.next, err = stream.ReadFile(k.path + nextSuffix)
	switch {
	case errors.Is(err, os.ErrNotExist):
		k.next = nil
	case err == nil && len(k.next) != keySize:
		return fmt.Errorf("%s must hold %d bytes", k.path+nextSuffix, keySize)
	case err != nil:
		return err
	}
	k.wrapping, err = stream.ReadFile(k.path)
	switch {
	case errors.Is(err, os.ErrNotExist) && !needed:
		k.wrapping, err = makeWrapping(k.path)
	case errors.Is(err, os.ErrNotExist):
		err = fmt.Errorf("%s is missing: copy it from another node or from its backup, or no personal data can be read", k.path)
	case err == nil && len(k.wrapping) != keySize:
		err = fmt.Errorf("%s must hold %d bytes", k.path, keySize)
	}
	return err
}

// checkSharedWrapping returns an error if this node's wrapping key is not the one that an
// entry of the stream shows: it changes when another node erases somebody. The first node
// makes that entry.
func (k *Keyring) checkSharedWrapping(ctx context.Context, proof *jetstream.RawStreamMsg) error {
	if proof == nil {
		sealed, err := Seal(k.wrapping, wrapSubject, []byte(wrapProof))
		if err != nil {
			return err
		}
		if err = k.createEntry(ctx, wrapSubject, sealed); err == nil {
			return nil
		}
		if proof, err = k.lastEntry(ctx, wrapSubject); err != nil {
			return err
		}
	}
	if proof != nil && (opensProof(k.wrapping, proof.Data) || opensProof(k.next, proof.Data)) {
		return nil
	}
	return k.errOtherWrapping()
}

// opensProof says whether that is the wrapping key that the entry shows.
func opensProof(wrapping, proof []byte) bool {
	got, err := Unseal(wrapping, wrapSubject, proof)
	return err == nil && string(got) == wrapProof
}

// errOther says that the wrapping key here is not the one in force.
var errOther = errors.New("is not the key under which the persons' keys are sealed")

func (k *Keyring) errOtherWrapping() error {
	return fmt.Errorf("%s %w; it changes whenever somebody is erased: copy it from the node that did that, or from its backup", k.path, errOther)
}

// currentWrapping is the wrapping key in force, with the sequence of the entry that
// shows it. An operator may have put a new file in place meanwhile.
func (k *Keyring) currentWrapping(ctx context.Context) (wrapping []byte, shown uint64, err error) {
	proof, err := k.lastEntry(ctx, wrapSubject)
	if err != nil {
		return nil, 0, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range [][]byte{k.wrapping, k.next} {
		if proof != nil && opensProof(key, proof.Data) {
			return slices.Clone(key), proof.Sequence, nil
		}
	}
	if file, err := stream.ReadFile(k.path); err == nil && proof != nil && opensProof(file, proof.Data) {
		k.wrapping = file
		return slices.Clone(file), proof.Sequence, nil
	}
	return nil, 0, fmt.Errorf("%w: %w", commit.ErrNotReady, k.errOtherWrapping())
}

// lastEntry is the last entry of that name; nil if there is none.
func (k *Keyring) lastEntry(ctx context.Context, name string) (*jetstream.RawStreamMsg, error) {
	m, err := k.entries.GetLastMsgForSubject(ctx, keySubject(name))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the stream of the keys: %w", err)
	}
	return m, nil
}

// makeWrapping writes a new wrapping key, safe on disk before it is used.
func makeWrapping(path string) ([]byte, error) {
	key := make([]byte, keySize)
	rand.Read(key)
	if err := stream.WriteFile(path, key, 0o600); err != nil {
		return nil, fmt.Errorf("write the wrapping key: %w", err)
	}
	return key, nil
}

// createEntry stores a sealed key, acknowledged, unless there is one.
func (k *Keyring) createEntry(ctx context.Context, name string, sealed []byte) error {
	_, err := k.stream.JS.Publish(ctx, keySubject(name), sealed,
		jetstream.WithExpectStream(StreamName), jetstream.WithExpectLastSequencePerSubject(0))
	return err
}

// findKey is the person's key. ErrNoKey says that there is none to be found: they are
// erased, or nothing is sealed for them. Any other error says why it can't be read.
func (k *Keyring) findKey(ctx context.Context, person string, sealed bool) ([]byte, error) {
	if k.IsErased(person) {
		return nil, ErrNoKey
	}
	m, err := k.lastEntry(ctx, person)
	for err == nil && m != nil {
		key, opened := k.unwrap(person, m.Data)
		if opened {
			return key, nil
		}
		if _, _, err := k.currentWrapping(ctx); err != nil {
			return nil, err
		}
		if key, opened = k.unwrap(person, m.Data); opened {
			return key, nil
		}
		// The wrapping key may have changed since the entry was read.
		was := m.Sequence
		if m, err = k.lastEntry(ctx, person); err == nil && m != nil && m.Sequence == was {
			return nil, ErrSealBroken
		}
	}
	if err != nil {
		return nil, err
	}
	return nil, k.noEntry(person, sealed)
}

// unwrap opens a person's entry with one of the wrapping keys that are here.
func (k *Keyring) unwrap(person string, sealed []byte) ([]byte, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, wrapping := range [][]byte{k.wrapping, k.next} {
		if key, err := Unseal(wrapping, person, sealed); err == nil {
			return key, true
		}
	}
	return nil, false
}

// findOrMakeKey is the person's key, made and acknowledged if nothing was ever sealed for
// them.
func (k *Keyring) findOrMakeKey(ctx context.Context, person string) ([]byte, error) {
	key, err := k.findKey(ctx, person, k.hasSealed(person))
	if !errors.Is(err, ErrNoKey) || k.IsErased(person) {
		return key, err
	}
	if err := k.change(ctx); err != nil {
		return nil, err
	}
	defer k.changed()
	if k.IsErased(person) { // meanwhile: nothing would destroy a key that is made now
		return nil, ErrNoKey
	}
	key = make([]byte, keySize)
	rand.Read(key)
	for try := 0; ; try++ {
		err := k.makeKey(ctx, person, key)
		if err == nil {
			return key, nil
		}
		// Another command or node was quicker, or the acknowledgement got lost:
		// what is there counts.
		if key, found := k.findKey(ctx, person, k.hasSealed(person)); !errors.Is(found, ErrNoKey) {
			return key, found
		}
		if !stream.IsWrongLast(err) || try == makeTries {
			return nil, fmt.Errorf("store the person's key: %w", err)
		}
	}
}

// change waits until nobody else makes keys or erases, which can take as long as the stream
// does not answer; ctx's error if it ends first. Call changed at the end.
func (k *Keyring) change(ctx context.Context) error {
	select {
	case k.changing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *Keyring) changed() { <-k.changing }

// makeTries is how often another node's entry may come first.
const makeTries = 100

// makeKey stores the person's new key, if nothing was stored since the wrapping key was
// found to be the current one, and nothing for the person. Otherwise the key could be sealed
// under a wrapping key that another node is giving up, or take the place of one under which
// another node, or this one before it was started again, has sealed: what is sealed would be
// lost.
func (k *Keyring) makeKey(ctx context.Context, person string, key []byte) error {
	info, err := k.entries.Info(ctx)
	if err != nil {
		return err
	}
	wrapping, _, err := k.currentWrapping(ctx)
	if err != nil {
		return err
	}
	sealed, err := Seal(wrapping, person, key)
	if err != nil {
		return err
	}
	_, err = k.stream.JS.Publish(ctx, keySubject(person), sealed,
		jetstream.WithExpectStream(StreamName), jetstream.WithExpectLastSequence(info.State.LastSeq), jetstream.WithExpectLastSequencePerSubject(0))
	return err
}

// SealPersonal seals the request's personal data and removes the plain text from the
// request. It leaves data of a person who is not named by id, or who was erased, empty: the
// rules then refuse the request.
func (k *Keyring) SealPersonal(ctx context.Context, req *domain.Request) error {
	for _, p := range req.Personals() {
		data := *p.Data
		*p.Data = domain.PersonalData{}
		if !isPersonID(p.Person) || k.IsErased(p.Person) {
			continue
		}
		key, err := k.findOrMakeKey(ctx, p.Person)
		if errors.Is(err, ErrNoKey) {
			continue
		}
		if err != nil {
			return k.unreadable(p.Person, err)
		}
		req.Hash, req.Sent = keyedHash(key, req.Hash), keyedHash(key, req.Sent)
		if len(*p.Sealed) > 0 && data == (domain.PersonalData{}) {
			continue // sealed before: the request is sent again
		}
		plain, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("the personal data is not plain text: %w", err)
		}
		if *p.Sealed, err = Seal(key, p.Person, plain); err != nil {
			return err
		}
	}
	return nil
}

// keyedHash is the hash of a request with personal data, under the person's key. The event
// has it for ever: from a plain hash somebody could find the name by trying names.
func keyedHash(key []byte, hash [32]byte) [32]byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("goldenthread command v1"))
	mac.Write(hash[:])
	return [32]byte(mac.Sum(nil))
}

// OpenPersonal opens what was sealed for the person. ErrNoKey says that they are erased,
// *Unreadable that their key can't be read here.
func (k *Keyring) OpenPersonal(person string, sealed []byte) (domain.PersonalData, error) {
	ctx, cancel := context.WithTimeout(context.Background(), stream.RequestTimeout)
	defer cancel()
	var data domain.PersonalData
	if !isPersonID(person) {
		return data, ErrNoKey
	}
	key, err := k.findKey(ctx, person, true)
	if err != nil {
		return data, k.unreadable(person, err)
	}
	plain, err := Unseal(key, person, sealed)
	if err != nil {
		return data, err
	}
	err = json.Unmarshal(plain, &data, commit.Strict)
	return data, err
}

// SealDraft seals what is in no ledger yet, such as a group that is being set up, under a
// key of its own. It is named by a UUID, as people are.
func (k *Keyring) SealDraft(ctx context.Context, id string, plain []byte) ([]byte, error) {
	if !isPersonID(id) {
		return nil, ErrNoKey
	}
	key, err := k.findOrMakeKey(ctx, id)
	if err != nil {
		return nil, err
	}
	return Seal(key, id, plain)
}

// OpenDraft opens what SealDraft sealed; ErrNoKey, ErrSealBroken.
func (k *Keyring) OpenDraft(ctx context.Context, id string, sealed []byte) ([]byte, error) {
	if !isPersonID(id) {
		return nil, ErrNoKey
	}
	key, err := k.findKey(ctx, id, true)
	if err != nil {
		return nil, err
	}
	return Unseal(key, id, sealed)
}

// DropDraft deletes the key of a draft, if there is one: nothing opens any more what was
// sealed under it.
func (k *Keyring) DropDraft(ctx context.Context, id string) error {
	if !isPersonID(id) {
		return nil
	}
	if err := k.change(ctx); err != nil { // while an erasure moves keys it has another place
		return err
	}
	defer k.changed()
	m, err := k.lastEntry(ctx, id)
	if err != nil || m == nil {
		return err
	}
	return k.Storage.Delete(ctx, m.Sequence)
}

// sharedID names the key under which nodes seal what they share beside the ledgers.
const sharedID = "6d7f3c1e-52a8-4b0e-9c64-0f1d2b8ea93c"

// SharedKey is the key of what the nodes share beside the ledgers, such as who is signed
// in. It is made once, lies in the stream of the keys, and outlives every erasure.
func (k *Keyring) SharedKey(ctx context.Context) ([]byte, error) {
	return k.findOrMakeKey(ctx, sharedID)
}

// keysConfig is how the stream of the sealed keys is kept. Its entries can be
// deleted: erasing a person means erasing their key (rule L7).
func keysConfig(replicas int) jetstream.StreamConfig {
	c := stream.Config(replicas)
	c.Name, c.Subjects, c.Description = StreamName, []string{keySubject(">")}, "Golden Thread: sealed keys of personal data"
	c.DenyDelete, c.DenyPurge = false, false
	return c
}
