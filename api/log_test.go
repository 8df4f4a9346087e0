package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/eventstore/tilelog"
)

// A bearer sends somebody's token with every request.
type bearer struct {
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return http.DefaultTransport.RoundTrip(r)
}

// fetcher reads the group's log over HTTP as somebody else's client does.
func (w *world) fetcher(person string) *torchwood.TileFetcher {
	f, err := torchwood.NewTileFetcher(w.web.URL+"/v1/groups/trafford/log", torchwood.WithHTTPClient(&http.Client{Transport: bearer{w.keys[person]}}))
	require.NoError(w.t, err)
	return f
}

// many registers people until the ledger has more events than fit in a tile.
func (w *world) many() {
	for i := 0; w.store.Next("trafford") < 300; i++ {
		w.must(201, w.command("manager", "register-person", fmt.Sprintf(`{"handle":"p%d","office":"Clerk"}`, i)))
	}
	w.signed()
}

// signed waits until the log is signed for all events there are, and counts them.
func (w *world) signed() int64 {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tree, err := w.store.AwaitSigned(ctx, "trafford", w.store.Next("trafford"))
	require.NoError(w.t, err)
	return tree.N
}

func (w *world) vkeys(person string) []string {
	return strings.Fields(string(w.must(200, w.ask(person, "/log/vkey")).body))
}

// The log that is served can be checked from its address, its origin and its
// verifier key alone.
func TestTheLogIsServed(t *testing.T) {
	w := newWorld(t).established()
	w.many()
	vkeys := w.vkeys("cd-north")
	origin, _, _ := strings.Cut(vkeys[0], "+")
	r, err := tilelog.Verify(context.Background(), w.fetcher("cd-north"), origin, vkeys, func(i int64, line []byte) error {
		stored, err := w.store.Line(context.Background(), "trafford", uint64(i))
		require.NoError(t, err)
		require.Equal(t, string(stored), string(line))
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, r.Err())
	require.EqualValues(t, w.store.Next("trafford"), r.Entries)

	full := w.must(200, w.ask("cd-north", "/log/tile/entries/000"))
	require.Contains(t, full.Header.Get("Cache-Control"), "immutable")
	require.Equal(t, "application/octet-stream", full.Header.Get("Content-Type"))
	w.must(304, w.ask("cd-north", "/log/tile/entries/000", "If-None-Match", full.Header.Get("ETag")))
	partial := w.must(200, w.ask("cd-north", "/log/tile/0/001.p/3"))
	require.Len(t, partial.body, 3*tlog.HashSize)
	require.NotContains(t, partial.Header.Get("Cache-Control"), "immutable")
	c := w.must(200, w.ask("cd-north", "/log/checkpoint"))
	require.Equal(t, "text/plain; charset=utf-8", c.Header.Get("Content-Type"))
	require.Contains(t, c.Header.Get("Cache-Control"), "no-cache")
	require.True(t, strings.HasPrefix(string(c.body), origin+"\n"))
	for _, path := range []string{"/log/tile/0/007", "/log/tile/0/001.p/255", "/log/tile/9/000.p/1", "/log/tile/entries/x", "/log/tile/data/000", "/log/tile/0/..%2f..%2fcheckpoint"} {
		w.refused(404, "L9", w.ask("cd-north", path))
	}
}

func TestProofsAreServed(t *testing.T) {
	w := newWorld(t).established()
	w.many()
	policy, err := torchwood.ParsePolicy([]byte("log " + w.vkeys("cd-north")[0] + "\nquorum none\n"))
	require.NoError(t, err)
	for _, i := range []int{0, 17, 255, 256, int(w.store.Next("trafford")) - 1} {
		line := w.must(200, w.ask("cd-north", fmt.Sprint("/events/", i))).body
		proof := w.must(200, w.ask("cd-north", fmt.Sprintf("/events/%d/proof", i)))
		require.Equal(t, "text/plain; charset=utf-8", proof.Header.Get("Content-Type"))
		require.NoError(t, torchwood.VerifyProof(policy, tlog.RecordHash(line), proof.body))
		line[len(line)/2] ^= 1
		require.Error(t, torchwood.VerifyProof(policy, tlog.RecordHash(line), proof.body))
	}
	w.refused(404, "L1", w.ask("cd-north", "/events/9999/proof"))

	// What is recorded now is proved a moment later: the question waits.
	w.must(201, w.command("manager", "register-person", `{"handle":"late","office":"Clerk"}`))
	w.must(200, w.ask("cd-north", fmt.Sprintf("/events/%d/proof", w.store.Next("trafford")-1)))

	text := string(w.must(200, w.ask("cd-north", "/log/consistency?from=100&to=280")).body)
	var p tlog.TreeProof
	for _, h := range strings.Fields(text) {
		b, err := base64.StdEncoding.DecodeString(h)
		require.NoError(t, err)
		p = append(p, tlog.Hash(b))
	}
	l, err := w.store.Log("trafford")
	require.NoError(t, err)
	was, err := l.RootAt(100)
	require.NoError(t, err)
	is, err := l.RootAt(280)
	require.NoError(t, err)
	require.NoError(t, tlog.CheckTree(p, 280, is, 100, was))
	w.must(200, w.ask("cd-north", "/log/consistency?from=100"))
	w.refused(422, "L9", w.ask("cd-north", "/log/consistency?from=0&to=5"))
	w.refused(422, "L9", w.ask("cd-north", "/log/consistency?from=9&to=5"))
	w.refused(404, "L9", w.ask("cd-north", "/log/consistency?from=9&to=99999"))
}

// The log shows every line, so it is for those who may read the ledger.
func TestTheLogIsForThoseWhoMayReadTheLedger(t *testing.T) {
	w := newWorld(t).established()
	for _, path := range []string{"/log/checkpoint", "/log/vkey", "/log/tile/entries/000", "/log/consistency?from=1", "/events/0/proof", "/events/99999/proof"} {
		w.refused(403, "F3", w.ask("icb-director", path))
		w.refused(404, "L1", w.ask("stranger", path))
		w.must(401, w.ask("", path))
	}
}

// While a tile is damaged, what rests on it is answered with 503, and not as a fault of the
// program; whole again, it is proved again.
func TestProofsWhileATileIsDamaged(t *testing.T) {
	w := newWorld(t)
	w.many()
	for _, tile := range []string{"0/000", "entries/000"} {
		path := filepath.Join(w.store.Dir(), "log", "trafford", "tile", filepath.FromSlash(tile))
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		flipped := bytes.Clone(whole)
		flipped[len(flipped)/2] ^= 1
		for how, damaged := range map[string][]byte{"flipped": flipped, "cut": whole[:len(whole)/3], "empty": {}} {
			require.NoError(t, os.WriteFile(path, damaged, 0o600))
			for _, ask := range []string{"/events/128/proof", "/events/3/proof", "/log/consistency?from=100", "/log/tile/" + tile} {
				r := w.ask("cd-north", ask)
				if r.StatusCode != 200 {
					require.Equal(t, 503, r.StatusCode, "%s, %s: %s", tile+" "+how, ask, r.body)
					require.Contains(t, string(r.body), "is being mended")
				}
			}
			require.Equal(t, 503, w.ask("cd-north", "/events/128/proof").StatusCode, "%s %s", tile, how)
		}
		require.NoError(t, os.WriteFile(path, whole, 0o600))
		w.must(200, w.ask("cd-north", "/events/128/proof"))
	}
}
