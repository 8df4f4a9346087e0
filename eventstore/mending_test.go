package eventstore

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/tilelog"
)

// TestDamageThatIsReadIsMended turns a bit of a log's files under a running store. Each
// question that needs the damaged file fails with *tilelog.Damage and never returns wrong
// bytes. The log is then mended without another question, and the same question is answered.
func TestDamageThatIsReadIsMended(t *testing.T) {
	dir, lines := smallStore(t)
	s := openTest(t, Options{Dir: dir})
	<-s.logs.Checked
	log, err := s.Log("one")
	require.NoError(t, err)
	n := log.Tree().N
	require.Len(t, lines["one"], int(n))
	hashes, entries := tlog.Tile{H: torchwood.TileHeight, L: 0, W: int(n)}, tlog.Tile{H: torchwood.TileHeight, L: -1, W: int(n)}
	file := func(of tlog.Tile) func() ([]byte, error) {
		return func() ([]byte, error) { data, _, err := log.File(of); return data, err }
	}
	shorter := entries
	shorter.W--
	for _, one := range []struct {
		name    string
		damaged tlog.Tile
		ask     func() ([]byte, error)
	}{
		{"the tile", hashes, file(hashes)},
		{"the bundle", entries, file(entries)},
		{"a shorter bundle", entries, file(shorter)},
		{"an event with its proof", hashes, func() ([]byte, error) { _, proof, err := log.Proof(1); return proof, err }},
		{"an event", entries, func() ([]byte, error) { line, _, err := log.Proof(1); return line, err }},
		{"that an event is included", hashes, func() ([]byte, error) {
			p, err := log.ProveInclusion(1, n)
			return torchwood.FormatProof(1, p, nil), err
		}},
		{"that a log continues another", hashes, func() ([]byte, error) {
			p, err := log.ProveConsistency(3, n)
			return torchwood.FormatProof(3, tlog.RecordProof(p), nil), err
		}},
		{"a root of before", hashes, func() ([]byte, error) { h, err := log.RootAt(n - 1); return h[:], err }},
	} {
		t.Run(one.name, func(t *testing.T) {
			right, err := one.ask()
			require.NoError(t, err)
			path := filepath.Join(dir, logs.Folder, "one", torchwood.TilePath(one.damaged))
			whole, err := os.ReadFile(path)
			require.NoError(t, err)
			turned := bytes.Clone(whole)
			turned[45] ^= 4 // in the second hash, and in the first entry
			require.NoError(t, os.WriteFile(path, turned, 0o600))
			_, err = one.ask()
			require.ErrorAs(t, err, new(*tilelog.Damage))
			require.Eventually(t, func() bool {
				now, err := os.ReadFile(path)
				return err == nil && bytes.Equal(now, whole)
			}, 10*time.Second, 20*time.Millisecond, "nobody asks again, and it is mended")
			again, err := one.ask()
			require.NoError(t, err)
			require.Equal(t, right, again)
		})
	}
}
