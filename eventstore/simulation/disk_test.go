package simulation

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/stream"
)

// A disk is where a node's signed logs are written. It does what it is asked in the
// folder, and knows what would be left of it after a power cut.
type disk struct {
	dir string // the node's data folder

	mu     sync.Mutex
	dead   bool              // its node was killed: nothing is written any more
	full   bool              // nothing can be written
	slow   time.Duration     // each sync takes that long
	was    bool              // it was full or slow once
	now    map[string][]byte // files as they are, by path below dir
	synced map[string][]byte // as they were synced
	whole  map[string]bool   // which came to their names by a rename, so that they are never torn
	deaf   bool              // a planted mistake: it syncs nothing
	onStep func(what string) // called before each step
}

var errDead = errors.New("the machine is off")

func newDisk(dir string) *disk {
	d := &disk{dir: dir, now: map[string][]byte{}, synced: map[string][]byte{}, whole: map[string]bool{}}
	filepath.WalkDir(filepath.Join(dir, logs.Folder), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			if b, err := os.ReadFile(path); err == nil {
				d.now[d.below(path)], d.synced[d.below(path)] = b, b
			}
		}
		return nil
	})
	return d
}

func (d *disk) below(path string) string {
	rel, err := filepath.Rel(d.dir, path)
	if err != nil {
		panic(err)
	}
	return rel
}

// step does one thing, if the machine is on and has space. The mutex is held.
func (d *disk) step(what string, do func() error) error {
	if d.onStep != nil {
		d.onStep(what)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.dead:
		return errDead
	case d.full && what == "write":
		return &os.PathError{Op: "write", Path: d.dir, Err: syscall.ENOSPC}
	}
	return do()
}

// Write writes a file whole.
func (d *disk) Write(path string, data []byte) error {
	return d.step("write", func() error {
		if have, there := d.now[d.below(path)]; there && bytes.Equal(have, data) {
			return nil
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		d.now[d.below(path)] = slices.Clone(data)
		d.whole[d.below(path)] = false
		return os.WriteFile(path, data, 0o600)
	})
}

// Rename renames a file or a folder.
func (d *disk) Rename(from, to string) error {
	return d.step("rename", func() error {
		f, t := d.below(from), d.below(to)
		for path, b := range d.now {
			if path == f || strings.HasPrefix(path, f+"/") {
				delete(d.now, path)
				d.now[t+strings.TrimPrefix(path, f)] = b
			}
		}
		d.whole[t] = true
		return os.Rename(from, to)
	})
}

// RemoveAll removes a file or a folder.
func (d *disk) RemoveAll(path string) error {
	return d.step("remove", func() error {
		at := d.below(path)
		for p := range d.now {
			if p == at || strings.HasPrefix(p, at+"/") {
				delete(d.now, p)
			}
		}
		return os.RemoveAll(path)
	})
}

// Sync puts the files on the disk: as they are when it is done.
func (d *disk) Sync(_ string, paths []string) error {
	d.mu.Lock()
	slow := d.slow
	d.mu.Unlock()
	if slow > 0 {
		time.Sleep(slow)
	}
	return d.step("sync", func() error {
		if d.deaf {
			return nil
		}
		for _, path := range paths {
			at := d.below(path)
			if b, there := d.now[at]; there {
				d.synced[at] = b
			} else {
				delete(d.synced, at)
			}
		}
		return nil
	})
}

// die turns the machine off. What is left of the logs is put into another folder, with
// the node's other files as they are: all that was written after a kill, and after a power
// cut what was synced and, of the rest, what chance has kept: nothing, all or a part.
func (d *disk) die(power bool, r *rand.Rand, into string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead = true
	left := d.now
	if power {
		left = d.afterPowerCut(r)
	}
	for path, b := range left {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(into, path)), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(into, path), b, 0o600); err != nil {
			return err
		}
	}
	// What a witness has cosigned is synced as it is written.
	err := os.CopyFS(filepath.Join(into, "witness"), os.DirFS(filepath.Join(d.dir, "witness")))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	// The key to come before the one in force: that is the order in which they change.
	for _, name := range []string{keys.WrappingFile + ".next", keys.WrappingFile, logs.SigningFile, filepath.Join(logs.Folder, logs.MarkFile)} {
		b, err := os.ReadFile(filepath.Join(d.dir, name))
		if err != nil {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(into, name)), 0o700); err != nil {
			return err
		}
		if err := stream.WriteFile(filepath.Join(into, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (d *disk) afterPowerCut(r *rand.Rand) map[string][]byte {
	left := map[string][]byte{}
	for path, b := range d.synced {
		left[path] = b
	}
	var unsynced []string
	for path, b := range d.now {
		if was, there := d.synced[path]; !there || !bytes.Equal(was, b) {
			unsynced = append(unsynced, path)
		}
	}
	slices.Sort(unsynced)
	for _, path := range unsynced {
		b, n := d.now[path], r.IntN(3)
		switch {
		case n == 0:
			left[path] = b
		case n == 1 && !d.whole[path]:
			left[path] = b[:len(b)/2]
		}
	}
	for path := range d.synced {
		if _, there := d.now[path]; !there && r.IntN(2) == 0 {
			delete(left, path)
		}
	}
	return left
}

// rot turns a bit of a file of the logs in that data folder, if there is one.
func (w *world) rot(dir string) bool {
	var files []string
	filepath.WalkDir(filepath.Join(dir, logs.Folder), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.Contains(path, "/tile/") {
			files = append(files, path)
		}
		return nil
	})
	if len(files) == 0 {
		return false
	}
	w.mu.Lock()
	path, bit := files[w.rand.IntN(len(files))], w.rand.IntN(1<<16)
	w.mu.Unlock()
	b, err := os.ReadFile(path)
	if err != nil || len(b) == 0 {
		return false
	}
	b[bit/8%len(b)] ^= 1 << (bit % 8)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		w.fail("%s can't be written: %v", path, err)
	}
	return true
}

func (d *disk) wasInTrouble() bool { d.mu.Lock(); defer d.mu.Unlock(); return d.was }
