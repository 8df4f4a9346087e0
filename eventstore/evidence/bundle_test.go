package evidence

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"goldenthread/domain"
)

const (
	testOrigin = "goldenthread.local/test/trafford"
	logSize    = 300
)

// A testLog is a log of so many events, signed by itself and two witnesses of three.
type testLog struct {
	size   int64
	lines  [][]byte
	hashes []tlog.Hash
	signed []byte // by the log
	all    []byte // and by two witnesses
	policy []byte
}

func (l *testLog) ReadHashes(at []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(at))
	for i, n := range at {
		hashes[i] = l.hashes[n]
	}
	return hashes, nil
}

// seed is a source of keys that are always the same.
type seed byte

func (s seed) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s)
	}
	return len(b), nil
}

func newLog(t testing.TB) *testLog { return newLogOf(t, nil) }

// newLogOf is a log in which these events stand at their indexes: of logSize events, or
// of as many as these.
func newLogOf(t testing.TB, events map[uint64][]byte) *testLog {
	t.Helper()
	l := &testLog{size: int64(max(logSize, len(events)))}
	for n := range l.size {
		line := fmt.Appendf(nil, `{"specversion":"1.0","id":"019b8d2f-5a00-7000-8000-000000000001","source":"/groups/trafford","type":"goldenthread.delegation.granted.v1","subject":"delegation/D%d","time":"2026-01-27T09:30:00.120Z","index":%d,"actor":"system","onbehalfof":"system","effective":"2026-01-27","data":{"words":"<b>é &amp; £20,000</b>"}}`, n, n)
		if events[uint64(n)] != nil {
			line = events[uint64(n)]
		}
		stored, err := tlog.StoredHashes(n, line, l)
		require.NoError(t, err)
		l.lines, l.hashes = append(l.lines, line), append(l.hashes, stored...)
	}
	root, err := tlog.TreeHash(l.size, l)
	require.NoError(t, err)
	skey, vkey, err := note.GenerateKey(seed(1), testOrigin)
	require.NoError(t, err)
	signer, err := note.NewSigner(skey)
	require.NoError(t, err)
	n := &note.Note{Text: torchwood.Checkpoint{Origin: testOrigin, Tree: tlog.Tree{N: l.size, Hash: root}}.String()}
	l.signed, err = note.Sign(n, signer)
	require.NoError(t, err)
	l.policy = fmt.Appendf(nil, "# the board's\nlog %s\n", vkey)
	signers := []note.Signer{signer}
	for i, name := range []string{"lmc.example/w", "icb.example/w", "uni.example/w"} {
		w, err := torchwood.NewCosignatureSigner(name, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(9 + i)}, ed25519.SeedSize)))
		require.NoError(t, err)
		l.policy = fmt.Appendf(l.policy, "witness w%d %s https://%s\n", i, w.Verifier(), name)
		if i < 2 {
			signers = append(signers, w)
		}
	}
	l.policy = append(l.policy, "group any-two 2 w0 w1 w2\nquorum any-two\n"...)
	l.all, err = note.Sign(n, signers...)
	require.NoError(t, err)
	return l
}

func (l *testLog) bundle(t testing.TB, indexes ...uint64) *Bundle {
	t.Helper()
	b := &Bundle{Title: "The executive may commit <up to> £20,000 an item", Group: "trafford", Checkpoint: l.all, Policy: l.policy}
	for _, index := range indexes {
		p, err := tlog.ProveRecord(l.size, int64(index), l)
		require.NoError(t, err)
		b.Events = append(b.Events, Event{index, l.lines[index], torchwood.FormatProof(int64(index), p, l.signed)})
		b.Steps = append(b.Steps, domain.Link{Kind: "delegation", Ref: fmt.Sprint("D", index), Index: index, Effective: domain.NewDay(2026, 1, 27), Text: "Agreed by <seven> seats"})
	}
	return b
}

func written(t testing.TB, b *Bundle) ([]byte, files) {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, Write(&out, b))
	r, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	require.NoError(t, err)
	unpacked, err := readFolder(r)
	require.NoError(t, err)
	f, err := readZip(out.Bytes())
	require.NoError(t, err)
	require.Equal(t, unpacked, f)
	return out.Bytes(), f
}

func asFS(files map[string][]byte) fs.FS {
	m := fstest.MapFS{}
	for name, data := range files {
		m[name] = &fstest.MapFile{Data: data}
	}
	return m
}

func TestABundleIsWrittenAlikeAndVerifies(t *testing.T) {
	l := newLog(t)
	b := l.bundle(t, 7, 0, 255, 256, 299)
	zipped, files := written(t, b)
	again, _ := written(t, b)
	require.Equal(t, zipped, again)
	require.Len(t, files, 5+2*5)
	r, err := VerifyFolder(asFS(files), l.policy)
	require.NoError(t, err)
	require.False(t, r.OwnPolicy)
	require.False(t, r.Verifier)
	_, err = VerifyZip(zipped, l.policy)
	require.NoError(t, err)
	require.EqualValues(t, logSize, r.Checkpoint.N)
	require.Equal(t, []string{testOrigin, "lmc.example/w", "icb.example/w"}, r.Signers)
	require.Len(t, r.Events, 5)
	require.Equal(t, Proved{7, "goldenthread.delegation.granted.v1", l.lines[7]}, r.Events[1])

	page := string(files[pageFile])
	for _, want := range []string{"may commit &lt;up to&gt; £20,000", "Agreed by &lt;seven&gt; seats", "27 January 2026", "event 299", "300 events", testOrigin, "lmc.example/w"} {
		require.Contains(t, page, want)
	}
	for _, bad := range []string{"<script", "<up to>", "http-equiv=\"refresh", "src=\"http", "src=\"/", "@import", "url("} {
		require.NotContains(t, page, bad)
	}
}

func TestWhatWouldNotVerifyIsNotWritten(t *testing.T) {
	l := newLog(t)
	for name, spoil := range map[string]func(*Bundle){
		"no events":             func(b *Bundle) { b.Events, b.Steps = nil, nil },
		"an event twice":        func(b *Bundle) { b.Events = append(b.Events, b.Events[0]) },
		"another event":         func(b *Bundle) { b.Events[0].Line = l.lines[8] },
		"a step without event":  func(b *Bundle) { b.Steps[0].Index = 8 },
		"too few witnesses":     func(b *Bundle) { b.Checkpoint = l.signed },
		"no checkpoint":         func(b *Bundle) { b.Checkpoint = nil },
		"a proof that is none":  func(b *Bundle) { b.Events[0].Proof = []byte("x") },
		"no policy":             func(b *Bundle) { b.Policy = nil },
		"a proof of another":    func(b *Bundle) { b.Events[0].Proof = l.bundle(t, 8).Events[0].Proof },
		"another index":         func(b *Bundle) { b.Events[0].Index, b.Steps[0].Index = 8, 8 },
		"an event that is none": func(b *Bundle) { b.Events[0].Line = []byte("x") },
	} {
		b := l.bundle(t, 7)
		spoil(b)
		var out bytes.Buffer
		require.Error(t, Write(&out, b), name)
		require.Zero(t, out.Len(), name)
	}
}

// Each byte of each file is flipped: as damage, and by somebody who makes the
// sums fit again. Damage is always found. Whoever makes the sums fit can change
// only what is not proved: the page, the instructions, the verifier.
func TestEveryFlippedByteIsFound(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	l := newLog(t)
	_, files := written(t, l.bundle(t, 7, 299))
	unproved := map[string]bool{pageFile: true, readmeFile: true}
	for name := range files {
		for i := range files[name] {
			if unproved[name] && i%50 > 0 {
				continue // all alike
			}
			flipped := maps.Clone(files)
			flipped[name] = bytes.Clone(files[name])
			flipped[name][i] ^= 1
			_, err := VerifyFolder(asFS(flipped), nil)
			require.Error(t, err, "%s, byte %d", name, i)
			if name == sumsFile {
				continue
			}
			flipped[sumsFile] = flipped.sums()
			_, err = VerifyFolder(asFS(flipped), l.policy)
			switch {
			case name == policyFile:
				require.NoError(t, err, "one's own policy counts")
			case unproved[name]:
				require.NoError(t, err, "not proved, and said to be")
			default:
				require.Error(t, err, "%s, byte %d: %q", name, i, flipped[name])
			}
		}
	}
}

func TestABundleHasNoOtherFiles(t *testing.T) {
	l := newLog(t)
	_, files := written(t, l.bundle(t, 7))
	for name, why := range map[string]string{
		"more.txt": "does not belong", "events/x.json": "does not belong", "sub/README.txt": "does not belong", "events/000000009.json": "does not belong",
		"readme.txt": "does not belong", "events/9.json": "does not belong", "proofs/00000009.tlog-proof": "no event", "events/00000009.json": "no proof",
	} {
		more := maps.Clone(files)
		more[name] = []byte("x")
		more[sumsFile] = more.sums()
		_, err := VerifyFolder(asFS(more), nil)
		require.ErrorContains(t, err, why, name)
	}
	for name := range files {
		less := maps.Clone(files)
		delete(less, name)
		less[sumsFile] = less.sums()
		if name == sumsFile {
			delete(less, sumsFile)
		}
		_, err := VerifyFolder(asFS(less), nil)
		require.Error(t, err, name)
	}
}

// python says whether verify.py can run here. It must in CI.
func python(t testing.TB) {
	t.Helper()
	for _, program := range []string{"python3", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// verifyPy runs verify.py, a copy that nobody tampered with, on the files.
func verifyPy(t *testing.T, files map[string][]byte, args ...string) (said string, status int) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(dir, "bundle"), asFS(files)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "verify.py"), Verifier, 0o600))
	return runPy(t, append([]string{filepath.Join(dir, "verify.py"), filepath.Join(dir, "bundle")}, args...)...)
}

func runPy(t *testing.T, args ...string) (said string, status int) {
	t.Helper()
	cmd := exec.Command("python3", args...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	require.NotContains(t, string(out), "Traceback")
	return string(out), cmd.ProcessState.ExitCode()
}

func TestVerifyPy(t *testing.T) {
	python(t)
	l := newLog(t)
	zipped, files := written(t, l.bundle(t, 0, 7, 255, 256, 299))
	said, status := verifyPy(t, files)
	require.Zero(t, status, said)
	for _, want := range []string{"EVERYTHING ELSE HOLDS", "NOT PROVED: the words of page.html", "300 events", "Cosigned by the witness:    lmc.example/w", "NOT cosigned by the witness: uni.example/w", "delegation/D256", "compare them"} {
		require.Contains(t, said, want)
	}

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "bundle.zip"), zipped, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.txt"), l.policy, 0o600))
	require.NoError(t, os.CopyFS(filepath.Join(dir, "b"), asFS(files)))
	py := filepath.Join(dir, "verify.py")
	require.NoError(t, os.WriteFile(py, Verifier, 0o600))
	said, status = runPy(t, py, filepath.Join(dir, "b"))
	require.Zero(t, status, said)
	said, status = runPy(t, py, filepath.Join(dir, "bundle.zip"), "--policy", filepath.Join(dir, "mine.txt"))
	require.Zero(t, status, said)
	require.NotContains(t, said, "compare them")

	_, vkey, err := note.GenerateKey(seed(2), testOrigin)
	require.NoError(t, err)
	other := strings.Replace(string(l.policy), strings.Fields(string(l.policy))[4], vkey, 1)
	require.NotEqual(t, other, string(l.policy))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.txt"), []byte(other), 0o600))
	said, status = runPy(t, py, filepath.Join(dir, "b"), "--policy", filepath.Join(dir, "mine.txt"))
	require.Equal(t, 1, status, said)
	require.Contains(t, said, "the log has not signed")

	less := maps.Clone(files)
	less[checkpointFile] = l.signed
	for _, name := range slices.Collect(maps.Keys(less)) {
		less[name] = bytes.Replace(less[name], l.all, l.signed, 1)
	}
	less[sumsFile] = less.sums()
	said, status = verifyPy(t, less)
	require.Equal(t, 1, status, said)
	require.Contains(t, said, "too few witnesses")

	said, status = runPy(t, py, filepath.Join(dir, "nowhere"))
	require.Equal(t, 2, status, said)
}

// TestVerifyPyFindsFlippedBytes flips bytes here and there in every file: as
// damage, and with sums that fit again.
func TestVerifyPyFindsFlippedBytes(t *testing.T) {
	python(t)
	l := newLog(t)
	_, files := written(t, l.bundle(t, 7, 299))
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for range 20 {
			i := random.IntN(len(files[name]))
			flipped := maps.Clone(files)
			flipped[name] = bytes.Clone(files[name])
			flipped[name][i] ^= 1 << random.IntN(7)
			_, err := agreeOnZip(t, writeZip(flipped), nil)
			require.Error(t, err, "%s, byte %d", name, i)
			flipped[sumsFile] = flipped.sums()
			_, err = agreeOnZip(t, writeZip(flipped), nil)
			switch name {
			case pageFile, readmeFile, sumsFile:
				require.NoError(t, err, "not proved, and said to be")
			case policyFile: // a flipped address of a witness changes nothing; a key does
			default:
				require.Error(t, err, "%s, byte %d", name, i)
			}
		}
	}
}

// FuzzVerifyBundle: whatever a bundle holds, nothing panics, and under the log's
// own policy no other event verifies.
func FuzzVerifyBundle(f *testing.F) {
	l := newLog(f)
	_, files := written(f, l.bundle(f, 7))
	f.Add(files[checkpointFile], files[policyFile], files[proofFile(7)], files[eventFile(7)])
	f.Add(files[checkpointFile], []byte("\r\n"), files[proofFile(7)], files[eventFile(7)])
	f.Add(files[checkpointFile], []byte("\v# nothing\n"), files[proofFile(7)], files[eventFile(7)])
	f.Add(l.signed, []byte("quorum none\n"), []byte("c2sp.org/tlog-proof@v1\nindex 7\n\n"), []byte("{}"))
	f.Fuzz(func(t *testing.T, checkpoint, policy, proof, line []byte) {
		changed := maps.Clone(files)
		changed[checkpointFile], changed[policyFile], changed[proofFile(7)], changed[eventFile(7)] = checkpoint, policy, proof, line
		changed[sumsFile] = changed.sums()
		VerifyFolder(asFS(changed), nil)
		if r, err := VerifyFolder(asFS(changed), l.policy); err == nil {
			require.Equal(t, string(l.lines[7]), string(r.Events[0].Line))
		}
	})
}

// TestVerifierIsPublished: the README says which verifier is ours, apart from any bundle.
func TestVerifierIsPublished(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), VerifierSHA256(), "verify.py was changed: give its new SHA-256 in the README")
}

// A bundle from before there was a FORMAT.md, and one that somebody packed again, can be
// checked once it is unpacked. A verifier that came in it is named, and never needed.
func TestOlderBundles(t *testing.T) {
	_, f := written(t, newLog(t).bundle(t, 7))
	f[verifierFile] = []byte("print('EVERYTHING HOLDS')")
	f[sumsFile] = f.sums()
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	require.NoError(t, z.AddFS(asFS(f)))
	require.NoError(t, z.Close())
	_, err := agreeOnZip(t, packed.Bytes(), nil)
	require.ErrorContains(t, err, "unpack it, and check the folder")

	r, err := VerifyFolder(asFS(f), nil)
	require.NoError(t, err)
	require.True(t, r.Verifier)
	said, status := verifyPy(t, f)
	require.Zero(t, status, said)
	require.Contains(t, said, "NOT PROVED: the verify.py that came in the bundle. Do not run it.")
	require.NotContains(t, string(readme), "python3 verify.py\n", "nobody is told to run what came in it")
	require.Contains(t, string(readme), "Do not run a\nprogram that somebody put into it")
}

// TestNotProvedIsNotSaidToHold: the last word on a signature of another form is not that
// everything holds, and the status says so too.
func TestNotProvedIsNotSaidToHold(t *testing.T) {
	d := newDeed(t, "EdDSA")
	d.client["more"] = 1.5
	f, err := d.bundle().files()
	require.NoError(t, err)
	r, err := VerifyFolder(asFS(f), nil)
	require.NoError(t, err)
	require.Len(t, r.NotProved, 1)
	require.Empty(t, r.Persons)
	said, status := verifyPy(t, f)
	require.Equal(t, 1, status)
	require.Contains(t, said, "NOT PROVED: the signature in event 9")
	require.Contains(t, said, "NOT EVERYTHING IS PROVED")
	require.NotContains(t, said, "EVERYTHING ELSE HOLDS")
}
