package eventstore

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"goldenthread/domain"
)

// Rule kept here: L7. A person's name, email and phone are sealed under a
// random key of that person's own. These keys lie in a stream of their own,
// sealed under a wrapping key in a file outside JetStream: without the file the
// stream, its raft logs and its backups say nothing.

const (
	keySize     = 32
	wrapSubject = "wrapping" // of the entry that shows which wrapping key the others need
	wrapProof   = "goldenthread wrapping key"
)

// ErrNoKey says that the person's key is not there: it was never made, or it
// was erased and with it all that it sealed.
var ErrNoKey = errors.New("the key of this person does not exist")

type keyring struct {
	js       jetstream.JetStream
	stream   jetstream.Stream
	wrapping []byte
}

// isID says whether the person is named by id, the only name that keys have.
func isID(person string) bool {
	id, err := uuid.Parse(person)
	return err == nil && id.String() == person
}

func keySubject(person string) string { return "keys." + person }

// openKeys opens the stream of the keys and the wrapping key, which is made
// when there is nothing yet that would need another.
func openKeys(ctx context.Context, js jetstream.JetStream, dir string, replicas int) (*keyring, error) {
	st, err := openStream(ctx, js, keysConfig(replicas))
	if err != nil {
		return nil, err
	}
	k := &keyring{js: js, stream: st}
	proof, err := st.GetLastMsgForSubject(ctx, keySubject(wrapSubject))
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, fmt.Errorf("read the stream of the keys: %w", err)
	}
	path := filepath.Join(dir, "wrapping.key")
	k.wrapping, err = os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist) && proof == nil:
		k.wrapping, err = makeWrapping(path)
	case errors.Is(err, os.ErrNotExist):
		err = fmt.Errorf("%s is missing: copy it from another node or from its backup, or no personal data can be read", path)
	case err == nil && len(k.wrapping) != keySize:
		err = fmt.Errorf("%s must hold %d bytes", path, keySize)
	}
	if err != nil {
		return nil, err
	}
	return k, k.prove(ctx, proof, path)
}

// prove sees to it that all nodes use one wrapping key.
func (k *keyring) prove(ctx context.Context, proof *jetstream.RawStreamMsg, path string) error {
	if proof == nil {
		sealed, err := seal(k.wrapping, wrapSubject, []byte(wrapProof))
		if err != nil {
			return err
		}
		if err = k.create(ctx, wrapSubject, sealed); err == nil {
			return nil
		}
		if proof, err = k.stream.GetLastMsgForSubject(ctx, keySubject(wrapSubject)); err != nil {
			return fmt.Errorf("read the stream of the keys: %w", err)
		}
	}
	if got, err := open(k.wrapping, wrapSubject, proof.Data); err != nil || string(got) != wrapProof {
		return fmt.Errorf("%s is not the key under which the persons' keys are sealed: copy it from another node or from its backup", path)
	}
	return nil
}

// makeWrapping writes a new wrapping key, safe on disk before it is used.
func makeWrapping(path string) ([]byte, error) {
	key := make([]byte, keySize)
	rand.Read(key)
	if err := writeSynced(path, key, 0o600); err != nil {
		return nil, fmt.Errorf("write the wrapping key: %w", err)
	}
	return key, nil
}

// writeSynced puts the file in its place whole, and returns when it is on disk.
func writeSynced(path string, data []byte, mode os.FileMode) error {
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
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// create stores a sealed key, acknowledged, unless there is one.
func (k *keyring) create(ctx context.Context, name string, sealed []byte) error {
	_, err := k.js.Publish(ctx, keySubject(name), sealed,
		jetstream.WithExpectStream(keysName), jetstream.WithExpectLastSequencePerSubject(0))
	return err
}

// find is the person's key; ErrNoKey if there is none.
func (k *keyring) find(ctx context.Context, person string) ([]byte, error) {
	m, err := k.stream.GetLastMsgForSubject(ctx, keySubject(person))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, fmt.Errorf("read the person's key: %w", err)
	}
	return open(k.wrapping, person, m.Data)
}

// findOrMake is the person's key, made and acknowledged if there was none.
func (k *keyring) findOrMake(ctx context.Context, person string) ([]byte, error) {
	key, err := k.find(ctx, person)
	if !errors.Is(err, ErrNoKey) {
		return key, err
	}
	key = make([]byte, keySize)
	rand.Read(key)
	sealed, err := seal(k.wrapping, person, key)
	if err != nil {
		return nil, err
	}
	err = k.create(ctx, person, sealed)
	if err == nil {
		return key, nil
	}
	// Another command was quicker, or the acknowledgement got lost: what is
	// there counts.
	if key, found := k.find(ctx, person); found == nil {
		return key, nil
	}
	return nil, fmt.Errorf("store the person's key: %w", err)
}

// sealPersonal seals the personal data that the request carries and takes it
// out, so that nothing behind this can leak it. A person who is not named by id
// is left to the rules to refuse.
func (k *keyring) sealPersonal(ctx context.Context, req *domain.Request) error {
	for _, p := range req.Personals() {
		data := *p.Data
		*p.Data = domain.PersonalData{}
		if len(*p.Sealed) > 0 && data == (domain.PersonalData{}) {
			continue // sealed before: the request is sent again
		}
		if !isID(p.Person) {
			continue
		}
		key, err := k.findOrMake(ctx, p.Person)
		if err != nil {
			return err
		}
		plain, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("the personal data is not plain text: %w", err)
		}
		if *p.Sealed, err = seal(key, p.Person, plain); err != nil {
			return err
		}
	}
	return nil
}

// OpenPersonal opens what was sealed for the person; ErrNoKey if their key is gone.
func (s *Store) OpenPersonal(person string, sealed []byte) (domain.PersonalData, error) {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	var data domain.PersonalData
	if !isID(person) {
		return data, ErrNoKey
	}
	key, err := s.keys.find(ctx, person)
	if err != nil {
		return data, err
	}
	plain, err := open(key, person, sealed)
	if err != nil {
		return data, err
	}
	err = json.Unmarshal(plain, &data, strict)
	return data, err
}

// What is sealed: a version byte, a random salt, the commitment, and the text
// under AES-256-GCM. Salt and key give, by HKDF-SHA256, a key for this text alone
// (hence the nonce of zeros) and the commitment, without which somebody could make
// a text that opens under two keys. The person's id is bound in as associated data.
const (
	sealVersion = 1
	saltSize    = 32
	commitSize  = 32
	sealedHead  = 1 + saltSize + commitSize
)

var errSealBroken = errors.New("what was sealed does not open with this key")

func seal(key []byte, who string, plain []byte) ([]byte, error) {
	out := make([]byte, 1+saltSize, sealedHead+len(plain)+16)
	out[0] = sealVersion
	rand.Read(out[1:])
	aead, commitment, err := sealer(key, out[1:])
	if err != nil {
		return nil, err
	}
	out = append(out, commitment...)
	return aead.Seal(out, make([]byte, aead.NonceSize()), plain, []byte(who)), nil
}

func open(key []byte, who string, sealed []byte) ([]byte, error) {
	if len(sealed) < sealedHead || sealed[0] != sealVersion {
		return nil, errSealBroken
	}
	aead, commitment, err := sealer(key, sealed[1:1+saltSize])
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(commitment, sealed[1+saltSize:sealedHead]) != 1 {
		return nil, errSealBroken
	}
	plain, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed[sealedHead:], []byte(who))
	if err != nil {
		return nil, errSealBroken
	}
	return plain, nil
}

func sealer(key, salt []byte) (cipher.AEAD, []byte, error) {
	both, err := hkdf.Key(sha256.New, key, salt, "goldenthread seal v1", keySize+commitSize)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(both[:keySize])
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, both[keySize:], err
}
