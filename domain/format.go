package domain

import (
	"encoding"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A format is what may stand in events, as a number: 1 is what there was on 30 November
// 2026, and each release that adds kinds or members takes the next. What is added says
// since which format it is there: a kind by since in the table, a member by a tag on its
// field (`since:"2"`), a word by the method laterWords of its type. Nodes of two releases may
// write to the same ledgers, and an older one stops a group whose events it can't read, or
// takes a word that it doesn't know for none: so what is new is written only once every
// node knows its format.

// newestFormat is the newest that anything in the table has.
var newestFormat int

// grown are the types of payload that have members which came later.
var grown = map[reflect.Type]bool{}

// laterKind names a kind that programs built for a test of upgrades take as one of a later
// format. With "!" before it that program does not know it, as the release before would
// not. Only the linker sets it.
var laterKind string

const laterFormat = 1000

// noteFormat notes since when the kind and its members are there; false if this program
// does not know it.
func noteFormat(k *Kind) bool {
	if name, unknown := strings.CutPrefix(laterKind, "!"); k.Name == name {
		k.Since = laterFormat
		if unknown {
			return false
		}
	}
	noteMembers(reflect.TypeOf(k.New()), k.Since)
	return true
}

// noteMembers notes since when members of a payload of that type are there, which is itself
// there since that format.
func noteMembers(t reflect.Type, kind int) {
	newestFormat = max(newestFormat, kind)
	for m := range membersOf(t) {
		newestFormat = max(newestFormat, m.since)
		for _, since := range m.words {
			newestFormat = max(newestFormat, since)
		}
		if m.since > kind || m.deep {
			grown[t] = true
		}
	}
}

// NewestFormat is the newest format of events that this program knows.
func NewestFormat() int { return newestFormat }

// Format is the format that a reader must know to read the event.
func (e *Event) Format() int {
	format := kindByName[e.Kind()].Since
	if grown[reflect.TypeOf(e.Data)] {
		format = max(format, formatOf(reflect.ValueOf(e.Data)))
	}
	return format
}

// formatOf is the newest format of the members that are there.
func formatOf(v reflect.Value) (format int) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return formatOf(v.Elem())
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			format = max(format, formatOf(v.Index(i)))
		}
	case reflect.Map:
		for _, value := range v.Seq2() {
			format = max(format, formatOf(value))
		}
	case reflect.String:
		if w, ok := v.Interface().(laterWord); ok {
			return w.laterWords()[v.String()]
		}
	case reflect.Struct:
		for f, value := range v.Fields() {
			if f.IsExported() && !value.IsZero() {
				format = max(format, sinceOf(f), formatOf(value))
			}
		}
	default:
	}
	return format
}

// sinceOf is the format since which the field is there; 1 if it does not say.
func sinceOf(f reflect.StructField) int {
	since, err := strconv.Atoi(f.Tag.Get("since"))
	if err != nil {
		return 1
	}
	return since
}

// A laterWord is a member of which some words came later than the member: it says which, and
// since which format they are there. The others are there as long as the member.
type laterWord interface{ laterWords() map[string]int }

var ofLaterWords = reflect.TypeFor[laterWord]()

// A member of a payload's JSON: where it stands, such as "charter.quorum", and since when.
type member struct {
	path  string
	since int
	deep  bool           // what it needs lies in its value: some of its words came later, or it can be of several types
	words map[string]int // those of its words that came later, and since when
}

var ofText = reflect.TypeFor[encoding.TextMarshaler]()

// laterWordsOf are the later words of a member of that type, or of its elements.
func laterWordsOf(t reflect.Type) map[string]int {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.String || !t.Implements(ofLaterWords) {
		return nil
	}
	return reflect.Zero(t).Interface().(laterWord).laterWords()
}

// membersOf are the members of the type's JSON, and theirs.
func membersOf(t reflect.Type, within ...reflect.Type) iter.Seq[member] {
	return func(yield func(member) bool) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || reflect.PointerTo(t).Implements(ofText) || slices.Contains(within, t) {
			return
		}
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" && !f.Anonymous {
				name = f.Name
			}
			if !f.IsExported() || name == "-" {
				continue
			}
			words := laterWordsOf(f.Type)
			if name != "" && !yield(member{name, sinceOf(f), len(words) > 0 || f.Type.Kind() == reflect.Interface, words}) {
				return
			}
			for m := range membersOf(f.Type, append(within, t)...) {
				if name != "" {
					m.path = name + "." + m.path
				}
				m.since = max(m.since, sinceOf(f))
				if !yield(m) {
					return
				}
			}
		}
	}
}
