package witness

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A source is a tree seen as a Pusher sees a log.
type source struct {
	t    testing.TB
	tree *tree
	size atomic.Int64
}

func (s *source) Checkpoint(context.Context) ([]byte, error) {
	n := s.size.Load()
	if n == 0 {
		return nil, errors.New("no checkpoint yet")
	}
	return s.tree.grow(s.t, n).signed(s.t, n), nil
}

func (s *source) Consistency(_ context.Context, from, to int64) (tlog.TreeProof, error) {
	return s.tree.proof(s.t, from, to), nil
}

// served is a witness on the loopback, which can be out of order.
type served struct {
	*Server
	Witness
	down   atomic.Bool
	before func() // each request; may be nil
}

func serve(t *testing.T, l *tree, name string) *served {
	t.Helper()
	dir := t.TempDir()
	signer, err := OpenKey(dir+"/key.pem", name)
	require.NoError(t, err)
	w := &served{}
	w.Server, err = Open(dir, signer, []Log{{testOrigin, []string{l.vkey}}}, quiet)
	require.NoError(t, err)
	t.Cleanup(func() { w.Close() })
	http := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.down.Load() {
			http.Error(rw, "out of order", http.StatusBadGateway)
			return
		}
		if w.before != nil {
			w.before()
		}
		w.ServeHTTP(rw, r)
	}))
	t.Cleanup(http.Close)
	w.Witness, err = ParseWitness(http.URL + "," + w.Server.VKey())
	require.NoError(t, err)
	return w
}

func push(t *testing.T, dir string, s *source, quorum int, witnesses ...Witness) *Pusher {
	t.Helper()
	policy, err := Policy(s.tree.vkey, witnesses, quorum)
	require.NoError(t, err)
	p, err := NewPusher(dir, s, witnesses, policy, quiet)
	require.NoError(t, err)
	p.pause = 5 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return p
}

// patience is how long is waited for what must come: only what hangs takes that long.
const patience = 2 * time.Minute

// says waits until it is said of a witness what the trouble is.
func (p *Pusher) says(t *testing.T, witness int, trouble string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(p.Lags()[witness].Trouble, trouble) }, patience, time.Millisecond, trouble)
}

func (p *Pusher) reach(t *testing.T, sizes ...int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		for i, lag := range p.Lags() {
			if lag.Cosigned != sizes[i] {
				return false
			}
		}
		return true
	}, patience, time.Millisecond, "%v", p.Lags())
}

func TestCosignaturesAreCollected(t *testing.T) {
	l := newTree(t, "ours")
	a, b, c := serve(t, l, "lmc.example/a"), serve(t, l, "icb.example/b"), serve(t, l, "uni.example/c")
	s := &source{t: t, tree: l}
	s.size.Store(5)
	c.down.Store(true)
	dir := t.TempDir()
	p := push(t, dir, s, 2, a.Witness, b.Witness, c.Witness)
	p.reach(t, 5, 5, 0)
	checkpoint := l.signed(t, 5)
	policy, err := torchwood.ParsePolicy(policyOf(t, l, 2, a.Witness, b.Witness, c.Witness))
	require.NoError(t, err)
	_, n, err := torchwood.VerifyCheckpoint(p.Cosigned(checkpoint), policy)
	require.NoError(t, err)
	require.Len(t, n.Sigs, 3, "the log's and two witnesses'")
	require.Equal(t, p.Cosigned(checkpoint), p.Quorum())
	p.says(t, 2, "502")
	lag := p.Lags()[2]
	require.Equal(t, "uni.example/c", lag.Name)
	require.EqualValues(t, 5, lag.Size)
	since := lag.Since
	require.False(t, since.IsZero())

	b.down.Store(true)
	s.size.Store(9)
	p.Notify()
	p.reach(t, 9, 5, 0)
	require.Len(t, signatures(t, p.Cosigned(l.signed(t, 9)), policy), 2)
	quorum, err := textOf(p.Quorum())
	require.NoError(t, err)
	require.EqualValues(t, 5, quorum.N, "one of two is not enough")
	require.Equal(t, since, p.Lags()[2].Since, "behind since the first that it missed")

	b.down.Store(false)
	c.down.Store(false)
	p.reach(t, 9, 9, 9)
	require.Len(t, signatures(t, p.Quorum(), policy), 4)
	require.Eventually(t, func() bool { return p.Lags()[2].Trouble == "" && p.Lags()[2].Since.IsZero() }, patience, time.Millisecond)

	again, err := NewPusher(dir, s, []Witness{a.Witness, b.Witness, c.Witness}, policyOf(t, l, 2, a.Witness, b.Witness, c.Witness), quiet)
	require.NoError(t, err)
	require.Equal(t, p.Quorum(), again.Quorum())
	require.Equal(t, p.Cosigned(l.signed(t, 9)), again.Cosigned(l.signed(t, 9)))
	again.reach(t, 9, 9, 9)
}

func policyOf(t *testing.T, l *tree, quorum int, witnesses ...Witness) []byte {
	t.Helper()
	policy, err := Policy(l.vkey, witnesses, quorum)
	require.NoError(t, err)
	return policy
}

// signatures are those that verify, whether or not they are enough.
func signatures(t *testing.T, signed []byte, keys note.Verifiers) []note.Signature {
	t.Helper()
	n, err := note.Open(signed, keys)
	require.NoError(t, err)
	return n.Sigs
}

// A pusher that lost its folder learns from the witness where it stands; one of
// another history is told so, and gets nothing.
func TestAPusherOfAnotherHistory(t *testing.T) {
	l := newTree(t, "ours")
	w := serve(t, l, testName)
	ours, fork := &source{t: t, tree: l}, &source{t: t, tree: newTree(t, "other")}
	ours.size.Store(7)
	push(t, t.TempDir(), ours, 1, w.Witness).reach(t, 7)
	ours.size.Store(9)
	push(t, t.TempDir(), ours, 1, w.Witness).reach(t, 9)

	for size, say := range map[int64]string{12: "422", 9: "two histories", 5: "lost events"} {
		fork.size.Store(size)
		p := push(t, t.TempDir(), fork, 1, w.Witness)
		p.says(t, 0, say)
		require.Nil(t, p.Quorum())
		require.Zero(t, p.Lags()[0].Cosigned)
	}
}

// Several nodes push one log to a witness. What another has it cosign between two requests is
// no other history, whether that is less than this node shows, or as much.
func TestPushersOfOneLogMeet(t *testing.T) {
	for _, meanwhile := range [][]int64{{7}, {9}, {7, 9}, {5, 6, 7, 8, 9}, {7, 11}, {11}} {
		l := newTree(t, "ours").grow(t, 11)
		w := serve(t, l, testName)
		require.Equal(t, http.StatusOK, post(w.Server, l.request(t, 0, 3)).Code)
		was := int64(3)
		w.before = func() { // another node's push comes first
			if len(meanwhile) > 0 {
				require.Equal(t, http.StatusOK, post(w.Server, l.request(t, was, meanwhile[0])).Code)
				was, meanwhile = meanwhile[0], meanwhile[1:]
			}
		}
		s := &source{t: t, tree: l}
		s.size.Store(9)
		p, err := NewPusher(t.TempDir(), s, []Witness{w.Witness}, policyOf(t, l, 1, w.Witness), quiet)
		require.NoError(t, err)
		p.OnAhead = func(a *Ahead) { require.False(t, a.Forked(), "%v", a) }
		for range 2 {
			p.Ask(t.Context())
		}
		if was <= 9 {
			require.EqualValues(t, 9, p.Lags()[0].Cosigned)
		} else {
			require.Contains(t, p.Lags()[0].Trouble, "another node is ahead")
		}
	}
}

// A log that lost what it had shown is told so: the folder remembers, and so
// does the witness.
func TestAPusherOfAShorterLog(t *testing.T) {
	l := newTree(t, "ours")
	w := serve(t, l, testName)
	s := &source{t: t, tree: l}
	s.size.Store(7)
	dir := t.TempDir()
	push(t, dir, s, 1, w.Witness).reach(t, 7)
	s.size.Store(5)
	p := push(t, dir, s, 1, w.Witness)
	p.says(t, 0, "lost events")
	require.EqualValues(t, 7, p.Lags()[0].Cosigned)

	w.down.Store(true) // the folder knows without it
	policy := policyOf(t, l, 1, w.Witness)
	p, err := NewPusher(dir, s, []Witness{w.Witness}, policy, quiet)
	require.NoError(t, err)
	var ahead *Ahead
	p.OnAhead = func(a *Ahead) { ahead = a }
	p.Ask(t.Context())
	require.Equal(t, &Ahead{Witness: testName, Size: 7, Shown: 5}, ahead)
	require.False(t, ahead.Forked())
}

// A witness's answer is believed only under its key.
func TestAnAnswerThatIsNoCosignature(t *testing.T) {
	l := newTree(t, "ours")
	real := serve(t, l, testName)
	for _, answer := range map[string]string{"nothing": "", "noise": "yes\n", "another's": "— lmc.example/witness AAAA\n"} {
		http := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(answer)) }))
		t.Cleanup(http.Close)
		w, err := ParseWitness(http.URL + "/," + real.Server.VKey())
		require.NoError(t, err)
		s := &source{t: t, tree: l}
		s.size.Store(3)
		p := push(t, t.TempDir(), s, 1, w)
		p.says(t, 0, "does not hold its cosignature")
		require.Equal(t, l.signed(t, 3), p.Cosigned(l.signed(t, 3)))
	}
}

func TestParsingWitnessesAndPolicies(t *testing.T) {
	l := newTree(t, "ours")
	w := serve(t, l, testName)
	for _, bad := range []string{"", "http://x", "ftp://x," + w.Server.VKey(), "http://x," + l.vkey, "," + w.Server.VKey()} {
		_, err := ParseWitness(bad)
		require.Error(t, err, bad)
	}
	for _, quorum := range []int{-1, 2} {
		_, err := Policy(l.vkey, []Witness{w.Witness}, quorum)
		require.Error(t, err)
	}
	_, err := Policy("x", nil, 0)
	require.Error(t, err)
	again := w.Witness
	again.url = "http://elsewhere.example"
	_, err = Policy(l.vkey, []Witness{w.Witness, again}, 2)
	require.ErrorContains(t, err, "would count twice")
	_, err = Policy(l.vkey, make([]Witness, mostWitnesses+1), 1)
	require.ErrorContains(t, err, "at most 64")
	_, err = torchwood.ParsePolicy(policyOf(t, l, 0))
	require.NoError(t, err)
}
