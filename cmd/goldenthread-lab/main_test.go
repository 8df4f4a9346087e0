package main

import (
	"cmp"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/programtest"
)

// TestMain makes this test binary a NATS server or the bench's bare server where
// its environment says so. The program itself is built once, when the first test
// starts it.
func TestMain(m *testing.M) {
	if config := os.Getenv(natsEnv); config != "" {
		runNATS(config)
		return
	}
	if answers := os.Getenv(bareEnv); answers != "" {
		serveBare(answers)
	}
	code := m.Run()
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

var builtIn string // the folder of the built program

var build = sync.OnceValues(func() (file string, err error) {
	if builtIn, err = os.MkdirTemp("", "goldenthread"); err != nil {
		return "", err
	}
	return programtest.Build(builtIn)
})

// programFile is the program, built from this checkout.
func programFile(t testing.TB) string {
	t.Helper()
	file, err := build()
	require.NoError(t, err)
	return file
}

// A program is the real program, serving a folder.
type program struct{ *programtest.Program }

// start serves the folder until the test ends.
func start(t testing.TB, dir string, args ...string) *program {
	t.Helper()
	return startAs(t, programFile(t), dir, args...)
}

// startAs starts it as that file runs it.
func startAs(t testing.TB, file, dir string, args ...string) *program {
	t.Helper()
	return &program{programtest.Start(t, file, dir, args...)}
}

// patience is how long is waited for what must come: only what hangs takes that long.
const patience = 2 * time.Minute

func fromEnv(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

func fromEnvText(name, otherwise string) string { return cmp.Or(os.Getenv(name), otherwise) }
