package tilelog

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// syncAll syncs the file system in one go: a round writes a few small files
// for each of many logs, and a sync of each would take longer than all together.
func syncAll(dir string, paths []string) error {
	if len(paths) <= 2 {
		return syncEach(dir, paths)
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
