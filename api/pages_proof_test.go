package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	entities "html"
	"image/png"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/web"
	"goldenthread/eventstore/evidence"
)

// The card carries the proof that the appointment is in the log: the very proof
// that the server gives of it.
func TestCardCarriesItsProof(t *testing.T) {
	w := newWorld(t).established()
	w.on("2026-03-09")
	r1 := w.must(200, w.ask("cd-north", "/representation")).json(t)["appointments"].([]any)[0].(map[string]any)
	index := uint64(r1["index"].(float64))
	w.must(200, w.ask("cd-north", fmt.Sprintf("/events/%d/proof", w.store.Next("trafford")-1))) // signed
	proof := w.must(200, w.ask("cd-north", fmt.Sprintf("/events/%d/proof", index))).body
	card := string(w.must(200, w.send(w.request("cd-north", "GET", "/g/trafford/card", ""))).body)
	picture := web.NewCardProof(index, proof).Picture
	require.Contains(t, entities.UnescapeString(card), string(picture))
	_, encoded, _ := strings.Cut(string(picture), ",")
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	require.NoError(t, err)
	_, err = png.Decode(bytes.NewReader(decoded))
	require.NoError(t, err)
	require.Nil(t, web.NewCardProof(1, make([]byte, 3000)), "too long for a picture")
}

// How far each witness is stands on the page.
func TestWitnessesOnPage(t *testing.T) {
	page := web.Page{Body: &web.Proof{Events: 12, Witnessed: 9, Witnesses: []web.WitnessLag{
		{Name: "lmc.example/witness", Cosigned: 12}, {Name: "fed.example/witness", Cosigned: 9, Behind: 3, Trouble: "it does not answer"},
	}}}
	b, err := page.Render()
	require.NoError(t, err)
	for _, words := range []string{"has signed for 12 events, which is all.", "has signed for 9 events and is 3 events behind: it does not answer.", "Enough of them have signed for the first 9 events."} {
		require.Contains(t, string(b), words)
	}
}

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
		report, err := evidence.VerifyZip(r.body, nil)
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
	sum := sha256.Sum256(w.must(200, w.send(w.request("", "GET", "/verify.py", ""))).body)
	require.Contains(t, proof, hex.EncodeToString(sum[:]), "the page says which verifier is ours")
	require.NotContains(t, proof, "Unpack it and run")
}
