package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Files are the names of the files in a data folder that say who gets in, and of the
// sign-in log. They come back from a backup only if it was made with the key of backups.
func Files() []string {
	return []string{operatorFile, tokensFile, passkeysFile, sessionsFile, invitationsFile, feedKeysFile, accountsFile, journalFile}
}

// Credentials are the files of this server that say who gets in, by name, for a backup.
func (s *Identity) Credentials() (map[string][]byte, error) {
	found := map[string][]byte{}
	for _, name := range Files() {
		b, err := os.ReadFile(filepath.Join(s.tokens.Dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found[name] = b
	}
	return found, nil
}

// A kept list lies in a file that its owner alone reads, and is written as a
// whole: after a crash the file is the old list or the new one. It is safe for
// concurrent use. What it gives out must not be changed.
type kept[T any] struct {
	file string
	key  func(*T) string // by which get finds; nil: by none
	mu   sync.RWMutex
	All  []T
	by   map[string]int // place in all, by key

	dropped func() // called after a key went off the list; nil: nobody is told
}

// openKept reads the list; no file is an empty list. Keys are unique.
func openKept[T any](file string, key func(*T) string) (*kept[T], error) {
	k := &kept[T]{file: file, key: key}
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &k.All)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	k.index()
	return k, nil
}

func (k *kept[T]) index() {
	if k.key == nil {
		return
	}
	k.by = make(map[string]int, len(k.All))
	for i := range k.All {
		k.by[k.key(&k.All[i])] = i
	}
}

// get gives the one with that key.
func (k *kept[T]) get(key string) (T, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if i, ok := k.by[key]; ok {
		return k.All[i], true
	}
	var none T
	return none, false
}

// find gives the first that fits.
func (k *kept[T]) find(fits func(*T) bool) (T, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for i := range k.All {
		if fits(&k.All[i]) {
			return k.All[i], true
		}
	}
	var none T
	return none, false
}

// those gives all that fit.
func (k *kept[T]) those(fit func(*T) bool) []T {
	k.mu.RLock()
	defer k.mu.RUnlock()
	var found []T
	for i := range k.All {
		if fit(&k.All[i]) {
			found = append(found, k.All[i])
		}
	}
	return found
}

// change puts in place of the list what f makes of a copy of it. If f or the
// disk says no, everything stays as it was.
func (k *kept[T]) change(f func([]T) ([]T, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	all, err := f(slices.Clone(k.All))
	if err != nil {
		return err
	}
	b, err := json.Marshal(all, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return err
	}
	if err := writeFile(k.file, append(b, '\n')); err != nil {
		return fmt.Errorf("write %s: %w", k.file, err)
	}
	before := k.by
	k.All = all
	k.index()
	if k.dropped == nil {
		return nil
	}
	for key := range before {
		if _, still := k.by[key]; !still {
			k.dropped()
			break
		}
	}
	return nil
}

// Add puts one more on the list.
func (k *kept[T]) Add(one T) error {
	return k.change(func(all []T) ([]T, error) { return append(all, one), nil })
}

// drop takes those that fit off the list.
func (k *kept[T]) drop(fit func(*T) bool) error {
	return k.change(func(all []T) ([]T, error) {
		return slices.DeleteFunc(all, func(one T) bool { return fit(&one) }), nil
	})
}

// writeFile replaces the file as a whole: whoever reads it after a power cut
// finds the old or the new one.
func writeFile(name string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(name))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
