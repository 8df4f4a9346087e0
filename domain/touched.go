package domain

import "slices"

// What a record that waits would touch (rule O1): whoever is asked whether it is right
// sees which mandates, powers, seats and open proposals depend on it.

// Touched is what would be otherwise if a record that waits took effect today.
type Touched struct {
	Events        []Event    // that would be recorded
	On            Day        // that is looked at: the day after the last that they name
	Ends          []WouldEnd // what would hold no more
	Left          []LeftOpen // what somebody would leave open
	Before, After Coverage   // of standing behind the group at all
	Lost          []PowerLost
	Asked         []WouldBeAsked
}

// WouldBeAsked is a seat that would be asked on an open proposal for a full window more,
// and then no longer (rule F11).
type WouldBeAsked struct{ Proposal, Seat string }

// Touched is what the record would touch; false if it could not take effect as things stand.
func (s *supposing) Touched(k *Kept) (Touched, bool) {
	then := s.suppose()
	if !k.Waits() || !then.take(k) {
		return Touched{}, false
	}
	on := DayOf(s.Last)
	for i := range then.out {
		on = max(on, then.out[i].Effective)
	}
	now := s.suppose().s
	t := Touched{Events: then.out, On: on + 1}
	t.Ends = now.ends(then.s.State, t.On)
	for i := range then.out {
		t.Left = append(t.Left, then.s.leftBy(then.out[i].Data)...)
	}
	t.Before, t.After = now.CoverageOn("", t.On), then.s.CoverageOn("", t.On)
	t.Lost = now.powersLost(then.s, "", t.On)
	for _, n := range s.open {
		p := s.Proposals[n]
		later := t.On.Add(p.fullWindow())
		asked := then.s.AskedOn(p, later)
		for _, seat := range now.AskedOn(p, later) {
			if !slices.Contains(asked, seat) {
				t.Asked = append(t.Asked, WouldBeAsked{n, seat})
			}
		}
	}
	return t, true
}

// ends is what holds on that day and does not in the other state, which takes the names
// of this one: what is only called otherwise has not ended. What an agreement has brought
// to its end is left out.
func (s *State) ends(after *State, d Day) []WouldEnd {
	for code, o := range s.Organisations {
		if after.Organisations[code].Name != o.Name {
			edit(after.Organisations, code).Name = o.Name
		}
	}
	var all []WouldEnd
	left := after.holding(d)
	for _, one := range s.holding(d) {
		p := after.Proposals[one.Ref]
		if agreed := p != nil && p.Stage == Agreed; !agreed && !slices.Contains(left, one) {
			all = append(all, one)
		}
	}
	return all
}
