package eventstore

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
	"goldenthread/eventstore/witness"
)

// witnessFor is a witness of the group's log, and a switch with which it is out of order.
func witnessFor(t *testing.T, s *Store, group string) (w witness.Witness, down *atomic.Bool) {
	t.Helper()
	log, err := s.Log(group)
	require.NoError(t, err)
	folder := t.TempDir()
	signer, err := witness.OpenKey(filepath.Join(folder, "key.pem"), "lmc.example/witness")
	require.NoError(t, err)
	server, err := witness.Open(folder, signer, []witness.Log{{Origin: log.Origin(), VKeys: log.VKeys()}}, quiet)
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	down = new(atomic.Bool)
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if down.Load() {
			http.Error(rw, "out of order", http.StatusBadGateway)
			return
		}
		server.ServeHTTP(rw, r)
	}))
	t.Cleanup(web.Close)
	w, err = witness.ParseWitness(web.URL + "," + server.VKey())
	require.NoError(t, err)
	return w, down
}

// setBack is a folder as it was before the last of its events, which a witness has
// cosigned; the witness; and the number of all events.
func setBack(t *testing.T) (folder string, w witness.Witness, down *atomic.Bool, all uint64) {
	t.Helper()
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("trafford"))
	requireLogged(t, s, "trafford")
	w, down = witnessFor(t, s, "trafford")
	require.NoError(t, s.Close(testContext(t)))
	folder = copyFolder(t, dir)

	s = openTest(t, Options{Dir: dir, Witnesses: []witness.Witness{w}})
	all = mustExecute(t, s, storetest.Register("trafford", "p")).Next
	require.Eventually(t, func() bool {
		lags := s.Witnesses("trafford")
		return len(lags) == 1 && uint64(lags[0].Cosigned) == all
	}, testTimeout, 5*time.Millisecond)
	require.NoError(t, s.Close(testContext(t)))
	return folder, w, down, all
}

// L9: a folder that was set back as a whole records nothing once a witness says that it has
// seen more; what is there is read. Only the operator's word lets it go on, in a new log.
func TestAWitnessStopsAFolderThatWasSetBack(t *testing.T) {
	dir, w, _, all := setBack(t)
	s := openTest(t, Options{Dir: dir, Witnesses: []witness.Witness{w}, Quorum: 1})
	left := s.Next("trafford")
	var loss *logs.Loss
	require.ErrorAs(t, s.Stopped("trafford"), &loss)
	require.Equal(t, all, loss.Signed)
	require.Equal(t, left, loss.Left)
	require.ErrorContains(t, loss, "witness lmc.example/witness has cosigned")
	require.ErrorContains(t, loss, "set back")
	_, err := s.Execute(testContext(t), storetest.Register("trafford", "q"))
	require.ErrorAs(t, err, &loss)
	require.Equal(t, left, s.Next("trafford"), "nothing was recorded")
	_, err = s.Line(testContext(t), "trafford", left-1)
	require.NoError(t, err)
	require.EqualValues(t, all-left, s.Gauges().Groups[0].Lost)
	require.NoError(t, s.Close(testContext(t)))

	s = openTest(t, Options{Dir: dir, Witnesses: []witness.Witness{w}, AcceptLoss: true})
	require.NoError(t, s.Stopped("trafford"))
	mustExecute(t, s, storetest.Register("trafford", "q"))
	requireLogged(t, s, "trafford")
	restarted := func() (e *domain.LogRestarted) {
		for entry, err := range s.Entries(testContext(t), "trafford", 0, s.Next("trafford")) {
			require.NoError(t, err)
			if d, ok := entry.Event.Data.(*domain.LogRestarted); ok {
				e = d
			}
		}
		return e
	}()
	require.NotNil(t, restarted)
	require.Equal(t, all, restarted.Signed)
	require.Empty(t, restarted.Root, "the root of what the witness saw is not known here")
	require.NoError(t, s.Close(testContext(t)))
	s = openTest(t, Options{Dir: dir, Witnesses: []witness.Witness{w}})
	mustExecute(t, s, storetest.Register("trafford", "r"))
}

// A witness that answers only later stops a group that went on in another history.
func TestAWitnessThatAnswersLaterStopsAFork(t *testing.T) {
	dir, w, down, all := setBack(t)
	down.Store(true)
	s := openTest(t, Options{Dir: dir, Witnesses: []witness.Witness{w}})
	require.NoError(t, s.Stopped("trafford"), "nobody knows better yet")
	for s.Next("trafford") <= all {
		mustExecute(t, s, storetest.Register("trafford", "fork-"+string(rune('a'+s.Next("trafford")))))
	}
	requireLogged(t, s, "trafford")
	down.Store(false)
	require.Eventually(t, func() bool { return s.Stopped("trafford") != nil }, testTimeout, 5*time.Millisecond)
	require.ErrorIs(t, s.Stopped("trafford"), tilelog.ErrForked)
	_, err := s.Execute(testContext(t), storetest.Register("trafford", "more"))
	require.ErrorIs(t, err, tilelog.ErrForked)
}

// A backup that was copied over a folder leaves files of the log that it does not have:
// they say that there was more.
func TestFilesOfTheLogStopAFolderThatWasSetBack(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("trafford"))
	requireLogged(t, s, "trafford")
	require.NoError(t, s.Close(testContext(t)))
	earlier := copyFolder(t, dir)
	s = openTest(t, Options{Dir: dir})
	r := mustExecute(t, s, storetest.Register("trafford", "p"))
	requireLogged(t, s, "trafford")
	require.NoError(t, s.Close(testContext(t)))

	require.NoError(t, os.RemoveAll(filepath.Join(dir, stream.Folder)))
	for _, part := range []string{stream.Folder, filepath.Join(logs.Folder, "trafford", tilelog.CheckpointFile)} {
		from := filepath.Join(earlier, part)
		info, err := os.Stat(from)
		require.NoError(t, err)
		if info.IsDir() {
			require.NoError(t, os.CopyFS(filepath.Join(dir, part), os.DirFS(from)))
			continue
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, part), mustRead(t, from), 0o600))
	}
	s = openTest(t, Options{Dir: dir})
	var loss *logs.Loss
	require.ErrorAs(t, s.Stopped("trafford"), &loss)
	require.Equal(t, r.Next, loss.Signed)
	require.ErrorContains(t, loss, "the files of its log have")
	_, err := s.Execute(testContext(t), storetest.Register("trafford", "q"))
	require.ErrorAs(t, err, &loss)
	require.NoError(t, s.Close(testContext(t)))
	s = openTest(t, Options{Dir: dir, AcceptLoss: true})
	mustExecute(t, s, storetest.Register("trafford", "q"))
}
