package version

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWords(t *testing.T) {
	v := Version{Number: "1.2.3"}
	require.Equal(t, "1.2.3", v.String())
	v.Commit, v.Date = "d038075c4f1e0a3b5d6f7a8b9c0d1e2f3a4b5c6d", "2026-11-30"
	require.Equal(t, "1.2.3, commit d038075c4f1e of 30 November 2026", v.String())
	v.Changed = true
	require.Equal(t, "1.2.3, commit d038075c4f1e of 30 November 2026, with changes", v.String())
	require.Equal(t, Number, This().Number)
}
