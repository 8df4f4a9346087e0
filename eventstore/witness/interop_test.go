package witness

import (
	"crypto/ed25519"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// interopEnv names the folder of programs that we did not write. Where it is
// set they must be there; otherwise a test without them is skipped.
// GOBIN=dir go install filippo.io/torchwood/cmd/litewitness@v0.9.0
const interopEnv = "GOLDENTHREAD_INTEROP"

func foreign(t *testing.T, name string) string {
	t.Helper()
	if dir := os.Getenv(interopEnv); dir != "" {
		path := filepath.Join(dir, name)
		require.FileExists(t, path)
		return path
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed; %s says where", name, interopEnv)
	}
	return path
}

// TestLitewitness: a witness that we did not write cosigns what our pusher
// shows it, and refuses a fork.
func TestLitewitness(t *testing.T) {
	l := newTree(t, "ours")
	s := &source{t: t, tree: l}
	s.size.Store(6)
	w := runLitewitness(t, l)
	p := push(t, t.TempDir(), s, 1, w)
	p.reach(t, 6)
	s.size.Store(300)
	p.Notify()
	p.reach(t, 300)
	policy, err := torchwood.ParsePolicy(policyOf(t, l, 1, w))
	require.NoError(t, err)
	c, _, err := torchwood.VerifyCheckpoint(p.Quorum(), policy)
	require.NoError(t, err)
	require.EqualValues(t, 300, c.N)
	push(t, t.TempDir(), s, 1, w).reach(t, 300) // it learns from the conflict where the witness is

	fork := &source{t: t, tree: newTree(t, "other")}
	fork.size.Store(310)
	f := push(t, t.TempDir(), fork, 1, w)
	f.says(t, 0, "422")
	require.Nil(t, f.Quorum())
}

// runLitewitness starts a litewitness that knows the log.
func runLitewitness(t *testing.T, l *tree) Witness {
	t.Helper()
	program, python := foreign(t, "litewitness"), "python3"
	dir := t.TempDir()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public, err := ssh.NewPublicKey(key.Public())
	require.NoError(t, err)
	serveAgent(t, filepath.Join(dir, "agent"), key)
	port, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := port.Addr().String()
	require.NoError(t, port.Close())

	cmd := exec.Command(program, "-name", "other.example/litewitness", "-db", filepath.Join(dir, "db"), "-ssh-agent", filepath.Join(dir, "agent"),
		"-listen", address, "-key", ssh.FingerprintSHA256(public))
	if testing.Verbose() {
		cmd.Stderr = os.Stderr
	}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, patience, 20*time.Millisecond, "litewitness does not listen")
	// Its own way of adding a log, witnessctl, takes Sigsum's module to build.
	out, err := exec.Command(python, "-c", addLog, filepath.Join(dir, "db"), testOrigin, l.vkey).CombinedOutput()
	require.NoError(t, err, string(out))

	signer, err := torchwood.NewCosignatureSigner("other.example/litewitness", key)
	require.NoError(t, err)
	w, err := ParseWitness("http://" + address + "," + signer.Verifier().String())
	require.NoError(t, err)
	return w
}

const addLog = `import base64, hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("INSERT INTO log VALUES (?, 0, ?)", (sys.argv[2], base64.b64encode(hashlib.sha256(b"").digest()).decode()))
db.execute("INSERT INTO key VALUES (?, ?)", (sys.argv[2], sys.argv[3]))
db.commit()`

// serveAgent is an SSH agent that holds the one key.
func serveAgent(t *testing.T, path string, key ed25519.PrivateKey) {
	t.Helper()
	ring := agent.NewKeyring()
	require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: key}))
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(ring, c)
		}
	}()
}
