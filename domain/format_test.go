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
		here := append(slices.Collect(membersOf(reflect.TypeOf(k.New()))), member{since: k.Since})
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
			for word, since := range m.words {
				if since < 1 || since > last+1 {
					t.Errorf("the word %q of %s says that it is there since format %d, and the next one is %d", word, name, since, last+1)
				}
				next = next || since > last
			}
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

// A laterTestWord has a word of a format that nothing else has.
type laterTestWord string

func (laterTestWord) laterWords() map[string]int { return map[string]int{"new": 7} }

// TestKindsLaterWordsRaiseTheNewestFormat: a word that came later is written once all nodes know its
// format, wherever the member stands, and no other word waits for that.
func TestKindsLaterWordsRaiseTheNewestFormat(t *testing.T) {
	type payload struct {
		One  laterTestWord            `json:"one"`
		Many []laterTestWord          `json:"many"`
		By   map[string]laterTestWord `json:"by"`
	}
	was := newestFormat
	defer func() { newestFormat = was; delete(grown, reflect.TypeFor[*payload]()) }()
	noteMembers(reflect.TypeFor[*payload](), 1)
	if newestFormat != 7 || !grown[reflect.TypeFor[*payload]()] {
		t.Errorf("the newest format is %d, and it is 7", newestFormat)
	}
	for _, c := range []struct {
		of   payload
		want int
	}{{payload{One: "old"}, 1}, {payload{One: "new"}, 7}, {payload{Many: []laterTestWord{"old", "new"}}, 7}, {payload{By: map[string]laterTestWord{"a": "new"}}, 7}} {
		if got := formatOf(reflect.ValueOf(&c.of)); got != c.want {
			t.Errorf("%+v: format %d, want %d", c.of, got, c.want)
		}
	}
}

// TestKindsThatAreDueNeedNoNewerFormat: what a ledger records by itself in the scripts of the rules is
// of no later format than what people had recorded there before. It would wait for nodes that
// nobody has upgraded.
func TestKindsThatAreDueNeedNoNewerFormat(t *testing.T) {
	due := 0
	for _, path := range scripts(t) {
		m := newMinutes(t)
		m.runFile(path)
		ledgers := map[string][]Event{m.group: m.events}
		for name, r := range m.rooms {
			if name != m.group {
				ledgers[name] = r.events
			}
		}
		for name, events := range ledgers {
			used := 1
			for i := range events {
				e := &events[i]
				switch {
				case e.Actor != System:
					used = max(used, e.Format())
				case e.Format() > used:
					t.Errorf("%s: event %d of %s, %s, is of format %d, and nothing before it is", path, e.Index, name, e.Kind(), e.Format())
				default:
					due++
				}
			}
		}
	}
	if due == 0 {
		t.Error("nothing became due")
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
