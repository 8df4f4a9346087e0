package web

import (
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Many mandates that are due on one day are one line, to whoever they wait for; few are not, and
// nothing is left out.
func TestMandatesTogether(t *testing.T) {
	const end, other = domain.Day(20000), domain.Day(20001)
	waits := func(ref string, on domain.Day) projections.WaitingItem {
		return projections.WaitingItem{Ref: ref, Kind: projections.WaitingKind(domain.DueMandate), By: on, Text: ref}
	}
	lines := WaitingRows([]projections.WaitingItem{waits("M1", end), waits("M2", end), waits("M3", end), waits("M4", other), {Ref: "P1", Kind: projections.WaitsPosition, By: end, Text: "P1"}})
	require.Len(t, lines, 3)
	require.Equal(t, "3 mandates end or are to be reviewed by "+end.Words()+": renew them together", lines[0].Text)
	require.Equal(t, "mandates?due="+end.String(), lines[0].To)
	require.Equal(t, []string{"M4", "P1"}, []string{lines[1].Text, lines[2].Text})
}
