package pages

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A refusal finds its row though others were left empty.
func TestRefusalFindsItsRow(t *testing.T) {
	require.Equal(t, "powers-2-matter", moves(map[string]string{"powers-1-": "powers-2-"}, "powers/1/matter"))
}
