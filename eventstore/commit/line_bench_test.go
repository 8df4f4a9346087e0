package commit

import (
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/storetest"
)

func benchEvent() domain.Event {
	for i, k := range domain.Kinds {
		if k.Name == "goldenthread.person.registered.v1" {
			return storetest.Sample(k, uint64(i))
		}
	}
	panic("no such kind")
}

func BenchmarkEncode(b *testing.B) {
	e := benchEvent()
	for b.Loop() {
		if _, err := Encode(&e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	e := benchEvent()
	line, err := Encode(&e)
	require.NoError(b, err)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := Decode(line); err != nil {
			b.Fatal(err)
		}
	}
}
