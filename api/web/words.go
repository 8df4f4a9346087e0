package web

import (
	"cmp"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"goldenthread/api/version"
	"goldenthread/domain"
	"goldenthread/projections"
)

// words are what templates say things with.
var words = template.FuncMap{
	"day":         domain.Day.Words,
	"moment":      moment,
	"clock":       domain.TimeWords,
	"count":       domain.Count,
	"version":     version.This,
	"events":      func(n int64) string { return domain.Count(int(n), "event") },
	"thousands":   domain.Thousands,
	"list":        domain.List,
	"upper":       domain.FirstUpper,
	"lower":       strings.ToLower,
	"ofgroup":     officeOf,
	"sentence":    sentence,
	"clause":      domain.Clause,
	"paragraphs":  paragraphs,
	"on":          func(p *Page, it any) On { return On{p, it} },
	"field":       newField,
	"form":        newForm,
	"options":     options,
	"asks":        func(f Form, asked CheckAsked, matters []Option) Asks { return Asks{f, asked, matters} },
	"matter":      domain.MatterWords,
	"matterlist":  domain.ListMatters,
	"subjects":    subjects,
	"standing":    tagOf,
	"mark":        mark,
	"plain":       plainWords,
	"picture":     Picture,
	"shape":       verdictShape,
	"months":      func(n int) string { return domain.Count(n, "month") },
	"entry":       newEntry,
	"place":       PlaceOf,
	"answered":    WaitingPlace,
	"seats":       func(f Form, of []Option) Seats { return Seats{f, of} },
	"send":        newButton,
	"signed":      newSigning,
	"interest":    InterestWords,
	"saidtag":     saidTag,
	"reach":       Reach,
	"kind":        PriorityKindWords,
	"source":      sourceWords,
	"reply":       ReplyWords,
	"about":       AboutWords,
	"size":        SizeWords,
	"attached":    func(p *Page, about ...any) Attachments { return Attachments{p, fmt.Sprint(about...)} },
	"used":        Used,
	"running":     Running,
	"hitplace":    HitPlace,
	"kindwords":   func(k projections.SearchKind) string { return string(k) },
	"upto":        func(p projections.Powers) domain.Day { return min(p.At, cmp.Or(p.To, p.At)) },
	"part":        Part,
	"ruletext":    RuleText,
	"when":        When,
	"kindname":    projections.KindName,
	"setting":     projections.SettingLine.Amount,
	"settingname": projections.SettingLine.Called,
	"query":       url.QueryEscape,
	"drawing":     Drawing,
	"step":        StepPlace,
	"steps":       Steps,
	"mandates":    Mandates,
	"going":       func(s domain.PowerState) bool { return s != domain.Ended && s != domain.Expired },
	"waiting":     Waits,
	"formpart":    newFormPart,
	"sheet":       sheetOf,
	"listform":    listForm,
	"a":           a,
	"nth":         func(i int) int { return i + 1 },
	"keep":        func(b bool) string { return map[bool]string{true: "true"}[b] },

	"isOpen":       is(domain.Open),
	"isAgreed":     is(domain.Agreed),
	"isConsent":    is(domain.Consent),
	"isDiscretion": is(domain.Discretion),
	"isOutright":   is(domain.Outright),
	"isSubject":    is(domain.Subject),
	"isForGroup":   is(domain.CapacityGroup),
	"isDeputy":     is(domain.Deputy),
	"isPractice":   is(domain.Practice),
	"isByPower":    is(domain.CouldByPower),
	"isReturned":   is(domain.Returned),
	"isStands":     is(domain.Stands),
}

// a is one of a kind: "a power", "an action".
func a(one string) string {
	if strings.ContainsAny(one[:min(1, len(one))], "aeiou") {
		return "an " + one
	}
	return "a " + one
}

// is asks whether a state is that one.
func is[T comparable](one T) func(T) bool { return func(state T) bool { return state == one } }

// An Entry is one of the navigation's.
type Entry struct {
	Address, Words string
	Current        string // as aria-current says it; "": the page is elsewhere
}

func newEntry(p *Page, to, words string) Entry {
	e := Entry{Address: p.Link(to), Words: words}
	switch {
	case p.Section() != to:
	case p.Path == to:
		e.Current = "page"
	default:
		e.Current = "true"
	}
	return e
}

// Seats are those for which a form can be sent.
type Seats struct {
	Form
	Seats []Option
}

// Attachments lead to the documents about something.
type Attachments struct {
	Page  *Page
	About string
}

// Count is how many there are.
func (a Attachments) Count() int { return a.Page.Attached[a.About] }

// Waits says whether what stands like that waits for the group's word.
func Waits(standing any) bool {
	switch standing {
	case domain.XBeyond, domain.XCalledIn, domain.KBeyond, domain.KAdReferendum:
		return true
	}
	return false
}

// A Button sends a form.
type Button struct{ Words, Class string }

func newButton(words string, class ...string) Button {
	b := Button{Words: words}
	for _, c := range class {
		if c != "" {
			b.Class += " nhsuk-button--" + c
		}
	}
	return b
}

// A Signing are the buttons of a check page whose form can be sent as it is, or signed.
type Signing struct {
	Button
	Sign            string // what the other button says
	Group, Proposal string
	Passkey         bool // there is one to sign with
	Required        bool // by the charter: it can't be sent as it is
}

func newSigning(p *Page, b Button, sign string) Signing {
	body := p.Body.(*Checking).Of.(*Proposal)
	return Signing{b, sign, p.Group, body.Ref, body.Passkey, body.MustSign}
}

// On is something shown on a page.
type On struct {
	Page *Page
	It   any
}

// officeOf is the office with its group's name after it, unless the office says that name.
func officeOf(office, group string) string {
	if strings.Contains(office, group) {
		return office
	}
	return office + ", " + group
}

// moment writes "10:32am on 9 March 2026", in London.
func moment(t time.Time) string {
	if t.IsZero() {
		return "no time"
	}
	clock := t.In(domain.London()).Format("3:04pm")
	switch clock {
	case "12:00am":
		clock = "midnight"
	case "12:00pm":
		clock = "midday"
	}
	return clock + " on " + domain.DayOf(t).Words()
}

// sentence begins with a capital and ends as a sentence does.
func sentence(s string) string {
	return domain.Sentence(domain.FirstUpper(s))
}

// paragraphs are the text's, as they were written.
func paragraphs(text string) []string {
	var ps []string
	for p := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if p = strings.TrimSpace(p); p != "" {
			ps = append(ps, p)
		}
	}
	return ps
}

// MatterOption is a subject to choose, by its name.
func MatterOption(path string) Option {
	return Option{path, domain.FirstUpper(domain.MatterWords(path))}
}

// subjects are the matters in words; "" is all of them taken together.
func subjects(paths []string) string {
	names := make([]string, 0, len(paths))
	for _, p := range paths {
		names = append(names, cmp.Or(domain.MatterWords(p), "overall"))
	}
	return domain.FirstUpper(domain.ListApart(names))
}

// sourceWords say where an action comes from: "P4", "the meeting of 9 March 2026".
func sourceWords(source string) string {
	_, of, meeting := strings.Cut(source, "/")
	if d, err := domain.ParseDay(of); meeting && err == nil {
		return "the meeting of " + d.Words()
	}
	if item, scheduled := strings.CutPrefix(source, "schedule/"); scheduled {
		return "item " + item + " of what stood before"
	}
	return source
}

// plainWords puts terms of art in a text into plain words.
func plainWords(text string) string {
	if text == "view" || text == "a view" {
		return "a view only"
	}
	return strings.ReplaceAll(text, "ad referendum", "subject to the group")
}

// verdictShape is a sign beside the verdict's words; each has another form, so
// that it does not rest on its colour.
func verdictShape(v domain.Verdict) string {
	switch v {
	case domain.MayCommitNow, domain.MayCommitReport:
		return "✓"
	case domain.AdReferendum:
		return "↩"
	case domain.MustNot:
		return "✕"
	case domain.ViewOnly:
	}
	return "“"
}

// A Form is one of a page's forms: a command to be filled in.
type Form struct {
	Page    *Page
	ID      string // of the form on the page
	Command string
	Refused *Filled // if it is this one that was refused

	Multipart bool // files can be chosen on it
}

func newForm(p *Page, id, command string) Form {
	f := Form{Page: p, ID: id, Command: command}
	if p.Filled != nil && p.Filled.Form == id {
		f.Refused = p.Filled
	}
	return f
}

// A Field is a form's field.
type Field struct {
	Form
	Name  string
	Label string
	Hint  string
	Value string
	// Values are all that were ticked, where there can be several.
	Values []string
}

func newField(f Form, name, label, hint string, value ...string) Field {
	field := Field{Form: f, Name: name, Label: label, Hint: hint, Value: strings.Join(value, "")}
	if f.Refused != nil {
		field.Value, field.Values = f.Refused.Values.Get(name), f.Refused.Values[name]
	}
	return field
}

// Wrong is what is wrong with the form as a whole.
func (f Form) Wrong() string { return f.Refused.at("") }

// Wrong is what is wrong with the field.
func (f Field) Wrong() string { return f.Refused.at(f.Name) }

// DescribedBy are the ids of what describes the field: its hint, and what is wrong.
func (f Field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Ref()+"-hint")
	}
	if f.Wrong() != "" {
		ids = append(ids, f.Ref()+"-error")
	}
	return strings.Join(ids, " ")
}

// Ref is the field's id on the page.
func (f Field) Ref() string { return f.ID + "-" + f.Name }

// Nth is the id of one of the field's options, as the design system counts them.
func (f Field) Nth(i int) string {
	if i == 0 {
		return f.Ref()
	}
	return fmt.Sprintf("%s-%d", f.Ref(), i+1)
}

// Is says whether the option was chosen.
func (f Field) Is(option string) bool { return f.Value == option }

// Has says whether the option was ticked, among others.
func (f Field) Has(option string) bool { return slices.Contains(f.Values, option) }

// An Option is one to choose.
type Option struct{ Value, Words string }

// A Choice is a field with its options.
type Choice struct {
	Field
	Options []Option
}

// Named is the field's value by the name of the option that has it, if one has.
func (c Choice) Named() string {
	for _, o := range c.Options {
		if o.Value == c.Value {
			return o.Words
		}
	}
	return c.Value
}

// options makes a choice of the field: options, or value and words by turns.
func options(f Field, of ...any) Choice {
	c := Choice{Field: f}
	for i := 0; i < len(of); i++ {
		if os, ok := of[i].([]Option); ok {
			c.Options = append(c.Options, os...)
			continue
		}
		c.Options = append(c.Options, Option{fmt.Sprint(of[i]), fmt.Sprint(of[i+1])})
		i++
	}
	return c
}

// PeopleOptions are the people to choose from, by office.
func PeopleOptions(people []projections.PersonLine) []Option {
	os := make([]Option, 0, len(people))
	for _, p := range people {
		os = append(os, Option{p.Handle, p.Office})
	}
	return os
}
