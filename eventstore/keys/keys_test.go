package keys

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsSealedOpensWithItsKeyAndNameOnly(t *testing.T) {
	key, other := bytes.Repeat([]byte{1}, keySize), bytes.Repeat([]byte{2}, keySize)
	sealed, err := Seal(key, "a", []byte("text"))
	require.NoError(t, err)
	plain, err := Unseal(key, "a", sealed)
	require.NoError(t, err)
	require.Equal(t, "text", string(plain))
	_, err = Unseal(other, "a", sealed)
	require.ErrorIs(t, err, ErrSealBroken)
	_, err = Unseal(key, "b", sealed)
	require.ErrorIs(t, err, ErrSealBroken)
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		_, err = Unseal(key, "a", broken)
		require.ErrorIs(t, err, ErrSealBroken)
		_, err = Unseal(key, "a", sealed[:i])
		require.ErrorIs(t, err, ErrSealBroken)
	}
}

// Whoever waits for a key to be made waits no longer than they said, also while the stream
// does not answer whoever makes keys or erases now.
func TestWaitingForAnotherKeyEndsInTime(t *testing.T) {
	k := &Keyring{changing: make(chan struct{}, 1)}
	require.NoError(t, k.change(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.ErrorIs(t, k.change(ctx), context.DeadlineExceeded)
	k.changed()
	require.NoError(t, k.change(t.Context()))
}
