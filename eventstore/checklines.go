package eventstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"goldenthread/eventstore/tilelog"
)

// CheckLines says, line by line in order from the first, what is wrong with the
// lines of one group's ledger as such: how they are written, whose they are,
// their places and times (rules L1, L4). That they are what was signed is the
// tile log's to say.
func CheckLines() func(index int64, line []byte) error {
	group, last := "", time.Time{}
	return func(index int64, line []byte) error {
		e, err := Decode(line)
		if err != nil {
			return err
		}
		switch {
		case e.Index != uint64(index):
			return fmt.Errorf("it says that it is event %d", e.Index)
		case group != "" && e.Group != group:
			return fmt.Errorf("it is of %s, and those before it of %s", e.Group, group)
		case e.Time.Before(last):
			return errors.New("it goes back in time")
		}
		group, last = e.Group, e.Time
		return nil
	}
}

// A LogFolder is where the log of a group lies in a data folder.
type LogFolder struct {
	Group string
	Dir   string
	VKeys []string // of those that sign in this data folder
}

// LogFolders are the logs in a data folder, which may be in use.
func LogFolders(dir string) ([]LogFolder, error) {
	if _, err := os.Stat(filepath.Join(dir, logFolder)); err != nil {
		return nil, fmt.Errorf("%s is not a data folder with logs: %w", dir, err)
	}
	keys, err := readSigning(dir)
	if err != nil {
		return nil, err
	}
	folder, err := tilelog.NewFolder(filepath.Join(dir, logFolder))
	if err != nil {
		return nil, err
	}
	names, err := folder.Names()
	var found []LogFolder
	for _, name := range names {
		signed, err := folder.Checkpoint(name)
		if err != nil {
			continue // begun, and nothing signed yet
		}
		found = append(found, LogFolder{name, filepath.Join(dir, logFolder, name), tilelog.VKeys(keys, tilelog.OriginOf(signed))})
	}
	return found, err
}
