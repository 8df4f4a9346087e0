package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

// Every bound of FORMAT.md and GRAMMAR.md, in both verifiers: what is just within it
// is read, and what is one past it is not.

// agreeOnReading asks both to read a zip of these files, whatever they hold.
func agreeOnReading(t *testing.T, f files) error {
	t.Helper()
	zipped := writeZip(f)
	read, err := readZip(zipped)
	want := "fails"
	if err == nil {
		want = fmt.Sprint("holds ", len(read))
	}
	verdict, more := askPy(t, 'r', zipped)
	require.Equal(t, want, verdict, "Go: %v; Python: %s", err, more)
	return err
}

func TestLimitsOfFiles(t *testing.T) {
	most := maps.Clone(mostOf)
	most[eventFile(7)], most[proofFile(7)] = mostLine, mostProof
	for name, n := range most {
		require.NoError(t, agreeOnReading(t, files{name: make([]byte, n)}), name)
		require.ErrorContains(t, agreeOnReading(t, files{name: make([]byte, n+1)}), fmt.Sprintf("%s has more than %d bytes", name, n))
	}
	format, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	for _, n := range []string{"32,768", "16,384", "524,288", "65,535", "65,536", "16 MB", "8,192", "131,072", "2,000", "12 digits", "32 MB", "1,000 bytes", "at most 16 deep", "200 ASCII", "64 witnesses", "100 signatures"} {
		require.Contains(t, strings.ReplaceAll(string(format), "1\nto 100", "1 to\n100"), n)
	}

	all := files{pageFile: make([]byte, 16<<20)}
	for i := range uint64(256) {
		all[eventFile(i)] = make([]byte, mostLine)
	}
	all[readmeFile] = make([]byte, 256)
	require.NoError(t, agreeOnReading(t, all))
	all[readmeFile] = make([]byte, 257)
	require.ErrorContains(t, agreeOnReading(t, all), "more in it than a bundle may hold")

	many := files{}
	for i := range uint64(2*mostEvents + len(mostOf)) {
		many[eventFile(i)] = nil
	}
	require.NoError(t, agreeOnReading(t, many))
	many[readmeFile] = nil
	require.ErrorContains(t, agreeOnReading(t, many), "more in it than a bundle may hold")

	for name, ok := range map[string]bool{
		"events/00000000.json": true, "events/99999999.json": true, "events/100000000.json": true, "events/999999999999.json": true, "events/1000000000000.json": false,
		"events/000000001.json": false, "events/0000001.json": false, "events/00000001.JSON": false, "proofs/00000001.json": false, "proofs/00000001.tlog-proof": true,
		"/README.txt": false, "./README.txt": false, "README.txt/": false, "events/": false, "events\\00000001.json": false, "README.txt\x00": false,
	} {
		require.Equal(t, ok, agreeOnReading(t, files{name: []byte("x")}) == nil, name)
	}
}

// manyEvents is a bundle of so many events.
func manyEvents(t *testing.T, n int) (*testLog, files) {
	events := map[uint64][]byte{}
	for i := range uint64(n) {
		events[i] = fmt.Appendf(nil, `{"specversion":"1.0","source":"/groups/trafford","type":"x","subject":"x","time":"x","index":%d,"actor":"x","onbehalfof":"x","effective":"x","data":{}}`, i)
	}
	l := newLogOf(t, events)
	f := files{checkpointFile: l.all, policyFile: l.policy, readmeFile: readme, pageFile: []byte("page")}
	for i := range uint64(n) {
		b := l.bundle(t, i)
		proof, err := b.proof(&b.Events[0])
		require.NoError(t, err)
		f[eventFile(i)], f[proofFile(i)] = l.lines[i], proof
	}
	f[sumsFile] = f.sums()
	return l, f
}

func TestLimitOfEvents(t *testing.T) {
	_, f := manyEvents(t, mostEvents)
	r, err := agreeOnZip(t, writeZip(f), nil)
	require.NoError(t, err)
	require.Len(t, r.Events, mostEvents)
	l, f := manyEvents(t, mostEvents+1)
	_, err = agreeOnZip(t, writeZip(f), nil)
	require.ErrorContains(t, err, "more in it than a bundle may hold")
	b := &Bundle{Title: "All", Group: "trafford", Checkpoint: l.all, Policy: l.policy}
	for i := range uint64(mostEvents + 1) {
		b.Events = append(b.Events, Event{Index: i, Line: l.lines[i]})
	}
	require.ErrorIs(t, Write(io.Discard, b), ErrTooMuch)
}

func TestLimitsOfEvents(t *testing.T) {
	line := func(index int, change func(string) string) files {
		text := change(fmt.Sprintf(`{"specversion":"1.0","source":"/groups/trafford","type":"x","subject":"SUBJECT","time":"x","index":%d,"actor":"x","onbehalfof":"x","effective":"x","data":{"a":1}}`, index))
		l := newLogOf(t, map[uint64][]byte{uint64(index): []byte(text)})
		b := l.bundle(t, uint64(index))
		proof, err := b.proof(&b.Events[0])
		require.NoError(t, err)
		f := files{checkpointFile: l.all, policyFile: l.policy, readmeFile: readme, pageFile: nil, eventFile(uint64(index)): []byte(text), proofFile(uint64(index)): proof}
		f[pageFile] = []byte("page")
		f[sumsFile] = f.sums()
		return f
	}
	holds := func(ok bool, change func(string) string) {
		t.Helper()
		_, err := agreeOnZip(t, writeZip(line(7, change)), nil)
		require.Equal(t, ok, err == nil, "%v", err)
	}
	replace := func(old, by string) func(string) string {
		return func(s string) string { require.Contains(t, s, old); return strings.Replace(s, old, by, 1) }
	}
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	long := func(n int) func(string) string {
		return func(s string) string { return s[:len(s)-1] + strings.Repeat(" ", n-len(s)) + "}" }
	}
	holds(true, long(mostLine))
	holds(true, replace(`"a":1`, `"a":`+nested(lineDepth-2)))
	holds(false, replace(`"a":1`, `"a":`+nested(lineDepth-1)))
	holds(true, replace(`"a":1`, `"a":`+strings.Repeat("9", 18)))
	holds(false, replace(`"a":1`, `"a":1`+strings.Repeat("0", 18)))
	holds(true, replace("SUBJECT", strings.Repeat("é", mostEnvelope/2)))
	holds(false, replace("SUBJECT", strings.Repeat("é", mostEnvelope/2)+"x"))
	holds(true, replace("/groups/trafford", "/groups/"+strings.Repeat("a", 60)))
	holds(false, replace("/groups/trafford", "/groups/"+strings.Repeat("a", 61)))
	holds(false, replace("SUBJECT", `x\nEVERYTHING HOLDS`))
}

func TestLimitsOfSignatures(t *testing.T) {
	k := testKey(t, "EdDSA")
	sign := func(client string, extensions []byte, party string) error {
		r := attempt{g: &domain.Signature{Statement: "this", ClientDataJSON: []byte(client)}}
		r.g.AuthenticatorData = deviceData(party, extensions)
		r.g.Signature = k.sign(signedBytes(r.g))
		return agreeOnAssertion(t, r.g, k.public, party)
	}
	client := func(party, more string) string {
		return fmt.Sprintf(`{"type":"webauthn.get","challenge":"%s","origin":"https://%s"%s}`, base64.RawURLEncoding.EncodeToString(signature.Challenge("this")), party, more)
	}
	refused := func(err error) { t.Helper(); require.ErrorIs(t, err, signature.ErrForm) }
	fill := 2_048 - len(client(party, ""))
	require.NoError(t, sign(client(party, strings.Repeat(" ", fill)), nil, party))
	refused(sign(client(party, strings.Repeat(" ", fill+1)), nil, party))
	require.NoError(t, sign(client(party, `,"a":[[[]]]`), nil, party))
	refused(sign(client(party, `,"a":[[[[]]]]`), nil, party))
	require.NoError(t, sign(client(party, `,"a":`+strings.Repeat("9", 18)), nil, party))
	refused(sign(client(party, `,"a":`+strings.Repeat("9", 19)), nil, party))
	name := strings.Repeat("a", 253)
	require.NoError(t, sign(client(name, ""), nil, name))
	refused(sign(client(name+"a", ""), nil, name+"a"))

	bytesOf := func(n int) []byte {
		return append([]byte{0xa1, 0x61, 'a', 0x59, byte(n >> 8), byte(n)}, make([]byte, n)...)
	}
	require.NoError(t, sign(client(party, ""), bytesOf(512-6), party))
	refused(sign(client(party, ""), bytesOf(513-6), party))
	require.NoError(t, sign(client(party, ""), []byte("\xa1\x61a\x81\x81\x80"), party))
	refused(sign(client(party, ""), []byte("\xa1\x61a\x81\x81\x81\x80"), party))
	require.NoError(t, sign(client(party, ""), []byte("\xa1\x61a\x1a\xff\xff\xff\xff"), party))
	refused(sign(client(party, ""), []byte("\xa1\x61a\x1b\x00\x00\x00\x01\x00\x00\x00\x00"), party))
}

// TestLimitsOfPolicies: how many may be named, how long; and nobody counts twice.
func TestLimitsOfPolicies(t *testing.T) {
	l := newLog(t)
	log, _, _ := strings.Cut(string(l.policy[bytes.Index(l.policy, []byte("log ")):]), "\n")
	witness := func(i int, name string) string {
		w, err := torchwood.NewCosignatureSigner(name, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(100 + i)}, 32)))
		require.NoError(t, err)
		return fmt.Sprintf("witness w%d %s\n", i, w.Verifier())
	}
	read := func(ok bool, text string) {
		t.Helper()
		p, err := parsePolicy([]byte(text))
		want := "fails"
		if err == nil {
			want = fmt.Sprint("holds ", len(p.verifiers)-1)
		}
		verdict, more := askPy(t, 'p', []byte(text))
		require.Equal(t, want, verdict, "Go: %v; Python: %s", err, more)
		require.Equal(t, ok, err == nil, "%v", err)
	}
	start, end := log+"\n", "quorum none\n"
	witnesses, groups := "", ""
	for i := range mostParts {
		witnesses += witness(i, "w"+strconv.Itoa(i))
		groups += fmt.Sprintf("group g%d 1 w%d\n", i, i)
	}
	read(true, start+witnesses+groups+end)
	read(false, start+witnesses+witness(mostParts, "x")+end)
	read(false, start+witnesses+groups+"group more any g0\n"+end)
	read(true, start+end+"#"+strings.Repeat("x", 16_384-len(start+end)-1))
	read(false, start+end+"#"+strings.Repeat("x", 16_384-len(start+end)))
	two := witness(1, "one") + witness(2, "two")
	read(true, start+two+"group g 2 w1 w2\nquorum g\n")
	read(false, start+two+"group g 3 w1 w2\nquorum g\n")
	read(false, start+two+"group g 0 w1 w2\nquorum g\n")
	read(false, start+two+"group g 2 w1 w1\nquorum g\n")
	read(false, start+two+"group g any w1 w2\ngroup h any w1\nquorum g\n")
	read(false, start+two+strings.Replace(witness(1, "one"), "w1", "w3", 1)+"group g 2 w1 w3\nquorum g\n") // the same key by another name in the policy
	read(false, start+two+strings.Replace(witness(1, "three"), "w1", "w3", 1)+"group g 2 w1 w3\nquorum g\n")
	read(true, start+witness(1, strings.Repeat("n", 200))+end)
	read(false, start+witness(1, strings.Repeat("n", 201))+end)
	read(true, start+strings.Replace(witness(1, "n"), "w1", strings.Repeat("w", 64), 1)+end)
	read(false, start+strings.Replace(witness(1, "n"), "w1", strings.Repeat("w", 65), 1)+end)
	read(false, start+log+"\n"+end)
	read(false, start+end+end)
	read(false, end)
	read(false, start)
	read(false, start+"quorum w1\n")
	read(false, strings.ReplaceAll(start+end, "\n", "\r\n"))
	_, f := written(t, l.bundle(t, 7))
	_, err := agreeOnZip(t, writeZip(f), bytes.ReplaceAll(l.policy, []byte("\n"), []byte("\r\n")))
	require.NoError(t, err, "one's own policy may be written on Windows")
}

// TestLimitOfCheckpoints: how many signatures it may bear.
func TestLimitOfCheckpoints(t *testing.T) {
	l := newLog(t)
	signed := func(n int) error {
		checkpoint := l.all
		for i := range n - 3 {
			checkpoint = fmt.Appendf(checkpoint, "— x %s\n", base64.StdEncoding.EncodeToString([]byte{0, 0, 0, byte(i), 0}))
		}
		_, f := written(t, l.bundle(t, 7))
		f[proofFile(7)] = bytes.Replace(f[proofFile(7)], l.all, checkpoint, 1)
		f[checkpointFile] = checkpoint
		f[sumsFile] = f.sums()
		_, err := agreeOnZip(t, writeZip(f), nil)
		return err
	}
	require.NoError(t, signed(100))
	require.ErrorContains(t, signed(101), "too many")
}

// TestBombs: what is made to fill the memory of whoever checks it fills none.
func TestBombs(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	python(t)
	py, err := newOracle()
	require.NoError(t, err)
	kb := func() int {
		said, _ := py.ask(t, 'm')
		n, err := strconv.Atoi(said)
		require.NoError(t, err)
		return n
	}
	before := kb()
	bounded := func(mostMB int, check func() error) error {
		t.Helper()
		var from, to runtime.MemStats
		runtime.ReadMemStats(&from)
		err := check()
		runtime.ReadMemStats(&to)
		require.Less(t, (to.TotalAlloc-from.TotalAlloc)>>20, uint64(mostMB), "MB in Go")
		require.Less(t, (kb()-before)>>10, mostMB, "MB in Python")
		return err
	}

	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	w, err := z.Create(pageFile)
	require.NoError(t, err)
	for range 300 {
		_, err := w.Write(make([]byte, 1<<20))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	ask := func(zipped []byte) func() error {
		return func() error {
			_, err := VerifyZip(zipped, nil)
			verdict, _ := py.ask(t, 'z', zipped)
			require.Equal(t, err == nil, strings.HasPrefix(verdict, "holds"), verdict)
			return err
		}
	}
	require.Error(t, bounded(8, ask(bomb.Bytes())))

	dir := t.TempDir()
	_, f := written(t, newLog(t).bundle(t, 7))
	require.NoError(t, os.CopyFS(dir, asFS(f)))
	require.NoError(t, os.Truncate(filepath.Join(dir, readmeFile), 3<<30)) // holes: it takes no disk
	require.ErrorContains(t, bounded(8, func() error {
		_, err := VerifyFolder(os.DirFS(dir), nil)
		verdict, more := py.ask(t, 'f', []byte(dir))
		require.Equal(t, "fails", verdict)
		require.Contains(t, more, "README.txt has more than 8192 bytes")
		return err
	}), "README.txt has more than 8192 bytes")

	require.NoError(t, os.Remove(filepath.Join(dir, readmeFile)))
	require.NoError(t, os.Symlink("/dev/zero", filepath.Join(dir, readmeFile)))
	require.ErrorContains(t, bounded(8, func() error {
		_, err := VerifyFolder(os.DirFS(dir), nil)
		verdict, _ := py.ask(t, 'f', []byte(dir))
		require.Equal(t, "fails", verdict)
		return err
	}), "not a plain file")

	f[pageFile] = make([]byte, 16<<20) // as large as one may be
	f[verifierFile] = make([]byte, 131_072)
	f[sumsFile] = f.sums()
	require.NoError(t, bounded(160, ask(writeZip(f))))
	require.Error(t, bounded(320, ask(make([]byte, MostZip+1))))
	require.True(t, errors.Is(bounded(320, ask(append(writeZip(f), 0))), errZip))
}
