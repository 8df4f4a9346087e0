package access

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"

	"goldenthread/api/operation"
	"goldenthread/domain"
)

// What the check writes by hand is what package json writes, whatever is in it
// and whatever members it gets.
func TestCheckWritesWhatJSONWrites(t *testing.T) {
	luck := rand.New(rand.NewPCG(3, 3))
	for range 3_000 {
		var c Check
		fill(luck, reflect.ValueOf(&c).Elem())
		want, err := json.Marshal(&c, json.Deterministic(true))
		require.NoError(t, err)
		got, err := c.AppendJSON(nil)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	bad := Check{CheckAnswer: domain.CheckAnswer{Say: "\xff"}}
	_, want := json.Marshal(&bad, json.Deterministic(true))
	_, err := operation.Encode(&bad)
	require.Error(t, err)
	require.Equal(t, want.Error(), err.Error())
}

// fill gives everything that others see some value, often none.
func fill(luck *rand.Rand, v reflect.Value) {
	if v.Kind() != reflect.Struct && luck.IntN(3) == 0 {
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if at, ok := v.Addr().Interface().(*time.Time); ok {
			*at = time.UnixMilli(luck.Int64N(4_000_000_000_000)).UTC()
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(luck, v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), luck.IntN(4), 4))
		for i := range v.Len() {
			fill(luck, v.Index(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(luck, v.Elem())
	case reflect.String:
		v.SetString([]string{"", "access", `"quoted" \ and`, "£12,000 – Gwasanaeth <b>&amp;</b>", "line\nbreak\t\u2028\x00\x7f", "\U0001F600"}[luck.IntN(6)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32: // a day
		v.SetInt(luck.Int64N(1_000_000))
	case reflect.Int, reflect.Int64:
		v.SetInt(luck.Int64() - luck.Int64())
	case reflect.Uint64:
		v.SetUint(luck.Uint64())
	default:
		panic(v.Kind())
	}
}

// BenchmarkCheckJSON writes the answer of a check with 24 links, by hand and as
// package json does.
func BenchmarkCheckJSON(b *testing.B) {
	c := Check{CheckAnswer: domain.CheckAnswer{Verdict: domain.MayCommitNow, Say: "Yes: you may sign up to this on the spot.", On: domain.CheckInputs{Person: "cd-north", Matter: "workforce"}}}
	for range 24 {
		c.Chain = append(c.Chain, domain.Link{Kind: "mandate", Ref: "M12", Index: 202, Effective: 740_000, Text: "Bodmin Road Health Centre gave a mandate for everything until 31 December 2026"})
	}
	require.Implements(b, new(operation.Appended), &c)
	b.Run("by hand", func(b *testing.B) {
		for b.Loop() {
			operation.Encode(&c)
		}
	})
	b.Run("by package json", func(b *testing.B) {
		for b.Loop() {
			json.Marshal(&c, json.Deterministic(true))
		}
	})
}
