package domain

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// TestListsKeepOnePCN: whole and partial lists of random dates in turn, with rows that
// somebody types between them, each sent twice, never have a practice in two PCNs on any day (rule O1).
func TestListsKeepOnePCN(t *testing.T) {
	setRapidChecks(t)
	moved := 0
	rapid.Check(t, func(rt *rapid.T) {
		l := NewLedger("wigan")
		first := DayOf(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
		send := func(on Day, c Command) (int, *Refusal) {
			d := l.Decide(&Request{Group: "wigan", ID: uuid.New(), Hash: HashOf(c), Actor: "chair", Command: c}, on.At("10:00"))
			for i := range d.Events {
				if err := l.Apply(&d.Events[i]); err != nil {
					rt.Fatal(err)
				}
			}
			return len(d.Events), d.Refusal
		}
		pcns := []string{"U20001", "U20002", "U20003"}
		found := &Found{
			Name: "Wigan GP Board", Place: "02H", PlaceName: "Wigan", Founder: "chair",
			Charter:       Charter{Text: "We decide by consensus.", Quorum: 1, DefaultStance: BringBack, Matters: []string{"access"}},
			Organisations: []OrganisationRow{{Code: "02H", Kind: PlaceKind, Name: "Wigan"}, {Code: "LMC", Kind: LMC, Name: "Wigan LMC"}},
			People:        []PersonEntry{{Handle: "chair", Office: "Chair", Organisation: "LMC"}}, Seats: []SeatEntry{{Organisation: "LMC", Holder: "chair"}},
			Duties: []DutyEntry{{Duty: Registrar, Person: "chair"}},
		}
		for _, pcn := range pcns {
			found.Organisations = append(found.Organisations, OrganisationRow{Code: pcn, Kind: PCN, Name: "PCN " + pcn, Parents: []MembershipRow{{In: "02H", Span: Span{From: first}}}})
		}
		if _, r := send(first, found); r != nil {
			rt.Fatal(r.Say)
		}
		today := first + 700
		for range rapid.IntRange(2, 8).Draw(rt, "lists") {
			today++
			c := &ImportOrganisations{Source: "a list"}
			if rapid.IntRange(0, 4).Draw(rt, "official") > 0 {
				c.On = first + Day(rapid.IntRange(0, 700).Draw(rt, "on"))
				c.Complete = rapid.SampledFrom([][]string{nil, nil, {AllMemberships}, {AllPractices, AllMemberships}}).Draw(rt, "complete")
			}
			for _, code := range []string{"A20001", "A20002"} {
				row := OrganisationRow{Code: code, Kind: Practice, Name: "Practice " + code}
				for range rapid.IntRange(0, 2).Draw(rt, "stays") {
					m := MembershipRow{In: rapid.SampledFrom(pcns).Draw(rt, "pcn")}
					if slices.ContainsFunc(row.Parents, func(had MembershipRow) bool { return had.In == m.In }) {
						continue
					}
					if c.On == 0 || rapid.Bool().Draw(rt, "dated") {
						m.From = first + Day(rapid.IntRange(0, 750).Draw(rt, "from"))
					}
					if rapid.IntRange(0, 2).Draw(rt, "ended") == 0 {
						m.Until = max(m.From, first) + Day(rapid.IntRange(1, 400).Draw(rt, "until"))
					}
					row.Parents = append(row.Parents, m)
				}
				c.Rows = append(c.Rows, row)
			}
			said := words(c)
			if _, r := send(today, c); r != nil {
				if c.On != 0 {
					rt.Fatal("an official list is refused: ", r.Say)
				}
				continue
			}
			moved += checkOnePCN(rt, l.State(), said)
			send(today, c) // and again
			checkOnePCN(rt, l.State(), said)
		}
	})
	if moved == 0 {
		t.Error("no practice moved: the test shows nothing")
	}
}

// checkOnePCN holds that no practice is in two PCNs; it counts those that were in several in turn.
func checkOnePCN(t *rapid.T, s *State, said string) (moved int) {
	for _, code := range []string{"A20001", "A20002"} {
		o := s.Organisations[code]
		if o == nil {
			continue
		}
		for i, a := range o.Memberships {
			for _, b := range o.Memberships[:i] {
				if a.void() || b.void() || a.In == b.In {
					continue
				}
				moved++
				if a.overlaps(b.Span) {
					t.Fatalf("%s is in %s%s and in %s%s after %s", code, a.In, a.Words(), b.In, b.Words(), said)
				}
			}
		}
	}
	return moved
}
