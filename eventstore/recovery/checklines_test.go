package recovery

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore"
	"goldenthread/eventstore/storetest"
)

// An event that a newer version wrote is not damage: it is named, and the rest is checked.
func TestANewerVersionsEventIsNoDamage(t *testing.T) {
	s := openTest(t, eventstore.Options{Dir: t.TempDir()})
	mustExecute(t, s, storetest.Found("one"))
	mustExecute(t, s, storetest.Register("one", "p"))
	lines := linesOf(t, s, "one")
	last := len(lines) - 1
	require.Contains(t, string(lines[last]), "person.registered.v1")
	lines[last] = bytes.Replace(lines[last], []byte("person.registered.v1"), []byte("person.retired.v1"), 1)
	var check LineCheck
	for i, line := range lines {
		require.NoError(t, check.Line(int64(i), line))
	}
	require.Equal(t, []uint64{uint64(last)}, check.Newer())
	require.Error(t, check.Line(int64(len(lines)), lines[0]), "what is known is still checked")
}
