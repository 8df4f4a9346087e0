package domain

import (
	"cmp"
	"reflect"
	"slices"
)

// The minutes of the group's own meeting, as they come about (rule T3): what is said
// and decided on an item can be recorded while the meeting goes on, by several people;
// and a later meeting approves the minutes.

// MinuteItem records what was said and decided on one item of the agenda while the
// meeting goes on. What is recorded later on the item takes its place.
type MinuteItem struct {
	On Day `json:"on" doc:"day of the meeting" rule:"T3" ask:"On which day?"`
	ItemMinute
	After uint64 `json:"after,omitzero" doc:"index of the event that this takes the place of; none: nothing is recorded of the item yet"`
}

func (c *MinuteItem) may(w *who) (Permission, *Refusal) { return w.mustSetAgenda() }

func (c *MinuteItem) decide(t *turn) *Refusal {
	b, r := t.meetingOfOurs(c.On)
	if r != nil {
		return r
	}
	if b.Held != 0 {
		return notNow("T3", "The meeting of %s was recorded on %s. A correction names that record.", c.On.Words(), b.Held.Words())
	}
	if r := firstRefusal(t.notInFuture("T3", c.On), c.check(t.s.State, b)); r != nil {
		return r
	}
	was := b.NotedItem(c.Item)
	switch {
	case was == nil && c.After != 0:
		return invalid("T3", "Nothing is recorded of item %d yet.", c.Item).at("after")
	case was != nil && reflect.DeepEqual(was.ItemMinute, c.ItemMinute):
		return t.saidBefore(was.Index)
	case was != nil && was.Index != c.After:
		return notNow("T3", "%s recorded item %d while you were writing. Read it, and put yours together with it.", FirstUpper(t.s.office(was.By)), c.Item)
	}
	t.record(&ItemMinuted{On: c.On, ItemMinute: c.ItemMinute})
	return nil
}

// meetingOfOurs finds a meeting of the group that has an agenda.
func (t *asking) meetingOfOurs(on Day) (*GroupMeeting, *Refusal) {
	b := t.s.GroupMeetings[on]
	if b == nil {
		return nil, notFound("T3", "No agenda is set for a meeting of %s on %s: set it first.", t.s.ShortName, on.Words())
	}
	return b, nil
}

// checkNoted refuses an agenda that moves or takes away an item of which something is
// recorded already.
func (b *GroupMeeting) checkNoted(items []GroupAgendaItem) *Refusal {
	for _, n := range b.Noted {
		if n.Item > len(items) || items[n.Item-1] != b.Items[n.Item-1] {
			return notNow("T3", "Something is recorded of item %d of this agenda, so it stays as it is. Add what is new at the end.", n.Item).at("items")
		}
	}
	return nil
}

// withNoted are the minutes of the items, with what was recorded during the meeting of
// those about which they say nothing.
func (b *GroupMeeting) withNoted(items []ItemMinute) []ItemMinute {
	all := slices.Clone(items)
	for _, n := range b.Noted {
		if !slices.ContainsFunc(items, func(i ItemMinute) bool { return i.Item == n.Item }) {
			all = append(all, n.ItemMinute)
		}
	}
	slices.SortFunc(all, func(a, b ItemMinute) int { return cmp.Compare(a.Item, b.Item) })
	return all
}

// ItemMinuted: during a meeting, what was said and decided on an item was recorded.
type ItemMinuted struct {
	On Day `json:"on"`
	ItemMinute
}

func (e *ItemMinuted) Subject() string { return GroupMeetingRef(e.On) }
func (e *ItemMinuted) apply(s *State, ev *Event) {
	b := s.groupMeetingOn(e.On)
	noted := slices.DeleteFunc(slices.Clone(b.Noted), func(n NotedItem) bool { return n.Item == e.Item })
	b.Noted = append(noted, NotedItem{e.ItemMinute, actorID(ev), ev.Index})
	slices.SortFunc(b.Noted, func(x, y NotedItem) int { return cmp.Compare(x.Item, y.Item) })
}

// A NotedItem is what was recorded of an item during the meeting, by whom.
type NotedItem struct {
	ItemMinute
	By    string
	Index uint64
}

// NotedItem is what was recorded of the item during the meeting; nil if nothing was.
func (b *GroupMeeting) NotedItem(item int) *NotedItem {
	for i := range b.Noted {
		if b.Noted[i].Item == item {
			return &b.Noted[i]
		}
	}
	return nil
}

// ApproveMinutes records that a later meeting of the group approved the minutes of an
// earlier one.
type ApproveMinutes struct {
	On      Day    `json:"on" doc:"day of the meeting whose minutes are approved" rule:"T3" ask:"Of which day are the minutes?"`
	At      Day    `json:"at" doc:"day of the meeting that approved them" else:"Say which meeting approved them." ask:"On which day were they approved?" hint:"The day of a later meeting of ours."`
	Changes string `json:"changes,omitempty" doc:"what was put right before they were approved" maxLength:"20000" call:"what was put right" ask:"What was put right first?" hint:"Leave it empty if they were approved as they are."`
}

func (c *ApproveMinutes) may(w *who) (Permission, *Refusal) { return w.mustSetAgenda() }

func (c *ApproveMinutes) decide(t *turn) *Refusal {
	b, r := t.meetingOfOurs(c.On)
	if r != nil {
		return r.at("on")
	}
	by, r := t.meetingOfOurs(c.At)
	switch {
	case b.Approved != 0:
		return notNow("T3", "The minutes of %s were approved on %s.", c.On.Words(), b.Approved.Words())
	case b.Held == 0:
		return notNow("T3", "The meeting of %s is not recorded yet: record it first.", c.On.Words()).at("on")
	case c.At <= c.On:
		return invalid("T3", "Minutes are approved by a later meeting: give a day after %s.", c.On.Words()).at("at")
	case r != nil:
		return r.at("at")
	}
	if r := t.notInFuture("T3", by.On); r != nil {
		return r.at("at")
	}
	t.recordOn(c.At, &MinutesApproved{On: c.On, At: c.At, Changes: c.Changes})
	return nil
}

// MinutesApproved: a later meeting approved the minutes of an earlier one.
type MinutesApproved struct {
	On      Day    `json:"on"`
	At      Day    `json:"at"`
	Changes string `json:"changes,omitempty"`
}

func (e *MinutesApproved) Subject() string { return GroupMeetingRef(e.On) }
func (e *MinutesApproved) apply(s *State, ev *Event) {
	b := s.groupMeetingOn(e.On)
	b.Approved, b.Changes, b.ApprovedIndex = e.At, e.Changes, ev.Index
}

// MinutesToApprove is the newest meeting of the group whose minutes can still be
// approved, as known on that day; nil if there is none.
func (s *work) MinutesToApprove(d Day) *GroupMeeting {
	m := s.MeetingBefore(d)
	if m == nil || m.Approved != 0 {
		return nil
	}
	return m
}
