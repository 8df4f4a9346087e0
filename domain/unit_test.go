package domain

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func day(t *testing.T, s string) Day {
	d, err := ParseDay(s)
	require.NoError(t, err)
	return d
}

// L8: a day is 23 hours long when summer time begins and 25 when it ends.
func TestLondonDays(t *testing.T) {
	for _, c := range []struct {
		day, start, end string
		hours           int
	}{
		{"2026-03-28", "2026-03-28T00:00:00Z", "2026-03-28T23:59:59.999Z", 24},
		{"2026-03-29", "2026-03-29T00:00:00Z", "2026-03-29T22:59:59.999Z", 23},
		{"2026-03-30", "2026-03-29T23:00:00Z", "2026-03-30T22:59:59.999Z", 24},
		{"2026-10-25", "2026-10-24T23:00:00Z", "2026-10-25T23:59:59.999Z", 25},
		{"2026-10-26", "2026-10-26T00:00:00Z", "2026-10-26T23:59:59.999Z", 24},
	} {
		d := day(t, c.day)
		assert.Equal(t, c.start, d.Start().UTC().Format(time.RFC3339Nano))
		assert.Equal(t, c.end, d.End().UTC().Format(time.RFC3339Nano))
		assert.Equal(t, time.Duration(c.hours)*time.Hour, (d + 1).Start().Sub(d.Start()))
		assert.Equal(t, d, DayOf(d.Start()))
		assert.Equal(t, d, DayOf(d.End()))
		assert.Equal(t, d-1, DayOf(d.Start().Add(-time.Millisecond)))
		assert.Equal(t, d+1, DayOf(d.End().Add(time.Millisecond)))
	}
}

func TestDayWritten(t *testing.T) {
	assert.Equal(t, Day(1), NewDay(1, 1, 1))
	d := day(t, "2026-03-09")
	assert.Equal(t, "9 March 2026", d.Words())
	assert.Equal(t, "9 March", d.DayMonth())
	assert.Equal(t, "no date", Day(0).Words())
	assert.Equal(t, day(t, "2027-03-09"), d.AddYears(1))
	assert.Equal(t, day(t, "2029-03-01"), day(t, "2028-02-29").AddYears(1), "29 February becomes 1 March")
	assert.Equal(t, day(t, "2032-02-29"), day(t, "2028-02-29").AddYears(4))
	for _, bad := range []string{"", "1899-12-31", "2201-01-01", "2026-02-30", "2026-2-3", "9 March 2026", "2026-03-09T10:00:00Z", strings.Repeat("9", 500)} {
		_, err := ParseDay(bad)
		assert.Error(t, err, bad)
	}
	for d := NewDay(1899, 12, 31) + 1; d <= NewDay(2200, 12, 31); d += 97 {
		back, err := ParseDay(d.String())
		require.NoError(t, err)
		require.Equal(t, d, back)
		require.Equal(t, d, DayOf(d.Start().Add(12*time.Hour)))
	}
	var got struct {
		On   Day `json:"on"`
		None Day `json:"none,omitzero"`
	}
	require.NoError(t, json.Unmarshal([]byte(`{"on":"2026-03-09","none":""}`), &got))
	b, err := json.Marshal(got)
	require.NoError(t, err)
	assert.JSONEq(t, `{"on":"2026-03-09"}`, string(b))
	assert.Error(t, json.Unmarshal([]byte(`{"on":"tomorrow"}`), &got))
}

func TestSpans(t *testing.T) {
	s := Span{10, 20}
	assert.False(t, s.Covers(9))
	assert.True(t, s.Covers(10))
	assert.True(t, s.Covers(20))
	assert.False(t, s.Covers(21))
	assert.True(t, Span{From: 10}.Covers(math.MaxInt32))
	assert.True(t, s.overlaps(Span{20, 30}))
	assert.False(t, s.overlaps(Span{21, 30}))
	assert.True(t, s.overlaps(Span{From: 1}))
	assert.Equal(t, Day(5), earlier(0, 5))
	assert.Equal(t, Day(5), earlier(5, 0))
	assert.Equal(t, Day(5), earlier(9, 5))
}

func TestMoney(t *testing.T) {
	for p, want := range map[Pence]string{
		0: "£0", 1: "£0.01", 99: "£0.99", 100: "£1", 100_000: "£1,000", 1_200_050: "£12,000.50", 99_999_900: "£999,999",
		100_000_000: "£1,000,000", -250: "-£2.50", mostPence: "£10,000,000,000",
	} {
		assert.Equal(t, want, p.String())
	}
	assert.Nil(t, checkMoney("D4", mostPence))
	assert.NotNil(t, checkMoney("D4", mostPence+1))
	assert.NotNil(t, checkMoney("D4", -1))
	assert.NotNil(t, checkMoney("D4", math.MinInt64))
	assert.Nil(t, checkMonths("D4", 1200))
	assert.NotNil(t, checkMonths("D4", 1201))
	assert.NotNil(t, checkMonths("D4", -1))
}

func TestMatters(t *testing.T) {
	assert.True(t, Within("access", "access"))
	assert.True(t, Within("access/extended-hours", "access"))
	assert.False(t, Within("access", "access/extended-hours"))
	assert.False(t, Within("accessories", "access"))
	assert.False(t, Within("access/extended", "access/extended-hours"))
	for _, good := range []string{"a", "access/extended-hours", "a-b/c0/d"} {
		assert.Nil(t, checkMatter("F6", good), good)
	}
	for _, bad := range []string{"", "/", "a/", "/a", "a//b", "A", "a b", "ä", "a\x00", strings.Repeat("a", 121)} {
		assert.NotNil(t, checkMatter("F6", bad), bad)
	}
	c := Charter{Matters: []string{"access"}, Reserved: []string{"access/core"}}
	assert.True(t, c.Knows("access/x"))
	assert.True(t, c.Knows("membership"), "what is reserved is known")
	assert.False(t, c.Knows("estates"))
	assert.True(t, c.Reserves("access/core/x"))
	assert.False(t, c.Reserves("access"))
	for _, always := range []string{"charter", "membership", "delegation/small"} {
		assert.True(t, c.Reserves(always))
	}
}

func TestWords(t *testing.T) {
	assert.NotNil(t, checkWords("C1", "a title", " \n", 200))
	assert.NotNil(t, checkWords("C1", "a title", "\xff", 200))
	assert.NotNil(t, checkWords("C1", "a title", "a\x00", 200))
	assert.NotNil(t, checkWords("C1", "a title", strings.Repeat("é", 201), 200))
	assert.Nil(t, checkWords("C1", "a title", strings.Repeat("é", 200), 200), "characters, not bytes")
	assert.Equal(t, "a, b and c", List([]string{"a", "b", "c"}))
	assert.Equal(t, "1 practice", Count(1, "practice"))
	assert.Equal(t, "1,200 practices", Count(1200, "practice"))
	assert.Len(t, []rune(Clip(strings.Repeat("é", 100))), 61)
	assert.Equal(t, "a?", Clip("a\x00"))
	assert.Equal(t, "Wait.", Sentence("Wait."))
	assert.Equal(t, "Wait.", Sentence("Wait"))
	assert.Equal(t, "Why?", Sentence("Why?"), "a question needs no stop after it")
	assert.Equal(t, "Why?", Sentence("Why?."))
	assert.Equal(t, "No!", Sentence("No! "))
	assert.Equal(t, "We wait", Clause("We wait. "))
	assert.Equal(t, "access and workforce", ListMatters([]string{"access", "workforce"}))
	assert.Equal(t, "access, extended hours", ListMatters([]string{"access/extended-hours"}))
	assert.Equal(t, "estates; access, extended hours; and workforce", ListMatters([]string{"estates", "access/extended-hours", "workforce"}))
	assert.Empty(t, ListMatters(nil))
	assert.Equal(t, "2pm", TimeWords("14:00"))
	assert.Equal(t, "9:30am", TimeWords("09:30"))
	assert.Equal(t, "after lunch", TimeWords("after lunch"))
	assert.Empty(t, Clause(""))
}

// A3: likeness is by matter and telling words; it suggests and decides nothing.
func TestLikeness(t *testing.T) {
	ask := func(matter, what string) *Approach { return &Approach{Matter: matter, What: what} }
	north := ask("vaccination/weekend", "Will North Trafford give vaccinations at weekends?")
	for _, like := range []*Approach{
		ask("vaccination", "Can Sale give weekend vaccinations?"), ask("vaccination/weekend/flu", "WEEKEND VACCINATION, please!"),
		ask("", "Will Trafford give vaccinations at weekends?"),
	} {
		assert.True(t, likeness(north, like), like.What)
		assert.True(t, likeness(like, north), like.What)
	}
	for _, other := range []*Approach{
		ask("estates", "Will North Trafford give vaccinations at weekends?"), ask("vaccination", "Who pays for fridges?"), ask("", "Will Sale give a talk?"), ask("", ""),
	} {
		assert.False(t, likeness(north, other), other.What)
	}
	assert.False(t, likeness(ask("", ""), ask("", "")), "nothing in common")
	assert.Equal(t, map[string]bool{"weekend": true, "première": true}, tellingWords("At weekends: the Premières, ok?"))
}

// C7: the roll names seat, person, office, position, when and at what index.
func TestRollNamesEverything(t *testing.T) {
	m := newMinutes(t)
	m.name = "roll"
	for _, line := range []string{
		"given the board", "on 2026-02-02 10:00",
		`cd-north: raise-proposal {"title":"Saturdays","text":"Every Saturday.","matter":"access"}`,
		`deputy-north: consent {"proposal":"P1","version":1}`,
		`lmc-chair: consent {"proposal":"P1","version":1}`,
		`cd-south: consent {"proposal":"P1","version":1}`,
		`fed-lead: stand-aside {"proposal":"P1","version":1,"reason":"Not for us.","interest":"We are paid."}`,
		"on 2026-02-09", "settle",
	} {
		m.do(line)
	}
	e, ok := m.events[len(m.events)-1].Data.(*AgreementReached)
	require.True(t, ok)
	assert.Equal(t, "Every Saturday.", e.Text)
	at := time.Date(2026, 2, 2, 10, 0, 0, 0, time.UTC).UnixMilli()
	id := func(handle string) string { return m.ledger.State().ByHandle(handle).ID }
	assert.Equal(t, []RollEntry{
		{Seat: "FED01", Name: "Trafford Health Federation", Person: id("fed-lead"), Office: "Federation Lead", Role: Holder, Position: "stand-aside", Time: at, Index: 74, Reason: "Not for us.", Interest: "We are paid."},
		{Seat: "LMC01", Name: "Trafford LMC", Person: id("lmc-chair"), Office: "LMC Chair", Role: Holder, Position: "consent", Time: at, Index: 72},
		{Seat: "U10001", Name: "North PCN", Person: id("deputy-north"), Office: "Deputy Director, North", Role: Deputy, Position: "consent", Time: at, Index: 71},
		{Seat: "U10002", Name: "South PCN", Person: id("cd-south"), Office: "Clinical Director, South", Role: Holder, Position: "consent", Time: at, Index: 73},
	}, e.Roll)
}

// L7: what a person gave of themselves reaches an event only sealed.
func TestNoPersonalDataInEvents(t *testing.T) {
	m := newMinutes(t)
	m.name = "personal"
	m.do("given the board")
	c := &RegisterPerson{PersonEntry{Handle: "new", Office: "New Director", Personal: &PersonalData{Name: "Dr Example", Email: "dr@example.org"}}}
	r := &Request{Group: "trafford", Actor: "manager", Command: c}
	ps := r.Personals()
	require.Len(t, ps, 1)
	assert.Equal(t, "Dr Example", ps[0].Data.Name)
	*ps[0].Sealed = []byte("sealed")
	d := m.ledger.Decide(r, m.now)
	require.Nil(t, d.Refusal)
	require.Len(t, d.Events, 1)
	e := d.Events[0].Data.(*PersonRegistered)
	assert.Equal(t, []byte("sealed"), e.Sealed)
	assert.Equal(t, ps[0].Person, e.Person, "sealed under the key of the person introduced")
	b, err := json.Marshal(d.Events[0].Data)
	require.NoError(t, err)
	assert.NotContains(t, string(b), "xample")
}

// L1: an event out of its place means a damaged ledger.
func TestGapIsRefused(t *testing.T) {
	events := theGiven()["given-the-board"]
	l := NewLedger("trafford")
	require.NoError(t, l.Apply(&events[0]))
	assert.ErrorIs(t, l.Apply(&events[2]), ErrGap)
	assert.ErrorIs(t, l.Apply(&events[0]), ErrGap)
}

// L7: no group can name another's person, not even under the same command id and
// handle: whoever erases one would erase the other.
func TestNoGroupNamesAnothersPerson(t *testing.T) {
	m := newMinutes(t)
	m.name = "ids"
	m.do("given the board")
	r := &Request{Group: "trafford", Actor: "manager", ID: m.events[0].Command, Command: &RegisterPerson{PersonEntry{Handle: "new", Office: "New Director"}}}
	assert.NotEqual(t, NewPersonID("salford", r.ID, "new"), NewPersonID("trafford", r.ID, "new"))
	d := m.ledger.Decide(r, m.now)
	if assert.NotEmpty(t, d.Events) {
		assert.Equal(t, NewPersonID("trafford", r.ID, "new"), d.Events[0].Data.(*PersonRegistered).Person)
	}
}
