package domain

import "testing"

// A meeting that is put on a day from which another was moved is another meeting: both
// keep their own identity, so that a calendar shows both.
func TestMeetingsKeepTheirIdentity(t *testing.T) {
	m := newMinutes(t)
	m.run("moved", `given the representative
on 2026-03-02 10:00
manager: schedule-meeting {"forum":"locality-board","on":"2026-04-14"}
manager: move-meeting {"forum":"locality-board","on":"2026-04-14","to":"2026-04-21","reason":"Easter."}
manager: schedule-meeting {"forum":"locality-board","on":"2026-04-14"}
manager: schedule-meeting {"forum":"locality-board","on":"2026-05-12"}
`)
	s, ids := m.ledger.State(), map[string]string{}
	for key, meeting := range s.Meetings {
		if other, twice := ids[meeting.ID]; twice {
			t.Errorf("%s and %s are both %s", key, other, meeting.ID)
		}
		ids[meeting.ID] = key
	}
	for id, key := range map[string]string{"locality-board/2026-04-14": "locality-board/2026-04-21", "locality-board/2026-05-12": "locality-board/2026-05-12"} {
		if ids[id] != key {
			t.Errorf("%s is %q, not %s", id, ids[id], key)
		}
	}
}
