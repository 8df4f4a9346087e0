package domain

import "slices"

// Which practices are of a PCN, and through which PCN a practice has given a mandate,
// where PCNs closed, merged or split and practices moved (rules M1, O1).

// grantsThrough are the practice's grants in force that reach the PCN to which it
// belongs, and those by which the PCN passes them on. What the practice gave a PCN
// that has merged counts as given to the successor with which it moved; what that
// one gave the group passes to the successor as far as it reached, for such
// practices only and until its own end, unless the successor has withdrawn it since
// (rules M3, O1).
func (s *backing) grantsThrough(p, pcn *Organisation, matter string, d Day) (up, on []*MandateEntry) {
	up, on = s.grantsOn(p.Code, pcn.Code, matter, d), s.grantsOn(pcn.Code, "", matter, d)
	for _, former := range s.movedFrom(p, pcn.Code, d) {
		for _, g := range s.grantsOn(p.Code, former.pcn, matter, d) {
			if !slices.Contains(up, g) {
				up = append(up, g)
			}
		}
		if s.withdrewSince(pcn, former, matter, d) == nil {
			for _, g := range s.grantsOn(former.pcn, "", matter, d) {
				if g.From <= former.last { // what had not begun by then passes on to nobody
					on = append(on, g)
				}
			}
		}
	}
	return up, on
}

// withdrewSince is the withdrawal by which, after the merger and by that day, the
// PCN into which the former one went, or one between the two, took the group's
// mandate for the matter back; nil if there is none.
func (s *backing) withdrewSince(pcn *Organisation, former formerPCN, matter string, d Day) *MandateEntry {
	for _, w := range s.Mandates {
		if w.Withdrawal && w.To == "" && w.From > former.last && w.From <= d && w.takesIn(matter) && w.Organisation != former.pcn &&
			slices.Contains(s.successorsOn(former.pcn, w.From), w.Organisation) && slices.Contains(s.successorsOn(w.Organisation, d), pcn.Code) {
			return w
		}
	}
	return nil
}

// whyNotMoved says why a mandate that the practice gave to a PCN that went on as
// another, after that last day, does not bring it behind the group.
func (s *backing) whyNotMoved(p, pcn *Organisation, last Day, matter string, d Day) outside {
	for _, is := range s.pcnsOf(p, d) {
		for _, former := range s.movedFrom(p, is.Code, d) {
			if former.pcn != pcn.Code {
				continue
			}
			if w := s.withdrewSince(is, former, matter, d); w != nil {
				return outside{w.From, s.name(w.Organisation) + " " + withdrew, 4}
			}
			return s.whyNotPassedOn(is, pcn, matter, d)
		}
	}
	if !s.InPCN(p, pcn.Code, last) {
		return outside{0, "is not in " + pcn.Name + ", to which it gave its mandate", 2}
	}
	for _, next := range s.successorsOn(pcn.Code, last+1) {
		if s.InPCN(p, next, last+1) {
			return s.whyNotThrough(p, next, matter, d)
		}
	}
	return outside{last + 1, "did not move on with " + pcn.Name, 3}
}

// pcnsOf are the open PCNs of the place to which the practice belongs on that day.
// Where its PCN merged and nothing else is recorded, the practice moved with it (rule M3).
func (s *roster) pcnsOf(p *Organisation, d Day) []*Organisation {
	var pcns []*Organisation
	direct := false
	for _, m := range p.Memberships {
		if pcn := s.Organisations[m.In]; pcn != nil && pcn.Kind == PCN && m.Covers(d) && pcn.OpenOn(d) {
			direct = true
			if pcn.In(s.Place, d) && !slices.Contains(pcns, pcn) {
				pcns = append(pcns, pcn)
			}
		}
	}
	if direct {
		return pcns
	}
	for _, m := range p.Memberships {
		if was := s.Organisations[m.In]; was == nil || was.Kind != PCN || !m.Covers(d) {
			continue
		}
		if is := s.successorsOn(m.In, d); len(is) == 1 {
			if pcn := s.Organisations[is[0]]; s.isPCNOn(pcn, d) && !slices.Contains(pcns, pcn) {
				pcns = append(pcns, pcn)
			}
		}
	}
	return pcns
}

// InPCN says whether the practice belongs to the PCN on that day: by a membership
// of its own, or because it moved there with the PCN that it was in (rule M3).
func (s *roster) InPCN(p *Organisation, pcn string, d Day) bool {
	return slices.Contains(s.pcnsOf(p, d), s.Organisations[pcn])
}

// leftByItsPCN says whether the practice is in no PCN on that day because the one that it
// was in, or its successor, closed as a PCN of the place, or was split without saying
// where the practice went. It stays a practice of the place (rule M3).
func (s *roster) leftByItsPCN(o *Organisation, d Day) bool {
	endedHere := func(pcn string) bool {
		ended := s.endedBefore(pcn, d)
		return ended != nil && s.Organisations[pcn].wasIn(s.Place, ended.Until, d)
	}
	return len(s.pcnsOf(o, d)) == 0 && slices.ContainsFunc(o.Memberships, func(m Membership) bool {
		if !m.Covers(d) || s.Organisations[m.In] == nil || s.Organisations[m.In].Kind != PCN {
			return false
		}
		is := s.successorsOn(m.In, d)
		if len(is) > 1 {
			return endedHere(m.In)
		}
		return !s.Organisations[is[0]].OpenOn(d) && (endedHere(m.In) || endedHere(is[0]))
	})
}

// wasIn says whether the organisation, which closed, was in the place on its last
// day and is not recorded to have left it between that day and d.
func (o *Organisation) wasIn(place string, last, d Day) bool {
	return slices.ContainsFunc(o.Memberships, func(m Membership) bool {
		return m.In == place && m.Covers(last) && (m.Until == 0 || m.Until == last || m.Until >= d)
	})
}

// appendPracticesOf adds the PCN's open practices on that day.
func (s *roster) appendPracticesOf(ps []*Organisation, pcn string, d Day) []*Organisation {
	for _, m := range s.members[pcn] {
		if o := s.Organisations[m]; o.Kind == Practice && o.OpenOn(d) && o.In(pcn, d) {
			ps = append(ps, o)
		}
	}
	return s.appendMoved(ps, pcn, pcn, d)
}

// appendMoved adds the practices that are in the PCN on that day because they
// moved with one that, over one or more mergers, went on as it.
func (s *roster) appendMoved(ps []*Organisation, pcn, via string, d Day) []*Organisation {
	for _, was := range s.predecessors[via] {
		part, last := s.partOf(was, via, d)
		if part == nil {
			continue
		}
		for _, m := range s.members[was] {
			if o := s.Organisations[m]; o.Kind == Practice && o.OpenOn(d) && s.InPCN(o, pcn, d) {
				ps = append(ps, o)
			}
		}
		ps = s.appendMoved(ps, pcn, was, last)
	}
	return ps
}

// hasPractice says whether the PCN has an open practice on that day.
func (s *roster) hasPractice(pcn string, d Day) bool {
	return slices.ContainsFunc(s.members[pcn], func(m string) bool {
		o := s.Organisations[m]
		return o.Kind == Practice && o.OpenOn(d) && o.In(pcn, d)
	}) || len(s.appendMoved(nil, pcn, pcn, d)) > 0
}

// A formerPCN is a PCN that went on as the one in which a practice is, with its last day.
type formerPCN struct {
	pcn  string
	last Day
}

// movedFrom are the PCNs with which the practice moved into the given one, the
// latest first: on each one's last day it was in that one, and the day after in
// its successor (rules M3, O1).
func (s *roster) movedFrom(p *Organisation, pcn string, d Day) []formerPCN {
	var former []formerPCN
	for _, was := range s.predecessors[pcn] {
		part, last := s.partOf(was, pcn, d)
		if part == nil || s.Organisations[was].Kind != PCN || !s.InPCN(p, was, last) || !s.InPCN(p, pcn, last+1) {
			continue
		}
		former = append(append(former, formerPCN{was, last}), s.movedFrom(p, was, last)...)
	}
	return former
}
