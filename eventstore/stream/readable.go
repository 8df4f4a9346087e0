package stream

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A stream that the stream server (2.15.2) can't read at its start it skips. Whoever then opens
// the stream has it made anew, and where that fails the server removes the stream's folder. So a
// file that can't be read only now (its owner is another, the disk does not give it out, what a
// link leads to is not mounted) would be gone for good, and people's keys with it.

// mostRead is how many bytes of a stream's files are read before the server starts. The other
// files are only opened.
const mostRead = 1 << 28

// An Unreadable is a file of the streams that can't be read or written to now.
type Unreadable struct {
	Path string
	Why  error
}

func (u *Unreadable) Error() string {
	return fmt.Sprintf("%s can't be read and written to (%v), so nothing was started and nothing was changed. Give the data folder and all in it to the user that runs the server, and see that the disk is mounted and well. "+
		"If the file stays unreadable, restore the newest backup into another folder", u.Path, u.Why)
}

// Unwrap gives out what the system said.
func (u *Unreadable) Unwrap() error { return u.Why }

// CheckReadable returns an error, *Unreadable, if some file of the streams in the data folder of
// a stopped server can't be read and written to. It changes nothing.
func CheckReadable(dir string) error {
	streams, err := os.ReadDir(streamsFolder(dir))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &Unreadable{streamsFolder(dir), bare(err)}
	}
	for _, s := range streams {
		left := int64(mostRead)
		if err := checkReadable(filepath.Join(streamsFolder(dir), s.Name()), &left); err != nil {
			return err
		}
	}
	return nil
}

// checkReadable checks a file, or a folder and all in it. Left is how many bytes are read yet.
func checkReadable(path string, left *int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return &Unreadable{path, bare(err)}
	}
	if info.Mode().IsRegular() {
		return checkFileReadable(path, left)
	}
	if !info.IsDir() {
		return &Unreadable{path, errors.New("it is no file")}
	}
	if filepath.Ext(path) == ".blk" {
		return &Unreadable{path, errors.New("a folder lies where a file is needed")}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return &Unreadable{path, bare(err)}
	}
	for _, e := range slices.Backward(entries) {
		if err := checkReadable(filepath.Join(path, e.Name()), left); err != nil {
			return err
		}
	}
	return nil
}

func checkFileReadable(path string, left *int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return &Unreadable{path, bare(err)}
	}
	defer f.Close()
	n, err := io.CopyN(io.Discard, f, *left)
	if *left -= n; err != nil && err != io.EOF {
		return &Unreadable{path, bare(err)}
	}
	return nil
}

// bare is what the system said, in words and without the path.
func bare(err error) error {
	if of := new(fs.PathError); errors.As(err, &of) {
		err = of.Err
	}
	return InWords(err)
}
