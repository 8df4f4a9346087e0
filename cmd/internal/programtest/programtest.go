// Package programtest starts the real program in a test, speaks with it over
// HTTP, and runs its command line. Tests alone import it.
package programtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// MainEnv is set in the environment of every program started here. A test binary
// of the program itself runs main where it finds it, and needs no build then.
const MainEnv = "RUN_GOLDENTHREAD"

// Build builds the program into the folder, with those flags of go build, and returns its
// file: with the race detector where the test has it.
func Build(dir string, flags ...string) (string, error) {
	file := filepath.Join(dir, "goldenthread")
	args := append([]string{"build", "-o", file}, flags...)
	if raceDetector {
		args = append(args, "-race")
	}
	if said, err := exec.Command("go", append(args, "goldenthread/cmd/goldenthread")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, said)
	}
	return file, nil
}

// A Program is the real program serving a folder.
type Program struct {
	T      testing.TB
	File   string // that is run
	Dir    string
	URL    string
	Tokens map[string]string // by person; "operator" is the operator's
	Cmd    *exec.Cmd
	Log    *Log
}

// A Log is what the program says on standard error.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String is everything up to now.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var answersAt = regexp.MustCompile(`answers at (http://\S+);`)

// Start has the file serve the folder until the test ends.
func Start(t testing.TB, file, dir string, args ...string) *Program {
	t.Helper()
	p := &Program{T: t, File: file, Dir: dir, Tokens: map[string]string{}, Log: &Log{}}
	p.Cmd = exec.Command(file, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, args...)...)
	p.Cmd.Env = append(os.Environ(), MainEnv+"=1")
	out, err := p.Cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.Cmd.Start())
	t.Cleanup(func() {
		p.Stop()
		require.NotRegexp(t, `<nil>|%!`, p.Log.String(), "a log line has a value that is none, or is not formatted")
	})
	lines := bufio.NewScanner(out)
	for p.URL == "" && lines.Scan() {
		fmt.Fprintln(p.Log, lines.Text())
		if m := answersAt.FindStringSubmatch(lines.Text()); m != nil {
			p.URL = m[1]
		}
	}
	require.NotEmpty(t, p.URL, "it did not start:\n%s", p.Log)
	go io.Copy(p.Log, out)
	p.readTokens()
	return p
}

func (p *Program) readTokens() {
	operator, err := os.ReadFile(filepath.Join(p.Dir, "operator-token"))
	require.NoError(p.T, err)
	if b, err := os.ReadFile(filepath.Join(p.Dir, "example-tokens.json")); err == nil {
		require.NoError(p.T, json.Unmarshal(b, &p.Tokens))
	}
	p.Tokens["operator"] = strings.TrimSpace(string(operator))
}

// Stop ends the program as an operator would, and waits for it.
func (p *Program) Stop() { StopProcess(p.Cmd) }

// StopProcess asks a process to end, and kills it if it has not after 20 seconds.
func StopProcess(cmd *exec.Cmd) {
	if cmd.ProcessState != nil {
		return
	}
	cmd.Process.Signal(syscall.SIGCONT) // one that was halted could not end
	cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	cmd.Wait()
}

// Send sends a request as that person and returns status and body.
func (p *Program) Send(person, method, path, body string) (int, []byte) {
	p.T.Helper()
	req, err := http.NewRequest(method, p.URL+path, strings.NewReader(body))
	require.NoError(p.T, err)
	if person != "" {
		require.NotEmpty(p.T, p.Tokens[person], "no token for %s", person)
		req.Header.Set("Authorization", "Bearer "+p.Tokens[person])
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(p.T, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	require.NoError(p.T, err)
	return res.StatusCode, b
}

// Run runs the command line as that person and returns what it prints and its
// exit code.
func (p *Program) Run(person string, args ...string) (stdout, stderr string, code int) {
	p.T.Helper()
	cmd := exec.Command(p.File, args...)
	cmd.Env = append(os.Environ(), MainEnv+"=1", "GOLDENTHREAD_SERVER="+p.URL, "GOLDENTHREAD_GROUP=trafford", "GOLDENTHREAD_TOKEN="+p.Tokens[person])
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(p.T, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
