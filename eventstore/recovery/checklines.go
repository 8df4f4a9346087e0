package recovery

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"goldenthread/eventstore/commit"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/signature"
	"goldenthread/eventstore/tilelog"
)

// A LineCheck checks the lines of one group's ledger in order, from the first: how they are
// written, their group, indexes and times (rules L1, L4), and the signatures of people in
// them (rule L9). It does not check that a log was signed for them: tilelog does. The zero
// LineCheck is ready for the first line.
type LineCheck struct {
	Group      string // whose ledger it is; that of the first line if not said
	last       time.Time
	signatures signature.Checker
	newer      []uint64
}

// Signatures is how many signatures of people were checked, and hold.
func (c *LineCheck) Signatures() int { return c.signatures.Checked }

// NotProved are the signatures that are of no form that can be proved, either way.
func (c *LineCheck) NotProved() []signature.NotProved { return c.signatures.NotProved }

// Newer are the indexes of lines that a newer version wrote: they are not checked.
func (c *LineCheck) Newer() []uint64 { return c.newer }

// Line checks the next line.
func (c *LineCheck) Line(index int64, line []byte) error {
	e, err := commit.Decode(line)
	if errors.As(err, new(*commit.Newer)) {
		c.newer = append(c.newer, uint64(index))
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case e.Index != uint64(index):
		return fmt.Errorf("it says that it is event %d", e.Index)
	case c.Group != "" && e.Group != c.Group:
		return fmt.Errorf("it is of %s, in the ledger of %s", e.Group, c.Group)
	case e.Time.Before(c.last):
		return errors.New("it goes back in time")
	}
	c.Group, c.last = e.Group, e.Time
	return c.signatures.Check(&e, line)
}

// A LogFolder is where the log of a group lies in a data folder.
type LogFolder struct {
	Name  string // of its folder
	Group string
	Dir   string
	VKeys []string // of those that sign this group's logs in this data folder
}

// LogFolders are the logs in a data folder, which may be in use. Among them are those that should be there: a log
// whose checkpoint is gone, and one that only the mark names.
func LogFolders(dir string) ([]LogFolder, error) {
	if _, err := os.Stat(filepath.Join(dir, logs.Folder)); err != nil {
		return nil, fmt.Errorf("%s is not a data folder with logs: %w", dir, err)
	}
	keys, err := logs.ReadSigning(dir)
	if err != nil {
		return nil, err
	}
	folder, err := tilelog.NewFolder(filepath.Join(dir, logs.Folder))
	if err != nil {
		return nil, err
	}
	names, err := folder.Names()
	if err != nil {
		return nil, err
	}
	names = slices.AppendSeq(names, maps.Keys(logs.Marked(dir)))
	slices.Sort(names)
	var found []LogFolder
	for _, name := range slices.Compact(names) {
		signed, err := folder.Checkpoint(name)
		if errors.Is(err, fs.ErrNotExist) && folder.Extent(name, 0) == 0 && logs.Marked(dir)[name] == 0 {
			continue // begun, and nothing signed yet
		}
		group, _, _ := strings.Cut(name, logs.LostSuffix)
		found = append(found, LogFolder{name, group, filepath.Join(dir, logs.Folder, name), tilelog.VKeys(keys, logs.OriginOf(keys, group, signed))})
	}
	return found, nil
}
