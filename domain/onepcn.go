package domain

import "slices"

// A practice is in one PCN at a time (rule O1). Rows that somebody types are refused where
// they would put it into two. An official list says what is so on its date, and the newest
// word counts: what the list says otherwise, and what follows from it, is named.

// A pcnStay is a membership of a PCN as it would be once what was found is recorded.
type pcnStay struct {
	Membership
	was     *Membership // as it is recorded; nil if what was found records it
	found   Day         // its first day by what was found
	changed bool        // by what the row says of it
	settled bool        // it is to be other than what was found
}

// pcnStays are the memberships of PCNs that the row's practice would have.
func (l *listReading) pcnStays(row *OrganisationRow) []*pcnStay {
	var all []*pcnStay
	if o := l.t.s.Organisations[row.Code]; o != nil {
		for i := range o.Memberships {
			if m := &o.Memberships[i]; l.isPCN(m.In) {
				all = append(all, &pcnStay{Membership: *m, was: m, found: m.From})
			}
		}
	}
	change := func(in string, from Day, to Span, changed bool) {
		for _, m := range all {
			if m.In == in && m.From == from {
				m.Span, m.found, m.changed = to, to.From, changed
			}
		}
	}
	for _, d := range l.found {
		switch e := d.data.(type) {
		case *MembershipStarted:
			if e.Member == row.Code && l.isPCN(e.In) {
				all = append(all, &pcnStay{Membership: Membership{In: e.In, Span: Span{From: e.From}}, found: e.From, changed: true})
			}
		case *MembershipEnded:
			if e.Member == row.Code {
				leftOut := e.Until != 0 && e.Until < d.effective // by a list that says nothing of it
				change(e.In, e.From, Span{e.From, e.Until}, !leftOut)
			}
		case *MembershipCorrected:
			if e.Member == row.Code {
				change(e.In, e.Was.From, e.Span, true)
			}
		default:
		}
	}
	return all
}

// twoPCNs are two memberships on the same day in different PCNs, the first of which is
// changed; nil if there are none. What stands already is left as it is.
func (l *listReading) twoPCNs(all []*pcnStay) (changed, other *pcnStay) {
	for _, m := range all {
		for _, o := range all {
			if m.changed && m.In != o.In && !m.void() && !o.void() && m.overlaps(o.Span) {
				return m, o
			}
		}
	}
	return nil, nil
}

// checkOnePCN refuses what somebody types and that would have a practice in two PCNs.
func (l *listReading) checkOnePCN(row *OrganisationRow) *Refusal {
	next, first := l.twoPCNs(l.pcnStays(row))
	if first == nil {
		return nil
	}
	if next.From < first.From {
		first, next = next, first
	}
	return notNow("O1", "%s would be in %s and in %s at once, and a practice is in one PCN. If it moves, give its last day in %s too, the day before it comes to %s.",
		l.nameOf(row), l.pcnName(first.In), l.pcnName(next.In), l.pcnName(first.In), l.pcnName(next.In))
}

// oneAtATime are the row's memberships as they can be: of two PCNs at once, the practice
// left the one in which it was first on the day before it came to the other.
func (l *listReading) oneAtATime(row *OrganisationRow) []MembershipRow {
	all := slices.Clone(row.Parents)
	for i := 0; i < len(all); i++ {
		for j := i + 1; j < len(all); j++ {
			a, b := &all[i], &all[j]
			if a.In == b.In || !l.isPCN(a.In) || !l.isPCN(b.In) || !l.saidOf(a).overlaps(l.saidOf(b)) {
				continue
			}
			if b.From < a.From {
				a, b = b, a
			}
			if a.From < b.From && (a.From != 0 || b.From > l.on) {
				a.Until = b.From - 1
				continue
			}
			leave := j
			if l.placesRather(row, &all[j], &all[i]) {
				leave = i
			}
			l.contradicts("%s (%s) is in %s and in %s at once by the list, and a practice is in one PCN. It counts in %s.",
				l.nameOf(row), row.Code, l.pcnName(all[i].In), l.pcnName(all[j].In), l.pcnName(all[i+j-leave].In))
			all = slices.Delete(all, leave, leave+1)
			i, j = -1, len(all)
		}
	}
	return all
}

// placesRather says whether of two memberships at once that one counts, not the other: that
// of which the list says since when, that which holds on the list's date, or that which is recorded.
func (l *listReading) placesRather(row *OrganisationRow, one, other *MembershipRow) bool {
	o := l.t.s.Organisations[row.Code]
	recorded := func(m *MembershipRow) bool { return o != nil && o.In(m.In, l.on) }
	switch {
	case one.From != other.From:
		return one.From != 0
	case one.Covers(l.on) != other.Covers(l.on):
		return one.Covers(l.on)
	}
	return recorded(one) && !recorded(other)
}

// saidOf are the days of which the row's membership tells. Without a first day that is from
// the list's date, or the last day alone if it ended before.
func (l *listReading) saidOf(m *MembershipRow) Span {
	switch {
	case m.From != 0:
		return m.Span
	case m.Until != 0 && m.Until < l.on:
		return Span{m.Until, m.Until}
	}
	return Span{l.on, m.Until}
}

// keepOnePCN has a practice that an official list puts into a second PCN leave the one
// before, or stay there if that was recorded since.
func (l *listReading) keepOnePCN(row *OrganisationRow) {
	all := l.pcnStays(row)
	for m, other := l.twoPCNs(all); m != nil; m, other = l.twoPCNs(all) {
		if other.changed && other.From > m.From {
			m, other = other, m
		}
		l.settlePCNs(row, m, other)
	}
	for _, m := range all {
		if m.settled {
			l.recordStay(row, m)
		}
	}
}

// from says whether the membership can begin on that day, later than what was found says of it.
func (m *pcnStay) from(d Day) bool { return m.From < d && (m.was == nil || d < m.was.From) }

// settlePCNs has the two memberships overlap no longer. What was found changes the first.
func (l *listReading) settlePCNs(row *OrganisationRow, m, other *pcnStay) {
	current := m.Until == 0 || m.Until >= l.on
	stands := !other.changed && other.startSaid > l.on || other.was != nil && other.endSaid > l.on && other.Until != 0
	past, after := other.Until != 0 && other.Until < l.on, l.on
	if past {
		after = other.Until + 1
	}
	m.settled = true
	switch {
	case m.From > other.From && !stands && (current || other.changed):
		other.Until, other.settled = m.From-1, true
		said := invalid("O1", "%s (%s) is in %s by the list, and a practice is in one PCN: it left %s on %s.", l.nameOf(row), row.Code, l.pcnName(m.In), l.pcnName(other.In), other.Until.Words()).Say
		l.outcome.LeftOut = append(l.outcome.LeftOut, said)
	case m.From < other.From && (stands || other.changed || l.on <= other.From):
		m.Until = other.From - 1
		l.contradicts("%s (%s) is in %s by the list. It is in %s since %s, and a practice is in one PCN: it counts until the day before.", l.nameOf(row), row.Code, l.pcnName(m.In), l.pcnName(other.In), other.From.Words())
	case current && m.from(after) && (past || !stands && l.on > other.From):
		l.contradicts("%s (%s) is in %s since %s by the list, but it was recorded in %s since %s: it counts from %s.", l.nameOf(row), row.Code, l.pcnName(m.In), m.From.Words(), l.pcnName(other.In), other.From.Words(), after.Words())
		m.From = after
	default:
		l.contradicts("%s (%s) is in %s by the list, on days on which it is in %s by what is recorded. A practice is in one PCN: what is recorded stands.", l.nameOf(row), row.Code, l.pcnName(m.In), l.pcnName(other.In))
		if m.changed = false; m.was != nil {
			m.Span = m.was.Span
		} else {
			m.Until = m.From - 1
		}
	}
}

// recordStay replaces what was found about a membership by what it is to be.
func (l *listReading) recordStay(row *OrganisationRow, m *pcnStay) {
	l.found = slices.DeleteFunc(l.found, func(d difference) bool {
		switch e := d.data.(type) {
		case *MembershipStarted:
			return e.Member == row.Code && e.In == m.In && e.From == m.found
		case *MembershipEnded:
			return e.Member == row.Code && e.In == m.In && e.From == m.found
		case *MembershipCorrected:
			return e.Member == row.Code && e.In == m.In && e.From == m.found
		default:
			return false
		}
	})
	switch {
	case m.was == nil && m.void():
	case m.was == nil:
		l.start(row, MembershipRow{In: m.In, Span: m.Span}, m.From)
	case m.From != m.was.From:
		l.add(m.From, &MembershipCorrected{Member: row.Code, In: m.In, Corrects: m.was.Index, Was: m.was.Span, Source: row.Source, Span: m.Span})
	case m.Until != m.was.Until:
		l.add(l.on, &MembershipEnded{Member: row.Code, In: m.In, From: m.From, Until: m.Until, Source: row.Source})
	}
}

// nextPCN is the day on which the row's practice came to another PCN of the row, after
// the membership began and by the list's date: it left the former one then. It is
// the list's date if there is no such day.
func (l *listReading) nextPCN(row *OrganisationRow, was *Membership) Day {
	next := l.on
	for _, m := range l.pcnStays(row) {
		named := slices.ContainsFunc(row.Parents, func(p MembershipRow) bool { return p.In == m.In })
		if named && m.In != was.In && m.From > was.From && m.From < next && m.Covers(l.on) {
			next = m.From
		}
	}
	return next
}

func (l *listReading) pcnName(code string) string {
	if row := l.named[code]; row != nil && row.Name != "" {
		return row.Name
	}
	return l.t.s.name(code)
}
