package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/cmd/internal/lists"
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

// TestReadingLists: what a list says that can't be is refused with its place.
func TestReadingLists(t *testing.T) {
	for wrong, list := range map[string]string{
		"line 2: open is not a date":                            "ods,kind,name,open\nP91003,practice,A,tomorrow\n",
		"line 2: status is INACTIVE without a closing day":      "ods,kind,name,open,status\nP91003,practice,A,19740401,INACTIVE\n",
		"line 3: ods is in the list twice":                      "ods,kind,name,open\nP91003,practice,A,19740401\nP91003,practice,A,19740401\n",
		"line 2: open is missing":                               "ods,kind,name,open\nP91003,practice,A,\n",
		"line 2: list_size_2026-01 is not a number of patients": "ods,kind,name,open,list_size_2026-01\nP91003,practice,A,19740401,many\n",
		"wrong number of fields":                                "ods,kind,name,open\nP91003,practice\n",
	} {
		l := &odsList{in: "02A"}
		require.ErrorContains(t, lists.Read("list.csv", strings.NewReader(list), l.addOrganisation), wrong)
	}
	l := &odsList{in: "02A", place: "02A", known: map[string]string{"P91004": "Altrincham Medical Practice"}}
	require.NoError(t, lists.Read("list.csv", strings.NewReader("\ufeffods,sub_icb,open,close\nP91003,02A,19740401,\nP91004,02A,19740401,20260331\nP91005,02B,19740401,\n"), l.addOrganisation))
	require.Len(t, l.rows, 2, "the other is elsewhere")
	require.Equal(t, "Practice P91003", l.rows[0].Name)
	require.Equal(t, "Altrincham Medical Practice", l.rows[1].Name, "a list without names changes none")
	require.Equal(t, "2026-03-31", l.rows[1].Closed.String())
	require.NoError(t, lists.Read("m.csv", strings.NewReader("practice,pcn,start,end\nP91003,U42898,20191001,\n"), l.addMembership))
	require.Len(t, l.rows[0].Parents, 1, "its PCN is not in the list")
}

// TestPounds reads sums as people write them.
func TestPounds(t *testing.T) {
	for s, want := range map[string]domain.Pence{
		"12000": 12_000_00, "12,000": 12_000_00, "£12,000.50": 12_000_50, " £5 ": 5_00, "-5": -5_00, "-5.25": -5_25, "1,234,567": 1_234_567_00, "0.05": 5,
	} {
		got, err := parsePounds(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got, s)
	}
	for _, s := range []string{"", "lots", "12,50", "1.5", "1.234", "12000p", "1e3", "99999999999999999999", "£", "1,,000", ",5"} {
		_, err := parsePounds(s)
		require.Error(t, err, s)
	}
}
