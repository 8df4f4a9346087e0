// Package version says which Golden Thread this program is: the release, and the
// commit that it was built from. Who is not signed in is not told.
package version

import (
	"runtime"
	"runtime/debug"
	"time"

	"goldenthread/domain"
)

// Number is the release's. The newest release in cmd/goldenthread/CHANGELOG.md has the same.
const Number = "0.1.0"

// A Version is which program this is.
type Version struct {
	Number   string `json:"version" doc:"number of the release" example:"0.1.0"`
	Commit   string `json:"commit,omitempty" doc:"commit of the source; none where Go noted none" example:"d038075c4f1e0a3b5d6f7a8b9c0d1e2f3a4b5c6d"`
	Date     string `json:"date,omitempty" doc:"day of that commit, in UTC" example:"2026-11-30"`
	Changed  bool   `json:"changed,omitzero" doc:"whether files were changed since that commit"`
	Go       string `json:"go" doc:"version of Go that built it" example:"go1.26.8"`
	Platform string `json:"platform" doc:"operating system and processor" example:"linux/amd64"`
}

// This is the version of this program. Go notes the commit in what it builds from a
// git repository, and not in tests.
func This() Version {
	v := Version{Number: Number, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = s.Value
		case "vcs.time":
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				v.Date = t.UTC().Format(time.DateOnly)
			}
		case "vcs.modified":
			v.Changed = s.Value == "true"
		}
	}
	return v
}

// String is the version in words, such as "0.1.0, commit d038075c4f1e of 30 November 2026".
func (v Version) String() string {
	words := v.Number
	if v.Commit != "" {
		words += ", commit " + v.Commit[:min(len(v.Commit), 12)]
	}
	if t, err := time.Parse(time.DateOnly, v.Date); err == nil {
		words += " of " + domain.DayOf(t).Words()
	}
	if v.Changed {
		words += ", with changes"
	}
	return words
}
