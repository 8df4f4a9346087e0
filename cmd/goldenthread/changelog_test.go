package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"goldenthread/api/version"
)

// The newest release in the changelog is this one.
func TestChangelogHasThisRelease(t *testing.T) {
	text, err := os.ReadFile("CHANGELOG.md")
	require.NoError(t, err)
	newest := regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+)$`).FindSubmatch(text)
	require.NotNil(t, newest)
	require.Equal(t, version.Number, string(newest[1]))
}
