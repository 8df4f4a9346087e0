package setup

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"goldenthread/api/problem"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/eventstore"
	"goldenthread/eventstore/stream"
)

// A Draft is a group that is being set up: what was typed on each page, as it was typed, so
// that nothing is lost that can't be read yet. It is in no ledger until it is founded.
type Draft struct {
	ID      string                   `json:"id"` // a UUID, and the id of the command that founds
	Changed time.Time                `json:"changed"`
	Typed   map[string]url.Values    `json:"typed"`           // by name of the page; a page that was not saved is not there
	Listed  []domain.OrganisationRow `json:"listed,omitzero"` // practices and PCNs that were taken from official lists
	Table   map[string][]string      `json:"told,omitzero"`   // by name of the page: what became of a table, in sentences, until it is saved

	Evidence []domain.ProofFile `json:"evidence,omitzero"` // files that show what stood before, each kept sealed beside the draft
}

// Name is what the draft is called, for whoever sets it up.
func (d *Draft) Name() string {
	return cmp.Or(strings.TrimSpace(d.Typed["group"].Get("name")), "A group without a name yet")
}

// draftsFolder is where drafts lie in the data folder, each sealed in a file of its own.
const draftsFolder = "set-up"

const mostDrafts = 20

// drafts are those of one server. They are safe for concurrent use.
type drafts struct {
	dir   string
	store *eventstore.Store
	clock func() time.Time
	mu    sync.Mutex
}

var errNoDraft = problem.New(http.StatusNotFound, "This group is not being set up here: it has been founded, or given up.")

func (s *drafts) file(id string) string { return filepath.Join(s.dir, draftsFolder, id) }

// read is the draft of that id.
func (s *drafts) read(ctx context.Context, id string) (*Draft, error) {
	if known, err := uuid.Parse(id); err != nil || known.String() != id {
		return nil, errNoDraft
	}
	sealed, err := os.ReadFile(s.file(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoDraft
	}
	if err != nil {
		return nil, err
	}
	plain, err := s.store.OpenDraft(ctx, id, sealed)
	if err != nil {
		return nil, err
	}
	d := &Draft{}
	if err := json.Unmarshal(plain, d); err != nil {
		return nil, err
	}
	if d.Typed == nil {
		d.Typed = map[string]url.Values{}
	}
	if bodies, apart := d.Typed["bodies"]; apart { // as releases before had them, on a page of their own
		delete(d.Typed, "bodies")
		if d.Typed[practicesPage] == nil {
			d.Typed[practicesPage] = url.Values{}
		}
		maps.Copy(d.Typed[practicesPage], bodies)
	}
	return d, nil
}

// write keeps the draft. Whoever reads its file finds the old or the new one, sealed.
func (s *drafts) write(ctx context.Context, d *Draft) error {
	d.Changed = s.clock().UTC().Truncate(time.Second)
	plain, err := json.Marshal(d)
	if err != nil {
		return problem.New(http.StatusBadRequest, "What was typed is no plain text.")
	}
	sealed, err := s.store.SealDraft(ctx, d.ID, plain)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.file(d.ID)), 0o700); err != nil {
		return err
	}
	return stream.WriteFile(s.file(d.ID), sealed, 0o600)
}

// begin is a new draft.
func (s *drafts) begin(ctx context.Context) (*Draft, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all, err := s.all(ctx); err != nil || len(all) >= mostDrafts {
		return nil, cmp.Or(err, error(problem.NotNow("F1", "%d groups are being set up already. Go on with one of them, or give one up.", len(all))))
	}
	d := &Draft{ID: uuid.NewString(), Typed: map[string]url.Values{}}
	return d, s.write(ctx, d)
}

// change changes the draft of that id.
func (s *drafts) change(ctx context.Context, id string, f func(*Draft)) (*Draft, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, err := s.read(ctx, id)
	if err != nil {
		return nil, err
	}
	f(d)
	return d, s.write(ctx, d)
}

// drop gives the draft up: its files go, and the key that opened them.
func (s *drafts) drop(ctx context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	evidence, err := filepath.Glob(s.evidenceFile(id, "*"))
	if err != nil {
		return err
	}
	for _, file := range append(evidence, s.listsFile(id), s.file(id)) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return s.store.DropDraft(ctx, id)
}

// all are the drafts that can be read, newest first.
func (s *drafts) all(ctx context.Context) ([]*Draft, error) {
	found, err := os.ReadDir(filepath.Join(s.dir, draftsFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []*Draft
	for _, f := range found {
		if d, err := s.read(ctx, f.Name()); err == nil {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *Draft) int { return cmp.Or(b.Changed.Compare(a.Changed), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// said is what was typed in the field of that page, without spaces around it.
func (d *Draft) said(page, field string) string {
	return strings.TrimSpace(strings.ReplaceAll(d.Typed[page].Get(field), "\r\n", "\n"))
}

// rows are the indexes of the rows of a grid in which anything was typed.
func (d *Draft) rows(page, grid string, fields ...string) []int {
	var all []int
	for i := range rowsIn(d.Typed[page], grid) {
		if slices.ContainsFunc(fields, func(f string) bool { return d.said(page, rowField(grid, i, f)) != "" }) {
			all = append(all, i)
		}
	}
	return all
}

func rowField(grid string, row int, field string) string {
	return grid + "-" + strconv.Itoa(row) + "-" + field
}

const mostGridRows = 200

// rowsIn is how many rows of the grid were typed, empty ones among them.
func rowsIn(typed url.Values, grid string) int {
	n := 0
	for name := range typed {
		rest, ok := strings.CutPrefix(name, grid+"-")
		if !ok {
			continue
		}
		index, _, _ := strings.Cut(rest, "-")
		if i, err := strconv.Atoi(index); err == nil && i >= n && i < mostGridRows {
			n = i + 1
		}
	}
	return n
}

// fill fills the pieces in with what was typed, or leaves what is suggested where the page
// was not saved yet.
func (d *Draft) fill(page string, parts []web.Piece) {
	typed, saved := d.Typed[page]
	if !saved {
		return
	}
	for i := range parts {
		p := &parts[i]
		if p.Type == "files" {
			continue // a browser lets only its user choose files
		}
		if p.Rows != nil {
			for j := range p.Rows {
				d.fill(page, p.Rows[j].Parts)
			}
			continue
		}
		if page != "words" || typed.Get(p.Name) != "" { // words that nobody changed follow the answers
			p.Values = slices.Clone(typed[p.Name])
		}
	}
}
