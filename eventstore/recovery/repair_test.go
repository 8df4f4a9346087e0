package recovery

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// A stream that is gone is answered from the logs, not written to, and written
// anew by Repair.
func TestAStreamThatIsGoneIsRepaired(t *testing.T) {
	dir, lines := smallStore(t)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, stream.Folder, "jetstream", "$G", "streams", stream.Name)))
	s := openTest(t, eventstore.Options{Dir: dir})
	for group := range lines {
		require.Equal(t, lines[group], linesOf(t, s, group))
		_, err := s.Execute(testContext(t), storetest.Register(group, "x"))
		var mendable *logs.Mendable
		require.ErrorAs(t, err, &mendable)
		require.Len(t, mendable.Indexes, len(lines[group]))
	}
	require.NoError(t, s.Close(testContext(t)))

	r, err := Repair(testContext(t), eventstore.Options{Dir: dir, Log: quiet})
	require.NoError(t, err)
	require.Len(t, r.Taken, 2)
	require.Equal(t, len(lines["one"])+len(lines["two"]), r.Events)
	require.DirExists(t, filepath.Join(dir, r.Aside))
	require.NoError(t, os.Rename(filepath.Join(dir, stream.Folder), filepath.Join(dir, stream.RepairedFolder)), "as a crash between the two renames leaves it")
	s = openTest(t, eventstore.Options{Dir: dir})
	checked := 0
	require.NoError(t, s.CheckCopies(testContext(t), func(r logs.CopyReport) error {
		require.NoError(t, r.Err)
		require.Empty(t, r.Stream, "the stream has every line as it was signed")
		checked++
		return nil
	}))
	require.Equal(t, 2, checked)
	for group := range lines {
		require.Equal(t, lines[group], linesOf(t, s, group))
		after := mustExecute(t, s, storetest.Register(group, "after"))
		_, err := s.AwaitSigned(testContext(t), group, after.Next)
		require.NoError(t, err)
	}
	state, err := s.AsKnown(testContext(t), "one", s.Next("one"))
	require.NoError(t, err)
	p := state.ByHandle("founder")
	data, err := s.OpenPersonal(p.ID, p.Sealed)
	require.NoError(t, err, "the keys came along")
	require.Equal(t, storetest.SecretName, data.Name)
}

// A history that is shorter than was signed is not written anew.
func TestRepairDropsNothingThatWasSigned(t *testing.T) {
	dir, lines := smallStore(t)
	backup := copyFolder(t, dir)
	s := openTest(t, eventstore.Options{Dir: dir})
	r := mustExecute(t, s, storetest.Register("one", "later"))
	_, err := s.AwaitSigned(testContext(t), "one", r.Next)
	require.NoError(t, err)
	log, err := s.Log("one")
	require.NoError(t, err)
	signed := log.Checkpoint()
	require.NoError(t, s.Close(testContext(t)))
	require.NoError(t, os.WriteFile(filepath.Join(backup, logs.Folder, "one", tilelog.CheckpointFile), signed, 0o600))

	var loss *logs.Loss
	_, err = Repair(testContext(t), eventstore.Options{Dir: backup, Log: quiet})
	require.ErrorAs(t, err, &loss)
	require.Equal(t, r.Next, loss.Signed)
	require.NoDirExists(t, filepath.Join(backup, stream.RepairedFolder))
	require.Equal(t, lines["two"], linesOf(t, openTest(t, eventstore.Options{Dir: backup}), "two"), "the streams are as they were")
}
