package domain

import (
	"path/filepath"
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
