package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"goldenthread/eventstore/keys"
	"goldenthread/eventstore/stream"
)

// The files of an archive, in this order: those of the streams; the credentials; the
// manifest, which lists all before it; its HMAC-SHA-256. Without a key there are neither
// credentials nor HMAC.
const (
	format          = "goldenthread backup v1"
	streamFiles     = stream.Folder + "/" // begins the names of the first
	credentialsFile = "credentials.sealed"
	manifestFile    = "manifest.json"
	macFile         = "manifest.hmac"
)

// A manifest says what is in an archive.
type manifest struct {
	Format string            `json:"format"`
	Made   time.Time         `json:"made"`
	Events map[string]uint64 `json:"events"` // of each group, at least
	Files  []listed          `json:"files"`
}

// A listed file is a line of the manifest.
type listed struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`   // bytes
	SHA256 string `json:"sha256"` // hexadecimal
}

// Contents are what goes into an archive.
type Contents struct {
	Made        time.Time
	Events      map[string]uint64 // how many events each group has in the streams, at least
	Key         Key               // nil: no credentials, and nothing vouches for the archive
	Credentials map[string][]byte // files of the data folder, by name
}

// Write writes an archive of the files of the streams, which are a folder of their own, and
// of the contents.
func Write(w io.Writer, streams fs.FS, c Contents) error {
	a := &writer{tar: tar.NewWriter(w), manifest: manifest{Format: format, Made: c.Made.UTC().Truncate(time.Second), Events: c.Events}}
	err := fs.WalkDir(streams, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := streams.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		return a.add(name, info.Size(), f)
	})
	if err != nil {
		return err
	}
	return errors.Join(a.end(&c), a.tar.Close())
}

type writer struct {
	tar      *tar.Writer
	manifest manifest
}

// add writes a file, and lists it.
func (a *writer) add(name string, size int64, from io.Reader) error {
	if err := a.tar.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	hash := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(a.tar, hash), from, size); err != nil {
		return err
	}
	a.manifest.Files = append(a.manifest.Files, listed{name, size, hex.EncodeToString(hash.Sum(nil))})
	return nil
}

func (a *writer) addBytes(name string, b []byte) error {
	return a.add(name, int64(len(b)), bytes.NewReader(b))
}

// end writes what comes behind the files of the streams.
func (a *writer) end(c *Contents) error {
	if c.Key != nil {
		sealed, err := sealCredentials(c.Key, c.Credentials)
		if err == nil {
			err = a.addBytes(credentialsFile, sealed)
		}
		if err != nil {
			return err
		}
	}
	said, err := json.Marshal(a.manifest, json.Deterministic(true), jsontext.WithIndent(" "))
	if err == nil {
		err = a.addBytes(manifestFile, said)
	}
	if err != nil || c.Key == nil {
		return err
	}
	mac, err := c.Key.authenticates(said)
	if err != nil {
		return err
	}
	return a.addBytes(macFile, []byte(hex.EncodeToString(mac)))
}

func sealCredentials(key Key, files map[string][]byte) ([]byte, error) {
	plain, err := json.Marshal(files, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	under, err := key.derived("credentials")
	if err != nil {
		return nil, err
	}
	return keys.Seal(under, credentialsFile, plain)
}
