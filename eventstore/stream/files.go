package stream

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// WriteFile writes the file under another name, syncs it, and renames it: after a crash
// there is either the old file or the new one, whole.
func WriteFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(path))
}

// CheckFiles returns an error while this process can open no more files: what can't be
// read then is not missing.
func CheckFiles(dir string) error {
	f, err := os.Open(dir)
	if err == nil {
		return f.Close()
	}
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return err
	}
	return nil
}

func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
