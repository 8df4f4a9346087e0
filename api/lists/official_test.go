package lists

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

const (
	mapHeading  = "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,PRACTICE_POSTCODE,PCN_CODE,PCN_NAME,SUB_ICB_LOCATION_CODE,SUB_ICB_LOCATION_NAME\n"
	sizeHeading = "PUBLICATION,EXTRACT_DATE,TYPE,SUB_ICB_LOCATION_CODE,ONS_SUB_ICB_LOCATION_CODE,CODE,POSTCODE,SEX,AGE,NUMBER_OF_PATIENTS\n"
)

// day is the date in the form 2026-03-09.
func day(t testing.TB, s string) domain.Day {
	t.Helper()
	d, err := domain.ParseDay(s)
	require.NoError(t, err)
	return d
}

// official reads the files, which have nothing wrong in them.
func official(t testing.TB, files ...File) *Official {
	t.Helper()
	o, err := ReadOfficial(files, 0, day(t, "2026-11-30"))
	require.NoError(t, err)
	return o
}

// wrongIn is what is wrong in the files.
func wrongIn(t testing.TB, files ...File) string {
	t.Helper()
	_, err := ReadOfficial(files, 0, day(t, "2026-11-30"))
	require.Error(t, err)
	return err.Error()
}

func mapRow(code, name, pcn, pcnName, place string) string {
	return "GP_PRAC_PAT_LIST,01-Apr-26," + code + "," + name + ",X1 1XX," + pcn + "," + pcnName + "," + place + ",NHS SOMEWHERE ICB - " + place + "\n"
}

func sizeRow(code string, patients int) string {
	return fmt.Sprintf("GP_PRAC_PAT_LIST,01APR2026,GP,02A,,%s,X1 1XX,ALL,ALL,%d\n", code, patients)
}

// bury are practices of two sub-ICBs: a PCN across both, a practice without a PCN, an
// unusual code.
func bury() (mapped, sizes File) {
	return File{"gp-reg-pat-prac-map.csv", []byte(mapHeading +
			mapRow("P83001", "ST MARY'S MEDICAL CENTRE", "U12345", "WHITEFIELD DISTRICT & COMMUNITY PCN", "00V") +
			mapRow("P83002", "THE O'BRIEN PRACTICE", "U12345", "WHITEFIELD DISTRICT & COMMUNITY PCN", "00V") +
			mapRow("P83003", "DR MCKENZIE AND PARTNERS", "U", "UNALLOCATED", "00V") +
			mapRow("W93019", "STOW-ON-THE-WOLD SURGERY", "U12345", "WHITEFIELD DISTRICT & COMMUNITY PCN", "00Y") +
			mapRow("P85001", "NHS HEALTH HUB", "U54321", "OLDHAM WEST PCN", "00Y"))},
		File{"gp-reg-pat-prac-all.csv", []byte(sizeHeading + sizeRow("P83001", 8000) + sizeRow("P83002", 7000) + sizeRow("P83003", 2500) + sizeRow("W93019", 4000))}
}

// TestRegisteredPatients: the two files of "Patients registered at a GP practice" give
// practices, PCNs, places and list sizes, with names in ordinary case.
func TestRegisteredPatients(t *testing.T) {
	mapped, sizes := bury()
	o := official(t, sizes, mapped)
	require.Equal(t, day(t, "2026-04-01"), o.On)
	require.Equal(t, "NHS England, Patients registered at a GP practice, 1 April 2026", o.Source)
	require.Equal(t, []Place{{"00V", "NHS SOMEWHERE ICB - 00V", 3, 17500}, {"00Y", "NHS SOMEWHERE ICB - 00Y", 2, 4000}}, o.Places)
	require.Equal(t, []string{
		"Codes that are not of the usual shape for a practice in England, and were taken as they are: W93019.", "1 practice has no list size in these files.",
	}, o.Notes)
	require.Equal(t, "Whitefield District & Community PCN", o.PCNs[0].Name)
	require.Equal(t, []string{"00V", "00Y"}, o.PCNs[0].Places)
	var names []string
	for _, p := range o.Practices {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"St Mary's Medical Centre", "The O'Brien Practice", "Dr McKenzie and Partners", "NHS Health Hub", "Stow-on-the-Wold Surgery"}, names)

	taking := o.Take(Choice{Places: []string{"00V"}, In: "BURY"})
	require.Equal(t, []string{"Whitefield District & Community PCN (U12345) has 1 practice elsewhere. Only the 2 that you chose are taken.", "In no PCN: Dr McKenzie and Partners (P83003)."}, taking.Notes)
	commands := taking.Commands()
	require.Len(t, commands, 1, "one list is one command, which is confirmed as a whole")
	c := commands[0]
	require.Equal(t, day(t, "2026-04-01"), c.On)
	require.Equal(t, []string{domain.AllPCNs, domain.AllPractices, domain.AllMemberships}, c.Complete)
	require.Equal(t, domain.OrganisationRow{
		Code: "P83001", Kind: domain.Practice, Name: "St Mary's Medical Centre", Source: o.Source,
		Parents: []domain.MembershipRow{{In: "BURY"}, {In: "U12345"}}, Lists: []domain.ListRow{{On: day(t, "2026-04-01"), Patients: 8000}},
	}, c.Rows[1])
	require.Equal(t, day(t, "2026-04-01"), taking.Typed()[1].Parents[1].From)

	one := o.Take(Choice{PCNs: []string{"U12345"}, In: "BURY", Leave: []string{"P83002"}})
	require.Len(t, one.Rows, 3, "a PCN with its practices of both places, but for one")
}

// TestTrafford: the files of NHS England name the practices and PCNs of Trafford.
func TestTrafford(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "registered")
	var files []File
	for _, name := range []string{"gp-reg-pat-prac-map.csv", "gp-reg-pat-prac-all.csv"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && os.Getenv("CI") != "true" {
			t.Skip("the lists are not beside this checkout")
		}
		require.NoError(t, err)
		files = append(files, File{name, b})
	}
	o := official(t, files...)
	require.Len(t, o.Practices, 26)
	require.Len(t, o.PCNs, 5)
	require.Equal(t, 26, o.Places[0].Practices)
	require.Equal(t, 248_911, o.Places[0].Patients)
	require.Empty(t, o.Notes)
	require.Equal(t, "Limelight Health and Wellbeing Hub", o.Practices[14].Name)
}

// TestAnySpreadsheet: the same list is the same in every encoding and with every
// separator, and pasted.
func TestAnySpreadsheet(t *testing.T) {
	mapped, sizes := bury()
	accented := strings.ReplaceAll(string(mapped.Body), "NHS HEALTH HUB", "CAFÉ – SURGERY")
	want := official(t, File{mapped.Name, []byte(accented)}, sizes)
	require.Equal(t, "Café – Surgery", want.Practices[3].Name)
	windows := strings.NewReplacer("É", "\xc9", "–", "\x96").Replace(accented)
	var wide []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + strings.ReplaceAll(accented, ",", "\t"))) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for name, text := range map[string]string{
		"UTF-8 with a mark": "\ufeff" + accented, "Windows line ends": strings.ReplaceAll(accented, "\n", "\r\n"), "old Mac": strings.ReplaceAll(accented, "\n", "\r"),
		"Windows-1252": windows, "semicolons": strings.ReplaceAll(accented, ",", ";"), "pasted": strings.ReplaceAll(accented, ",", "\t"),
		"UTF-16": string(wide), "quoted": `"` + strings.ReplaceAll(strings.ReplaceAll(strings.TrimSuffix(accented, "\n"), ",", `","`), "\n", "\"\n\"") + "\"\n",
		"blank rows": strings.ReplaceAll(accented, "\n", "\n\n,,\n"), "dates of a spreadsheet": strings.ReplaceAll(accented, "01-Apr-26", "01/04/2026"),
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want, official(t, File{mapped.Name, []byte(text)}, sizes))
		})
	}
}

// TestWrongFiles: what is no such list is refused in words that say what to bring.
func TestWrongFiles(t *testing.T) {
	mapped, sizes := bury()
	for _, c := range []struct {
		name, body, say string
	}{
		{"an empty file", "", "list.csv: There is nothing in this file."},
		{"a heading alone", mapHeading, "list.csv: There is nothing below the heading."},
		{"a workbook", "PK\x03\x04…", "save the sheet as CSV"},
		{"a PDF", "%PDF-1.7", "This is a PDF."},
		{"a web page", "\n<!DOCTYPE html><html>", "This is a web page, not a list."},
		{"a picture", "\x89PNG\x00\x01", "This is not a text file."},
		{"another list", "Name,Age\nA,1\n", `This is not a list that is known here: its columns begin with "Name" and "Age".`},
		{"words", "Dear all\nplease find attached\n", "This is not a table"},
		{"patients by age", "PUBLICATION,EXTRACT_DATE,SEX,AGE_GROUP_5,ORG_TYPE,ORG_CODE,NUMBER_OF_PATIENTS\n", "counts patients by age group. Bring gp-reg-pat-prac-all.csv"},
		{"patients by where they live", "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,LSOA_CODE,NUMBER_OF_PATIENTS\n", "by where they live"},
		{"list sizes alone", string(sizes.Body), "Bring gp-reg-pat-prac-map.csv of the same month too."},
		{"memberships alone", "practice,pcn,start,end\nP83001,U12345,20190701,\n", "Bring the lists of these too."},
		{"two months", mapHeading + mapRow("P83001", "A", "U", "", "00V") + strings.ReplaceAll(mapRow("P83002", "B", "U", "", "00V"), "Apr", "May"), "The rows have 2 dates. Bring the file of one month."},
		{"next year", strings.ReplaceAll(string(mapped.Body), "01-Apr-26", "01-Apr-27"), "The list is of 1 April 2027, which is still to come."},
		{"a broken download", string(mapped.Body[:len(mapped.Body)-60]), "Did the download break off?"},
		{"an open quotation mark", strings.Replace(string(mapped.Body), "THE O'BRIEN", `"THE O'BRIEN`, 1), "row 3: A quotation mark in this row is never closed"},
		{"a heading twice", "ods,open,ods\nP83001,1974-04-01,\n", "Two columns have this heading."},
	} {
		t.Run(c.name, func(t *testing.T) { require.Contains(t, wrongIn(t, File{"list.csv", []byte(c.body)}), c.say) })
	}
	require.Contains(t, wrongIn(t, mapped, File{"all.csv", []byte(strings.ReplaceAll(string(sizes.Body), "01APR2026", "01MAY2026"))}), "Bring two files of the same month.")
	require.Contains(t, wrongIn(t, mapped, mapped), "Two of the files are of the same kind.")
	require.Contains(t, wrongIn(t, mapped, File{"ods.csv", []byte("ods,name,open\nP83001,A,1974-04-01\n")}), "not both at once")
	require.Contains(t, wrongIn(t), "Bring the file of practices")
}

// TestAllFaultsAtOnce: every wrong row of a list is named with its number and column.
func TestAllFaultsAtOnce(t *testing.T) {
	body := mapHeading + mapRow("P83001", "A", "U12345", "X PCN", "00V") + mapRow("P8300", "B", "U12345", "X PCN", "00V") + mapRow("P83001", "C", "U12345", "X PCN", "00V") +
		mapRow("P83004", "", "U12345", "Y PCN", "00V") + mapRow("P83005", "E", "E123", "X PCN", "") + strings.Replace(mapRow("P83006", "F", "U", "", "00V"), "01-Apr-26", "soon", 1)
	require.Equal(t, `m.csv, row 3, PRACTICE_CODE: "P8300" is not the code of a practice, such as P91003.
m.csv, row 4, PRACTICE_CODE: P83001 is in row 2 already.
m.csv, row 5, PRACTICE_NAME: The practice's name is missing.
m.csv, row 5, PCN_NAME: U12345 is called "Y PCN" here, and "X PCN" above.
m.csv, row 6, SUB_ICB_LOCATION_CODE: The code of the sub-ICB is missing.
m.csv, row 7, EXTRACT_DATE: "soon" is not a date. Write it like 9 March 2026 or 2026-03-09.`, wrongIn(t, File{"m.csv", []byte(body)}))
	for say, body := range map[string]string{
		`l.csv, row 2, open: "tomorrow" is not a date.`:                       "ods,kind,name,open\nP91003,practice,A,tomorrow\n",
		"l.csv, row 2, status: It is INACTIVE without a closing day.":         "ods,kind,name,open,status\nP91003,practice,A,19740401,INACTIVE\n",
		"l.csv, row 3, ods: P91003 is in row 2 already.":                      "ods,kind,name,open\nP91003,practice,A,19740401\nP91003,practice,A,19740401\n",
		"l.csv, row 2, open: The day on which it opened is missing.":          "ods,kind,name,open\nP91003,practice,A,\n",
		`l.csv, row 2, list_size_2026-01: "many" is not a number of patients`: "ods,kind,name,open,list_size_2026-01\nP91003,practice,A,19740401,many\n",
		"l.csv, row 2: The row has 2 cells, and the heading has 4.":           "ods,kind,name,open\nP91003,practice\n",
		"l.csv, row 2: The row has 5 cells, and the heading has 4.":           "ods,kind,name,open\nP91003,practice,A,19740401,x\n",
		"l.csv, row 2, close: It can't close before it opens.":                "ods,kind,name,open,close\nP91003,practice,A,19740401,19730401\n",
		`l.csv, row 4, open: "x" is not a date`:                               "ods,kind,name,open\nP91003,practice,\"A\nB\",19740401\n\nP91004,practice,B,x\n",
	} {
		require.Contains(t, wrongIn(t, File{"l.csv", []byte(body)}), say)
	}
}

// TestServiceLists: lists of the Organisation Data Service, with and without a heading.
func TestServiceLists(t *testing.T) {
	o := official(t, File{"list_2026-03-02.csv", []byte("\ufeffods,sub_icb,open,close\nP91003,02A,19740401,\nP91004,02A,19740401,20260331\nP91005,02B,19740401,\n")},
		File{"pcns_2026-01-02.csv", []byte("pcn,name,sub_icb,open,close\nU42898,SOUTH TRAFFORD PCN,02A,20191001,\n")},
		File{"m_2026-03-02.csv", []byte("practice,pcn,start,end\nP91003,U42898,20191001,\nP91004,U99999,20191001,\nP91005,U42898,20191001,20260101\n")})
	require.Equal(t, "U42898", o.Practices[0].PCN)
	require.Empty(t, o.Practices[2].PCN, "it has left")
	taking := o.Take(Choice{Places: []string{"02A"}, In: "TR", Known: map[string]domain.OrganisationKind{"P91004": domain.Practice, "P91005": domain.Practice}})
	require.Equal(t, []string{"(P91004) is in U99999 by the list, a PCN that is not taken.", "P91005 is in 02B by the list, which is not part of your place."}, trimmed(taking.Notes))
	require.Equal(t, "Practice P91003", taking.Rows[1].Name)
	require.Empty(t, taking.Rows[2].Name, "a list without names changes none")
	require.Equal(t, "2026-03-31", taking.Rows[2].Closed.String(), "it closes next month")
	require.Equal(t, domain.OrganisationRow{Code: "P91005", Kind: domain.Practice, Source: taking.source, Parents: []domain.MembershipRow{
		{In: "TR", Span: domain.Span{Until: day(t, "2026-01-01")}}, {In: "U42898", Span: domain.Span{From: day(t, "2019-10-01"), Until: day(t, "2026-01-01")}},
	}}, taking.Rows[3])
	commands := taking.Commands()
	require.Len(t, commands, 2)
	require.Equal(t, []string{domain.AllPCNs}, commands[0].Complete)
	require.Equal(t, []string{domain.AllPractices, domain.AllMemberships}, commands[1].Complete)
	require.Equal(t, day(t, "2026-03-02"), commands[1].On)

	row := make([]string, epraccurColumns)
	row[0], row[1], row[10], row[12], row[14], row[25] = "P91003", "PARK MEDICAL PRACTICE", "19740401", "A", "02A", "4"
	o = official(t, File{"epraccur.csv", []byte(`"` + strings.Join(row, `","`) + "\"\r\n")})
	require.Equal(t, "Park Medical Practice", o.Practices[0].Name)
	require.Equal(t, day(t, "2026-11-30"), o.On)
}

func trimmed(all []string) []string {
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

// TestManyPractices: 300 practices are one command; 1,200 are several, the last of which
// says what the list holds all of. 100,000 rows, and as many wrong ones, are read in
// bounded memory, and no more faults are named than somebody reads.
func TestManyPractices(t *testing.T) {
	if testing.Short() {
		t.Skip("it does one thing after the other, for long")
	}
	many := func(n int) File {
		var b strings.Builder
		b.WriteString(mapHeading)
		for i := range n {
			b.WriteString(mapRow(fmt.Sprintf("%c%05d", 'A'+i/100_000, i%100_000), "SURGERY", fmt.Sprintf("U%05d", i/10), fmt.Sprintf("PCN %d", i/10), "00V"))
		}
		return File{"map.csv", []byte(b.String())}
	}
	require.Len(t, official(t, many(300)).Take(Choice{}).Commands(), 1)
	parts := official(t, many(1200)).Take(Choice{}).Commands()
	require.Len(t, parts, 4)
	require.Equal(t, []string{domain.AllMemberships}, parts[0].Complete)
	require.Len(t, parts[3].Complete, 3)
	require.Len(t, parts[3].Also, 1320-len(parts[3].Rows))
	require.Len(t, official(t, many(100_000)).Practices, 100_000)

	wrong := File{"map.csv", []byte(strings.ReplaceAll(string(many(100_000).Body), ",U", ",X"))}
	_, err := ReadOfficial([]File{wrong}, 0, day(t, "2026-11-30"))
	var faults Faults
	require.ErrorAs(t, err, &faults)
	require.Len(t, faults, mostFaults+1)
	require.Equal(t, "There are 99,800 faults more. Is this the right file?", faults[mostFaults].Say)
	require.Contains(t, wrongIn(t, many(mostRows+1)), "The file has more than 150,000 rows.")
	require.Contains(t, wrongIn(t, File{"big.csv", make([]byte, MostBytes+1)}), "16 MB fit")
	require.Contains(t, wrongIn(t, File{"wide.csv", []byte(strings.Repeat("a,", mostColumns))}), "This row has 201 columns.")
}

// FuzzReading: no file stops the program, and what is read says what it was.
func FuzzReading(f *testing.F) {
	mapped, sizes := bury()
	f.Add(mapped.Body)
	f.Add(sizes.Body)
	f.Add([]byte("Office\tName\nChair\t\"A\nB\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := ReadOfficial([]File{{"f.csv", b}}, 0, domain.Day(739_950))
		if err == nil && len(o.PCNs)+len(o.Practices) == 0 {
			t.Fatal("nothing was read, and nothing is wrong")
		}
	})
}
