package witness

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// childEnv is the folder of a witness that will be killed, and the log's key.
const childEnv = "GOLDENTHREAD_WITNESS_CHILD"

func TestMain(m *testing.M) {
	if child := os.Getenv(childEnv); child != "" {
		runChild(child)
		return
	}
	os.Exit(m.Run())
}

func runChild(child string) {
	dir, vkey, _ := strings.Cut(child, "|")
	signer, err := OpenKey(filepath.Join(dir, "key.pem"), testName)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	s, err := Open(dir, signer, []Log{{testOrigin, []string{vkey}}}, quiet)
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(l.Addr())
	http.Serve(l, s)
}

// TestAKilledWitnessNeverGoesBack kills a witness under load, again and again on
// the same folder: it stands where it last cosigned, or one further.
func TestAKilledWitnessNeverGoesBack(t *testing.T) {
	l, fork := newTree(t, "ours").grow(t, 4000), newTree(t, "other").grow(t, 4000)
	dir := t.TempDir()
	cosigned := int64(0)
	for range 4 {
		address, child := startChild(t, dir, l.vkey)
		stands := conflictOf(t, address, l.request(t, 3999, 4000))
		require.GreaterOrEqual(t, stands, cosigned)
		require.LessOrEqual(t, stands, cosigned+1)
		if stands > 0 {
			status, _ := send(address, fork.request(t, stands, stands+1))
			require.Equal(t, http.StatusUnprocessableEntity, status)
		}
		status, _ := send(address, l.request(t, stands, stands+1))
		require.Equal(t, http.StatusOK, status)
		timer := time.AfterFunc(time.Duration(20+rand.IntN(100))*time.Millisecond, func() { child.Process.Kill() })
		for cosigned = stands + 1; ; cosigned++ {
			if status, _ := send(address, l.request(t, cosigned, cosigned+1)); status != http.StatusOK {
				break
			}
		}
		timer.Stop()
		child.Process.Kill()
		child.Wait()
	}
	require.Positive(t, cosigned)
}

func startChild(t *testing.T, dir, vkey string) (address string, cmd *exec.Cmd) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir+"|"+vkey)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	require.NotContains(t, lines.Text(), "error")
	return lines.Text(), cmd
}

func conflictOf(t *testing.T, address string, body []byte) int64 {
	t.Helper()
	status, answer := send(address, body)
	require.Equal(t, http.StatusConflict, status)
	size, err := strconv.ParseInt(strings.TrimSpace(answer), 10, 64)
	require.NoError(t, err)
	return size
}

// send is the answer; a status of 0 if there was none.
func send(address string, body []byte) (status int, answer string) {
	r, err := http.Post("http://"+address+"/add-checkpoint", "text/plain", bytes.NewReader(body))
	if err != nil {
		return 0, ""
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, ""
	}
	return r.StatusCode, string(text)
}
