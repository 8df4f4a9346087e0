package domain

import "testing"

// The meeting before a day is the last that was held before it: not one of that day, nor
// one of which nobody has recorded that it was held.
func TestMeetingBefore(t *testing.T) {
	day := func(s string) Day { d, _ := ParseDay(s); return d }
	s := &work{GroupMeetings: map[Day]*GroupMeeting{}}
	for on, held := range map[string]bool{"2026-02-03": true, "2026-03-03": true, "2026-03-17": false, "2026-04-07": true} {
		m := &GroupMeeting{On: day(on)}
		if held {
			m.Held = day(on)
		}
		s.GroupMeetings[m.On] = m
	}
	for on, before := range map[string]string{"2026-02-03": "", "2026-02-04": "2026-02-03", "2026-03-03": "2026-02-03", "2026-04-07": "2026-03-03", "2026-05-01": "2026-04-07"} {
		switch m := s.MeetingBefore(day(on)); {
		case m == nil && before != "":
			t.Errorf("before %s there is none, not %s", on, before)
		case m != nil && m.On.String() != before:
			t.Errorf("before %s it is %s, not %s", on, m.On, before)
		}
	}
}
