package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
	"goldenthread/eventstore/logs"
)

// A log has the level and the format that were asked for, and never an error that is none.
func TestLogLevelAndFormat(t *testing.T) {
	logged := func(format, level string) string {
		var out bytes.Buffer
		log, err := (&logging{format: format, level: level}).logger(&out)
		require.NoError(t, err)
		var none error
		log.Debug("one", "error", none)
		log.Info("two", "loss", (*logs.Loss)(nil))
		log.Warn("three", "error", none)
		log.Error("four", "group", "trafford")
		return out.String()
	}
	for level, want := range map[string]int{"debug": 4, "info": 3, "warn": 2, "error": 1} {
		said := logged("json", level)
		require.Equal(t, want, strings.Count(said, "\n"), level)
		for line := range strings.Lines(said) {
			require.True(t, json.Valid([]byte(line)), line)
		}
		require.NotContains(t, said, `"error"`)
		require.NotContains(t, said, `"loss"`)
		require.NotContains(t, logged("text", level), "nil")
	}
	require.Contains(t, logged("text", "error"), "level=ERROR msg=four group=trafford\n")
}

// With --log-format json all that a server says is JSON: where it answers, what it is asked,
// how a new folder is begun, and why it did not start.
func TestServeLogsInJSON(t *testing.T) {
	for _, variable := range os.Environ() { // those of other tests are named like settings, which the log says
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "GOLDENTHREAD_") {
			t.Setenv(name, "")
			require.NoError(t, os.Unsetenv(name))
		}
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	p := &program{&programtest.Program{T: t, File: os.Args[0]}}
	serve := []string{"serve", "--data", filepath.Join(t.TempDir(), "data"), "--log-format", "json"}
	out, errs, code := p.Run("", append(serve, "--listen", taken.Addr().String())...)
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, logLine(t, errs)["error"], "answer at "+taken.Addr().String())
	for _, wrong := range [][]string{{"--log-level", "loud"}, {"--log-format", "xml"}, {"--access-log", "--log-level", "warn"}, {"--client-addresses"}} {
		_, errs, code = p.Run("", append(serve, wrong...)...)
		require.Equal(t, exitUsage, code)
		require.Regexp(t, wrong[0]+"(:.*)? (is|are) ", errs)
	}
	_, errs, code = p.Run("", append(serve, "--reads", "0")...)
	require.Equal(t, exitUsage, code)
	require.Equal(t, "ERROR", logLine(t, errs)["level"])

	cmd := exec.Command(os.Args[0], append(serve, "--listen", "127.0.0.1:0")...)
	cmd.Env = append(os.Environ(), programtest.MainEnv+"=1")
	said, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { programtest.StopProcess(cmd) })
	lines := bufio.NewScanner(said)
	for _, attr := range []string{"people", "link"} { // where it answers, then how to begin
		require.True(t, lines.Scan())
		require.Contains(t, logLine(t, lines.Text())[attr], "http://localhost:")
	}
}

// logLine reads the one line of a log in JSON.
func logLine(t *testing.T, text string) map[string]string {
	line := map[string]string{}
	require.NoError(t, json.Unmarshal([]byte(text), &line), text)
	return line
}
