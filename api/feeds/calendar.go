package feeds

import (
	"context"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"goldenthread/api/access"
	"goldenthread/api/caller"
	"goldenthread/api/web"
	"goldenthread/domain"
	"goldenthread/projections"
)

const (
	calendarType = "text/calendar; charset=utf-8"
	mostSummary  = 120       // characters
	usualLength  = time.Hour // of a meeting: when it ends is not recorded
)

// Of each event there is one alarm: an hour before a meeting with a time, else at nine on
// the day before.
const (
	alarmBefore    = "-PT1H"
	alarmDayBefore = "-PT15H"
)

type calendarInput struct {
	access.Terms
	Person   string `query:"person" doc:"handle or id: what this person is to see to, and their meetings" example:"cd-altrincham"`
	Practice string `query:"practice" doc:"ODS code: what concerns this practice" example:"P91018"`
	Key      string `query:"key" doc:"a key of this one feed, in place of a token: see feed-keys"`
}

// offerCalendar registers the days that matter, for calendars.
func (s *Feeds) offerCalendar(at string) {
	access.Feed(s.ledgers, s.api, "calendar", at+"/calendar.ics", calendarType, "Meetings, reviews, ends and what is due, for calendars (iCalendar): of the group, a person or a practice.", access.Worklist,
		func(ctx context.Context, q *access.Question, in *calendarInput) ([]byte, error) {
			c, err := q.Calendar(ctx, in.Person, in.Practice, q.At, s.ledgers.EventsOf(in.Group))
			if err != nil {
				return nil, err
			}
			if say := feedEnding(q); say != "" {
				c.Entries = append(c.Entries, projections.CalendarEntry{
					ID: q.ID("address", q.Caller.FeedEnds.String()), On: domain.DayOf(q.Caller.FeedEnds), Text: say, Kind: "address",
					Changed: q.Caller.FeedEnds.Add(-caller.FeedKeySoon),
				})
			}
			return writeCalendar(&c, q.Origin()+"/g/"+in.Group), nil
		})
}

// writeCalendar writes the calendar as RFC 5545 has it; its events lead to the pages below
// that address. Times are in UTC: a London time would need the whole table of its zone
// beside it.
func writeCalendar(c *projections.Calendar, pages string) []byte {
	cal := ics.NewCalendar()
	cal.SetProductId("-//Golden Thread//goldenthread//EN")
	cal.SetMethod(ics.MethodPublish)
	cal.SetName(c.Title) // and X-WR-CALNAME, for readers that know no NAME
	cal.SetRefreshInterval("PT6H")
	cal.SetXPublishedTTL("PT6H") // the same, for Outlook
	for i := range c.Entries {
		addEvent(cal, &c.Entries[i], pages)
	}
	return []byte(cal.Serialize(ics.WithNewLineWindows))
}

func addEvent(cal *ics.Calendar, e *projections.CalendarEntry, pages string) {
	event := cal.AddEvent(e.ID.String())
	event.SetDtStampTime(e.Changed) // of what is published: when it was made as it is
	event.SetLastModifiedAt(e.Changed)
	event.SetSequence(e.Changes)
	text := strings.Join(strings.Fields(e.Text), " ")
	summary := domain.ClipTo(text, mostSummary)
	event.SetSummary(summary)
	event.AddProperty(ics.ComponentPropertyCategories, e.Kind)
	description, alarm := text, alarmDayBefore
	if place := web.PlaceOf(e.About); place != "" {
		event.SetURL(pages + "/" + place)
		description += "\n" + pages + "/" + place
	}
	if e.At == "" {
		event.SetAllDayStartAt(e.On.Start())
		event.SetAllDayEndAt(e.On.Add(1).Start())
		event.SetTimeTransparency(ics.TransparencyTransparent) // a day on which something is due is no day that is taken
	} else {
		start := e.On.At(e.At).UTC()
		event.SetStartAt(start)
		event.SetEndAt(start.Add(usualLength))
		description += "\nWhen it ends is not recorded: it is shown as one hour."
		alarm = alarmBefore
	}
	for i, title := range e.Agenda {
		description += fmt.Sprintf("\n%d. %s", i+1, strings.Join(strings.Fields(title), " "))
	}
	event.SetDescription(description)
	if e.Cancelled {
		event.SetStatus(ics.ObjectStatusCancelled)
		return // nobody is to be reminded of it
	}
	event.SetStatus(ics.ObjectStatusConfirmed)
	reminder := event.AddAlarm()
	reminder.SetAction(ics.ActionDisplay)
	reminder.SetTrigger(alarm)
	reminder.SetDescription(summary)
}
