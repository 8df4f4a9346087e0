package lists

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

var bodies = []Body{
	{"U95344", "Altrincham Healthcare Alliance PCN"}, {"P91003", "Park Medical Practice"}, {"P91004", "Altrincham Medical Practice"},
	{"P91008", "Shay Lane Medical Centre"}, {"P91011", "Shay Lane Medical Centre"}, {"TLMC", "Trafford LMC"},
}

func people(t testing.TB, table string) []Person {
	t.Helper()
	all, err := ReadPeople(File{"people.csv", []byte(table)}, bodies)
	require.NoError(t, err)
	return all
}

func faultsOf(t testing.TB, err error) string {
	t.Helper()
	var faults Faults
	require.ErrorAs(t, err, &faults)
	return strings.ReplaceAll(faults.Error(), "people.csv, ", "")
}

// TestReadingPeople: columns stand in any order under their headings, or in the
// template's order without one; organisations are named by code or name; one person may
// have several rows.
func TestReadingPeople(t *testing.T) {
	want := people(t, "Office,Name,Email,Telephone,Organisation,Role,From,Until\n"+
		"Clinical Director,Dr A,a@nhs.net,,U95344,holder and spokesperson,1 April 2026,\nPractice Manager,B,b@nhs.net,0161,P91003,,,\n")
	require.Equal(t, "Clinical Director, Altrincham Healthcare Alliance PCN", want[0].Office, "an office is one of its kind")
	require.Equal(t, []PersonRole{
		{Role: Holder, Organisation: "U95344", Span: domain.Span{From: day(t, "2026-04-01")}, row: 2}, {Role: Spokesperson, Organisation: "U95344", Span: domain.Span{From: day(t, "2026-04-01")}, row: 2},
	}, want[0].Roles)
	require.Equal(t, domain.PersonalData{Name: "B", Email: "b@nhs.net", Phone: "0161"}, want[1].Personal)
	for name, table := range map[string]string{
		"other order":  "E-mail address;Organisation;role;FROM;Job title;full name;Phone\na@nhs.net;Altrincham Healthcare Alliance PCN;Holder, Speaks for it;01/04/2026;Clinical Director;Dr A;\nb@nhs.net;park medical practice;none;;Practice Manager;B;0161\n",
		"several rows": "Office\tName\tEmail\tOrganisation\tRole\tFrom\tTelephone\nClinical Director\tDr A\ta@nhs.net\tU95344\tholder\t2026-04-01\t\nPractice Manager\tB\tb@nhs.net\tP91003\t\t\t0161\nClinical Director\t\tA@nhs.net\tU95344\tspokesperson\t1-Apr-26\t\n",
	} {
		t.Run(name, func(t *testing.T) {
			got := people(t, table)
			for i := range got {
				for j := range got[i].Roles {
					got[i].Roles[j].row = 2
				}
				got[i].row = want[i].row
			}
			require.Equal(t, want, got)
		})
	}
	bare := people(t, "\"Clinical Director, Altrincham\",Dr A,a@nhs.net,,U95344,holder\n")
	require.Equal(t, "a@nhs.net", bare[0].Personal.Email)
	require.Equal(t, Holder, bare[0].Roles[0].Role)
	require.Len(t, people(t, string(PeopleTemplate())), 2, "the template reads as it is")
}

// TestPeopleFaults: everything that is wrong is said at once, by row and column.
func TestPeopleFaults(t *testing.T) {
	read := func(table string) string {
		_, err := ReadPeople(File{"people.csv", []byte(table)}, bodies)
		return faultsOf(t, err)
	}
	require.Equal(t, `row 2, Office: Enter an office, such as Clinical Director, Altrincham.
row 3, Email: "a at nhs.net" is no email address; write it like name@example.org.
row 4, Organisation: Several are called "Shay Lane Medical Centre". Write the code: P91008 or P91011.
row 5, Organisation: No organisation here has the name or code "P99999".
row 6, Role: "chairman" is not known here. Write holder, deputy or spokesperson, or leave it empty.
row 7, Organisation: Enter the organisation for which they are holder.
row 8, Until: The last day is before the first.
row 9, From: "soon" is not a date. Write it like 9 March 2026 or 2026-03-09.
row 11, Role: The seat of Trafford LMC has a holder in row 10 already.
row 12, Email: Row 10 says something else about the same person. Two people have two offices.
row 13, Short name: Use small letters, digits and hyphens, 60 at most, such as cd-altrincham.`, read("Office,Email,Organisation,Role,From,Until,Short name\n"+
		",a@nhs.net,,,,,\nA,a at nhs.net,,,,,\nB,,Shay Lane Medical Centre,,,,\nC,,P99999,holder,,,\nD,,TLMC,chairman,,,\nE,,,holder,,,\n"+
		"F,,,,2026-04-01,2026-03-01,\nG,,,,soon,,\nChair,x@nhs.net,TLMC,holder,,,\nVice Chair,,TLMC,holder,,,\nChair,y@nhs.net,TLMC,,,,\nH,,,,,,CD Altrincham\n"))
	require.Contains(t, read("Name,Email\nA,a@nhs.net\n"), `row 1: There is no column "Office".`)
	require.Contains(t, read("Office,Shoe size\nA,42\n"), "row 1, Shoe size: This column is not known here.")
	require.Contains(t, read("Title,Contact\nA,B\n"), `There is no column "Office"`)
	require.Contains(t, read("Office,Email\n"), "There is nobody in this table.")
	require.Contains(t, read("Office\n"+strings.Repeat("Chair\n", mostTyped+5)), "This table has at most 1,000 rows.")
}

// TestTwoHundredPeople: 200 people with 20 faults are all named in their rows; mended,
// they are one command; read again beside what came of it, there is nothing to record.
func TestTwoHundredPeople(t *testing.T) {
	var many []Body
	var table strings.Builder
	table.WriteString("Office,Name,Email,Organisation,Role,Evidence\n")
	for i := range 200 {
		many = append(many, Body{fmt.Sprintf("P%05d", i), fmt.Sprintf("Surgery %d", i)})
		fmt.Fprintf(&table, "Practice Manager,Person %d,p%d@nhs.net,P%05d,spokesperson,letter\n", i, i, i)
	}
	broken := table.String()
	for i := range 20 {
		broken = strings.Replace(broken, fmt.Sprintf("p%d@nhs.net", i*10), "nobody", 1)
	}
	_, err := ReadPeople(File{"people.csv", []byte(broken)}, many)
	lines := strings.Split(faultsOf(t, err), "\n")
	require.Len(t, lines, 20)
	require.Equal(t, `row 192, Email: "nobody" is no email address; write it like name@example.org.`, lines[19])

	all, err := ReadPeople(File{"people.csv", []byte(table.String())}, many)
	require.NoError(t, err)
	today := day(t, "2026-04-01")
	c := ComparePeople(all, nil, many, "", today)
	require.Equal(t, 200, c.Count(New))
	require.Len(t, c.Command.People, 200)
	require.Len(t, c.Command.Spokespeople, 200)
	require.Equal(t, "practice-manager-surgery-7", c.Command.Spokespeople[7].Person)
	require.Equal(t, 9, c.RowOf("/spokespeople/7/person"))

	var known []Person
	for i, e := range c.Command.People {
		known = append(known, Person{ID: e.Handle, Handle: e.Handle, Office: e.Office, Organisation: e.Organisation, Personal: *e.Personal, Roles: []PersonRole{{Role: Spokesperson, Organisation: many[i].Code, Span: domain.Span{From: today}}}})
	}
	again := ComparePeople(all, known, many, "", today+30)
	require.Equal(t, 200, again.Count(Same))
	require.True(t, again.Command.Empty())
}

// TestComparingPeople: what is new, changed and the same beside what is known.
func TestComparingPeople(t *testing.T) {
	today := day(t, "2026-04-10")
	known := []Person{
		{ID: "1", Handle: "chair", Office: "Chair, Trafford LMC", Organisation: "TLMC", Personal: domain.PersonalData{Name: "A", Email: "a@nhs.net"}, Roles: []PersonRole{{Role: Holder, Organisation: "TLMC", Span: domain.Span{From: today - 40}}}},
		{ID: "2", Handle: "practice-manager-park", Office: "Practice Manager, Park", Organisation: "P91003", Hidden: true},
	}
	c := ComparePeople(people(t, "Office,Name,Email,Organisation,Role,From,Evidence\nChair,,b@nhs.net,TLMC,holder,1 January 2026,\n\"Practice Manager, Park\",Z,,P91003,spokesperson,,a letter\nVice Chair,C,,TLMC,deputy,2026-01-01,\n\"Practice Manager, Park\",,,P91004,,,\n"), known, bodies, "minute 5", today)
	require.Equal(t, []Finding{
		{2, Changed, "Chair, Trafford LMC", []string{"has another email"}}, {3, Changed, "Practice Manager, Park", []string{"speaks for Park Medical Practice"}},
		{4, New, "Vice Chair, Trafford LMC", []string{"is introduced", "deputises for Trafford LMC"}}, {5, New, "Practice Manager, Park", []string{"is introduced"}},
	}, c.Findings)
	require.Equal(t, domain.RecordTogether{
		People: []domain.PersonEntry{
			{Handle: "vice-chair-trafford-lmc", Office: "Vice Chair, Trafford LMC", Organisation: "TLMC", Personal: &domain.PersonalData{Name: "C"}},
			{Handle: "practice-manager-park-2", Office: "Practice Manager, Park", Organisation: "P91004"},
		},
		Details:      []domain.UpdatePerson{{Person: "1", Personal: domain.PersonalData{Name: "A", Email: "b@nhs.net"}}},
		Holders:      []domain.NameHolder{{Seat: "TLMC", Person: "vice-chair-trafford-lmc", Role: domain.Deputy, Evidence: "minute 5"}},
		Spokespeople: []domain.RecordSpokesperson{{Organisation: "P91003", Person: "practice-manager-park", Evidence: "a letter"}},
	}, c.Command)
}

// TestMandateTables: mandates are read by practice, state and subjects, and compared.
func TestMandateTables(t *testing.T) {
	subjects := []string{"access", "contracts/local-schemes", "workforce"}
	read := func(table string) ([]Mandate, error) {
		return ReadMandates(File{"people.csv", []byte(table)}, bodies, subjects)
	}
	all, err := read("Status;Practice;Matters;Until;Evidence\non paper;P91003;all;31/03/2027;minute 3\nGiven;Altrincham Medical Practice;Access, contracts/local schemes;2027-03-31;minute 4\nasked;P91008;;;\nrefused;P91011;;;\n")
	require.NoError(t, err)
	c := CompareMandates(all, nil, bodies, day(t, "2026-04-10"))
	require.Equal(t, []Finding{
		{2, New, "Park Medical Practice", []string{"gives a mandate for everything until 31 March 2027, on paper"}},
		{3, New, "Altrincham Medical Practice", []string{"gives a mandate for access and contracts/local-schemes until 31 March 2027, on paper"}},
		{4, New, "Shay Lane Medical Centre", []string{"is asked for a mandate for everything"}}, {5, Same, "Shay Lane Medical Centre", []string{"says no: without evidence nothing is recorded"}},
	}, c.Findings)
	require.Len(t, c.Command.Mandates, 2)
	require.Equal(t, 4, c.RowOf("/asked/0"))
	require.Empty(t, c.Command.Withdrawals)
	no, err := read("Practice,Mandate,Evidence\nP91011,refused,their letter of 1 April\n")
	require.NoError(t, err)
	c = CompareMandates(no, nil, bodies, day(t, "2026-04-10"))
	require.Equal(t, []domain.WithdrawMandate{{Organisation: no[0].Organisation, Everything: true, Evidence: "their letter of 1 April"}}, c.Command.Withdrawals)
	require.Equal(t, 2, c.RowOf("/withdrawals/0"))
	c = CompareMandates(no, []KnownMandate{{Organisation: no[0].Organisation, Refused: true}}, bodies, day(t, "2026-04-10"))
	require.True(t, c.Command.Empty())
	known := []KnownMandate{{Organisation: "P91003", Span: domain.Span{From: 1, Until: day(t, "2027-03-31")}}, {Organisation: "P91004", Matters: []string{"access"}, Span: domain.Span{From: 1, Until: day(t, "2027-03-31")}}, {Organisation: "P91008", Asked: true}}
	c = CompareMandates(all, known, bodies, day(t, "2026-04-10"))
	require.Equal(t, []int{0, 1, 3}, []int{c.Count(New), c.Count(Changed), c.Count(Same)})
	require.Len(t, c.Command.Mandates, 1)

	_, err = read("Practice,Mandate,Subjects,Until,Evidence\nP91003,perhaps,,,\nP91004,given,parking,,\n,asked,,,\nP91004,,,,\n")
	require.Equal(t, `row 2, Mandate: "perhaps" is not known here. Write given, on paper, asked or refused.
row 3, Subjects: "parking" is not a subject of this group. Write everything, or: access, contracts/local-schemes, workforce.
row 3, Evidence: Enter the evidence: which minute or letter says so.
row 3, Until: A mandate has an end or a review: enter one of them.
row 4, Practice: Enter the practice, by its code or its name.
row 5, Mandate: Enter given, on paper, asked or refused.
row 5, Practice: It is in row 3 already.`, faultsOf(t, err))
	rows, err := ReadMandates(File{"m.csv", MandatesTemplate()}, append(bodies, Body{"P91006", "Urmston"}, Body{"P91007", "Timperley"}), subjects)
	require.NoError(t, err)
	require.Len(t, rows, 4, "the template reads as it is")
}
