package domain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// fingerprint is a hash over everything that a state holds, unexported fields
// too. Empty and missing slices are alike: stored JSON does not tell them apart.
func fingerprint(s *State) string {
	h := sha256.Sum256(appendAll(nil, reflect.ValueOf(s)))
	return hex.EncodeToString(h[:])
}

var timeType = reflect.TypeFor[time.Time]()

// appendAll appends everything that the value holds: different values differ, and equal
// ones, whatever the order of their maps, do not. Of a time the place is left out.
func appendAll(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return append(b, "nil;"...)
		}
		return appendAll(append(b, '*'), v.Elem())
	case reflect.Struct:
		b = append(b, '(')
		for i := range v.NumField() {
			if v.Type() == timeType && v.Type().Field(i).Name == "loc" {
				continue
			}
			b = appendAll(b, v.Field(i))
		}
		return append(b, ')')
	case reflect.Slice, reflect.Array:
		b = append(strconv.AppendInt(append(b, '['), int64(v.Len()), 10), ':')
		for i := range v.Len() {
			b = appendAll(b, v.Index(i))
		}
		return b
	case reflect.Map:
		return appendMap(b, v)
	case reflect.String:
		b = append(strconv.AppendInt(b, int64(v.Len()), 10), '"')
		return append(b, v.String()...)
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return append(strconv.AppendInt(b, v.Int(), 10), ';')
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return append(strconv.AppendUint(b, v.Uint(), 10), ';')
	default:
		panic("a state holds a " + v.Kind().String() + ", of which no fingerprint is taken")
	}
}

// appendMap appends the entries in the order of what is written of their keys.
func appendMap(b []byte, v reflect.Value) []byte {
	type entry struct {
		key   []byte
		value reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for each := v.MapRange(); each.Next(); {
		entries = append(entries, entry{appendAll(nil, each.Key()), each.Value()})
	}
	slices.SortFunc(entries, func(one, other entry) int { return bytes.Compare(one.key, other.key) })
	b = append(strconv.AppendInt(append(b, '{'), int64(len(entries)), 10), ':')
	for _, e := range entries {
		b = appendAll(append(b, e.key...), e.value)
	}
	return b
}
