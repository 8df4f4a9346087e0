package domain

import "slices"

// mostSeen is how many acknowledgements one command may record.
const mostSeen = 1000

// Acknowledge records that practices have seen a notice, or several.
type Acknowledge struct {
	About     string   `json:"about" doc:"what the notice is about, such as P1" rule:"T1" of:"notice" ask:"What have they seen?"`
	Also      []string `json:"also,omitempty" doc:"what other notices are about that they have seen too" maxItems:"500" of:"notice" ask:"What else have they seen?" hint:"Tick none for that alone."`
	Practices []string `json:"practices" doc:"ODS codes" maxItems:"500" of:"practice" else:"Say which practice has seen it." ask:"Which practices?"`
	Evidence  string   `json:"evidence,omitempty" doc:"how it is known; needed from the manager or registrar" maxLength:"2000" call:"the evidence" kind:"text" ask:"How do you know?" hint:"Such as: their replies of 5 May."`
}

func (c *Acknowledge) may(w *who) (Permission, *Refusal) {
	yes := Permission{OnBehalfOf: "person/" + w.person.ID}
	for i, code := range c.Practices {
		one, r := w.mustSpeakForPractice("T1", code)
		if r != nil {
			return Permission{}, r
		}
		if i == 0 {
			yes = one
		}
		yes.Evidence = yes.Evidence || one.Evidence
	}
	return yes, nil
}

func (c *Acknowledge) decide(t *turn) *Refusal {
	seen := append([]string{c.About}, c.Also...)
	if len(seen)*len(c.Practices) > mostSeen {
		return invalid("T1", "That would record %s acknowledgements, and one command can record %s at most. Name fewer notices, or fewer practices.", Thousands(len(seen)*len(c.Practices)), Thousands(mostSeen)).at("also")
	}
	for i, ref := range seen {
		if t.s.NoticeOf(ref) == nil {
			return notFound("T1", "There is no notice about %q.", Clip(ref))
		}
		if slices.Contains(seen[:i], ref) {
			return invalid("T1", "%s is named twice.", ref).at("also")
		}
	}
	for i, code := range c.Practices {
		if r := t.checkPracticeSays("T1", code, c.Evidence); r != nil {
			return r
		}
		if slices.Contains(c.Practices[:i], code) {
			return invalid("T1", "%s is named twice.", t.s.name(code)).at("practices")
		}
	}
	var before []uint64 // what had been recorded of those who acknowledged them before
	anybody := false
	for _, ref := range seen {
		n := t.s.NoticeOf(ref)
		for _, code := range c.Practices {
			if a := t.s.acknowledgement(n.Ref, code); a != nil {
				before = append(before, a.Index)
				continue
			}
			anybody = true
			each, _ := (&who{t.s.State, t.actor, t.day}).mustSpeakForPractice("T1", code)
			t.as = each.OnBehalfOf
			t.recordBecause(n.Index, t.day, &NoticeAcknowledged{About: n.Ref, Practice: code, Evidence: c.Evidence})
		}
	}
	if !anybody {
		t.saidBefore(slices.Min(before))
		t.before.Last = slices.Max(before)
	}
	return nil
}

// NoticeAcknowledged: a practice has seen a notice.
type NoticeAcknowledged struct {
	About    string `json:"about"`
	Practice string `json:"practice"`
	Evidence string `json:"evidence,omitempty"`
}

func (e *NoticeAcknowledged) Subject() string { return "notice/" + e.About }
func (e *NoticeAcknowledged) apply(s *State, ev *Event) {
	n := s.noteNotice(e.About)
	n.Acknowledged = with(n.Acknowledged, Acknowledged{s.code(e.Practice), ev.Effective, ev.Index})
}
