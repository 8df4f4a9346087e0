package tilelog

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// A Folder holds logs, each in a folder of its own, and puts on disk what they
// wrote, all at once.
type Folder struct {
	dir  string
	Disk Disk // where it writes; to be changed before anything is written only

	mu      sync.Mutex
	unsaved []string // files written since the last Sync
}

// NewFolder makes the folder, if it is not there.
func NewFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Folder{dir: filepath.Clean(dir), Disk: disk{}}, nil
}

// A Disk is what a Folder does to files: each is a step that fails or is done.
type Disk interface {
	Write(path string, data []byte) error // and makes the folder it lies in
	Rename(from, to string) error
	RemoveAll(path string) error
	Sync(dir string, paths []string) error // the files, and the folders from theirs up to dir
}

// disk is the files of this machine.
type disk struct{}

func (disk) Write(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if have, err := os.ReadFile(path); err == nil && bytes.Equal(have, data) {
		return nil
	}
	return os.WriteFile(path, data, 0o600)
}

func (disk) Rename(from, to string) error          { return os.Rename(from, to) }
func (disk) RemoveAll(path string) error           { return os.RemoveAll(path) }
func (disk) Sync(dir string, paths []string) error { return syncAll(dir, paths) }

// Names are the names of the logs that are there.
func (f *Folder) Names() ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// Checkpoint is what lies there as the checkpoint of the log of that name,
// unproved; fs.ErrNotExist if there is none.
func (f *Folder) Checkpoint(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.path(name), CheckpointFile))
}

// Extent is the number of entries of the log of that name for which bundles lie in the
// folder, at least from the entry on; whether they were signed for, or are whole, is not
// looked at. It is less than from where there is nothing behind it.
func (f *Folder) Extent(name string, from int64) int64 {
	for n := from / width; ; n++ {
		whole := f.path(name + "/" + torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, L: -1, N: n, W: width}))
		if _, err := os.Stat(whole); err == nil {
			continue
		}
		partials, _ := os.ReadDir(whole + ".p")
		most := 0
		for _, p := range partials {
			if w, err := strconv.Atoi(p.Name()); err == nil {
				most = max(most, w)
			}
		}
		return n*width + int64(most)
	}
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// write writes the file whole. It is on disk after the next Sync. A file that
// says the same already is left as it is: it may be published, and be read at
// this moment.
func (f *Folder) write(name string, data []byte) error {
	f.unsave(f.path(name))
	return f.Disk.Write(f.path(name), data)
}

func (f *Folder) unsave(path string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unsaved = append(f.unsaved, path)
}

// replace writes the file whole in place of the one that may be there. Readers
// see the one or the other; which of them outlives a power cut is open until
// the next Sync.
func (f *Folder) replace(name string, data []byte) error {
	if err := f.write(name+".new", data); err != nil {
		return err
	}
	f.unsave(f.path(name))
	return f.Disk.Rename(f.path(name+".new"), f.path(name))
}

// remove removes the file, or the folder with all that it holds.
func (f *Folder) remove(name string) error {
	return f.Disk.RemoveAll(f.path(name))
}

// Sync returns when all that was written is on disk.
func (f *Folder) Sync() error {
	f.mu.Lock()
	unsaved := f.unsaved
	f.unsaved = nil
	f.mu.Unlock()
	if len(unsaved) == 0 {
		return nil
	}
	err := f.Disk.Sync(f.dir, unsaved)
	if err != nil {
		f.mu.Lock()
		f.unsaved = append(unsaved, f.unsaved...)
		f.mu.Unlock()
	}
	return err
}

// syncEach syncs the files, and the folders from theirs up to dir, one by one.
func syncEach(dir string, paths []string) error {
	var errs []error
	seen := map[string]bool{}
	for _, path := range paths {
		for p := path; len(p) >= len(dir) && !seen[p]; p = filepath.Dir(p) {
			seen[p] = true
			f, err := os.Open(p)
			if errors.Is(err, fs.ErrNotExist) {
				continue // renamed or removed since
			}
			if err == nil {
				err = errors.Join(f.Sync(), f.Close())
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
