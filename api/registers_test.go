package api

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A register is one list: as a page, in JSON, as CSV and as a spreadsheet, for those who may
// see what it shows.
func TestRegisters(t *testing.T) {
	w := withExecutive(t)
	w.must(201, w.command("cd-south", "record-exercise", strings.Replace(scheme, `"A scheme"`, `"=A scheme for <b>£5</b>"`, 1)))
	at := "/registers/decisions"
	page := string(w.must(200, w.page("manager", at+"?sort=-amount")).body)
	require.Contains(t, page, "=A scheme for &lt;b&gt;£5&lt;/b&gt;")
	require.Contains(t, page, `aria-sort="descending"`)
	require.Less(t, strings.Index(page, ">E1<"), strings.Index(page, ">P2<"))
	require.NotContains(t, string(w.must(200, w.page("manager", at+"?by=Under+a+power")).body), ">P2<")
	w.must(422, w.page("manager", at+"?sort=nothing"))
	w.must(404, w.page("manager", "/registers/nothing"))
	w.must(404, w.page("manager", at+".pdf"))
	w.must(404, w.page("stranger", at+".csv"))

	file := w.must(200, w.page("manager", at+".csv?words=scheme"))
	require.Equal(t, "text/csv; charset=utf-8", file.Header.Get("Content-Type"))
	require.Contains(t, file.Header.Get("Content-Disposition"), "trafford-decisions-")
	require.Contains(t, string(file.body), "'=A scheme for <b>£5</b>,15000.00,12")
	require.NotContains(t, string(file.body), "P2,")
	sheet := w.must(200, w.page("manager", at+".xlsx"))
	require.True(t, strings.HasPrefix(string(sheet.body), "PK"))

	table := w.must(200, w.ask("manager", at+"?sort=-ref")).json(t)
	require.Equal(t, "ref", table["columns"].([]any)[0].(map[string]any)["name"])
	require.Equal(t, "P2", table["rows"].([]any)[0].([]any)[0])
	w.refused(422, "L4", w.ask("manager", at+"?sort=nothing"))
	index := string(w.must(200, w.page("manager", "/registers")).body)
	for _, name := range []string{"decisions", "powers", "representatives", "interests", "actions", "approaches", "mandates", "departures"} {
		require.Contains(t, index, "/g/trafford/registers/"+name)
		w.must(200, w.page("manager", "/registers/"+name))
		w.must(200, w.page("manager", "/registers/"+name+".xlsx"))
		w.must(200, w.page("manager", "/registers/"+name+".csv"))
	}
}

// What a charter keeps to members nobody else downloads, nor finds among the registers.
func TestRegistersKeep(t *testing.T) {
	w := foundKeeping(t, "approaches")
	const invited = "icb-director"
	for _, file := range []string{"", ".csv", ".xlsx"} {
		require.Contains(t, string(w.must(403, w.page(invited, "/registers/approaches"+file)).body), "The charter keeps approaches to members")
	}
	require.NotContains(t, string(w.must(200, w.page(invited, "/registers")).body), "registers/approaches")
}
