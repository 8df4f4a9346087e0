package paper

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/projections"
)

// A file whose bytes are not here, or are not those that the ledger names, is named, and no
// empty one takes its place.
func TestPackNamesWhatItLacks(t *testing.T) {
	within := []byte("/Type /EmbeddedFile")
	pack := func(files ...File) []byte {
		b, err := Pack(&projections.Papers{Title: "Papers"}, files)
		require.NoError(t, err)
		return b
	}
	here, lacks := File{Name: "here.txt", Bytes: []byte("words")}, File{Name: "gone.txt", Lacks: "damaged"}
	require.Equal(t, 1, bytes.Count(pack(here, lacks), within))
	require.Zero(t, bytes.Count(pack(lacks), within))
	require.Greater(t, len(pack(lacks)), len(pack()), "it is named")
}
