package domain

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

// A copy shares no map with the state that it is of, and no slice that both could
// append to. A shallow copy shares all of them, so each is looked at.
func TestCopySharesNothingThatChanges(t *testing.T) {
	s := NewState("random")
	names := fill(t, "State", reflect.ValueOf(s).Elem())
	if len(names) < 40 {
		t.Errorf("of a state's maps and slices only these were found: %v", names)
	}
	c := s.Copy()
	if got := shared(reflect.ValueOf(s).Elem(), reflect.ValueOf(c).Elem()); len(got) > 0 {
		t.Errorf("a copy shares with the state that it is of: %v; the copy of that part clones its maps and clips its slices", got)
	}
	if fingerprint(c) != fingerprint(s) {
		t.Error("a copy says something else than the state that it is of")
	}
	shallow := *s
	if got := shared(reflect.ValueOf(s).Elem(), reflect.ValueOf(&shallow).Elem()); !slices.Equal(got, names) {
		t.Errorf("a shallow copy shares %v, and of those only %v were noticed", names, got)
	}
}

// checkCopies folds what is left of the history into a copy, from five places of it: it
// shows in that copy alone.
func checkCopies(t testing.TB, events []Event) {
	if len(events) == 0 {
		return
	}
	whole := fingerprint(fold(events).State)
	for fifth := range 5 {
		at := len(events) * fifth / 5
		s := NewState(events[0].Group)
		for i := range events[:at] {
			s.Apply(&events[i])
		}
		before := fingerprint(s)
		one, other := s.Copy(), s.Copy()
		for i := range events[at:] {
			one.Apply(&events[at+i])
		}
		if fingerprint(s) != before || fingerprint(other) != before {
			t.Errorf("what was folded into a copy after %d events changed the state, or another copy", at)
		}
		for i := range events[at:] {
			s.Apply(&events[at+i])
		}
		if fingerprint(s) != whole || fingerprint(one) != whole || fingerprint(other) != before {
			t.Errorf("after %d events a copy does not go on by itself to the end", at)
		}
	}
}

// fill gives each map of the struct an entry and each slice one with room for more,
// and names them. Nothing else in a state may lead to what a change could show through.
func fill(t *testing.T, name string, v reflect.Value) []string {
	var names []string
	for f, field := range fieldsOf(v) {
		switch at := name + "." + f; field.Kind() {
		case reflect.Map:
			field.Set(reflect.MakeMap(field.Type()))
			field.SetMapIndex(reflect.New(field.Type().Key()).Elem(), reflect.New(field.Type().Elem()).Elem())
			names = append(names, at)
		case reflect.Slice:
			field.Set(reflect.MakeSlice(field.Type(), 1, 3))
			names = append(names, at)
		case reflect.Struct:
			if field.Type() != reflect.TypeFor[time.Time]() {
				names = append(names, fill(t, at, field)...)
			}
		case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
			t.Errorf("%s is a %s: nobody looks whether a copy shares it", at, field.Kind())
		}
	}
	return names
}

// shared are the maps and slices of the struct that the other has too, and could change.
func shared(v, other reflect.Value) []string {
	var names []string
	var compare func(name string, v, other reflect.Value)
	compare = func(name string, v, other reflect.Value) {
		for f, a := range fieldsOf(v) {
			b := other.FieldByName(f)
			switch at := name + "." + f; a.Kind() {
			case reflect.Map:
				if a.Pointer() == b.Pointer() {
					names = append(names, at)
				}
			case reflect.Slice:
				if a.Pointer() == b.Pointer() && b.Cap() > b.Len() {
					names = append(names, at)
				}
			case reflect.Struct:
				if a.Type() != reflect.TypeFor[time.Time]() {
					compare(at, a, b)
				}
			}
		}
	}
	compare("State", v, other)
	return names
}

// fieldsOf are the struct's fields by name, in order, unexported ones too, each to be set.
func fieldsOf(v reflect.Value) func(yield func(string, reflect.Value) bool) {
	return func(yield func(string, reflect.Value) bool) {
		for i := range v.NumField() {
			f := v.Field(i)
			if !yield(v.Type().Field(i).Name, reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem()) {
				return
			}
		}
	}
}
