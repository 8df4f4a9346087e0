package pages

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"goldenthread/api/web"
	"goldenthread/domain"
)

// A form is made of the description of its command, and read by it. A field's
// name on the page is its path in the command with hyphens for slashes:
// powers-0-itemLimitPence is /powers/0/itemLimitPence, so that what is refused is
// found on the page.

// offered is a form that a page offers.
type offered struct {
	id       string         // on the page
	command  domain.Command // what it says already is filled in
	given    []string       // fields that the command says, and nobody is asked
	without  []string       // fields that this page does not ask
	filtered bool           // whether they may depends on what they choose, and the options are those for which they may
	options  map[string][]web.Option
	joined   map[string]string   // fields that are chosen together with others, as seat+person
	rows     map[string][]string // headings of rows to which none can be added, by list; one "": a row that stands for the list
	ask      map[string]string   // other questions than the description's, by field
	hint     map[string]string
	more     func(*filling) []web.Piece // fields beside the description's, filled in; nil: there are none
	effects  []web.Piece                // what would follow, said after the fields
	entered  []web.Entered              // what the form carries beside its fields, for its check page
	choices  func(of []string) []web.Option
	web.Sheet
}

// inPath are fields that stand in the address of some pages, by the name there.
var inPath = map[string]string{
	"proposal": "number", "practice": "ods", "practices": "ods", "organisation": "ods", "forum": "forum", "on": "day", "meeting": "day", "index": "index",
}

// offer puts the form on the page, if the person may send it, with what was filled
// in if it was refused.
func (a *offering) offer(o offered) {
	if a.me == nil || !a.today() || !o.filtered && !a.may(o.command) {
		return
	}
	if o.Button == "" {
		o.Button = "Record it"
	}
	form, v := domain.Describe(o.command), reflect.ValueOf(o.command).Elem()
	f := &filling{values: map[string][]string{}, path: a.r.PathValue}
	f.from(form, v, "")
	sheet := o.Sheet
	if a.form != nil && a.form.Get("form") == o.id { // it was sent, and is shown again
		given := f.values
		f.values, sheet.Open = maps.Clone(a.form), true
		if o.renew(form, f, given) && a.check == nil {
			a.notice = changedMeanwhile
		}
		if list, ok := strings.CutPrefix(f.words("then"), "row "); ok {
			f.values.Set(fmt.Sprintf("%s-%d-", list, f.rows(list)), "")
		}
	}
	sheet.ID, sheet.Command = o.id, domain.CommandName(o.command)
	sheet.Parts = a.pieces(form, f, &o)
	if o.more != nil {
		sheet.Parts = append(sheet.Parts, o.more(f)...)
	}
	if a.filled != nil && a.filled.Form == o.id {
		sheet.Refused = a.filled
		a.filled.Place(sheet.Parts)
	}
	if a.sheets == nil {
		a.sheets, a.offers = map[string]*web.Sheet{}, map[string]offered{}
	}
	a.sheets[o.id], a.offers[o.id] = &sheet, o
}

// pieces are the form's fields on the page, filled in, with what can be chosen today.
func (a *offering) pieces(form *domain.Form, f *filling, o *offered) []web.Piece {
	o.choices = a.choicesOf
	return o.pieces(form, "", f, false)
}

// pieces are the form's fields on the page, filled in. Nobody has to answer what is
// loose: it belongs to a row or group that may be left out.
func (o *offered) pieces(form *domain.Form, under string, f *filling, loose bool) []web.Piece {
	var all []web.Piece
	for i := range form.Fields {
		field := &form.Fields[i]
		name := under + field.Name
		values := f.values[name]
		switch {
		case under == "" && f.fromPath(field) != "" || slices.Contains(o.without, name):
		case field.Ask == "" && o.ask[name] == "" || slices.Contains(o.given, name):
			for _, value := range values {
				if value != "" {
					all = append(all, web.Piece{Type: "hidden", Name: name, Values: []string{value}})
				}
			}
		default:
			if p, ok := o.piece(field, name, f, loose); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

// pieceTypes are how fields of a kind are shown, where nothing else counts.
var pieceTypes = map[domain.FieldKind]string{
	domain.TextField: "text", domain.CodeField: "text", domain.TimeField: "text", domain.WordsField: "words", domain.LongField: "long", domain.DateField: "date",
	domain.MoneyField: "pounds", domain.NumberField: "number", domain.YesField: "tick", domain.MatterField: "matter", domain.ChoiceField: "radios",
	domain.ChoicesField: "ticks", domain.RefField: "choice", domain.RefsField: "ticks", domain.RankedField: "ranked", domain.LinesField: "lines", domain.RowsField: "rows", domain.GroupField: "group",
}

// rowIndex is which of a list's rows it is, in a field's name.
var rowIndex = regexp.MustCompile(`-[0-9]+-`)

// mostRadios is how many options are shown at once.
const mostRadios = 8

func (o *offered) piece(field *domain.Field, name string, f *filling, loose bool) (web.Piece, bool) {
	p := web.Piece{Type: pieceTypes[field.Kind], Name: name, Label: field.Ask, Hint: field.Hint, Unit: field.Unit, One: field.One, Values: f.values[name]}
	if ask, other := o.ask[name]; other {
		p.Label = ask
	}
	if hint, other := o.hint[name]; other {
		p.Hint = hint
	}
	options, chosen := o.options[rowIndex.ReplaceAllString(name, "-")]
	if joined := o.joined[name]; joined != "" {
		p.Name, p.Values = joined, f.values[joined]
	}
	switch {
	case chosen:
	case field.Choices != nil:
		for _, c := range field.Choices {
			options = append(options, web.Option(c))
		}
	case field.Of != nil:
		options = o.choices(field.Of)
	}
	p.Options = options
	switch field.Kind {
	case domain.NumberField:
		if field.Unit == "months" {
			p.Type = "months"
		} else if options != nil {
			p.Type = "choice"
		}
	case domain.YesField:
		if options != nil {
			p.Type = "radios"
			p.Values = []string{strconv.FormatBool(slices.Contains(p.Values, "true"))}
		}
	case domain.MatterField:
		if chosen {
			p.Type = "choice"
		}
	case domain.RefsField:
		if slices.Contains(field.Of, "matter") {
			p.Type = "matter"
		}
	case domain.ChoiceField:
		if loose || !field.Needed && field.None != "" || len(options) > mostRadios {
			p.Type = "choice"
		}
	case domain.LinesField:
		p.Suggested, p.Ticked = options, f.values[name+suggested]
		p.Options, p.Values = nil, []string{strings.Join(p.Values, "\n")}
	case domain.GroupField:
		p.Rows = []web.Row{{Parts: o.pieces(field.Each, name+"-", f, true)}}
	case domain.RowsField:
		if field.Of != nil {
			p.Type = "ticks"
			break
		}
		for i := range max(f.rows(name), field.Least) {
			heading := strings.ToUpper(p.One[:1]) + p.One[1:] + " " + strconv.Itoa(i+1)
			if i < len(o.rows[name]) {
				heading = o.rows[name][i]
			}
			p.Rows = append(p.Rows, web.Row{Heading: heading, Parts: o.pieces(field.Each, fmt.Sprintf("%s-%d-", name, i), f, true)})
		}
		p.Fixed = o.rows[name] != nil
		if p.Fixed && len(p.Rows) == 1 && p.Rows[0].Heading == "" { // there is one of them, and it needs no number
			p.Type = "group"
		}
	}
	if p.Type == "choice" {
		return selectOf(p, field, loose)
	}
	return p, p.Type != "ticks" || len(options) > 0
}

// selectOf is the piece with what choosing nothing means. A seat of which there
// is no other is nothing to choose.
func selectOf(p web.Piece, field *domain.Field, loose bool) (web.Piece, bool) {
	if slices.Contains(field.Of, "seat") {
		if len(p.Options) == 1 {
			return web.Piece{Type: "hidden", Name: p.Name, Values: []string{p.Options[0].Value}}, true
		}
		p.Label = "For which seat do you speak?"
	}
	none := web.Option{Words: field.None}
	switch {
	case none.Words != "":
	case field.Needed && !loose:
		none.Words = "Choose"
	default:
		none.Words = "None"
	}
	if len(p.Options) == 0 && !field.Needed {
		return p, false
	}
	if !slices.ContainsFunc(p.Options, func(o web.Option) bool { return o.Value == "" }) {
		p.Options = append([]web.Option{none}, p.Options...)
	}
	return p, true
}

// suggested ends the name under which the suggestions for a list of lines are ticked.
const suggested = "-suggested"

// command reads the command by its description.
func (f *filling) command(kind domain.CommandKind) domain.Command {
	c := kind.New()
	switch c := c.(type) { // what they would do travels with the form, finished
	case *domain.RaiseProposal:
		c.Instruments = f.instruments()
	case *domain.AmendProposal:
		c.Instruments = f.instruments()
	case *domain.RecordTogether:
		if f.values.Has("successor") {
			f.handOver(c)
			break
		}
		f.together(c)
	case *domain.ConsentToCharter:
		f.rests(c)
	case *domain.GiveConsent:
		c.Rests = f.ground()
	}
	f.read(c)
	return c
}

// read reads what was filled in into the command or instrument, and finds what is
// wrong with it by itself.
func (f *filling) read(into any) {
	form := domain.Describe(into)
	f.tidy(form, "")
	f.fill(form, reflect.ValueOf(into).Elem(), "")
	f.check(form, into)
	f.miss(form, "")
}

// missing is what is said of a field that has to be answered and was not.
var missing = map[domain.FieldKind]string{domain.RefField: "Choose one of them.", domain.DateField: "Write a date, such as 9 March 2026."}

// miss finds what had to be answered, and was not.
func (f *filling) miss(form *domain.Form, under string) {
	for i := range form.Fields {
		field := &form.Fields[i]
		name := under + field.Name
		switch {
		case field.Ask == "":
		case field.Kind == domain.RowsField && field.Of == nil:
			for _, row := range f.rowsOf(name) {
				f.miss(field.Each, row)
			}
		case field.Needed && missing[field.Kind] != "" && len(f.said(field, name, under == "")) == 0:
			part := partOf(name)
			if !slices.ContainsFunc(f.faults, func(fault web.Fault) bool { return fault.Part == part }) {
				f.wrong(part, missing[field.Kind])
			}
		}
	}
}

// partOf is the path in the command of the field of that name.
func partOf(name string) string { return "/" + strings.ReplaceAll(name, "-", "/") }

// check finds what is wrong with the command by itself, beside what can't be read.
func (f *filling) check(form *domain.Form, v any) {
	for _, r := range form.Check(v) {
		if !slices.ContainsFunc(f.faults, func(fault web.Fault) bool { return fault.Part == r.Part }) {
			f.faults = append(f.faults, web.Fault{Part: r.Part, Say: r.Say, Rule: r.Rule})
		}
	}
}

// fill reads what was filled in into what the form describes. What can't be read
// is remembered.
func (f *filling) fill(form *domain.Form, v reflect.Value, under string) {
	for i := range form.Fields {
		field := &form.Fields[i]
		into, name := v.FieldByIndex(field.Index), under+field.Name
		switch {
		case field.Kind == domain.BytesField:
		case field.Kind == domain.GroupField:
			if f.blank(field.Each, name+"-") {
				continue
			}
			if into.Kind() == reflect.Pointer {
				into.Set(reflect.New(into.Type().Elem()))
				into = into.Elem()
			}
			f.fill(field.Each, into, name+"-")
		case field.Kind == domain.RowsField && field.Of == nil:
			for n := range f.rows(name) {
				row := reflect.New(into.Type().Elem()).Elem()
				f.fill(field.Each, row, fmt.Sprintf("%s-%d-", name, n))
				into.Set(reflect.Append(into, row))
			}
		default:
			for _, s := range f.said(field, name, under == "") {
				if err := field.Read(into, s); err != nil {
					f.wrong(partOf(name), sentence(err))
					break
				}
			}
		}
	}
}

// sentence is the error as a sentence.
func sentence(err error) string {
	first, n := utf8.DecodeRuneInString(err.Error())
	return string(unicode.ToUpper(first)) + err.Error()[n:] + "."
}

// said is what was filled in for the field, without what says nothing.
func (f *filling) said(field *domain.Field, name string, outer bool) []string {
	if outer && f.fromPath(field) != "" {
		return []string{f.fromPath(field)}
	}
	switch field.Kind {
	case domain.YesField:
		if !f.ticked(name) {
			return nil
		}
	case domain.LinesField:
		return slices.Concat(f.values[name+suggested], f.lines(name))
	case domain.ChoicesField, domain.RefsField, domain.RankedField, domain.RowsField:
		return slices.DeleteFunc(slices.Clone(f.values[name]), func(s string) bool { return strings.TrimSpace(s) == "" })
	}
	if s := f.words(name); s != "" {
		return []string{s}
	}
	return nil
}

// fromPath is what the page's address says of the field; "" where it says nothing.
func (f *filling) fromPath(field *domain.Field) string {
	if in := inPath[field.Name]; in != "" && f.path != nil {
		return f.path(in)
	}
	return ""
}

// blank says whether nothing that somebody is asked was filled in below that name.
func (f *filling) blank(form *domain.Form, under string) bool {
	for i := range form.Fields {
		field := &form.Fields[i]
		name := under + field.Name
		switch {
		case field.Ask == "":
		case field.Each != nil && field.Of == nil:
			if field.Kind == domain.GroupField && !f.blank(field.Each, name+"-") || field.Kind == domain.RowsField && slices.ContainsFunc(f.rowsOf(name), func(row string) bool { return !f.blank(field.Each, row) }) {
				return false
			}
		default:
			if len(f.said(field, name, false)) > 0 {
				return false
			}
		}
	}
	return true
}

// rowsOf are the names under which the rows of the list stand.
func (f *filling) rowsOf(list string) []string {
	var rows []string
	for i := range f.rows(list) {
		rows = append(rows, fmt.Sprintf("%s-%d-", list, i))
	}
	return rows
}

// tidy takes out the rows that were left empty, and values that stand for several
// fields apart: seat+person says both.
func (f *filling) tidy(form *domain.Form, under string) {
	for name, values := range f.values {
		names := strings.Split(name, "+")
		if len(names) == 1 || len(values) != 1 {
			continue
		}
		words := strings.Fields(values[0])
		for i, one := range names {
			if i < len(words) {
				f.values.Set(one, words[i])
			}
		}
	}
	for i := range form.Fields {
		field := &form.Fields[i]
		name := under + field.Name
		switch {
		case field.Kind == domain.GroupField:
			f.tidy(field.Each, name+"-")
		case field.Kind == domain.RowsField && field.Of == nil:
			kept := 0
			for n, row := range f.rowsOf(name) {
				f.tidy(field.Each, row)
				switch {
				case f.blank(field.Each, row):
					f.move(row, "")
				case n > kept:
					to := fmt.Sprintf("%s-%d-", name, kept)
					f.move(row, to)
					if f.came == nil {
						f.came = map[string]string{}
					}
					f.came[to] = row
					fallthrough
				default:
					kept++
				}
			}
		}
	}
}

// move gives the values below one name another; "": they are dropped.
func (f *filling) move(from, to string) {
	for name, values := range f.values {
		if rest, ok := strings.CutPrefix(name, from); ok {
			delete(f.values, name)
			if to != "" {
				f.values[to+rest] = values
			}
		}
	}
}

// from fills the form in as the command says.
func (f *filling) from(form *domain.Form, v reflect.Value, under string) {
	for i := range form.Fields {
		field := &form.Fields[i]
		from, name := v.FieldByIndex(field.Index), under+field.Name
		if from.Kind() == reflect.Pointer && field.Each != nil {
			if from.IsNil() {
				continue
			}
			from = from.Elem()
		}
		switch {
		case field.Kind == domain.GroupField:
			f.from(field.Each, from, name+"-")
		case field.Kind == domain.RowsField && field.Of == nil:
			for n := range from.Len() {
				row := fmt.Sprintf("%s-%d-", name, n)
				f.values[row] = []string{""} // there is a row, even if all of it is empty
				f.from(field.Each, from.Index(n), row)
			}
		default:
			if said := field.Written(from); said != nil {
				f.values[name] = said
			}
		}
	}
}

// mostRows bounds a list that somebody fills in by hand.
const mostRows = 30

// rows is how many rows of the list the form has.
func (f *filling) rows(list string) int {
	n := 0
	for name := range f.values {
		rest, ok := strings.CutPrefix(name, list+"-")
		if !ok {
			continue
		}
		index, _, _ := strings.Cut(rest, "-")
		if i, err := strconv.Atoi(index); err == nil && i >= n && i < mostRows {
			n = i + 1
		}
	}
	return n
}
