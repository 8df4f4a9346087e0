package logs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"goldenthread/eventstore/stream"
	"goldenthread/eventstore/tilelog"
)

// Rule kept here: L9. The keys that sign the logs lie in one file of the data
// folder, never in NATS, one key on a line, each with the installation's name:
// copying the file to another node lets that one sign the same logs. It is
// backed up apart, like the wrapping key.
//
// A key is changed in two steps, each with the server stopped. AddSigningKey
// adds a new key: both sign, and at its start the server records in every
// group's ledger that they do (log.rekeyed.v1), so that whoever trusts the old
// key learns of the new one by what the old one signed. Once everybody who
// checks the logs has taken over the new verifier keys, RetireSigningKey takes
// the old one away, which is recorded likewise.

// SigningFile is the file of the data folder with the keys that sign.
const SigningFile = "signing.key"

const logRoot = "goldenthread.local/"

var installationName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,58}[a-z0-9])?$`)

// errNoSigningKey says that the file isn't there, though logs have been signed.
var errNoSigningKey = errors.New(SigningFile + " is missing from the data folder: copy it from another node or from its backup, or the logs can't be signed")

// ReadSigning reads the keys that sign in a data folder, the oldest first.
func ReadSigning(dir string) ([]tilelog.Key, error) {
	path := filepath.Join(dir, SigningFile)
	text, err := stream.ReadFile(path)
	if err != nil {
		return nil, err
	}
	keys, err := tilelog.ParseKeys(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; restore it from its backup", path, err)
	}
	return keys, nil
}

func writeSigning(dir string, keys []tilelog.Key) error {
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(k.String() + "\n")
	}
	if err := stream.WriteFile(filepath.Join(dir, SigningFile), []byte(text.String()), 0o600); err != nil {
		return fmt.Errorf("write the signing keys: %w", err)
	}
	return nil
}

// openSigning reads the signing keys. Where nothing was ever signed it makes
// one, for the installation of that name, or of a random one.
func openSigning(dir, installation string, signed bool) ([]tilelog.Key, error) {
	if installation != "" && !installationName.MatchString(installation) {
		return nil, fmt.Errorf("%q can't be an installation's name: use up to 60 small letters, digits, points and hyphens", installation)
	}
	keys, err := ReadSigning(dir)
	switch {
	case errors.Is(err, os.ErrNotExist) && signed:
		return nil, errNoSigningKey
	case errors.Is(err, os.ErrNotExist):
		if installation == "" {
			installation = uuid.NewString()
		}
		k, err := tilelog.NewKey(logRoot + installation)
		if err != nil {
			return nil, err
		}
		keys = []tilelog.Key{k}
		return keys, writeSigning(dir, keys)
	case err != nil:
		return nil, err
	}
	if name := keys[0].Name(); installation != "" && name != logRoot+installation {
		return nil, fmt.Errorf("the logs here are signed as %s and can't be renamed to %s", name, logRoot+installation)
	}
	return keys, nil
}

// AddSigningKey adds a new key to those that sign. The folder's server must be
// stopped; both keys sign from its next start on.
func AddSigningKey(dir string) error {
	return changeSigning(dir, func(keys []tilelog.Key) ([]tilelog.Key, error) {
		k, err := tilelog.NewKey(keys[0].Name())
		return append(keys, k), err
	})
}

// RetireSigningKey takes the oldest key away; the last one stays. The folder's
// server must be stopped.
func RetireSigningKey(dir string) error {
	return changeSigning(dir, func(keys []tilelog.Key) ([]tilelog.Key, error) {
		if len(keys) < 2 {
			return nil, errors.New("there is only one signing key; add a new one first, and let both sign for a while")
		}
		return keys[1:], nil
	})
}

func changeSigning(dir string, change func([]tilelog.Key) ([]tilelog.Key, error)) error {
	if _, err := ReadSigning(dir); err != nil { // locking a folder closes it to others: one without keys is not ours
		return err
	}
	lock, err := stream.LockFolder(dir)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	keys, err := ReadSigning(dir)
	if err != nil {
		return err
	}
	if keys, err = change(keys); err != nil {
		return err
	}
	return writeSigning(dir, keys)
}
