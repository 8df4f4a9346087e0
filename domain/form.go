package domain

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A command says once what it takes, in tags beside json:
//
//	ask   the question that a form asks; a field without one is on no form
//	hint  what helps to answer it, below the question
//	doc   what programs are told about it: in the JSON schema and the command line
//	of    what it refers to, such as person or seat; several with commas between
//	enum  what can be chosen; any: of which several can be chosen
//	none  what choosing nothing means, in words
//	yes, no  what a tick says, where it is better chosen of two
//	rule  the rule that refuses it; the fields after it have the same
//	call  what a refusal calls it: "the reason"
//	else  the refusal of a field that is missing, or no choice, in a sentence
//	unit  what a number counts
//	one   what one of several rows is called; least: how many a form shows at first
//	kind  what it is filled in as, where its type doesn't say
//	maxLength, maxItems   in characters, and in items
//
// A field that JSON may omit, or that says optional, is not needed.
// Forms, refusals at their fields, the JSON schema and the flags of the command
// line are made of this.

// A Form is what a command, or a part of one, takes.
type Form struct{ Fields []Field }

// A Field is one thing that a command takes.
type Field struct {
	Name    string // in JSON, and in the path of a refusal's Part
	Ask     string // the question that a form asks; "": on no form
	Hint    string
	Doc     string
	Kind    FieldKind
	Of      []string // what it refers to
	Choices []Choice
	None    string // what choosing nothing means, in words
	Needed  bool
	Most    int    // characters, or items; 0: not bounded here
	Unit    string // what a number counts
	One     string // what a row is called
	Least   int    // rows that a form shows at first
	Each    *Form  // what a group, or each row or line, takes; nil for other kinds
	Index   []int  // where it is in the Go struct

	rule, called, otherwise string
}

// A FieldKind is how a field is filled in.
type FieldKind string

// The kinds of fields.
const (
	TextField    FieldKind = "text"    // on one line
	WordsField   FieldKind = "words"   // a few sentences
	LongField    FieldKind = "long"    // pages
	DateField    FieldKind = "date"    // a Day
	TimeField    FieldKind = "time"    // of day, such as 14:00
	MoneyField   FieldKind = "money"   // Pence
	NumberField  FieldKind = "number"  // whole
	YesField     FieldKind = "yes"     // a bool
	MatterField  FieldKind = "matter"  // a path
	ChoiceField  FieldKind = "choice"  // one of Choices
	ChoicesField FieldKind = "choices" // several of Choices
	RefField     FieldKind = "ref"     // what Of says
	RefsField    FieldKind = "refs"    // several of them
	RankedField  FieldKind = "ranked"  // several of them, the most important first
	LinesField   FieldKind = "lines"   // a list, each item on a line
	RowsField    FieldKind = "rows"    // a list of what Each takes
	GroupField   FieldKind = "group"   // what Each takes, or nothing
	CodeField    FieldKind = "code"    // a reference made up here: letters, digits and hyphens
	BytesField   FieldKind = "bytes"   // in base64
)

// A Choice is one of those that a field has.
type Choice struct{ Value, Words string }

// forms are what all commands, and the parts of them, take. They are made when the
// program starts and never change.
var forms = map[reflect.Type]*Form{}

func init() {
	for _, c := range Commands {
		describe(reflect.TypeOf(c.New()).Elem())
	}
}

// Describe says what the command, or the part of one, takes: v is a pointer to it.
func Describe(v any) *Form {
	f := forms[reflect.TypeOf(v).Elem()]
	if f == nil {
		panic("domain: no command has a " + reflect.TypeOf(v).Elem().Name())
	}
	return f
}

func describe(t reflect.Type) *Form {
	if forms[t] == nil {
		forms[t] = &Form{}
		forms[t].read(t, nil)
	}
	return forms[t]
}

// read appends the fields of the struct, those of embedded ones in their place.
func (f *Form) read(t reflect.Type, within []int) {
	rule := ""
	for i := range t.NumField() {
		m := t.Field(i)
		index := append(slices.Clone(within), i)
		name, options, _ := strings.Cut(m.Tag.Get("json"), ",")
		switch {
		case m.Anonymous && name == "":
			f.read(m.Type, index)
		case name != "" && name != "-":
			field := newField(m, name, index)
			field.Needed = !strings.Contains(options, "omit") && field.Kind != YesField && m.Tag.Get("optional") == ""
			if field.Kind == RowsField && field.Needed && m.Tag.Get("least") == "" {
				field.Least = 1
			}
			if field.rule != "" {
				rule = field.rule
			}
			field.rule = rule
			f.Fields = append(f.Fields, field)
		}
	}
}

func newField(m reflect.StructField, name string, index []int) Field {
	tag := m.Tag.Get
	f := Field{
		Name: name, Ask: tag("ask"), Hint: tag("hint"), Doc: tag("doc"), None: tag("none"), Unit: tag("unit"), One: tag("one"),
		Index: index, rule: tag("rule"), called: tag("call"), otherwise: tag("else"),
	}
	if of := tag("of"); of != "" {
		f.Of = strings.Split(of, ",")
	}
	for _, values := range []string{tag("enum"), tag("any")} {
		if values == "" {
			continue
		}
		for value := range strings.SplitSeq(values, ",") {
			f.Choices = append(f.Choices, Choice{value, choiceWords(m, value)})
		}
	}
	if tag("yes") != "" {
		f.Choices = []Choice{{"true", tag("yes")}, {"false", tag("no")}}
	}
	for _, most := range []string{tag("maxLength"), tag("maxItems")} {
		if n, err := strconv.Atoi(most); err == nil {
			f.Most = n
		}
	}
	f.Kind = f.kindOf(m.Type)
	if kind := tag("kind"); kind != "" {
		f.Kind = FieldKind(kind)
	}
	t := m.Type
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct {
		f.Each = describe(t)
	}
	if n, err := strconv.Atoi(tag("least")); err == nil {
		f.Least = n
	}
	return f
}

func (f *Field) kindOf(t reflect.Type) FieldKind {
	if t.Kind() == reflect.Pointer && t.Elem().Kind() != reflect.Struct {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[Day]():
		return DateField
	case t == reflect.TypeFor[Pence]():
		return MoneyField
	case t == reflect.TypeFor[[]byte]():
		return BytesField
	case t == reflect.TypeFor[[]string]() && f.Choices != nil:
		return ChoicesField
	case t == reflect.TypeFor[[]string]() && f.Of != nil:
		return RefsField
	case t == reflect.TypeFor[[]string]():
		return LinesField
	case t.Kind() == reflect.String:
		return f.kindOfWords()
	}
	switch t.Kind() {
	case reflect.Bool:
		return YesField
	case reflect.Slice:
		return RowsField
	case reflect.Struct, reflect.Pointer:
		return GroupField
	}
	return NumberField
}

func (f *Field) kindOfWords() FieldKind {
	switch {
	case f.Choices != nil:
		return ChoiceField
	case slices.Contains(f.Of, "matter"):
		return MatterField
	case slices.Contains(f.Of, "time"):
		return TimeField
	case f.Of != nil:
		return RefField
	case f.Most > someWords:
		return LongField
	case f.Most > shortWords:
		return WordsField
	}
	return TextField
}

// Check finds everything in the command that is wrong by itself, whatever the
// state: what is missing, too long, illegible, no choice or no sum. v is a
// pointer to what the form describes. Each refusal's Part is the path of its field.
func (f *Form) Check(v any) []*Refusal { return f.check(reflect.ValueOf(v).Elem(), "") }

func (f *Form) check(v reflect.Value, at string) []*Refusal {
	var faults []*Refusal
	for i := range f.Fields {
		field := &f.Fields[i]
		faults = append(faults, field.check(v.FieldByIndex(field.Index), at+"/"+field.Name)...)
	}
	return faults
}

func (f *Field) check(v reflect.Value, at string) []*Refusal {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	var faults []*Refusal
	if r := f.fault(v); r != nil {
		r.Part = at
		faults = append(faults, r)
	}
	switch {
	case f.Kind == GroupField:
		faults = append(faults, f.Each.check(v, at)...)
	case f.Each != nil:
		for i := range v.Len() {
			faults = append(faults, f.Each.check(v.Index(i), at+"/"+strconv.Itoa(i))...)
		}
	}
	return faults
}

// fault is what is wrong with the value itself; nil if nothing is.
func (f *Field) fault(v reflect.Value) *Refusal {
	empty := v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
	switch {
	case f.Many() && f.Most > 0 && v.Len() > f.Most:
		return invalid(cmp.Or(f.rule, "L2"), "There are %s here, and at most %s fit. Please divide them.", Thousands(v.Len()), Thousands(f.Most))
	case f.Kind == CodeField && (f.Needed || !empty):
		return checkRef(f.rule, f.called, v.String())
	case f.called != "" && f.Needed:
		return checkWords(f.rule, f.called, v.String(), f.Most)
	case f.called != "":
		return checkOptional(f.rule, f.called, v.String(), f.Most)
	case f.otherwise != "" && (f.Needed && empty || !empty && !f.isChoice(v)):
		if strings.Contains(f.otherwise, "%q") {
			return invalid(f.rule, f.otherwise, Clip(v.String()))
		}
		return invalid(f.rule, "%s", f.otherwise)
	case f.rule == "":
		return nil
	}
	switch f.Kind {
	case MatterField:
		if f.Needed || !empty {
			return checkMatter(f.rule, v.String())
		}
	case TimeField:
		return checkClock(f.rule, v.String())
	case MoneyField:
		return checkMoney(f.rule, Pence(v.Int()))
	case NumberField:
		if f.Unit == "months" {
			return checkMonths(f.rule, int(v.Int()))
		}
	}
	return nil
}

// Many says whether the field holds several values.
func (f *Field) Many() bool {
	switch f.Kind {
	case ChoicesField, RefsField, RankedField, LinesField, RowsField:
		return true
	}
	return false
}

// Range is the least and the most that the field's number can be; false where the
// description does not bound it.
func (f *Field) Range() (least, most int, bounded bool) {
	switch {
	case f.rule == "":
	case f.Kind == MoneyField:
		return 0, int(mostPence), true
	case f.Unit == "months":
		return 0, mostMonths, true
	}
	return 0, 0, false
}

// isChoice says whether the value is one of the choices, or none of them is asked for.
func (f *Field) isChoice(v reflect.Value) bool {
	has := func(value string) bool {
		return slices.ContainsFunc(f.Choices, func(c Choice) bool { return c.Value == value })
	}
	switch f.Kind {
	case ChoiceField:
		return has(v.String())
	case ChoicesField:
		for i := range v.Len() {
			if !has(v.Index(i).String()) {
				return false
			}
		}
	}
	return true
}

// choiceWords is the choice in words: those of its type, or of its field where
// its type is a plain string.
func choiceWords(m reflect.StructField, value string) string {
	of := m.Type.Name()
	if of == "string" || of == "" {
		of = m.Name
	}
	if words, ok := choices[of+" "+value]; ok {
		return words
	}
	return value
}

// ChoicesOf are the choices that a form has for values of the type of that name, in words.
func ChoicesOf[T ~string](values ...T) []Choice {
	all := make([]Choice, len(values))
	for i, v := range values {
		all[i] = Choice{string(v), choices[reflect.TypeFor[T]().Name()+" "+string(v)]}
	}
	return all
}

// choices are what can be chosen in forms, in words.
var choices = map[string]string{
	"ActionEnd done": "It is done", "ActionEnd dropped": "It is dropped",
	"DutyName chair": "Chair", "DutyName co-chair": "Co-chair, one of two", "DutyName deputy-chair": "Deputy chair", "DutyName manager": "Manager", "DutyName registrar": "Registrar", "DutyName gatekeeper": "Gatekeeper", "DutyName lead": "Lead for representation",
	"Disposition meeting": "To the meeting", "Disposition paper-round": "To a paper round", "Disposition message": "A message is enough", "Disposition more-work": "More work first",
	"Disposition representative": "To a representative", "Disposition executive": "The executive decides", "Disposition decline": "Decline it",
	"Given outright": "Outright: we agree", "Given subject": "Subject to the group: I take it back", "Given view": "As a view of my own",
	"Grade concern": "A concern: recorded, and does not stop it", "Grade block": "A block: it can't be agreed until we let it go",
	"HowLost accepted": "We accept what resolves it", "HowLost withdrawn": "We withdraw it",
	"InterestKind money": "Money: you, or your practice, gain or lose by it", "InterestKind office": "An office that you hold", "InterestKind family": "Family or friends", "InterestKind other": "Something else",
	"LetterSays yes": "Yes", "LetterSays no": "No", "LetterSays question": "We have a question first",
	"May decide": "Decide", "May commit": "Commit: sign up, or spend",
	"OrganisationKind practice": "A practice", "OrganisationKind pcn": "A primary care network", "OrganisationKind federation": "A federation", "OrganisationKind provider": "A provider",
	"OrganisationKind lmc": "A local medical committee", "OrganisationKind group": "A group of another place", "OrganisationKind system-body": "A system body, such as an integrated care board or a trust", "OrganisationKind place": "A place",
	"OrganisationKind primary-care": "Another part of primary care, such as pharmacies",
	"PriorityKind joint-working":    "Support by joint working", "PriorityKind influence": "Influence on the system",
	"Reply yes": "Yes", "Reply no": "No", "Reply in-part": "In part", "Reply later": "Later", "Reply through-group": "It will be answered through the group",
	"Resolution returned": "They returned", "Resolution new-agreement": "A new agreement took it up", "Resolution stands": "It stands",
	"SeatRole holder": "Holder of the seat", "SeatRole deputy": "Deputy",
	"Sight released": "What is released to them", "Sight work": "Our work, but what only members see",
	"Stance discretion": "Agree, then report; no money", "Stance within-limits": "Agree within a limit", "Stance bring-back": "Bring it back to us", "Stance not": "Say no: a red line",
	"Stand consent": "We consent", "Stand stand-aside": "We stand aside", "Stand objection": "We object",
	"When before": "Consult somebody before", "When after": "Tell somebody afterwards",
}

// checkDescribed is the first of what the command's description refuses.
func checkDescribed(c any) *Refusal {
	if faults := Describe(c).Check(c); len(faults) > 0 {
		return faults[0]
	}
	return nil
}
