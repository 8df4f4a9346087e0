package api

import (
	"archive/zip"
	"bytes"
	entities "html"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/evidence"
)

var downloads = regexp.MustCompile(`<a href="(/v1/[^"]+)" download="([^"]+\.zip)"`)

// Rule L9: beside what was made in everybody's name stands a file that proves
// it, for whoever may read the ledger; and a page says how it is checked.
func TestEvidenceFromPages(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	w.must(201, w.command("cd-north", "schedule-meeting", `{"forum":"locality-board","on":"2026-03-09"}`))
	w.must(201, w.command("cd-north", "record-commitment", `{"forum":"locality-board","meeting":"2026-03-09","matter":"access","words":"We open.","given":"outright"}`))
	for path, name := range map[string]string{
		"/proposals/P1":   "trafford-P1.zip",
		"/representation": "trafford-R1.zip",
		"/commitments":    "trafford-K1.zip",
		"/check?forum=locality-board&matter=workforce&amount=8,000.50&months=6&consulted=none": "trafford-answer.zip",
	} {
		page := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford"+path, ""))).body)
		found := downloads.FindStringSubmatch(page)
		require.NotNil(t, found, path)
		require.Equal(t, name, found[2])
		r := w.must(200, w.send(w.request("cd-north", "GET", entities.UnescapeString(found[1]), "")))
		bundle, err := zip.NewReader(bytes.NewReader(r.body), int64(len(r.body)))
		require.NoError(t, err)
		report, err := evidence.VerifyBundle(bundle, nil)
		require.NoError(t, err, path)
		require.NotEmpty(t, report.Events)
	}
	past := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/proposals/P1?at=2026-02-01", ""))).body)
	require.Contains(t, downloads.FindStringSubmatch(past)[1], "at=2026-02-01", "about the day that is looked at")

	outside := string(w.must(200, w.send(w.request("icb-director", "GET", "/g/trafford/proposals/P1", ""))).body)
	require.Nil(t, downloads.FindStringSubmatch(outside), "the charter keeps the audit trail to members")
	w.must(403, w.send(w.request("icb-director", "GET", "/g/trafford/proof", "")))

	proof := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/proof", ""))).body)
	l, err := w.store.Log("trafford")
	require.NoError(t, err)
	key := strings.TrimSpace(string(w.must(200, w.ask("cd-north", "/log/vkey")).body))
	require.Contains(t, entities.UnescapeString(proof), key)
	require.Contains(t, entities.UnescapeString(proof), l.Tree().Hash.String())
	require.Contains(t, proof, "No witness is named yet")
}
