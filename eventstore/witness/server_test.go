package witness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

const (
	testOrigin = "goldenthread.local/test/trafford"
	testName   = "lmc.example/witness"
)

// A tree is a log in memory. Trees of different salts are different histories.
type tree struct {
	mu     sync.Mutex
	salt   string
	n      int64
	hashes []tlog.Hash
	skey   string
	vkey   string
}

func newTree(t testing.TB, salt string) *tree {
	t.Helper()
	skey, vkey, err := note.GenerateKey(zeros{}, testOrigin)
	require.NoError(t, err)
	return &tree{salt: salt, skey: skey, vkey: vkey}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func (l *tree) ReadHashes(at []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(at))
	for i, n := range at {
		hashes[i] = l.hashes[n]
	}
	return hashes, nil
}

// grow adds events until there are n of them; with another salt a fork begins.
func (l *tree) grow(t testing.TB, n int64) *tree {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; l.n < n; l.n++ {
		stored, err := tlog.StoredHashes(l.n, fmt.Appendf(nil, "%s %d", l.salt, l.n), l)
		require.NoError(t, err)
		l.hashes = append(l.hashes, stored...)
	}
	return l
}

func (l *tree) signed(t testing.TB, n int64) []byte {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	root, err := tlog.TreeHash(n, l)
	require.NoError(t, err)
	signer, err := note.NewSigner(l.skey)
	require.NoError(t, err)
	c, err := note.Sign(&note.Note{Text: torchwood.Checkpoint{Origin: testOrigin, Tree: tlog.Tree{N: n, Hash: root}}.String()}, signer)
	require.NoError(t, err)
	return c
}

func (l *tree) proof(t testing.TB, from, to int64) tlog.TreeProof {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if from == 0 || from == to {
		return nil
	}
	p, err := tlog.ProveTree(to, from, l)
	require.NoError(t, err)
	return p
}

func (l *tree) request(t testing.TB, from, to int64) []byte {
	return request{from, l.proof(t, from, to), l.signed(t, to)}.encode()
}

func openWitness(t testing.TB, dir string, l *tree) *Server {
	t.Helper()
	signer, err := OpenKey(filepath.Join(dir, "key.pem"), testName)
	require.NoError(t, err)
	s, err := Open(dir, signer, []Log{{testOrigin, []string{l.vkey}}}, quiet)
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s
}

func post(s http.Handler, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("POST", "/add-checkpoint", bytes.NewReader(body)))
	return w
}

// requireCosigned checks the answer to a request of which this was the checkpoint.
func requireCosigned(t testing.TB, s *Server, w *httptest.ResponseRecorder, checkpoint []byte) {
	t.Helper()
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	v, err := torchwood.NewCosignatureVerifier(s.VKey())
	require.NoError(t, err)
	n, err := note.Open(append(bytes.Clone(checkpoint), w.Body.Bytes()...), note.VerifierList(v))
	require.NoError(t, err)
	require.Len(t, n.Sigs, 1)
}

func TestAWitnessCosignsGrowthAndNothingElse(t *testing.T) {
	l, fork := newTree(t, "ours").grow(t, 20), newTree(t, "other").grow(t, 20)
	dir := t.TempDir()
	s := openWitness(t, dir, l)
	conflict := func(body []byte, size int) {
		t.Helper()
		w := post(s, body)
		require.Equal(t, http.StatusConflict, w.Code)
		require.Equal(t, "text/x.tlog.size", w.Header().Get("Content-Type"))
		require.Equal(t, fmt.Sprintf("%d\n", size), w.Body.String())
	}
	conflict(l.request(t, 3, 7), 0)
	requireCosigned(t, s, post(s, l.request(t, 0, 7)), l.signed(t, 7))
	conflict(l.request(t, 0, 8), 7)
	requireCosigned(t, s, post(s, l.request(t, 7, 7)), l.signed(t, 7))
	requireCosigned(t, s, post(s, l.request(t, 7, 12)), l.signed(t, 12))
	conflict(l.request(t, 7, 9), 12)
	conflict(fork.request(t, 12, 12), 12)
	require.Equal(t, http.StatusUnprocessableEntity, post(s, fork.request(t, 12, 15)).Code)
	require.Equal(t, http.StatusUnprocessableEntity, post(s, request{12, nil, l.signed(t, 15)}.encode()).Code)
	require.Equal(t, http.StatusUnprocessableEntity, post(s, request{12, l.proof(t, 7, 12), l.signed(t, 12)}.encode()).Code)
	require.Equal(t, http.StatusBadRequest, post(s, request{16, nil, l.signed(t, 15)}.encode()).Code)

	require.NoError(t, s.Close())
	s = openWitness(t, dir, l)
	conflict(fork.request(t, 0, 20), 12)
	requireCosigned(t, s, post(s, l.request(t, 12, 20)), l.signed(t, 20))
	cosigned, ok := s.Cosigned(testOrigin)
	require.True(t, ok)
	require.EqualValues(t, 20, cosigned.N)
}

func TestAWitnessRejects(t *testing.T) {
	l := newTree(t, "ours").grow(t, 5)
	s := openWitness(t, t.TempDir(), l)
	good := string(l.request(t, 0, 5))
	signer, vkey, err := note.GenerateKey(nil, testOrigin)
	require.NoError(t, err)
	stranger := &tree{salt: "ours", skey: signer, vkey: vkey}
	stranger.grow(t, 5)
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"nothing":              {"", http.StatusBadRequest},
		"no old size":          {strings.Replace(good, "old 0", "0", 1), http.StatusBadRequest},
		"a leading zero":       {strings.Replace(good, "old 0", "old 00", 1), http.StatusBadRequest},
		"a negative size":      {strings.Replace(good, "old 0", "old -1", 1), http.StatusBadRequest},
		"a proof that is none": {strings.Replace(good, "old 0\n", "old 0\nabc\n", 1), http.StatusBadRequest},
		"a proof from nothing": {strings.Replace(good, "old 0\n", "old 0\n"+emptyRoot.String()+"\n", 1), http.StatusUnprocessableEntity},
		"too long a proof":     {strings.Replace(good, "old 0\n", "old 0\n"+strings.Repeat(emptyRoot.String()+"\n", 64), 1), http.StatusBadRequest},
		"another log":          {strings.Replace(good, testOrigin+"\n", "elsewhere\n", 1), http.StatusNotFound},
		"no signature":         {good[:strings.LastIndex(good, "—")], http.StatusBadRequest},
		"a broken signature":   {strings.Replace(good, "\n5\n", "\n6\n", 1), http.StatusForbidden},
		"a stranger's key":     {string(stranger.request(t, 0, 5)), http.StatusForbidden},
		"nothing with a root":  {string(request{0, nil, sign(t, l, torchwood.Checkpoint{Origin: testOrigin, Tree: tlog.Tree{Hash: tlog.Hash{1}}}.String())}.encode()), http.StatusUnprocessableEntity},
		"not a checkpoint":     {string(request{0, nil, sign(t, l, testOrigin+"\nfive\n")}.encode()), http.StatusBadRequest},
		"far too long":         {good + strings.Repeat("x", mostRequest), http.StatusRequestEntityTooLarge},
	} {
		w := post(s, []byte(c.body))
		require.Equal(t, c.status, w.Code, "%s: %s", name, w.Body)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/add-checkpoint", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
}

func sign(t testing.TB, l *tree, text string) []byte {
	t.Helper()
	signer, err := note.NewSigner(l.skey)
	require.NoError(t, err)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	require.NoError(t, err)
	return signed
}

// Two histories are pushed by many at once: what is cosigned is one of them.
func TestAWitnessUnderConcurrentRequests(t *testing.T) {
	const size = 40
	trees := []*tree{newTree(t, "ours").grow(t, size), newTree(t, "other").grow(t, size)}
	s := openWitness(t, t.TempDir(), trees[0])
	var mu sync.Mutex
	cosigned := map[int64]map[int]bool{}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for {
				seen, _ := s.Cosigned(testOrigin)
				if seen.N == size {
					return
				}
				to := min(size, seen.N+1+int64(i%3))
				w := post(s, trees[i%2].request(t, seen.N, to))
				if w.Code == http.StatusOK {
					mu.Lock()
					if cosigned[to] == nil {
						cosigned[to] = map[int]bool{}
					}
					cosigned[to][i%2] = true
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	var whose = map[int]bool{}
	for _, by := range cosigned {
		for i := range by {
			whose[i] = true
		}
	}
	require.Len(t, whose, 1, "two histories were cosigned")
}

// What could not be kept is not given out; what was kept and not given out is
// where the witness stands.
func TestAWitnessThatCantKeepDoesNotCosign(t *testing.T) {
	l := newTree(t, "ours").grow(t, 9)
	dir := t.TempDir()
	s := openWitness(t, dir, l)
	requireCosigned(t, s, post(s, l.request(t, 0, 4)), l.signed(t, 4))
	s.save = func(string, []byte) error { return errors.New("disk full") }
	require.Equal(t, http.StatusInternalServerError, post(s, l.request(t, 4, 6)).Code)
	s.save = func(path string, data []byte) error {
		return errors.Join(writeSynced(path, data), errors.New("killed"))
	}
	require.Equal(t, http.StatusInternalServerError, post(s, l.request(t, 4, 7)).Code)
	require.NoError(t, s.Close())
	s = openWitness(t, dir, l)
	w := post(s, l.request(t, 4, 9))
	require.Equal(t, http.StatusConflict, w.Code)
	require.Equal(t, "7\n", w.Body.String())
	requireCosigned(t, s, post(s, l.request(t, 7, 9)), l.signed(t, 9))
}

func TestAWitnessTrustsItsFilesOnlyIfItSignedThem(t *testing.T) {
	l := newTree(t, "ours").grow(t, 9)
	dir := t.TempDir()
	s := openWitness(t, dir, l)
	requireCosigned(t, s, post(s, l.request(t, 0, 4)), l.signed(t, 4))
	_, err := Open(dir, s.signer, nil, quiet)
	require.ErrorContains(t, err, "in use")
	require.NoError(t, s.Close())
	require.NoError(t, os.WriteFile(filepath.Join(dir, fileOf(testOrigin)), l.signed(t, 2), 0o600))
	_, err = Open(dir, s.signer, []Log{{testOrigin, []string{l.vkey}}}, quiet)
	require.ErrorContains(t, err, "what was cosigned")
	for _, bad := range []Log{{"", []string{l.vkey}}, {testOrigin, nil}, {testOrigin, []string{"x"}}, {"a\nb", []string{l.vkey}}} {
		_, err = Open(t.TempDir(), s.signer, []Log{bad}, quiet)
		require.Error(t, err)
	}
}

// FuzzRequest: whatever is sent, reading it does not panic, and what is read is
// written again to the same bytes.
func FuzzRequest(f *testing.F) {
	l := newTree(f, "ours").grow(f, 9)
	f.Add(l.request(f, 0, 4))
	f.Add(l.request(f, 4, 9))
	f.Add([]byte("old 1\n\n\n\n"))
	s := openWitness(f, f.TempDir(), l)
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := parseRequest(body)
		if err == nil {
			require.Equal(t, string(body), string(r.encode()))
		}
		if w := post(s, body); w.Code == http.StatusInternalServerError {
			t.Fatal(w.Body)
		}
	})
}
