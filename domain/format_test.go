package domain

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var handedOut = flag.Bool("handed-out", false, "list what this release knows, as it is handed out: from then on it is a format that never changes")

// TestKindsFormats holds the kinds and their members against testdata/formats: N.txt lists
// what releases know that know format N, and never changes. What is not in the last of
// them is there since the next format, and says so.
func TestKindsFormats(t *testing.T) {
	files, err := filepath.Glob("testdata/formats/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no formats are listed", err)
	}
	known, last := map[string]int{}, len(files) // since which format
	for n := 1; n <= last; n++ {
		file := filepath.Join("testdata/formats", strconv.Itoa(n)+".txt")
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal("the formats are not listed one after the other: ", err)
		}
		for line := range strings.Lines(string(b)) {
			kind, members, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
			for _, m := range append(strings.Fields(members), "") {
				if known[kind+" "+m] == 0 {
					known[kind+" "+m] = n
				}
			}
		}
	}
	next := false
	for _, k := range Kinds {
		here := append(slices.Collect(membersOf(reflect.TypeOf(k.New()))), member{path: "", since: k.Since})
		for _, m := range here {
			since, name := known[k.Name+" "+m.path], strings.TrimSpace(k.Name+" "+m.path)
			delete(known, k.Name+" "+m.path)
			m.since = max(m.since, k.Since)
			switch {
			case m.path != "" && known[k.Name+" "] == 0 && since == 0 && m.since == k.Since: // the kind itself is named
			case since == 0 && m.since != last+1:
				t.Errorf("%s is in no release that was handed out (testdata/formats). It is there since format %d: say since(%[2]d) in the table of kinds, or `since:\"%[2]d\"` on the field", name, last+1)
			case since != 0 && m.since != since:
				t.Errorf("%s says that it is there since format %d, and testdata/formats that it is since %d", name, m.since, since)
			}
			next = next || since == 0
		}
	}
	for name := range known {
		t.Errorf("%s is gone: what was written can't be read any more", name)
	}
	if want := last + map[bool]int{true: 1}[next]; NewestFormat() != want {
		t.Errorf("this program knows format %d, and by testdata/formats it is %d", NewestFormat(), want)
	}
	if *handedOut {
		var all strings.Builder
		for _, k := range Kinds {
			fmt.Fprint(&all, k.Name, ":")
			for m := range membersOf(reflect.TypeOf(k.New())) {
				fmt.Fprint(&all, " ", m.path)
			}
			fmt.Fprintln(&all)
		}
		if err := os.WriteFile(filepath.Join("testdata/formats", strconv.Itoa(NewestFormat())+".txt"), []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestFormatOfAnEvent: a member that came later counts only where it is there, however deep
// it stands.
func TestFormatOfAnEvent(t *testing.T) {
	type inner struct {
		Old string `json:"old"`
		New *Pence `json:"new,omitempty" since:"3"`
	}
	type outer struct {
		One  *inner            `json:"one,omitempty"`
		Many []inner           `json:"many,omitempty"`
		By   map[string]*inner `json:"by,omitempty"`
		Also bool              `json:"also,omitzero" since:"2"`
	}
	amount := Pence(0)
	for _, c := range []struct {
		of   outer
		want int
	}{
		{outer{One: &inner{Old: "x"}, Many: []inner{{}}, By: map[string]*inner{"a": {}}}, 1},
		{outer{Also: true}, 2},
		{outer{Also: true, Many: []inner{{}, {New: &amount}}}, 3},
		{outer{By: map[string]*inner{"a": {New: &amount}}}, 3},
		{outer{One: &inner{New: &amount}}, 3},
	} {
		if got := formatOf(reflect.ValueOf(&c.of)); got != c.want {
			t.Errorf("%+v: format %d, want %d", c.of, got, c.want)
		}
	}
	for duty, want := range map[DutyName]int{Chair: 1, CoChair: 2} {
		assigned := &DutyAssigned{Duty: duty}
		for _, e := range []*Event{{Data: assigned}, {Data: &ProposalRaised{Instruments: []Instrument{{AssignDuty: &AssignDuty{DutyEntry: DutyEntry{Duty: duty}}}}}}} {
			if got := e.Format(); got != want {
				t.Errorf("%s in %T: format %d, want %d", duty, e.Data, got, want)
			}
		}
	}
	var paths []string
	for m := range membersOf(reflect.TypeFor[*outer]()) {
		paths = append(paths, fmt.Sprint(m.path, " ", m.since))
	}
	want := []string{"one 1", "one.old 1", "one.new 3", "many 1", "many.old 1", "many.new 3", "by 1", "by.old 1", "by.new 3", "also 2"}
	if !slices.Equal(paths, want) {
		t.Errorf("members: %v, want %v", paths, want)
	}
	if e := (&Event{Data: &GroupFounded{}}); e.Format() != 1 {
		t.Errorf("a founding is of format %d", e.Format())
	}
}
