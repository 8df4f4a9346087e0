package registers

import (
	"bytes"
	"encoding/csv"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"goldenthread/domain"
	"goldenthread/projections"
)

// things is a register of the test's own.
func things(rows ...Row) *Register {
	return &Register{
		Name: "things", Title: "Things", Columns: []Column{{"ref", "Number", Ref}, {"on", "Date", Date}, {"what", "What", Text}, {"state", "State", Choice}, {"amount", "Amount", Money}, {"months", "Months", Number}},
		rows: func(*projections.Group, domain.Day) []Row {
			return append([]Row{}, rows...)
		},
	}
}

func day(s string) domain.Day {
	d, err := domain.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

var some3 = []Row{
	{"E10", day("2026-03-09"), "=cmd|' /C calc'!A0", "open", domain.Pence(18_000_50), 12},
	{"E2", day("2026-02-01"), "Café, “quoted” £5", "closed", nil, nil},
	{"E1", domain.Day(0), "-1+1", "open", domain.Pence(2_000_00), 6},
}

func query(t *testing.T, asked string) url.Values {
	v, err := url.ParseQuery(asked)
	require.NoError(t, err)
	return v
}

func refs(rows []Row) string {
	var all []string
	for _, row := range rows {
		all = append(all, row[0].(string))
	}
	return strings.Join(all, " ")
}

func TestRowsAreFilteredAndSorted(t *testing.T) {
	r := things(some3...)
	for asked, want := range map[string]string{
		"": "E10 E2 E1", "sort=ref": "E1 E2 E10", "sort=-ref": "E10 E2 E1", "sort=on": "E2 E10 E1", "sort=-on": "E10 E2 E1", "sort=amount": "E1 E10 E2", "sort=-amount": "E10 E1 E2",
		"sort=months": "E1 E10 E2", "words=CAF%C3%89+quoted": "E2", "words=18,000": "E10", "state=open": "E10 E1", "from=2026-02-02": "E10", "to=2026-03-08": "E2", "from=2026-02-01&to=2026-03-09&sort=ref": "E2 E10",
		"words=nothing": "", "what=open": "E10 E2 E1",
	} {
		w, err := r.Wants(query(t, asked))
		require.NoError(t, err, asked)
		require.Equal(t, want, refs(r.Rows(nil, 0, w)), asked)
	}
	for _, asked := range []string{"sort=nothing", "sort=-", "from=never", "from=2026-03-01&to=2026-02-01"} {
		_, err := r.Wants(query(t, asked))
		require.Error(t, err, asked)
	}
	require.Equal(t, []string{"closed", "open"}, r.Choices(nil, 0, "state"))
}

// A CSV is UTF-8 with a mark that says so, has dates and sums that a spreadsheet reads, and
// no cell that one takes for a formula.
func TestCSV(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, things(some3...).WriteCSV(&b, some3))
	require.True(t, bytes.HasPrefix(b.Bytes(), []byte("\xEF\xBB\xBF")))
	lines, err := csv.NewReader(bytes.NewReader(b.Bytes()[3:])).ReadAll()
	require.NoError(t, err)
	require.Equal(t, [][]string{
		{"Number", "Date", "What", "State", "Amount (£)", "Months"},
		{"E10", "2026-03-09", "'=cmd|' /C calc'!A0", "open", "18000.50", "12"},
		{"E2", "2026-02-01", "Café, “quoted” £5", "closed", "", ""},
		{"E1", "", "'-1+1", "open", "2000.00", "6"},
	}, lines)
	for _, bad := range []string{"=1", "+1", "-1", "@SUM(1)", "\tx", "\rx", "\nx", " =1", "＝1", "＠x"} {
		require.Equal(t, "'"+bad, Safe(bad))
	}
	for _, good := range []string{"", "1", "a=b", "£5", "'x"} {
		require.Equal(t, good, Safe(good))
	}
}

// A spreadsheet has dates that are dates and sums that are sums; words stay words.
func TestXLSX(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, things(some3...).WriteXLSX(&b, some3))
	book, err := excelize.OpenReader(&b)
	require.NoError(t, err)
	defer book.Close()
	require.Equal(t, []string{"Things"}, book.GetSheetList())
	for cell, want := range map[string]string{"B2": "9 March 2026", "C2": "=cmd|' /C calc'!A0", "C3": "Café, “quoted” £5", "E2": "£18,000.50", "E3": "", "F2": "12", "E1": "Amount"} {
		got, err := book.GetCellValue("Things", cell)
		require.NoError(t, err)
		require.Equal(t, want, got, cell)
		formula, err := book.GetCellFormula("Things", cell)
		require.NoError(t, err)
		require.Empty(t, formula, cell)
	}
	kind, err := book.GetCellType("Things", "C2")
	require.NoError(t, err)
	require.Equal(t, excelize.CellTypeInlineString, kind)
}

// Every register has a name, distinct columns, and a first column that is its number.
func TestRegistersAreWhole(t *testing.T) {
	names := map[string]bool{}
	for _, r := range All() {
		require.False(t, names[r.Name], r.Name)
		names[r.Name] = true
		require.Same(t, r, ByName(r.Name))
		require.NotEmpty(t, r.Title+r.Say)
		require.Equal(t, Ref, r.Columns[0].Kind)
		columns := map[string]bool{"words": true, "from": true, "to": true, "sort": true, "page": true, "all": true, "at": true, "known": true}
		for _, c := range r.Columns {
			if c.Kind == Choice { // is asked for by its name
				require.False(t, columns[c.Name], "%s of %s", c.Name, r.Name)
			}
			columns[c.Name] = true
		}
		require.Empty(t, r.Rows(projections.New("nowhere"), day("2026-01-01"), Wanted{}), r.Name)
	}
	require.Nil(t, ByName("nothing"))
}
