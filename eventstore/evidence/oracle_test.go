package evidence

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/signature"
)

// The other verifier: verify.py in one process that runs as long as the tests do, and is
// asked over a pipe. What it says must be what Go says.

// oracleProgram answers each request with one line: the verdict, and behind a tab what else
// was said. A request is a letter, the number of its parts, and the parts.
const oracleProgram = `
import functools, json, resource, struct, sys
sys.dont_write_bytecode = True
sys.path.insert(0, ".")
import verify
once = functools.lru_cache(maxsize=4096)(verify.openssl_verifies)
verify.openssl_verifies = lambda key, message, signature, options=(): once(key, message, signature, tuple(options))

def bundle(files, policy):
    verify.verified.clear()
    c = verify.Checked(files, policy)
    list(c.report())
    p = c.people
    key = {k.vkey: k.name for k in [c.policy.log] + c.policy.witnesses}
    return "holds %d %s %s %s %s %s" % (c.checkpoint.size, [e["index"] for e in c.events], p.persons, p.unchecked, p.not_proved, [key[s] for s in c.checkpoint.signers])

def ask(kind, parts):
    if kind == b"z":
        return bundle(verify.read_zip(parts[0]), parts[1] if len(parts) > 1 else None)
    if kind == b"f":
        return bundle(verify.read_folder(parts[0].decode()), None)
    if kind == b"a":
        return "holds " + verify.check_assertion(parts[0].decode(), *parts[1:5], parts[5].decode())
    if kind == b"j":
        value = verify.json_of(parts[0], "it", 2048, 4, verify.NotProved)
        return "holds " + json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if kind == b"r":
        return "holds %d" % len(verify.read_zip(parts[0]))
    if kind == b"p":
        p = verify.Policy(parts[0])
        return "holds %d" % len(p.witnesses)
    if kind == b"m":
        return str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

def exactly(n):
    data = sys.stdin.buffer.read(n)
    if len(data) < n:
        sys.exit(0)
    return data

while True:
    kind, n = struct.unpack(">cB", exactly(2))
    parts = [exactly(struct.unpack(">I", exactly(4))[0]) for _ in range(n)]
    try:
        said = ask(kind, parts)
    except verify.Fails as e:
        said = "fails\t%s" % e
    except verify.NotProved as e:
        said = "not proved\t%s" % e
    except verify.CannotCheck as e:
        said = "cannot check\t%s" % e
    except BaseException as e:
        said = "broke\t%r" % e
    sys.stdout.buffer.write(said.encode("utf-8", "backslashreplace").replace(b"\n", b" ") + b"\n")
    sys.stdout.buffer.flush()
`

type oracle struct {
	mu sync.Mutex
	in io.Writer
	of *bufio.Reader
}

func newOracle() (*oracle, error) {
	cmd := exec.Command("python3", "-c", oracleProgram)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &oracle{in: in, of: bufio.NewReader(out)}, cmd.Start() // it ends with its standard input
}

var oneOracle = sync.OnceValues(newOracle)

// askPy is the verdict of verify.py, and what else it said.
func askPy(t testing.TB, kind byte, parts ...[]byte) (verdict, more string) {
	t.Helper()
	python(t)
	o, err := oneOracle()
	require.NoError(t, err)
	return o.ask(t, kind, parts...)
}

func (o *oracle) ask(t testing.TB, kind byte, parts ...[]byte) (verdict, more string) {
	t.Helper()
	request := []byte{kind, byte(len(parts))}
	for _, p := range parts {
		request = append(binary.BigEndian.AppendUint32(request, uint32(len(p))), p...)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_, err := o.in.Write(request)
	require.NoError(t, err)
	line, err := o.of.ReadString('\n')
	require.NoError(t, err)
	verdict, more, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
	return verdict, more
}

// list writes numbers or names as Python does.
func list[T any](all []T, one func(T) string) string {
	var out []string
	for _, v := range all {
		out = append(out, one(v))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func number(n uint64) string { return fmt.Sprint(n) }

// bundleVerdict is what Go says of a bundle, in the words of the oracle.
func bundleVerdict(r Report, err error) string {
	if err != nil {
		return "fails"
	}
	return fmt.Sprintf("holds %d %s %s %s %s %s", r.Checkpoint.N,
		list(r.Events, func(e Proved) string { return number(e.Index) }), list(r.Persons, number), list(r.Unchecked, number),
		list(r.NotProved, func(n NotProved) string { return number(n.Index) }), list(r.Signers, func(s string) string { return "'" + s + "'" }))
}

// agreeOnZip asks both about a zip, which must agree, and gives what Go says.
func agreeOnZip(t testing.TB, zipped, policy []byte) (Report, error) {
	t.Helper()
	r, err := VerifyZip(zipped, policy)
	parts := [][]byte{zipped}
	if policy != nil {
		parts = append(parts, policy)
	}
	verdict, more := askPy(t, 'z', parts...)
	require.Equal(t, bundleVerdict(r, err), verdict, "Go: %v; Python: %s", err, more)
	return r, err
}

// agreeOnAssertion asks both about one signature, likewise.
func agreeOnAssertion(t testing.TB, g *domain.Signature, cose []byte, party string) error {
	t.Helper()
	err := signature.Verify(g, &domain.Passkey{PublicKey: cose, RelyingParty: party})
	want := "fails"
	switch {
	case errors.Is(err, signature.ErrForm):
		want = "not proved"
	case err == nil:
		origin, err := signature.Origin(g)
		require.NoError(t, err)
		want = "holds " + origin
	}
	verdict, more := askPy(t, 'a', []byte(g.Statement), g.ClientDataJSON, g.AuthenticatorData, g.Signature, cose, []byte(party))
	require.Equal(t, want, verdict, "Go: %v; Python: %s\n%q %x %x %x", err, more, g.ClientDataJSON, g.AuthenticatorData, g.Signature, cose)
	return err
}

// agreeOnJSON asks both to read JSON as it is allowed in clientDataJSON.
func agreeOnJSON(t testing.TB, text []byte) error {
	t.Helper()
	v, err := signature.ReadJSON(text, 2_048, 4)
	want := "not proved"
	if err == nil {
		out, err := json.Marshal(v, json.Deterministic(true))
		require.NoError(t, err)
		want = "holds " + string(out)
	}
	verdict, more := askPy(t, 'j', text)
	require.Equal(t, want, verdict, "Go: %v; Python: %s; of %q", err, more, text)
	return err
}
