package eventstore

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/eventstore/storetest"
)

// TestAForwardedCommandIsTheOneThatWasGiven: what a forwarded command says is what was said.
func TestAForwardedCommandIsTheOneThatWasGiven(t *testing.T) {
	for _, k := range domain.Commands {
		req := storetest.Request("trafford", "founder", k.New())
		req.Trace, req.Way = storetest.SampleTrace, domain.ByOperator
		storetest.Fill(reflect.ValueOf(req.Command).Elem(), k.Name, 0)
		for _, p := range req.Personals() {
			*p.Data, *p.Sealed = domain.PersonalData{}, []byte("sealed for "+p.Person)
		}
		body, err := packRequest(&req)
		require.NoError(t, err, k.Name)
		back, err := unpackRequest(body)
		require.NoError(t, err, k.Name)
		require.Equal(t, req, back, k.Name)
	}
}
