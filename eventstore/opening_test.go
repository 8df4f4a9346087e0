package eventstore

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/stream"
)

// A store doesn't begin beside other people's files, nor with the keys of ledgers that are
// gone, unless it is told to. Nothing is written into such a folder before.
func TestAStoreBeginsOnlyInAFolderOfItsOwn(t *testing.T) {
	foreign := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "letter.txt"), []byte("x"), 0o600))
	emptied, _ := smallStore(t)
	require.NoError(t, os.RemoveAll(filepath.Join(emptied, stream.Folder)))
	require.NoError(t, os.RemoveAll(filepath.Join(emptied, logs.Folder)))
	for dir, why := range map[string]string{foreign: "letter.txt", emptied: "the ledgers are gone"} {
		before, err := os.ReadDir(dir)
		require.NoError(t, err)
		_, err = Open(testContext(t), Options{Dir: dir, Log: quiet})
		require.ErrorContains(t, err, why)
		require.ErrorContains(t, err, "--begin-anew")
		after, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Equal(t, len(before), len(after), "nothing was written")

		s := openTest(t, Options{Dir: dir, BeginAnew: true})
		mustExecute(t, s, storetest.Found("new"))
		require.NoError(t, s.Close(testContext(t)))
		s = openTest(t, Options{Dir: dir})
		require.Equal(t, []string{"new"}, s.Groups(), "from then on it is the store's folder")
	}

	mounted := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(mounted, "lost+found"), 0o700))
	openTest(t, Options{Dir: mounted})
}
