package archive

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"

	"goldenthread/eventstore/stream"
)

const keyBytes = 32

// A Key authenticates backups, and seals the credentials in them. It is kept apart from
// them. Nil is no key.
type Key []byte

// ReadKey reads a key from its file; fs.ErrNotExist if there is none.
func ReadKey(path string) (Key, error) {
	b, err := stream.ReadFile(path)
	switch {
	case err == nil && len(b) != keyBytes:
		err = fmt.Errorf("%s must hold %d bytes; put back its copy", path, keyBytes)
	case bytes.Equal(b, make([]byte, keyBytes)): // as a power cut may leave a file, and as anybody could guess it
		err = fmt.Errorf("%s holds nothing but zeros; put back its copy", path)
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// OpenKey reads a key from its file, which is made if there is none: on disk, and readable
// by its owner alone, before it is used.
func OpenKey(path string) (Key, error) {
	k, err := ReadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	k = make(Key, keyBytes)
	rand.Read(k)
	if err := stream.WriteFile(path, k, 0o600); err != nil {
		return nil, fmt.Errorf("write the key of backups: %w", err)
	}
	return k, nil
}

// derived is a key for one purpose (HKDF-SHA-256).
func (k Key) derived(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k, nil, "goldenthread backup "+purpose+" v1", keyBytes)
}

// authenticates is the HMAC-SHA-256 of a manifest.
func (k Key) authenticates(manifest []byte) ([]byte, error) {
	key, err := k.derived("manifest")
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(manifest)
	return mac.Sum(nil), nil
}
