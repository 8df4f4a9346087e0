package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The unit is what the command prints, and every flag that it names is one of serve.
func TestSystemdUnit(t *testing.T) {
	root := rootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{"systemd-unit"})
	require.NoError(t, root.Execute())
	require.Equal(t, systemdUnit, out.String())

	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/goldenthread (serve .*) \$OPTIONS$`).FindStringSubmatch(out.String())
	require.NotNil(t, start)
	serve, args, err := root.Find(strings.Fields(os.Expand(start[1], func(name string) string {
		return map[string]string{"STATE_DIRECTORY": "/var/lib/goldenthread", "ORIGIN": ""}[name] // as where nothing is configured
	})))
	require.NoError(t, err)
	require.Equal(t, "serve", serve.Name())
	require.NoError(t, serve.ParseFlags(args))
	ours := regexp.MustCompile(`(?m)^#   (useradd|systemctl) .*$`).ReplaceAllString(out.String(), "")
	for _, named := range regexp.MustCompile(`--[a-z][a-z-]+`).FindAllString(ours, -1) {
		require.NotNil(t, serve.Flags().Lookup(strings.TrimPrefix(named, "--")), named)
	}
}

// Systemd's own tool finds little exposed: 1.5 of 10 at most.
func TestSystemdUnitExposesLittle(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	file := filepath.Join(t.TempDir(), "goldenthread.service")
	require.NoError(t, os.WriteFile(file, []byte(systemdUnit), 0o600))
	said, err := exec.Command(analyze, "security", "--offline=true", "--threshold=15", file).CombinedOutput()
	require.NoError(t, err, "%s", said)
}
