package storetest

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"

	"goldenthread/domain"
)

// SampleTrace is a trace as W3C writes it.
const SampleTrace = domain.Trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")

// Sample is an event of the kind in which every field is set.
func Sample(k domain.Kind, index uint64) domain.Event {
	p := k.New()
	Fill(reflect.ValueOf(p).Elem(), k.Name, 0)
	return domain.Event{
		ID:    uuid.MustParse("019b8d2f-5a00-7000-8000-000000000001"),
		Group: "trafford", Index: index + 1, Time: time.Date(2026, 1, 5, 9, 30, 0, 120e6, time.UTC),
		Effective: domain.NewDay(2026, 1, 5), Command: uuid.MustParse("019b8d2f-5a00-7000-8000-000000000002"),
		Hash: sha256.Sum256([]byte(k.Name)), Actor: "person/6f1d7a51-6c39-5a53-8a3b-0d1b4a1f6b77",
		OnBehalfOf: "seat/U42898", Cause: index, Data: p,
	}
}

var dayType = reflect.TypeFor[domain.Day]()

// Fill sets every field below v; what it sets depends on the path only.
func Fill(v reflect.Value, path string, depth int) {
	n := int64(number(path))
	switch {
	case depth > 20:
		panic("fill: " + path + " holds itself")
	case v.Type() == dayType:
		v.SetInt(int64(domain.NewDay(2026, 1, 1)) + n%365)
	case v.CanInt():
		v.SetInt(1 + n%100)
	case v.CanUint():
		v.SetUint(uint64(1 + n%100))
	default:
		fillWide(v, path, depth)
	}
}

func fillWide(v reflect.Value, path string, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(path[strings.LastIndexAny(path, ".")+1:] + ` é "£"`)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		Fill(v.Elem(), path, depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			Fill(v.Index(i), fmt.Sprintf("%s%d", path, i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			Fill(v.Index(i), fmt.Sprintf("%s%d", path, i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for i := range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			Fill(key, fmt.Sprintf("%skey%d", path, i), depth+1)
			Fill(value, fmt.Sprintf("%s%d", path, i), depth+1)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Tag.Get("json") != "-" {
				Fill(v.Field(i), path+"."+f.Name, depth+1)
			}
		}
	default:
		panic("fill: " + path + " is a " + v.Type().String())
	}
}

func number(path string) uint32 {
	sum := sha256.Sum256([]byte(path))
	return uint32(sum[0])<<8 | uint32(sum[1])
}
