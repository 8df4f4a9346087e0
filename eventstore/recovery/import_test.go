package recovery

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/tilelog"
)

func each(lines [][]byte) Lines {
	return func(yield func([]byte, error) bool) {
		for _, l := range lines {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func treeOf(lines [][]byte) tlog.Tree {
	var c tilelog.Compact
	for _, l := range lines {
		c.Add(tlog.RecordHash(l))
	}
	return c.Tree()
}

// TestImportIsTheSameLedger: what was exported from one store has the same
// bytes and root in another, also in many portions, and goes on there (L1, L9).
func TestImportIsTheSameLedger(t *testing.T) {
	from := openTest(t, eventstore.Options{Dir: t.TempDir()})
	mustExecute(t, from, storetest.Found("sale"))
	for i := range 400 {
		mustExecute(t, from, storetest.Register("sale", fmt.Sprintf("p%d", i)))
	}
	lines := linesOf(t, from, "sale")
	tree, err := from.AwaitSigned(testContext(t), "sale", uint64(len(lines)))
	require.NoError(t, err)

	dir := t.TempDir()
	done, err := Import(testContext(t), eventstore.Options{Dir: dir, Log: quiet}, each(lines), treeOf(lines))
	require.NoError(t, err)
	require.Equal(t, Imported{"sale", tree}, done)
	again, err := Import(testContext(t), eventstore.Options{Dir: dir, Log: quiet}, each(lines), treeOf(lines))
	require.NoError(t, err, "nothing to add")
	require.Equal(t, done, again)

	to := openTest(t, eventstore.Options{Dir: dir})
	require.Equal(t, lines, linesOf(t, to, "sale"))
	signed, err := to.AwaitSigned(testContext(t), "sale", uint64(len(lines)))
	require.NoError(t, err)
	require.Equal(t, tree, signed)
	require.Equal(t, uint64(len(lines)+1), mustExecute(t, to, storetest.Register("sale", "one-more")).Next)
}

// TestAnImportBrokenOffBlocksTheFolderUntilItIsDone: nothing else opens a folder with a part of a ledger, and
// the same import goes on with it.
func TestAnImportBrokenOffBlocksTheFolderUntilItIsDone(t *testing.T) {
	from := openTest(t, eventstore.Options{Dir: t.TempDir()})
	mustExecute(t, from, storetest.Found("sale"))
	for i := range 10 {
		mustExecute(t, from, storetest.Register("sale", fmt.Sprintf("p%d", i)))
	}
	lines := linesOf(t, from, "sale")

	dir := t.TempDir()
	_, err := Import(testContext(t), eventstore.Options{Dir: dir, Log: quiet}, each(lines[:5]), treeOf(lines[:5]))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "importing"), []byte("sale"), 0o600)) // as if it had ended there
	_, err = eventstore.Open(testContext(t), eventstore.Options{Dir: dir, Log: quiet})
	require.ErrorContains(t, err, "import the same file again")
	done, err := Import(testContext(t), eventstore.Options{Dir: dir, Log: quiet}, each(lines), treeOf(lines))
	require.NoError(t, err)
	require.Equal(t, int64(len(lines)), done.Tree.N)
	require.Equal(t, lines, linesOf(t, openTest(t, eventstore.Options{Dir: dir}), "sale"))
}

// TestImportRefusesWhatIsNoWholeLedger what is not a whole ledger, and writes nothing of it.
func TestImportRefusesWhatIsNoWholeLedger(t *testing.T) {
	from := openTest(t, eventstore.Options{Dir: t.TempDir()})
	mustExecute(t, from, storetest.Found("sale"))
	mustExecute(t, from, storetest.Register("sale", "a"))
	mustExecute(t, from, storetest.Register("sale", "b"))
	lines := linesOf(t, from, "sale")
	other := openTest(t, eventstore.Options{Dir: t.TempDir()})
	mustExecute(t, other, storetest.Found("stretford"))

	with := func(more ...[]byte) [][]byte { return append(slices.Clip(lines), more...) }
	bent := func(change func(*domain.Event)) []byte {
		e, err := commit.Decode(lines[len(lines)-1])
		require.NoError(t, err)
		e.Index++
		e.Cause = e.Index
		change(&e)
		line, err := commit.Encode(&e)
		require.NoError(t, err)
		return line
	}
	for name, c := range map[string][][]byte{
		"nothing":    {},
		"a gap":      append(slices.Clone(lines[:3]), lines[4:]...),
		"no start":   lines[1:],
		"twice":      with(lines[len(lines)-1]),
		"damaged":    with(append([]byte("{"), lines[0]...)),
		"two groups": with(bent(func(e *domain.Event) { e.Group = "stretford" })),
		"back":       with(bent(func(e *domain.Event) { e.Time = e.Time.Add(-time.Hour) })),
		"the future": with(bent(func(e *domain.Event) { e.Time = e.Time.AddDate(1, 0, 0) })),
		"impossible": with(bent(func(e *domain.Event) { e.Data = &domain.OfficeLeft{Person: "nobody", Until: e.Effective} })),
	} {
		dir := t.TempDir()
		_, err := Import(testContext(t), eventstore.Options{Dir: dir, Log: quiet}, each(c), treeOf(c))
		require.Error(t, err, name)
		require.NoFileExists(t, filepath.Join(dir, "importing"), name)
		require.Empty(t, openTest(t, eventstore.Options{Dir: dir}).Groups(), name)
	}

	dir := t.TempDir()
	_, err := Import(testContext(t), eventstore.Options{Dir: dir, Log: quiet}, each(lines), treeOf(lines))
	require.NoError(t, err)
	_, err = Import(testContext(t), eventstore.Options{Dir: dir, Log: quiet}, each(lines[:3]), treeOf(lines[:3]))
	require.ErrorIs(t, err, ErrOtherLedger, "shorter than what is there")
	_, err = Import(testContext(t), eventstore.Options{Dir: t.TempDir(), Log: quiet}, each(lines[:3]), treeOf(lines))
	require.ErrorIs(t, err, tilelog.ErrForked, "fewer than were signed")
}
