package lists

import (
	"regexp"
	"time"

	"goldenthread/domain"
)

// Lists of the Organisation Data Service: practices and PCNs with the days on which
// they opened and closed, and memberships with their days.

// epraccur are the columns of epraccur.csv, which has no heading line, as far as
// they are read (Organisation Data Service, GP practices and prescribing cost
// centres). join and left are its days at the commissioner that parent names; role is
// the prescribing setting, 4 for a GP practice.
var epraccur = map[int]string{0: "ods", 1: "name", 10: "open", 11: "close", 12: "status", 14: "parent", 15: "join", 16: "left", 25: "role"}

const epraccurColumns = 27

// headless are the names of the columns of a file whose first line is no heading
// but a practice of epraccur.csv; nil for any other file.
func headless(first []string) []string {
	if len(first) != epraccurColumns || !practiceCode.MatchString(first[0]) {
		return nil
	}
	names := make([]string, len(first))
	for i, name := range epraccur {
		names[i] = name
	}
	return names
}

// addListed takes a row of a list of organisations. Other kinds than practices and PCNs,
// and prescribing settings that are no GP practice, are left out.
func (o *Official) addListed(r *reading, l Line) {
	if l.short() {
		return
	}
	kind := domain.OrganisationKind(l.First("kind"))
	switch {
	case kind == "" && l.Has("pcn"):
		kind = domain.PCN
	case kind == "":
		kind = domain.Practice
	case kind != domain.Practice && kind != domain.PCN:
		return
	}
	if role := l.First("role"); role != "" && role != "RO76" && role != "4" {
		return
	}
	code, ok := r.code(&l, kind, "ods", "pcn")
	if !ok || !r.once(&l, code, "ods", "pcn") {
		return
	}
	if o.has(kind, code) {
		l.wrong([]string{"ods", "pcn"}, "%s is in another of the files too.", code)
		return
	}
	one := Organisation{Code: code, Kind: kind, Name: OrdinaryCase(l.First("name")), On: r.on}
	if place := l.First("parent", "sub_icb"); place != "" {
		one.Places = []string{place}
		o.addPlace(place, l.First("sub_icb_name"))
	}
	one.Opened, one.Closed = l.Day("open"), l.Day("close")
	one.In = domain.Span{From: l.Day("join"), Until: l.Day("left")}
	switch status := l.First("status"); {
	case one.Closed == 0 && l.First("close") == "" && (status == "INACTIVE" || status == "C"):
		l.wrong([]string{"status"}, "It is %s without a closing day.", status)
	case l.First("open") == "":
		l.wrong([]string{"open"}, "The day on which it opened is missing.")
	case one.Closed != 0 && one.Closed < one.Opened:
		l.wrong([]string{"close"}, "It can't close before it opens.")
	}
	one.Lists = l.listSizes()
	o.add(one)
}

func (o *Official) has(kind domain.OrganisationKind, code string) bool {
	if kind == domain.PCN {
		_, has := o.pcns[code]
		return has
	}
	_, has := o.practices[code]
	return has
}

// addStay takes a row of a list of memberships.
func (o *Official) addStay(r *reading, l Line) {
	if l.short() {
		return
	}
	o.membershipsOn = r.on
	practice, ok := r.code(&l, domain.Practice, "practice")
	pcn, too := r.code(&l, domain.PCN, "pcn")
	s := stay{practice: practice, pcn: pcn, Span: domain.Span{From: l.Day("start"), Until: l.Day("end")}, on: r.on}
	switch {
	case !ok || !too:
	case l.First("start") == "":
		l.wrong([]string{"start"}, "The first day is missing.")
	case s.Until != 0 && s.Until < s.From:
		l.wrong([]string{"end"}, "It can't end before it begins.")
	default:
		o.stays = append(o.stays, s)
	}
}

var listSizeColumn = regexp.MustCompile(`^list_size_(\d{4})_(\d{2})$`)

// listSizes are the registered patients, from columns such as list_size_2026-01.
func (l *Line) listSizes() []domain.ListRow {
	var sizes []domain.ListRow
	for _, name := range codes(l.table.columns) {
		m := listSizeColumn.FindStringSubmatch(name)
		if m == nil || l.First(name) == "" {
			continue
		}
		month, err := time.Parse("2006-01", m[1]+"-"+m[2])
		if err != nil {
			l.wrong([]string{name}, "The heading names no month.")
			continue
		}
		if patients, ok := l.number(name); ok {
			sizes = append(sizes, domain.ListRow{On: domain.NewDay(month.Date()), Patients: patients})
		}
	}
	return sizes
}
