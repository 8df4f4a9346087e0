package identity

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// What was kept is there again; what was refused, or could not be written, is
// as if it had never been asked.
func TestKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept")
	require.NoError(t, os.Mkdir(dir, 0o700))
	file := filepath.Join(dir, "list.json")
	k, err := openKept[string](file, nil)
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if err := k.Add(fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.NoError(t, k.drop(func(s *string) bool { return *s == "7" }))
	again, err := openKept[string](file, nil)
	require.NoError(t, err)
	require.Equal(t, k.All, again.All)
	require.Len(t, again.All, 19)

	no := errors.New("no")
	require.ErrorIs(t, k.change(func(all []string) ([]string, error) { all[0] = "changed"; return all, no }), no)
	require.NotContains(t, k.All, "changed")
	require.NoError(t, os.RemoveAll(dir))
	require.Error(t, k.Add("lost"))
	require.NotContains(t, k.All, "lost")

	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.WriteFile(file, []byte(`["half`), 0o600))
	_, err = openKept[string](file, nil)
	require.ErrorContains(t, err, file)
}
