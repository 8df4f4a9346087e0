package domain

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestUnheldFromIsDayByDay: the first day without a holder is the one that is found by
// looking at each, in the last state of the scripts about seats and organisations (rule F1).
func TestUnheldFromIsDayByDay(t *testing.T) {
	found := 0
	for _, path := range scripts(t) {
		if name := filepath.Base(path); !strings.HasPrefix(name, "f") && !strings.HasPrefix(name, "g1") && !strings.HasPrefix(name, "o") {
			continue
		}
		m := newMinutes(t)
		m.runFile(path)
		s := m.ledger.State()
		if s.Established == 0 {
			continue
		}
		from := s.Established
		for _, to := range []Day{from, from + 30, DayOf(s.Last) + 400} {
			first := Day(0)
			for d := from; d <= to && first == 0; d++ {
				if !s.heldOn(d) {
					first = d
				}
			}
			if got := s.unheldFrom(from, to); got != first {
				t.Errorf("%s: from %s to %s the first day is %v, not %v", path, from, to, first, got)
			}
			if first != 0 {
				found++
			}
		}
	}
	if found == 0 {
		t.Error("no script has a day without a holder")
	}
}

// Whoever is named to a seat is asked to consent to the charter until they have, for that
// seat alone; nobody else is.
func TestAwaitsConsent(t *testing.T) {
	m := newMinutes(t)
	founding, err := os.ReadFile(filepath.Join("minutes", "given-the-board.txt"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitAfterN(string(founding), ": consent-to-charter\n", 3) // one of them has consented
	m.run("awaits", parts[0]+parts[1][:strings.LastIndex(strings.TrimSuffix(parts[1], "\n"), "\n")+1])
	s := m.ledger.State()
	d := DayOf(m.now)
	asked := map[string][]string{}
	for _, seat := range s.EntitledOn(d) {
		for _, who := range append(SortedNumbers(s.People), "nobody", "") {
			if s.AwaitsConsent(seat, who, d) {
				asked[seat] = append(asked[seat], who)
			}
		}
	}
	for _, seat := range s.EntitledOn(d) {
		holder := s.holderOn(s.Seats[seat], d)
		want := []string{holder}
		if s.consentOf(seat, holder) != nil {
			want = nil
		}
		if !slices.Equal(asked[seat], want) {
			t.Errorf("for %s %v are asked, not %v", seat, asked[seat], want)
		}
	}
	if len(asked) == 0 {
		t.Error("nobody is asked")
	}
}
