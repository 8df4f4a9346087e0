package eventstore

import (
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/stretchr/testify/require"

	"goldenthread/eventstore/logs"
	"goldenthread/eventstore/storetest"
	"goldenthread/eventstore/witness"
)

// L9: the LMC's witness has cosigned what is signed; a history that was
// rewritten under the same keys gets no cosignature.
func TestTheLogIsWitnessed(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, Options{Dir: dir})
	mustExecute(t, s, storetest.Found("trafford"))
	_, err := s.AwaitSigned(testContext(t), "trafford", 1)
	require.NoError(t, err)
	log, err := s.Log("trafford")
	require.NoError(t, err)
	require.Empty(t, s.Witnesses("trafford"))
	require.Nil(t, s.Witnessed("trafford"))

	folder := t.TempDir()
	signer, err := witness.OpenKey(filepath.Join(folder, "key.pem"), "lmc.example/witness")
	require.NoError(t, err)
	server, err := witness.Open(folder, signer, []witness.Log{{Origin: log.Origin(), VKeys: log.VKeys()}}, quiet)
	require.NoError(t, err)
	defer server.Close()
	http := httptest.NewServer(server)
	defer http.Close()
	lmc, err := witness.ParseWitness(http.URL + "," + server.VKey())
	require.NoError(t, err)
	require.NoError(t, s.Close(testContext(t)))
	_, err = Open(testContext(t), Options{Dir: dir, Log: quiet, Witnesses: []witness.Witness{lmc}, Quorum: 2})
	require.ErrorContains(t, err, "quorum")

	s = openTest(t, Options{Dir: dir, Witnesses: []witness.Witness{lmc}, Quorum: 1})
	r := mustExecute(t, s, storetest.Register("trafford", "p"))
	require.Eventually(t, func() bool {
		lags := s.Witnesses("trafford")
		return len(lags) == 1 && lags[0].Cosigned == int64(r.Next) && lags[0].Since.IsZero()
	}, testTimeout, 5*time.Millisecond)
	text, err := s.logs.Policy("trafford")
	require.NoError(t, err)
	policy, err := torchwood.ParsePolicy(text)
	require.NoError(t, err)
	checkpoint, err := s.Checkpoint("trafford")
	require.NoError(t, err)
	require.Equal(t, checkpoint, s.Witnessed("trafford"))
	c, n, err := torchwood.VerifyCheckpoint(checkpoint, policy)
	require.NoError(t, err)
	require.EqualValues(t, r.Next, c.N)
	require.Len(t, n.Sigs, 2)
	require.NoError(t, s.Close(testContext(t)))

	s = openTest(t, Options{Dir: dir, Witnesses: []witness.Witness{lmc}, Quorum: 1})
	require.Eventually(t, func() bool { return s.Witnessed("trafford") != nil }, testTimeout, 5*time.Millisecond, "kept")
	again, err := s.Checkpoint("trafford")
	require.NoError(t, err)
	require.Equal(t, checkpoint, again)
	_, err = s.Checkpoint("nowhere")
	require.ErrorIs(t, err, logs.ErrNoLog)
}
