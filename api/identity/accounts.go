package identity

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"

	"goldenthread/api/operation"
	"goldenthread/eventstore/stream"

	"github.com/go-json-experiment/json"
)

// A Holder says whose an account is: by its subject, which never changes, or
// by its verified address. It says nothing of what they may do.
type Holder struct {
	Subject string `json:"subject,omitempty"`
	Email   string `json:"email,omitempty"`
	Group   string `json:"group"`
	Person  string `json:"person"` // handle or id
}

// id changes when anything of it does.
func (h *Holder) id() string {
	return HashOf(strings.Join([]string{h.Subject, h.Email, h.Group, h.Person}, "\x00"))
}

func (h *Holder) check() error {
	if (h.Subject == "") == (h.Email == "") || h.Group == "" || h.Person == "" {
		return errors.New("each line has a subject or an email, a group and a person")
	}
	return nil
}

// whose finds whose account it is. The subject comes first: an address can be
// given to somebody else.
func whose(all []Holder, subject, email string) (Holder, bool) {
	for _, h := range all {
		if h.Subject != "" && h.Subject == subject {
			return h, true
		}
	}
	for _, h := range all {
		if h.Email != "" && lower(h.Email) == lower(email) {
			return h, true
		}
	}
	return Holder{}, false
}

// lower makes small letters of A to Z alone: other alphabets have letters that
// would become the same.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// holders are the operator's file of whose account is whose. It is read again
// when it has changed; while it can't be read nobody is signed in by it.
type holders struct {
	file string
	mu   sync.Mutex
	info fs.FileInfo
	all  []Holder
}

func (f *holders) read() ([]Holder, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.file)
	if err != nil {
		return nil, err
	}
	if f.info != nil && os.SameFile(info, f.info) && info.ModTime().Equal(f.info.ModTime()) && info.Size() == f.info.Size() && info.Mode() == f.info.Mode() {
		return f.all, nil
	}
	b, err := stream.ReadSecretFile(f.file)
	if err != nil {
		return nil, err
	}
	var all []Holder
	if err := json.Unmarshal(b, &all, operation.Strictly); err != nil {
		return nil, fmt.Errorf("read %s: %w", f.file, err)
	}
	for i, h := range all {
		err := h.check()
		if _, twice := whose(all[:i], h.Subject, h.Email); twice {
			err = errors.New("it is there twice")
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: account %d: %w", f.file, i+1, err)
		}
	}
	f.info, f.all = info, all
	return all, nil
}

// has says whether the holder of that id is still there.
func (f *holders) has(id string) bool {
	all, err := f.read()
	if err != nil {
		return false
	}
	for _, h := range all {
		if h.id() == id {
			return true
		}
	}
	return false
}
