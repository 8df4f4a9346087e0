package stream

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats.go/jetstream"
)

// A Lock keeps other processes out of a data folder. The folder itself is locked, so that
// taking the file lock away lets nobody in; the file is locked too, since releases before
// this one look at nothing else.
type Lock struct {
	dir   string
	locks []*flock.Flock // of the folder, then of the file in it
	used  []used         // what they locked, and what else must stay in its place
}

// A used is a file or a folder that is used while the folder is locked.
type used struct {
	path string
	info os.FileInfo
}

// ErrInUse says that another process has locked the data folder.
var ErrInUse = errors.New("in use by another process")

// LockFolder makes the data folder, closes it to other users of the machine, and locks
// it. Two servers on one folder lose acknowledged writes, so this comes before the
// server starts.
func LockFolder(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder %s: %w", dir, InWords(err))
	}
	if err := closeToOthers(dir); err != nil {
		return nil, err
	}
	l := &Lock{dir: dir}
	for _, lock := range []*flock.Flock{
		flock.New(dir, flock.SetFlag(os.O_RDONLY)),
		flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600)),
	} {
		ok, err := lock.TryLock()
		switch {
		case err != nil:
			return nil, errors.Join(fmt.Errorf("lock the data folder %s: %w", dir, InWords(err)), l.Unlock())
		case !ok:
			return nil, errors.Join(fmt.Errorf("the data folder %s is %w; stop that one first", dir, ErrInUse), l.Unlock())
		}
		l.locks = append(l.locks, lock)
		locked, err := lock.Stat()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("lock the data folder %s: %w", dir, err), l.Unlock())
		}
		l.used = append(l.used, used{lock.Path(), locked})
	}
	return l, nil
}

// Use has Check look at the folder too: what is written into one that was taken away is lost.
func (l *Lock) Use(folder string) error {
	info, err := os.Stat(folder)
	if err == nil {
		l.used = append(l.used, used{folder, info})
	}
	return err
}

// Check returns an error if the folder, the file lock in it, or what else is used, is no longer
// what it was: another process may be writing to the folder by now.
func (l *Lock) Check() error {
	for _, one := range l.used {
		there, err := os.Stat(one.path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("look at what is used of the data folder: %w", err)
		}
		if err != nil || !os.SameFile(one.info, there) {
			return fmt.Errorf("%s was taken away or replaced while this process used it, and another may have started on the folder: stop all that use %s, and start one", one.path, l.dir)
		}
	}
	return nil
}

// Unlock lets others in.
func (l *Lock) Unlock() (err error) {
	for _, lock := range l.locks {
		err = errors.Join(err, lock.Unlock())
	}
	return err
}

// closeToOthers takes away what other users may do with the folder: keys and sealed
// data lie in it.
func closeToOthers(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the data folder: %w", err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(dir, info.Mode().Perm()&^0o077); err != nil {
		return fmt.Errorf("other users of this machine can open the data folder %s, and it can't be closed to them: %w", dir, InWords(err))
	}
	return nil
}

// CheckRoom returns an error in words if the disk of the data folder is read-only or full: what
// a start does first would say so in words of its own.
func CheckRoom(dir string) error {
	probe := filepath.Join(dir, "room.new")
	err := os.WriteFile(probe, make([]byte, leastRoom), 0o600)
	if err != nil {
		err = fmt.Errorf("nothing can be written to the data folder %s: %w", dir, InWords(err))
	}
	if gone := os.Remove(probe); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}

const (
	leastRoom = 64 << 10 // bytes
	noRoom    = 10047    // the stream server's code for "insufficient storage resources available"
)

// InWords adds to what the system or the stream server says about a file or the disk what to do.
func InWords(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("a file lies where a folder is needed; name another folder (%w)", err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the disk is read-only here; make it writable, or name another folder (%w)", err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk is full; make room and start again (%w)", err)
	case errors.As(err, &api) && api.ErrorCode == noRoom:
		return fmt.Errorf("the disk has too little room; make room and start again (%w)", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not write there; give the folder to the user that runs the server (%w)", err)
	}
	return err
}
