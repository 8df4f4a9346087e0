package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// TestLicences: the licences that are printed are those of what is built in, in these versions.
func TestLicences(t *testing.T) {
	of := licencesOfModules(t)
	of["Go"] = []string{filepath.Join(goEnv(t, "GOROOT"), "LICENSE")}
	of["nhsuk-frontend "+stylesheetVersion(t)] = []string{"testdata/nhsuk-frontend.LICENCE.txt"}
	named := map[string][]string{} // by licence, what it is of
	for name, files := range of {
		require.NotEmpty(t, files, "%s comes without a licence", name)
		var texts []string
		for _, file := range files {
			b, err := os.ReadFile(file)
			require.NoError(t, err)
			texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(b), "\r\n", "\n")))
		}
		text := strings.Join(texts, "\n\n")
		named[text] = append(named[text], name)
	}
	var all []string
	for text, names := range named {
		slices.Sort(names)
		all = append(all, strings.Repeat("=", 80)+"\n"+strings.Join(names, "\n")+"\n"+strings.Repeat("=", 80)+"\n\n"+text+"\n\n")
	}
	slices.Sort(all)
	got := "What others wrote in Golden Thread, each with its licence.\n\n" + strings.Join(all, "")
	if *rewrite {
		require.NoError(t, os.WriteFile("licences.txt", []byte(got), 0o600))
		return
	}
	require.Equal(t, licences, got, "what is built in has changed: go test ./cmd/goldenthread -run Licences -rewrite, and read the difference")
}

// licencesOfModules are the files with licences of every module in the program, by its name
// and version. They lie in the module's folder, or in those of its packages.
func licencesOfModules(t *testing.T) map[string][]string {
	said, err := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}\t{{end}}{{end}}{{.Dir}}", ".").Output()
	require.NoError(t, err)
	found := map[string][]string{}
	for line := range strings.Lines(string(said)) {
		parts := strings.Split(strings.TrimSpace(line), "\t")
		if len(parts) != 3 { // of Go, or our own
			continue
		}
		for dir := parts[2]; ; dir = filepath.Dir(dir) {
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			for _, e := range entries {
				if file := filepath.Join(dir, e.Name()); e.Type().IsRegular() && licenceFile.MatchString(e.Name()) && !slices.Contains(found[parts[0]], file) {
					found[parts[0]] = append(found[parts[0]], file)
				}
			}
			if dir == parts[1] {
				break
			}
		}
	}
	for name := range maps.Keys(found) {
		slices.Sort(found[name])
	}
	return found
}

func goEnv(t *testing.T, name string) string {
	said, err := exec.Command("go", "env", name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(said))
}

// stylesheetVersion is that of the npm package that the stylesheet is built of. The package
// comes without the text of its licence, and names it: that is held against the text kept here.
func stylesheetVersion(t *testing.T) string {
	var lock struct {
		Packages map[string]struct{ Version, License string }
	}
	b, err := os.ReadFile(project + "/api/package-lock.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &lock))
	is := lock.Packages["node_modules/nhsuk-frontend"]
	require.Equal(t, "MIT", is.License)
	require.NotEmpty(t, is.Version)
	return is.Version
}
