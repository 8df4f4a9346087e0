package stream

import (
	"errors"
	"fmt"
	"io"
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

const largestFile = 1 << 20 // that somebody writes by hand

// ReadFile reads a file that somebody writes by hand or keeps, such as settings and keys.
func ReadFile(path string) ([]byte, error) { return readSmall(path, 0) }

// ReadSecretFile is ReadFile, and refuses a file that everybody on the machine can read.
func ReadSecretFile(path string) ([]byte, error) { return readSmall(path, 0o007) }

func readSmall(path string, refused os.FileMode) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	switch info, err := f.Stat(); {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; a file is meant", path)
	case info.Mode().Perm()&refused != 0:
		return nil, fmt.Errorf("%s can be read by everybody on this machine; make it readable by its owner alone (chmod 600)", path)
	}
	b, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err == nil && len(b) > largestFile {
		return nil, fmt.Errorf("%s has more than 1 MB, too much for what is meant", path)
	}
	return b, err
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
