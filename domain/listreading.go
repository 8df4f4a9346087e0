package domain

import (
	"cmp"
	"slices"
	"strings"
)

// How an official list is read against the register (rule O1): what each row and each
// absence changes, contradicts or confirms.

// allIn is how a list says that it holds all of the kind's members in that one.
func (l *listReading) allIn(kind OrganisationKind, in string) string {
	if l.isPCN(in) {
		return AllMemberships
	}
	return allOf(kind)
}

// A listReading is a list being compared with the register.
type listReading struct {
	t        *turn
	on       Day // the list's date, or today
	official bool
	complete []string
	also     []string
	named    map[string]*OrganisationRow
	found    []difference
	outcome  ListOutcome
}

// A difference is an event that the list calls for.
type difference struct {
	effective Day
	cause     uint64 // the event that this one corrects; none if 0
	data      Payload
}

func (l *listReading) add(effective Day, data Payload) {
	l.found = append(l.found, difference{effective: effective, data: data})
}

func (l *listReading) contradicts(format string, args ...any) {
	l.outcome.Contradicted = append(l.outcome.Contradicted, invalid("O1", format, args...).Say)
}

// read compares the list with the register.
func (l *listReading) read(rows []OrganisationRow) *Refusal {
	s := l.t.s
	if len(rows) > 500 {
		return invalid("O1", "Import at most 500 organisations at a time.")
	}
	l.named, rows = map[string]*OrganisationRow{}, slices.Clone(rows)
	for i := range rows {
		if r := rows[i].check(s.Organisations[rows[i].Code] != nil, l.official); r != nil {
			return r
		}
		if l.named[rows[i].Code] != nil {
			return invalid("O1", "%s is in the list twice.", rows[i].Code)
		}
		if had := like(l.named, rows[i].Code); had != "" {
			return invalid("O1", "There is already an organisation %s%s.", had, onlyByCase(had, rows[i].Code))
		}
		l.named[rows[i].Code] = &rows[i]
	}
	for i := range rows {
		for _, m := range rows[i].Parents {
			if s.Organisations[m.In] == nil && l.named[m.In] == nil {
				return notFound("O1", "%s is said to be in %s, which is not known here.", rows[i].Code, Clip(m.In))
			}
		}
		if rows[i].Mistake && s.Organisations[rows[i].Code] == nil {
			return notFound("O1", "%s is not known here: no closing of it was a mistake.", rows[i].Code)
		}
		if old := s.Organisations[rows[i].Code]; old != nil && old.Kind != rows[i].Kind {
			return notNow("O1", "%s is recorded as a %s, not a %s.", rows[i].Code, old.Kind, rows[i].Kind)
		}
		if had := like(s.Organisations, rows[i].Code); s.Organisations[rows[i].Code] == nil && had != "" {
			return invalid("O1", "There is already an organisation %s%s.", had, onlyByCase(had, rows[i].Code))
		}
	}
	l.outcome = ListOutcome{Organisations: len(rows), LeftOut: []string{}, Contradicted: []string{}}
	for i := range rows {
		l.readRow(&rows[i])
	}
	for i := range rows {
		if l.official && rows[i].Kind == Practice && !l.outdated(Practice) {
			rows[i].Parents = l.oneAtATime(&rows[i])
		}
		l.readMemberships(&rows[i])
		switch {
		case rows[i].Kind != Practice:
		case l.official:
			l.keepOnePCN(&rows[i])
		default:
			if r := l.checkOnePCN(&rows[i]); r != nil {
				return r.at("memberships").at(nth("organisations", i))
			}
		}
	}
	l.readAbsent()
	return nil
}

// outdated says whether a newer official list has spoken of such organisations.
// An older one changes nothing but list sizes, which have dates of their own.
func (l *listReading) outdated(kind OrganisationKind) bool {
	return l.official && l.on < l.t.s.lastList(kind)
}

// readRow compares what the list says of the organisation itself.
func (l *listReading) readRow(row *OrganisationRow) {
	old := l.t.s.Organisations[row.Code]
	switch {
	case l.outdated(row.Kind):
		l.readOutdated(row, old)
	case old == nil:
		l.add(cmp.Or(row.Opened, l.on), &OrganisationRegistered{Code: row.Code, Kind: row.Kind, Name: row.Name, Opened: row.Opened, Source: row.Source})
		if row.Closed != 0 {
			l.add(row.Closed, &OrganisationClosed{Code: row.Code, Last: row.Closed, Legal: row.Legal, Source: row.Source})
		}
	default:
		l.readChange(row, old)
		l.readClosing(row, old)
	}
	if old != nil || !l.outdated(row.Kind) {
		l.readSizes(row, old)
	}
}

func (l *listReading) readOutdated(row *OrganisationRow, old *Organisation) {
	switch newest := l.t.s.lastList(row.Kind); {
	case old == nil:
		l.contradicts("%s (%s) is not in the newer list of %s, so it was not taken over.", row.Name, row.Code, newest.Words())
	case row.Name != "" && !l.sameName(row.Name, old.NameOn(l.on)):
		l.contradicts("%s is called %s in this list. A newer one, of %s, has been taken over.", old.NameOn(l.on)+" ("+row.Code+")", row.Name, newest.Words())
	case row.Closed != 0 && !slices.ContainsFunc(old.Periods, func(p Period) bool { return p.Until == row.Closed }),
		row.Closed == 0 && !old.OpenOn(l.on) && (old.Opened == 0 || old.Opened <= l.on):
		l.contradicts("%s (%s) is open on other days by this list. A newer one, of %s, has been taken over.", old.Name, row.Code, newest.Words())
	}
}

// sameName says whether the list gives the name that is recorded: official lists
// are often all in capitals.
func (l *listReading) sameName(given, have string) bool {
	return given == have || (l.official && strings.EqualFold(given, have))
}

// readChange compares the name, and the first day.
func (l *listReading) readChange(row *OrganisationRow, old *Organisation) {
	have := old.NameOn(l.on)
	if !l.official {
		have = old.Name
	}
	name := row.Name
	if name == "" || l.sameName(name, have) {
		name = have
	}
	opened := row.Opened
	if opened == 0 || old.hasOpening(opened) || (old.Closed != 0 && old.Closed < opened) {
		opened = old.Opened
	}
	if name != have || opened != old.Opened {
		l.add(l.on, &OrganisationChanged{Code: row.Code, Name: name, Opened: opened, Source: row.Source})
	}
}

// readClosing compares the last day.
func (l *listReading) readClosing(row *OrganisationRow, old *Organisation) {
	newest := old.PeriodBy(l.on)
	switch {
	case row.Mistake && newest.Until != 0:
		l.found = append(l.found, difference{newest.Until, newest.ended, &OrganisationReopened{Code: row.Code, Source: row.Source, Mistake: true}})
	case row.Closed != 0 && (newest.Until != row.Closed || newest.Legal != row.Legal && (row.Legal != 0 || !l.official)):
		if newest.said > l.on {
			l.contradicts("%s (%s) closed on %s by the list. What was recorded on %s stands: %s.", old.Name, old.Code, row.Closed.Words(), newest.said.Words(), closingWords(newest))
			return
		}
		l.close(row, newest)
	case row.Closed == 0 && newest.Until != 0:
		l.readOpen(row, old, newest)
	}
}

func (l *listReading) close(row *OrganisationRow, newest *Period) {
	switch len(newest.Into) {
	case 0:
		l.add(row.Closed, &OrganisationClosed{Code: row.Code, Last: row.Closed, Legal: row.Legal, Source: row.Source})
	case 1:
		l.add(row.Closed, &OrganisationClosed{Code: row.Code, Last: row.Closed, Legal: row.Legal, Into: newest.Into[0].Organisation, Source: row.Source})
	default:
		l.add(row.Closed, &OrganisationSplit{Code: row.Code, Last: row.Closed, Legal: row.Legal, Among: newest.Into})
	}
}

// readOpen is a list that gives no closing for an organisation that has one.
func (l *listReading) readOpen(row *OrganisationRow, old *Organisation, newest *Period) {
	again := l.on
	if row.Opened > newest.Until {
		again = row.Opened
	}
	switch {
	case l.official && newest.Until >= l.on && row.Opened <= newest.Until:
		l.contradicts("%s (%s) has no closing in the list. What is recorded stands: %s.", old.Name, old.Code, closingWords(newest))
	case newest.said > l.on:
		l.contradicts("%s (%s) is open in the list. What was recorded on %s stands: %s.", old.Name, old.Code, newest.said.Words(), closingWords(newest))
	default:
		l.add(again, &OrganisationReopened{Code: row.Code, Source: row.Source})
	}
}

func closingWords(p *Period) string { return "its last day is " + p.Until.Words() }

// readSizes compares list sizes. Another figure for a day corrects the one before (L6).
func (l *listReading) readSizes(row *OrganisationRow, old *Organisation) {
	for _, size := range row.Lists {
		d := difference{effective: size.On, data: &ListSizeRecorded{Practice: row.Code, On: size.On, Patients: size.Patients, Source: row.Source}}
		if old != nil {
			if i := slices.IndexFunc(old.Lists, func(have ListSize) bool { return have.On == size.On }); i >= 0 {
				if old.Lists[i].Patients == size.Patients {
					continue
				}
				d.cause = old.Lists[i].Index
			}
		}
		l.found = append(l.found, d)
	}
}

// nameOf is how the row's organisation is named.
func (l *listReading) nameOf(row *OrganisationRow) string {
	return cmp.Or(row.Name, l.t.s.nameOn(row.Code, l.on))
}

func (l *listReading) sourceOf(code string) string {
	if row := l.named[code]; row != nil {
		return row.Source
	}
	return ""
}

// typed says whether somebody typed which organisations of the kind are in that one.
func (l *listReading) typed(kind OrganisationKind, in string) bool {
	return slices.ContainsFunc(l.t.s.members[in], func(code string) bool {
		o := l.t.s.Organisations[code]
		return o.Kind == kind && slices.ContainsFunc(o.Memberships, func(m Membership) bool { return m.In == in && m.typed })
	})
}

// readAbsent has those leave whom a complete list no longer places here.
func (l *listReading) readAbsent() {
	s := l.t.s
	for _, absent := range []struct {
		what string
		here []*Organisation
	}{{AllPCNs, s.PCNsOn(l.on)}, {AllPractices, s.PracticesOn(l.on)}} {
		if !slices.Contains(l.complete, absent.what) {
			continue
		}
		for _, o := range absent.here {
			if l.named[o.Code] == nil && !slices.Contains(l.also, o.Code) && !l.outdated(o.Kind) {
				l.leavePlace(o)
			}
		}
	}
}

// record puts what was found on the turn. What an official list brings follows
// from an event that names the list.
func (l *listReading) record(source string) {
	t := l.t
	l.leaveUnconfirmed()
	list := uint64(0)
	if l.official && len(l.found) > 0 {
		list = t.record(&OrganisationsListed{
			On: l.on, Complete: l.complete, Source: source, Organisations: l.outcome.Organisations,
			LeftOut: l.outcome.LeftOut, Contradicted: l.outcome.Contradicted,
		})
	}
	for _, d := range l.found {
		cause := d.cause
		if cause == 0 {
			cause = cmp.Or(t.because, t.nextIndex())
			if l.official {
				cause = list
			}
		}
		t.recordBecause(cause, d.effective, d.data)
	}
}

// leaveUnconfirmed leaves out what still waits for somebody, where a list takes effect
// that waited (rules O1, O3).
func (l *listReading) leaveUnconfirmed() {
	if l.t.parts == nil {
		return
	}
	var said []Payload
	for _, d := range l.found {
		said = append(said, d.data)
	}
	parts, found := listParts(said), l.found
	l.found = nil
	for i, d := range found {
		if slices.Contains(l.t.parts, parts[i]) || parts[i] == "" {
			l.found = append(l.found, d)
		}
	}
}
