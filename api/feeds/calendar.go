package feeds

import (
	"bytes"
	"strconv"
	"time"

	"github.com/emersion/go-ical"

	"goldenthread/api/access"
	"goldenthread/domain"
	"goldenthread/projections"
)

const calendarType = "text/calendar; charset=utf-8"

type calendarInput struct {
	access.Terms
	Person   string `query:"person" doc:"handle or id: what this person is to see to, and their meetings" example:"cd-altrincham"`
	Practice string `query:"practice" doc:"ODS code: what concerns this practice" example:"P91018"`
	Key      string `query:"key" doc:"a key of this one feed, in place of a token: see feed-keys"`
}

// offerCalendar registers the days that matter, for calendars.
func (s *Feeds) offerCalendar(at string) {
	access.Feed(s.ledgers, s.api, "calendar", at+"/calendar.ics", calendarType, "Meetings, reviews, ends and what is due, for calendars (iCalendar): of the group, a person or a practice.", access.Worklist,
		func(q *access.Question, in *calendarInput) ([]byte, error) {
			c, err := access.OrRefused(q.Calendar(in.Person, in.Practice, q.At))
			if err != nil {
				return nil, err
			}
			if say := feedEnding(q); say != "" {
				c.Entries = append(c.Entries, projections.CalendarEntry{
					ID: q.ID("address", q.Caller.FeedEnds.String()), On: domain.DayOf(q.Caller.FeedEnds), Text: say, About: "my account", Kind: "address",
				})
			}
			return writeCalendar(&c)
		})
}

// writeCalendar writes the calendar as RFC 5545 has it. Times are in UTC: a
// London time would need the whole table of its zone beside it.
func writeCalendar(c *projections.Calendar) ([]byte, error) {
	cal := ical.NewCalendar()
	cal.Props.SetText(ical.PropVersion, "2.0")
	cal.Props.SetText(ical.PropProductID, "-//Golden Thread//goldenthread//EN")
	cal.Props.SetText("NAME", c.Title)
	cal.Props.SetText("X-WR-CALNAME", c.Title) // which readers know that know no NAME
	for i := range c.Entries {
		cal.Children = append(cal.Children, calendarEvent(&c.Entries[i], c.Known).Component)
	}
	var b bytes.Buffer
	err := ical.NewEncoder(&b).Encode(cal)
	return b.Bytes(), err
}

func calendarEvent(e *projections.CalendarEntry, known time.Time) *ical.Event {
	event := ical.NewEvent()
	event.Props.SetText(ical.PropUID, e.ID.String())
	event.Props.SetDateTime(ical.PropDateTimeStamp, known.UTC())
	event.Props.SetText(ical.PropSummary, domain.ClipTo(e.Text, 120))
	event.Props.SetText(ical.PropDescription, e.Text+" ("+e.About+")")
	event.Props.SetText(ical.PropCategories, e.Kind)
	event.Props.Set(&ical.Prop{Name: ical.PropSequence, Value: strconv.Itoa(e.Changes)})
	if e.Cancelled {
		event.SetStatus(ical.EventCancelled)
	}
	if e.At != "" {
		event.Props.SetDateTime(ical.PropDateTimeStart, e.On.At(e.At).UTC())
		return event
	}
	event.Props.SetDate(ical.PropDateTimeStart, e.On.Start())
	event.Props.SetText(ical.PropTransparency, "TRANSPARENT") // a day on which something is due is no day that is taken
	return event
}
