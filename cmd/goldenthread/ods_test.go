package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// national are the lists of England, beside the checkout.
func national(t *testing.T) (pcns, practices, memberships string) {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "ods")
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the national lists are not beside this checkout")
	}
	return filepath.Join(dir, "pcns_2026-01-02.csv"), filepath.Join(dir, "practices_epraccur_2026-03-02.csv"), filepath.Join(dir, "pcn_membership_2026-03-02.csv")
}

const wigan = `{"name":"Wigan GP Board","place":"02H","placeName":"Wigan","founder":"lmc-chair",
"charter":{"text":"We decide by consensus.","quorum":1,"defaultStance":"bring-back","matters":["access"]},
"organisations":[{"code":"02H","kind":"place","name":"Wigan"},{"code":"WLMC","kind":"lmc","name":"Wigan LMC"}],
"people":[{"handle":"lmc-chair","office":"Chair, Wigan LMC","organisation":"WLMC"}],
"seats":[{"organisation":"WLMC","holder":"lmc-chair"}],"duties":[{"duty":"chair","person":"lmc-chair"},{"duty":"registrar","person":"lmc-chair"}]}`

// TestNationalLists: the national lists make a place of a sub-ICB with its PCNs
// and practices, and imported again they make no event (rule O1).
func TestNationalLists(t *testing.T) {
	pcns, practices, memberships := national(t)
	p := start(t, filepath.Join(t.TempDir(), "data"))
	status, body := p.Send("operator", "POST", "/v1/groups/wigan/commands/found", wigan)
	require.Equal(t, 201, status, "%s", body)
	out, errs, code := p.Run("operator", "token", "new", "--group", "wigan", "--person", "lmc-chair")
	require.Zero(t, code, errs)
	p.Tokens["lmc-chair"] = strings.TrimSpace(out)

	take := []string{"import-ods", "--group", "wigan", "--place", "02H", "--organisations", pcns, "--organisations", practices, "--memberships", memberships}
	out, errs, code = p.Run("lmc-chair", take...)
	require.Zero(t, code, errs)
	require.NotContains(t, out, " 0 differences")
	out, errs, code = p.Run("lmc-chair", take...)
	require.Zero(t, code, errs)
	require.Contains(t, out, " 0 differences recorded.")

	status, body = p.Send("lmc-chair", "GET", "/v1/groups/wigan?at=2026-03-02", "")
	require.Equal(t, 200, status)
	register, err := read[projections.Register](body)
	require.NoError(t, err)
	open := map[domain.OrganisationKind]int{}
	for _, o := range register.Organisations {
		if o.Open {
			open[o.Kind]++
		}
	}
	require.Equal(t, openIn(t, pcns, "sub_icb", "02H"), open[domain.PCN])
	require.Equal(t, openIn(t, practices, "sub_icb", "02H"), open[domain.Practice])
}

// openIn counts the lines of a list that are of the place and have no end.
func openIn(t *testing.T, file, column, place string) int {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	at := map[string]int{}
	for i, name := range lines[0] {
		at[name] = i
	}
	n := 0
	for _, line := range lines[1:] {
		if line[at[column]] == place && line[at["close"]] == "" {
			n++
		}
	}
	require.NotZero(t, n)
	return n
}

// TestListsInTurn: made-small lists of several dates, the last of them epraccur.csv
// as it is published, are right on every day between, say whom they leave out, and
// read again add nothing (rule O1).
func TestListsInTurn(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	p := start(t, filepath.Join(t.TempDir(), "data"))
	status, body := p.Send("operator", "POST", "/v1/groups/wigan/commands/found", wigan)
	require.Equal(t, 201, status, "%s", body)
	out, errs, code := p.Run("operator", "token", "new", "--group", "wigan", "--person", "lmc-chair")
	require.Zero(t, code, errs)
	p.Tokens["lmc-chair"] = strings.TrimSpace(out)
	dir := t.TempDir()
	take := func(organisations, organisationsCSV, memberships, membershipsCSV string) string {
		t.Helper()
		a, b := filepath.Join(dir, organisations), filepath.Join(dir, memberships)
		require.NoError(t, os.WriteFile(a, []byte(organisationsCSV), 0o600))
		require.NoError(t, os.WriteFile(b, []byte(membershipsCSV), 0o600))
		import1 := []string{"import-ods", "--group", "wigan", "--place", "02H", "--organisations", a, "--memberships", b}
		shown, errs, code := p.Run("lmc-chair", append(import1, "--preview")...)
		require.Zero(t, code, errs)
		require.Contains(t, shown, "Nothing is recorded.")
		said, errs, code := p.Run("lmc-chair", append(import1, "--preview", "--json")...)
		require.Zero(t, code, errs)
		var preview importPreview
		require.NoError(t, json.Unmarshal([]byte(said), &preview))
		out, errs, code := p.Run("lmc-chair", import1...)
		require.Zero(t, code, errs)
		require.NotEmpty(t, preview.Changes, "the same was still to be recorded")
		for _, change := range preview.Changes {
			require.Contains(t, shown, change.Text)
		}
		shown, errs, code = p.Run("lmc-chair", append(import1, "--preview")...)
		require.Zero(t, code, errs)
		require.Contains(t, shown, "Everything in it is known already.")
		again, errs, code := p.Run("lmc-chair", import1...)
		require.Zero(t, code, errs)
		require.Contains(t, again, " 0 differences recorded.")
		return out
	}
	out = take("lists_2023-06-01.csv", "ods,kind,name,parent,open,close\n"+
		"U20001,pcn,Ashton PCN,02H,20190701,\nB20001,practice,Alder Surgery,02H,19740401,\nB20002,practice,Beech Surgery,02H,19740401,\nB20003,practice,Cedar Surgery,02H,19740401,\n",
		"pcn_2023-06-01.csv", "practice,pcn,start,end\nB20001,U20001,20190701,\nB20002,U20001,20190701,\nB20003,U20001,20190701,\nB20001,U99999,20190701,\n")
	require.Contains(t, out, "Alder Surgery (B20001) is in U99999 by the list, a PCN that is not taken.")
	out = take("lists_2025-06-02.csv", "ods,kind,name,parent,open,close\n"+
		"U20001,pcn,Ashton PCN,02H,20190701,\nB20001,practice,Alder House,02H,19740401,\nB20003,practice,Cedar Surgery,01G,19740401,\nB20004,practice,Dogwood Surgery,02H,19900101,\n",
		"pcn_2025-06-02.csv", "practice,pcn,start,end\nB20001,U20001,20190701,\nB20003,U20001,20190701,20250331\nB20004,U20001,20250201,\n")
	require.Contains(t, out, "1 left out by the lists:\n  Beech Surgery (B20002) is no longer in the list: it left Wigan on 1 June 2025.\n")
	line := func(cells map[int]string) string {
		row := make([]string, 27)
		for i, cell := range cells {
			row[i] = cell
		}
		return `"` + strings.Join(row, `","`) + `"` + "\r\n"
	}
	take("epraccur_20260302.csv", line(map[int]string{0: "B20001", 1: "ALDER HOUSE", 10: "19740401", 12: "A", 14: "02H", 25: "4"})+
		line(map[int]string{0: "B20004", 1: "DOGWOOD SURGERY", 10: "19900101", 11: "20260131", 12: "C", 14: "02H", 25: "4"})+
		line(map[int]string{0: "B20005", 1: "ELM WALK-IN CENTRE", 10: "19900101", 12: "A", 14: "02H", 25: "1"})+
		line(map[int]string{0: "B20006", 1: "Fir Surgery", 10: "19900101", 12: "A", 14: "02H", 15: "20260101", 25: "4"}),
		"pcn_2026-03-02.csv", "practice,pcn,start,end\nB20001,U20001,20190701,\nB20004,U20001,20250201,20260131\nB20006,U20001,20260101,\n")
	for day, want := range map[string]string{
		"2019-07-01": "Alder Surgery, Beech Surgery, Cedar Surgery", "2025-01-31": "Alder Surgery, Beech Surgery, Cedar Surgery",
		"2025-02-01": "Alder Surgery, Beech Surgery, Cedar Surgery, Dogwood Surgery", "2025-03-31": "Alder Surgery, Beech Surgery, Cedar Surgery, Dogwood Surgery",
		"2025-04-01": "Alder Surgery, Beech Surgery, Dogwood Surgery", "2025-06-01": "Alder Surgery, Beech Surgery, Dogwood Surgery",
		"2025-06-02": "Alder House, Dogwood Surgery", "2025-12-31": "Alder House, Dogwood Surgery", "2026-01-01": "Alder House, Dogwood Surgery, Fir Surgery",
		"2026-01-31": "Alder House, Dogwood Surgery, Fir Surgery", "2026-02-01": "Alder House, Fir Surgery", "2026-03-02": "Alder House, Fir Surgery",
	} {
		status, body := p.Send("lmc-chair", "GET", "/v1/groups/wigan/mandate?at="+day, "")
		require.Equal(t, 200, status, "%s", body)
		mandate, err := read[projections.Mandate](body)
		require.NoError(t, err)
		var names []string
		for _, o := range mandate.Outside {
			names = append(names, o.Name)
		}
		require.Equal(t, want, strings.Join(names, ", "), day)
	}
}
