package api

import (
	"bytes"
	"fmt"
	markup "html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"goldenthread/api/identity"

	ics "github.com/arran4/golang-ical"
	"github.com/emersion/go-ical"
	"github.com/mmcdole/gofeed"
	"github.com/stretchr/testify/require"
)

// readCalendar reads the calendar with the writer's parser and with another's, and holds
// the form of its lines (RFC 5545, 3.1).
func (w *world) readCalendar(body []byte) *ics.Calendar {
	require.NotContains(w.t, string(body), "TZID")
	require.NotContains(w.t, strings.ReplaceAll(string(body), "\r\n", ""), "\n")
	for line := range strings.SplitSeq(string(body), "\r\n") {
		require.LessOrEqual(w.t, len(line), 75, "octets in a line")
		require.True(w.t, utf8.ValidString(line), "no letter is cut in two")
	}
	c, err := ics.ParseCalendar(strings.NewReader(string(body)))
	require.NoError(w.t, err, "%s", body)
	other, err := ical.NewDecoder(bytes.NewReader(body)).Decode()
	require.NoError(w.t, err, "%s", body)
	require.Len(w.t, other.Events(), len(c.Events()))
	for i, e := range other.Events() {
		name, err := e.Props.Text(ical.PropUID)
		require.NoError(w.t, err)
		require.Equal(w.t, c.Events()[i].Id(), name)
		start, err := e.DateTimeStart(nil)
		require.NoError(w.t, err)
		end, err := e.DateTimeEnd(nil)
		require.NoError(w.t, err)
		require.True(w.t, end.After(start))
		alarms := 1
		if status, _ := e.Status(); status == ical.EventCancelled {
			alarms = 0
		}
		require.Len(w.t, e.Children, alarms)
		for _, one := range []string{ical.PropSequence, ical.PropLastModified, ical.PropDateTimeStamp} {
			require.Len(w.t, e.Props.Values(one), 1, one)
		}
	}
	return c
}

// unfolded is a calendar with each of its lines in one piece.
func unfolded(body []byte) string { return strings.ReplaceAll(string(body), "\r\n ", "") }

// summaries are the entries of a calendar by day.
func summaries(t *testing.T, c *ics.Calendar) map[string]string {
	at := map[string]string{}
	for _, e := range c.Events() {
		require.NotEmpty(t, e.Id())
		start, err := e.GetStartAt()
		if err != nil {
			start, err = e.GetAllDayStartAt()
		}
		require.NoError(t, err)
		at[e.GetProperty(ics.ComponentPropertySummary).Value] = start.UTC().Format("2006-01-02 15:04")
	}
	return at
}

// signedIn is the person at a browser.
func (w *world) signedIn(person string) *device {
	d := newDevice(w)
	w.must(200, d.accept(w.invited(person), "laptop"))
	return d
}

func TestPracticeFeed(t *testing.T) {
	w := newWorld(t).established()
	made := w.clock().UTC()
	w.on("2026-01-06")
	r := w.must(200, w.ask("cd-north", "/practices/P91018/feed.atom"))
	require.Equal(t, "application/atom+xml; charset=utf-8", r.Header.Get("Content-Type"))
	feed, err := gofeed.NewParser().ParseString(string(r.body))
	require.NoError(t, err, "%s", r.body)
	require.Equal(t, "atom", feed.FeedType)
	require.Equal(t, "Trafford GP Board: A Surgery", feed.Title)
	require.Equal(t, w.origin()+"/v1/groups/trafford/practices/P91018/feed.atom", feed.FeedLink)
	require.Len(t, feed.Items, 2, "the agreement and the appointment")
	agreement := feed.Items[1]
	require.Equal(t, []string{"agreement"}, agreement.Categories)
	require.Contains(t, agreement.Content, "The board agreed: Representation. It binds you in honour.")
	require.Equal(t, made, agreement.PublishedParsed.UTC())
	require.Regexp(t, "^urn:uuid:", agreement.GUID)

	w.on("2026-02-01")
	later, err := gofeed.NewParser().ParseString(string(w.must(200, w.ask("cd-north", "/practices/P91018/feed.atom")).body))
	require.NoError(t, err)
	require.Equal(t, []string{feed.Items[0].GUID, feed.Items[1].GUID}, []string{later.Items[0].GUID, later.Items[1].GUID}, "ids stay")
	other, err := gofeed.NewParser().ParseString(string(w.must(200, w.ask("cd-north", "/practices/P91020/feed.atom")).body))
	require.NoError(t, err)
	require.NotEqual(t, feed.Items[0].GUID, other.Items[0].GUID, "a reader of two feeds sees both")

	tag := r.Header.Get("ETag")
	again := w.must(304, w.ask("cd-north", "/practices/P91018/feed.atom", "If-None-Match", tag))
	require.Equal(t, tag, again.Header.Get("ETag"))
	require.Empty(t, again.body)
	w.refused(404, "T0", w.ask("cd-north", "/practices/P99999/feed.atom"))
	w.refused(404, "L1", w.ask("stranger", "/practices/P91018/feed.atom"))
}

// An entry of a practice's feed is updated when its text changes, as the feed is, and
// stays the same entry; what it said once it goes on saying (T1, RFC 4287).
func TestPracticeFeedIsUpdated(t *testing.T) {
	w := newWorld(t).established()
	agreed := func(proposal string) {
		for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
			w.must(201, w.command(person, "consent", `{"proposal":"`+proposal+`","version":1,"needNotWait":true}`))
		}
	}
	entry := func(about string) (*gofeed.Feed, *gofeed.Item) {
		t.Helper()
		feed, err := gofeed.NewParser().ParseString(string(w.must(200, w.ask("cd-north", "/practices/P91018/feed.atom")).body))
		require.NoError(t, err)
		for _, item := range feed.Items {
			if strings.HasPrefix(item.Title, about+",") {
				return feed, item
			}
		}
		require.Fail(t, "nothing in the feed about "+about)
		return nil, nil
	}
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"An executive","text":"x","matter":"access","instruments":[
		{"formExecutive":{"members":["cd-north","cd-south"],"from":"2026-01-05","until":"2026-12-31"}},
		{"grantDelegation":{"to":"executive","powers":[{"matter":"access","may":["decide"],"itemLimitPence":100000}],"payer":"LMC","until":"2026-12-31","review":"2026-06-30"}}]}`))
	agreed("P2")
	_, first := entry("D1")
	require.Contains(t, first.Content, "£1,000")

	w.on("2026-02-02")
	vary := `{"varyDelegation":{"delegation":"D1","version":%d,"powers":[{"matter":"access","may":["decide"],"itemLimitPence":%d}],"review":"2026-08-31","until":"2026-12-31"}}`
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"More","text":"x","matter":"access","instruments":[`+fmt.Sprintf(vary, 1, 200000)+`]}`))
	agreed("P3")
	raised := w.clock().UTC()
	w.on("2026-02-10")
	feed, second := entry("D1")
	require.Equal(t, first.GUID, second.GUID)
	require.Equal(t, first.Published, second.Published)
	require.Equal(t, raised, second.UpdatedParsed.UTC(), "when the limit was raised")
	require.Equal(t, raised, feed.UpdatedParsed.UTC())
	require.Contains(t, second.Content, strings.TrimSuffix(first.Content, "."), "it says what it said")
	require.Contains(t, second.Content, "From 2 February 2026: ")
	require.Contains(t, second.Content, "£2,000")
	_, other := entry("P1")
	require.Equal(t, other.Published, other.Updated, "the others stay as they were")

	// nothing changes by a review that leaves it as it is
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Reviewed","text":"x","matter":"access","instruments":[{"confirmDelegation":{"delegation":"D1","version":2,"review":"2026-09-30"}}]}`))
	agreed("P4")
	w.on("2026-02-20")
	_, third := entry("D1")
	require.Equal(t, []string{second.Updated, second.Content}, []string{third.Updated, third.Content})

	// what ends changes; what is said in a meeting, when the group has settled it
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-02-20"}`))
	w.must(201, w.command("cd-north", "record-commitment", `{"forum":"locality-board","meeting":"2026-02-20","matter":"representation","words":"Perhaps.","given":"subject"}`))
	_, said := entry("K1")
	w.on("2026-03-02")
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"It ends","text":"x","matter":"access","instruments":[{"endDelegation":{"delegation":"D1","version":3}},{"ratify":{"what":"K1"}}]}`))
	agreed("P5")
	ended := w.clock().UTC()
	feed, fourth := entry("D1")
	require.Equal(t, ended, fourth.UpdatedParsed.UTC())
	require.Contains(t, fourth.Content, "It ended on 2 March 2026.")
	_, settled := entry("K1")
	require.NotEqual(t, said.Content, settled.Content)
	require.Equal(t, []any{said.GUID, ended, ended}, []any{settled.GUID, settled.UpdatedParsed.UTC(), feed.UpdatedParsed.UTC()})
}

func TestCalendars(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-06-09","at":"14:00","agenda":[{"title":"Workforce","matter":"workforce"}]}`))
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-01-12","agenda":[{"title":"Workforce"}]}`))
	w.must(201, w.command("manager", "set-agenda", `{"on":"2026-02-03","items":[{"title":"Hours"}]}`))

	w.on("2026-01-07")
	all := summaries(t, w.readCalendar(w.must(200, w.ask("cd-south", "/calendar.ics")).body))
	require.Equal(t, "2026-06-09 13:00", all["Trafford Locality Board meets."], "2pm in London, in summer")
	require.Equal(t, "2026-02-03 00:00", all["The board meets."])
	require.Equal(t, "2026-07-31 00:00", all["R1 is due for review on 31 July 2026."], "however far ahead")
	require.Equal(t, "2026-12-31 00:00", all["R1 ends on 31 December 2026."])
	require.Len(t, all, 8, "%v", all)

	w.on("2026-01-13")
	report := "The meeting of Trafford Locality Board on 12 January 2026 is to be reported."
	north := summaries(t, w.readCalendar(w.must(200, w.ask("cd-south", "/calendar.ics?person=cd-north")).body))
	require.Contains(t, north, report)
	require.Contains(t, north, "R1 is due for review on 31 July 2026.")
	south := summaries(t, w.readCalendar(w.must(200, w.ask("cd-south", "/calendar.ics?person=cd-south")).body))
	require.NotContains(t, south, report, "it is not this person's to report")
	require.Contains(t, south, "The board meets.")
	practice := summaries(t, w.readCalendar(w.must(200, w.ask("cd-south", "/calendar.ics?practice=P91018")).body))
	require.Contains(t, practice, "The mandate of A Surgery ends or is reviewed on 31 December 2026.")
	require.NotContains(t, practice, "The mandate of B Surgery ends or is reviewed on 31 December 2026.")
	none := w.readCalendar(w.must(200, w.ask("cd-south", "/calendar.ics?person=icb-director")).body)
	require.Len(t, none.Events(), 1, "a calendar is never empty")

	ids := func(day string) (ids []string) {
		w.on(day)
		for _, e := range w.readCalendar(w.must(200, w.ask("cd-south", "/calendar.ics")).body).Events() {
			ids = append(ids, e.Id())
		}
		return ids
	}
	require.Equal(t, ids("2026-01-14"), ids("2026-01-20"), "ids stay")
	w.refused(422, "T1", w.ask("cd-south", "/calendar.ics?person=cd-north&practice=P91018"))
	w.refused(404, "L5", w.ask("cd-south", "/calendar.ics?person=nobody"))
	w.refused(404, "T0", w.ask("cd-south", "/calendar.ics?practice=P99999"))
	tag := w.must(200, w.ask("cd-south", "/calendar.ics")).Header.Get("ETag")
	w.must(304, w.ask("cd-south", "/calendar.ics", "If-None-Match", tag))
}

func TestFeedKeys(t *testing.T) {
	w := newWorld(t).established()
	south := w.signedIn("cd-south")
	make := func(body string) reply { return south.send("POST", "/v1/groups/trafford/feed-keys", body) }
	get := func(address string) reply { return w.send(w.request("", "GET", address, "")) }
	feed := w.must(201, make(`{"feed":"notices","practice":"P91018"}`)).json(t)
	address := feed["address"].(string)
	w.must(200, get(address))
	calendar := w.must(201, make(`{"feed":"calendar","person":"cd-south"}`)).json(t)["address"].(string)
	w.readCalendar(w.must(200, get(calendar)).body)

	key := address[strings.Index(address, "?"):]
	for _, other := range []string{
		"/v1/groups/trafford/practices/P91020/feed.atom" + key, "/v1/groups/trafford/practices/P91018" + key, "/v1/groups/trafford/calendar.ics" + key,
		"/v1/groups/trafford" + key, "/v1/groups/trafford/practices/P91018/feed.atom" + key + "&known=3", "/v1/groups" + key,
		strings.Replace(calendar, "cd-south", "cd-north", 1), "/v1/groups/trafford/practices/P91018/feed.atom?key=gt_wrong",
	} {
		w.refused(401, "", get(other))
	}
	w.refused(401, "", w.send(w.request("", "POST", address, `{}`)))
	w.refused(401, "", w.send(w.request("", "GET", "/v1/groups", "", "Authorization", "Bearer "+strings.TrimPrefix(key, "?key="))))

	require.NotContains(t, string(w.credentials()["feed-keys.json"]), strings.TrimPrefix(key, "?key="))
	again, err := identity.OpenFeedKeys(t.Context(), w.store)
	require.NoError(t, err)
	require.Equal(t, w.options.Feeds.Keys.All, again.Keys.All, "they outlive a start")

	list := w.must(200, w.send(w.request("cd-south", "GET", "/v1/groups/trafford/feed-keys", "")))
	require.Len(t, list.json(t)["feeds"], 2)
	require.NotContains(t, string(list.body), "gt_")
	end := func(person string) reply {
		return w.send(w.request(person, "POST", "/v1/groups/trafford/feed-keys/"+feed["id"].(string)+"/end", ""))
	}
	w.refused(404, "T1", end("cd-north"))
	w.must(http.StatusNoContent, end("cd-south"))
	w.refused(401, "", get(address))
	w.must(200, get(calendar))

	for person, rule := range map[string]string{"cd-south": "L5", "operator": "L5", "stranger": "L1"} {
		r := w.send(w.request(person, "POST", "/v1/groups/trafford/feed-keys", `{"feed":"calendar"}`))
		require.Equal(t, rule, r.json(t)["rule"], "%s, by a token", person)
	}
	byToken := newDevice(w)
	w.must(303, byToken.send("POST", "/sign-in/token", "token="+w.keys["cd-south"], "Content-Type", "application/x-www-form-urlencoded"))
	w.refused(403, "L5", byToken.send("POST", "/v1/groups/trafford/feed-keys", `{"feed":"calendar"}`))
	w.must(401, byToken.send("POST", "/account/feeds", "feed=mine", "Content-Type", "application/x-www-form-urlencoded"))
	for _, body := range []string{`{"feed":"notices"}`, `{"feed":"ledger"}`, `{"feed":"calendar","person":"a","practice":"b"}`, `{"feed":"notices","practice":"P91018","person":"a"}`} {
		w.refused(422, "T1", make(body))
	}
	for range 20 - 1 {
		w.must(201, make(`{"feed":"calendar"}`))
	}
	w.refused(409, "T1", make(`{"feed":"calendar"}`))
}

// TestAFeedOfSomebodyWhoMayNoLongerSee: the key opens what its maker may see.
func TestAFeedOfSomebodyWhoMayNoLongerSee(t *testing.T) {
	w := newWorld(t).established()
	r := w.signedIn("icb-director").send("POST", "/v1/groups/trafford/feed-keys", `{"feed":"calendar"}`)
	address := w.must(201, r).json(t)["address"].(string)
	w.must(200, w.send(w.request("", "GET", address, "")))
	w.must(201, w.command("cd-south", "raise-proposal", `{"title":"Keep","text":"Keep the agenda to members.","matter":"charter","instruments":[{"changeCharter":{
		"version":1,"charter":{"text":"We decide by consensus.","quorum":2,"defaultStance":"bring-back","membersOnly":["audit","agenda"],"matters":["access","workforce","representation"]}}}]}`))
	for _, person := range []string{"cd-north", "cd-south", "lmc-chair"} {
		w.must(201, w.command(person, "consent", `{"proposal":"P2","version":1,"needNotWait":true}`))
	}
	w.refused(403, "F3", w.send(w.request("", "GET", address, "")))
}

func TestTimesOfDayAreLondons(t *testing.T) {
	w := newWorld(t).established()
	w.must(201, w.command("manager", "schedule-meeting", `{"forum":"locality-board","on":"2026-11-09","at":"14:00","agenda":[]}`))
	c := w.readCalendar(w.must(200, w.ask("cd-south", "/calendar.ics")).body)
	for _, e := range c.Events() {
		if e.GetProperty(ics.ComponentPropertySummary).Value == "Trafford Locality Board meets." {
			start, err := e.GetStartAt()
			require.NoError(t, err)
			require.Equal(t, time.Date(2026, 11, 9, 14, 0, 0, 0, time.UTC), start.UTC(), "in winter")
			return
		}
	}
	t.Fatal("no meeting")
}

// TestFeedsOnTheAccount: people make and end their feeds without a command line.
func TestFeedsOnTheAccount(t *testing.T) {
	w := newWorld(t).established()
	south := w.signedIn("cd-south")
	form := func(path, body string) reply {
		return south.send("POST", path, body, "Content-Type", "application/x-www-form-urlencoded")
	}
	address := regexp.MustCompile(`<code>http://[^/]+(/[^<]*)</code>`)
	for body, contains := range map[string]string{
		"feed=mine": "calendar.ics?person=", "feed=group": "calendar.ics?key=", "feed=practice&practice=p91018": "/practices/P91018/feed.atom?key=",
	} {
		m := address.FindSubmatch(w.must(200, form("/account/feeds", body)).body)
		require.NotNil(t, m, body)
		at := markup.UnescapeString(string(m[1]))
		require.Contains(t, at, contains)
		w.must(200, w.send(w.request("", "GET", at, "")))
	}
	w.must(422, form("/account/feeds", "feed=practice"))
	page := string(w.must(200, south.send("GET", "/account", "")).body)
	require.NotContains(t, page, "key=gt_")
	require.Contains(t, page, "a feed was made, by you")
	ids := regexp.MustCompile(`/account/feeds/([0-9a-f]+)/end`).FindAllStringSubmatch(page, -1)
	require.Len(t, ids, 3)
	w.must(303, form(ids[0][0], ""))
	w.must(404, form(ids[0][0], ""))
	w.must(404, w.signedIn("cd-north").send("POST", ids[1][0], ""))
	require.Len(t, regexp.MustCompile(`/account/feeds/([0-9a-f]+)/end`).FindAllString(string(south.send("GET", "/account", "").body), -1), 2)
}

// TestFeedKeysEnd: a feed's address ends after a year. In its last month the feed
// says so, and its owner replaces it on their account; a new address then reads
// the same feed, and the old one nothing.
func TestFeedKeysEnd(t *testing.T) {
	w := newWorld(t).established()
	south := w.signedIn("cd-south")
	make := func(body string) string {
		r := w.must(201, south.send("POST", "/v1/groups/trafford/feed-keys", body)).json(t)
		require.Equal(t, "2027-01-05T12:00:00Z", r["expires"])
		return r["address"].(string)
	}
	get := func(address string) reply { return w.send(w.request("", "GET", address, "")) }
	notices, calendar := make(`{"feed":"notices","practice":"P91018"}`), make(`{"feed":"calendar"}`)
	const ends = "The address of this feed ends on 5 January 2027. Replace it at "
	page := func() string { return string(w.must(200, south.send("GET", "/account", "")).body) }

	w.on("2026-12-05")
	require.NotContains(t, string(w.must(200, get(notices)).body), ends)
	require.NotContains(t, string(w.must(200, get(calendar)).body), "ends on 5 January")
	require.Contains(t, page(), "ends on 5 January 2027")
	require.NotContains(t, page(), "Replace it")
	w.on("2026-12-07")
	feed, err := gofeed.NewParser().ParseString(string(w.must(200, get(notices)).body))
	require.NoError(t, err)
	last := feed.Items[len(feed.Items)-1]
	require.Equal(t, "The address of this feed ends", last.Title)
	require.Equal(t, ends+w.origin()+"/account.", last.Content)
	all := summaries(t, w.readCalendar(w.must(200, get(calendar)).body))
	found := false
	for say, on := range all {
		found = found || strings.HasPrefix(say, "The address of this feed ends on 5 January 2027") && on == "2027-01-05 00:00"
	}
	require.True(t, found, "%v", all)
	require.NotContains(t, string(w.must(200, w.ask("cd-south", "/practices/P91018/feed.atom")).body), ends, "a token's reader is not meant")
	require.Contains(t, page(), "Replace it")

	w.on("2027-01-06")
	r := get(notices)
	w.refused(410, "", r)
	require.Contains(t, string(r.body), "ended on 5 January 2027. Its owner can replace it at "+w.origin()+"/account.")
	w.refused(410, "", get(calendar))
	require.Contains(t, page(), "<strong>ended on 5 January 2027")
	ids := regexp.MustCompile(`/account/feeds/([0-9a-f]+)/replace`).FindAllString(page(), -1)
	require.Len(t, ids, 2)
	w.must(404, w.signedIn("cd-north").send("POST", ids[0], ""))
	m := regexp.MustCompile(`<code>http://[^/]+(/[^<]*)</code>`).FindSubmatch(w.must(200, south.send("POST", ids[0], "")).body)
	require.NotNil(t, m)
	w.must(200, get(markup.UnescapeString(string(m[1]))))
	w.refused(401, "", get(notices))
	require.Len(t, regexp.MustCompile(`/account/feeds/([0-9a-f]+)/end`).FindAllString(page(), -1), 2, "in its place")
	require.Contains(t, page(), "a feed was replaced, by you")
}
