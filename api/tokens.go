package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	tokensFile   = "tokens.json"
	operatorFile = "operator-token"
	tokenPrefix  = "gt_"
)

// A Caller is whoever a token stands for.
type Caller struct {
	Group    string // in which they are somebody; "" for the operator
	Person   string // handle or id
	Operator bool   // runs this server: founds groups and issues tokens, and is nobody's member
}

// Tokens are the bearer tokens of one server: a file that holds only their
// SHA-256 hashes, and the operator's own token in a file beside it, both
// readable by their owner alone. Proper signing in will take its place.
type Tokens struct {
	dir      string
	operator string
	mu       sync.RWMutex
	issued   []issuedToken
	byHash   map[[sha256.Size]byte]Caller
}

type issuedToken struct {
	Hash   string    `json:"hash"` // SHA-256 of the token, hexadecimal
	Group  string    `json:"group"`
	Person string    `json:"person"`
	Issued time.Time `json:"issued"`
}

// OpenTokens reads the tokens in the folder. The first time it makes the
// operator's token and writes it to the file operator-token.
func OpenTokens(dir string) (*Tokens, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	t := &Tokens{dir: dir, byHash: map[[sha256.Size]byte]Caller{}}
	if err := t.readOperator(); err != nil {
		return nil, err
	}
	return t, t.readIssued()
}

func (t *Tokens) readOperator() error {
	b, err := os.ReadFile(t.OperatorFile())
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(newToken() + "\n")
		err = writeFile(t.OperatorFile(), b)
	}
	if err != nil {
		return fmt.Errorf("the operator's token: %w", err)
	}
	t.operator = strings.TrimSpace(string(b))
	if len(t.operator) < len(tokenPrefix)+32 || !strings.HasPrefix(t.operator, tokenPrefix) {
		return fmt.Errorf("%s holds no token; delete it, and the next start makes a new one", t.OperatorFile())
	}
	t.byHash[sha256.Sum256([]byte(t.operator))] = Caller{Operator: true}
	return nil
}

func (t *Tokens) readIssued() error {
	b, err := os.ReadFile(filepath.Join(t.dir, tokensFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(b, &t.issued)
	}
	if err != nil {
		return fmt.Errorf("read the tokens: %w", err)
	}
	for _, i := range t.issued {
		hash, err := hex.DecodeString(i.Hash)
		if err != nil || len(hash) != sha256.Size || i.Group == "" || i.Person == "" {
			return fmt.Errorf("%s is damaged", filepath.Join(t.dir, tokensFile))
		}
		t.byHash[[sha256.Size]byte(hash)] = Caller{Group: i.Group, Person: i.Person}
	}
	return nil
}

// Operator is the operator's token.
func (t *Tokens) Operator() string { return t.operator }

// OperatorFile is where the operator's token lies.
func (t *Tokens) OperatorFile() string { return filepath.Join(t.dir, operatorFile) }

// Issue makes a token for a person of a group. It is shown this once; the file
// has only its hash.
func (t *Tokens) Issue(group, person string) (string, error) {
	token := newToken()
	hash := sha256.Sum256([]byte(token))
	t.mu.Lock()
	defer t.mu.Unlock()
	issued := append(slices.Clip(t.issued), issuedToken{hex.EncodeToString(hash[:]), group, person, time.Now().UTC().Truncate(time.Second)})
	b, err := json.MarshalIndent(issued, "", "  ")
	if err != nil {
		return "", err
	}
	if err := writeFile(filepath.Join(t.dir, tokensFile), append(b, '\n')); err != nil {
		return "", fmt.Errorf("write the tokens: %w", err)
	}
	t.issued = issued
	t.byHash[hash] = Caller{Group: group, Person: person}
	return token, nil
}

// caller finds whoever the token stands for. Looking up the hash of what was
// sent gives nothing away about the tokens there are.
func (t *Tokens) caller(token string) (Caller, bool) {
	hash := sha256.Sum256([]byte(token))
	t.mu.RLock()
	defer t.mu.RUnlock()
	c, ok := t.byHash[hash]
	return c, ok
}

func newToken() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
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
