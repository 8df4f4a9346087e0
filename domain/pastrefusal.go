package domain

import "slices"

// Who goes past an organisation's refusal of a record that waits (rule O3).

// pastRefusal is the permission of those who together can go past a refusal of the
// organisation: people who speak for more than half of a PCN's practices or, for an
// organisation that closes, two seat holders who are not keepers.
func (k *Kept) pastRefusal(w *who, p *KeptPart) (KeptHow, *Permission, *Refusal) {
	if slices.Contains(k.Named, w.person.ID) {
		return "", nil, k.aboutThem()
	}
	if slices.Contains(p.Past, w.person.ID) {
		return "", nil, notNow("O3", "You have confirmed %s already; more people have to.", k.Number)
	}
	people := append(slices.Clip(p.Past), w.person.ID)
	if practices := w.s.practicesIn(p.Of, w.day); len(practices) > 0 {
		mine, spoken := "", 0
		for _, o := range practices {
			if slices.ContainsFunc(people, func(id string) bool { return w.s.spokeBefore(id, o, k, w.day) }) {
				spoken++
			}
			if mine == "" && w.s.spokeBefore(w.person.ID, o, k, w.day) {
				mine = o.Code
			}
		}
		if mine != "" {
			return enough(2*spoken > len(practices)), w.speaksFor(mine), nil
		}
	}
	if yes := w.holdsAnySeat(); yes != nil && k.closes() && w.has(Registrar, Manager, Chair) == nil && k.canConfirm(w.s, w.person.ID, w.day) {
		seats := 0
		for _, id := range people {
			if w.s.holdsByItsWord(id, w.day) {
				seats++
			}
		}
		return enough(seats >= 2), yes, nil
	}
	return "", nil, notYours("O3", "%s was refused for %s: %s", k.Number, w.s.name(p.Of), p.Reason)
}

// holdsByItsWord says whether the person holds a seat that is in force, and not only by a
// record that others than its organisation had take effect.
func (s *business) holdsByItsWord(person string, d Day) bool {
	return slices.ContainsFunc(s.EntitledOn(d), func(code string) bool {
		return s.holderOn(s.Seats[code], d) == person && s.named(s.Seats[code], person)
	})
}

// spokeBefore says whether the person speaks for the organisation by its own word or, if
// others named them to it, has for a full window before the record was made: else a
// keeper and one seat holder could name those who then go past a refusal.
func (s *business) spokeBefore(person string, o *Organisation, k *Kept, d Day) bool {
	return s.SpeaksFor(person, o.Code, d) && slices.ContainsFunc(o.Spokespeople, func(t Tenure) bool {
		return t.Person == person && o.speaks(t, d) && (!s.namedByOthers(t) || t.From.Add(int(k.Window-k.On)) <= k.On)
	})
}

func enough(are bool) KeptHow {
	if are {
		return PastIt
	}
	return TowardsIt
}

// closes says whether the record ends an organisation.
func (k *Kept) closes() bool {
	return k.Command.ImportOrganisations != nil || k.Command.MergeOrganisation != nil || k.Command.SplitOrganisation != nil
}
