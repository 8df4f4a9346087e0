package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A charter from before it was asked what system bodies see shows them what it does not keep to
// members; one that is raised now and says nothing shows what was released (rules F3, F6).
func TestOldChartersShowWhatTheyDid(t *testing.T) {
	require.Equal(t, SeesWork, new(Charter).Sight())
	settled := new(Charter).Settled()
	require.Equal(t, SeesReleased, settled.Sight())
	shown := (&Charter{SystemSees: SeesWork}).Settled()
	require.Equal(t, SeesWork, shown.Sight())
}
