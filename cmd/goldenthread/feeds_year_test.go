package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/mmcdole/gofeed"
	"github.com/stretchr/testify/require"

	"goldenthread/domain"
	"goldenthread/projections"
)

// Through the example's year, as it was known on each day on which something was recorded
// and on the first of each month: an event of a calendar has a new LAST-MODIFIED if it
// changed, and then alone, and then alone a higher SEQUENCE, which it has where its day moved or it was cancelled
// (RFC 5545, 3.8.7); an entry of a practice's feed has a new `updated` if its text changed,
// and then alone (RFC 4287, 4.2.15). None that was there once is another later.
func TestFeedsOfTheYear(t *testing.T) {
	if testing.Short() {
		t.Skip("it is long")
	}
	p := start(t, filepath.Join(t.TempDir(), "data"), "--example", "trafford")
	days := p.recordedOn()
	fetch := func(path string) []byte {
		status, body := p.Send("manager", "GET", "/v1/groups/trafford"+path, "")
		require.Equal(t, 200, status, "%s: %s", path, body)
		return []byte(body)
	}
	for _, calendar := range []string{"/calendar.ics?", "/calendar.ics?person=cd-altrincham&", "/calendar.ics?practice=P91029&"} {
		before := map[string]*ical.Event{}
		for _, day := range days {
			body := fetch(calendar + "at=" + day + "&known=" + day)
			checkCalendar(t, body, before, calendar+day)
		}
	}
	before := map[string]*gofeed.Item{}
	for _, day := range days {
		checkEntries(t, fetch("/practices/P91029/feed.atom?at="+day+"&known="+day), before, day)
	}
	readByPython(t, fetch("/calendar.ics"))
}

// recordedOn are the days on which something was recorded, and the first of each month.
func (p *program) recordedOn() []string {
	days := []string{}
	for cursor := ""; ; {
		page := ask[projections.AuditPage](p, "/audit?limit=500&cursor="+cursor)
		for _, e := range page.Entries {
			days = append(days, domain.DayOf(e.Time).String())
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	for month := time.February; month <= time.October; month++ {
		days = append(days, domain.NewDay(2026, month, 1).String())
	}
	slices.Sort(days)
	return slices.DeleteFunc(slices.Compact(days), func(day string) bool { return day < "2026-01-13" }) // from its establishment on
}

// checkCalendar holds the events against those of the same name before, and notes them.
func checkCalendar(t *testing.T, body []byte, before map[string]*ical.Event, when string) {
	calendar, err := ical.NewDecoder(bytes.NewReader(body)).Decode()
	require.NoError(t, err, when)
	value := func(e *ical.Event, name string) string {
		if p := e.Props.Get(name); p != nil {
			return p.Value
		}
		return ""
	}
	shown := func(e *ical.Event, names ...string) (values []string) {
		for _, name := range names {
			values = append(values, value(e, name))
		}
		return values
	}
	number := func(of string) int {
		n, err := strconv.Atoi(of)
		require.NoError(t, err)
		return n
	}
	seen := map[string]bool{}
	for _, e := range calendar.Events() {
		name := value(&e, ical.PropUID)
		require.False(t, seen[name], "%s: %s is there twice", when, name)
		seen[name] = true
		if was := before[name]; was != nil {
			said := []string{when, value(was, ical.PropSummary), value(&e, ical.PropSummary), value(was, ical.PropDateTimeStart), value(&e, ical.PropDateTimeStart)}
			all := []string{ical.PropDateTimeStart, ical.PropDateTimeEnd, ical.PropStatus, ical.PropSummary, ical.PropDescription}
			same := slices.Equal(shown(was, all...), shown(&e, all...))
			require.Equal(t, same, value(was, ical.PropLastModified) == value(&e, ical.PropLastModified), "%q: LAST-MODIFIED", said)
			from, to := number(value(was, ical.PropSequence)), number(value(&e, ical.PropSequence))
			require.GreaterOrEqual(t, to, from, "%q: SEQUENCE", said)
			if same {
				require.Equal(t, to, from, "%q: SEQUENCE", said)
			} else if !slices.Equal(shown(was, all[:3]...), shown(&e, all[:3]...)) {
				require.Greater(t, to, from, "%q: SEQUENCE", said)
			}
		}
		before[name] = &e
	}
}

// checkEntries holds the entries against those of the same id before, and notes them.
func checkEntries(t *testing.T, body []byte, before map[string]*gofeed.Item, when string) {
	feed, err := gofeed.NewParser().ParseString(string(body))
	require.NoError(t, err, when)
	seen := map[string]bool{}
	for _, item := range feed.Items {
		require.False(t, seen[item.GUID], when)
		seen[item.GUID] = true
		if was := before[item.GUID]; was != nil {
			require.Equal(t, []string{was.Published, was.Link}, []string{item.Published, item.Link})
			require.Equal(t, was.Content == item.Content && was.Title == item.Title, was.Updated == item.Updated, "%s: %s, %s\n%s\n%s", when, was.Updated, item.Updated, was.Content, item.Content)
			require.False(t, item.UpdatedParsed.Before(*was.UpdatedParsed), when)
		}
		require.False(t, feed.UpdatedParsed.Before(*item.UpdatedParsed), when)
		before[item.GUID] = item
	}
	for id, item := range before {
		require.True(t, seen[id], "%s: %s is gone", when, item.Title)
	}
}

// readByPython has Python's icalendar read the calendar, where it is installed.
func readByPython(t *testing.T, body []byte) {
	if exec.Command("python3", "-c", "import icalendar").Run() != nil {
		t.Log("Python's icalendar is not installed")
		return
	}
	cmd := exec.Command("python3", "-c", `import sys, icalendar
c = icalendar.Calendar.from_ical(sys.stdin.buffer.read())
for e in c.walk("VEVENT"):
    assert e.decoded("dtend") > e.decoded("dtstart")
    assert not e.errors, e.errors
print(len(c.walk("VEVENT")), "events")`)
	cmd.Stdin = bytes.NewReader(body)
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	require.Equal(t, strings.Count(string(body), "BEGIN:VEVENT"), strings.Count(string(body), "END:VEVENT"))
	require.NotEqual(t, "0 events\n", string(said))
}
