package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"goldenthread/api/caller"
	"goldenthread/api/problem"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/stream"
)

const (
	tokensFile   = "tokens.json"
	operatorFile = "operator-token"
	tokenPrefix  = "gt_"
	mostTokens   = 50        // of one person
	useWritten   = time.Hour // how old the last use that was noted may be
	defaultDays  = 365       // of a token, where nothing is said
	mostDays     = 2 * 365
)

// Tokens are the bearer tokens, of which the nodes share only the SHA-256 hashes, and the
// operator's own token: a file in the data folder that its owner alone reads, the same at
// every node.
type Tokens struct {
	Dir      string
	operator string
	Tokens   *kept[HeldToken]

	operatorHash string
}

// A HeldToken is one of the list. One without id, name and scope is from before
// there were any: it is called after its hash, and may act.
type HeldToken struct {
	ID      string       `json:"id"`
	Hash    string       `json:"hash"` // SHA-256 of the token, hexadecimal
	Group   string       `json:"group"`
	Person  string       `json:"person"`
	Name    string       `json:"name"`
	Scope   caller.Scope `json:"scope"`
	Issued  time.Time    `json:"issued"`
	Expires time.Time    `json:"expires,omitzero"` // none: never
	Used    time.Time    `json:"used,omitzero"`    // last, to the hour
}

// OpenTokens reads the tokens. The first time it makes the operator's token and writes it
// to the file operator-token in the data folder.
func OpenTokens(ctx context.Context, store *eventstore.Store) (*Tokens, error) {
	records, err := store.Shared(ctx)
	if err != nil {
		return nil, err
	}
	t := &Tokens{Dir: store.Dir(), Tokens: openKept(records, tokensFile, func(k *HeldToken) string { return k.Hash }, nil)}
	if err := t.readOperator(); err != nil {
		return nil, err
	}
	return t, t.Tokens.bring(t.Dir, (*HeldToken).correct, nil)
}

func (t *Tokens) readOperator() (err error) {
	if t.operator, err = openToken(t.OperatorFile(), os.ReadFile); err != nil {
		return fmt.Errorf("the operator's token: %w", err)
	}
	t.operatorHash = HashOf(t.operator)
	return nil
}

// openToken is the token that the file holds, as read reads it; where there is no file it
// makes both.
func openToken(file string, read func(string) ([]byte, error)) (string, error) {
	b, err := read(file)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(newToken() + "\n")
		err = stream.WriteFile(file, b, 0o600)
	}
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(b))
	if len(token) < len(tokenPrefix)+32 || !strings.HasPrefix(token, tokenPrefix) {
		return "", fmt.Errorf("%s holds no token; delete it, and the next start makes a new one", file)
	}
	return token, nil
}

// OpenMetricsToken is the token in the file, which lets whoever sends it read the metrics and
// nothing else. It is made, with the file, where there is none. A file that everybody on this
// machine can read is refused.
func OpenMetricsToken(file string) (string, error) { return openToken(file, stream.ReadSecretFile) }

// correct gives a token from before there were names and scopes its own, and refuses one
// that makes no sense.
func (k *HeldToken) correct() error {
	hash, err := hex.DecodeString(k.Hash)
	if err != nil || len(hash) != sha256.Size || k.Group == "" || k.Person == "" || k.Scope != "" && !k.Scope.Known() {
		return errors.New("a token in it makes no sense: the file is damaged")
	}
	if k.ID == "" {
		k.ID, k.Name, k.Scope = k.Hash[:8], "issued "+k.Issued.Format(time.DateOnly), caller.ScopeAct
	}
	return nil
}

// Operator is the operator's token.
func (t *Tokens) Operator() string { return t.operator }

// OperatorFile is where the operator's token lies.
func (t *Tokens) OperatorFile() string { return filepath.Join(t.Dir, operatorFile) }

// Issue makes a token for a person of a group that may act and has no end. It
// is shown this once; only its hash is kept.
func (t *Tokens) Issue(group, person string) (string, error) {
	now := time.Now().UTC().Truncate(time.Second)
	return t.make(HeldToken{Group: group, Person: person, Name: "issued " + now.Format(time.DateOnly), Scope: caller.ScopeAct, Issued: now})
}

// make keeps the token under a new hash, and gives the secret.
func (t *Tokens) make(k HeldToken) (string, error) {
	secret := newToken()
	k.Hash = HashOf(secret)
	return secret, t.keep(k)
}

// room refuses one token too many for a person.
func (t *Tokens) room(k *HeldToken) error {
	have := len(t.Tokens.those(func(o *HeldToken) bool { return o.Group == k.Group && o.Person == k.Person }))
	if have >= mostTokens {
		return problem.NotNow("L5", "There are %d tokens for this person already. Please revoke one first.", have)
	}
	return nil
}

// keep keeps the token, under an id made of its hash.
func (t *Tokens) keep(k HeldToken) error {
	if err := t.room(&k); err != nil {
		return err
	}
	k.ID = k.Hash[:8]
	return t.Tokens.Add(k)
}

// of are the tokens that fit, oldest first.
func (t *Tokens) of(fits func(*HeldToken) bool) []HeldToken { return t.Tokens.those(fits) }

// Revoke ends a token that fits; false if there is none.
func (t *Tokens) Revoke(fits func(*HeldToken) bool) (bool, error) {
	if _, ok := t.Tokens.find(fits); !ok {
		return false, nil
	}
	return true, t.Tokens.drop(fits)
}

// Caller finds whoever the token stands for at that moment. Looking up the hash
// of what was sent gives nothing away about the tokens there are.
func (t *Tokens) Caller(secret string, now time.Time) (caller.Caller, bool, error) {
	hash := HashOf(secret)
	if hash == t.operatorHash {
		return caller.Caller{Operator: true, Scope: caller.ScopeAct, Way: domain.ByOperator}, true, nil
	}
	k, ok := t.Tokens.get(hash)
	if !ok || !k.Expires.IsZero() && !now.Before(k.Expires) {
		return caller.Caller{}, false, nil
	}
	var err error
	if now.Sub(k.Used) >= useWritten {
		err = t.used(hash, now)
	}
	return caller.Caller{Group: k.Group, Person: k.Person, Scope: k.Scope, Way: k.way(), Token: k.ID}, true, err
}

// way is the token as the ledger knows it.
func (k *HeldToken) way() domain.Way { return wayOfHash(domain.TokenWay, k.Hash) }

// wayOfHash is the way in of that kind by the hash of its secret, hexadecimal.
func wayOfHash(kind domain.WayKind, hash string) domain.Way {
	var sum [sha256.Size]byte
	if n, err := hex.Decode(sum[:], []byte(hash)); err != nil || n != len(sum) {
		return "" // no token or invitation is made like that
	}
	return domain.WayOf(kind, sum)
}

// inForce says whether there is still a token of that id.
func (t *Tokens) inForce(id string, now time.Time) bool {
	_, ok := t.Tokens.find(func(k *HeldToken) bool { return k.ID == id && (k.Expires.IsZero() || now.Before(k.Expires)) })
	return ok
}

func (t *Tokens) used(hash string, now time.Time) error {
	return t.Tokens.change(func(all []HeldToken) ([]HeldToken, error) {
		for i := range all {
			if all[i].Hash == hash {
				all[i].Used = now.UTC().Truncate(useWritten)
			}
		}
		return all, nil
	})
}

func newToken() string {
	var b [32]byte
	rand.Read(b[:]) // never fails
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// HashOf is the SHA-256 of a secret, hexadecimal.
func HashOf(secret string) string {
	hash := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(hash[:])
}
