package lists

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
)

// A place is a group's ledger that takes lists over while it forms.
type place struct {
	t      testing.TB
	ledger *domain.Ledger
}

func newPlace(t testing.TB) *place {
	p := &place{t, domain.NewLedger("bury")}
	p.says(&domain.Found{
		Name: "Bury GP Board", Place: "BURY", PlaceName: "Bury", Founder: "chair", Charter: domain.Charter{Text: "We decide by consensus.", Quorum: 1, DefaultStance: domain.BringBack, Matters: []string{"access"}},
		Organisations: []domain.OrganisationRow{{Code: "BURY", Kind: domain.PlaceKind, Name: "Bury"}, {Code: "LMC", Kind: domain.LMC, Name: "Bury LMC"}},
		People:        []domain.PersonEntry{{Handle: "chair", Office: "Chair, Bury LMC", Organisation: "LMC"}}, Seats: []domain.SeatEntry{{Organisation: "LMC", Holder: "chair"}},
		Duties: []domain.DutyEntry{{Duty: domain.Registrar, Person: "chair"}},
	})
	return p
}

// says has the command recorded, and comes back with what the list left out or said otherwise.
func (p *place) says(c domain.Command) (events int, outcome domain.ListOutcome) {
	p.t.Helper()
	d := p.ledger.Decide(&domain.Request{Group: "bury", ID: uuid.New(), Hash: domain.HashOf(c), Actor: "chair", Command: c}, time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC))
	if d.Refusal != nil {
		p.t.Fatal(d.Refusal.Say)
	}
	for i := range d.Events {
		require.NoError(p.t, p.ledger.Apply(&d.Events[i]))
	}
	if d.Answer.List != nil {
		outcome = *d.Answer.List
	}
	return len(d.Events), outcome
}

// takes takes the files over for the sub-ICB 00V, and again, which adds nothing.
func (p *place) takes(files ...File) domain.ListOutcome {
	p.t.Helper()
	var first domain.ListOutcome
	for i, again := range []bool{false, true} {
		o, err := ReadOfficial(files, 0, day(p.t, "2026-11-30"))
		require.NoError(p.t, err)
		known := map[string]domain.OrganisationKind{}
		for code, have := range p.ledger.State().Organisations {
			known[code] = have.Kind
		}
		choice := o.ChoiceFor("BURY", known)
		if len(choice.Places) == 0 {
			choice.Places, choice.PCNs = []string{"00V"}, nil
		}
		commands := o.Take(choice).Commands()
		require.Len(p.t, commands, 1)
		events, outcome := p.says(&commands[0])
		if again {
			require.Zero(p.t, events, "read again: no event")
		}
		if i == 0 {
			first = outcome
		}
	}
	return first
}

// on is who is of the place on that day, each with its PCN, and the patients.
func (p *place) on(date string) string {
	s, d := p.ledger.State(), day(p.t, date)
	var all []string
	for _, o := range s.PracticesOn(d) {
		in := ""
		for _, m := range o.Memberships {
			if m.In != "BURY" && m.Covers(d) {
				in += " " + s.Organisations[m.In].NameOn(d)
			}
		}
		all = append(all, o.NameOn(d)+in)
	}
	return strings.Join(all, "; ")
}

func monthly(on, compact string, rows ...[3]string) []File {
	names := map[string]string{"U11111": "EAST PCN", "U22222": "WEST PCN", "U33333": "NEW HORIZONS PCN", "U": "UNALLOCATED"}
	mapped, sizes := mapHeading, sizeHeading
	for _, r := range rows {
		place := "00V"
		if strings.HasPrefix(r[1], "GONE") {
			place = "01D"
		}
		mapped += strings.Replace(mapRow(r[0], r[1], r[2], names[r[2]], place), "01-Apr-26", on, 1)
		sizes += strings.Replace(sizeRow(r[0], 1000), "01APR2026", compact, 1)
	}
	return []File{{"map.csv", []byte(mapped)}, {"all.csv", []byte(sizes)}}
}

// between checks every day from the first on against the newest answer before it.
func (p *place) between(answers map[string]string, to string) {
	p.t.Helper()
	want, last := "", day(p.t, to)
	for d := day(p.t, "2023-05-31"); d <= last; d++ {
		if said, has := answers[d.String()]; has {
			want = said
		}
		require.Equal(p.t, want, p.on(d.String()), d.String())
	}
}

// TestYearsInTurn: the files of 2023, 2025 and 2026, with the moves and mergers of April
// 2026, are right on every day between; read again they add nothing, and what was so
// before stays the same (rule O1).
func TestYearsInTurn(t *testing.T) {
	p := newPlace(t)
	answers := map[string]string{}
	stays := func() {
		t.Helper()
		for date, was := range answers {
			require.Equal(t, was, p.on(date), date)
		}
	}
	for _, year := range []struct {
		files []File
		left  []string
		days  map[string]string
	}{
		{monthly("01-Jun-23", "01JUN2023", [3]string{"P83001", "ALDER SURGERY", "U11111"}, [3]string{"P83002", "BEECH SURGERY", "U11111"}, [3]string{"P83003", "CEDAR SURGERY", "U22222"}, [3]string{"P83004", "DOGWOOD SURGERY", "U"}), nil,
			map[string]string{"2023-05-31": "", "2023-06-01": "Alder Surgery East PCN; Beech Surgery East PCN; Cedar Surgery West PCN; Dogwood Surgery"}},
		// Beech is listed elsewhere, Cedar has another name, Elm is new, and Dogwood is in a PCN.
		{monthly("01-Jun-25", "01JUN2025", [3]string{"P83001", "ALDER SURGERY", "U11111"}, [3]string{"P83002", "GONE SURGERY", "U"}, [3]string{"P85001", "GONE ELSEWHERE", "U"}, [3]string{"P85002", "GONE FAR", "U"}, [3]string{"P83003", "CEDAR HOUSE", "U22222"}, [3]string{"P83004", "DOGWOOD SURGERY", "U22222"}, [3]string{"P83005", "ELM SURGERY", "U11111"}),
			[]string{"Beech Surgery (P83002) is no longer in the list: it left Bury on 31 May 2025."},
			map[string]string{
				"2025-05-31": "Alder Surgery East PCN; Beech Surgery East PCN; Cedar Surgery West PCN; Dogwood Surgery",
				"2025-06-01": "Alder Surgery East PCN; Cedar House West PCN; Dogwood Surgery West PCN; Elm Surgery East PCN",
			}},
		{monthly("01-Mar-26", "01MAR2026", [3]string{"P83001", "ALDER SURGERY", "U11111"}, [3]string{"P83003", "CEDAR HOUSE", "U22222"}, [3]string{"P83004", "DOGWOOD SURGERY", "U22222"}, [3]string{"P83005", "ELM SURGERY", "U11111"}), nil,
			map[string]string{"2026-02-28": "Alder Surgery East PCN; Cedar House West PCN; Dogwood Surgery West PCN; Elm Surgery East PCN"}},
		// The two PCNs became one, and Elm closed: it is in the list no more.
		{monthly("01-Apr-26", "01APR2026", [3]string{"P83001", "ALDER SURGERY", "U33333"}, [3]string{"P83003", "CEDAR HOUSE", "U33333"}, [3]string{"P83004", "DOGWOOD SURGERY", "U33333"}),
			[]string{
				"Alder Surgery (P83001) is no longer in East PCN by the list: it left on 31 March 2026.", "Cedar House (P83003) is no longer in West PCN by the list: it left on 31 March 2026.",
				"Dogwood Surgery (P83004) is no longer in West PCN by the list: it left on 31 March 2026.", "East PCN (U11111) is no longer in the list: it left Bury on 31 March 2026.",
				"West PCN (U22222) is no longer in the list: it left Bury on 31 March 2026.", "Elm Surgery (P83005) is no longer in the list: it left Bury on 31 March 2026.",
			},
			map[string]string{
				"2026-03-31": "Alder Surgery East PCN; Cedar House West PCN; Dogwood Surgery West PCN; Elm Surgery East PCN",
				"2026-04-01": "Alder Surgery New Horizons PCN; Cedar House New Horizons PCN; Dogwood Surgery New Horizons PCN",
			}},
		// Cedar moved alone, to a PCN that is there again, and Dogwood merged into Alder: it is in the list no more.
		{monthly("01-May-26", "01MAY2026", [3]string{"P83001", "ALDER SURGERY", "U33333"}, [3]string{"P83003", "CEDAR HOUSE", "U22222"}),
			[]string{
				"Cedar House (P83003) is no longer in New Horizons PCN by the list: it left on 30 April 2026.", "Dogwood Surgery (P83004) is no longer in the list: it left Bury on 30 April 2026.",
			},
			map[string]string{
				"2026-04-30": "Alder Surgery New Horizons PCN; Cedar House New Horizons PCN; Dogwood Surgery New Horizons PCN",
				"2026-05-01": "Alder Surgery New Horizons PCN; Cedar House West PCN",
			}},
	} {
		outcome := p.takes(year.files...)
		require.ElementsMatch(t, year.left, outcome.LeftOut)
		stays()
		for date, want := range year.days {
			require.Equal(t, want, p.on(date), date)
			answers[date] = want
		}
		p.between(answers, "2026-11-30")
	}
}
