package domain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"reflect"
	"slices"
)

// fingerprint is a hash over everything that a state holds, unexported fields
// too. Empty and missing slices are alike: stored JSON does not tell them apart.
func fingerprint(s *State) string {
	h := sha256.New()
	walk(h, reflect.ValueOf(s))
	return hex.EncodeToString(h.Sum(nil))
}

func walk(h hash.Hash, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			fmt.Fprint(h, "nil;")
			return
		}
		walk(h, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			fmt.Fprint(h, v.Type().Field(i).Name, ":")
			if v.Type().PkgPath() == "time" && v.Type().Field(i).Name == "loc" {
				continue
			}
			walk(h, v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		fmt.Fprintf(h, "[%d:", v.Len())
		for i := range v.Len() {
			walk(h, v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int {
			return slices.Compare([]byte(fmt.Sprint(a)), []byte(fmt.Sprint(b)))
		})
		fmt.Fprintf(h, "{%d:", len(keys))
		for _, k := range keys {
			walk(h, k)
			walk(h, v.MapIndex(k))
		}
	default:
		fmt.Fprintf(h, "%v;", v)
	}
}
