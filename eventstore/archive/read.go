package archive

import (
	"archive/tar"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/shared"
)

// An archive comes from anywhere. Nothing of it is believed before the manifest at its
// end has been held against all that came before it, and nothing is written outside of
// the folder.

// Bounds of what an archive may hold. All its files together are never larger than it.
const (
	mostFiles      = 100_000
	mostName       = 255      // bytes
	mostKeptInside = 64 << 20 // bytes of the manifest, and of the credentials
)

// ErrNotWhole says that something is no archive of this program, or not all of one.
var ErrNotWhole = errors.New("this is not a whole backup")

// A Backup is what an archive was found to hold.
type Backup struct {
	Made   time.Time
	Events map[string]uint64 // how many events each group has, at least
	Files  int
	Bytes  int64

	// Authentic says that the archive was made with the key. Otherwise nobody vouches
	// for who made it, and there are no credentials.
	Authentic   bool
	Credentials map[string][]byte // files of the data folder, by name
}

// Newest is the archive in the folder whose file was written last, by its name's ending
// .tar or .backup; "" if there is none.
func Newest(dir string) (path string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var newest time.Time
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || !slices.Contains([]string{".tar", ".backup"}, filepath.Ext(e.Name())) {
			continue
		}
		if path == "" || info.ModTime().After(newest) {
			path, newest = filepath.Join(dir, e.Name()), info.ModTime()
		}
	}
	return path, nil
}

// Check reads the archive in the file to its end and holds it against its manifest. Errors
// as Unpack. It writes nothing.
func Check(file string, key Key) (*Backup, error) {
	return readFile(file, key, func(_ string, from io.Reader) error {
		_, err := io.Copy(io.Discard, from)
		return err
	})
}

// Unpack writes the files of the streams that are in the archive into the folder, which
// must be empty, and gives back the credentials if the archive was made with that key. The
// error is ErrNotWhole if the archive is cut off, was changed, or has anything that Write
// does not write; whoever asked then empties the folder.
func Unpack(file, dir string, key Key) (*Backup, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return readFile(file, key, func(name string, from io.Reader) error {
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, from)
		return errors.Join(err, f.Sync(), f.Close())
	})
}

// A reader is an archive that is being read.
type reader struct {
	tar   *tar.Reader
	most  int64 // bytes of all files together
	write func(name string, from io.Reader) error

	seen     []listed
	names    map[string]bool // of those seen, in small letters
	bytes    int64
	manifest []byte // nil before it was read
	mac      []byte
	sealed   []byte
}

func readFile(file string, key Key, write func(name string, from io.Reader) error) (*Backup, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file", file)
	}
	r := &reader{tar: tar.NewReader(f), most: info.Size(), write: write, names: map[string]bool{}}
	for err == nil {
		err = r.next()
	}
	if err != io.EOF {
		return nil, notWhole(err)
	}
	return r.judge(key)
}

// notWhole says that the archive is damaged where reading it failed; what the disk says
// stays as it is.
func notWhole(err error) error {
	if of := new(fs.PathError); errors.As(err, &of) || errors.Is(err, ErrNotWhole) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrNotWhole, err)
}

// next reads the next file; io.EOF after the last.
func (r *reader) next() error {
	h, err := r.tar.Next()
	if err != nil {
		return err
	}
	if err := r.check(h); err != nil {
		return fmt.Errorf("%w: %q %w", ErrNotWhole, h.Name, err)
	}
	r.names[strings.ToLower(h.Name)] = true
	hash := sha256.New()
	from := io.TeeReader(r.tar, hash)
	switch h.Name {
	case credentialsFile:
		r.sealed, err = io.ReadAll(from)
	case manifestFile:
		r.manifest, err = io.ReadAll(from)
	case macFile:
		r.mac, err = io.ReadAll(from)
	default:
		err = r.write(h.Name, from)
	}
	if err != nil {
		return err
	}
	if r.bytes += h.Size; r.manifest == nil {
		r.seen = append(r.seen, listed{h.Name, h.Size, hex.EncodeToString(hash.Sum(nil))})
	}
	return nil
}

// check refuses whatever Write does not write: its name, its kind, its size, its place.
func (r *reader) check(h *tar.Header) error {
	last := h.Name == credentialsFile || h.Name == manifestFile || h.Name == macFile
	sparse := func(name string) bool { return strings.HasPrefix(name, "GNU.sparse") }
	switch {
	case strings.Contains(h.Name, "/"+shared.StreamName+"/"), !last && !strings.HasPrefix(h.Name, streamFiles) || !fs.ValidPath(h.Name) || strings.ContainsAny(h.Name, "\\:\x00") || len(h.Name) > mostName:
		return errors.New("is no name that a backup has")
	case h.Typeflag != tar.TypeReg || h.Linkname != "" || slices.ContainsFunc(slices.Collect(maps.Keys(h.PAXRecords)), sparse):
		return errors.New("is not an ordinary file")
	case h.Size > r.most-r.bytes:
		return errors.New("is larger than all that is left of the archive, which is cut off")
	case h.Size < 0 || last && h.Size > mostKeptInside || len(r.seen) >= mostFiles:
		return errors.New("is larger than it can be")
	case r.names[strings.ToLower(h.Name)]:
		return errors.New("is there twice")
	case r.manifest != nil && (h.Name != macFile || r.mac != nil):
		return errors.New("comes after the end")
	case h.Name == macFile && r.manifest == nil:
		return errors.New("comes before the manifest")
	}
	return nil
}

// judge holds the archive against its manifest.
func (r *reader) judge(key Key) (*Backup, error) {
	if r.manifest == nil {
		return nil, fmt.Errorf("%w: it has no manifest at its end, so it is cut off, or an earlier version made it (restore it with that one)", ErrNotWhole)
	}
	if (r.mac == nil) != (r.sealed == nil) {
		return nil, fmt.Errorf("%w: its manifest has no HMAC behind it, so it is cut off", ErrNotWhole)
	}
	var m manifest
	if err := json.Unmarshal(r.manifest, &m, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("%w: its manifest: %w", ErrNotWhole, err)
	}
	if m.Format != format {
		return nil, fmt.Errorf("%w: its manifest is of the form %q, and %q is read here", ErrNotWhole, m.Format, format)
	}
	if !slices.Equal(m.Files, r.seen) {
		return nil, fmt.Errorf("%w: its manifest lists %d files with their hashes, and those in it are others", ErrNotWhole, len(m.Files))
	}
	b := &Backup{Made: m.Made, Events: m.Events, Files: len(m.Files), Bytes: r.bytes}
	if key == nil || r.mac == nil {
		return b, nil
	}
	mac, err := key.authenticates(r.manifest)
	if err != nil {
		return nil, err
	}
	said, err := hex.DecodeString(string(bytes.TrimSpace(r.mac)))
	if err != nil || !hmac.Equal(mac, said) {
		return b, nil
	}
	b.Authentic = true
	return b, r.openCredentials(key, b)
}

func (r *reader) openCredentials(key Key, b *Backup) error {
	under, err := key.derived("credentials")
	if err != nil {
		return err
	}
	plain, err := keys.Unseal(under, credentialsFile, r.sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, &b.Credentials)
}
