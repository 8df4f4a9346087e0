package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the pictures show of the example's year is what the ledger says: a version of a power
// ends where the next one begins, and a proposal is open until it is agreed.
func TestPicturesOfTheYear(t *testing.T) {
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	shows := func(path string, words ...string) {
		status, page := p.Send("cd-altrincham", "GET", "/g/trafford"+path, "")
		require.Equal(t, 200, status, path)
		for _, w := range words {
			require.Contains(t, string(page), w, path)
		}
	}
	shows("/powers?at=2026-10-06", "D1, version 1, the executive", "from 27 January 2026 until 6 July 2026", "from 7 July 2026 until 31 December 2026")
	shows("/representation?at=2026-10-06", "from 10 February 2026 until")
	shows("/proposals/P1?at=2026-10-06", "Version 1 open for objections")
}
