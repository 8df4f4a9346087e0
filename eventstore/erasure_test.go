package eventstore

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/storetest"
)

// An erased is somebody who was registered and is to be erased, and what must
// not be found afterwards.
type erased struct {
	id      string
	sealed  []byte // their data, in the ledger for ever
	entries [][]byte
	key     []byte
	old     []byte // the wrapping key at that time
}

const (
	otherName  = "Dr Hartley Greensward"
	victimName = "Dr Ursula Blackthorn"
)

// registerPersons registers somebody to be erased and somebody who is not.
func registerPersons(t *testing.T, s *Store) (victim erased, other *domain.Person) {
	t.Helper()
	mustExecute(t, s, storetest.Found("trafford"))
	for handle, name := range map[string]string{"victim": victimName, "other": otherName} {
		req := storetest.Register("trafford", handle)
		req.Command.(*domain.RegisterPerson).Personal = &domain.PersonalData{Name: name}
		mustExecute(t, s, req)
	}
	p := person(t, s, "victim")
	victim = erased{id: p.ID, sealed: p.Sealed}
	mustExecute(t, s, storetest.Request("trafford", "victim", &domain.UpdatePerson{Person: p.ID, Personal: domain.PersonalData{Name: victimName, Phone: "0161 496 0001"}}))
	sealed := keyEntry(t, s, p.ID)
	victim.entries = append(victim.entries, sealed)
	victim.old = mustRead(t, filepath.Join(s.stream.Dir, "wrapping.key"))
	var err error
	victim.key, err = keys.Unseal(victim.old, p.ID, sealed)
	require.NoError(t, err)
	return victim, person(t, s, "other")
}

// keyEntry is the last entry of a person's key; nil if there is none.
func keyEntry(t *testing.T, s *Store, person string) []byte {
	t.Helper()
	st, err := s.stream.JS.Stream(testContext(t), keys.StreamName)
	require.NoError(t, err)
	m, err := st.GetLastMsgForSubject(testContext(t), "keys."+person)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	require.NoError(t, err)
	return m.Data
}

func person(t *testing.T, s *Store, handle string) *domain.Person {
	t.Helper()
	state, err := s.AsKnown(testContext(t), "trafford", s.Next("trafford"))
	require.NoError(t, err)
	require.NotNil(t, state.ByHandle(handle))
	return state.ByHandle(handle)
}

func eraseRequest(id string) domain.Request {
	return storetest.Request("trafford", "founder", &domain.ErasePerson{Person: id})
}

// requireErased checks, on an open store, that nobody reads the person any more
// and everybody else is as they were.
func requireErased(t *testing.T, s *Store, victim erased, other *domain.Person) {
	t.Helper()
	require.Empty(t, s.ErasuresLeft())
	_, err := s.OpenPersonal(victim.id, victim.sealed)
	require.ErrorIs(t, err, keys.ErrNoKey)
	require.Nil(t, keyEntry(t, s, victim.id))
	data, err := s.OpenPersonal(other.ID, other.Sealed)
	require.NoError(t, err)
	require.Equal(t, otherName, data.Name)
	require.Equal(t, other, person(t, s, "other"))
	require.Empty(t, person(t, s, "victim").Sealed)
}

// requireNoTrace reads every file of a closed data folder.
func requireNoTrace(t *testing.T, dir string, victim erased) {
	t.Helper()
	needles := map[string][]byte{"the name": []byte("Blackthorn"), "the key": victim.key, "the old wrapping key": victim.old}
	for i, e := range victim.entries {
		needles[fmt.Sprintf("entry %d", i)] = e[1+32+32:] // behind the version, the salt and the commitment
	}
	ledger := false
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		for what, needle := range needles {
			require.NotContains(t, string(data), string(needle), "%s is in %s", what, path)
		}
		ledger = ledger || bytes.Contains(data, []byte(victim.id))
		return nil
	}))
	require.True(t, ledger, "the files were read where the ledger is")
	require.NoFileExists(t, filepath.Join(dir, "wrapping.key.next"))
}

func TestNobodyReadsWhatWasSealedForAnErasedPerson(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	victim, other := registerPersons(t, s)
	before := linesOf(t, s, "trafford")
	file, err := os.Stat(filepath.Join(dir, "wrapping.key"))
	require.NoError(t, err)

	mustExecute(t, s, eraseRequest(victim.id))
	requireErased(t, s, victim, other)
	after := linesOf(t, s, "trafford")
	require.Equal(t, before, after[:len(before)], "the ledger is as it was")
	require.Len(t, after, len(before)+1)
	again, err := os.Stat(filepath.Join(dir, "wrapping.key"))
	require.NoError(t, err)
	require.True(t, os.SameFile(file, again), "the old key is overwritten where it lies")

	var refused *Refused
	_, err = s.Execute(testContext(t), storetest.Request("trafford", "victim", &domain.UpdatePerson{Person: victim.id, Personal: domain.PersonalData{Name: victimName}}))
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "L7", refused.Rule)
	_, err = s.Execute(testContext(t), eraseRequest(victim.id))
	require.ErrorAs(t, err, &refused)
	requireErased(t, s, victim, other)

	require.NoError(t, s.Close(testContext(t)))
	requireNoTrace(t, dir, victim)
	s = openTest(t, Options{Dir: dir})
	requireErased(t, s, victim, other)
	mustExecute(t, s, eraseRequest(other.ID))
	_, err = s.OpenPersonal(other.ID, other.Sealed)
	require.ErrorIs(t, err, keys.ErrNoKey, "a second erasure goes the same way")
}

// A stepping storage has every step go through do.
type stepping struct {
	keys keys.Storage
	do   func(what string, step func() error) error
}

// stepwise has every step of an erasure go through do.
func stepwise(do func(what string, step func() error) error) func(*Store) {
	return func(s *Store) { s.keys.Storage = &stepping{s.keys.Storage, do} }
}

func (s *stepping) Replace(ctx context.Context, name string, sealed []byte, replaces uint64) (sequence uint64, err error) {
	err = s.do("store "+name, func() (err error) {
		sequence, err = s.keys.Replace(ctx, name, sealed, replaces)
		return err
	})
	return sequence, err
}

func (s *stepping) Delete(ctx context.Context, sequence uint64) error {
	return s.do("delete an entry", func() error { return s.keys.Delete(ctx, sequence) })
}

func (s *stepping) DeleteBefore(ctx context.Context, sequence uint64) error {
	return s.do("delete older entries", func() error { return s.keys.DeleteBefore(ctx, sequence) })
}

func (s *stepping) Write(path string, key []byte) error {
	return s.do("write the new wrapping key", func() error { return s.keys.Write(path, key) })
}

func (s *stepping) Overwrite(path string, key []byte) error {
	return s.do("overwrite the wrapping key", func() error { return s.keys.Overwrite(path, key) })
}

func (s *stepping) Shred(path string) error {
	return s.do("remove the copy of the new wrapping key", func() error { return s.keys.Shred(path) })
}

// A tearing storage writes half of what it is to overwrite.
type tearing struct{ keys.Storage }

func (s *tearing) Overwrite(path string, key []byte) error {
	return errors.Join(s.Storage.Overwrite(path, key[:len(key)/2]), errors.New("power cut"))
}

// TestErasingIsFinishedAfterACrash has each step of erasing fail, before and
// after it was done, and the process end there: the next start finishes.
func TestErasingIsFinishedAfterACrash(t *testing.T) {
	crash := errors.New("crash")
	for _, done := range []bool{false, true} {
		for at := 1; ; at++ {
			steps, last := 0, ""
			dir := t.TempDir()
			s := openWith(t, Options{Dir: dir}, stepwise(func(what string, step func() error) error {
				steps++
				switch {
				case steps > at, steps == at && !done:
					last = what
					return crash
				}
				return errors.Join(step(), map[bool]error{true: crash}[steps == at])
			}))
			victim, other := registerPersons(t, s)
			mustExecute(t, s, eraseRequest(victim.id))
			finished := len(s.ErasuresLeft()) == 0
			name := fmt.Sprintf("step %d (%s) failed, done %t", at, last, done)
			_, err := s.OpenPersonal(victim.id, victim.sealed)
			require.ErrorIs(t, err, keys.ErrNoKey, name)
			data, err := s.OpenPersonal(other.ID, other.Sealed)
			require.NoError(t, err, name)
			require.Equal(t, otherName, data.Name, name)
			require.NoError(t, s.Close(testContext(t)))

			s = openTest(t, Options{Dir: dir})
			requireErased(t, s, victim, other)
			require.NoError(t, s.Close(testContext(t)))
			requireNoTrace(t, dir, victim)
			if finished {
				require.Equal(t, 9, at, "write, claim, two keys, overwrite, delete, remove, remove: the ninth step never comes")
				break
			}
		}
	}
}

// A power cut may tear the wrapping key while it is overwritten.
func TestATornWrappingKeyIsWrittenAgain(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, Options{Dir: dir}, func(s *Store) { s.keys.Storage = &tearing{s.keys.Storage} })
	victim, other := registerPersons(t, s)
	mustExecute(t, s, eraseRequest(victim.id))
	require.Equal(t, []string{victim.id}, s.ErasuresLeft())
	require.NoError(t, s.Close(testContext(t)))
	s = openTest(t, Options{Dir: dir})
	requireErased(t, s, victim, other)
	require.NoError(t, s.Close(testContext(t)))
	requireNoTrace(t, dir, victim)
}

// An older copy of the keys does not bring anybody back: not with the present
// wrapping key, and with the old one the person is erased again at start.
func TestAnOlderCopyOfTheKeys(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	s := openTest(t, Options{Dir: dir})
	victim, other := registerPersons(t, s)
	require.NoError(t, s.Close(testContext(t)))
	keys := filepath.Join("nats", "jetstream", "$G", "streams", keys.StreamName)
	require.NoError(t, os.CopyFS(filepath.Join(copied, keys), os.DirFS(filepath.Join(dir, keys))))
	old, err := os.ReadFile(filepath.Join(dir, "wrapping.key"))
	require.NoError(t, err)

	s = openTest(t, Options{Dir: dir})
	mustExecute(t, s, eraseRequest(victim.id))
	require.NoError(t, s.Close(testContext(t)))
	restore := func() {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, keys)))
		require.NoError(t, os.CopyFS(filepath.Join(dir, keys), os.DirFS(filepath.Join(copied, keys))))
	}
	restore()
	_, err = Open(testContext(t), Options{Dir: dir, Log: quiet})
	require.ErrorContains(t, err, "is not the key under which")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "wrapping.key"), old, 0o600))
	s = openTest(t, Options{Dir: dir})
	requireErased(t, s, victim, other)
	require.NoError(t, s.Close(testContext(t)))
	requireNoTrace(t, dir, victim)
}

// TestErasingAmongNodes: the node that did not erase can't read or seal personal
// data until it is given the new wrapping key, and says so.
func TestErasingAmongNodes(t *testing.T) {
	a, b := openTwo(t, Options{Node: "a"}, Options{Node: "b"})
	victim, other := registerPersons(t, a)
	_, nodes, err := a.WrappingKeys(testContext(t))
	require.NoError(t, err)
	require.Empty(t, nodes)
	mustExecute(t, b, eraseRequest(victim.id)) // forwarded to a
	behind := "b"
	hasErased := func(s *Store) bool {
		s.keys.AwaitErased(testContext(t))
		_, err := s.OpenPersonal(other.ID, other.Sealed)
		return err == nil && len(s.ErasuresLeft()) == 0
	}
	for !hasErased(a) { // on a busy machine b may have come first, or each kept the other from it
		a, b, behind = b, a, a.stream.Node
	}
	requireErased(t, a, victim, other)
	_, nodes, err = a.WrappingKeys(testContext(t))
	require.NoError(t, err)
	require.Equal(t, []string{behind}, nodes)

	_, err = b.OpenPersonal(other.ID, other.Sealed)
	require.ErrorIs(t, err, commit.ErrNotReady)
	require.ErrorContains(t, err, "copy it from the node")
	req := storetest.Register("trafford", "late")
	req.Command.(*domain.RegisterPerson).Personal = &domain.PersonalData{Name: storetest.SecretName}
	_, err = b.Execute(testContext(t), req)
	require.ErrorIs(t, err, commit.ErrNotReady)
	_, err = Open(testContext(t), Options{Dir: copyKey(t, victim.old), NATS: b.stream.Conn.ConnectedUrl(), Log: quiet})
	require.ErrorContains(t, err, "is not the key under which")

	key, err := os.ReadFile(filepath.Join(a.stream.Dir, "wrapping.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(b.stream.Dir, "wrapping.key"), key, 0o600))
	b.keys.AwaitErased(testContext(t))
	requireErased(t, b, victim, other)
	mustExecute(t, b, storetest.Register("trafford", "later"))
	_, nodes, err = b.WrappingKeys(testContext(t))
	require.NoError(t, err)
	require.Empty(t, nodes)
}

// In an established group an erasure waits until a second person confirms it. Until then
// nobody is erased, whichever node took it, and afterwards the node that took the confirmation
// reads nothing of them any more.
func TestAnErasureThatWaitsErasesNobody(t *testing.T) {
	a, b := openTwo(t, Options{Node: "a"}, Options{Node: "b"})
	found := storetest.Found("trafford")
	c := found.Command.(*domain.Found)
	c.Organisations = append(c.Organisations, domain.OrganisationRow{Code: "U42898", Kind: domain.PCN, Name: "South Trafford"})
	c.People = append(c.People,
		domain.PersonEntry{Handle: "second", Office: "Lead", Organisation: "U42898"},
		domain.PersonEntry{Handle: "keeper", Office: "Manager", Organisation: "U42898"},
		domain.PersonEntry{Handle: "victim", Office: "Partner", Organisation: "U42898", Personal: &domain.PersonalData{Name: victimName}})
	c.Seats = append(c.Seats, domain.SeatEntry{Organisation: "U42898", Holder: "second"})
	c.Duties = []domain.DutyEntry{{Duty: domain.Registrar, Person: "keeper"}}
	mustExecute(t, a, found)
	for _, who := range []string{"founder", "second"} {
		mustExecute(t, a, storetest.Request("trafford", who, &domain.ConsentToCharter{}))
	}
	victim := person(t, a, "victim")
	requireNamed := func(s *Store) {
		data, err := s.OpenPersonal(victim.ID, victim.Sealed)
		require.NoError(t, err)
		require.Equal(t, victimName, data.Name)
	}
	r := mustExecute(t, b, storetest.Request("trafford", "keeper", &domain.ErasePerson{Person: victim.ID})) // forwarded to a
	require.Equal(t, []string{"N1"}, r.Refs)
	for _, s := range []*Store{b, a} {
		require.False(t, s.IsErased(victim.ID))
		s.keys.AwaitErased(testContext(t))
		requireNamed(s)
	}
	mustExecute(t, b, storetest.Request("trafford", "victim", &domain.ConfirmRecord{Records: []string{"N1"}})) // forwarded to a
	require.True(t, b.IsErased(victim.ID))
	_, err := b.OpenPersonal(victim.ID, victim.Sealed)
	require.ErrorIs(t, err, keys.ErrNoKey)
}

func copyKey(t *testing.T, key []byte) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "wrapping.key"), key, 0o600))
	return dir
}

// The hash of a request with personal data says nothing without the person's key.
func TestTheHashOfPersonalDataIsKeyed(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	req := storetest.Found("trafford")
	sent := req.Hash
	r := mustExecute(t, s, req)
	for e, err := range s.Entries(testContext(t), "trafford", 0, r.Next) {
		require.NoError(t, err)
		require.NotEqual(t, sent, e.Event.Hash)
		id := domain.NewPersonID("trafford", req.ID, "founder")
		key, err := keys.Unseal(mustRead(t, filepath.Join(s.stream.Dir, "wrapping.key")), id, keyEntry(t, s, id))
		require.NoError(t, err)
		mac := hmac.New(sha256.New, key)
		mac.Write(append([]byte("goldenthread command v1"), sent[:]...))
		require.Equal(t, mac.Sum(nil), e.Event.Hash[:])
	}
	require.True(t, mustExecute(t, s, req).Repeat, "sent again, its data sealed already")
	plain := storetest.Register("trafford", "p")
	r = mustExecute(t, s, plain)
	for e, err := range s.Entries(testContext(t), "trafford", r.First, r.Next) {
		require.NoError(t, err)
		require.Equal(t, plain.Hash, e.Event.Hash)
	}
}
