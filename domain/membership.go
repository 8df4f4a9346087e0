package domain

import (
	"cmp"
	"slices"
)

// Membership (rule O1): which organisation belongs to which, and from when until when, as
// official lists say it and as it is corrected.

// A Membership is a stay in a PCN or a place.
type Membership struct {
	In string
	Span
	Index     uint64
	startSaid Day  // day of which From is the word: of the official list, or on which it was typed
	endSaid   Day  // the same of Until
	typed     bool // From did not come from an official list
	leftOut   bool // it ended because a list no longer had it
}

// void says whether the membership was taken back whole.
func (m *Membership) void() bool { return m.Until != 0 && m.Until < m.From }

// MembershipStarted: an organisation belongs to a PCN or a place.
type MembershipStarted struct {
	Member string `json:"member"`
	In     string `json:"in"`
	From   Day    `json:"from"`
	Source string `json:"source,omitempty"`
}

func (e *MembershipStarted) Subject() string { return "organisation/" + e.Member }

func (e *MembershipStarted) apply(s *State, ev *Event) {
	o := edit(s.Organisations, e.Member)
	m := Membership{In: e.In, Span: Span{From: e.From}, Index: ev.Index}
	m.startSaid, m.typed = s.wordOf(ev)
	o.Memberships = append(slices.Clip(o.Memberships), m)
	s.members[e.In] = appendNew(s.members[e.In], e.Member)
}

// MembershipEnded: the membership that began on From has that last day; no
// Until takes an end back.
type MembershipEnded struct {
	Member string `json:"member"`
	In     string `json:"in"`
	From   Day    `json:"from"`
	Until  Day    `json:"until,omitzero"`
	Source string `json:"source,omitempty"`
}

func (e *MembershipEnded) Subject() string { return "organisation/" + e.Member }

func (e *MembershipEnded) apply(s *State, ev *Event) {
	o := edit(s.Organisations, e.Member)
	o.Memberships = slices.Clone(o.Memberships)
	for i := range o.Memberships {
		if m := &o.Memberships[i]; m.In == e.In && m.From == e.From {
			said, typed := s.wordOf(ev)
			m.Until, m.endSaid, m.leftOut = e.Until, said, !typed && e.Until != 0 && ev.Effective > e.Until
		}
	}
}

// MembershipCorrected: the membership that the event Corrects recorded ran from
// other days than it said (rule L6).
type MembershipCorrected struct {
	Member   string `json:"member"`
	In       string `json:"in"`
	Corrects uint64 `json:"corrects"`
	Was      Span   `json:"was"`
	Source   string `json:"source,omitempty"`
	Span
}

func (e *MembershipCorrected) Subject() string { return "organisation/" + e.Member }

func (e *MembershipCorrected) apply(s *State, ev *Event) {
	o := edit(s.Organisations, e.Member)
	o.Memberships = slices.Clone(o.Memberships)
	for i := range o.Memberships {
		if m := &o.Memberships[i]; m.In == e.In && m.From == e.Was.From && m.Index == e.Corrects {
			said, typed := s.wordOf(ev)
			if m.Until != e.Until {
				m.endSaid, m.leftOut = said, false
			}
			m.Span, m.Index, m.startSaid, m.typed = e.Span, ev.Index, said, typed
		}
	}
}

// A MembershipRow puts an organisation in another for a time. An official list
// may leave out the first day: it then says only that it is so on the list's date.
type MembershipRow struct {
	In string `json:"in" doc:"code of the PCN or place" maxLength:"60" ask:"Which PCN or place?"`
	Span
}

// readMemberships compares in what the organisation is.
func (l *listReading) readMemberships(row *OrganisationRow) {
	var have []Membership
	old := l.t.s.Organisations[row.Code]
	if old != nil {
		have = old.Memberships
	}
	matched := make([]bool, len(have))
	about := make([]int, len(row.Parents)) // the recorded memberships that the row's are about
	for _, exactly := range []bool{true, false} {
		for i, m := range row.Parents {
			if exactly || about[i] < 0 {
				if about[i] = l.recorded(have, matched, m, exactly); about[i] >= 0 {
					matched[about[i]] = true
				}
			}
		}
	}
	for i, m := range row.Parents {
		l.readMembership(row, have, m, about[i])
	}
	if !l.official || l.outdated(row.Kind) {
		return
	}
	for i := range have {
		if h := &have[i]; !matched[i] && l.isPCN(h.In) && slices.Contains(l.complete, AllMemberships) {
			if day := l.nextPCN(row, h); l.leave(old, h, day) {
				l.outcome.LeftOut = append(l.outcome.LeftOut, old.NameOn(l.on)+" ("+old.Code+") is no longer in "+l.t.s.name(h.In)+" by the list: it left on "+(day-1).Words()+".")
			}
		}
	}
}

func (l *listReading) isPCN(code string) bool {
	if row := l.named[code]; row != nil {
		return row.Kind == PCN
	}
	o := l.t.s.Organisations[code]
	return o != nil && o.Kind == PCN
}

// leave ends a membership that the list no longer has, on the day before that
// one; false if there is none on the list's date, or it was typed since.
func (l *listReading) leave(o *Organisation, m *Membership, day Day) bool {
	switch {
	case !m.Covers(l.on):
		return false
	case m.startSaid > l.on:
		l.contradicts("%s (%s) is not in %s by the list. That was recorded on %s, after the list, and stands.", o.NameOn(l.on), o.Code, l.t.s.name(m.In), m.startSaid.Words())
		return false
	}
	l.add(l.on, &MembershipEnded{Member: o.Code, In: m.In, From: m.From, Until: day - 1, Source: l.sourceOf(o.Code)})
	return true
}

// readMembership compares one membership with the recorded one that it is about, if any.
func (l *listReading) readMembership(row *OrganisationRow, have []Membership, m MembershipRow, about int) {
	switch {
	case l.outdated(row.Kind):
		if l.t.s.Organisations[row.Code] != nil && (about < 0 || have[about].Covers(l.on) != m.Covers(l.on)) {
			l.contradicts("%s (%s) is in %s at other times by this list. A newer one, of %s, has been taken over.", l.nameOf(row), row.Code, l.t.s.name(m.In), l.t.s.lastList(row.Kind).Words())
		}
	case about < 0:
		if from := l.arrival(row, m); from != 0 {
			l.start(row, m, from)
		}
	default:
		l.compare(row, &have[about], m)
	}
}

// recorded is the recorded membership, not matched yet, that the list's is about: in
// the same organisation exactly from the same day, or else at the same time; -1 for
// none. One that an earlier list left out gives way to one that began since.
func (l *listReading) recorded(have []Membership, matched []bool, m MembershipRow, exactly bool) int {
	on := l.on
	if m.Until != 0 {
		on = min(on, m.Until)
	}
	same, sameTime := -1, -1
	for i, h := range have {
		switch {
		case h.In != m.In || h.void() || matched[i]:
		case h.From == m.From && (!h.leftOut || h.Covers(on)):
			return i
		case h.From == m.From:
			same = i
		case h.Covers(on), m.From != 0 && h.overlaps(m.Span) && sameTime < 0 && !h.leftOut:
			sameTime = i
		}
	}
	switch {
	case exactly:
		return -1
	case sameTime >= 0:
		return sameTime
	}
	return same
}

// arrival is the day from which the list's membership counts, if it is new; 0 if
// it doesn't.
func (l *listReading) arrival(row *OrganisationRow, m MembershipRow) Day {
	last := l.t.s.listBefore(l.allIn(row.Kind, m.In), l.on)
	switch {
	case !l.official:
		return m.From
	case m.From == 0 && m.Until != 0:
		return 0 // it ended, and was never recorded
	case m.From == 0 && last == 0 && !l.typed(row.Kind, m.In):
		return cmp.Or(row.Opened, l.on) // the first list of all
	case m.From == 0 && row.Closed != 0 && row.Closed < l.on:
		return 0
	case m.From == 0:
		return max(l.on, row.Opened)
	case m.From <= last && (m.Until == 0 || m.Until >= l.on):
		l.tooEarly(row, m, last, l.on)
		return l.on
	}
	return m.From
}

// tooEarly says that a membership can't have begun before a list that did not have it.
func (l *listReading) tooEarly(row *OrganisationRow, m MembershipRow, last, from Day) {
	l.contradicts("%s (%s) is in %s since %s by the list, but the list of %s did not say so: it counts from %s.",
		l.nameOf(row), row.Code, l.t.s.name(m.In), m.From.Words(), last.Words(), from.Words())
}

// compare compares a recorded membership with what the list says of it.
func (l *listReading) compare(row *OrganisationRow, have *Membership, m MembershipRow) {
	s := l.t.s
	is := Span{cmp.Or(m.From, have.From), m.Until}
	if m.Until == 0 && have.Until != 0 && l.official && have.Until >= l.on {
		is.Until = have.Until // an end that is still to come may be missing from a list
		l.contradicts("%s (%s) is in %s without an end by the list. What is recorded stands: until %s.", l.nameOf(row), row.Code, s.name(m.In), have.Until.Words())
	}
	if is.Until != have.Until && have.endSaid > l.on {
		l.contradicts("%s (%s) left %s at another time by the list. What was recorded on %s, after the list, stands.", l.nameOf(row), row.Code, s.name(m.In), have.endSaid.Words())
		is.Until = have.Until
	}
	if l.official && have.leftOut && have.Until < l.on && (is.Until == 0 || is.Until >= l.on) {
		if m.From != 0 {
			l.tooEarly(row, m, s.listBefore(l.allIn(row.Kind, m.In), l.on), l.on)
		}
		l.start(row, m, l.on)
		return
	}
	if last := s.listBefore(l.allIn(row.Kind, m.In), have.From); l.official && is.From < have.From && is.From <= last {
		l.tooEarly(row, m, last, have.From)
		is.From = have.From
	}
	switch {
	case is.Until != 0 && is.Until < is.From:
		l.contradicts("%s (%s) left %s on %s by the list, before it came. That was not taken over.", l.nameOf(row), row.Code, s.name(m.In), is.Until.Words())
	case is.From != have.From:
		l.add(is.From, &MembershipCorrected{Member: row.Code, In: m.In, Corrects: have.Index, Was: have.Span, Source: row.Source, Span: is})
	case is.Until != have.Until:
		l.add(cmp.Or(is.Until, l.on), &MembershipEnded{Member: row.Code, In: m.In, From: is.From, Until: is.Until, Source: row.Source})
	}
}

// start records a new membership, with its end if the list gives one.
func (l *listReading) start(row *OrganisationRow, m MembershipRow, from Day) {
	l.add(from, &MembershipStarted{Member: row.Code, In: m.In, From: from, Source: row.Source})
	if m.Until != 0 {
		l.add(m.Until, &MembershipEnded{Member: row.Code, In: m.In, From: from, Until: m.Until, Source: row.Source})
	}
}

// leavePlace has the organisation leave the place, and the place's PCNs, on the
// day before the list's.
func (l *listReading) leavePlace(o *Organisation) {
	s, left := l.t.s, false
	for _, m := range o.Memberships {
		if m.In == s.Place || o.Kind == Practice && s.isPCNOn(s.Organisations[m.In], l.on) {
			left = l.leave(o, &m, l.on) || left
		}
	}
	if left {
		l.outcome.LeftOut = append(l.outcome.LeftOut, o.NameOn(l.on)+" ("+o.Code+") is no longer in the list: it left "+s.PlaceName+" on "+(l.on-1).Words()+".")
	}
}
