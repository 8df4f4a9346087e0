package eventstore

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
)

// streamFolder is where the embedded server keeps a stream.
func streamFolder(dir, name string) string {
	return filepath.Join(dir, stream.Folder, "jetstream", "$G", "streams", name)
}

// loseKey takes the key of the person away from a closed data folder.
var loseKey = map[string]func(t *testing.T, dir, person string){
	"one byte of its entry is flipped": func(t *testing.T, dir, person string) {
		path := filepath.Join(streamFolder(dir, keys.StreamName), "msgs", "1.blk")
		block := mustRead(t, path)
		at := bytes.Index(block, []byte("keys."+person))
		require.Positive(t, at)
		block[at+100] ^= 1
		require.NoError(t, os.WriteFile(path, block, 0o600))
	},
	"the stream of the keys is gone": func(t *testing.T, dir, person string) {
		require.NoError(t, os.RemoveAll(streamFolder(dir, keys.StreamName)))
	},
	"its entry was deleted": func(t *testing.T, dir, person string) {
		s := openTest(t, Options{Dir: dir})
		deleteKey(t, s, person)
		require.NoError(t, s.Close(testContext(t)))
	},
}

func deleteKey(t *testing.T, s *Store, person string) {
	t.Helper()
	entries, err := s.stream.JS.Stream(testContext(t), keys.StreamName)
	require.NoError(t, err)
	m, err := entries.GetLastMsgForSubject(testContext(t), "keys."+person)
	require.NoError(t, err)
	require.NoError(t, entries.DeleteMsg(testContext(t), m.Sequence))
}

func registerNamed(t *testing.T, s *Store, handle, name string) {
	t.Helper()
	req := storetest.Register("trafford", handle)
	req.Command.(*domain.RegisterPerson).Personal = &domain.PersonalData{Name: name}
	mustExecute(t, s, req)
}

// A key that can't be read is no erasure: what needs it is refused for now, the start says
// who it is, nobody gets a new key over it, and they can still be erased.
func TestAKeyThatCantBeReadIsNoErasure(t *testing.T) {
	for what, lose := range loseKey {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, Options{Dir: dir})
			mustExecute(t, s, storetest.Found("trafford"))
			registerNamed(t, s, "victim", victimName)
			victim := person(t, s, "victim")
			require.NoError(t, s.Close(testContext(t)))
			lose(t, dir, victim.ID)

			var said syncedBuffer
			s = openTest(t, Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&said, nil))})
			var unreadable *keys.Unreadable
			_, err := s.OpenPersonal(victim.ID, victim.Sealed)
			require.ErrorAs(t, err, &unreadable)
			require.Equal(t, victim.ID, unreadable.Person)
			update := storetest.Request("trafford", "victim", &domain.UpdatePerson{Person: victim.ID, Personal: domain.PersonalData{Name: "Dr New"}})
			_, err = s.Execute(testContext(t), update)
			require.ErrorAs(t, err, &unreadable)
			require.ErrorIs(t, err, commit.ErrNotReady)
			require.Nil(t, keyEntry(t, s, victim.ID), "no new key was made")

			require.Eventually(t, func() bool { return s.keysMissing.Load() != nil }, testTimeout, 5*time.Millisecond)
			require.Contains(t, said.String(), "trafford/victim")
			require.Equal(t, len(*s.keysMissing.Load()), s.Gauges().Groups[0].NoKey)
			missing, err := s.CheckKeys(testContext(t))
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(missing, func(m MissingKey) bool { return m.Handle == "victim" && m.Group == "trafford" }))

			registerNamed(t, s, "other", otherName)
			other := person(t, s, "other")
			_, err = s.OpenPersonal(other.ID, other.Sealed)
			require.NoError(t, err, "the others are as they were")
			mustExecute(t, s, eraseRequest(victim.ID))
			_, err = s.OpenPersonal(victim.ID, victim.Sealed)
			require.ErrorIs(t, err, keys.ErrNoKey, "now they are erased")
			missing, err = s.CheckKeys(testContext(t))
			require.NoError(t, err)
			require.False(t, slices.ContainsFunc(missing, func(m MissingKey) bool { return m.Handle == "victim" }))
		})
	}
}

// A store that goes on from a mark knows for whom there is a key before it seals, and
// compares them all.
func TestAMissingKeyIsFoundFromTheMark(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("trafford"))
	requireLogged(t, s, "trafford")
	founder := person(t, s, "founder")
	deleteKey(t, s, founder.ID)
	require.NoError(t, s.Close(testContext(t)))
	s = openWith(t, Options{Dir: dir}, fromItsMark)
	require.NotZero(t, s.started)
	_, err := s.Execute(testContext(t), storetest.Request("trafford", "founder", &domain.UpdatePerson{Person: founder.ID, Personal: domain.PersonalData{Name: "Dr New"}}))
	require.ErrorAs(t, err, new(*keys.Unreadable))
	missing, err := s.CheckKeys(testContext(t))
	require.NoError(t, err)
	require.Len(t, missing, 1)
}

// A wrapping key that is gone is not made anew for ledgers that need it, not even if the
// stream of the keys is gone with it.
func TestNoWrappingKeyIsMadeForALedgerThatNeedsOne(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("trafford"))
	require.NoError(t, s.Close(testContext(t)))
	require.NoError(t, os.RemoveAll(streamFolder(dir, keys.StreamName)))
	require.NoError(t, os.Remove(filepath.Join(dir, "wrapping.key")))
	_, err := Open(testContext(t), Options{Dir: dir, Log: quiet})
	require.ErrorContains(t, err, "is missing")
	require.NoFileExists(t, filepath.Join(dir, "wrapping.key"))
}

// Whoever's name changes is named by handle or by id: it is sealed under the same key.
func TestAPersonIsUpdatedByHandle(t *testing.T) {
	s := openTest(t, Options{Dir: t.TempDir()})
	mustExecute(t, s, storetest.Found("trafford"))
	registerNamed(t, s, "victim", victimName)
	mustExecute(t, s, storetest.Request("trafford", "victim", &domain.UpdatePerson{Person: "victim", Personal: domain.PersonalData{Name: otherName}}))
	victim := person(t, s, "victim")
	data, err := s.OpenPersonal(victim.ID, victim.Sealed)
	require.NoError(t, err)
	require.Equal(t, otherName, data.Name)
}
