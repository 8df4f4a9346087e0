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

	start := regexp.MustCompile(`(?m)^ExecStart=/usr/local/bin/goldenthread (serve .*)$`).FindStringSubmatch(out.String())
	require.NotNil(t, start)
	serve, args, err := root.Find(strings.Fields(strings.ReplaceAll(start[1], "${STATE_DIRECTORY}", "/var/lib/goldenthread")))
	require.NoError(t, err)
	require.Equal(t, "serve", serve.Name())
	require.NoError(t, serve.ParseFlags(args))
}

// The settings to begin with are such as serve takes, and so is each that is not said yet.
func TestSettingsToBeginWith(t *testing.T) {
	root := rootCommand()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetArgs([]string{"systemd-unit", "--settings"})
	require.NoError(t, root.Execute())
	require.Equal(t, systemdSettings, out.String())
	o, err := told(t, "--config", settingsFile(t, systemdSettings))
	require.NoError(t, err)
	_, err = o.reach()
	require.NoError(t, err)
	all := regexp.MustCompile(`(?m)^# ([a-z-]+ = )`).ReplaceAllString(systemdSettings, "$1")
	require.Greater(t, strings.Count(all, " = "), strings.Count(systemdSettings, "\nlisten")+10)
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	all = regexp.MustCompile(`(?m)^((?:oidc-secret-file|mail-credentials|webhooks) = ).*`).ReplaceAllString(all, "${1}"+file)
	o, err = told(t, "--config", settingsFile(t, all))
	require.NoError(t, err)
	require.Equal(t, "https://thread.example.org", o.origin)
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
