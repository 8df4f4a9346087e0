package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"goldenthread/eventstore/shared"
	"goldenthread/eventstore/stream"
)

// Files are the names of the files that say who gets in, and of the sign-in log: in a
// backup, which has the lists that the nodes share as such files, and in data folders from
// before November 2026. They come back from a backup only if it was made with the key of
// backups.
func Files() []string {
	return []string{operatorFile, tokensFile, passkeysFile, sessionsFile, invitationsFile, lettersFile, feedKeysFile, accountsFile, journalFile}
}

// Passing are the names of the lists that the nodes share and no backup has: all in them
// ends within half an hour.
func Passing() []string { return []string{answeredList, statementsList, firstList} }

// Credentials are what says who gets in, as files by name, for a backup.
func (s *ways) Credentials() (map[string][]byte, error) {
	lists := []listed{s.tokens.Tokens, s.FeedKeys.Keys}
	if in := s.SignIn; in != nil {
		lists = append(lists, in.Passkeys.Accounts, in.Sessions.Kept, in.Invitations.Made, in.letters, in.Accounts.Known, in.journal)
	}
	b, err := os.ReadFile(s.tokens.OperatorFile())
	if err != nil {
		return nil, err
	}
	found := map[string][]byte{operatorFile: b}
	for _, l := range lists {
		name, b, err := l.asFile()
		if err != nil {
			return nil, err
		}
		if len(b) > 0 {
			found[name] = b
		}
	}
	return found, nil
}

// logEnding is of files with an object on each line.
const logEnding = ".log"

// A listed list can be written down as the file that it once was.
type listed interface {
	asFile() (name string, b []byte, err error)
}

// A kept list is shared by all nodes (package shared), each of which has it in memory. It
// is safe for concurrent use. What it gives out must not be changed.
type kept[T any] struct {
	records *shared.Records
	file    string                 // that it once was, and is in a backup
	key     func(*T) string        // letters, digits, - and _; unique
	lasts   func(*T) time.Duration // after which it is gone by itself, if it is more than 0; nil: never

	mu  sync.RWMutex
	All []T            // in the order in which they were written first
	by  map[string]int // place in All, by key

	dropped func() // called after a key went off the list; nil: nobody is told
}

// openKept is the list of that file's name.
func openKept[T any](r *shared.Records, file string, key func(*T) string, lasts func(*T) time.Duration) *kept[T] {
	k := &kept[T]{records: r, file: file, key: key, lasts: lasts, by: map[string]int{}}
	r.Follow(k.name(), k.take)
	return k
}

// name is the list's among the shared records.
func (k *kept[T]) name() string { return strings.TrimSuffix(k.file, filepath.Ext(k.file)) }

// take takes in what a node has written. What can't be read is left out: it lets nobody in.
func (k *kept[T]) take(written []shared.Record) {
	gone := false
	defer func() {
		if gone && k.dropped != nil {
			k.dropped()
		}
	}()
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range written {
		key := written[i].Key
		at, there := k.by[key]
		var one T
		switch readable := written[i].Value != nil && json.Unmarshal(written[i].Value, &one) == nil && k.key(&one) == key; {
		case readable && there:
			k.All[at] = one
		case readable:
			k.by[key] = len(k.All)
			k.All = append(k.All, one)
		case there:
			gone = true
			k.All = slices.Delete(slices.Clone(k.All), at, at+1)
			for key, i := range k.by {
				if i > at {
					k.by[key] = i - 1
				}
			}
			delete(k.by, key)
		}
	}
}

// inOneWord is a key of several parts.
func inOneWord(parts ...string) string { return HashOf(strings.Join(parts, "\x00")) }

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

// change puts in place of the list what f makes of a copy of it, at all nodes. If f or the
// stream says no, everything stays as it was. f is asked again if another node was quicker.
func (k *kept[T]) change(f func([]T) ([]T, error)) error {
	return k.records.Write(k.name(), func() ([]shared.Record, error) {
		before := k.those(func(*T) bool { return true })
		after, err := f(slices.Clone(before))
		if err != nil {
			return nil, err
		}
		return k.differences(before, after)
	})
}

// differences are what must be written so that the one list becomes the other.
func (k *kept[T]) differences(before, after []T) (all []shared.Record, err error) {
	was, is := make(map[string]*T, len(before)), make(map[string]bool, len(after))
	for i := range before {
		was[k.key(&before[i])] = &before[i]
	}
	for i := range after {
		key := k.key(&after[i])
		if is[key] = true; was[key] != nil && reflect.DeepEqual(was[key], &after[i]) {
			continue
		}
		one, err := k.record(&after[i])
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	for key := range was {
		if !is[key] {
			all = append(all, shared.Record{Key: key})
		}
	}
	return all, nil
}

func (k *kept[T]) record(one *T) (shared.Record, error) {
	b, err := json.Marshal(one, json.Deterministic(true))
	r := shared.Record{Key: k.key(one), Value: b}
	if k.lasts != nil {
		r.Lasts = max(k.lasts(one), time.Second)
	}
	return r, err
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

// asFile is the list as the file that it is in a backup; no bytes for an empty one.
func (k *kept[T]) asFile() (string, []byte, error) {
	all := k.those(func(*T) bool { return true })
	if len(all) == 0 {
		return k.file, nil, nil
	}
	if filepath.Ext(k.file) != logEnding {
		b, err := json.Marshal(all, jsontext.WithIndent("  "), json.Deterministic(true))
		return k.file, append(b, '\n'), err
	}
	var lines []byte
	for i := range all {
		b, err := json.Marshal(&all[i], json.Deterministic(true))
		if err != nil {
			return k.file, nil, err
		}
		lines = append(append(lines, b...), '\n')
	}
	return k.file, lines, nil
}

// bring takes in the file of that list in the data folder, which a backup or an earlier
// version has left there, and removes it. join makes one of the one that is there already
// and the one in the file; nil: what is there stays. fit refuses, or corrects, a line.
func (k *kept[T]) bring(dir string, fit func(*T) error, join func(there, brought T) T) error {
	file := filepath.Join(dir, k.file)
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var brought []T
	if err == nil {
		brought, err = k.readFile(b)
	}
	for i := range brought {
		if fit != nil && err == nil {
			err = fit(&brought[i])
		}
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	err = k.change(func(all []T) ([]T, error) {
		for _, one := range brought {
			at := slices.IndexFunc(all, func(o T) bool { return k.key(&o) == k.key(&one) })
			switch {
			case k.lasts != nil && k.lasts(&one) <= 0: // it is over
			case at < 0:
				all = append(all, one)
			case join != nil:
				all[at] = join(all[at], one)
			}
		}
		return all, nil
	})
	if err != nil {
		return fmt.Errorf("take in %s: %w", file, err)
	}
	return errors.Join(os.Remove(file), stream.SyncFolder(dir))
}

// readFile reads the list as a file: one JSON array or, of the sign-in log, an object a
// line, of which one that broke off in a crash is left out.
func (k *kept[T]) readFile(b []byte) (all []T, err error) {
	if filepath.Ext(k.file) != logEnding {
		return all, json.Unmarshal(b, &all)
	}
	for line := range bytes.Lines(b) {
		var one T
		if json.Unmarshal(line, &one) == nil {
			all = append(all, one)
		}
	}
	return all, nil
}
