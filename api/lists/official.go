package lists

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"goldenthread/domain"
)

// Official is what official lists say together, wherever in England.
type Official struct {
	On        domain.Day     // date of the newest of the lists
	Source    string         // what they are, in words
	Places    []Place        // sub-ICBs that the lists name, by code
	PCNs      []Organisation // by code
	Practices []Organisation // by code
	Notes     []string       // what whoever brought the lists should know, in sentences

	pcns, practices map[string]int
	found           []*kindOfFile
	stays           []stay
	membershipsOn   domain.Day // date of the list of memberships; 0 where there is none
}

// A Place is a sub-ICB as the lists name it.
type Place struct {
	Code, Name string // Name is "" where the lists give none
	Practices  int    // that are open on the list's date
	Patients   int    // registered with them, as far as the lists say
}

// An Organisation is a practice or a PCN in the lists.
type Organisation struct {
	Code, Name     string // Name is "" where the lists give none
	Kind           domain.OrganisationKind
	Places         []string    // codes of the sub-ICBs: one of a practice, several of some PCNs, none where the lists don't say
	PCN            string      // of a practice, on the list's date; "" for none
	Opened, Closed domain.Day  // 0 where the lists don't say
	In             domain.Span // in its place, where the lists say since when
	Lists          []domain.ListRow
	On             domain.Day // date of the list that it is from
}

// Patients are those registered by the newest figure; 0 where there is none.
func (o *Organisation) Patients() int {
	if len(o.Lists) == 0 {
		return 0
	}
	return slices.MaxFunc(o.Lists, func(a, b domain.ListRow) int { return cmp.Compare(a.On, b.On) }).Patients
}

// open says whether it works on the list's date.
func (o *Organisation) open() bool { return o.Closed == 0 || o.Closed >= o.On }

// A stay is a practice's time in a PCN.
type stay struct {
	practice, pcn string
	domain.Span
	on domain.Day // date of the list
}

// A kindOfFile is a kind of list that is known here.
type kindOfFile struct {
	columns []string // that it has, and tell it from the others
	words   string
	add     func(*Official, *reading, Line)
	rank    int // order in which the files are read
}

// A reading is one file being read.
type reading struct {
	*table
	kind     *kindOfFile
	on       domain.Day     // of the list
	given    domain.Day     // by whoever brought the file; 0 for none
	today    domain.Day     // on which it is read
	rows     map[string]int // row, by code
	extracts map[domain.Day]int
}

// published names the two files of NHS England for whoever brought others.
const published = `the file of practices of "Patients registered at a GP practice" (gp-reg-pat-prac-map.csv)`

var kindsOfFile = []kindOfFile{
	{[]string{"practice_code", "pcn_code", "sub_icb_location_code"}, "Patients registered at a GP practice", (*Official).addMapped, 0},
	{[]string{"number_of_patients", "code", "sex", "age"}, "Patients registered at a GP practice", (*Official).addSize, 1},
	{[]string{"practice", "pcn", "start"}, "Organisation Data Service, memberships of PCNs", (*Official).addStay, 3},
	{[]string{"pcn", "name"}, "Organisation Data Service, PCNs", (*Official).addListed, 2},
	{[]string{"ods", "open"}, "Organisation Data Service, practices", (*Official).addListed, 2},
}

// wrongFiles are files of the same publications that are not these lists.
var wrongFiles = []struct{ column, say string }{
	{"age_group_5", "This file counts patients by age group. Bring gp-reg-pat-prac-all.csv, which has one figure for each practice."},
	{"org_code", "This file counts patients by sex and age. Bring gp-reg-pat-prac-all.csv, which has one figure for each practice."},
	{"lsoa_code", "This file counts patients by where they live. Bring gp-reg-pat-prac-all.csv, which has one figure for each practice."},
}

// ReadOfficial reads official lists, each recognised by its columns: the two files of
// "Patients registered at a GP practice"; lists of the Organisation Data Service of
// practices, PCNs, both, and memberships; and epraccur.csv as it is published, without
// a heading. A list's date is in its rows, or else the one given, or the one in its
// file's name if that is not after today, or today. The error is Faults.
func ReadOfficial(files []File, given, today domain.Day) (*Official, error) {
	o := &Official{pcns: map[string]int{}, practices: map[string]int{}}
	readings, wrong := o.open(files, given, today)
	if len(wrong) > 0 {
		return nil, wrong
	}
	for _, r := range readings {
		if !r.each(func(l Line) { r.kind.add(o, r, l) }) && len(r.found) == 0 {
			r.add(0, "", "There is nothing below the heading.")
		}
		o.readDate(r)
		wrong = append(wrong, r.all()...)
	}
	if len(wrong) == 0 && o.mapped() {
		wrong = o.sameMonth()
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	if len(o.PCNs) == 0 && len(o.Practices) == 0 {
		return nil, Faults{{Say: "There is no practice and no PCN in these files."}}
	}
	o.finish()
	return o, nil
}

// open recognises the files, and puts them in the order in which they are read.
func (o *Official) open(files []File, given, today domain.Day) ([]*reading, Faults) {
	var all []*reading
	var wrong Faults
	for _, f := range files {
		t, faults := openTable(f, headless)
		if len(faults) > 0 {
			wrong = append(wrong, faults...)
			continue
		}
		kind, say := t.kind()
		if kind == nil {
			t.add(0, "", "%s", say)
			wrong = append(wrong, t.all()...)
			continue
		}
		r := &reading{table: t, kind: kind, given: given, today: today, rows: map[string]int{}, extracts: map[domain.Day]int{}}
		r.on = r.dated(f.Name)
		all = append(all, r)
	}
	slices.SortStableFunc(all, func(a, b *reading) int { return cmp.Compare(a.kind.rank, b.kind.rank) })
	for _, r := range all {
		o.found = append(o.found, r.kind)
	}
	if len(wrong) == 0 {
		wrong = o.together(files)
	}
	return all, wrong
}

// kind is the kind of list that the file is; nil with what to say if it is none.
func (t *table) kind() (*kindOfFile, string) {
	has := func(column string) bool { _, is := t.columns[column]; return is }
	for _, not := range wrongFiles {
		if has(not.column) {
			return nil, not.say
		}
	}
	for i := range kindsOfFile {
		if !slices.ContainsFunc(kindsOfFile[i].columns, func(c string) bool { return !has(c) }) {
			return &kindsOfFile[i], ""
		}
	}
	if len(t.headings) < 2 {
		return nil, "This is not a table: its first row has one column. Bring " + published + "."
	}
	var seen []string
	for _, h := range t.headings[:min(len(t.headings), 5)] {
		seen = append(seen, strconv.Quote(domain.Clip(strings.TrimSpace(h))))
	}
	return nil, "This is not a list that is known here: its columns begin with " + domain.List(seen) + ". Bring " + published + ", or lists of the Organisation Data Service."
}

var dateInName = regexp.MustCompile(`(\d{4})-?(\d{2})-?(\d{2})`)

// dated is the date of a list that has none in its rows.
func (r *reading) dated(name string) domain.Day {
	if r.given != 0 {
		return r.given
	}
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	if m := dateInName.FindStringSubmatch(name); m != nil {
		if d, err := domain.ParseDay(m[1] + "-" + m[2] + "-" + m[3]); err == nil && d <= r.today {
			return d
		}
	}
	return r.today
}

// extract reads the date in the row of a list that has one.
func (r *reading) extract(l *Line) {
	switch d := l.Day("extract_date"); {
	case d != 0:
		if r.extracts[d] == 0 {
			r.extracts[d] = l.Row
		}
		r.on = d
	case l.First("extract_date") == "":
		l.wrong([]string{"extract_date"}, "The date of the list is missing.")
	}
}

// readDate takes the file's date over.
func (o *Official) readDate(r *reading) {
	if len(r.extracts) > 1 {
		r.add(0, "", "The rows have %d dates. Bring the file of one month.", len(r.extracts))
	}
	if r.on > r.today {
		r.add(0, "", "The list is of %s, which is still to come.", r.on.Words())
	}
	o.On = max(o.On, r.on)
}

// once says whether the code is in the file for the first time.
func (r *reading) once(l *Line, code string, columns ...string) bool {
	if before, twice := r.rows[code]; twice {
		l.wrong(columns, "%s is in row %d already.", code, before)
		return false
	}
	r.rows[code] = l.Row
	return true
}

var (
	practiceCode = regexp.MustCompile(`^[A-Z][0-9]{5}$`)
	pcnCode      = regexp.MustCompile(`^U[0-9]{5}$`)
	usualCode    = regexp.MustCompile(`^[A-HJ-NPY][0-9]{5}$`) // in England
)

// code is the code in the column; false, with a fault, where it is none.
func (r *reading) code(l *Line, kind domain.OrganisationKind, columns ...string) (string, bool) {
	code, shape, example := strings.ToUpper(l.First(columns...)), practiceCode, "a practice, such as P91003"
	if kind == domain.PCN {
		shape, example = pcnCode, "a PCN, such as U95344"
	}
	switch {
	case code == "":
		l.wrong(columns, "The code of %s, is missing.", example)
	case !shape.MatchString(code):
		l.wrong(columns, "%q is not the code of %s.", domain.Clip(code), example)
	default:
		return code, true
	}
	return "", false
}

// addMapped takes a row of gp-reg-pat-prac-map.csv. A practice without a PCN has the
// code U and the name UNALLOCATED there.
func (o *Official) addMapped(r *reading, l Line) {
	if l.short() {
		return
	}
	r.extract(&l)
	code, ok := r.code(&l, domain.Practice, "practice_code")
	if !ok || !r.once(&l, code, "practice_code") {
		return
	}
	p := Organisation{Code: code, Kind: domain.Practice, Name: OrdinaryCase(l.First("practice_name")), Places: []string{l.First("sub_icb_location_code")}, On: r.on}
	if p.Name == "" {
		l.wrong([]string{"practice_name"}, "The practice's name is missing.")
	}
	if p.Places[0] == "" {
		l.wrong([]string{"sub_icb_location_code"}, "The code of the sub-ICB is missing.")
		return
	}
	o.addPlace(p.Places[0], l.First("sub_icb_location_name"))
	if pcn := l.First("pcn_code"); pcn != "" && !strings.EqualFold(pcn, "U") && !strings.EqualFold(l.First("pcn_name"), "UNALLOCATED") {
		if p.PCN, ok = r.code(&l, domain.PCN, "pcn_code"); ok {
			o.stays = append(o.stays, stay{practice: code, pcn: p.PCN, on: r.on})
			o.addMappedPCN(r, &l, &p)
		}
	}
	o.add(p)
}

func (o *Official) addMappedPCN(r *reading, l *Line, p *Organisation) {
	name := OrdinaryCase(l.First("pcn_name"))
	i, have := o.pcns[p.PCN]
	switch {
	case name == "":
		l.wrong([]string{"pcn_name"}, "The PCN's name is missing.")
	case !have:
		o.add(Organisation{Code: p.PCN, Kind: domain.PCN, Name: name, Places: slices.Clone(p.Places), On: r.on})
	case o.PCNs[i].Name != name:
		l.wrong([]string{"pcn_name"}, "%s is called %q here, and %q above.", p.PCN, domain.Clip(name), domain.Clip(o.PCNs[i].Name))
	case !slices.Contains(o.PCNs[i].Places, p.Places[0]):
		o.PCNs[i].Places = append(o.PCNs[i].Places, p.Places[0])
	}
}

// addSize takes a row of gp-reg-pat-prac-all.csv.
func (o *Official) addSize(r *reading, l Line) {
	if l.short() || !strings.EqualFold(l.First("sex"), "ALL") || !strings.EqualFold(l.First("age"), "ALL") || l.Has("type") && l.First("type") != "GP" {
		return
	}
	r.extract(&l)
	code, ok := r.code(&l, domain.Practice, "code")
	if !ok || !r.once(&l, code, "code") {
		return
	}
	patients, ok := l.number("number_of_patients")
	if i, have := o.practices[code]; ok && have {
		o.Practices[i].Lists = append(o.Practices[i].Lists, domain.ListRow{On: r.on, Patients: patients})
	}
}

// mostPatients is more than any practice has.
const mostPatients = 1_000_000

// number reads a whole number of patients; false, with a fault, where it is none.
func (l *Line) number(column string) (int, bool) {
	n, err := strconv.Atoi(strings.ReplaceAll(l.First(column), ",", ""))
	if err != nil || n < 0 || n > mostPatients {
		l.wrong([]string{column}, "%q is not a number of patients.", domain.Clip(l.First(column)))
		return 0, false
	}
	return n, true
}

func (o *Official) add(one Organisation) {
	if one.Kind == domain.PCN {
		o.pcns[one.Code] = len(o.PCNs)
		o.PCNs = append(o.PCNs, one)
		return
	}
	o.practices[one.Code] = len(o.Practices)
	o.Practices = append(o.Practices, one)
}

func (o *Official) addPlace(code, name string) {
	i := slices.IndexFunc(o.Places, func(p Place) bool { return p.Code == code })
	if i < 0 {
		o.Places = append(o.Places, Place{Code: code})
		i = len(o.Places) - 1
	}
	o.Places[i].Name = cmp.Or(o.Places[i].Name, name)
}

// together says what is wrong with the files beside each other.
func (o *Official) together(files []File) Faults {
	var ranks [4]int
	for _, k := range o.found {
		ranks[k.rank]++
	}
	say := ""
	switch mapped, sizes, listed, stays := ranks[0], ranks[1], ranks[2], ranks[3]; {
	case mapped > 1 || sizes > 1 || stays > 1:
		say = "Two of the files are of the same kind. Bring each once."
	case mapped+sizes > 0 && listed+stays > 0:
		say = `Bring the files of "Patients registered at a GP practice", or lists of the Organisation Data Service, but not both at once.`
	case sizes > 0 && mapped == 0:
		say = "The list sizes alone name no practices and no PCNs. Bring gp-reg-pat-prac-map.csv of the same month too."
	case stays > 0 && listed == 0:
		say = "The memberships alone name no practices and no PCNs. Bring the lists of these too."
	case len(files) == 0:
		say = "Bring " + published + "."
	default:
		return nil
	}
	return Faults{{Say: say}}
}

// sameMonth says that the list sizes are of another month than the practices.
func (o *Official) sameMonth() Faults {
	for i := range o.Practices {
		for _, l := range o.Practices[i].Lists {
			if on := o.Practices[i].On; l.On.String()[:7] != on.String()[:7] {
				return Faults{{Say: fmt.Sprintf("The practices are of %s, and the list sizes of %s. Bring two files of the same month.", on.Words(), l.On.Words())}}
			}
		}
	}
	return nil
}

// finish puts everything in order, counts the places and says what stands out.
func (o *Official) finish() {
	o.placePCNs()
	index := func(all []Organisation) map[string]int {
		slices.SortFunc(all, func(a, b Organisation) int { return strings.Compare(a.Code, b.Code) })
		at := make(map[string]int, len(all))
		for i := range all {
			at[all[i].Code] = i
		}
		return at
	}
	o.pcns, o.practices = index(o.PCNs), index(o.Practices)
	slices.SortFunc(o.Places, func(a, b Place) int { return strings.Compare(a.Code, b.Code) })
	places := map[string]int{}
	for i := range o.Places {
		places[o.Places[i].Code] = i
	}
	var unusual []string
	sized := 0
	for i := range o.Practices {
		p := &o.Practices[i]
		if len(p.Lists) > 0 {
			sized++
		}
		if !usualCode.MatchString(p.Code) {
			unusual = append(unusual, p.Code)
		}
		if at, ok := places[cmp.Or(slices.Concat(p.Places, []string{""})...)]; ok && p.open() {
			o.Places[at].Practices++
			o.Places[at].Patients += p.Patients()
		}
	}
	if len(unusual) > 0 && len(unusual) < mostNamed {
		o.note("Codes that are not of the usual shape for a practice in England, and were taken as they are: %s.", domain.List(unusual))
	}
	if o.mapped() && sized == 0 {
		o.note("There are no list sizes. Bring gp-reg-pat-prac-all.csv of the same month too: without them coverage counts practices only.")
	} else if missing := len(o.Practices) - sized; o.mapped() && missing > 0 {
		o.note("%s no list size in these files.", countHave(missing))
	}
	var sources []string
	for _, k := range o.found {
		if !slices.Contains(sources, k.words) {
			sources = append(sources, k.words)
		}
	}
	o.Source = "NHS England, " + strings.Join(sources, "; ") + ", " + o.On.Words()
}

// mostNamed is how many organisations a note names.
const mostNamed = 20

func countHave(n int) string {
	if n == 1 {
		return "1 practice has"
	}
	return domain.Count(n, "practice") + " have"
}

// mapped says whether the lists are those of registered patients.
func (o *Official) mapped() bool {
	return slices.ContainsFunc(o.found, func(k *kindOfFile) bool { return k.rank == 0 })
}

func (o *Official) note(format string, args ...any) {
	o.Notes = append(o.Notes, fmt.Sprintf(format, args...))
}

// placePCNs says in which PCN each practice is on the list's date, by the memberships.
func (o *Official) placePCNs() {
	for _, s := range o.stays {
		if i, ok := o.practices[s.practice]; ok && s.Covers(o.On) {
			o.Practices[i].PCN = s.pcn
		}
	}
}

// PracticesOf are the open practices of the PCN on the list's date.
func (o *Official) PracticesOf(pcn string) []Organisation {
	var all []Organisation
	for i := range o.Practices {
		if p := &o.Practices[i]; p.PCN == pcn && p.open() {
			all = append(all, *p)
		}
	}
	return all
}

// codes are the keys in order.
func codes[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
