package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/doctor"
)

// TestDoctorLooksAtAServerAndAtAFolder: what needs doing is named in words and as JSON, and
// the exit code says whether anything does.
func TestDoctorLooksAtAServerAndAtAFolder(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	backups := t.TempDir()
	_, errs, code := p.Run("cd-north", "do", "raise-proposal", "--group", "trafford", "--title", "Records", "--text", "We share records.", "--matter", "digital")
	require.Zero(t, code, "the ledger's newest event is of today: %s", errs)
	_, errs, code = p.Run("operator", "backup", "--to", filepath.Join(backups, "one.tar"))
	require.Zero(t, code, "%s", errs)
	out, errs, code := p.Run("operator", "doctor", "--backups", backups)
	require.Zero(t, code, "%s%s", out, errs)
	require.Contains(t, out, "Every log is signed for all of its events.")
	_, errs, code = p.Run("manager", "doctor")
	require.Equal(t, exitRefused, code)
	require.Contains(t, errs, "Only the operator")
	out, _, code = p.Run("", "doctor", "--data", p.Dir, "--backups", backups)
	require.Equal(t, int(exitNeedsDoing), code)
	require.Contains(t, out, "→ Ask the server")
	config := settingsFile(t, "listen = "+strings.TrimPrefix(p.URL, "http://")+"\ndata = "+p.Dir+"\nbackup-to = "+backups+"\n")
	out, errs, code = p.Run("", "doctor", "--config", config)
	require.Zero(t, code, "the settings of serve say where it is, its token and its backups\n%s%s", out, errs)
	require.Contains(t, out, "Every log is signed for all of its events.")
	p.Stop()
	out, errs, code = p.Run("", "doctor", "--config", config)
	require.Zero(t, code, "%s%s", out, errs)
	require.Contains(t, out, "Only a server at work knows its mail.")

	require.NoError(t, os.Remove(filepath.Join(p.Dir, "nats", "jetstream", "$G", "streams", "KEYS", "meta.sum")))
	out, errs, code = p.Run("", "doctor", "--data", p.Dir, "--backups", backups, "--json")
	require.Equal(t, int(exitNeedsDoing), code, "%s", errs)
	var report doctor.Report
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.Equal(t, "Stream files", report.Checks[0].Name)
	require.Equal(t, doctor.Look, report.Checks[0].State)
	out, errs, code = p.Run("", "doctor", "--data", p.Dir, "--backups", backups)
	require.Zero(t, code, "looking opened the folder, which put it right\n%s%s", out, errs)
	require.Contains(t, out, "well")
}
