package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/evidence"
)

// Rules R3, L9: the check's whole chain is proved by a file that needs no server.
func TestEvidenceOfACheck(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	const asked = "forum=locality-board&matter=workforce&amountPence=100&months=1"
	r := w.must(200, w.ask("cd-north", "/check/evidence?"+asked))
	require.Equal(t, "application/zip", r.Header.Get("Content-Type"))
	w.must(304, w.ask("cd-north", "/check/evidence?"+asked, "If-None-Match", r.Header.Get("ETag")))

	report, err := evidence.VerifyZip(r.body, nil)
	require.NoError(t, err)
	proved := map[float64]bool{}
	for _, e := range report.Events {
		proved[float64(e.Index)] = true
	}
	chain := w.must(200, w.ask("cd-north", "/check?"+asked)).json(t)["chain"].([]any)
	require.NotEmpty(t, chain)
	for _, step := range chain {
		require.True(t, proved[step.(map[string]any)["index"].(float64)], step)
	}
	w.must(404, w.ask("stranger", "/check/evidence?"+asked))
	w.refused(404, "R3", w.ask("cd-north", "/check/evidence?forum=nowhere&matter=workforce"))

	for _, program := range []string{"python3", "openssl"} {
		if _, err := exec.LookPath(program); err != nil && os.Getenv("CI") != "true" {
			t.Skip(err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "evidence.zip")
	require.NoError(t, os.WriteFile(path, r.body, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "verify.py"), w.must(200, w.send(w.request("", "GET", "/verify.py", ""))).body, 0o600))
	said, err := exec.Command("python3", filepath.Join(dir, "verify.py"), path).CombinedOutput()
	require.NoError(t, err, string(said))
	require.Contains(t, string(said), "EVERYTHING ELSE HOLDS")
}

// The auditor's file proves each agreement behind a power, what each seat said to it, and
// each decision (rules D4, L9).
func TestEvidenceOfPowers(t *testing.T) {
	w := withExecutive(t)
	w.must(201, w.command("cd-south", "record-exercise", scheme))
	w.must(201, w.command("lmc-chair", "confirm-record", `{"records":["E1"]}`))
	r := w.must(200, w.ask("lmc-chair", "/powers/evidence"))
	report, err := evidence.VerifyZip(r.body, nil)
	require.NoError(t, err)
	kinds := map[string]int{}
	for _, e := range report.Events {
		kinds[e.Type]++
	}
	require.NotZero(t, kinds["goldenthread.delegation.granted.v1"])
	require.NotZero(t, kinds["goldenthread.agreement.reached.v1"])
	require.Equal(t, 1, kinds["goldenthread.exercise.confirmed.v1"])
	require.GreaterOrEqual(t, kinds["goldenthread.position.taken.v1"], 3, "each consent")
	w.refused(422, "L8", w.ask("lmc-chair", "/powers/evidence?from=yesterday"))
	w.refused(422, "L4", w.ask("lmc-chair", "/powers?from=2026-03-02&to=2026-03-01"))
	w.must(404, w.ask("stranger", "/powers/evidence"))
	page := string(w.must(200, w.page("lmc-chair", "/powers?from=2026-01-01")).body)
	require.Contains(t, page, "/powers/evidence?from=2026-01-01")
	require.Contains(t, page, "1 decision since 1 January 2026: 1 stood.")
	require.Contains(t, page, "/evidence/E1")
}

// TestEvidenceOfSignatures: what members signed is proved too, with the keys
// that the ledger knew, in Go and by the bundle's own verifier (rule L9).
func TestEvidenceOfSignatures(t *testing.T) {
	w, d := signer(t)
	const soon = `{"proposal":"P2","version":1,"needNotWait":true}`
	said := w.must(201, d.sign("consent", soon, d.signature(d.statement("consent", soon)))).json(t)
	for _, person := range []string{"cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", soon))
	}
	r := w.must(200, w.ask("manager", "/evidence/P2"))
	report, err := evidence.VerifyZip(r.body, nil)
	require.NoError(t, err)
	require.Equal(t, []uint64{uint64(said["first"].(float64))}, report.Persons)
	require.Empty(t, report.Unchecked)
	require.Equal(t, "goldenthread.agreement.reached.v1", report.Events[len(report.Events)-1].Type)

	for _, program := range []string{"python3", "openssl"} {
		if _, err := exec.LookPath(program); err != nil && os.Getenv("CI") != "true" {
			t.Skip(err)
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "evidence.zip")
	require.NoError(t, os.WriteFile(path, r.body, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "verify.py"), evidence.Verifier, 0o600))
	out, err := exec.Command("python3", filepath.Join(dir, "verify.py"), path).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "signed with the passkey that event")
}
