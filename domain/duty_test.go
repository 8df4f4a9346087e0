package domain

import "testing"

// Whoever founds a group is a member while it forms, and not by that alone afterwards
// (rule F3).
func TestTheFounderIsAMemberWhileTheGroupForms(t *testing.T) {
	s := NewState("trafford")
	for _, id := range []string{"founder", "other"} {
		s.People[id] = &Person{ID: id, Handle: id, Office: "Helper"}
	}
	s.Founder = "founder"
	d := DayOf(s.Last)
	if !s.Member("founder", d) || s.Member("other", d) {
		t.Error("the founder, and nobody else, is a member while the group forms")
	}
	if s.Established = 1; s.Member("founder", d) {
		t.Error("whoever founded the group is a member for that alone")
	}
}
