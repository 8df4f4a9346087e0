package api

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

// A form that no page made is answered in words too, and records nothing.
func TestComposeOfAnything(t *testing.T) {
	w := newWorld(t).established()
	next := w.store.Next("trafford")
	for _, carried := range []string{
		``, `[`, `[{}]`, `[{"appoint":{"person":"nobody","forum":"nowhere"}}]`, `[{"grantDelegation":{"to":"nobody","payer":"NOBODY"}}]`, `[{"varyDelegation":{"delegation":"D9","version":9}}]`,
		`[{"endAppointment":{"appointment":"R9"}},{"endDuty":{"duty":"king","person":"nobody"}}]`, `[{"adoptPriorities":{"round":"W9","priorities":[{"priority":"Y9"}]}}]`,
		`[{"changeCharter":{"version":-1}}]`, `[{"openSeat":{"organisation":"X","holder":"X"}}]`, `[{"createActions":{"actions":[{"owner":"x"}]}}]`, `[{"formExecutive":{"members":["x"]}}]`,
	} {
		for _, then := range []string{"", "another", "parts", "words", "change 0", "change -1", "change x", "drop 0", "drop 9", "row ", "row powers-0-conditions", "leave", "nonsense"} {
			for _, kind := range []string{"", "words", "grantDelegation", "varyDelegation", "confirmAppointment", "changeCharter", "nonsense"} {
				form := url.Values{"form": {"raise"}, "command": {"raise-proposal"}, "instruments": {carried}, "kind": {kind}, "of": {"D9"}, "index": {"7"}, "powers-99999-matter": {"x"}, "powers--1-x": {""}}
				if then != "" {
					form.Set("then", then)
				}
				r := w.sendStill(w.request("cd-south", "POST", "/g/trafford/proposals/new", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"))
				require.Less(t, r.StatusCode, 500, fmt.Sprint(carried, then, kind, string(r.body)))
				require.NotEqual(t, 303, r.StatusCode)
			}
		}
	}
	require.Equal(t, next, w.store.Next("trafford"))
	w.must(403, w.send(w.request("manager", "GET", "/g/trafford/proposals/new", "")))
	w.must(409, w.send(w.request("cd-south", "GET", "/g/trafford/proposals/P1/amend", "")))
}

// Dates are read as people write them, and a refusal finds its row though others were left empty.
func TestReadDaysAndRows(t *testing.T) {
	for s, day := range map[string]string{"9 March 2026": "2026-03-09", "9 Mar 2026": "2026-03-09", "9/3/2026": "2026-03-09", "09/03/2026": "2026-03-09", "2026-03-09": "2026-03-09"} {
		d, err := readDay(s)
		require.NoError(t, err, s)
		require.Equal(t, day, d.String())
	}
	for _, s := range []string{"soon", "31 February 2026", "3/2026", "1 May 3026"} {
		_, err := readDay(s)
		require.Error(t, err, s)
	}
	require.Equal(t, "powers-2-matter", moves(map[string]string{"powers-1-": "powers-2-"}, "powers/1/matter"))
}
