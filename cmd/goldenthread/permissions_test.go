package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the command line asks has a row in the permission matrix, which the server's tests
// hold against the rules: it has no way in of its own.
func TestTheCommandLineAsksWhatThePermissionMatrixHas(t *testing.T) {
	matrix, err := os.ReadFile("../../api/testdata/permissions.txt")
	require.NoError(t, err)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	asks := regexp.MustCompile(`(?:below:\s+|c\.path\(|Get, |get\(cmd\.Context\(\), |fetch\[[A-Za-z.]+\]\(ctx, c, )"([^"]*)"`)
	beyond := strings.NewReplacer("%s/remains", "pm-b/remains", "/practices/%s", "/practices/P91018", "/registers/%s", "/registers/decisions", "/proposals/%s", "/proposals/P2")
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range asks.FindAllStringSubmatch(string(b), -1) {
			found++
			path := beyond.Replace(m[1])
			row := regexp.MustCompile(`(?m)^(GET )?(/v1)?` + regexp.QuoteMeta(strings.TrimPrefix(path, "/v1")))
			if path != "/commands/" { // each command has a row, by its name
				require.Regexp(t, row, string(matrix), "%s asks %q", file, m[1])
			}
		}
	}
	require.Greater(t, found, 25)
}
