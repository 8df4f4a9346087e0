package eventstore

import (
	"reflect"
	"testing"

	"github.com/nats-io/nats.go"
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

// A node that gave no answer may have recorded what it was sent: then nobody is told that
// nothing was recorded, whatever keeps this node from recording it.
func TestAForwardedCommandWithoutAnAnswerIsUnsettled(t *testing.T) {
	s := openWith(t, Options{Dir: t.TempDir(), NATS: loopbackServer(t)}, patient)
	mustExecute(t, s, storetest.Found("one"))
	_, err := s.Conn().Subscribe(forwardSubject+"other", func(*nats.Msg) {
		s.queue.close()
		s.stream.Conn.Close()
	})
	require.NoError(t, err)
	s.stream.NoteWriter("other")
	_, err = s.Execute(testContext(t), storetest.Register("one", "p"))
	require.ErrorAs(t, err, new(*Unsettled))
}
