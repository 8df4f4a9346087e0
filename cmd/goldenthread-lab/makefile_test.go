package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	goTest     = regexp.MustCompile("(?:\\$\\(GO\\)|go) test ([^\n`]+)")
	testChosen = regexp.MustCompile(`-(?:run|skip) (?:'([^']*)'|"([^"]*)"|(\S+))`)
	testFolder = regexp.MustCompile(`(?:^| )\./(\S*)`)
	testName   = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark|Example)\w*)\(`)
	oneOf      = regexp.MustCompile(`^(\W?\w*)\(([^()]*)\)(\$?)$`)
)

// TestChosenTestsExist: each name by which the Makefile or a README chooses tests
// (-run, -skip) is the name of one in the folders that it says.
func TestChosenTestsExist(t *testing.T) {
	names := 0
	files := []string{"../../Makefile"}
	for _, pattern := range []string{"../../README.md", "../../*/README.md", "../../*/*/README.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, command := range goTest.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\\\n", ""), -1) {
			chosen := testChosen.FindStringSubmatch(command[1])
			if chosen == nil || !testFolder.MatchString(command[1]) { // the fuzzing loop goes through folders
				continue
			}
			tests := testsIn(t, command[1])
			for _, name := range alternatives(strings.ReplaceAll(chosen[1]+chosen[2]+chosen[3], "$$", "$")) {
				named, err := regexp.Compile(name)
				require.NoError(t, err)
				require.True(t, slices.ContainsFunc(tests, named.MatchString), "%s: no test is called %s: %s", file, name, command[0])
				names++
			}
		}
	}
	require.Greater(t, names, 20)
	require.NotContains(t, testsIn(t, "go test ./cmd/goldenthread-lab -v"), "TestStory")
	require.Contains(t, testsIn(t, "go test -race ./cmd/..."), "TestStory")
	require.Equal(t, []string{"^TestA$", "^TestB$"}, alternatives("^Test(A|B)$"))
}

// alternatives takes a pattern apart: ^Test(A|B)$ is ^TestA$ and ^TestB$. What
// runs no test on purpose, ^$, is none.
func alternatives(pattern string) (names []string) {
	before, within, after := "", pattern, ""
	if m := oneOf.FindStringSubmatch(pattern); m != nil {
		before, within, after = m[1], m[2], m[3]
	}
	for name := range strings.SplitSeq(within, "|") {
		name, _, _ = strings.Cut(before+name+after, "/") // of a subtest, the test
		if name != "^$" {
			names = append(names, name)
		}
	}
	return names
}

// testsIn are the tests in the folders of a command; ./… with three dots is every
// folder below.
func testsIn(t *testing.T, command string) (names []string) {
	for _, folder := range testFolder.FindAllStringSubmatch(command, -1) {
		root, below := strings.CutSuffix(folder[1], "...")
		require.NoError(t, filepath.WalkDir(filepath.Join("../..", root), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if err == nil && !below && path != filepath.Join("../..", root) {
					return filepath.SkipDir
				}
				return err
			}
			if !strings.HasSuffix(path, "_test.go") {
				return nil
			}
			text, err := os.ReadFile(path)
			for _, m := range testName.FindAllSubmatch(text, -1) {
				names = append(names, string(m[1]))
			}
			return err
		}))
	}
	return names
}
